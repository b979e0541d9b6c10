"""Hard targets whose folders are written by hand, where names are made to mislead.

The texts lie in `tests/corpus/hard`: albums as everywhere (see `catalogue`), and below each of them
its shares, one to a line:

    > label | path template | parts
    >> path template | parts          adds to the share above

Labels are what the writer meant; a test holds them against the labels that follow from the truth.
Parts, separated by ";": nothing (the first edition) or `edition N`, `of Artist/Album` (another hard
target), `songs Title m:ss / …`; then `tracks 1-5,8`, `version live +12 -9` (seconds in turn),
`no lengths`, `locked`.
"""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cache

from tests.corpus.catalogue import HARD, HARD_STRATUM, BadAlbum, Target, parse, seconds_of
from tests.corpus.media import Lengths, Rip, raw
from tests.corpus.mutations import Hand
from tests.corpus.records import Song, foreign, numbered, record, version
from tests.corpus.shares import Label, Music, Peer, Shelf, shelve

_CODECS = {"flac": Rip("FLAC", 850), "mp3": Rip("MP3", 320), "m4a": Rip("AAC", 256)}
_CODECS |= {"ogg": Rip("OGG", 192, vbr=True), "opus": Rip("OPUS", 128, vbr=True)}


@dataclass(frozen=True, slots=True)
class Written:
    """One share as it is written: what it was meant to be, and its folders."""

    meant: tuple[Label, ...]  # one of these; more than one where the monitored edition decides
    folders: tuple[tuple[str, str], ...]  # path template, parts
    where: str


@dataclass(frozen=True, slots=True)
class HardCase:
    """A hard target and its shares."""

    target: Target
    shares: tuple[Written, ...]


def _blocks(text: str) -> Iterator[tuple[int, list[str]]]:
    """The lines of every album, with the number of the line before the first."""
    start, block = 0, list[str]()
    for number, line in enumerate(text.splitlines()):
        if line.startswith("@ "):
            if block:
                yield start, block
            start, block = number, []
        if block or line.startswith("@ "):
            block.append(line)
    if block:
        yield start, block


def read_case(lines: Sequence[str], *, name: str, offset: int) -> HardCase:
    """One target with its shares; BadAlbum for a line that cannot be read."""
    target = parse("\n" * offset + "\n".join(lines), stratum=HARD_STRATUM, name=name)[0]
    shares: list[Written] = []
    for number, line in enumerate(lines, offset + 1):
        where = f"{name}:{number}"
        cells = [cell.strip() for cell in line.lstrip(">").split("|")]
        if line.startswith(">> "):
            template, parts = (*cells, "")[:2]
            last = shares[-1]
            shares[-1] = replace(last, folders=(*last.folders, (template, parts)))
        elif line.startswith("> "):
            if len(cells) not in {2, 3}:
                raise BadAlbum(f"{where}: expected > label | path template | parts: {line}")
            label, template, parts = (*cells, "")[:3]
            meant = tuple(Label(each.strip()) for each in label.split("/"))
            shares.append(Written(meant, ((template, parts),), where))
    return HardCase(target, tuple(shares))


@cache
def cases() -> dict[str, HardCase]:
    """All hard cases by the id of their target."""
    found = {}
    for path in sorted(HARD.glob("*.txt")):
        text = path.read_text(encoding="utf-8")
        for offset, lines in _blocks(text):
            case = read_case(lines, name=path.name, offset=offset)
            found[case.target.id] = case
    return found


def shelves(case: HardCase, rng: random.Random) -> list[Shelf]:
    """The shares as shelves of people who share nothing else."""
    found = []
    for number, written in enumerate(case.shares, 1):
        free = rng.random() < 0.6
        peer = Peer(f"hand {number}", free, rng.randrange(50_000, 5_000_000), 0 if free else 9)
        music: list[Music] = []
        for template, parts in written.folders:
            music += _music(case, template, parts, written.where, rng)
        found.append(shelve(case.target, peer, music, kind=f"by hand, {written.where}"))
    return found


def _music(
    case: HardCase, template: str, parts: str, where: str, rng: random.Random
) -> Iterator[Music]:
    words = [part.strip() for part in parts.split(";") if part.strip()]
    songs, artist = list(_source(case, words, where)), case.target.wanted.artist
    rip = _CODECS[template.rpartition(".")[2]]
    if "no lengths" in words:
        rip = replace(rip, lengths=Lengths.MISSING)
    writer = Hand()
    for song in songs:
        path = template.format(
            nn=f"{song.number:02d}",
            d=song.disc,
            title=writer.write(song.title),
            by=writer.write(song.artist or artist),
        )
        file = raw(path, song.seconds, rip, rng)
        yield Music(replace(file, locked="locked" in words), song.key)


def _source(case: HardCase, words: Sequence[str], where: str) -> tuple[Song, ...]:
    songs: tuple[Song, ...] = ()
    for word in words:
        key, _, rest = word.partition(" ")
        if key == "of":
            other = _target(rest, where)
            songs = foreign(record(other), other.id)
        elif key == "songs":
            songs = _written_songs(rest, where)
        elif key == "edition":
            songs = record(case.target, case.target.wanted.editions[int(rest) - 1]).songs
    songs = songs or record(case.target).songs
    for word in words:
        key, _, rest = word.partition(" ")
        if key == "tracks":
            songs = _chosen(songs, rest)
        elif key == "version":
            songs = _other_version(songs, rest)
        elif key not in {"of", "songs", "edition", "no", "locked"}:
            raise BadAlbum(f"{where}: {word!r} says nothing that is understood")
    return songs


def _target(name: str, where: str) -> Target:
    """Another hard target by "Artist/Album"."""
    try:
        return cases()[f"{HARD_STRATUM}/{name}"].target
    except KeyError:
        raise BadAlbum(f"{where}: there is no hard target {name!r}") from None


def _written_songs(text: str, where: str) -> tuple[Song, ...]:
    songs: list[Song] = []
    for part in text.split(" / "):
        title, _, length = part.strip().rpartition(" ")
        seconds = seconds_of(length)
        if not title or not seconds:
            raise BadAlbum(f"{where}: expected Title m:ss: {part!r}")
        by, slashes, rest = title.partition(" // ")
        title, by = (rest, by) if slashes else (title, "")
        songs.append(Song(f"other:{where}:{len(songs)}", title, seconds, by))
    return numbered(songs)


def _chosen(songs: Sequence[Song], text: str) -> tuple[Song, ...]:
    places: list[int] = []
    for part in text.split(","):
        first, _, last = part.partition("-")
        places += range(int(first) - 1, int(last or first))
    return tuple(songs[place] for place in places)


def _other_version(songs: Sequence[Song], text: str) -> tuple[Song, ...]:
    how, *shifts = text.split()
    steps = [int(shift) for shift in shifts] or [0]
    return tuple(
        version(song, how, seconds=song.seconds + steps[place % len(steps)])
        for place, song in enumerate(songs)
    )
