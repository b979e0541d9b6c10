"""How people lay a record out on their disk: roots, folders, discs and file names.

A `Habit` is drawn once for a peer and then holds for everything this peer shares.
"""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace

from tests.corpus.media import Rip
from tests.corpus.mutations import Hand, hand, shortened
from tests.corpus.records import VARIOUS, Record, Song

_ROOTS = (
    (20, "@@{mark}\\"),
    (14, "@@{mark}\\Music\\"),
    (6, "@@{mark}\\Music\\{format}\\"),
    (6, "@@{mark}\\Shared\\{format}\\{genre}\\"),
    (12, "Music\\"),
    (6, "music\\{genre}\\"),
    (6, "Music\\{initial}\\"),
    (5, "C:\\Users\\{mark}\\Music\\"),
    (4, "D:\\{format}\\"),
    (4, "E:\\Soulseek\\complete\\"),
    (5, "Soulseek Downloads\\complete\\"),
    (4, "share\\Lossless\\{genre}\\"),
    (5, "/mnt/data/music/"),
    (3, "/home/{mark}/Music/{format}/"),
)
_GENRES = ("Rock", "Electronic", "Pop", "Jazz", "Misc", "Alternative", "Various", "01 Albums")
_FOLDERS = (
    (12, "{artist}\\{album}"),
    (9, "{artist}\\{year} - {album}"),
    (8, "{artist}\\({year}) {album}"),
    (5, "{artist}\\[{year}] {album}"),
    (8, "{artist}\\{album} ({year})"),
    (4, "{artist}\\{artist} - {album}"),
    (3, "{artist}\\{artist} - {year} - {album}"),
    (3, "{artist}\\{year} {album}"),
    (3, "{artist}\\{year} - {album} [{tag}]"),
    (2, "{artist}\\Albums\\{year} - {album}"),
    (2, "{artist}\\Studio Albums\\{year} - {album} ({tag})"),
    (2, "{artist} - Discography [{tag}]\\{year} - {album}"),
    (7, "{artist} - {album} ({year})"),
    (7, "{artist} - {album} ({year}) [{tag}]"),
    (6, "{artist} - {year} - {album} [{tag}]"),
    (4, "{artist} - {year} - {album}"),
    (7, "{artist} - {album}"),
    (3, "{artist} - {album} {{{tag}}}"),
    (2, "{artist} - {album} [{year}, {tag}]"),
    (1, "{album} - {artist}"),
    (1, "{year} - {artist} - {album}"),
)
_BARE_FOLDERS = ((4, "{album}"), (2, "{album} ({year})"), (2, "{year} - {album}"))
_VARIOUS_FOLDERS = (
    (6, "Various Artists\\{album}"),
    (5, "Various Artists\\{year} - {album}"),
    (6, "VA - {album} ({year}) [{tag}]"),
    (5, "VA - {album}"),
    (4, "Various Artists - {album} ({year})"),
    (4, "Compilations\\{album}"),
    (3, "Compilations\\{album} ({year})"),
    (3, "Various\\{album}"),
    (6, "{album}"),
    (4, "{album} ({year}) [{tag}]"),
    (1, "V.A. - {year} - {album}"),
)
_FILES = (
    (16, "{nn} - {title}"),
    (12, "{nn} {title}"),
    (10, "{nn}. {title}"),
    (3, "{nn}-{title}"),
    (2, "{n}. {title}"),
    (1, "({nn}) {title}"),
    (1, "[{nn}] {title}"),
    (6, "{nn} - {artist} - {title}"),
    (4, "{nn}. {artist} - {title}"),
    (5, "{artist} - {album} - {nn} - {title}"),
    (3, "{artist} - {album} - {nn} {title}"),
    (3, "{artist} - {nn} - {title}"),
    (1, "{artist} - {album} ({year}) - {nn} - {title}"),
    (4, "{artist} - {title}"),
    (4, "{title}"),
    (1, "{title} - {artist}"),
    (1, "{nn} - {artist} - {album} - {title}"),
)
_VARIOUS_FILES = (
    (10, "{nn} - {by} - {title}"),
    (6, "{nn} {by} - {title}"),
    (5, "{nn}. {by} - {title}"),
    (3, "{by} - {title}"),
    (3, "{nn} - {title}"),
    (3, "{nn} {title}"),
    (2, "{nn}-{by}-{title}"),
    (1, "{nn} - {title} - {by}"),
    (1, "{album} - {nn} - {by} - {title}"),
)
_BLIND = ("Track {nn}", "Track{nn}", "{nn}", "Piste {n}", "{nn} - Track {n}", "AudioTrack {nn}")
_DISC_FOLDERS = (
    (8, "CD{d}"),
    (5, "CD {d}"),
    (5, "Disc {d}"),
    (2, "Disk {d}"),
    (2, "disc{d}"),
    (2, "[CD{d}]"),
    (2, "CD{d} - {sub}"),
    (3, "Disc {d} - {sub}"),
    (1, "Disc 0{d}"),
    (2, "{album} (Disc {d})"),
    (2, "{album} CD{d}"),
)
_DISC_SUFFIXES = (" (Disc {d})", " CD{d}", " [Disc {d}]", " - Disc {d}", " (CD {d})", " Disc {d}")
_DISC_NUMBERS = ("{d}-{nn}", "{d}{nn}", "{d}.{nn}", "{d}-{nn}", "d{d}t{nn}")
_SCENE_MEDIA = ("CD-FLAC", "WEB-FLAC", "CD", "WEB", "Vinyl", "REISSUE-CD", "2CD")
_SCENE_GROUPS = ("FLACME", "EOS", "PERFECT", "GRAVEWISH", "LoKET", "ESC", "FrB", "OMA")


