"""Records that are not the target and share its name, its songs or its artist.

Every maker takes a `Scene` and gives a record whose songs carry the truth, or None where the
target leaves no room for such a decoy.
"""

from __future__ import annotations

import random
import re
from dataclasses import replace

from tests.corpus.library import plain
from tests.corpus.records import Record, numbered, record, version
from tests.corpus.scene import Scene

_BEST = (
    "Greatest Hits",
    "The Best of {artist}",
    "The Essential {artist}",
    "Anthology",
    "Gold",
    "The Very Best of {artist}",
    "Singles {year}-{later}",
    "Platinum Collection",
    "{album} & Other Hits",
)


def other_album(scene: Scene) -> Record | None:
    """Another album by the same artist."""
    return scene.library.other_albums(scene.target, scene.rng, 1)[0]


def best_of(scene: Scene) -> Record | None:
    """A compilation that contains some of the very recordings."""
    own = scene.own()
    if len(own.songs) < 4:
        return None
    share = max(2, round(len(own.songs) * scene.rng.uniform(0.2, 0.6)))
    chosen = scene.rng.sample(own.songs, share)
    total = max(share * 2 + 1, scene.rng.randrange(12, 22))
    songs = [*chosen, *scene.strangers(total - share)]
    scene.rng.shuffle(songs)
    year = (own.year or 1995) + scene.rng.randrange(2, 12)
    name = scene.rng.choice(_BEST).format(
        artist=own.artist, album=own.album, year=year - 10, later=year
    )
    return replace(own, album=name, year=year, songs=numbered(songs), note="", discs=())


def same_title(scene: Scene) -> Record | None:
    """An album of the same name by somebody else."""
    found = scene.library.stranger(scene.target, scene.rng)
    return replace(found, album=scene.target.wanted.album)


def misfiled(scene: Scene) -> Record | None:
    """Another album's songs in a folder that bears the target's name."""
    found = scene.library.recast(scene.target, scene.rng)
    return replace(scene.own(), songs=found.songs, discs=(), note="")


_ROMAN = ("I", "II", "III", "IV", "V", "VI", "VII", "VIII", "IX", "X")


def volume(scene: Scene) -> Record | None:
    """The next or the last volume: the name differs in nothing but its number."""
    found = scene.library.recast(scene.target, scene.rng)
    name = other_volume(scene.target.wanted.album, scene.rng)
    return replace(found, album=name, artist=scene.target.wanted.artist)


def other_volume(name: str, rng: random.Random) -> str:
    """The name with another number; with one behind it when it has none."""
    arabic = list(re.finditer(r"\d+", name))
    if arabic:
        last = arabic[-1]
        number = int(last[0]) + rng.choice((-1, 1, 2)) if int(last[0]) > 1 else 2
        return f"{name[: last.start()]}{number:0{len(last[0])}d}{name[last.end() :]}"
    roman = list(re.finditer(r"\b(?:VIII|VII|VI|IV|IX|III|II|I|V|X)\b", name))
    if roman:
        last = roman[-1]
        others = [each for each in _ROMAN[:6] if each != last[0]]
        return f"{name[: last.start()]}{rng.choice(others)}{name[last.end() :]}"
    return name + rng.choice((" II", ", Vol. 2", " 2", " Part II", " Volume 3"))


def single_of(scene: Scene) -> Record | None:
    """A single of an album: its title song with other sides, under nearly the same name."""
    own = scene.own()
    if len(own.songs) < 5:
        return None
    named = [each for each in own.songs if plain(each.title) == plain(own.album)]
    lead = named[0] if named else scene.rng.choice(own.songs)
    songs = [lead]
    if scene.rng.random() < 0.5:
        edit = f"{lead.title} (Radio Edit)"
        songs = [version(lead, "edit", seconds=lead.seconds * 0.85, title=edit)]
    songs += scene.strangers(scene.rng.randrange(1, 4))
    name = own.album if named else lead.title
    return replace(
        own, album=name, songs=numbered(songs), discs=(), note="", artist=lead.artist or own.artist
    )


def album_of(scene: Scene) -> Record | None:
    """Of a single or EP: the album, which has the song, often in another length."""
    own = scene.own()
    if len(own.songs) > 7:
        return None
    lead = own.songs[0]
    if scene.rng.random() < 0.5:
        lead = version(lead, "album", seconds=lead.seconds * scene.rng.choice((1.12, 0.9, 1.3)))
    songs = scene.strangers(scene.rng.randrange(8, 13))
    songs.insert(scene.rng.randrange(len(songs)), lead)
    name = (
        own.album
        if scene.rng.random() < 0.5
        else scene.library.recast(scene.target, scene.rng).album
    )
    return replace(own, album=name, songs=numbered(songs), discs=())


