"""What is looked for, prepared once for all candidates: names in the forms they are compared in.

Out of a question alone, or out of what the catalogue knows about the album.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, replace
from functools import lru_cache

from anyascii import anyascii

from soulspot_arr.domain import Query
from soulspot_arr.rules.reading import PathReading
from soulspot_arr.rules.spelling import (
    colours,
    essence,
    normalise,
    significant,
    split_title,
    squeeze,
    versions,
    word_set,
    words,
)
from soulspot_arr.wanted import Wanted

Words = tuple[str, ...]

_VARIOUS = frozenset({"various artists", "various", "va", "v a", "diverse", "verschiedene"})
_LIST = re.compile(r"\s*[,;&/]\s*|\s+(?:and|feat\.?|with)\s+")
_FEW = 6  # credited artists; more of them are a compilation
_YEAR_OR_NONE = re.compile(r"(?:(?:19|20)\d\d|0)\Z")

# What an album is by its own style may stand in the folder's name though not in the title.
_STYLE_VERSIONS = {
    "live": "live unplugged acoustic session",
    "remix": "remix",
    "dj-mix": "remix session",
    "demo": "demo session outtakes rarities",
    "compilation": "best rarities",
    "soundtrack": "orchestral",
}
SOUNDTRACK = word_set(
    "original motion picture soundtrack soundtracks ost score music from film movie tv television "
    "series game video official and the by"
)
"""Words that say nothing but that it is a soundtrack."""


@dataclass(frozen=True, slots=True)
class Sought:
    """One question, prepared once for all candidates; `albums` are the forms of its album name.

    `others` are the same question under another name of the artist; `years` are those in which an
    edition came out.
    """

    artist: str
    artist_words: Words
    album: str
    albums: tuple[Words, ...]
    year: int | None
    versions: frozenset[str]
    colours: frozenset[str]
    various: bool
    self_titled: bool
    allowed: frozenset[str] = frozenset()  # version words that it is, whether named so or not
    soundtrack: bool = False
    years: frozenset[int] = frozenset()
    others: tuple[Sought, ...] = ()

    @property
    def artist_only(self) -> bool:
        """Whether any album of the artist is wanted."""
        return not self.album


def is_various(artist: str) -> bool:
    """Whether this stands for a compilation instead of an artist."""
    return normalise(artist) in _VARIOUS


@lru_cache(maxsize=1024)
def sought(artist: str, album: str, year: int | None) -> Sought:
    """Prepare a question."""
    title = split_title(artist, album)
    full, name = words(album), words(title.name)
    forms = [essence(full)]
    artist_words = significant(words(artist))
    if title.disambiguation:
        forms.append(essence(name))
    # "Weezer Blue Album" is kept as "Weezer\\Blue Album" too
    rest = full[len(artist_words) :]
    if title.disambiguation and rest and significant(full)[: len(artist_words)] == artist_words:
        forms.append(essence(rest))
    return Sought(
        artist=artist,
        artist_words=artist_words,
        album=album,
        albums=tuple(dict.fromkeys(form for form in forms if form)),
        year=year,
        versions=versions(full),
        allowed=versions(full),
        colours=colours(words(title.disambiguation)),
        various=is_various(artist),
        self_titled=bool(artist_words) and artist_words == significant(name),
    )


def sought_of(wanted: Wanted) -> Sought:
    """Prepare what the catalogue says: exact names, every other name, every edition's title."""
    titles = [wanted.album, f"{wanted.album} {wanted.disambiguation}", *wanted.titles]
    titles += [edition.title for edition in wanted.editions]
    if colours(words(wanted.disambiguation)):
        titles.append(wanted.disambiguation)  # "The Blue Album"
    forms = [essence(words(title)) for title in (*titles, *_romanised(titles)) if title]
    plain = sought(wanted.artist, wanted.album, wanted.year)
    named = versions(words(wanted.album))
    styles = " ".join(_STYLE_VERSIONS.get(style, "") for style in wanted.styles)
    noted = versions(words(wanted.disambiguation)) | versions(words(" ".join(wanted.titles)))
    years = {edition.year for edition in wanted.editions} | {wanted.year}
    main = replace(
        plain,
        albums=tuple(dict.fromkeys(form for form in (*plain.albums, *forms) if form)),
        versions=named,
        allowed=named | noted | frozenset(styles.split()),
        colours=plain.colours | colours(words(wanted.disambiguation)),
        soundtrack="soundtrack" in wanted.styles,
        years=frozenset(year for year in years if year),
    )
    aliases = [*wanted.aliases, *_romanised([wanted.artist, *wanted.aliases])]
    # Who plays a classical work stands in the note, or beside its tracks.
    aliases += [name for name in _LIST.split(wanted.disambiguation) if len(words(name)) > 1]
    credited = {track.artist for edition in wanted.editions for track in edition.tracks}
    if not plain.various and len(credited) <= _FEW:
        aliases += sorted(name for credit in credited for name in (credit, *_LIST.split(credit)))
    return replace(main, others=tuple(_aliased(main, aliases)))


def _romanised(names: Iterable[str]) -> list[str]:
    return [anyascii(name) for name in names if not normalise(name).isascii()]


def _aliased(main: Sought, aliases: Iterable[str]) -> Iterable[Sought]:
    seen = {main.artist_words}
    for alias in aliases:
        found = significant(words(alias))
        if found in seen or not (found or squeeze(alias)):
            continue
        seen.add(found)
        yield replace(main, artist=alias, artist_words=found)


def understand(query: Query, reading: PathReading) -> Sought:
    """The question as it concerns one folder; a free term is divided by what the folder says."""
    if query.artist or query.album:
        return sought(query.artist, query.album, query.year)
    by, rest = divide_term(query.term, reading.artist)
    if not by:
        return sought("", query.term, query.year)
    parts = rest.split()
    year = query.year
    literal = essence(words(rest)) == essence(words(reading.album))
    if len(parts) > 1 and not literal and _YEAR_OR_NONE.match(parts[-1]):
        # Lidarr's second question ends in the year, or in "0" (contract lidarr §6.3).
        year, rest = int(parts[-1]) or None, " ".join(parts[:-1])
    return sought(by, rest, year)


def divide_term(term: str, artist: str) -> tuple[str, str]:
    """`term` as artist and rest in its own spelling, when it begins with the words of `artist`."""
    wanted = "".join(significant(words(artist)))
    parts = term.split()
    for index in range(1, len(parts) + 1) if wanted else ():
        head = " ".join(parts[:index])
        if "".join(significant(words(head))) == wanted:
            rest = " ".join(parts[index:]).lstrip(" -–—")
            return head, rest
    return "", term