def pick(rng: random.Random, table: Sequence[tuple[float, str]]) -> str:
    """One entry by weight."""
    return rng.choices([text for _, text in table], [weight for weight, _ in table])[0]


@dataclass(frozen=True, slots=True)
class Habit:
    """How one person names what he shares; templates over the names of a record."""

    root: str
    folder: str
    file: str
    discs: str = "child"  # "child", "suffix", "number", "running", "sides"
    disc: str = "CD{d}"
    hand: Hand = field(default_factory=Hand)
    various: str = "VA"

    @property
    def blind(self) -> bool:
        """Whether the file names tell nothing but numbers."""
        return "{title}" not in self.file

    @property
    def slashed(self) -> bool:
        """Whether paths are written as Unix does."""
        return self.root.startswith("/")


@dataclass(frozen=True, slots=True)
class Needs:
    """What a habit has to cope with, and what it must not leave out so that a listener can tell."""

    various: bool = False
    discs: int = 1
    foreign: bool = False  # not written in Latin letters
    artist: bool = False  # the artist has to stand in the path
    titles: bool = False  # file names have to tell titles


def habit(rng: random.Random, rip: Rip, needs: Needs) -> Habit:
    """A habit drawn by lot that suits the record."""
    various, discs, foreign = needs.various, needs.discs, needs.foreign
    who = hand(rng, foreign=foreign)
    if needs.titles:
        who = replace(who, limit=120)  # half a title is none
    root = pick(rng, _ROOTS).format(
        mark="".join(rng.choices("abcdefghijklmnopqrstuvwxyz", k=5)),
        format=rip.codec if rip.lossless else rng.choice(("mp3", "MP3", "lossy")),
        genre=rng.choice(_GENRES),
        initial="{initial}",
    )
    folder = pick(rng, _VARIOUS_FOLDERS if various else _FOLDERS)
    file = pick(rng, _VARIOUS_FILES if various else _FILES)
    roll = rng.random()
    if roll < 0.04 and not various and not needs.artist:
        folder = pick(rng, _BARE_FOLDERS)
        file = rng.choice(("{nn} - {artist} - {title}", "{nn} - {title}", "{artist} - {title}"))
    elif 0.04 <= roll < 0.07 and rip.lengths == "told" and not needs.titles:
        file = rng.choice(_BLIND)
    elif 0.07 <= roll < 0.12:
        return _scene(rng, root, who, various=various, discs=discs)
    return Habit(
        root=root,
        folder=folder,
        file=file,
        hand=who,
        various=rng.choice(("VA", "Various Artists", "Various")),
        **_disc_habit(rng, discs),
    )


def _disc_habit(rng: random.Random, discs: int) -> dict[str, str]:
    roll = rng.random()
    if discs == 1:
        if roll < 0.02:
            return {"discs": "sides"}
        if roll < 0.05:  # iTunes writes the disc of every album
            return {"discs": "number", "disc": "{d}-{nn}"}
        return {"discs": "child", "disc": ""}
    if roll < 0.55:
        return {"discs": "child", "disc": pick(rng, _DISC_FOLDERS)}
    if roll < 0.7:
        return {"discs": "suffix", "disc": rng.choice(_DISC_SUFFIXES)}
    if roll < 0.92:
        return {"discs": "number", "disc": rng.choice(_DISC_NUMBERS)}
    return {"discs": "running", "disc": ""}


