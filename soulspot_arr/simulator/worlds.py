"""The demo world: who shares what, in which folder habits, and what goes wrong with whom.

Data and its spelling-out only. Everything is deterministic.
"""

from __future__ import annotations

import re
import unicodedata
import zlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from soulspot_arr.simulator import albums
from soulspot_arr.simulator.albums import Album, Track
from soulspot_arr.simulator.audio import AudioSpec
from soulspot_arr.simulator.network import Network, Peer, Plan
from soulspot_arr.simulator.wire import Json

Naming = Callable[[Album, Track, str], str]

FLAC = AudioSpec(0, "flac")
HIRES = AudioSpec(0, "flac", rate=96000, bits=24)
MP3_320 = AudioSpec(0, "mp3", bitrate=320)
MP3_192 = AudioSpec(0, "mp3", bitrate=192)
MP3_128 = AudioSpec(0, "mp3", bitrate=128)
MP3_V0 = AudioSpec(0, "mp3", vbr=True)


def _safe(text: str) -> str:
    return re.sub(r'[<>:"/\\|?*]', "_", text)


def _disc(album: Album, track: Track, label: str = "CD") -> str:
    return f"\\{label}{track.disc}" if len(album.discs) > 1 else ""


def dashed(album: Album, track: Track, ext: str) -> str:
    """`Artist - Year - Album [FLAC]\\01. Title.flac`, discs in `CD1`."""
    folder = f"{_safe(album.artist)} - {album.year} - {_safe(album.title)} [{ext.upper()}]"
    return f"{folder}{_disc(album, track)}\\{track.number:02d}. {_safe(track.title)}.{ext}"


def nested(album: Album, track: Track, ext: str) -> str:
    """`Artist\\Album (Year)\\01 - Title.flac`, discs in `Disc 1`."""
    folder = f"{_safe(album.artist)}\\{_safe(album.title)} ({album.year})"
    disc = _disc(album, track, "Disc ")
    return f"{folder}{disc}\\{track.number:02d} - {_safe(track.title)}.{ext}"


def flat_discs(album: Album, track: Track, ext: str) -> str:
    """Both discs in one folder, numbered `1-01`."""
    folder = f"{_safe(album.artist)}\\{album.year} {_safe(album.title)}"
    return f"{folder}\\{track.disc}-{track.number:02d} {_safe(track.title)}.{ext}"


def scene(album: Album, track: Track, ext: str) -> str:
    """Release-group spelling: lower case, underscores, no spaces."""

    def word(text: str) -> str:
        plain = unicodedata.normalize("NFKD", text).encode("ascii", "ignore").decode()
        return re.sub(r"[^A-Za-z0-9]+", "_", plain).strip("_")

    kind = "-FLAC" if ext == "flac" else ""
    folder = f"{word(album.artist)}-{word(album.title)}{kind}-WEB-{album.year}-NOGRP"
    name = f"{track.number:02d}-{word(album.artist)}-{word(track.title)}".lower()
    disc = "" if len(album.discs) == 1 else str(track.disc)
    return f"{folder}\\{disc}{name}.{ext}"


def dump(album: Album, track: Track, ext: str) -> str:
    """Everything an artist made in one folder."""
    folder = f"{_safe(album.artist)} - Complete Discography"
    number = f"{track.number:02d}"
    return f"{folder}\\{_safe(album.artist)} - {_safe(album.title)} - {number} - {_safe(track.title)}.{ext}"


def untitled(album: Album, track: Track, ext: str) -> str:
    """Files without titles in their names."""
    return f"{_safe(album.artist)} - {_safe(album.title)}\\Track{track.number:02d}.{ext}"


@dataclass(frozen=True, slots=True)
class Share:
    """One album in one peer's collection."""

    album: Album
    sound: AudioSpec = FLAC
    naming: Naming = nested
    root: str = "Music"
    extras: tuple[str, ...] = ("cover.jpg",)
    only: tuple[int, ...] | None = None
    bonus: tuple[str, ...] = ()
    locked: bool = False
    attributes: bool = True
    tagged: bool = True
    spelling: str = "NFC"
    slashes: str = "\\"


_RIP = ("cover.jpg", "{title}.log", "{title}.cue", "{title}.m3u")


