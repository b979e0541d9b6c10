"""An album that the catalogue knows, and files of it, for tests of what is done before the report."""

from __future__ import annotations

from pathlib import Path

from soulspot_arr.simulator.audio import AudioSpec, tagged
from soulspot_arr.wanted import Edition, Provider, Wanted, WantedTrack
from tests.soulspot_arr.workshop import Bench

FOLDER = "Music\\Cello - Undertow"
LENGTHS = (5, 12, 20)
TITLES = ("Current", "Deep End", "Shore")


def track(number: int, seconds: float, title: str = "") -> WantedTrack:
    """A track with ids of its own."""
    return WantedTrack(
        title or TITLES[number - 1],
        number=number,
        seconds=seconds,
        recording_id=f"recording-{number}",
        track_id=f"track-{number}",
    )


EDITION = Edition(
    "edition-1",
    "Undertow",
    tuple(track(number, seconds) for number, seconds in enumerate(LENGTHS, start=1)),
    country="US",
    year=1994,
    monitored=True,
)
ALBUM = Wanted(
    "Cello",
    "Undertow",
    year=1994,
    album_id="album-1",
    artist_id="artist-1",
    editions=(EDITION,),
    provider=Provider.LIDARR,
)


def sound(seconds: float, *, seed: int = 0, **tags: str) -> bytes:
    """A real FLAC file of that length."""
    return AudioSpec(seconds, seed=seed, tags=tagged(tags)).content()


def names(lengths: tuple[float, ...] = LENGTHS) -> dict[str, bytes]:
    """The album without tags, as many share it."""
    return {
        f"{number:02d} - {TITLES[number - 1]}.flac": sound(seconds, seed=number)
        for number, seconds in enumerate(lengths, start=1)
    }


def told(stage: Bench, kind: str) -> list[str]:
    """What the events of a kind say."""
    return [event.message for event in stage.events(kind)]


def stored(stage: Bench, nzo_id: str) -> list[Path]:
    """The files of a reported grab."""
    return sorted(Path(str(stage.grab(nzo_id).storage_path)).iterdir())


def nobody_answers(stage: Bench) -> None:
    """Lidarr, which has answered before, is restarted at the moment."""
    stage.catalogue.settled = False
    stage.lidarr.still = True


class Killed(BaseException):
    """Stands for the process being killed: nothing catches it."""
