"""Finds the album that a question names among those that somebody knows by their exact names.

Lidarr asks with its own names, but not always spelled as it has them: it appends the disambiguation
without a sign, joins artist and title in its second question, and mangles both for an indexer whose
search engine is not "raw" (contract lidarr §6.3). A name is never guessed from its likeness: what
is not the same name under one of these spellings is another album.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from functools import lru_cache
from typing import Any

from soulspot_arr.domain import Query
from soulspot_arr.rules.lidarr.text import clean_name, cut, remove_accents
from soulspot_arr.rules.spelling import normalise, squeeze

_LEADING_THE = re.compile(r"\Athe\s", re.IGNORECASE)
_QUOTES = re.compile("[`\u00b4\u2018\u2019]")
_NO_WORD = re.compile(r"[^\w']+")
_NOTHING = "\1"  # marks what is compared by its signs; alone, that there are none
_YEAR_AT_END = re.compile(r"\s(?:[12]\d{3}|0)\s*\Z")


@dataclass(frozen=True, slots=True)
class Named:
    """An album by its names; `note` is the disambiguation, `row` what the names were read from."""

    artist: str
    title: str
    note: str = ""
    year: int | None = None
    aliases: tuple[str, ...] = ()  # other names of the artist
    id: str = ""
    artist_id: str = ""  # of the artist with this name; empty for a joint name
    row: Mapping[str, Any] = field(default_factory=dict, compare=False)

    @property
    def asked_title(self) -> str:
        """The title as Lidarr asks for it."""
        return f"{self.title} {self.note}" if self.note else self.title


class Library:
    """Albums, ready to be looked through for many questions."""

    def __init__(self, albums: Iterable[Named]) -> None:
        self._by_artist: dict[str, list[Named]] = {}
        self._shelves: dict[tuple[str, ...], list[Named]] = {}
        for album in albums:
            self._shelves.setdefault((album.artist, *album.aliases), []).append(album)
        for names, shelf in self._shelves.items():
            for spelling in {found for name in names for found in _spellings(name)}:
                self._by_artist.setdefault(spelling, []).extend(shelf)

    def find(self, query: Query) -> tuple[Named, ...]:
        """The albums that the question names equally well: one, several namesakes, or none."""
        ranked: dict[int, dict[Named, None]] = {}
        for album in self._candidates(query):
            if rank := _rank(query, album):
                ranked.setdefault(rank, {})[album] = None
        best = tuple(ranked[max(ranked)]) if ranked else ()
        for better in (_of_the_year(query, best), _spelled_alike(query, best)):
            best = better if better and len(best) > 1 else best
        return best

    def _candidates(self, query: Query) -> Iterator[Named]:
        if query.artist.strip() and query.album.strip():
            shelves = [self._by_artist.get(spelling, []) for spelling in _spellings(query.artist)]
        elif query.term and not query.artist:
            asked = normalise(query.term)
            shelves = [
                shelf
                for names, shelf in self._shelves.items()
                if any(asked.startswith(spelt) for name in names for spelt in _written(name))
            ]
        else:
            shelves = []
        seen: set[int] = set()
        for shelf in shelves:
            for album in shelf:
                if id(album) not in seen:
                    seen.add(id(album))
                    yield album


def named(album: Mapping[str, Any]) -> Named | None:
    """An entry of Lidarr's list of albums; None when its names cannot be read."""
    owner = album.get("artist")
    artist = owner.get("artistName") if isinstance(owner, Mapping) else None
    title, note = album.get("title"), album.get("disambiguation") or ""
    if not (isinstance(artist, str) and isinstance(title, str) and isinstance(note, str)):
        return None
    date, id_ = album.get("releaseDate"), album.get("foreignAlbumId")
    year = date[:4] if isinstance(date, str) else ""
    return Named(
        artist,
        title,
        note,
        # Lidarr writes year 1 for "unknown".
        year=int(year) if year.isascii() and year.isdecimal() and year > "1000" else None,
        id=id_ if isinstance(id_, str) else "",
        row=album,
    )


def exact_names(query: Query, albums: Iterable[Mapping[str, Any]]) -> Query:
    """The question with the library's own artist, title and year, if it names one album there."""
    library = Library(found for album in albums if (found := named(album)))
    exact = {(album.artist, album.title, album.year) for album in library.find(query)}
    if len(exact) != 1:
        return query
    artist, title, year = exact.pop()
    return replace(query, artist=artist, album=title, year=year or query.year, term="")