_PEOPLE: tuple[tuple[str, dict[str, Json], Sequence[Share]], ...] = (
    (
        "vinylvault",
        {"speed": 2_600_000, "description": "fast, free slot, tidy FLAC"},
        [
            Share(albums.HARBOUR, extras=_RIP),
            Share(albums.CARTOGRAPHY, extras=_RIP),
            Share(albums.NORTHBOUND, extras=_RIP),
            Share(albums.KIND_OF_BLUE, extras=_RIP),
        ],
    ),
    (
        "mossy_basement",
        {"client": "qt", "speed": 900_000, "description": "SoulseekQt, @@ share markers"},
        [
            Share(albums.HARBOUR, naming=dashed, root="@@qhzvx\\Lossless"),
            Share(albums.OK_COMPUTER, naming=dashed, root="@@qhzvx\\Lossless"),
            Share(albums.STATIC, HIRES, naming=dashed, root="@@qhzvx\\HiRes"),
        ],
    ),
    (
        "nighttrain88",
        {"client": "nicotine", "speed": 1_400_000, "description": "Nicotine+, MP3 320"},
        [
            Share(albums.HARBOUR, MP3_320, root="mp3", extras=("folder.jpg",)),
            Share(albums.CARTOGRAPHY, MP3_320, root="mp3"),
            Share(albums.NORTHBOUND, MP3_320, naming=flat_discs, root="mp3", tagged=False),
            Share(albums.BACK_IN_BLACK, MP3_320, root="mp3"),
        ],
    ),
    (
        "Old Windows Box",
        {"client": "qt", "speed": 600_000, "description": "drive letters, spaces in the name"},
        [
            Share(albums.HARBOUR, MP3_192, naming=dashed, root="C:\\Users\\Public\\Music"),
            Share(albums.BACK_IN_BLACK, MP3_V0, root="C:\\Users\\Public\\Music"),
            Share(albums.BASEMENT, MP3_128, naming=dashed, root="C:\\Users\\Public\\Music"),
        ],
    ),
    (
        "tuxedo-fm",
        {"client": "nicotine", "speed": 1_100_000, "description": "paths with slashes"},
        [
            Share(albums.CARTOGRAPHY, root="/home/fm/music", slashes="/"),
            Share(albums.THE_WALL, root="/home/fm/music", slashes="/"),
            Share(albums.STATIC, root="/home/fm/music", slashes="/"),
        ],
    ),
    (
        "abeille",
        {"speed": 1_200_000, "description": "decomposed accents as macOS writes them"},
        [
            Share(albums.VALMONT, spelling="NFD", extras=_RIP),
            Share(albums.NORTHBOUND, MP3_V0, spelling="NFD"),
        ],
    ),
    (
        "0daydreamer",
        {"speed": 3_000_000, "description": "release-group names"},
        [
            Share(albums.HARBOUR, naming=scene, root="incoming", extras=("{title}.nfo",)),
            Share(albums.VALMONT, MP3_320, naming=scene, root="incoming", extras=("{title}.nfo",)),
            Share(albums.STATIC, MP3_V0, naming=scene, root="incoming", extras=("{title}.sfv",)),
        ],
    ),
    (
        "half_a_record",
        {"speed": 1_000_000, "description": "incomplete folders"},
        [
            Share(albums.HARBOUR, only=(1, 2, 3, 5, 8)),
            Share(albums.OK_COMPUTER, only=tuple(range(1, 8))),
            Share(albums.NORTHBOUND, only=(1,)),
        ],
    ),
    (
        "bothways",
        {"speed": 1_000_000, "description": "MP3 and FLAC in the same folder"},
        [
            Share(albums.CARTOGRAPHY, naming=nested, extras=()),
            Share(albums.CARTOGRAPHY, MP3_320, naming=nested),
        ],
    ),
    (
        "deluxe.edition",
        {"speed": 1_700_000, "description": "bonus tracks and deluxe editions"},
        [
            Share(
                replace(albums.HARBOUR, title="Harbour Lights (Deluxe Edition)"),
                bonus=("Low Tide (Demo)", "Knots (Live at the Pier)"),
            ),
            Share(replace(albums.OK_COMPUTER, title="OK Computer OKNOTOK"), bonus=("I Promise",)),
        ],
    ),
    (
        "hoarder_1974",
        {"speed": 800_000, "description": "whole discographies in one folder"},
        [
            Share(albums.HARBOUR, MP3_V0, naming=dump, root="Music\\Dumps", extras=()),
            Share(
                Album(
                    "Marlow Finch",
                    "Upriver",
                    2017,
                    (("Upriver", "Weir", "Heron", "Low Water", "Sluice"),),
                ),
                MP3_V0,
                naming=dump,
                root="Music\\Dumps",
                extras=(),
            ),
            Share(albums.THE_WALL, MP3_320, naming=flat_discs),
        ],
    ),
    (
        "friends only",
        {"speed": 2_000_000, "description": "locked files"},
        [
            Share(albums.HARBOUR, HIRES, locked=True),
            Share(albums.STATIC, HIRES, locked=True),
            Share(albums.KIND_OF_BLUE, MP3_320),
        ],
    ),
    (
        "nometa",
        {"client": "nicotine", "speed": 700_000, "description": "no attributes, no tags"},
        [
            Share(albums.HARBOUR, attributes=False, tagged=False),
            Share(albums.KIND_OF_BLUE, MP3_192, naming=untitled, attributes=False, tagged=False),
        ],
    ),
    (
        "gone_fishing",
        {
            "speed": 9_000_000,
            "leaves_after": 2.0,
            "description": "goes offline after answering",
        },
        [Share(albums.HARBOUR, naming=dashed), Share(albums.VALMONT, naming=dashed)],
    ),
    (
        "no_strangers",
        {"speed": 8_000_000, "description": "rejects every request"},
        [Share(albums.HARBOUR, naming=dashed), Share(albums.CARTOGRAPHY, naming=dashed)],
    ),
    (
        "long_line",
        {
            "free_slots": 0,
            "queue_length": 240,
            "speed": 5_000_000,
            "description": "a very long queue",
        },
        [Share(albums.HARBOUR), Share(albums.OK_COMPUTER), Share(albums.THE_WALL)],
    ),
    (
        "dialup",
        {"speed": 24_000, "description": "very slow"},
        [Share(albums.HARBOUR, naming=dashed), Share(albums.STATIC, MP3_320)],
    ),
    (
        "shaky_wifi",
        {"speed": 1_300_000, "description": "drops the connection once per file"},
        [Share(albums.STATIC), Share(albums.VALMONT, MP3_V0), Share(albums.OK_COMPUTER)],
    ),
)


