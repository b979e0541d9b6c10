"""Which texts to ask a source for, strictest first: one rung for each habit of the network.

The ladder lists every text that makes sense for an album; which of them is asked next, and when it
is enough, is decided in `climbing`. What the catalogue knows (exact names, other names, titles of
tracks) makes more rungs; without it the names as they were asked have to do.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum

from soulspot_arr.domain import Query
from soulspot_arr.rules.matching.sought import is_various
from soulspot_arr.rules.planning.query_words import (
    MAX_WORDS,
    Words,
    askable,
    distinctive,
    fit,
    folded,
    in_latin,
    is_latin,
    joined,
    plain,
    rare_titles,
    renumbered,
    starred,
    weight,
    without_brackets,
)
from soulspot_arr.rules.spelling import split_title
from soulspot_arr.rules.tracks import LONGEST_NAME
from soulspot_arr.wanted import Provider, Wanted

__all__ = ["ENOUGH_RUNGS", "MAX_WORDS", "Kind", "Rung", "ladder", "rungs"]

ENOUGH_RUNGS = 4
_MOST_NAMES = 2  # other names of artist or album that are worth a search
_TAIL_YEAR = re.compile(r"\s+(?:(?:19|20)\d\d|0)\s*\Z")


class Kind(StrEnum):
    """What a rung tries; stable names, kept in what is learned about an artist."""

    PLAIN = "plain"  # the names, cleaned
    FOLDED = "folded"  # without diacritics, or in Latin letters
    JOINED = "joined"  # don't as dont, AC/DC as acdc
    NOTED = "noted"  # with what tells it from its namesakes: "blue album"
    SHORT = "short"  # without brackets and what may be a disambiguation
    VOLUME = "volume"  # IV for 4 and 4 for IV
    STARRED = "starred"  # the artist without a letter: past the server's filter
    ALBUM = "album"  # without the artist
    YEAR = "year"  # with the year
    TRACK = "track"  # the artist and a rare title of a track
    TRACK_TITLES = "track_titles"  # a rare title of a track alone
    RARE_WORDS = "rare_words"  # the artist and the rarest words of the album
    ALIAS = "alias"  # another name of the artist
    LOCALISED = "localised"  # another name of the album
    FORMAT = "format"  # narrower: each question draws another sample of the answers
    ARTIST = "artist"  # the artist alone


@dataclass(frozen=True, slots=True)
class Rung:
    """One text to ask for, and what it tries.

    `named` says that it holds the artist's name, which the server may answer with silence.
    """

    kind: Kind
    text: str
    named: bool = False

    @property
    def words(self) -> frozenset[str]:
        """The words that every path in the answer has to hold."""
        return frozenset(self.text.split())


_Draft = tuple[Kind, Words]


def ladder(query: Query, *, wanted: Wanted | None = None) -> tuple[str, ...]:
    """The texts of `rungs`."""
    return tuple(rung.text for rung in rungs(query, wanted))


def rungs(query: Query, wanted: Wanted | None = None) -> tuple[Rung, ...]:
    """All texts for a question in their usual order; empty when the names hold nothing to ask for.

    At least four as long as one word of two characters is there.
    """
    known = wanted if wanted is not None and _is_known(wanted) else None
    if known is not None:
        query = Query(known.artist, known.album, query.year or known.year)
    query = Query(_cut(query.artist), _cut(query.album), query.year, _cut(query.term))
    if query.artist or query.album:
        by = () if is_various(query.artist) else plain(query.artist)
        core = _core(query)
        drafts = (
            list(_album_rungs(_Album(query, by, core, known)))
            if query.album
            else list(_artist_rungs(query.artist, by))
        )
    else:
        by, core = plain(query.term), ()
        drafts = list(_term_rungs(query.term, by))
    names = {frozenset(name) for name in (by, folded(by), joined(query.artist or query.term)) if by}
    found = _askable(drafts, names)
    if len(found) < ENOUGH_RUNGS and (by or core):
        found = _askable([*drafts, *_fillers(by, core)], names)
    if known is not None and len(found) > 1:
        # All that an artist has would be cut off anywhere; what is known asks better questions.
        found = tuple(rung for rung in found if rung.kind is not Kind.ARTIST)
    return found


def _is_known(wanted: Wanted) -> bool:
    """Whether somebody knew the album: names as they were asked are no news."""
    told = wanted.provider is not Provider.NOBODY or wanted.editions or wanted.aliases
    return bool(wanted.artist and wanted.album and told)


def _askable(drafts: Sequence[_Draft], names: set[frozenset[str]]) -> tuple[Rung, ...]:
    found = []
    for place, text in askable(words for _, words in drafts):
        kind, words = drafts[place]
        found.append(Rung(kind, text, named=any(name <= set(words) for name in names)))
    return tuple(found)


def _cut(text: str) -> str:
    return " ".join(text[:LONGEST_NAME].split())


def _core(query: Query) -> Words:
    """The words of the album's own name, without what Lidarr appended and brackets at its end."""
    title = split_title(query.artist, query.album).name
    return plain(without_brackets(title)) or plain(title)


