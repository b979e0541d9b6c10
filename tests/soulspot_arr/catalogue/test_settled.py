"""Whether everybody was heard who could know the album, and what holds when somebody was not."""

from __future__ import annotations

import time

import pytest

from soulspot_arr.catalogue import Catalogue
from soulspot_arr.domain import Query
from soulspot_arr.wanted import Provider
from tests.fakes.fake_lidarr import FakeLidarr, album, release
from tests.fakes.fake_musicbrainz import Artist, FakeMusicBrainz, Group, Release, busy, songs
from tests.fakes.http_double import Reply
from tests.fakes.trickle import Trickle
from tests.soulspot_arr.catalogue.conftest import build, connect
from tests.soulspot_arr.workshop import Bench

SONGS = (("Airbag", 284_000), ("Paranoid Android", 383_000))
QUERY = Query("Radiohead", "OK Computer")
BAND = Artist("artist-radiohead", "Radiohead")
EDITIONS = (Release("release-11", "OK", songs("A", "B")), Release("release-12", "OK", songs("A")))
GROUP = Group("album-1", "OK Computer", (BAND,), EDITIONS)


def fill(lidarr: FakeLidarr, **changes: object) -> None:
    """One album of two releases, the second one chosen."""
    releases = (release(11, *SONGS), release(12, *SONGS, ("Bonus", 1_000), monitored=True))
    lidarr.albums = [album(1, "Radiohead", "OK Computer", *releases, **changes)]


@pytest.mark.parametrize(
    ("lidarr_ill", "musicbrainz_ill", "known", "settled"),
    [
        (False, False, False, True),
        (True, False, False, False),
        (False, True, False, False),
        (False, True, True, True),
        (True, True, False, False),
    ],
)
def test_who_could_know(
    catalogue: Catalogue,
    lidarr: FakeLidarr,
    musicbrainz: FakeMusicBrainz,
    lidarr_ill: bool,
    musicbrainz_ill: bool,
    known: bool,
    settled: bool,
) -> None:
    """Everybody that is asked, until the album is known."""
    if known:
        fill(lidarr)
    if lidarr_ill:
        lidarr.mood = lambda asked: Reply(500, b"")
    if musicbrainz_ill:
        musicbrainz.mood = lambda asked: busy()
    for _ in range(2):
        assert catalogue.resolve(QUERY, seconds=5).settled is settled


def test_who_is_not_set_up_could_not_know(bench: Bench) -> None:
    """Names as asked are all there will ever be."""
    connect(bench, None, None)
    assert build(bench).resolve(QUERY, seconds=5).settled


def test_musicbrainz_in_the_place_of_a_dead_lidarr_is_not_settled(
    catalogue: Catalogue, lidarr: FakeLidarr, musicbrainz: FakeMusicBrainz
) -> None:
    """Which release Lidarr insists on nobody can tell."""
    musicbrainz.groups = (GROUP,)
    lidarr.mood = lambda asked: Reply(500, b"")
    found = catalogue.resolve(QUERY, seconds=5)
    assert (found.provider, found.settled) == (Provider.MUSICBRAINZ, False)


def test_what_was_kept_is_settled(bench: Bench, catalogue: Catalogue, lidarr: FakeLidarr) -> None:
    """A Lidarr that died since has told all that is needed."""
    fill(lidarr)
    catalogue.resolve(QUERY, seconds=5)
    lidarr.mood = lambda asked: Reply(500, b"")
    fresh = Bench(bench.db, bench.clock, bench.root)
    assert build(fresh).resolve(QUERY, seconds=5).settled


def test_that_it_was_absent_once_settles_nothing(
    bench: Bench, catalogue: Catalogue, musicbrainz: FakeMusicBrainz
) -> None:
    """It may have been entered since."""
    connect(bench, None, musicbrainz)
    assert catalogue.resolve(QUERY, seconds=5).settled
    bench.clock.advance(7 * 3600)
    musicbrainz.mood = lambda asked: busy()
    assert not catalogue.resolve(QUERY, seconds=5).settled


@pytest.mark.parametrize("any_release", [True, False])
def test_the_chosen_edition_outlasts_a_failing_lidarr(
    catalogue: Catalogue, lidarr: FakeLidarr, musicbrainz: FakeMusicBrainz, any_release: bool
) -> None:
    """Its list says which one it is; MusicBrainz has the tracks of it. Also while it is silent."""
    fill(lidarr, anyReleaseOk=any_release)
    musicbrainz.groups = (GROUP,)
    lidarr.mood = lambda asked: Reply(500, b"") if "foreignAlbumId" in asked.query else None
    for _ in range(2):
        found = catalogue.resolve(QUERY, seconds=5)
        assert (found.provider, found.any_edition) == (Provider.LIDARR, any_release)
        chosen = [edition.id for edition in found.eligible()]
        assert chosen == (["release-11", "release-12"] if any_release else ["release-12"])
        assert not found.settled


def test_a_lidarr_that_never_answers_is_noticed_by_the_first_search(
    bench: Bench, catalogue: Catalogue, lidarr: FakeLidarr
) -> None:
    """The next ones do not wait for it."""
    connect(bench, lidarr, None)
    lidarr.hold()
    assert not catalogue.resolve(QUERY, seconds=0.6).settled
    began = time.monotonic()
    assert not catalogue.resolve(QUERY, seconds=60).settled
    assert time.monotonic() - began < 20


