"""What our client of Lidarr's API reads of albums, against a real HTTP server."""

from __future__ import annotations

import gzip
import threading
import time
from collections.abc import Iterator

import pytest

from soulspot_arr import lidarr as lidarr_module
from soulspot_arr.errors import LidarrError
from soulspot_arr.lidarr import Lidarr
from tests.fakes.fake_lidarr import KEY, FakeLidarr, album, release
from tests.fakes.http_double import Reply
from tests.fakes.threads import until
from tests.fakes.trickle import Trickle
from tests.soulspot_arr.workshop import Bench


@pytest.fixture
def double() -> Iterator[FakeLidarr]:
    """A Lidarr with two albums."""
    with FakeLidarr(
        album(1, "Radiohead", "Kid A", release(11, ("Idioteque", 309_000))),
        album(2, "Radiohead", "Amnesiac"),
    ) as made:
        yield made


@pytest.fixture
def lidarr(bench: Bench, double: FakeLidarr) -> Lidarr:
    """A client that is set up for it."""
    bench.settings.patch({"lidarr.url": double.url, "lidarr.api_key": KEY})
    return bench.lidarr


def test_of_the_library_only_names_ids_and_flags_stay_in_memory(
    lidarr: Lidarr, double: FakeLidarr
) -> None:
    """Covers, links and releases of 20,000 albums are hundreds of megabytes."""
    double.albums[0]["releases"].append(release(12, ("Idioteque", 309_000), monitored=True))
    assert lidarr.albums()[0] == {
        "id": 1,
        "title": "Kid A",
        "disambiguation": "",
        "foreignAlbumId": "album-1",
        "releaseDate": "1997-06-16T00:00:00Z",
        "albumType": "Album",
        "secondaryTypes": [],
        "anyReleaseOk": True,
        "releases": [{"foreignReleaseId": "release-12", "monitored": True}],
        "artist": {"artistName": "Radiohead", "foreignArtistId": "artist-radiohead"},
    }


def test_a_younger_list_can_be_asked_for(lidarr: Lidarr, double: FakeLidarr) -> None:
    """The same object is given until then: who made an index of it can tell."""
    first = lidarr.albums()
    assert lidarr.albums() is first
    assert lidarr.albums(age=60) is first
    assert len(double.log) == 1
    assert lidarr.albums(age=0) is not first
    assert len(double.log) == 2


def test_one_album_with_everything(lidarr: Lidarr) -> None:
    """By its MusicBrainz id; releases included."""
    found = lidarr.album("album-1")
    assert found is not None
    assert found["releases"][0]["foreignReleaseId"] == "release-11"
    assert lidarr.album("album & 1") is None


def test_a_lidarr_that_ignores_the_filter(lidarr: Lidarr, double: FakeLidarr) -> None:
    """The right one is picked out of a whole list."""
    double.mood = lambda asked: double.json(double.albums)
    found = lidarr.album("album-2")
    assert found is not None
    assert found["title"] == "Amnesiac"


def test_tracks_of_one_release(lidarr: Lidarr) -> None:
    """As Lidarr lists them."""
    (track,) = lidarr.tracks(11)
    assert (track["title"], track["duration"]) == ("Idioteque", 309_000)
    assert lidarr.tracks(99) == []


def test_what_was_grabbed_under_an_id(lidarr: Lidarr, double: FakeLidarr) -> None:
    """Album and artist come along."""
    double.history = [{"downloadId": "a", "eventType": "grabbed"}, {"downloadId": "b"}]
    assert lidarr.grabs_of("a") == double.history[:1]
    assert double.log[0].query == {
        "downloadId": "a",
        "eventType": "1",
        "includeAlbum": "true",
        "includeArtist": "true",
        "pageSize": "100",
    }


def test_an_error_about_one_release_silences_nobody(lidarr: Lidarr, double: FakeLidarr) -> None:
    """Neither does one about the history; one about an album does."""
    double.mood = lambda asked: Reply(500, b"{}")
    with pytest.raises(LidarrError, match="answered 500"):
        lidarr.tracks(11)
    with pytest.raises(LidarrError, match="answered 500"):
        lidarr.grabs_of("a")
    assert lidarr.answering
    with pytest.raises(LidarrError, match="answered 500"):
        lidarr.album("album-1")
    with pytest.raises(LidarrError, match="a moment ago"):
        lidarr.tracks(11)


def test_silence_is_for_all(bench: Bench, lidarr: Lidarr, double: FakeLidarr) -> None:
    """Nobody listens: not asked again for a minute, unless the address changes."""
    bench.settings.patch({"lidarr.url": "http://127.0.0.1:9"})
    with pytest.raises(LidarrError, match="does not answer"):
        lidarr.tracks(11)
    with pytest.raises(LidarrError, match="a moment ago"):
        lidarr.albums()
    bench.settings.patch({"lidarr.url": double.url})
    assert len(lidarr.albums()) == 2


