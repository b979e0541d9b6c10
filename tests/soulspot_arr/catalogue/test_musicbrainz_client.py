"""MusicBrainz over real HTTP: our user agent, its pace, and a way out of every kind of trouble."""

from __future__ import annotations

import time
from collections.abc import Callable

import musicbrainzngs
import pytest

from soulspot_arr import __version__
from soulspot_arr.catalogue import musicbrainz_client as client_module
from soulspot_arr.catalogue.musicbrainz_client import MusicBrainzClient
from soulspot_arr.errors import CatalogueError, InvalidSetting
from tests.fakes.fake_musicbrainz import Artist, FakeMusicBrainz, Group, busy, error
from tests.fakes.http_double import Asked, Reply
from tests.soulspot_arr.catalogue.conftest import connect
from tests.soulspot_arr.workshop import Bench

PRINCE = Artist("prince-id", "Prince")


@pytest.fixture
def client(bench: Bench, musicbrainz: FakeMusicBrainz) -> MusicBrainzClient:
    """A client in a hurry, for a MusicBrainz that knows one artist."""
    musicbrainz.groups = (Group("group", "Lovesexy", (PRINCE,)),)
    connect(bench, None, musicbrainz)
    return MusicBrainzClient(bench.settings, unhurried=False)


def ask(client: MusicBrainzClient, artist: str = "prince-id") -> str | None:
    """The name of an artist."""
    found = client.ask(musicbrainzngs.get_artist_by_id, artist)
    return found["artist"]["name"] if found else None


def test_we_say_who_we_are(
    bench: Bench, client: MusicBrainzClient, musicbrainz: FakeMusicBrainz
) -> None:
    """Name and version always, a contact where somebody set one."""
    assert ask(client) == "Prince"
    bench.settings.patch({"catalogue.contact": "music@example.org"})
    ask(client)
    first, second = (asked.headers["User-Agent"] for asked in musicbrainz.log)
    assert first.startswith(f"SoulSpotArr/{__version__} ")
    assert "(" not in first
    assert second.endswith("( music@example.org )")


@pytest.mark.parametrize("contact", ["Grüße", "a\tb", "鍵"])
def test_a_contact_that_fits_no_header(bench: Bench, contact: str) -> None:
    """It would make every request fail."""
    with pytest.raises(InvalidSetting):
        bench.settings.patch({"catalogue.contact": contact})


def test_one_request_a_second(bench: Bench, musicbrainz: FakeMusicBrainz) -> None:
    """For everybody in this process together."""
    musicbrainz.groups = (Group("group", "Lovesexy", (PRINCE,)),)
    connect(bench, None, musicbrainz)
    for _ in range(3):
        ask(MusicBrainzClient(bench.settings))
    first, second, third = (asked.at for asked in musicbrainz.log)
    assert third - first >= 1.9
    assert third - second >= 0.9


def test_what_is_not_there_is_no_trouble(client: MusicBrainzClient) -> None:
    """An id that was merged or never was."""
    assert ask(client, "nobody") is None
    assert client.answering


@pytest.mark.parametrize(
    ("reply", "words"),
    [
        (busy(), "answered 503"),
        (error(429, "slow down"), "answered 429"),
        (error(500, "broken"), "answered 500"),
        (error(401, "who are you"), "answered 401"),
        (Reply(200, b"<html><body>login</body></html>", "text/html"), "like MusicBrainz"),
        (Reply(200, b"<!DOCTYPE html><html>", "text/html"), "like MusicBrainz"),
        (Reply(200, b"<a", "text/xml"), "like MusicBrainz"),
        (Reply(200, b"", "text/xml"), "like MusicBrainz"),
        (Reply(200, b'<a xmlns="x"><b count="y"/></a>', "text/xml"), "like MusicBrainz"),
        (Reply(302, b"", headers={"Location": "http://127.0.0.1:9/"}), "does not answer"),
    ],
)
def test_who_is_ill_is_asked_once_and_left_alone(
    client: MusicBrainzClient, musicbrainz: FakeMusicBrainz, reply: Reply, words: str
) -> None:
    """The library itself would try eight times in a minute; we do not ask again for a while."""
    musicbrainz.mood = lambda asked: reply
    with pytest.raises(CatalogueError, match=words):
        ask(client)
    assert not client.answering
    with pytest.raises(CatalogueError, match="a moment ago"):
        ask(client)
    assert len(musicbrainz.log) == 1


def test_an_entity_is_never_expanded(
    client: MusicBrainzClient, musicbrainz: FakeMusicBrainz
) -> None:
    """A page that declares some is refused, however late in the page."""
    page = b"<!-- " + b"x" * 5_000 + b' --><!DOCTYPE a [<!ENTITY b "c">]><a>&b;</a>'
    musicbrainz.mood = lambda asked: Reply(200, page, "text/xml")
    with pytest.raises(CatalogueError, match="like MusicBrainz"):
        ask(client)


