"""What the blocklist refuses: peers, folders with everything below, files, and phrases in paths.

A frozen picture of all lines, made for looking up: whoever asks about a peer without a line pays for
two looks into a table, however long the list is. Who writes the lines, and when they expire, is not
known here.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import lru_cache

from soulspot_arr.domain import BlockScope, Offer
from soulspot_arr.rules.spelling import normalise
from soulspot_arr.rules.tracks import IMPORTABLE

_BLANKS = str.maketrans(dict.fromkeys("()[]{}_-\\/", " "))
_PIECES = re.compile(r"[\W_]+")
_SIGNS = "'`!$&"  # they stand for letters, or for none
_ACRONYM = re.compile(r"\.[a-z]\.")
_CRUDE = {code: " " for code in range(128) if not chr(code).isalnum()}
_SHORTEST = 3  # letters; shorter phrases stand in very many paths


@dataclass(frozen=True, slots=True)
class Entry:
    """One line: empty texts mean whatever the source, whoever the peer.

    `path` is a folder, a file or a phrase, as `scope` says; a peer has none.
    """

    scope: BlockScope
    peer: str = ""
    path: str = ""
    source: str = ""
    reason: str = ""


_Key = tuple[str, str]  # source and peer, each as it is compared
_Lines = dict[str, Entry]  # by place
_Phrases = dict[str, list[tuple[str, Entry]]]  # by first word


@dataclass(frozen=True, slots=True)
class Blocks:
    """All lines at one moment; of equal ones the first counts."""

    peers: dict[_Key, Entry] = field(default_factory=dict)
    folders: dict[_Key, _Lines] = field(default_factory=dict)
    # Files and folders by the folder that they lie in and by their name.
    inside: dict[_Key, dict[str, _Lines]] = field(default_factory=dict)
    phrases: dict[_Key, _Phrases] = field(default_factory=dict)

    @classmethod
    def of(cls, entries: Iterable[Entry]) -> Blocks:
        """The picture of these lines; one that could never refuse anything is left out."""
        found = cls()
        for entry in entries:
            found._add((entry.source, name(entry.peer)), entry)
        return found

    def _add(self, key: _Key, entry: Entry) -> None:
        if entry.scope is BlockScope.PEER:
            self.peers.setdefault(key, entry)
        elif entry.scope is BlockScope.PHRASE:
            phrase = spelt(entry.path)
            if phrase:
                by_first = self.phrases.setdefault(key, {})
                by_first.setdefault(phrase.partition(" ")[0], []).append((f" {phrase} ", entry))
        elif where := place(entry.path):
            if entry.scope is BlockScope.FOLDER:
                self.folders.setdefault(key, {}).setdefault(where, entry)
            folder, _, leaf = where.rpartition("\\")
            self.inside.setdefault(key, {}).setdefault(folder, {}).setdefault(leaf, entry)

    def __bool__(self) -> bool:
        """Whether anything is refused at all."""
        return bool(self.peers or self.inside or self.phrases)

    def reason(self, source: str, peer: str, path: str = "") -> str | None:
        """Why this file or folder of this peer is refused, or the peer itself; None when it is not."""
        return self.reason_of(source, peer, (path,) if path else ())

    def blocked(self, source: str, peer: str, path: str) -> bool:
        """Whether this file of this peer may not be asked for."""
        return self.reason(source, peer, path) is not None

    def refuses(self, offer: Offer) -> str | None:
        """Why an offer is refused, as a whole: each of its files is needed."""
        return self.reason_of(offer.source, offer.peer, (file.path for file in offer.files))

    def reason_of(self, source: str, peer: str, paths: Iterable[str]) -> str | None:
        """Why something of this peer is refused for one of these paths."""
        asked = name(peer)
        keys = ((source, asked), ("", asked), (source, ""), ("", ""))
        for key in keys:
            if key in self.peers:
                return _said(f"{peer} is on the blocklist", self.peers[key])
        folders = [self.folders[key] for key in keys if key in self.folders]
        inside = [self.inside[key] for key in keys if key in self.inside]
        phrases = [self.phrases[key] for key in keys if key in self.phrases]
        if not inside and not phrases:
            return None
        for folder, names in _by_folder(paths).items():
            entry = _at_place(folders, inside, folder, names) if inside else None
            if entry is None and phrases:
                entry = _with_phrase(phrases, folder, names)
            if entry is not None:
                return _said(_SAID[entry.scope].format(entry.path), entry)
        return None


_SAID: Mapping[BlockScope, str] = {
    BlockScope.FOLDER: 'the folder "{}" is on the blocklist',
    BlockScope.FILE: 'the file "{}" is on the blocklist',
    BlockScope.PHRASE: 'the path holds "{}", which is on the blocklist',
}


def _by_folder(paths: Iterable[str]) -> dict[str, list[str]]:
    """The names in each folder: an album's files share theirs."""
    found: dict[str, list[str]] = {}
    for path in paths:
        folder, _, leaf = path.rpartition("\\")
        if "/" in leaf:
            below, _, leaf = leaf.rpartition("/")
            folder = f"{folder}\\{below}"
        found.setdefault(folder, []).append(leaf)
    return found


