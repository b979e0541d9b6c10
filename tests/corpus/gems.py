"""Shelves on which the album can be had: alone, in a box, in a discography, in a heap.

Every maker puts up one or more shelves of one peer; the labels say what came out.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from soulspot_arr.wanted import Edition
from tests.corpus.media import Rip
from tests.corpus.records import Record, Song, numbered, record
from tests.corpus.shares import Music, Shelf, shelve
from tests.corpus.stage import Stage, Way

Gem = Callable[[Stage], list[Shelf]]

_BOXES = (
    "Original Album Series",
    "The Complete Studio Albums",
    "{artist} - The Collection",
    "Box Set",
    "Complete Recordings",
)


def _edition(stage: Stage) -> Edition:
    """Mostly the one that is most common: the first that will do."""
    eligible = list(stage.target.wanted.eligible())
    return eligible[0] if stage.rng.random() < 0.6 else stage.rng.choice(eligible)


def _wanted(stage: Stage) -> Record:
    return record(stage.target, _edition(stage))


def plain_copy(stage: Stage) -> list[Shelf]:
    """An edition, as its owner names things."""
    return [stage.put(_wanted(stage), "plain")]


def another_pressing(stage: Stage) -> list[Shelf]:
    """An edition of which some songs run a little longer or shorter: other fades, other gaps."""
    own = _wanted(stage)
    few = max(1, len(own.songs) // 6)
    chosen = set(stage.rng.sample(range(len(own.songs)), stage.rng.randrange(1, few + 1)))
    songs = [
        replace(each, seconds=max(10.0, each.seconds + stage.rng.choice((-6, -5, -4, 4, 5, 7))))
        if place in chosen
        else each
        for place, each in enumerate(own.songs)
    ]
    return [stage.put(replace(own, songs=tuple(songs)), "another pressing")]


def with_bonus(stage: Stage) -> list[Shelf]:
    """An edition nobody has catalogued: everything, and some songs more."""
    own = _wanted(stage)
    extra = stage.scene.strangers(stage.rng.randrange(1, 4))
    discs = [song.disc for song in own.songs] + [own.disc_count] * len(extra)
    songs = numbered([*own.songs, *extra], discs=discs)
    note = stage.rng.choice(("Japan Edition", "Bonus Tracks", "Expanded", ""))
    return [stage.put(replace(own, songs=songs, note=note), "bonus", Way(titles=True))]


def with_bonus_disc(stage: Stage) -> list[Shelf]:
    """An edition, and a folder of other songs inside its own."""
    own = _wanted(stage)
    how, told = stage.drawn(own, Way(titles=True))
    peer = stage.peer()
    music = stage.ripped(stage.lay(own, how, told), told)
    first = music[0].file.path
    base = first[: max(first.rfind("\\"), first.rfind("/"))]
    mark = "/" if how.slashed else "\\"
    name = stage.rng.choice(("Bonus", "Bonus Disc", "B-Sides", "Extras", "bonus tracks"))
    extra = numbered(stage.scene.strangers(stage.rng.randrange(2, 7)))
    inside = replace(how, root="", folder="x", hand=how.hand, discs="child", disc="")
    for placed in stage.lay(replace(own, songs=extra, discs=(), note=""), inside, told):
        file = placed.path.replace("\\", "/").rpartition("/")[2]
        moved = replace(placed, path=f"{base}{mark}{name}{mark}{file}")
        music += stage.ripped([moved], told)
    return [shelve(stage.target, peer, music, kind="bonus disc")]


def two_copies(stage: Stage) -> list[Shelf]:
    """The same peer has it twice, in two formats, and some of it a third time."""
    own = _wanted(stage)
    how, told = stage.drawn(own, Way(artist=True, titles=True))
    peer = stage.peer()
    how = replace(how, folder="{artist}\\{album} [{tag}]")
    others = [each for each in (Rip("FLAC", 850), Rip("MP3", 320)) if each.tag != told.tag]
    shelves = [stage.place(own, "one of two copies", how, told, peer=peer)]
    shelves.append(stage.place(own, "one of two copies", how, others[0], peer=peer))
    if len(own.songs) > 3 and stage.rng.random() < 0.5:
        few = replace(own, songs=own.songs[: len(own.songs) // 2])
        rest = replace(how, folder="{artist}\\{album} incomplete")
        shelves.append(stage.place(few, "half a copy beside", rest, told, peer=peer))
    return shelves


def reordered(stage: Stage) -> list[Shelf]:
    """The same songs in the order of another pressing."""
    own = _wanted(stage)
    songs = list(own.songs)
    stage.rng.shuffle(songs)
    discs = sorted(song.disc for song in songs)
    mixed = replace(own, songs=numbered(songs, discs=discs))
    return [stage.put(mixed, "another order", Way(told=True, titles=True))]


def discography(stage: Stage) -> list[Shelf]:
    """All albums of the artist at one peer, a folder for each, and singles beside."""
    own = _wanted(stage)
    others = stage.scene.library.other_albums(stage.target, stage.rng, stage.rng.randrange(2, 6))
    how, told = stage.drawn(own, Way(artist=True, titles=True))
    if own.disc_count == 1 and any(other.disc_count > 1 for other in others):
        how = replace(how, discs="child", disc="CD{d}")
    peer = stage.peer()
    shelves = [stage.place(own, "discography", how, told, peer=peer)]
    known = {plain_name(own)}
    for other in others:
        if plain_name(other) not in known:
            known.add(plain_name(other))
            shelves.append(stage.place(other, "album of the discography", how, told, peer=peer))
    return shelves


def plain_name(of: Record) -> str:
    """The name by which two records of one peer would share a folder."""
    return "".join(letter for letter in of.album.casefold() if letter.isalnum())


def _heap(stage: Stage, records: list[Record], kind: str, folder: str, file: str) -> list[Shelf]:
    """Several records in one folder, each song named after its own record."""
    how, told = stage.drawn(records[0], Way(artist=True, titles=True, told=True))
    how = replace(how, folder=folder, file=file)
    if how.discs in {"child", "suffix"}:
        how = replace(how, discs="number", disc="{d}{nn}")
    music: list[Music] = []
    for each in records:
        music += stage.ripped(stage.lay(each, how, told), told)
    return [shelve(stage.target, stage.peer(), music, kind=kind)]


def flat_discography(stage: Stage) -> list[Shelf]:
    """All albums of the artist in one folder; file names carry the album."""
    own = _wanted(stage)
    count = stage.rng.randrange(2, 6)
    others = [
        other
        for other in stage.scene.library.other_albums(stage.target, stage.rng, count)
        if plain_name(other) != plain_name(own)
    ]
    records = [own, *others]
    stage.rng.shuffle(records)
    file = stage.rng.choice(
        (
            "{artist} - {album} - {nn} - {title}",
            "{year} - {album} - {nn} - {title}",
            "{album} - {nn} - {title}",
            "{artist} - [{album} #{nn}] - {title}",
        )
    )
    folder = stage.rng.choice(("{artist}", "{artist} - Discography", "{artist} (All Albums)"))
    return _heap(stage, records, "flat discography", folder, file)


def dump(stage: Stage) -> list[Shelf]:
    """Everything somebody ever fetched in one folder."""
    records = [_wanted(stage)]
    for _ in range(stage.rng.randrange(2, 8)):
        records.append(stage.scene.library.stranger(stage.target, stage.rng))
    stage.rng.shuffle(records)
    file = stage.rng.choice(
        (
            "{by} - {title}",
            "{by} - {album} - {nn} - {title}",
            "{nn} - {by} - {title}",
            "{nn}. {by} - {title}",
        )
    )
    folder = stage.rng.choice(("complete", "Downloads", "Soulseek Shared Folder", "mp3", "New"))
    return _heap(stage, records, "dump", folder, file)


def two_in_one(stage: Stage) -> list[Shelf]:
    """Two albums on one disc, as cheap reissues have them."""
    own = _wanted(stage)
    other = stage.scene.library.other_albums(stage.target, stage.rng, 1)[0]
    if plain_name(other) == plain_name(own):
        return plain_copy(stage)
    first, second = stage.rng.sample((own, other), 2)
    if stage.rng.random() < 0.5:
        songs = numbered([*first.songs, *second.songs])
    else:
        discs = [1] * len(first.songs) + [2] * len(second.songs)
        songs = numbered([*first.songs, *second.songs], discs=discs)
    both = replace(
        own,
        album=f"{first.album} {stage.rng.choice('+/&')} {second.album}",
        songs=songs,
        discs=(first.album, second.album),
        note="",
    )
    return [stage.put(both, "two in one", Way(titles=True))]


def box(stage: Stage) -> list[Shelf]:
    """The album as some of the discs of a box."""
    own = _wanted(stage)
    count = stage.rng.randrange(2, 5)
    records = [own, *stage.scene.library.other_albums(stage.target, stage.rng, count)]
    stage.rng.shuffle(records)
    songs: list[Song] = []
    discs: list[int] = []
    subtitles: list[str] = []
    for each in records:
        offset = len(subtitles)
        songs += each.songs
        discs += [offset + song.disc for song in each.songs]
        subtitles += [each.album] * each.disc_count
    named = stage.rng.random() < 0.7
    name = stage.rng.choice(_BOXES).format(artist=own.artist)
    whole = replace(
        own,
        album=name,
        year=min(2024, (own.year or 1990) + stage.rng.randrange(3, 25)),
        songs=numbered(songs, discs=discs),
        discs=tuple(subtitles) if named else (),
        note="",
        disambiguation="",
    )
    how, told = stage.drawn(whole, Way(titles=True, artist=True, told=True))
    if named:
        how = replace(how, discs="child", disc="CD{d} - {sub}")
    return [stage.place(whole, "box", how, told)]


def two_formats(stage: Stage) -> list[Shelf]:
    """Lossless and lossy copies in one folder, or side by side below it."""
    own = _wanted(stage)
    how, _ = stage.drawn(own, Way(artist=True))
    below = stage.rng.random() < 0.5
    peer = stage.peer()
    music: list[Music] = []
    for each in (Rip("FLAC", 850), Rip("MP3", 320)):
        folder = "{artist}\\{album}" + (f"\\{each.codec}" if below else "")
        here = replace(how, folder=folder)
        music += stage.ripped(stage.lay(own, here, each), each)
    return [shelve(stage.target, peer, music, kind="two formats")]


def duplicates(stage: Stage) -> list[Shelf]:
    """Some files lie there twice, as a second download leaves them."""
    own = _wanted(stage)
    how, told = stage.drawn(own, Way())
    placed = stage.lay(own, how, told)
    again = stage.rng.sample(placed, max(1, len(placed) // 4))
    music = stage.ripped([*placed, *again], told)
    return [shelve(stage.target, stage.peer(), music, kind="duplicates")]


_GEMS: tuple[tuple[float, Gem], ...] = (
    (54, plain_copy),
    (6, another_pressing),
    (4, with_bonus),
    (2, with_bonus_disc),
    (3, two_copies),
    (4, reordered),
    (8, discography),
    (4, flat_discography),
    (4, dump),
    (3, two_in_one),
    (4, box),
    (3, two_formats),
    (2, duplicates),
)


def gem(stage: Stage) -> list[Shelf]:
    """One peer who has the album, drawn by lot."""
    make = stage.rng.choices([each for _, each in _GEMS], [weight for weight, _ in _GEMS])[0]
    return make(stage)