def test_names_that_join_to_the_same_text_are_not_mixed_up(
    bench: Bench, catalogue: Catalogue, musicbrainz: FakeMusicBrainz
) -> None:
    """Neither an album nor that there is none."""
    connect(bench, None, musicbrainz)
    musicbrainz.groups = (Group("life", "Wonderful Life", (Artist("black", "Black"),), EDITIONS),)
    other = Query("Black Wonderful", "Life")
    assert catalogue.resolve(other, seconds=5).provider is Provider.NOBODY
    assert catalogue.resolve(Query("Black", "Wonderful Life"), seconds=5).album_id == "life"
    assert catalogue.resolve(other, seconds=5).provider is Provider.NOBODY
    assert catalogue.resolve(Query(term="Black Wonderful Life"), seconds=5).album_id == "life"


def test_other_names_do_not_stand_in_the_way_of_an_album(
    catalogue: Catalogue, lidarr: FakeLidarr, musicbrainz: FakeMusicBrainz
) -> None:
    """Nobody waits for them, so only one such question is asked at a time."""
    lidarr.albums = [album(n, f"Band{n}", "T", release(n, *SONGS)) for n in range(1, 6)]
    musicbrainz.groups = (GROUP,)
    musicbrainz.hold("/artist/")
    for number in range(1, 6):
        catalogue.resolve(Query(f"Band{number}", "T"), seconds=5)
    musicbrainz.release()
    assert catalogue.resolve(QUERY, seconds=5).album_id == "album-1"


def test_namesakes_of_two_artists_are_nobodys(
    bench: Bench, catalogue: Catalogue, musicbrainz: FakeMusicBrainz
) -> None:
    """The plain studio album is taken only among the albums of one artist."""
    connect(bench, None, musicbrainz)
    here, there = Artist("here", "Nirvana"), Artist("there", "Nirvana")
    best = Group("best", "Nirvana", (here,), EDITIONS, secondary=("Compilation",))
    plain = Group("plain", "Nirvana", (there,), EDITIONS)
    musicbrainz.groups = (best, plain)
    asked = Query("Nirvana", "Nirvana")
    assert catalogue.resolve(asked, seconds=5).provider is Provider.NOBODY
    bench.clock.advance(7 * 3600)
    musicbrainz.groups = (best, Group("mine", "Nirvana", (here,), EDITIONS))
    assert catalogue.resolve(asked, seconds=5).album_id == "mine"


@pytest.mark.parametrize(
    ("artist", "artist_id"),
    [("JAY-Z", "jay"), ("Kanye West", "kanye"), ("JAY-Z & Kanye West", "")],
)
def test_each_artist_of_an_album_has_his_own_id(
    bench: Bench,
    catalogue: Catalogue,
    musicbrainz: FakeMusicBrainz,
    artist: str,
    artist_id: str,
) -> None:
    """All of them together have none, or the other names would be those of one."""
    connect(bench, None, musicbrainz)
    both = (Artist("jay", "JAY-Z", (("Shawn", ""),)), Artist("kanye", "Kanye West"))
    musicbrainz.groups = (Group("throne", "Watch the Throne", both, EDITIONS),)
    found = catalogue.resolve(Query(artist, "Watch the Throne"), seconds=5)
    assert (found.album_id, found.artist_id) == ("throne", artist_id)
    assert found.aliases == (("Shawn",) if artist_id == "jay" else ())


@pytest.mark.parametrize("status", [400, 404, 410])
def test_a_page_of_somebody_else_is_not_absence(
    bench: Bench, catalogue: Catalogue, musicbrainz: FakeMusicBrainz, status: int
) -> None:
    """A proxy in trouble says 404 too; MusicBrainz has a document of its own for it."""
    connect(bench, None, musicbrainz)
    musicbrainz.mood = lambda asked: Reply(status, b"<html>no such page</html>", "text/html")
    assert not catalogue.resolve(QUERY, seconds=5).settled
    assert not catalogue.resolve(QUERY, seconds=5).settled


def test_headers_that_keep_coming_have_an_end(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each one is a sign of life; then MusicBrainz is left alone."""
    monkeypatch.setattr("soulspot_arr.catalogue.musicbrainz_client.DEADLINE", 0.5)
    with Trickle() as double:
        bench.settings.patch({"catalogue.musicbrainz_url": double.url})
        catalogue = build(bench)
        began = time.monotonic()
        assert not catalogue.resolve(QUERY, seconds=60).settled
        assert not catalogue.resolve(QUERY, seconds=60).settled
        assert time.monotonic() - began < 20


@pytest.mark.parametrize("query", [Query(term=" "), Query(term="\0"), Query(" ", " ")])
def test_a_blank_question_silences_nobody(
    bench: Bench, catalogue: Catalogue, musicbrainz: FakeMusicBrainz, query: Query
) -> None:
    """It is answered by nobody, and the next one is as ever."""
    connect(bench, None, musicbrainz)
    musicbrainz.groups = (GROUP,)
    assert catalogue.resolve(query, seconds=5).provider is Provider.NOBODY
    assert catalogue.resolve(QUERY, seconds=5).album_id == "album-1"