def same_name(asked: str, name: str) -> bool:
    """Whether a question may mean this name, however Lidarr spelled it for the question."""
    return _agreement(asked, name) > 0


def mangled(name: str) -> str:
    """The name as Lidarr asks for it when the indexer's search engine is not "raw"."""
    name = "VA" if name == "Various Artists" else name
    kept = _QUOTES.sub("'", _LEADING_THE.sub("", name))
    return remove_accents(cut(_NO_WORD, kept, " ")).strip() or name


# -- comparing -------------------------------------------------------------------------------------


def _rank(query: Query, album: Named) -> int:
    """How well the question names the album: 0 for not at all, 4 for its very name."""
    if query.artist and query.album:
        # With a disambiguation the year says nothing: reissues carry their own.
        if None not in (query.year, album.year) and query.year != album.year and not album.note:
            return 0
        by = max(_agreement(query.artist, name) for name in (album.artist, *album.aliases))
        whole = min(by, _agreement(query.album, album.asked_title))
        plain = min(by, _agreement(query.album, album.title))
    else:
        whole = _joined_agreement(query.term, _joined(album, album.note))
        plain = _joined_agreement(query.term, _joined(album, ""))
    return whole + 2 if whole else plain


def _agreement(asked: str, name: str) -> int:
    """2 for the same name, 1 for one that Lidarr may have made of it, 0 for another one."""
    if _spelt(asked) == _spelt(name) != _NOTHING:
        return 2
    return 1 if _spellings(asked) & _spellings(name) else 0


def _joined_agreement(asked: str, forms: Iterable[tuple[str, int]]) -> int:
    found = {normalise(asked), _signs(asked)}
    return max((strength for text, strength in forms if text in found), default=0)


def _joined(album: Named, note: str) -> Iterator[tuple[str, int]]:
    """What Lidarr's second question for the album may be, and how much each form is worth."""
    title = f"{album.title} {note}" if note else album.title
    for name in (album.artist, *album.aliases):
        for by, what, strength in (
            (name, title, 2),
            (mangled(name), mangled(title), 1),
            (name, mangled(title), 1),
            (mangled(name), title, 1),
        ):
            if _spelt(what) == _NOTHING:  # "+" has vanished; what is left is the artist alone
                continue
            yield _together(by, what), strength
            if album.year or _spelt(by) == _spelt(what):  # Lidarr adds it then, 0 when unknown
                yield _together(by, what, str(album.year or 0)), strength


def _together(artist: str, title: str, year: str = "") -> str:
    text = f"{artist} {title} {year}"
    # "Sigur Rós ( )" must not be what "Sigur Rós" alone asks for.
    return normalise(text) if normalise(artist) and normalise(title) else _signs(text)


def _of_the_year(query: Query, albums: tuple[Named, ...]) -> tuple[Named, ...]:
    said = query.year
    if said is None and query.term and (match := _YEAR_AT_END.search(query.term)):
        said = int(match.group())
    return tuple(album for album in albums if said and album.year == said)


def _spelled_alike(query: Query, albums: tuple[Named, ...]) -> tuple[Named, ...]:
    asked = _words(f"{query.artist} {query.album} {query.term}")
    return tuple(
        album for album in albums if _words(f"{album.artist} {album.asked_title}") == asked
    )


def _words(text: str) -> list[str]:
    return text.replace("+", " ").casefold().split()


@lru_cache(maxsize=16_384)
def _spelt(name: str) -> str:
    """The one spelling of a name; of a name without a letter its signs."""
    return normalise(name) or _signs(name)


def _signs(text: str) -> str:
    """The text with its signs; a plus is a blank by the time it is asked (lidarr §6.3)."""
    return _NOTHING + squeeze(text.replace("+", " "))


def _written(name: str) -> frozenset[str]:
    return frozenset({normalise(name), normalise(mangled(name))})


@lru_cache(maxsize=16_384)
def _spellings(name: str) -> frozenset[str]:
    """Every form under which the name may be compared; Lidarr's clean name has a form of its own."""
    forms = {_spelt(name), _spelt(mangled(name)), f"\0{clean_name(name)}"}
    return frozenset(form for form in forms if form not in {"\0", _NOTHING})