def test_a_long_list_has_more_time(
    lidarr: Lidarr, double: FakeLidarr, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Who need not hurry says so."""
    monkeypatch.setattr(lidarr_module, "TIMEOUT", (1.0, 0.1))
    double.pause = 0.4
    assert len(lidarr.albums(patience=5)) == 2
    with pytest.raises(LidarrError, match="does not answer"):
        lidarr.album("album-1")


def test_who_is_in_a_hurry_does_not_wait_for_the_patient(
    lidarr: Lidarr, double: FakeLidarr, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The library is listed once; a search goes on without it."""
    double.hold()
    patient = threading.Thread(target=lidarr.albums, kwargs={"patience": 60})
    patient.start()
    until(lambda: double.log)
    monkeypatch.setattr(lidarr_module, "DEADLINE", 0.2)
    began = time.monotonic()
    with pytest.raises(LidarrError, match="still listing"):
        lidarr.albums()
    assert time.monotonic() - began < 20  # the patient one has a minute
    double.release()
    patient.join()
    assert len(lidarr.albums()) == 2
    assert len(double.log) == 1


@pytest.mark.parametrize("body", [b"[" * 100_000, b"{" * 5, b"<html>", b"\xff"])
def test_answers_that_cannot_be_read(lidarr: Lidarr, double: FakeLidarr, body: bytes) -> None:
    """However deep."""
    double.mood = lambda asked: Reply(200, body)
    with pytest.raises(LidarrError, match="does not answer like Lidarr"):
        lidarr.albums()


@pytest.mark.parametrize("body", [b"{}", b'{"records": 5}', b"null", b"5", b'"x"', b"[[], 5]"])
def test_answers_without_rows(lidarr: Lidarr, double: FakeLidarr, body: bytes) -> None:
    """Nothing is there."""
    double.mood = lambda asked: Reply(200, body)
    assert lidarr.tracks(11) == []
    assert lidarr.grabs_of("a") == []
    assert lidarr.album("album-1") is None


def test_nobody_waits_for_a_list_that_is_read_anew(
    lidarr: Lidarr, double: FakeLidarr, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The older one is given at once, and the younger one when it is there."""
    first = lidarr.albums()
    monkeypatch.setattr(lidarr_module, "ALBUMS_FRESH", 0.0)
    double.albums.pop()
    double.hold()
    for _ in range(3):
        assert lidarr.albums(age=0.0) is first
    double.release()
    until(lambda: len(lidarr.listed) != 2)
    assert len(double.log) == 2


def test_a_younger_list_is_not_read_each_time(lidarr: Lidarr, double: FakeLidarr) -> None:
    """Names that nobody knows come often; once in ten minutes is enough."""
    lidarr.albums()
    second = lidarr.albums(age=0)
    assert lidarr.albums(age=0) is second
    assert len(double.log) == 2
    lidarr._relisted -= 601
    assert lidarr.albums(age=0) is not second


def test_who_has_not_said_a_word_is_left_alone(lidarr: Lidarr, double: FakeLidarr) -> None:
    """Until the minute is over, or until it does say one."""
    began = time.monotonic()
    double.hold()
    waiting = threading.Thread(target=lidarr.albums)
    waiting.start()
    until(lambda: double.log)
    states = []
    lidarr.unheard(began)
    states.append(lidarr.answering)
    double.release()
    waiting.join()
    states.append(lidarr.answering)
    lidarr.unheard(began)
    states.append(lidarr.answering)
    assert states == [False, True, True]


def test_a_refused_key_is_tried_once_an_hour(lidarr: Lidarr, double: FakeLidarr) -> None:
    """It may have been mended on Lidarr's side."""
    double.key = "another"
    with pytest.raises(LidarrError, match="refuses the API key"):
        lidarr.albums()
    double.key = KEY
    assert lidarr.albums() == []
    at, account = lidarr._refused
    lidarr._refused = (at - 3_601, account)
    lidarr._silent = (float("-inf"), ("", ""))
    assert len(lidarr.albums()) == 2


@pytest.mark.parametrize("packed", [False, True])
def test_an_answer_has_a_largest_size(
    lidarr: Lidarr, double: FakeLidarr, monkeypatch: pytest.MonkeyPatch, packed: bool
) -> None:
    """Whoever answers cannot fill our memory, packed or not."""
    monkeypatch.setattr(lidarr_module, "LARGEST_ANSWER", 10_000)
    monkeypatch.setattr(lidarr_module, "LARGEST_LIST", 20_000)
    body = b"[" + b" " * 30_000_000 + b"]"
    headers = {"Content-Encoding": "gzip"} if packed else {}
    double.mood = lambda asked: Reply(200, gzip.compress(body) if packed else body, headers=headers)
    with pytest.raises(LidarrError, match="does not answer"):
        lidarr.albums()
    lidarr._silent = (float("-inf"), ("", ""))
    with pytest.raises(LidarrError, match="does not answer"):
        lidarr.tracks(11)


def test_headers_that_keep_coming_have_an_end(bench: Bench) -> None:
    """Each one is a sign of life; the deadline is for all of them."""
    with Trickle() as double:
        bench.settings.patch({"lidarr.url": double.url, "lidarr.api_key": KEY})
        began = time.monotonic()
        with pytest.raises(LidarrError, match="does not answer"):
            bench.lidarr.albums(patience=0.5)
        assert time.monotonic() - began < 20  # left alone, it goes on for ever
        assert not bench.lidarr.answering