def _at_place(
    folders: list[_Lines], inside: list[dict[str, _Lines]], folder: str, names: list[str]
) -> Entry | None:
    """A line about this folder, one above it, or one of the names in it."""
    here = above = place(folder)
    while above and folders:
        for lines in folders:
            if above in lines:
                return lines[above]
        above = above.rpartition("\\")[0]
    for lines in [by_folder[here] for by_folder in inside if here in by_folder]:
        found = next((leaf for leaf in map(place, names) if leaf in lines), None)
        if found is not None:
            return lines[found]
    return None


def _with_phrase(phrases: list[_Phrases], folder: str, names: list[str]) -> Entry | None:
    """A line about words in these paths, which may go on from the folder into a name."""
    text = " ".join((folder, *names)).lower()
    crude = text.translate(_CRUDE).split()
    if all(by_first.keys().isdisjoint(crude) for by_first in phrases):
        if not _is_odd(text):
            return None  # nearly always
        if not _is_odd(folder.lower()):  # then only names that are not plain have to be spelt out
            names = [leaf for leaf in names if _is_odd(leaf.lower())]
    before = spelt(folder).split()
    for leaf in names:
        found = [*before, *spelt(leaf).split()]
        text = f" {' '.join(found)} "
        for by_first in phrases:
            for phrase, entry in (line for word in found for line in by_first.get(word, ())):
                if phrase in text:
                    return entry
    return None


def _is_odd(text: str) -> bool:
    """Whether it may be spelt in another way than by blanking what is no letter or digit."""
    signs = any(sign in text for sign in _SIGNS)
    return signs or not text.isascii() or _ACRONYM.search(text) is not None


def _said(words: str, entry: Entry) -> str:
    reason = entry.reason.strip().rstrip(".")
    return f"{words}: {reason}" if reason else words


# -- how things are compared -----------------------------------------------------------------------


def name(peer: str) -> str:
    """A peer's name as it is compared."""
    return peer.casefold()


def place(path: str) -> str:
    """A path as it is compared: one case, one normal form, one kind of separator, none at the ends.

    macOS decomposes its letters, and clients differ in the slashes they show.
    """
    if not path.isascii():
        path = unicodedata.normalize("NFD", unicodedata.normalize("NFD", path).casefold())
    return "\\".join([part for part in path.casefold().replace("/", "\\").split("\\") if part])


@lru_cache(maxsize=16_384)
def spelt(text: str) -> str:
    """The words of a phrase or of a path as they are compared, divided by single blanks.

    As `spelling.normalise` spells them, but a guest's name ("feat. …") is a word like any other.
    """
    found: list[str] = []
    for token in text.translate(_BLANKS).split():
        pieces = _PIECES.split(token) if "feat" in token.casefold() else (token,)
        found += [normalise(piece) for piece in pieces]
    return " ".join([word for word in found if word])


def same(one: Entry, other: Entry) -> bool:
    """Whether two lines refuse the same, however they are written."""
    spell = spelt if one.scope is BlockScope.PHRASE else place
    return (
        one.scope is other.scope
        and one.source == other.source
        and name(one.peer) == name(other.peer)
        and spell(one.path) == spell(other.path)
    )


def too_wide(entry: Entry) -> str:
    """What a person should know about a phrase that stands nearly everywhere; empty for others."""
    if entry.scope is not BlockScope.PHRASE:
        return ""
    phrase = spelt(entry.path)
    if len(phrase.replace(" ", "")) < _SHORTEST:
        return f"A phrase of fewer than {_SHORTEST} letters stands in very many paths."
    if phrase in IMPORTABLE:
        return f"It stands in the name of every {phrase.upper()} file."
    return ""