def incomplete(scene: Scene) -> Record | None:
    """A copy from which songs are missing; the numbers of the others stay."""
    own = scene.own()
    if len(own.songs) < 2:
        return None
    most = max(1, min(len(own.songs) // 2, 4))
    count = scene.rng.randrange(1, most + 1)
    if scene.rng.random() < 0.15:
        count = max(1, len(own.songs) // 2)
    gone = set(scene.rng.sample(range(len(own.songs)), count))
    return replace(own, songs=tuple(s for n, s in enumerate(own.songs) if n not in gone))


def one_wrong(scene: Scene) -> Record | None:
    """A copy in which one song has been replaced: by a live version, or by another song."""
    own = scene.own()
    if len(own.songs) < 3:
        return None
    place = scene.rng.randrange(len(own.songs))
    real = own.songs[place]
    how = scene.rng.randrange(3)
    if how == 0:
        other = version(real, "live", seconds=real.seconds + 37, title=f"{real.title} (Live)")
    elif how == 1:
        other = version(real, "edit", seconds=real.seconds * 0.6)
    else:
        other = replace(scene.strangers(1)[0], disc=real.disc, number=real.number, artist="")
    songs = (*own.songs[:place], other, *own.songs[place + 1 :])
    return replace(own, songs=songs)


def split(scene: Scene) -> Record | None:
    """A rip that cut one song in two, or joined two into one: not the tracks of any edition."""
    own = scene.own()
    if len(own.songs) < 4:
        return None
    place = scene.rng.randrange(len(own.songs) - 1)
    one, two = own.songs[place : place + 2]
    songs = list(own.songs)
    if scene.rng.random() < 0.5:
        part = version(one, "part", seconds=one.seconds * 0.3, title=f"{one.title} (Intro)")
        rest = version(one, "part", seconds=one.seconds * 0.7)
        songs[place : place + 1] = [part, rest]
    else:
        title = f"{one.title} - {two.title}"
        joined = version(one, "joined", seconds=one.seconds + two.seconds, title=title)
        songs[place : place + 2] = [joined]
    return replace(own, songs=numbered(songs, discs=[each.disc for each in songs]))


def unknown_edition(scene: Scene) -> Record | None:
    """An edition nobody has catalogued that lacks a song and has another: never complete."""
    own = scene.own()
    if len(own.songs) < 5:
        return None
    gone = scene.rng.randrange(len(own.songs))
    songs = [each for place, each in enumerate(own.songs) if place != gone]
    songs += scene.strangers(scene.rng.randrange(1, 3))
    return replace(own, songs=numbered(songs, discs=[each.disc for each in songs]))


def ineligible(scene: Scene) -> Record | None:
    """An edition that Lidarr knows and would not import."""
    eligible = {edition.id for edition in scene.target.wanted.eligible()}
    others = [each for each in scene.target.wanted.editions if each.id not in eligible]
    return record(scene.target, scene.rng.choice(others)) if others else None


def one_disc(scene: Scene) -> Record | None:
    """One disc of several, as if it were the album."""
    own = scene.own()
    if own.disc_count < 2:
        return None
    disc = scene.rng.randrange(1, own.disc_count + 1)
    songs = tuple(each for each in own.songs if each.disc == disc)
    if scene.rng.random() < 0.6:  # the folder still says which disc it is
        return replace(own, songs=numbered(songs), discs=(), album=f"{own.album} (Disc {disc})")
    return replace(own, songs=numbered(songs), discs=())


_PAIRS = (
    " (Original Score)",
    " (Music from the Motion Picture)",
    " - The Score",
    ": More Music from the Motion Picture",
    " (Original Motion Picture Score)",
    " (Video Game)",
)


def other_soundtrack(scene: Scene) -> Record | None:
    """The other record of the same film: the score instead of the songs, or the songs."""
    found = scene.library.stranger(scene.target, scene.rng)
    bare = re.sub(
        r"\s*[:(\[-]\s*(original|music|the|songs|soundtrack|ost)\b.*",
        "",
        scene.target.wanted.album,
        flags=re.I,
    )
    artist = scene.target.wanted.artist if scene.rng.random() < 0.4 else found.artist
    return replace(
        found,
        artist=artist,
        album=f"{bare}{scene.rng.choice(_PAIRS)}",
        year=scene.target.wanted.year,
    )
