"""Shelves that answer a search and are no album of anybody: single songs, charts, audio books."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from tests.corpus.media import Rip
from tests.corpus.records import Record, Song, numbered, version
from tests.corpus.shares import Shelf, with_files
from tests.corpus.stage import ANY_WAY, Stage, Way


def loose_song(stage: Stage) -> Shelf:
    """One song of the album, alone."""
    own = stage.scene.own()
    one = stage.rng.choice(own.songs)
    if len(own.songs) == 1:
        return charts(stage)
    return stage.put(replace(own, songs=(one,), discs=()), "loose song", Way(artist=True))


def charts(stage: Stage) -> Shelf:
    """A hundred hits of a year; one of them may be from the album."""
    own = stage.scene.own()
    songs = stage.scene.strangers(stage.rng.randrange(20, 60))
    if len(own.songs) > 1 and stage.rng.random() < 0.6:
        hit = stage.rng.choice(own.songs)
        songs.append(replace(hit, artist=hit.artist or own.artist))
    singers = [stage.scene.library.stranger(stage.target, stage.rng).artist for _ in range(6)]
    songs = [replace(each, artist=each.artist or stage.rng.choice(singers)) for each in songs]
    stage.rng.shuffle(songs)
    name = f"Top {len(songs)} of {own.year or 1999}"
    record = Record("Various Artists", name, own.year, numbered(songs))
    return stage.put(record, "charts", Way(titles=True), noise=True)


def spoken(stage: Stage) -> Shelf:
    """An audio book or a podcast about it: long chapters under its name."""
    own = stage.scene.own()
    chapters = [
        version(each, "spoken", seconds=stage.rng.uniform(900, 3600), title=f"Chapter {n}")
        for n, each in enumerate(own.songs, 1)
    ]
    name = stage.rng.choice(
        (f"{own.album} (Audiobook)", f"Podcast - The Making of {own.album}", f"{own.album} 33 1-3")
    )
    songs = [replace(each, key=f"other:spoken:{n}") for n, each in enumerate(chapters)]
    record = replace(own, album=name, songs=numbered(songs), discs=(), note="", disambiguation="")
    return stage.put(record, "spoken", Way(titles=True), noise=True)


def image(stage: Stage) -> Shelf:
    """The whole album in one file, with a cue sheet."""
    own = stage.scene.own()
    if len(own.songs) < 3:
        return charts(stage)
    total = sum(each.seconds for each in own.songs)
    whole = replace(
        own.songs[0], key="image:whole", title=own.album, seconds=total, number=1, artist=""
    )
    record = replace(own, songs=(replace(whole, disc=1),), discs=())
    how, _ = stage.drawn(record, Way(artist=True))
    how = replace(how, file="{artist} - {album}")
    return stage.place(record, "image", how, Rip("FLAC", 850))


def out_of_reach(stage: Stage) -> Shelf:
    """A copy that is locked, or that has empty files."""
    own = stage.scene.own()
    shelf = stage.put(own, "out of reach")
    music = [file for file in shelf.files if file.path in shelf.truth]
    if stage.rng.random() < 0.6:
        count = len(music) if stage.rng.random() < 0.6 else 1
        locked = stage.rng.sample(music, count)
        return with_files(shelf, {file.path: replace(file, locked=True) for file in locked})
    empty = stage.rng.sample(music, 1)
    return with_files(shelf, {file.path: replace(file, size=0) for file in empty})


def stranger(stage: Stage) -> Shelf:
    """An album that has nothing to do with it."""
    other = stage.scene.library.stranger(stage.target, stage.rng)
    return stage.put(other, "stranger")


def artist_heap(stage: Stage) -> Shelf:
    """Songs of the artist without order, straight in the artist's folder."""
    own = stage.scene.own()
    few = stage.rng.sample(own.songs, min(len(own.songs) - 1, stage.rng.randrange(1, 4)))
    songs = [*few, *stage.scene.strangers(stage.rng.randrange(2, 9))]
    stage.rng.shuffle(songs)
    heap = replace(own, songs=numbered(songs), discs=(), album="Songs", note="", disambiguation="")
    how, told = stage.drawn(heap, Way(artist=True, titles=True))
    how = replace(how, folder="{artist}", file="{by} - {title}")
    return stage.place(heap, "artist's heap", how, told)


def whole_in_one(stage: Stage) -> Shelf:
    """The whole album in one lossy file, as it is cut out of a video."""
    own = stage.scene.own()
    if len(own.songs) < 3:
        return charts(stage)
    total = sum(each.seconds for each in own.songs)
    title = f"{own.artist} - {own.album} (Full Album)"
    one = Song("image:whole", title, total)
    record = replace(own, songs=(one,), discs=())
    how, _ = stage.drawn(record, ANY_WAY)
    how = replace(how, folder="{artist}", file="{title}")
    return stage.place(record, "whole in one file", how, Rip("MP3", 128))


def echo(stage: Stage) -> Shelf:
    """Somebody who answers everything with a file of that name (slskd issue 1379)."""
    own = stage.scene.own()
    title = f"{own.artist} {own.album}"
    record = replace(own, songs=(Song("other:echo:1", title, 201.0),), discs=())
    how, _ = stage.drawn(record, ANY_WAY)
    how = replace(how, folder="downloads", file="{title}")
    return stage.place(record, "echo", how, Rip("MP3", 128), noise=True)


def impostor(stage: Stage) -> Shelf:
    """As many files as the album has, numbered and without titles: only the lengths are not its."""
    own = stage.scene.own()
    songs = numbered(stage.scene.strangers(len(own.songs)))
    record = replace(own, songs=songs, discs=(), note="")
    how, told = stage.drawn(record, Way(told=True, artist=True))
    how = replace(how, file=stage.rng.choice(("Track {nn}", "{nn}", "{nn} - Track {n}")))
    return stage.place(record, "blind impostor", how, told)


_RUBBISH: tuple[tuple[float, Callable[[Stage], Shelf]], ...] = (
    (3, loose_song),
    (2, charts),
    (1, spoken),
    (1, image),
    (1, out_of_reach),
    (2, stranger),
    (2, artist_heap),
    (1, whole_in_one),
    (1, echo),
    (0.5, impostor),
)


def rubbish(stage: Stage) -> Shelf:
    """One of them, drawn by lot."""
    makers = [each for _, each in _RUBBISH]
    return stage.rng.choices(makers, [weight for weight, _ in _RUBBISH])[0](stage)
