"""Front covers over real HTTP: found, too large, no pictures, elsewhere, slow and broken."""

from __future__ import annotations

import time
from collections.abc import Iterator

import pytest

from soulspot_arr.catalogue import covers as module
from soulspot_arr.catalogue.covers import Covers
from soulspot_arr.errors import DatabaseTrouble
from tests.fakes.http_double import Asked, HttpDouble, Reply
from tests.fakes.trickle import Trickle
from tests.soulspot_arr.workshop import Bench

JPEG = b"\xff\xd8\xff\xe0 a small picture"
PNG = b"\x89PNG\r\n\x1a\n a small picture"
LARGE = JPEG + b"\0" * (4 * 1024 * 1024)
RELEASE = "/release/rel/front-1200"
SMALLER = "/release/rel/front-500"
GROUP = "/release-group/alb/front-1200"


class FakeArchive(HttpDouble):
    """Pictures by their path; where it has an address instead it sends there."""

    def __init__(self) -> None:
        super().__init__()
        self.pictures: dict[str, bytes] = {}
        self.further: dict[str, str] = {}

    def reply(self, asked: Asked) -> Reply:
        """A picture, a redirection, or nothing."""
        if further := self.further.get(asked.path):
            return Reply(307, b"See there.", "text/plain", {"Location": further})
        if picture := self.pictures.get(asked.path):
            return Reply(200, picture, "image/jpeg")
        return Reply(404, b"<html>Not Found</html>", "text/html")


@pytest.fixture
def archive() -> Iterator[FakeArchive]:
    """An archive without a picture."""
    with FakeArchive() as double:
        yield double


@pytest.fixture
def covers(bench: Bench, archive: FakeArchive) -> Covers:
    """Asks that archive, without its pace."""
    return Covers(bench.settings, address=archive.url, pause=lambda _: None)


@pytest.mark.parametrize("picture", [JPEG, PNG])
def test_the_cover_of_the_release(covers: Covers, archive: FakeArchive, picture: bytes) -> None:
    """One request, byte by byte what the archive has."""
    archive.pictures = {RELEASE: picture, GROUP: b"another"}
    found = covers.front("rel", "alb")
    assert found is not None
    assert found.data == picture
    assert archive.asked() == [RELEASE]


@pytest.mark.parametrize(
    ("there", "asked"),
    [
        ({SMALLER: JPEG}, [RELEASE, SMALLER]),
        ({GROUP: JPEG}, [RELEASE, SMALLER, GROUP]),
        ({RELEASE: b"<html>no picture</html>", GROUP: JPEG}, [RELEASE, SMALLER, GROUP]),
    ],
    ids=["the smaller one", "the album's", "a page instead"],
)
def test_otherwise_the_next_best(
    covers: Covers, archive: FakeArchive, there: dict[str, bytes], asked: list[str]
) -> None:
    """Old pictures lack the larger size, and many releases have none of their own."""
    archive.pictures = there
    found = covers.front("rel", "alb")
    assert found is not None
    assert found.data == JPEG
    assert archive.asked() == asked


def test_nothing_is_asked_without_an_id(covers: Covers, archive: FakeArchive) -> None:
    """Names say too little, and an odd id stays one part of the path."""
    assert covers.front("", "") is None
    assert archive.log == []
    assert covers.front("", "../x?y") is None
    assert [asked.path for asked in archive.log] == [
        "/release-group/..%2Fx%3Fy/front-1200",
        "/release-group/..%2Fx%3Fy/front-500",
    ]


def test_it_follows_to_the_picture(covers: Covers, archive: FakeArchive) -> None:
    """The archive only knows where the pictures lie."""
    archive.further = {RELEASE: "/download/1", "/download/1": f"{archive.url}/item/1"}
    archive.pictures = {"/item/1": JPEG}
    found = covers.front("rel", "alb")
    assert found is not None
    assert found.data == JPEG


@pytest.mark.parametrize(
    ("url", "trusted"),
    [
        ("https://archive.org/download/a.jpg", True),
        ("http://ia800.us.archive.org/a.jpg", True),
        ("https://notarchive.org/a.jpg", False),
        ("https://archive.org.example/a.jpg", False),
        ("https://archive.org@example.org/a.jpg", False),
        ("file:///etc/passwd", False),
        ("http://192.168.0.1/", False),
    ],
)
def test_where_it_lets_itself_be_sent(covers: Covers, url: str, trusted: bool) -> None:
    """To archive.org and nowhere else."""
    assert covers._trusted(url) is trusted


def test_a_stranger_is_never_asked(covers: Covers, archive: FakeArchive) -> None:
    """A redirection must not reach into the house."""
    with FakeArchive() as stranger:
        stranger.pictures = {"/x": JPEG}
        archive.further = {RELEASE: f"{stranger.url}/x"}
        assert covers.front("rel", "") is None
        assert stranger.log == []


@pytest.mark.parametrize("further", [RELEASE, "http://[", "//"])
def test_a_way_without_an_end(covers: Covers, archive: FakeArchive, further: str) -> None:
    """In a circle or to no address at all: given up after a few steps."""
    archive.further = {RELEASE: further}
    assert covers.front("rel", "") is None
    assert len(archive.log) <= 5


def test_a_picture_beyond_4_mb_is_left_out(covers: Covers, archive: FakeArchive) -> None:
    """It is not read to its end either."""
    archive.pictures = {RELEASE: LARGE}
    assert covers.front("rel", "") is None


@pytest.mark.parametrize("status", [403, 429, 500, 503])
def test_trouble_of_the_archive(covers: Covers, archive: FakeArchive, status: int) -> None:
    """No cover, and nothing further is asked of it."""
    archive.mood = lambda asked: Reply(status, b"Trouble.", "text/plain")
    assert covers.front("rel", "alb") is None
    assert len(archive.log) == 1


def test_nobody_there(bench: Bench) -> None:
    """No cover, no error."""
    assert Covers(bench.settings, address="http://127.0.0.1:1").front("rel", "alb") is None


def test_a_trickle_has_an_end(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    """The limit holds for all there is to one cover."""
    monkeypatch.setattr(module, "DEADLINE", 0.3)
    with Trickle() as double:
        began = time.monotonic()
        assert Covers(bench.settings, address=double.url).front("rel", "alb") is None
        assert time.monotonic() - began < 5


def test_it_says_who_it_is_and_keeps_the_pace(bench: Bench, archive: FakeArchive) -> None:
    """As MusicBrainz wants it: a name, a version, a contact, one request a second."""
    pauses: list[float] = []
    bench.settings.patch({"catalogue.contact": "me@example.org"})
    covers = Covers(bench.settings, address=archive.url, pause=pauses.append)
    assert covers.front("rel", "alb") is None
    agents = {asked.headers["User-Agent"] for asked in archive.log}
    (agent,) = agents
    assert agent.startswith("SoulSpotArr/")
    assert agent.endswith("( me@example.org )")
    assert len(archive.log) == 4
    assert len(pauses) == 3
    assert all(0 < pause <= 1 for pause in pauses)


def test_unreadable_settings_are_no_failure(
    covers: Covers, archive: FakeArchive, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A cover is not worth an error."""

    def broken(*args: object, **named: object) -> None:
        raise DatabaseTrouble("The database is gone.")

    monkeypatch.setattr(covers._settings, "get", broken)
    assert covers.front("rel", "alb") is None
    assert archive.log == []
