"""Folders of the corpus, spoiled further by chance: what nobody thought of when writing either side.

A mutation takes a case and gives a worse one; a case meets several of them. The same seed gives the
same case on every machine.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from random import Random
from typing import Any

from soulspot_arr.rules.rehearsal import Circumstances, FileTags, Particulars
from soulspot_arr.wanted import Wanted
from tests.corpus_import.corpus import folders
from tests.corpus_import.folders import foreign_id
from tests.corpus_import.taggers import TAGGERS


@dataclass(frozen=True, slots=True)
class Case:
    """What both sides are asked about."""

    files: tuple[FileTags, ...]
    album: Wanted
    circumstances: Circumstances


Mutation = Callable[[Random, Case], Case]
Change = Callable[[FileTags], FileTags]


def case(seed: int) -> Case:
    """A folder of the corpus as one of the taggers leaves it, with one to four mutations."""
    rng = Random(seed)
    folder = rng.choice(folders())
    tags = TAGGERS[rng.choice(tuple(TAGGERS))](folder)
    found = Case(tags, folder.album, folder.circumstances)
    for _ in range(rng.randint(1, 4)):
        found = rng.choice(MUTATIONS)(rng, found)
    unlike = {file.path: file for file in found.files}  # a disk holds no two files of one name
    return replace(found, files=tuple(unlike.values()))


def _some(rng: Random, case_: Case, change: Change) -> Case:
    """The change on one file, on a few, or on all."""
    share = rng.choice((0.0, 0.2, 0.3, 0.8, 1.0))
    spared = rng.randrange(len(case_.files))
    files = tuple(
        change(file) if place == spared or rng.random() < share else file
        for place, file in enumerate(case_.files)
    )
    return replace(case_, files=files)


def _with(file: FileTags, name: str, value: str | int | None) -> FileTags:
    changes: dict[str, Any] = {name: value}
    return replace(file, **changes)


# -- tags ------------------------------------------------------------------------------------------

_TEXTS = (
    *("title", "artist", "album_artist", "album", "country", "label", "comment"),
    *("release_id", "release_group_id", "recording_id"),
)
_NUMBERS = ("year", "disc", "discs", "track")
_ENDINGS = (
    *(" (feat. Somebody)", " ft Someone else", " (Live)", " (Deluxe Edition)", " [Remastered]"),
    *(" - 2009 Remaster", " (Album Version)", " [Bonus Track] (Live)", " produced by X Y"),
    *("³", "½", " Ⅳ", " İ", " ß", " ñ", "é", " Я", " 東京", "٣", " 🎵", "  ", ".", " (", ")", "_"),
)


def dropped(rng: Random, case_: Case) -> Case:
    """A tag is missing, empty or blank."""
    name, value = rng.choice(_TEXTS), rng.choice((None, None, "", "  "))
    return _some(rng, case_, lambda file: _with(file, name, value))


def misnumbered(rng: Random, case_: Case) -> Case:
    """A number is missing or another one."""
    name = rng.choice(_NUMBERS)
    # Of more than a thousand discs the rehearsal counts a thousand: the album is far either way.
    number = rng.choice(
        (0, 1, 2, 3, 7, 12, 101, *((1969, 2003, 2031) if name in ("year", "track") else ()))
    )
    return _some(rng, case_, lambda file: _with(file, name, number))


def misspelled(rng: Random, case_: Case) -> Case:
    """Letters lost, added or in other cases; remarks behind."""
    name = rng.choice(("title", "artist", "album_artist", "album", "label", "comment"))

    def change(file: FileTags) -> FileTags:
        text: str = getattr(file, name) or ""
        at = rng.randrange(len(text) + 1)
        words = rng.choice(
            (
                text[:at] + text[at + 1 :],
                text[:at] + rng.choice("xéß3 -'") + text[at:],
                text + rng.choice(_ENDINGS),
                text.upper(),
                text.swapcase(),
                text[::-1],
                rng.choice(_ENDINGS).strip() + text,
            )
        )
        return _with(file, name, words)

    return _some(rng, case_, change)


def of_others(rng: Random, case_: Case) -> Case:
    """By somebody else, as far as the tags say."""
    name = rng.choice(("artist", "album_artist", "album"))
    word = rng.choice(("Various Artists", "VA", "Unknown", "Somebody", case_.album.artist))
    return _some(rng, case_, lambda file: _with(file, name, word))


def countried(rng: Random, case_: Case) -> Case:
    """A country, by its code or by its name, or none that is one."""
    word = rng.choice(("US", "gb", "GBR", "Japan", "XW", "[worldwide]", "Nowhere", "ZZ", "XE"))
    return _some(rng, case_, lambda file: replace(file, country=word))


def identified(rng: Random, case_: Case) -> Case:
    """Ids of another edition, another recording, or of nothing."""
    name = rng.choice(("release_id", "release_group_id", "recording_id"))
    edition = rng.choice(case_.album.editions)
    own = {
        "release_id": edition.id,
        "release_group_id": case_.album.album_id,
        "recording_id": rng.choice(edition.tracks).recording_id,
    }
    value = rng.choice((own[name], own[name], own[name].upper(), foreign_id(name)))
    return _some(rng, case_, lambda file: _with(file, name, value))


def stretched(rng: Random, case_: Case) -> Case:
    """Another length, or none."""

    def change(file: FileTags) -> FileTags:
        off = rng.choice((-45.0, -12.5, 3.0, 10.0, 10.75, 25.0, 41.0))
        return replace(file, seconds=rng.choice((0.0, max(0.0, file.seconds + off))))

    return _some(rng, case_, change)


# -- files -----------------------------------------------------------------------------------------

_NAMES = (
    *("{n:02} - {a} - {t}", "{a} - {n:02} - {t}", "{a} - {t}", "{n} {t}", "{d}{n:02} {t}"),
    *(
        "Track{n:02}",
        "{n:02}_{a}_{t}",
        "{a}-{n:02}-{t}-rip",
        "{n:02}. {t}",
        "{t}",
        "{d}-{n:02} {t}",
    ),
)
_FOLDERS = (
    *("CD{}", "CD {}", "Disc {}", "disk_{:02}", "CD{} - Live", "Disc-{}", "Album (Disc {})"),
    *("cd1/Disc {}", "x/CD{}", "Disco{}", "Vol {}", "CD{}/flac", "1{}", "_UNPACK_{}", "Disc 1{}"),
)
_ROOTS = (
    *("/mnt/disk1/job", "/downloads/cd2/job", "/downloads/Disc 1", "/data/CDs/job 3"),
    *("/downloads/_FAILED_job", "/downloads/Ascidia 2", "/downloads/job"),
)


def lost(rng: Random, case_: Case) -> Case:
    """A file is missing."""
    if len(case_.files) < 2:
        return case_
    at = rng.randrange(len(case_.files))
    return replace(case_, files=case_.files[:at] + case_.files[at + 1 :])


def doubled(rng: Random, case_: Case) -> Case:
    """A file is there twice, the whole folder is, or something else lies beside it."""
    copied = rng.choice((case_.files, (rng.choice(case_.files),)))
    home = rng.choice(("", "", "again/", "Disc 2/", "extras/", ".hidden/"))
    name = rng.choice((" copy.ogg", ".wma", ".txt", ".OPUS"))
    copies = tuple(
        replace(file, path=f"{home}{file.path.rpartition('.')[0]}{name}") for file in copied
    )
    return replace(case_, files=(*case_.files, *copies))


def renamed(rng: Random, case_: Case) -> Case:
    """Other names, and tags that the names have to stand for."""
    pattern, gone = rng.choice(_NAMES), rng.choice(("title", "track", "artist", "album_artist"))

    def change(file: FileTags) -> FileTags:
        words = {
            "n": file.track or 1,
            "d": file.disc or 1,
            "a": (file.artist or "x").replace("/", "_")[:60],
            "t": (file.title or "y").replace("/", "_")[:60],
        }
        name = f"{pattern.format(**words)}.{file.path.rpartition('.')[2]}"
        path = f"{file.folder}/{name}" if file.folder else name
        return _with(replace(file, path=path), gone, 0 if gone == "track" else None)

    return replace(case_, files=tuple(map(change, case_.files)))


def moved(rng: Random, case_: Case) -> Case:
    """Folders for discs, however named; files that stay behind."""
    pattern = rng.choice(_FOLDERS)
    behind = rng.choice((0.0, 0.0, 0.2))
    files = []
    for place, file in enumerate(case_.files):
        disc = file.disc or 1 + place * 3 // len(case_.files)
        home = "" if rng.random() < behind else f"{pattern.format(disc)}/"
        files.append(replace(file, path=f"{home}{file.path.rpartition('/')[2]}"))
    return replace(case_, files=tuple(files))


def rooted(rng: Random, case_: Case) -> Case:
    """The job's folder lies elsewhere."""
    return replace(case_, circumstances=replace(case_.circumstances, root=rng.choice(_ROOTS)))