def _scene(rng: random.Random, root: str, who: Hand, *, various: bool, discs: int) -> Habit:
    media, group = rng.choice(_SCENE_MEDIA), rng.choice(_SCENE_GROUPS)
    if rng.random() < 0.7:
        name = "{artist}-{album}-" + media + "-{year}-" + group
        plain = replace(who, blank="_", marks="fold", apostrophe="", punctuation=False, case="")
        file = "{nn}-{by}-{title}"
    else:
        name = "{artist}.-.{album}.{year}.{tag}-" + group
        plain = replace(who, blank=".", marks="fold", apostrophe="", punctuation=False, case="")
        file = "{nn}.{title}" if not various else "{nn}.{by}-{title}"
    plain = replace(plain, article="keep", limit=120)
    numbers = (
        {"discs": "number", "disc": "{d}{nn}"} if discs > 1 else {"discs": "child", "disc": ""}
    )
    return Habit(root=root, folder=name, file=file, hand=plain, **numbers)


@dataclass(frozen=True, slots=True)
class Placed:
    """A song and where it lies; the path is written with the peer's own separator."""

    song: Song
    path: str


def lay_out(record: Record, how: Habit, rip: Rip) -> list[Placed]:
    """Every song of the record at its place, in the record's order."""
    names = _names(record, how, rip)
    folder = _folder(record, how, names)
    counter = dict(_counters(record, how))
    placed = []
    for place, song in enumerate(record.songs):
        inside, nn = counter[place]
        stem = _stem(how, song, names, nn)
        path = f"{folder[inside]}\\{stem}.{rip.extension}"
        placed.append(Placed(song, path.replace("\\", "/") if how.slashed else path))
    return placed


def _names(record: Record, how: Habit, rip: Rip) -> dict[str, str]:
    artist = record.artist
    if record.artist in {VARIOUS, "VA"}:
        artist = how.various
    written = how.hand.artist(artist)
    return {
        "artist": written,
        "album": how.hand.write(record.album),
        "year": str(record.year or ""),
        "tag": rip.tag,
        "initial": written[:1].upper(),
    }


def _folder(record: Record, how: Habit, names: dict[str, str]) -> dict[int, str]:
    """The folder of every disc; one folder for all of them where discs are told by number."""
    template = how.folder if record.year else _yearless(how.folder)
    base = how.root.replace("{initial}", names["initial"]) + template.format(**names)
    folders = {}
    for disc in range(1, record.disc_count + 1):
        sub = record.discs[disc - 1] if disc <= len(record.discs) else ""
        word = how.disc.replace(" - {sub}", "") if not sub else how.disc
        if how.discs not in {"child", "suffix"} or record.disc_count == 1:
            folders[disc] = base
            continue
        word = word.format(d=disc, sub=how.hand.write(sub) if sub else "", **names, nn="")
        folders[disc] = base + word if how.discs == "suffix" else f"{base}\\{word}"
    return folders


def _yearless(template: str) -> str:
    """Without the year and what stands around it."""
    for gap in ("{year} - ", "({year}) ", " ({year})", "[{year}] ", "[{year}, ", "{year} "):
        template = template.replace(gap, "[" if gap.endswith(", ") else "")
    return template.replace("-{year}", "").replace(".{year}", "")


def _counters(record: Record, how: Habit) -> Iterator[tuple[int, tuple[int, str]]]:
    """By place in the record: the disc whose folder it lies in, and its number as written."""
    wide = 3 if any(song.number > 99 for song in record.songs) else 2
    sides = _sides(record) if how.discs == "sides" else []
    for place, song in enumerate(record.songs):
        nn = f"{song.number:0{wide}d}"
        if sides:
            nn = sides[place]
        elif how.discs == "running" and record.disc_count > 1:
            nn = f"{place + 1:02d}"
        elif how.discs == "number":
            nn = how.disc.format(d=song.disc, nn=nn)
        yield place, (song.disc, nn)


def _sides(record: Record) -> list[str]:
    """A1, A2 … as on vinyl: a side holds no more than 24 minutes, and there are at least two."""
    total = sum(song.seconds for song in record.songs)
    sides = max(2, 2 * round(total / 2880 + 0.49))
    each = total / sides
    names, spent, counts = [], 0.0, dict.fromkeys(range(sides), 0)
    for song in record.songs:
        side = min(sides - 1, int((spent + song.seconds / 2) / each))
        counts[side] += 1
        names.append(f"{chr(ord('A') + side)}{counts[side]}")
        spent += song.seconds
    return names


def _stem(how: Habit, song: Song, names: dict[str, str], nn: str) -> str:
    by = how.hand.write(song.artist) if song.artist else names["artist"]
    title = how.hand.write(song.title)
    text = (how.file if names["year"] else _yearless(how.file)).format(
        **{**names, "artist": names["artist"], "by": by},
        nn=nn,
        n=nn.lstrip("0") or nn,
        title=title,
    )
    return shortened(text, how.hand.limit)
