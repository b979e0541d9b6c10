"""Lidarr as a provider, over real HTTP: which album is meant, and the tracks of all its releases."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest

from soulspot_arr import lidarr as lidarr_module
from soulspot_arr.catalogue.from_lidarr import MOST_EDITIONS, FromLidarr
from soulspot_arr.catalogue.seam import Finding, Question
from soulspot_arr.domain import Query
from soulspot_arr.wanted import Wanted
from tests.fakes.fake_lidarr import FakeLidarr, Json, album, release
from tests.fakes.http_double import Asked, Reply
from tests.soulspot_arr.catalogue.conftest import connect
from tests.soulspot_arr.workshop import Bench

SONGS = (("Airbag", 284_000), ("Paranoid Android", 383_000))
LONGER = (*SONGS, ("Lucky", 259_000))
ASKED = Question(Query("Radiohead", "OK Computer"))


@pytest.fixture
def provider(bench: Bench, lidarr: FakeLidarr) -> FromLidarr:
    """The provider, set up for a Lidarr with one album of three releases."""
    lidarr.albums.append(
        album(
            1,
            "Radiohead",
            "OK Computer",
            release(11, *SONGS),
            release(12, *LONGER, monitored=True),
            release(13, *SONGS),
        )
    )
    connect(bench, lidarr, None)
    return FromLidarr(bench.lidarr)


def look(
    provider: FromLidarr, question: Question = ASKED, kept: Wanted | None = None
) -> tuple[Finding, list[Wanted]]:
    """The finding and what was told on the way."""
    told: list[Wanted] = []
    return provider.look(question, kept, told.append), told


def editions(wanted: Wanted | None) -> list[str]:
    """The ids of its editions."""
    return [edition.id for edition in wanted.editions] if wanted else []


def test_every_release_with_its_tracks(provider: FromLidarr, lidarr: FakeLidarr) -> None:
    """One request for the library, one for the album, one for each release; the chosen one first."""
    finding, _ = look(provider)
    assert finding.settled
    assert finding.wanted is not None
    assert finding.wanted.library_id == 1
    assert editions(finding.wanted) == ["release-12", "release-11", "release-13"]
    assert [len(edition.tracks) for edition in finding.wanted.editions] == [3, 2, 2]
    assert [edition.monitored for edition in finding.wanted.editions] == [True, False, False]
    asked = lidarr.asked()
    assert asked[:3] == [
        "/api/v1/album",
        "/api/v1/album?foreignAlbumId=album-1",
        "/api/v1/track?albumReleaseId=12",
    ]
    assert sorted(asked[3:]) == [
        "/api/v1/track?albumReleaseId=11",
        "/api/v1/track?albumReleaseId=13",
    ]


def test_what_is_sure_is_told_at_once(provider: FromLidarr) -> None:
    """First the names, then the release that Lidarr has chosen, then one after the other."""
    _, told = look(provider)
    assert [len(wanted.editions) for wanted in told] == [0, 1, 2, 3]
    assert told[0].album == "OK Computer"
    assert editions(told[1]) == ["release-12"]


def test_tracks_that_were_kept_are_not_read_again(provider: FromLidarr, lidarr: FakeLidarr) -> None:
    """But the flags are those of now, and a release that is new is read."""
    before, _ = look(provider)
    lidarr.albums[0] |= {
        "anyReleaseOk": False,
        "releases": [
            release(11, *SONGS, monitored=True),
            release(12, *LONGER),
            release(14, *LONGER),
        ],
    }
    lidarr.log.clear()
    now, _ = look(provider, kept=before.wanted)
    assert now.wanted is not None
    assert [edition.id for edition in now.wanted.eligible()] == ["release-11"]
    assert set(editions(now.wanted)) == {"release-11", "release-12", "release-14"}
    assert lidarr.asked("/track") == ["/api/v1/track?albumReleaseId=14"]
    assert len(lidarr.asked("/album")) == 1


def test_kept_tracks_of_another_album_are_not_taken(
    provider: FromLidarr, lidarr: FakeLidarr
) -> None:
    """The same question may mean another album by now."""
    before, _ = look(provider)
    assert before.wanted is not None
    lidarr.log.clear()
    look(provider, kept=replace(before.wanted, album_id="another"))
    assert len(lidarr.asked("/track")) == 3


@pytest.mark.parametrize("query", [Query("Radiohead", "Kid A"), Query(term="radiohead kid a")])
def test_an_album_that_lidarr_has_not(provider: FromLidarr, query: Query) -> None:
    """A settled nothing."""
    assert look(provider, Question(query)) == (Finding(settled=True), [])


def test_an_album_that_was_added_just_now(
    provider: FromLidarr, lidarr: FakeLidarr, monkeypatch: pytest.MonkeyPatch
) -> None:
    """ "Add and search" comes seconds after an older list was read: it is read once more."""
    look(provider)
    lidarr.albums.append(album(2, "Radiohead", "Kid A", release(21, *SONGS)))
    added = Question(Query("Radiohead", "Kid A"))
    assert look(provider, added)[0].wanted is None  # the list is a moment old
    monkeypatch.setattr("soulspot_arr.catalogue.from_lidarr._YOUNG", 0.0)
    assert editions(look(provider, added)[0].wanted) == ["release-21"]
    assert lidarr.asked().count("/api/v1/album") == 2


def test_namesakes_are_not_guessed(provider: FromLidarr, lidarr: FakeLidarr) -> None:
    """Two albums of equal names and no year: none is taken."""
    for number, year in ((2, 1977), (3, 1978)):
        lidarr.albums.append(
            album(
                number,
                "Peter Gabriel",
                "Peter Gabriel",
                release(number * 10, *SONGS),
                releaseDate=f"{year}-01-01T00:00:00Z",
            )
        )
    asked = Query("Peter Gabriel", "Peter Gabriel")
    assert look(provider, Question(asked))[0].wanted is None
    found, _ = look(provider, Question(replace(asked, year=1978)))
    assert editions(found.wanted) == ["release-30"]


def test_a_removed_album(provider: FromLidarr, lidarr: FakeLidarr) -> None:
    """It was listed a minute ago and is gone now."""
    look(provider)
    lidarr.albums.clear()
    assert look(provider)[0] == Finding(settled=True)


def test_an_album_without_an_id_has_names_only(provider: FromLidarr, lidarr: FakeLidarr) -> None:
    """Its releases cannot be asked for."""
    lidarr.albums[0].pop("foreignAlbumId")
    finding, _ = look(provider)
    assert finding.wanted is not None
    assert (finding.wanted.album, finding.wanted.editions) == ("OK Computer", ())
    assert finding.settled


@pytest.mark.parametrize("artist", [None, "x", {}, {"artistName": None}])
def test_names_of_the_list_outlast_an_odd_answer(
    provider: FromLidarr, lidarr: FakeLidarr, artist: object
) -> None:
    """The answer for one album may tell less than the list."""
    odd = lidarr.albums[0] | {"artist": artist, "title": None}
    lidarr.mood = lambda asked: lidarr.json([odd]) if "foreignAlbumId" in asked.query else None
    finding, _ = look(provider)
    assert finding.wanted is not None
    assert (finding.wanted.artist, finding.wanted.album) == ("Radiohead", "OK Computer")
    assert finding.wanted.artist_id == "artist-radiohead"
    assert len(finding.wanted.editions) == 3


def test_a_list_that_is_not_young_settles_nothing(
    bench: Bench, provider: FromLidarr, lidarr: FakeLidarr
) -> None:
    """The album may have been added since; the list is not read anew for each such question."""
    unknown = Question(Query("Radiohead", "Kid A"))
    assert look(provider, unknown)[0].settled
    at, url, albums = bench.lidarr._albums
    bench.lidarr._relisted = at
    bench.lidarr._albums = (at - 100, url, albums)
    assert look(provider, unknown)[0] == Finding()
    assert len(lidarr.log) == 1


@pytest.mark.parametrize(
    "releases",
    [[], None, "x", [{}], [release(11)], [release(11) | {"tracks": "x"}]],
    ids=["none", "null", "text", "empty", "no tracks", "odd tracks"],
)
def test_an_album_without_tracks_has_no_editions(
    provider: FromLidarr, lidarr: FakeLidarr, releases: object
) -> None:
    """Its names are exact all the same."""
    lidarr.albums[0]["releases"] = releases
    finding, _ = look(provider)
    assert finding.wanted is not None
    assert (finding.wanted.album, finding.wanted.editions) == ("OK Computer", ())


def test_without_the_chosen_release_none_will_do(provider: FromLidarr, lidarr: FakeLidarr) -> None:
    """Where Lidarr takes no other one, its tracks decide or nothing does."""
    one, chosen = release(11, *SONGS), release(12, monitored=True)
    lidarr.albums[0] |= {"anyReleaseOk": False, "releases": [one, chosen]}
    assert editions(look(provider)[0].wanted) == []
    lidarr.albums[0] |= {"anyReleaseOk": True}
    assert editions(look(provider)[0].wanted) == ["release-11"]


def test_an_album_of_hundreds_of_releases(provider: FromLidarr, lidarr: FakeLidarr) -> None:
    """So many are read and no more; each shape is among them."""
    alike: list[Json] = [release(100 + n, *SONGS) for n in range(300)]
    lidarr.albums[0]["releases"] = [*alike, release(999, *LONGER)]
    finding, _ = look(provider)
    assert finding.settled
    assert len(editions(finding.wanted)) == MOST_EDITIONS
    assert "release-999" in editions(finding.wanted)


# -- trouble -----------------------------------------------------------------------------------------


def failing(part: str, status: int, body: str = "{}") -> Callable[[Asked], Reply | None]:
    """A mood in which requests with this part are answered so."""

    def mood(asked: Asked) -> Reply | None:
        return Reply(status, body.encode()) if part in asked.address else None

    return mood


@pytest.mark.parametrize(
    ("status", "body"),
    [(401, "{}"), (500, "{}"), (503, ""), (200, "<html>login</html>"), (200, "[" * 100_000)],
)
def test_a_lidarr_that_is_ill_says_nothing(
    provider: FromLidarr, lidarr: FakeLidarr, status: int, body: str
) -> None:
    """Not settled, and it is left alone for a while."""
    lidarr.mood = failing("/album", status, body)
    assert look(provider) == (Finding(), [])
    assert not provider.usable()
    asked = len(lidarr.log)
    assert look(provider)[0].wanted is None
    assert len(lidarr.log) == asked


def test_a_release_that_lidarr_cannot_tell_is_left_out(
    provider: FromLidarr, lidarr: FakeLidarr
) -> None:
    """One error is about one release; the others are read."""
    lidarr.mood = failing("albumReleaseId=12", 500)
    finding, _ = look(provider)
    assert editions(finding.wanted) == ["release-11", "release-13"]
    assert provider.usable()


def test_reading_has_an_end(
    provider: FromLidarr, lidarr: FakeLidarr, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A Lidarr that takes seconds for each release is not read for ever."""
    monkeypatch.setattr("soulspot_arr.catalogue.from_lidarr._PATIENCE", -1.0)
    finding, _ = look(provider)
    assert finding.wanted is not None
    assert (finding.wanted.album, finding.settled) == ("OK Computer", False)
    assert lidarr.asked("/track") == []


def test_many_errors_are_one_illness(provider: FromLidarr, lidarr: FakeLidarr) -> None:
    """A Lidarr that cannot tell any tracks is not asked for all of them; its names are taken."""
    lidarr.albums[0]["releases"] = [release(100 + n, *SONGS) for n in range(40)]
    lidarr.mood = failing("/track", 500)
    finding, told = look(provider)
    assert finding.wanted is not None
    assert (finding.wanted.album, finding.wanted.editions, finding.settled) == (
        "OK Computer",
        (),
        False,
    )
    assert len(told) == 1
    assert len(lidarr.asked("/track")) < 10


def test_a_silent_lidarr_is_given_up(
    provider: FromLidarr, lidarr: FakeLidarr, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It knew the album and then went silent: what was read until then stays."""
    monkeypatch.setattr(lidarr_module, "TIMEOUT", (1.0, 0.2))
    lidarr.albums[0]["releases"] = [release(12, *LONGER, monitored=True), release(11, *SONGS)]
    lidarr.hold("albumReleaseId=11")
    finding, _ = look(provider)
    lidarr.release()
    assert editions(finding.wanted) == ["release-12"]
    assert not provider.usable()