# -- an album --------------------------------------------------------------------------------------


class _Album:
    """One album's names, prepared for its rungs."""

    def __init__(self, query: Query, by: Words, core: Words, wanted: Wanted | None) -> None:
        self.artist, self.by, self.core = query.artist, by, core
        self.title = split_title(query.artist, query.album).name
        self.full = plain(without_brackets(query.album)) or core
        self.year: Words = (str(query.year),) if query.year else ()
        self.various = is_various(query.artist)
        self.wanted = wanted
        self.rare = distinctive(core)
        self.tracks = _rare_tracks(wanted, (*by, *core)) if wanted is not None else ()

    @property
    def vague(self) -> bool:
        """Whether the title is of little use: one word, the artist's name, a single, no word."""
        kind = self.wanted.kind if self.wanted is not None else ""
        few = len(self.rare) < 2 or set(self.core) <= set(self.by)
        return few or self.various or kind in {"ep", "single"}


def _rare_tracks(wanted: Wanted, known: Words) -> tuple[Words, ...]:
    """Of the edition Lidarr has chosen, or the shortest one: what it holds they nearly all hold."""
    editions = [edition for edition in wanted.eligible() if edition.tracks]
    if not editions:
        return ()
    chosen = min(editions, key=lambda edition: (not edition.monitored, len(edition.tracks)))
    return rare_titles((track.title for track in chosen.tracks), known)


def _album_rungs(album: _Album) -> Iterator[_Draft]:
    if album.core or not album.tracks:
        yield _first(album)
        yield from _foreign(album)
        yield from _spellings(album)
    else:  # "( )" cannot be asked for, and the artist alone is too much
        yield from _other_titles(album)
        if album.year and album.by:
            yield Kind.YEAR, fit(album.by, album.year)
        yield from _by_tracks(album)
    yield from _without_artist(album)
    if album.vague:
        yield from _by_tracks(album)
    # What follows may be a disambiguation that no share knows.
    short = 2 if album.by else 3
    if len(album.rare) > short:
        yield Kind.RARE_WORDS, fit(album.by, album.rare[:short])
        rarest = tuple(sorted(album.core, key=weight, reverse=True)[:short])
        yield Kind.RARE_WORDS, fit(album.by, rarest)
    if album.year and album.by:
        yield Kind.YEAR, fit(album.by, album.year)
    yield from _by_tracks(album)
    yield from _other_names(album)


def _first(album: _Album) -> _Draft:
    if album.by or album.various:
        kind = Kind.PLAIN if album.core else Kind.ARTIST
        return kind, fit(album.by, album.full)
    return Kind.ALBUM, fit((), album.full)


def _foreign(album: _Album) -> Iterator[_Draft]:
    """Names in another script: most shares spell them in Latin letters."""
    if is_latin(album.artist) and is_latin(album.title):
        return
    artists = [album.by] if is_latin(album.artist) else _latin_names(album, "aliases")
    titles = [album.core] if is_latin(album.title) else _latin_names(album, "titles")
    sounds = in_latin(album.artist) or (album.by if is_latin(album.artist) else ())
    title_sounds = in_latin(album.title) or (album.core if is_latin(album.title) else ())
    for artist in artists[:1]:
        yield Kind.ALIAS, fit(artist, titles[0] if titles else title_sounds or album.core)
    if sounds and title_sounds:
        yield Kind.FOLDED, fit(sounds, title_sounds)


def _latin_names(album: _Album, which: str) -> list[Words]:
    if album.wanted is None:
        return []
    names = album.wanted.aliases if which == "aliases" else album.wanted.titles
    found = (plain(name) for name in names if is_latin(name))
    return [name for name in found if name]