def test_nobody_listens(bench: Bench, client: MusicBrainzClient) -> None:
    """The address is wrong or the line is dead."""
    bench.settings.patch({"catalogue.musicbrainz_url": "http://127.0.0.1:9"})
    with pytest.raises(CatalogueError, match="does not answer"):
        ask(client)
    assert not client.answering


def test_another_address_is_another_service(
    bench: Bench, client: MusicBrainzClient, musicbrainz: FakeMusicBrainz
) -> None:
    """Who mends the setting does not wait for the end of the pause."""
    bench.settings.patch({"catalogue.musicbrainz_url": "http://127.0.0.1:9"})
    with pytest.raises(CatalogueError):
        ask(client)
    bench.settings.patch({"catalogue.musicbrainz_url": musicbrainz.url + "/"})
    assert ask(client) == "Prince"


def test_a_mirror_below_a_path(
    bench: Bench, client: MusicBrainzClient, musicbrainz: FakeMusicBrainz
) -> None:
    """Its address is taken as it stands."""
    bench.settings.patch({"catalogue.musicbrainz_url": musicbrainz.url + "/mirror/"})
    assert ask(client) is None
    assert musicbrainz.asked() == ["/mirror/ws/2/artist/prince-id"]


@pytest.mark.parametrize(("told", "longer"), [(7, 30.0), (120, 120.0), (99_999, 900.0)])
def test_the_pause_is_what_it_asks_for(
    client: MusicBrainzClient, musicbrainz: FakeMusicBrainz, told: int, longer: float
) -> None:
    """At least half a minute, at most a quarter of an hour."""
    musicbrainz.mood = lambda asked: busy(told)
    began = time.monotonic()
    with pytest.raises(CatalogueError):
        ask(client)
    assert client._silent_until - began == pytest.approx(longer, abs=5)


def test_the_pause_grows_until_it_answers(
    client: MusicBrainzClient, musicbrainz: FakeMusicBrainz
) -> None:
    """Twice as long each time, and forgotten after one answer."""
    pauses = []

    def fail() -> None:
        client._silent_until = float("-inf")
        began = time.monotonic()
        with pytest.raises(CatalogueError):
            ask(client)
        pauses.append(round((client._silent_until - began) / 30))

    musicbrainz.mood = lambda asked: busy()
    for _ in range(3):
        fail()
    musicbrainz.mood = lambda asked: None
    client._silent_until = float("-inf")
    assert ask(client) == "Prince"
    musicbrainz.mood = lambda asked: busy()
    fail()
    assert pauses == [1, 2, 4, 1]


def _silence(double: FakeMusicBrainz) -> None:
    double.hold()


def _trickle(double: FakeMusicBrainz) -> None:
    def slowly(asked: Asked) -> Reply:
        return Reply(200, b"<a/>" * 1_000, headers={"X-Trickle": "0.05"})

    double.mood = slowly


@pytest.mark.parametrize("spoil", [_silence, _trickle])
def test_no_request_hangs(
    client: MusicBrainzClient,
    musicbrainz: FakeMusicBrainz,
    monkeypatch: pytest.MonkeyPatch,
    spoil: Callable[[FakeMusicBrainz], None],
) -> None:
    """Neither in silence nor in bytes that keep coming; the library itself has no time limit."""
    monkeypatch.setattr(client_module, "TIMEOUT", 0.3)
    monkeypatch.setattr(client_module, "DEADLINE", 0.5)
    spoil(musicbrainz)
    began = time.monotonic()
    with pytest.raises(CatalogueError, match="does not answer"):
        ask(client)
    assert time.monotonic() - began < 20


def test_an_answer_has_a_largest_size(
    client: MusicBrainzClient, musicbrainz: FakeMusicBrainz, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whoever answers cannot fill our memory."""
    monkeypatch.setattr(client_module, "LARGEST_ANSWER", 1_000)
    musicbrainz.mood = lambda asked: Reply(200, b" " * 5_000)
    with pytest.raises(CatalogueError, match="no end"):
        ask(client)


@pytest.mark.parametrize(
    ("settings", "on"),
    [
        ({}, True),
        ({"catalogue.musicbrainz": False}, False),
        ({"catalogue.musicbrainz_url": ""}, False),
    ],
)
def test_switched_off(
    bench: Bench, client: MusicBrainzClient, settings: dict[str, object], on: bool
) -> None:
    """By the setting, or by an empty address."""
    bench.settings.patch(settings)
    assert client.answering is on