def shuffled(rng: Random, case_: Case) -> Case:
    """The same files in another order."""
    return replace(case_, files=tuple(rng.sample(case_.files, len(case_.files))))


# -- the catalogue ---------------------------------------------------------------------------------


def strict(rng: Random, case_: Case) -> Case:
    """Only the chosen edition will do, and that may be another one."""
    chosen = rng.randrange(len(case_.album.editions))
    editions = tuple(
        replace(one, monitored=place == chosen) for place, one in enumerate(case_.album.editions)
    )
    return replace(case_, album=replace(case_.album, editions=editions, any_edition=False))


def unknowing(rng: Random, case_: Case) -> Case:
    """The catalogue lacks lengths, years, countries, or knows other ones."""
    album = replace(case_.album, year=rng.choice((None, 1971, 2026, case_.album.year)))
    editions = []
    for one in album.editions:
        tracks = one.tracks
        if rng.random() < 0.3:
            tracks = tuple(replace(track, seconds=None) for track in tracks)
        editions.append(
            replace(
                one,
                tracks=tracks,
                year=rng.choice((None, 1999, one.year)),
                country=rng.choice(("", "United States, Japan", "Germany", one.country)),
                disambiguation=rng.choice(("", "deluxe", one.disambiguation)),
            )
        )
    particulars = {
        one.id: Particulars(
            media=(rng.choice(("CD", "Unknown", "Digital Media")),) * one.discs,
            labels=rng.choice(((), ("Warp",), ("4AD", "Warp Records"))),
        )
        for one in editions
    }
    around = replace(case_.circumstances, particulars=particulars)
    return Case(case_.files, replace(album, editions=tuple(editions)), around)


def surrounded(rng: Random, case_: Case) -> Case:
    """The artist has other albums, some of them called almost the same, some with equal songs."""
    title = case_.album.album
    others = []
    for _ in range(rng.randint(1, 4)):
        other = rng.choice(folders()).album
        name = rng.choice((f"{title} II", f"{title} (Live)", f"Live {title}", title[:-1], title))
        other = rng.choice((other, case_.album))
        mark = str(rng.random())
        editions = tuple(replace(one, id=foreign_id(one.id, mark)) for one in other.editions)
        others.append(
            replace(
                other,
                artist=case_.album.artist,
                artist_id=case_.album.artist_id,
                album=rng.choice((name, name, other.album)),
                album_id=foreign_id(other.album_id, mark),
                editions=editions,
                any_edition=rng.random() < 0.8,
            )
        )
    return replace(case_, circumstances=replace(case_.circumstances, others=tuple(others)))


MUTATIONS: tuple[Mutation, ...] = (
    *(dropped, misnumbered, misspelled, of_others, countried, identified, stretched),
    *(lost, doubled, renamed, moved, rooted, shuffled),
    *(strict, unknowing, surrounded),
)
"""Every mutation."""