def populate(network: Network) -> None:
    """Fill a network with the demo world."""
    for name, values, shares in _PEOPLE:
        peer = network.add(name, values)
        for share in shares:
            _share(network, peer, share)
    network.script("no_strangers", None, Plan("reject_at_request", text="File not shared."))
    for path in network.peers["shaky_wifi"].files:
        network.script("shaky_wifi", path, Plan("drop_mid", times=1, at=0.6))


def _share(network: Network, peer: Peer, share: Share) -> None:
    folders: dict[str, None] = {}
    for track in _tracks(share):
        ext = share.sound.codec
        path = f"{share.root}\\{share.naming(share.album, track, ext)}"
        folders[path.rpartition("\\")[0]] = None
        network.share(
            peer,
            _spell(share, path),
            _sound(share, track),
            locked=share.locked,
            attributes=share.attributes,
        )
    for folder in folders:
        for extra in share.extras:
            path = f"{folder}\\{extra.format(title=_safe(share.album.title))}"
            network.share(peer, _spell(share, path), None, locked=share.locked)


def _tracks(share: Share) -> list[Track]:
    tracks = [t for t in share.album.tracks if share.only is None or t.number in share.only]
    last = max(track.number for track in tracks)
    for number, title in enumerate(share.bonus, start=last + 1):
        tracks.append(Track(1, number, title, 20 + zlib.crc32(title.encode()) % 20))
    return tracks


def _sound(share: Share, track: Track) -> AudioSpec:
    album = share.album
    seed = zlib.crc32(f"{album.artist}/{album.title}/{track.title}".encode())
    tags = (
        ("artist", album.artist),
        ("albumartist", album.artist),
        ("album", album.title),
        ("title", track.title),
        ("tracknumber", str(track.number)),
        ("discnumber", str(track.disc)),
        ("date", str(album.year)),
    )
    return replace(share.sound, seconds=track.seconds, seed=seed, tags=tags if share.tagged else ())


def _spell(share: Share, path: str) -> str:
    return unicodedata.normalize(share.spelling, path).replace("\\", share.slashes)  # type: ignore[arg-type]
