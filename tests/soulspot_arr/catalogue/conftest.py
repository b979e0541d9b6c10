"""A catalogue over real HTTP doubles of Lidarr and MusicBrainz, without MusicBrainz' pace."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from soulspot_arr.catalogue import Catalogue
from soulspot_arr.catalogue.from_lidarr import FromLidarr
from soulspot_arr.catalogue.from_musicbrainz import FromMusicBrainz
from soulspot_arr.catalogue.musicbrainz_client import MusicBrainzClient
from tests.fakes.fake_lidarr import KEY, FakeLidarr
from tests.fakes.fake_musicbrainz import FakeMusicBrainz
from tests.soulspot_arr.workshop import Bench


@pytest.fixture
def lidarr() -> Iterator[FakeLidarr]:
    """A Lidarr with an empty library."""
    with FakeLidarr() as double:
        yield double


@pytest.fixture
def musicbrainz() -> Iterator[FakeMusicBrainz]:
    """A MusicBrainz that knows nothing."""
    with FakeMusicBrainz() as double:
        yield double


def connect(bench: Bench, lidarr: FakeLidarr | None, musicbrainz: FakeMusicBrainz | None) -> None:
    """Set the doubles up; None for who is not there."""
    bench.settings.patch(
        {
            "lidarr.url": lidarr.url if lidarr else "",
            "lidarr.api_key": KEY,
            "catalogue.musicbrainz": musicbrainz is not None,
            "catalogue.musicbrainz_url": musicbrainz.url if musicbrainz else "",
        }
    )


def build(bench: Bench) -> Catalogue:
    """A catalogue as `services` builds it, as after a start: nothing is remembered but the rows."""
    client = MusicBrainzClient(bench.settings, unhurried=False)
    providers = (FromLidarr(bench.lidarr), FromMusicBrainz(client))
    return Catalogue(bench.db, bench.settings, providers, clock=bench.clock)


@pytest.fixture
def catalogue(bench: Bench, lidarr: FakeLidarr, musicbrainz: FakeMusicBrainz) -> Catalogue:
    """A catalogue that may ask both."""
    connect(bench, lidarr, musicbrainz)
    return build(bench)
