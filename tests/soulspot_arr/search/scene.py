"""Albums that peers share, the catalogue that knows them, and a search over both."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from soulspot_arr.domain import Query, RawFile
from soulspot_arr.search import Search
from soulspot_arr.search.questions import Explanation
from soulspot_arr.wanted import Edition, Provider, Wanted, WantedTrack
from tests.fakes.fake_catalogue import FakeCatalogue
from tests.soulspot_arr.workshop import Bench

TRACKS = ("Opening", "Second Wind", "Harbour", "Lanterns", "Undertow", "Slow Tide", "Ashore")
SECONDS = (211, 187, 243, 305, 198, 264, 229)
ASKED = Query("Cello Ghosts", "Undertow")
UNDERTOW = Wanted(
    "Cello Ghosts",
    "Undertow",
    year=1994,
    artist_id="a" * 36,
    album_id="b" * 36,
    library_id=17,
    kind="album",
    aliases=("The Ghost Cellos",),
    editions=(
        Edition(
            "e" * 36,
            "Undertow",
            tuple(
                WantedTrack(title, number=number, seconds=float(length))
                for number, (title, length) in enumerate(zip(TRACKS, SECONDS, strict=True), start=1)
            ),
            country="GB",
            year=1994,
        ),
    ),
    provider=Provider.LIDARR,
)


def files(
    folder: str, *, kind: str = "flac", longer: int = 0, only: Iterable[int] = range(1, 8)
) -> list[RawFile]:
    """The files of the album in one folder; `longer` seconds each, `only` these tracks."""
    found = []
    for number in only:
        path = f"{folder}\\{number:02d} - {TRACKS[number - 1]}.{kind}"
        length = SECONDS[number - 1] + longer
        lossless = kind == "flac"
        found.append(
            RawFile(
                path,
                path,
                length * (110_000 if lossless else 40_000),
                bitrate=None if lossless else 320,
                sample_rate=44_100 if lossless else None,
                bit_depth=16 if lossless else None,
                seconds=length,
            )
        )
    return found


def share(bench: Bench, peer: str, folder: str = "", **how: Any) -> None:
    """Let a peer share the album, in `Cello Ghosts - Undertow (1994)` unless told otherwise."""
    folder = folder or "Music\\Cello Ghosts\\Cello Ghosts - Undertow (1994)"
    bench.source.share(peer, folder, *files(folder, **how))


def make_search(bench: Bench, *albums: Wanted, **pins: Any) -> Search:
    """A search as a fresh process has it, with a catalogue of these albums."""
    for key, value in pins.items():
        bench.settings._pins[key.replace("__", ".")] = value
    return Search(
        bench.db,
        bench.settings,
        bench.source,
        bench.guard,
        FakeCatalogue(*albums),
        clock=bench.clock,
        blocklist=bench.blocklist,
    )


def latest(search: Search) -> Explanation:
    """The explanation of the last question."""
    return search.questions.find(search.questions.page()[0].id)


def dig(bench: Bench, search: Search, *, most: int = 40) -> list[str]:
    """Run the dig job, eleven seconds apart, until it has nothing to do; the texts it asked."""
    before = len(bench.source.searches)
    idle = 0
    for _ in range(most):
        bench.clock.advance(11)
        idle = 0 if search.digger.run() else idle + 1
        if idle == 2:
            break
    return bench.source.searches[before:]