def _spellings(album: _Album) -> Iterator[_Draft]:
    """The same names as others write them."""
    by, core, full = album.by, album.core, album.full
    twin = (folded(by), folded(core))
    if twin != (by, core):
        yield Kind.FOLDED, fit(*twin)
    glued = (
        joined(album.artist) if by else by,
        joined(without_brackets(album.title)) if core else core,
    )
    if glued not in ((by, core), twin):
        yield Kind.JOINED, fit(*glued)
    note = plain(album.wanted.disambiguation) if album.wanted is not None else ()
    if note and set(core) <= set(by):
        yield Kind.NOTED, fit(by, (*core, *note))
    if core != full:
        yield Kind.SHORT, fit(by, core)
    other = renumbered(album.title)
    if set(other) - set(by):  # "4" is too short to be asked for: then it would be the artist alone
        yield Kind.VOLUME, fit(by, other)


def _without_artist(album: _Album) -> Iterator[_Draft]:
    by, core, rare, year = album.by, album.core, album.rare, album.year
    if len(rare) > 1:
        yield Kind.ALBUM, fit((), core)
    elif core and year:
        yield Kind.YEAR, fit(core, year)
    star = starred(by, core) or starred(by, year or ("flac",))
    if star:
        yield Kind.STARRED, star
    if len(rare) == 1 and len(rare[0]) > 3:
        yield Kind.ALBUM, fit((), core)


def _by_tracks(album: _Album) -> Iterator[_Draft]:
    """By rare titles of tracks: the answer holds single files, whose folders are looked up then."""
    if not album.tracks:
        return
    with_whom = album.by or (album.core[:3] if album.various else ())
    if with_whom:
        yield Kind.TRACK, fit(with_whom, album.tracks[0])
    telling = [title for title in album.tracks if len(distinctive(title)) > 1]
    for title in (telling or (() if with_whom else album.tracks))[:_MOST_NAMES]:
        yield Kind.TRACK_TITLES, fit((), title)


def _other_names(album: _Album) -> Iterator[_Draft]:
    if album.wanted is not None and not album.various:
        for name in _different(album.wanted.aliases, album.by):
            yield Kind.ALIAS, fit(name, album.core)
    yield from _other_titles(album)


def _other_titles(album: _Album) -> Iterator[_Draft]:
    titles = album.wanted.titles if album.wanted is not None else ()
    for name in _different(map(without_brackets, titles), album.core or album.by):
        yield Kind.LOCALISED, fit(album.by, name)


def _different(names: Iterable[str], known: Words) -> list[Words]:
    """Names that are not a known one with a word more: those would find less, not more."""
    found: list[Words] = []
    for name in map(plain, names):
        short = sum(map(len, name)) < 4 and is_latin("".join(name))
        same = any(other and set(other) <= set(name) for other in (known, *found))
        if name and not short and not same:
            found.append(name)
    return found[:_MOST_NAMES]


# -- an artist, a free term, and what fills up -----------------------------------------------------


def _twins(artist: str, by: Words) -> Iterator[_Draft]:
    twin, glued = folded(by), joined(artist) if by else by
    if twin != by:
        yield Kind.FOLDED, fit(twin, ())
    if glued not in (by, twin):
        yield Kind.JOINED, fit(glued, ())


def _artist_rungs(artist: str, by: Words) -> Iterator[_Draft]:
    yield Kind.ARTIST, fit(by, ())
    yield from _twins(artist, by)
    yield Kind.STARRED, starred(by[-1:], by[:-1])
    yield Kind.STARRED, starred(by, ("flac",))


def _term_rungs(term: str, full: Words) -> Iterator[_Draft]:
    yield Kind.PLAIN, fit(full, ())
    short = plain(without_brackets(_TAIL_YEAR.sub("", term))) or full
    yield Kind.SHORT, fit(short, ())
    yield from _twins(term, short)
    yield Kind.STARRED, starred(short[:1], short[1:])
    if len(short) > 2:
        yield Kind.RARE_WORDS, tuple(sorted(short, key=len, reverse=True)[:3])
        yield Kind.ALBUM, fit((), short[1:])


def _fillers(by: Words, core: Words) -> Iterator[_Draft]:
    """Narrower and wider questions: answers are samples, and each draws another one."""
    yield Kind.FORMAT, fit(by, (*core, "flac"))
    yield Kind.FORMAT, fit(by, (*core, "mp3"))
    yield Kind.ALBUM, fit((), core)
    yield Kind.ARTIST, fit(by, ())
    yield Kind.FORMAT, fit(by, (*core, "m4a"))
