"""Our client of Lidarr's API against a real HTTP server."""

from __future__ import annotations

import json
import logging
import threading
from collections.abc import Iterator

import pytest

from soulspot_arr import lidarr as lidarr_module
from soulspot_arr.errors import LidarrError
from soulspot_arr.lidarr import Lidarr
from tests.soulspot_arr.lidarr_double import KEY, LidarrDouble
from tests.soulspot_arr.workshop import Bench


@pytest.fixture
def double() -> Iterator[LidarrDouble]:
    """A Lidarr that listens."""
    made = LidarrDouble()
    yield made
    made.close()


@pytest.fixture
def lidarr(bench: Bench, double: LidarrDouble) -> Lidarr:
    """A client that is set up for it."""
    bench.settings.patch({"lidarr.url": double.url + "/", "lidarr.api_key": KEY})
    return bench.lidarr


def test_nothing_is_asked_when_it_is_not_set_up(bench: Bench) -> None:
    """Lidarr's API is optional: without address and key every call is a quiet nothing."""
    assert not bench.lidarr.configured
    bench.lidarr.refresh_downloads()
    bench.lidarr.forget_backoff()
    assert bench.lidarr.albums() == []
    assert bench.lidarr.missing == ""
    bench.settings.patch({"lidarr.url": "http://127.0.0.1:9"})
    assert not bench.lidarr.configured
    assert bench.lidarr.missing == "lidarr.api_key"
    bench.settings.patch({"lidarr.url": "", "lidarr.api_key": "0123456789"})
    assert bench.lidarr.missing == "lidarr.url"
    bench.settings.patch({"lidarr.url": "http://127.0.0.1:9"})
    assert bench.lidarr.missing == ""


def test_status(lidarr: Lidarr) -> None:
    """The version, for the doctor."""
    assert lidarr.status() == "3.0.1.4866"


def test_L13_refresh_posts_the_command(lidarr: Lidarr, double: LidarrDouble) -> None:
    """A command that is queued will look after our news: one request is enough."""
    lidarr.refresh_downloads()
    ((method, path, body),) = double.log
    assert (method, path) == ("POST", "/api/v1/command")
    assert json.loads(body) == {"name": "RefreshMonitoredDownloads"}


@pytest.mark.parametrize(
    ("later", "looks"),
    [(["completed"], 1), (["started", "started", "completed"], 3), (["failed"], 1)],
)
def test_W06_command_that_already_runs_is_sent_again_when_it_ends(
    lidarr: Lidarr, double: LidarrDouble, later: list[str], looks: int
) -> None:
    """A running look may have missed our news (lidarr §11.1)."""
    double.statuses = ["started", *later, "queued"]
    lidarr.refresh_downloads()
    second_look_ended()
    asked = double.asked()
    assert asked[0] == asked[-1] == "POST /api/v1/command"
    assert asked[1:-1] == ["GET /api/v1/command/7"] * looks


def second_look_ended() -> None:
    """Nobody waits for it but a test."""
    for thread in threading.enumerate():
        if thread.name == "lidarr":
            thread.join(10)


def test_W06_waiting_for_a_command_has_an_end(lidarr: Lidarr, double: LidarrDouble) -> None:
    """A command that never ends does not hold us for ever."""
    double.statuses = ["started"] * 99
    lidarr.refresh_downloads()
    second_look_ended()
    assert len(double.log) == 62


@pytest.mark.parametrize("broken", ["/command/7", "/command"])
def test_W06_a_second_look_that_fails_is_no_trouble_of_ours(
    lidarr: Lidarr, double: LidarrDouble, broken: str
) -> None:
    """Lidarr was restarted and has forgotten the command: it is told anew, or looks by itself."""
    double.statuses = ["started", "queued", "queued"]
    lidarr.refresh_downloads()
    double.failing[broken] = (500, "{}")
    second_look_ended()
    assert double.asked()[-1] == "POST /api/v1/command"
    double.failing.clear()
    lidarr.refresh_downloads()
    assert double.asked()[-1] == "POST /api/v1/command"


def test_other_requests_need_it_set_up(bench: Bench) -> None:
    """The follow job hears so, and nobody is asked."""
    with pytest.raises(LidarrError, match="not set up"):
        bench.lidarr.ask("GET", "/queue")


def test_W06_nobody_waits_and_many_news_are_one_second_look(
    bench: Bench, double: LidarrDouble
) -> None:
    """Grabs that end while Lidarr looks are all covered by the look after that one."""
    bench.settings.patch({"lidarr.url": double.url, "lidarr.api_key": KEY})
    go = threading.Event()

    def pause(_: float) -> None:
        go.wait(10)

    lidarr = Lidarr(bench.settings, pause=pause)
    double.statuses = ["started"] * 3 + ["completed", "queued"]
    for _ in range(3):
        lidarr.refresh_downloads()
    assert double.asked() == ["POST /api/v1/command"] * 3
    go.set()
    second_look_ended()
    assert double.asked()[3:] == ["GET /api/v1/command/7", "POST /api/v1/command"]


