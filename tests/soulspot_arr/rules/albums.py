"""Small builders of what the catalogue says, and of shares of it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace

from soulspot_arr.domain import Query, RawFile, RawFolder
from soulspot_arr.rules.matching import Judged, appraise, group
from soulspot_arr.wanted import Edition, Provider, Wanted, WantedTrack

Row = tuple[str, float | None]

PATH = r"Music\Radiohead\OK Computer"

OK_COMPUTER: tuple[Row, ...] = (
    ("Airbag", 284.4),
    ("Paranoid Android", 383.5),
    ("Subterranean Homesick Alien", 267.7),
    ("Exit Music (For a Film)", 264.5),
    ("Let Down", 299.6),
    ("Karma Police", 261.6),
    ("Fitter Happier", 117.3),
    ("Electioneering", 230.9),
    ("Climbing Up the Walls", 285.1),
    ("No Surprises", 228.5),
    ("Lucky", 259.3),
    ("The Tourist", 324.5),
)
B_SIDES: tuple[Row, ...] = (
    ("Polyethylene (Parts 1 & 2)", 262.0),
    ("Pearly*", 214.0),
    ("A Reminder", 231.0),
    ("Melatonin", 129.0),
)


def songs(count: int, *, word: str = "Song", start: float = 150.0) -> list[Row]:
    """So many songs of different lengths."""
    return [(f"{word} {chr(64 + n)}", start + 17.0 * n) for n in range(1, count + 1)]


def tracks(rows: Iterable[Row], *, disc: int = 1) -> tuple[WantedTrack, ...]:
    """The tracks of one disc."""
    return tuple(
        WantedTrack(title, disc, number, seconds)
        for number, (title, seconds) in enumerate(rows, start=1)
    )


def edition(*discs: Sequence[Row], id: str = "", **more: object) -> Edition:
    """An edition with these discs."""
    found = tuple(
        track for disc, rows in enumerate(discs, start=1) for track in tracks(rows, disc=disc)
    )
    made = Edition(id or f"e{len(found)}", "", found)
    return replace(made, **{"title": "Some Album", **more})  # type: ignore[arg-type]


def album(artist: str, title: str, *editions: Edition | Sequence[Row], **more: object) -> Wanted:
    """An album with these editions; a bare list of rows is an edition of one disc."""
    found = tuple(
        one if isinstance(one, Edition) else edition(one, title=title) for one in editions
    )
    made = Wanted(artist, title, editions=found, provider=Provider.LIDARR)
    return replace(made, **more)  # type: ignore[arg-type]


RADIOHEAD = album(
    "Radiohead",
    "OK Computer",
    edition(OK_COMPUTER, id="plain", title="OK Computer", year=1997, country="GB", monitored=True),
    year=1997,
)


def shared(
    path: str,
    rows: Iterable[Row],
    pattern: str = "{n:02d} - {title}.flac",
    *,
    peer: str = "ann",
    lengths: bool = True,
    longer: float = 0.0,
    **changes: object,
) -> RawFolder:
    """A folder with these tracks; `longer` seconds are added to each."""
    files = []
    for number, (title, seconds) in enumerate(rows, start=1):
        name = pattern.format(n=number, title=title.replace("/", "_"))
        length = round((seconds or 0) + longer)
        described: dict[str, object] = {
            "size": 110_000 * (length or 200) + 7 * number,
            "seconds": length if lengths and seconds else None,
            "bit_depth": 16,
        }
        if name.endswith(".mp3"):
            described |= {"bit_depth": None, "bitrate": 320, "size": 40_000 * (length or 200)}
        described |= changes
        full = f"{path}\\{name}"
        files.append(RawFile(f"id:{full}", full, **described))  # type: ignore[arg-type]
    return RawFolder(peer, path, tuple(files))


def judged(wanted: Wanted, *folders: RawFolder, minimum: float = 0.6) -> tuple[Judged, ...]:
    """The verdicts on these folders."""
    return appraise(
        Query(wanted.artist, wanted.album), group(folders), wanted=wanted, minimum=minimum
    )


def verdict(wanted: Wanted, *folders: RawFolder) -> Judged:
    """The verdict on the one candidate that these folders make."""
    (found,) = judged(wanted, *folders)
    return found


def names(found: Judged) -> list[str]:
    """The plain names of the files that would be fetched."""
    return [file.raw.path.rpartition("\\")[2] for file in found.candidate.files]
