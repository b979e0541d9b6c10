"""The target's songs played, mixed or sung otherwise: live, remixed, covered, by other performers.

Every maker takes a `Scene` and gives a record whose songs carry the truth, or None where the
target leaves no room for such a decoy.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace

from tests.corpus.library import plain
from tests.corpus.records import VARIOUS, Record, Song, numbered, version
from tests.corpus.scene import Scene

_VENUES = (
    "Glastonbury",
    "Paris, Zenith",
    "BBC Radio 1",
    "Tokyo Budokan",
    "Paradiso Amsterdam",
    "Red Rocks",
    "Hammersmith Apollo",
    "Rock am Ring",
)


def _played(scene: Scene, songs: Sequence[Song], how: str) -> list[Song]:
    """The songs played again: at least half are clearly longer or shorter, some hardly at all."""
    clear = set(scene.rng.sample(range(len(songs)), (len(songs) + 1) // 2))
    result = []
    for place, each in enumerate(songs):
        if place not in clear and scene.rng.random() < 0.5:
            shift = scene.rng.uniform(-3, 3)
        else:
            # What is long strays further: nine seconds are nothing in a side of an LP.
            shift = scene.rng.uniform(max(9, each.seconds * 0.03), max(60, each.seconds * 0.1))
            if scene.rng.random() < 0.25 and each.seconds > 3 * shift:
                shift = -shift
        result.append(version(each, how, seconds=each.seconds + shift))
    return result


def _as_concert(scene: Scene, how: str) -> list[Song]:
    own = scene.own()
    songs = list(own.songs)
    if scene.rng.random() < 0.7 and len(songs) > 3:
        songs = scene.rng.sample(songs, max(3, round(len(songs) * scene.rng.uniform(0.6, 1))))
        songs += scene.strangers(scene.rng.randrange(0, 1 + len(songs) // 2))
        scene.rng.shuffle(songs)
    own_keys = set(scene.target.recordings())
    again = iter(_played(scene, [each for each in songs if each.key in own_keys], how))
    return [next(again) if each.key in own_keys else each for each in songs]


def live_named(scene: Scene) -> Record | None:
    """The same songs at a concert, and the name says so."""
    own, venue = scene.own(), scene.rng.choice(_VENUES)
    name = scene.rng.choice(
        (f"Live at {venue}", f"{own.album} (Live)", f"{own.album} Live at {venue}", f"Live {venue}")
    )
    songs = _as_concert(scene, "live")
    if scene.rng.random() < 0.5:
        songs = [replace(each, title=f"{each.title} (Live)") for each in songs]
    return replace(own, album=name, songs=numbered(songs), discs=(), note="")


def live_hinted(scene: Scene) -> Record | None:
    """The same songs at a concert; a date and a place are all that tells."""
    own, rng = scene.own(), scene.rng
    day = f"{own.year or 1995}-{rng.randrange(1, 13):02d}-{rng.randrange(1, 29):02d}"
    name = rng.choice((f"{day} - {rng.choice(_VENUES)}", f"{own.album} Tour ({day})"))
    return replace(own, album=name, songs=numbered(_as_concert(scene, "live")), discs=(), note="")


def live_unnamed(scene: Scene) -> Record | None:
    """The same songs at a concert under the very name of the album: only lengths tell."""
    own = scene.own()
    songs = _as_concert(scene, "live") if scene.rng.random() < 0.5 else []
    songs = songs or _played(scene, own.songs, "live")
    return replace(own, songs=numbered(songs), discs=(), note="")


def studio(scene: Scene) -> Record | None:
    """Of a live album: the same songs from the studio."""
    own = scene.own()
    trimmed = [
        replace(each, title=re.sub(r"\s*[(\[]live[^)\]]*[)\]]", "", each.title, flags=re.I))
        for each in own.songs
    ]
    songs = [
        version(each, "studio", seconds=each.seconds * scene.rng.uniform(0.6, 0.95))
        for each in trimmed
    ]
    if scene.rng.random() < 0.6 and len(songs) > 4:
        songs = scene.rng.sample(songs, len(songs) * 2 // 3)
    bare = re.sub(r"\b(live|unplugged|in concert|concert)\b.*", "", own.album, flags=re.I)
    name = bare.strip(" -:(")
    if len(name) < 5 or plain(name) == plain(own.album):
        name = scene.rng.choice(("Greatest Hits", "The Studio Albums", "The Collection"))
    return replace(own, album=name, year=(own.year or 1990) - 2, songs=numbered(songs), discs=())


_VERSIONS: tuple[tuple[str, str, str, float], ...] = (
    # how, name of the album, suffix of the titles, how far lengths stray (share)
    ("instrumental", "{album} (Instrumentals)", " (Instrumental)", 0.003),
    ("instrumental", "{album} [Instrumental]", "", 0.003),
    ("karaoke", "{album} Karaoke", " (Karaoke Version)", 0.02),
    ("acoustic", "{album} Acoustic", " (Acoustic)", 0.12),
    ("acoustic", "{album} (Acoustic Version)", "", 0.12),
    ("demo", "{album} Demos", " (Demo)", 0.15),
    ("demo", "{album} (Demos & Outtakes)", "", 0.15),
    ("remix", "{album} Remixes", " (Remix)", 0.25),
    ("remix", "{album} Remixed", " [{dj} Remix]", 0.25),
    ("re-recorded", "{album} (Re-Recorded)", "", 0.04),
    ("re-recorded", "{album} ({artist}'s Version)", " ({artist}'s Version)", 0.03),
    ("slowed", "{album} (Slowed + Reverb)", " (slowed)", 0.15),
    ("commentary", "{album} (Track by Track Commentary)", " (Commentary)", 0.5),
)
_COVERS = (
    ("tribute", "A Tribute to {artist}: {album}", "{stranger}"),
    ("tribute", "{album}: A Tribute to {artist}", "Various Artists"),
    ("tribute", "The String Quartet Tribute to {artist} - {album}", "Vitamin String Quartet"),
    ("cover", "{album}", "{stranger}"),
    ("cover", "{stranger} plays {artist} - {album}", "{stranger}"),
    ("lullaby", "Lullaby Renditions of {artist} - {album}", "Rockabye Baby!"),
    ("piano", "Piano Tribute to {artist}: {album}", "Piano Tribute Players"),
    ("karaoke", "Karaoke Hits of {artist}", "Karaoke All Stars"),
)


def other_version(scene: Scene) -> Record | None:
    """Instrumentals, demos, acoustic, remixed, re-recorded by the artist."""
    own = scene.own()
    possible = [each for each in _VERSIONS if own.artist != VARIOUS or "{artist}" not in each[1]]
    how, name, suffix, stray = scene.rng.choice(possible)
    words = {"album": own.album, "artist": own.artist, "dj": scene.rng.choice(("Four Tet", "SHY"))}
    songs = [
        version(
            each,
            how,
            seconds=each.seconds * scene.rng.uniform(1 - stray, 1 + stray),
            title=each.title + suffix.format(**words),
        )
        for each in own.songs
    ]
    return replace(own, album=name.format(**words), songs=tuple(songs), note="")


def cover(scene: Scene) -> Record | None:
    """The same songs by other people."""
    own = scene.own()
    how, name, by = scene.rng.choice(_COVERS)
    stranger = scene.library.stranger(scene.target, scene.rng).artist
    words = {"artist": own.artist, "album": own.album, "stranger": stranger}
    songs = [
        version(each, how, seconds=each.seconds * scene.rng.uniform(0.85, 1.15))
        for each in own.songs
    ]
    return replace(
        own,
        artist=by.format(**words),
        album=name.format(**words),
        year=(own.year or 1990) + scene.rng.randrange(1, 20),
        songs=tuple(replace(each, artist="") for each in songs),
        note="",
    )


PERFORMERS = (
    "Berliner Philharmoniker, Herbert von Karajan",
    "Wiener Philharmoniker, Karl Böhm",
    "New York Philharmonic, Leonard Bernstein",
    "Academy of St Martin in the Fields, Neville Marriner",
    "The English Concert, Trevor Pinnock",
    "London Symphony Orchestra, Colin Davis",
    "Gewandhausorchester Leipzig, Kurt Masur",
    "Alfred Brendel",
    "Vladimir Ashkenazy",
    "Maria João Pires",
    "Yo-Yo Ma",
    "Anne-Sophie Mutter",
    "András Schiff",
)


def performance(scene: Scene) -> Record | None:
    """The same work by other performers: titles are equal, names and lengths are not."""
    own, rng = scene.own(), scene.rng
    known = plain(" ".join((own.artist, own.album, own.disambiguation)))
    others = [
        each for each in PERFORMERS if not any(plain(word) in known for word in each.split()[-2:])
    ]
    by = rng.choice(others)
    pace = rng.uniform(0.85, 1.2)
    songs = [
        version(each, "performance", seconds=each.seconds * pace * rng.uniform(0.96, 1.04))
        for each in own.songs
    ]
    return replace(
        own,
        artist=own.artist if rng.random() < 0.4 else by,
        year=(own.year or 1980) + rng.randrange(-15, 25),
        songs=tuple(songs),
        note="",
        disambiguation=by,
    )
