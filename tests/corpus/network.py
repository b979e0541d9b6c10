"""Which files of a world a query text brings to light.

A paraphrase of how three kinds of clients and the server treat a query (peers report §3.5):

- the searching client drops words of one letter and takes `-word` as an exclusion; a query of
  nothing else is refused;
- slskd asks an SQLite full-text index, and so does this: every word is a phrase in quotes, diacritics
  and case hardly matter, a star is no star, and mere punctuation finds nothing at all;
- Nicotine+ keeps an index of whole words, lower-cased and not folded, takes `*word` as "ends with"
  beside at least one whole word, and sends 300 files at most;
- SoulseekQt does not answer queries with punctuation in them, and is not folded either;
- the server drops queries with some artists' names, and for some names peers have to leave out
  every file whose path contains them.
"""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from functools import lru_cache

from soulspot_arr.domain import RawFile, RawFolder
from tests.corpus.catalogue import Target, chance
from tests.corpus.shares import World

BANNED = 0.02  # of the artists: a query with their name is dropped by the server
HIDDEN = 0.01  # of the artists: peers leave out files with their name in the path
_MOST_FILES = 300
_STARRED = re.compile(r"\*\w+")


class Client(StrEnum):
    """What a peer runs."""

    SLSKD = "slskd"
    NICOTINE = "nicotine+"
    QT = "soulseekqt"


@dataclass(frozen=True, slots=True)
class Question:
    """A query text as the searching client sends it."""

    words: tuple[str, ...]
    without: tuple[str, ...]

    @classmethod
    def read(cls, text: str) -> Question | None:
        """None when the client refuses it: no word of two letters is left."""
        parts = [part for part in text.split() if len(part) > 1]
        without = tuple(part[1:] for part in parts if part.startswith("-"))
        words = tuple(part for part in parts if not part.startswith("-"))
        return cls(words, without) if words else None


def client_of(peer: str) -> Client:
    """What this peer runs: about a third each."""
    roll = chance("client", peer)
    return Client.SLSKD if roll < 0.35 else Client.NICOTINE if roll < 0.7 else Client.QT


def is_banned(artist: str) -> bool:
    """Whether the server drops queries with this name."""
    return chance("banned", artist.casefold()) < BANNED


def is_hidden(artist: str) -> bool:
    """Whether peers leave out files with this name in the path."""
    return chance("hidden", artist.casefold()) < HIDDEN


class Network:
    """The peers of one world, ready to be asked."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._full_text = FullText(
            file.path
            for folder in world.folders
            if client_of(folder.peer) is Client.SLSKD
            for file in folder.files
        )

    def answer(self, text: str) -> list[RawFolder]:
        """What comes back for a query: of every folder the files that match, if any."""
        question = Question.read(text)
        if question is None or _is_dropped(self._world.target, text):
            return []
        artist = self._world.target.wanted.artist.casefold()
        hidden = artist if is_hidden(artist) else ""
        indexed = self._full_text.paths(question)
        sent: dict[str, int] = {}
        found = []
        for folder in self._world.folders:
            client = client_of(folder.peer)
            files = [
                file
                for file in folder.files
                if (
                    file.path in indexed
                    if client is Client.SLSKD
                    else by_words(file.path, question, strict=client is Client.QT)
                )
            ]
            if hidden:
                files = [file for file in files if hidden not in file.path.casefold()]
            if client is Client.NICOTINE:
                files = _at_most(files, sent, folder.peer)
            if files:
                found.append(replace(folder, files=tuple(files)))
        return found


def _is_dropped(target: Target, text: str) -> bool:
    artist = target.wanted.artist.casefold()
    return is_banned(artist) and _blank(artist).strip() in _blank(text.casefold())


def _at_most(files: Sequence[RawFile], sent: dict[str, int], peer: str) -> list[RawFile]:
    kept = list(files[: _MOST_FILES - sent.get(peer, 0)])
    sent[peer] = sent.get(peer, 0) + len(kept)
    return kept


class FullText:
    """An index as slskd keeps one: SQLite's FTS5 with its default tokenizer."""

    def __init__(self, paths: Iterable[str]) -> None:
        self._database = sqlite3.connect(":memory:")
        self._database.execute("CREATE VIRTUAL TABLE files USING fts5(path)")
        rows = [(path,) for path in dict.fromkeys(paths)]
        self._database.executemany("INSERT INTO files VALUES (?)", rows)

    def paths(self, question: Question) -> set[str]:
        """The paths that hold every word and none of the excluded ones."""
        asked = " AND ".join(_quoted(word) for word in question.words)
        for word in question.without:
            asked = f"({asked}) NOT {_quoted(word)}"
        rows = self._database.execute("SELECT path FROM files WHERE files MATCH ?", (asked,))
        return {path for (path,) in rows}

    def close(self) -> None:
        """Give the memory back."""
        self._database.close()


def _quoted(word: str) -> str:
    return '"' + re.sub(r'[/\\:"]', " ", word) + '"'


# -- Nicotine+ and SoulseekQt: whole words, not folded ---------------------------------------------


@lru_cache(maxsize=200_000)
def _blank(text: str) -> str:
    return re.sub(r"[\W_]", " ", text)


@lru_cache(maxsize=200_000)
def _index(path: str) -> frozenset[str]:
    return frozenset(_blank(path.lower()).split())


def by_words(path: str, question: Question, *, strict: bool) -> bool:
    """Whether a client of this kind sends this file; a strict one knows no punctuation."""
    whole: list[str] = []
    endings: list[str] = []
    for word in question.words:
        if _STARRED.fullmatch(word):
            endings.append(word[1:].lower())
        elif strict and not re.fullmatch(r"\w+", word):
            return False
        else:
            whole += _blank(word.lower()).split()
    if not whole or len("".join(whole)) < 3:
        return False
    have = _index(path)
    if not have.issuperset(whole) or not have.isdisjoint(word.lower() for word in question.without):
        return False
    return all(any(word.endswith(ending) for word in have) for ending in endings)
