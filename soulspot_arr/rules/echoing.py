"""Whether a peer answers with nothing but the words it was asked for.

Some programs answer every search with a file named like the search itself. Honest peers cannot: they
do not know where the artist ends, so they have a dash, a number or a folder of their own in the path,
and what they share was named before anybody asked. One such answer proves nothing; several different
ones, and never another, do.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from soulspot_arr.domain import RawFolder
from soulspot_arr.rules.naming import file_name

_MOST_FILES = 5  # an answer that is made up is small
_FEWEST_WORDS = 2  # a single word is many a title
_WORDS = re.compile(r"[^\W_]+")
_EMPTY = re.compile(r"(?:track|song|audio|file|title|cd|disc|\d|[\W_])*", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Hearing:
    """Who answered a text with its own words, and who with something of their own."""

    echoes: frozenset[str]
    honest: frozenset[str]


def hear(text: str, folders: Iterable[RawFolder]) -> Hearing:
    """Look at all peers in the answer to one text; a text of few words says nothing about anybody."""
    asked = _verbatim(text)
    if asked is None:
        return Hearing(frozenset(), frozenset())
    answers: dict[str, list[RawFolder]] = {}
    for folder in folders:
        if folder.files:
            answers.setdefault(folder.peer, []).append(folder)
    echoes = {peer for peer, shown in answers.items() if _echoes(asked, shown)}
    return Hearing(frozenset(echoes), frozenset(answers.keys() - echoes))


def _verbatim(text: str) -> re.Pattern[str] | None:
    """The text, or its words with one and the same sign between them, and perhaps a number.

    "Artist - Title" has a sign of its own between the two: that is a name which somebody gave. None
    when the text has too few words to prove anything.
    """
    text = text.casefold()
    words = _WORDS.findall(text)
    # What is a single character does not leave slskd (contract slskd §3.1).
    sent = [word for word in words if len(word) > 1]
    if len(sent) < _FEWEST_WORDS:
        return None
    ways = [re.escape(text)]
    for at, (first, *others) in enumerate((words, sent)):
        between = "".join(rf"(?P=sign{at}){re.escape(word)}" for word in others[1:])
        ways.append(rf"{re.escape(first)}(?P<sign{at}>[\W_]){re.escape(others[0])}{between}")
    return re.compile(rf"(?:\d+[\W_]+)?(?:{'|'.join(ways)})(?:[\W_]+\d+[\W_]*)?")


def _echoes(asked: re.Pattern[str], folders: list[RawFolder]) -> bool:
    if sum(len(folder.files) for folder in folders) > _MOST_FILES:
        return False
    return all(_is_echo(asked, path) for path in _paths(folders))


def _paths(folders: list[RawFolder]) -> Iterator[str]:
    return (file.path for folder in folders for file in folder.files)


def _is_echo(asked: re.Pattern[str], path: str) -> bool:
    """Whether the file is called like the text, or like nothing in a folder that is."""
    name = file_name(path)
    stem = (name.rpartition(".")[0] or name).casefold()
    if asked.fullmatch(stem):
        return True
    folder = file_name(path[: -len(name) - 1].rstrip("\\/"))
    return _EMPTY.fullmatch(stem) is not None and asked.fullmatch(folder.casefold()) is not None