def test_W05_unreachable_is_an_error_with_a_sentence(bench: Bench) -> None:
    """Nobody listens: a `LidarrError`, nothing else."""
    gone = LidarrDouble()
    gone.close()
    bench.settings.patch({"lidarr.url": gone.url, "lidarr.api_key": KEY})
    with pytest.raises(LidarrError, match=gone.url):
        bench.lidarr.refresh_downloads()


def test_W07_wrong_key_is_told_once_and_not_shown_again(
    bench: Bench, lidarr: Lidarr, double: LidarrDouble, caplog: pytest.LogCaptureFixture
) -> None:
    """After a 401 Lidarr is left alone until the key changes; the rest of us does not notice."""
    double.key = "another"
    with caplog.at_level(logging.WARNING), pytest.raises(LidarrError, match="API key"):
        lidarr.refresh_downloads()
    asked = len(double.log)
    lidarr.refresh_downloads()
    lidarr.forget_backoff()
    assert lidarr.albums() == []
    assert len(double.log) == asked
    assert len(caplog.records) == 1
    bench.settings.patch({"lidarr.api_key": "another"})
    lidarr.refresh_downloads()
    assert len(double.log) == asked + 1


def test_W07_the_doctor_asks_all_the_same(lidarr: Lidarr, double: LidarrDouble) -> None:
    """A person who mended the key on Lidarr's side gets it working with one check."""
    double.key = "another"
    for _ in range(2):
        with pytest.raises(LidarrError):
            lidarr.status()
    double.key = KEY
    assert lidarr.status()
    lidarr.refresh_downloads()
    assert double.asked()[-1] == "POST /api/v1/command"


def test_L15_backoff_is_lifted_for_both(lidarr: Lidarr, double: LidarrDouble) -> None:
    """A failed test of another client (400) does not keep the indexers from being tested."""
    lidarr.forget_backoff()
    assert double.asked() == ["POST /api/v1/downloadclient/testall", "POST /api/v1/indexer/testall"]


def test_albums_are_read_once(lidarr: Lidarr, double: LidarrDouble) -> None:
    """Ten minutes of searches are one request, from several threads too."""
    double.albums = [{"title": "Weezer"}]
    threads = [threading.Thread(target=lidarr.albums) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert lidarr.albums() == [{"title": "Weezer"}]
    assert double.asked() == ["GET /api/v1/album"]


def test_albums_after_a_failure_do_not_hold_up_searches(
    lidarr: Lidarr, double: LidarrDouble
) -> None:
    """One search finds out that Lidarr is ill; the next minute's searches do not ask."""
    double.failing["/album"] = (500, "{}")
    for _ in range(3):
        with pytest.raises(LidarrError):
            lidarr.albums()
    assert double.asked() == ["GET /api/v1/album"]


@pytest.mark.parametrize(
    ("status", "text"),
    [(500, "{}"), (404, ""), (200, "<html>login</html>"), (200, "[]"), (200, '{"version": 3}')],
)
def test_odd_answers_are_errors(
    lidarr: Lidarr, double: LidarrDouble, status: int, text: str
) -> None:
    """Another program at that address is told as such, never as an exception of a parser."""
    double.failing["/system/status"] = (status, text)
    with pytest.raises(LidarrError):
        lidarr.status()


@pytest.mark.parametrize("text", ["{}", "[1, null]", "null", ""])
def test_odd_albums_are_no_albums(lidarr: Lidarr, double: LidarrDouble, text: str) -> None:
    """Only objects in a list count."""
    double.failing["/album"] = (200, text)
    assert lidarr.albums() == []


def test_key_never_follows_a_redirect(lidarr: Lidarr, double: LidarrDouble) -> None:
    """Whoever answers at the address cannot send the key to another one."""
    other = LidarrDouble()
    double.moved_to = other.url
    try:
        with pytest.raises(LidarrError, match="somewhere else"):
            lidarr.status()
        with pytest.raises(LidarrError, match="somewhere else"):
            lidarr.refresh_downloads()
    finally:
        other.close()
    assert (double.keys, other.keys) == ([KEY, KEY], [])


def test_environment_does_not_come_between(lidarr: Lidarr, monkeypatch: pytest.MonkeyPatch) -> None:
    """A proxy of the environment would see the key."""
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:9")
    monkeypatch.setenv("no_proxy", "")
    assert lidarr.status() == "3.0.1.4866"


def test_trickle_has_an_end(
    lidarr: Lidarr, double: LidarrDouble, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Bytes that keep coming, here for ten seconds, do not hold a search beyond the deadline."""
    monkeypatch.setattr(lidarr_module, "DEADLINE", 0.2)
    double.albums = [{"title": "x" * 1_000}]
    double.trickle = 0.01
    with pytest.raises(LidarrError, match="does not answer"):
        lidarr.albums()


def test_key_that_cannot_be_sent_is_not_quoted(bench: Bench, double: LidarrDouble) -> None:
    """Neither the error nor what caused it repeats the key."""
    bench.settings.patch({"lidarr.url": double.url})
    bench.settings._pins["lidarr.api_key"] = "secret\nkey"
    with pytest.raises(LidarrError) as caught:
        bench.lidarr.status()
    assert caught.value.__cause__ is None
    assert "secret" not in str(caught.value)
