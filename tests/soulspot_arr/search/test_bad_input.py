"""Whatever the neighbours answer, a search ends in time with what is sure: real HTTP on all sides."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator

import pytest

from soulspot_arr.catalogue import Catalogue
from soulspot_arr.catalogue.from_lidarr import FromLidarr
from soulspot_arr.catalogue.from_musicbrainz import FromMusicBrainz
from soulspot_arr.catalogue.musicbrainz_client import MusicBrainzClient
from soulspot_arr.domain import Query, Release
from soulspot_arr.rules import titles
from soulspot_arr.search import Search
from soulspot_arr.sources.slskd import SlskdSource
from tests.fakes.fake_lidarr import KEY, FakeLidarr, Song, album, release
from tests.fakes.fake_musicbrainz import FakeMusicBrainz
from tests.fakes.fake_slskd import FakeSlskd, Json, answer, shared
from tests.fakes.http_double import HttpDouble, Reply
from tests.soulspot_arr.search.scene import latest
from tests.soulspot_arr.workshop import Bench

ARTIST, ALBUM = "Cello Ghosts", "Undertow"
ASKED = Query(ARTIST, ALBUM)
FOLDER = "Music\\Cello Ghosts\\Cello Ghosts - Undertow (1997)"
SONGS: tuple[Song, ...] = (
    ("Opening", 211_000), ("Second Wind", 187_000), ("Harbour", 243_000), ("Lanterns", 305_000),
    ("Slow Tide", 264_000), ("Ashore", 229_000),
)  # fmt: skip
# So much that a busy machine is no failure; who waits it out takes SHORT.
BUDGET, SHORT = 12.0, 6.0
# The answer is written down after the budget, on a machine that may be busy.
WRITTEN = 6.0


def files(songs: tuple[Song, ...] = SONGS, *, folder: str = FOLDER) -> list[Json]:
    """The files of these songs in FLAC."""
    return [
        shared(f"{folder}\\{number:02d} - {title}.flac", abs(length) // 1000 or 200)
        for number, (title, length) in enumerate(songs, start=1)
    ]


@pytest.fixture
def lidarr() -> Iterator[FakeLidarr]:
    """A Lidarr with the album."""
    with FakeLidarr(album(1, ARTIST, ALBUM, release(1, *SONGS, monitored=True))) as double:
        yield double


@pytest.fixture
def musicbrainz() -> Iterator[FakeMusicBrainz]:
    """A MusicBrainz that knows nothing."""
    with FakeMusicBrainz() as double:
        yield double


@pytest.fixture
def slskd() -> Iterator[FakeSlskd]:
    """A slskd whose one peer shares the album."""
    with FakeSlskd([answer("anna", *files())]) as double:
        yield double


@pytest.fixture
def search(
    bench: Bench, lidarr: FakeLidarr, musicbrainz: FakeMusicBrainz, slskd: FakeSlskd
) -> Search:
    """A search among all three, with the source and the catalogue of the real service."""
    bench.settings.patch(
        {
            "lidarr.url": lidarr.url,
            "lidarr.api_key": KEY,
            "catalogue.musicbrainz": True,
            "catalogue.musicbrainz_url": musicbrainz.url,
            "search.budget": BUDGET,
            "search.rungs": 2,
        }
    )
    values = {"slskd.url": slskd.url, "slskd.api_key": "x" * 16}
    # Nothing is waited for here that takes a whole pause of the adapter.
    source = SlskdSource(values, sleep=lambda seconds: time.sleep(seconds / 10))
    client = MusicBrainzClient(bench.settings, unhurried=False)
    providers = (FromLidarr(bench.lidarr), FromMusicBrainz(client))
    catalogue = Catalogue(bench.db, bench.settings, providers, clock=bench.clock)
    return Search(bench.db, bench.settings, source, bench.guard, catalogue, clock=bench.clock)


def find(search: Search, query: Query = ASKED, *, budget: float = BUDGET) -> list[Release]:
    """The releases; fails when they come too late or cannot be read back."""
    began = time.monotonic()
    found = search.find(query)
    assert time.monotonic() - began < budget + WRITTEN
    assert all(titles.search_accepts(one.title, one.artist, one.album) for one in found)
    return found


# -- who knows albums ------------------------------------------------------------------------------

ILL: dict[str, Callable[[HttpDouble], None]] = {
    "401": lambda double: _answer(double, Reply(401, b"{}")),
    "429": lambda double: _answer(double, Reply(429, b"", headers={"Retry-After": "3600"})),
    "500": lambda double: _answer(double, Reply(500, b"oops")),
    "503": lambda double: _answer(double, Reply(503, b"busy", headers={"Retry-After": "60"})),
    "HTML": lambda double: _answer(double, Reply(200, b"<html><p>Log in", "text/html")),
    "silence": lambda double: double.hold(),
    "trickle": lambda double: _answer(double, Reply(200, b" " * 999, headers={"X-Trickle": ".1"})),
}


def _answer(double: HttpDouble, reply: Reply) -> None:
    double.mood = lambda asked: reply


@pytest.mark.parametrize("illness", ILL)
@pytest.mark.parametrize("who", ["lidarr", "musicbrainz", "both"])
def test_an_ill_catalogue_holds_no_search_up(
    search: Search,
    lidarr: FakeLidarr,
    musicbrainz: FakeMusicBrainz,
    who: str,
    illness: str,
) -> None:
    """The album is found in time: by its tracks where Lidarr is well, otherwise by names."""
    for name, double in (("lidarr", lidarr), ("musicbrainz", musicbrainz)):
        if who in {name, "both"}:
            ILL[illness](double)
    (found,) = find(search)
    assert (found.artist, found.album, len(found.offers[0].files)) == (ARTIST, ALBUM, 6)
    assert latest(search).outcome == ("sure" if who == "musicbrainz" else "found")


@pytest.mark.parametrize("part", ["/track", "foreignAlbumId"])
@pytest.mark.parametrize("illness", ILL)
def test_a_lidarr_that_falls_ill_half_way_holds_no_search_up(
    search: Search, lidarr: FakeLidarr, part: str, illness: str
) -> None:
    """Its list of albums came, its tracks do not: the names are exact all the same."""
    if illness == "silence":
        lidarr.hold(part)
    else:
        ILL[illness](lidarr)
        ill = lidarr.mood
        lidarr.mood = lambda asked: ill(asked) if part in asked.address else None
    (found,) = find(search, Query("Cello Ghosts", "UNDERTOW"))
    assert (found.artist, found.album) == (ARTIST, ALBUM)


LONG = tuple(
    (f"{word} {number}", 60_000 + 400 * number)
    for number, word in enumerate(("Amber", "Birch", "Cobalt") * 100, start=1)
)
ALIKE = tuple(("Interlude", length) for _, length in SONGS)


@pytest.mark.parametrize(
    ("told", "there"),
    [
        pytest.param((), SONGS, id="no tracks"),
        pytest.param(tuple((title, 0) for title, _ in SONGS), SONGS, id="zero durations"),
        pytest.param(tuple((title, -5) for title, _ in SONGS), SONGS, id="negative durations"),
        pytest.param(tuple((title, 10**15) for title, _ in SONGS), SONGS, id="endless durations"),
        pytest.param(LONG, LONG, id="300 tracks"),
        pytest.param(ALIKE, ALIKE, id="duplicate titles"),
        pytest.param(tuple(("", length) for _, length in SONGS), SONGS, id="no titles"),
    ],
)
def test_odd_track_lists_find_the_album_all_the_same(
    search: Search,
    lidarr: FakeLidarr,
    slskd: FakeSlskd,
    told: tuple[Song, ...],
    there: tuple[Song, ...],
) -> None:
    """Every file of it, and nothing else."""
    lidarr.albums = [album(1, ARTIST, ALBUM, release(1, *told, monitored=True))]
    slskd.answers = [answer("anna", *files(there))]
    (found,) = find(search)
    assert (found.artist, found.album) == (ARTIST, ALBUM)
    assert len(found.offers[0].files) == len(there)


# -- who shares them -------------------------------------------------------------------------------


def without(*names: str) -> list[Json]:
    """The files of the album without these attributes."""
    return [{k: v for k, v in file.items() if k not in names} for file in files()]


@pytest.mark.parametrize(
    "odd",
    [
        pytest.param(answer("odd", *[f | {"size": -f["size"]} for f in files()]), id="negative"),
        pytest.param(answer("odd", *[f | {"size": 0} for f in files()]), id="empty files"),
        pytest.param(answer("odd", *[f | {"size": "many"} for f in files()]), id="sizes as words"),
        pytest.param(answer("odd", *[f | {"length": -200} for f in files()]), id="negative length"),
        pytest.param(answer("odd", *[f | {"size": 10**17} for f in files()]), id="huge"),
        pytest.param(answer("odd", *without("size")), id="no size"),
        pytest.param(answer("odd", *without("filename")), id="no name"),
        pytest.param(answer("odd", None, 1, [], "x"), id="no files"),
        pytest.param(answer("odd", files={"a": 1}), id="files are no list"),
        pytest.param({"username": None, "files": files()}, id="nobody"),
        pytest.param({"files": files()}, id="no user name"),
        pytest.param({}, id="nothing"),
        pytest.param(None, id="null"),
    ],
)
def test_an_odd_answer_hides_no_sound_one(search: Search, slskd: FakeSlskd, odd: object) -> None:
    """The sound peer is the first choice, whatever came before."""
    slskd.answers = [odd, answer("anna", *files()), odd]
    assert find(search)[0].offers[0].peer == "anna"
    assert latest(search).outcome == "sure"


def test_missing_attributes_are_no_reason_to_refuse(search: Search, slskd: FakeSlskd) -> None:
    """Titles are left; nothing proves it then, so Lidarr sees it and nobody is sure."""
    bare = without("length", "bitDepth", "sampleRate", "code", "extension", "isLocked")
    slskd.answers = [{"username": "anna", "files": bare}]
    (found,) = find(search)
    assert (found.offers[0].peer, len(found.offers[0].files)) == ("anna", 6)


def test_forty_thousand_files_of_one_peer(search: Search, slskd: FakeSlskd) -> None:
    """A whole collection in one answer: the album in it is found, in time."""
    crowd = [
        shared(f"Music\\Artist {number // 100}\\Album {number // 10}\\{number % 10:02d} - x.flac")
        for number in range(40_000)
    ]
    slskd.answers = [answer("hoarder", *crowd, *files())]
    (found,) = find(search)
    assert (found.offers[0].peer, len(found.offers[0].files)) == ("hoarder", 6)


def test_forty_thousand_files_in_one_folder(search: Search, slskd: FakeSlskd) -> None:
    """A dump without folders ends in time too; what is sure of it is a matter of luck."""
    crowd = [shared(f"Music\\dump\\song {number}.mp3") for number in range(40_000)]
    slskd.answers = [answer("dump", *crowd), answer("anna", *files())]
    assert find(search)[0].offers[0].peer == "anna"


def test_peers_that_answer_everything(search: Search, slskd: FakeSlskd) -> None:
    """Two hundred of them name their folders after whatever is asked; none of it is the album."""
    fake = [
        answer(
            f"bot{number}",
            shared(f"cello ghosts undertow\\cello ghosts undertow.{kind}", 200 + number),
            uploadSpeed=10**9,
        )
        for number in range(200)
        for kind in ("mp3", "zip")
    ]
    slskd.answers = [*fake, answer("anna", *files())]
    assert [one.offers[0].peer for one in find(search)] == ["anna"]
    assert latest(search).outcome == "sure"


def test_peers_that_answer_everything_while_nobody_knows_the_tracks(
    search: Search, slskd: FakeSlskd, lidarr: FakeLidarr
) -> None:
    """By names alone as well: one file is no album that others have in six."""
    lidarr.albums = []
    fake = [
        answer(f"bot{n}", shared("cello ghosts undertow\\cello ghosts undertow.flac", 200 + n))
        for n in range(2)
    ]
    sound = [answer(peer, *files()) for peer in ("anna", "ben", "cleo")]
    slskd.answers = [*fake, *sound]
    assert {one.offers[0].peer for one in find(search)} == {"anna", "ben", "cleo"}


def test_a_sick_slskd_ends_in_time(search: Search, slskd: FakeSlskd, bench: Bench) -> None:
    """Empty, and kept by nobody: the next question finds the album."""
    bench.settings.patch({"search.budget": SHORT})
    slskd.hold("/responses")
    assert find(search, budget=SHORT) == []
    assert latest(search).outcome in {"outage", "cut", "busy"}
    slskd.release()
    bench.settings.patch({"search.budget": BUDGET})
    assert len(find(search)) == 1
