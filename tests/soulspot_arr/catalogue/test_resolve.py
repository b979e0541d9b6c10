"""`Catalogue.resolve` over real doubles of both providers: order, time, and every kind of trouble."""

from __future__ import annotations

import time
from collections.abc import Callable

import pytest
from sqlalchemy import select

from soulspot_arr.catalogue import Catalogue
from soulspot_arr.catalogue.from_lidarr import FromLidarr
from soulspot_arr.catalogue.seam import Finding, Question, Tell
from soulspot_arr.domain import Query
from soulspot_arr.errors import DatabaseTrouble
from soulspot_arr.models import CatalogueRow, SettingRow
from soulspot_arr.wanted import Provider, Wanted
from tests.fakes.fake_lidarr import FakeLidarr, album, release
from tests.fakes.fake_musicbrainz import Artist, FakeMusicBrainz, Group, Release, busy, songs
from tests.fakes.http_double import Reply
from tests.soulspot_arr.catalogue.conftest import build, connect
from tests.soulspot_arr.workshop import Bench

SONGS = (("Airbag", 284_000), ("Paranoid Android", 383_000))
QUERY = Query("Radiohead", "OK Computer")
BAND = Artist("artist-radiohead", "Radiohead", (("On a Friday", "Search hint"),))
GROUP = Group("album-1", "OK Computer", (BAND,), (Release("mb-release", "OK", songs("A", "B")),))
DAY = 86_400.0


def fill(lidarr: FakeLidarr, **changes: object) -> None:
    """One album of two releases."""
    releases = (release(11, *SONGS, monitored=True), release(12, *SONGS, ("Bonus", 1_000)))
    lidarr.albums = [album(1, "Radiohead", "OK Computer", *releases, **changes)]


def soon(check: Callable[[], bool]) -> None:
    """Wait until something in the background has happened."""
    until = time.monotonic() + 30
    while not check():
        assert time.monotonic() < until
        time.sleep(0.02)


def ids(wanted: Wanted) -> list[str]:
    """The ids of its editions."""
    return [edition.id for edition in wanted.editions]


def kept(bench: Bench) -> set[tuple[str, bool]]:
    """Provider of each kept answer, and whether something was found."""
    with bench.db.read() as session:
        rows = session.scalars(select(CatalogueRow))
        return {(row.provider, row.wanted is not None) for row in rows}


# -- the order ---------------------------------------------------------------------------------------


def test_lidarr_first(
    catalogue: Catalogue, lidarr: FakeLidarr, musicbrainz: FakeMusicBrainz
) -> None:
    """What it knows is not searched for elsewhere; only the artist's other names are fetched."""
    fill(lidarr, anyReleaseOk=False)
    musicbrainz.groups = (GROUP,)
    found = catalogue.resolve(QUERY, seconds=5)
    assert found.provider is Provider.LIDARR
    assert ids(found) == ["release-11", "release-12"]
    assert [edition.id for edition in found.eligible()] == ["release-11"]
    soon(lambda: len(musicbrainz.log) == 1)
    assert musicbrainz.asked() == ["/ws/2/artist/artist-radiohead?inc=aliases"]
    soon(lambda: catalogue.resolve(QUERY, seconds=5).aliases == ("On a Friday",))


def test_other_names_are_waited_for_where_they_are_needed(
    catalogue: Catalogue, lidarr: FakeLidarr, musicbrainz: FakeMusicBrainz
) -> None:
    """A name without a Latin letter is hardly ever the name of a folder."""
    lidarr.albums = [album(1, "坂本龍一", "音楽図鑑", release(11, *SONGS))]
    lidarr.albums[0]["artist"]["foreignArtistId"] = "sakamoto"
    sakamoto = Artist("sakamoto", "坂本龍一", (("Ryuichi Sakamoto", ""),))
    musicbrainz.groups = (Group("x", "x", (sakamoto,)),)
    musicbrainz.pause = 0.2
    found = catalogue.resolve(Query("坂本龍一", "音楽図鑑"), seconds=5)
    assert found.aliases == ("Ryuichi Sakamoto",)


def test_musicbrainz_second(
    catalogue: Catalogue, lidarr: FakeLidarr, musicbrainz: FakeMusicBrainz
) -> None:
    """For an album that Lidarr has not."""
    musicbrainz.groups = (GROUP,)
    found = catalogue.resolve(QUERY, seconds=5)
    assert found.provider is Provider.MUSICBRAINZ
    assert (found.album_id, ids(found)) == ("album-1", ["mb-release"])
    assert found.aliases == ("On a Friday",)


def test_an_album_without_an_id_is_not_looked_for_by_name(
    catalogue: Catalogue, lidarr: FakeLidarr, musicbrainz: FakeMusicBrainz
) -> None:
    """Its names are exact; whose tracks they would be nobody could tell."""
    fill(lidarr, foreignAlbumId=None)
    musicbrainz.groups = (GROUP,)
    found = catalogue.resolve(Query("radiohead", "ok computer"), seconds=5)
    assert (found.provider, found.album, found.editions) == (Provider.LIDARR, "OK Computer", ())
    assert musicbrainz.asked("release") == []


@pytest.mark.parametrize(
    ("query", "names"),
    [
        (QUERY, ("Radiohead", "OK Computer", "")),
        (Query("Weezer", "Weezer Blue Album"), ("Weezer", "Weezer", "Blue Album")),
        (Query(term="radiohead ok computer"), ("", "radiohead ok computer", "")),
        (Query("Radiohead", "OK Computer", 1997), ("Radiohead", "OK Computer", "")),
    ],
)
def test_names_as_asked_last(
    catalogue: Catalogue, query: Query, names: tuple[str, str, str]
) -> None:
    """Nobody knows it: no editions, so nobody may be sure."""
    found = catalogue.resolve(query, seconds=5)
    assert (found.artist, found.album, found.disambiguation) == names
    assert (found.provider, found.editions, found.year) == (Provider.NOBODY, (), query.year)


@pytest.mark.parametrize("query", [Query(), Query("Radiohead")])
def test_without_an_album_nobody_is_asked(
    catalogue: Catalogue, lidarr: FakeLidarr, musicbrainz: FakeMusicBrainz, query: Query
) -> None:
    """A search for an artist means no album."""
    assert catalogue.resolve(query, seconds=5) == Wanted(query.artist, "")
    assert lidarr.log == musicbrainz.log == []


def test_nobody_is_set_up(bench: Bench) -> None:
    """Both are optional."""
    connect(bench, None, None)
    assert build(bench).resolve(QUERY, seconds=5).provider is Provider.NOBODY


def test_tracks_from_the_second_for_an_album_of_the_first(
    catalogue: Catalogue, lidarr: FakeLidarr, musicbrainz: FakeMusicBrainz
) -> None:
    """Lidarr knows the album but no tracks: MusicBrainz is asked by the id, not by names."""
    fill(lidarr, releases=[], disambiguation="note")
    musicbrainz.groups = (GROUP,)
    found = catalogue.resolve(Query("Radiohead", "OK Computer note"), seconds=5)
    assert (found.provider, found.library_id, found.disambiguation) == (Provider.LIDARR, 1, "note")
    assert (ids(found), found.titles) == (["mb-release"], ("OK",))
    assert "release-group=album-1" in musicbrainz.asked("/release/")[0]
    assert musicbrainz.asked("release-group/") == []


def test_no_foreign_tracks_where_lidarr_insists_on_a_release(
    catalogue: Catalogue, lidarr: FakeLidarr, musicbrainz: FakeMusicBrainz
) -> None:
    """Which one it insists on cannot be seen in them."""
    fill(lidarr, releases=[], anyReleaseOk=False)
    musicbrainz.groups = (GROUP,)
    found = catalogue.resolve(QUERY, seconds=5)
    assert (found.album_id, found.editions, found.any_edition) == ("album-1", (), False)


# -- what is kept ------------------------------------------------------------------------------------


def test_musicbrainz_is_asked_once_in_a_week(
    bench: Bench, catalogue: Catalogue, musicbrainz: FakeMusicBrainz
) -> None:
    """By Lidarr's second question for the album too, and by another process."""
    connect(bench, None, musicbrainz)
    musicbrainz.groups = (GROUP,)
    first = catalogue.resolve(QUERY, seconds=5)
    asked = len(musicbrainz.log)
    assert catalogue.resolve(Query(term="radiohead ok computer"), seconds=5) == first
    assert build(bench).resolve(QUERY, seconds=5) == first
    assert len(musicbrainz.log) == asked
    bench.clock.advance(7.1 * DAY)
    assert catalogue.resolve(QUERY, seconds=5) == first
    assert len(musicbrainz.log) > asked


def test_what_was_not_found_is_asked_again_after_hours(
    bench: Bench, catalogue: Catalogue, musicbrainz: FakeMusicBrainz
) -> None:
    """Somebody may have entered it."""
    connect(bench, None, musicbrainz)
    for hours, asked in ((0, 1), (5, 1), (2, 2)):
        bench.clock.advance(hours * 3600)
        assert catalogue.resolve(QUERY, seconds=5).editions == ()
        assert len(musicbrainz.log) == asked


def test_lidarrs_tracks_are_kept_but_not_its_flags(
    bench: Bench, catalogue: Catalogue, lidarr: FakeLidarr
) -> None:
    """One small request instead of one for each release; after a week all of them again."""
    connect(bench, lidarr, None)
    fill(lidarr)
    first = catalogue.resolve(QUERY, seconds=5)
    assert len(lidarr.log) == 4
    lidarr.albums[0]["anyReleaseOk"] = False
    second = catalogue.resolve(QUERY, seconds=5)
    assert len(lidarr.log) == 5
    assert (first.any_edition, second.any_edition) == (True, False)
    assert second.editions == first.editions
    bench.clock.advance(7.1 * DAY)
    catalogue.resolve(QUERY, seconds=5)
    assert len(lidarr.log) == 8


@pytest.mark.parametrize("days", [1, 20])
def test_a_dead_lidarr_is_answered_for(
    bench: Bench, catalogue: Catalogue, lidarr: FakeLidarr, musicbrainz: FakeMusicBrainz, days: int
) -> None:
    """By what it said last, however old; MusicBrainz need not be asked for the album."""
    fill(lidarr, anyReleaseOk=False)
    first = catalogue.resolve(QUERY, seconds=5)
    lidarr.mood = lambda asked: Reply(500, b"")
    bench.clock.advance(days * DAY)
    fresh = Bench(bench.db, bench.clock, bench.root)  # as after a restart: no list in memory
    again = build(fresh).resolve(QUERY, seconds=5)
    assert again.editions == first.editions
    assert again.any_edition is False
    assert musicbrainz.asked("release") == []


def test_a_dead_musicbrainz_is_answered_for(
    bench: Bench, catalogue: Catalogue, musicbrainz: FakeMusicBrainz
) -> None:
    """Old tracks are better than none."""
    connect(bench, None, musicbrainz)
    musicbrainz.groups = (GROUP,)
    first = catalogue.resolve(QUERY, seconds=5)
    bench.clock.advance(9 * DAY)
    musicbrainz.mood = lambda asked: busy()
    for _ in range(2):
        assert catalogue.resolve(QUERY, seconds=5) == first


def test_an_album_that_was_removed_is_forgotten(
    bench: Bench, catalogue: Catalogue, lidarr: FakeLidarr
) -> None:
    """A Lidarr that is alive is right."""
    connect(bench, lidarr, None)
    fill(lidarr)
    catalogue.resolve(QUERY, seconds=5)
    lidarr.albums.clear()
    assert catalogue.resolve(QUERY, seconds=5).provider is Provider.NOBODY
    assert kept(bench) == {("lidarr", False)}


def test_what_nobody_knows_leaves_no_row_for_lidarr(
    bench: Bench, catalogue: Catalogue, lidarr: FakeLidarr
) -> None:
    """It is asked each time anyway."""
    catalogue.resolve(QUERY, seconds=5)
    assert kept(bench) == {("musicbrainz", False)}


# -- time and trouble --------------------------------------------------------------------------------


def test_a_lidarr_that_takes_its_time(
    bench: Bench, catalogue: Catalogue, lidarr: FakeLidarr, musicbrainz: FakeMusicBrainz
) -> None:
    """MusicBrainz answers in what is left, and the late answer serves the next question."""
    fill(lidarr)
    musicbrainz.groups = (GROUP,)
    lidarr.hold()
    began = time.monotonic()
    found = catalogue.resolve(QUERY, seconds=3)
    assert time.monotonic() - began < 20  # Lidarr hangs for ever
    assert found.provider is Provider.MUSICBRAINZ
    lidarr.release()
    soon(lambda: ("lidarr", True) in kept(bench))
    assert catalogue.resolve(QUERY, seconds=5).provider is Provider.LIDARR


def test_what_is_sure_when_the_time_is_up(
    bench: Bench, catalogue: Catalogue, lidarr: FakeLidarr
) -> None:
    """Names, and the release that Lidarr has chosen."""
    connect(bench, lidarr, None)
    fill(lidarr)
    lidarr.hold("albumReleaseId=12")
    found = catalogue.resolve(QUERY, seconds=2)
    assert (found.provider, ids(found)) == (Provider.LIDARR, ["release-11"])
    lidarr.release()
    soon(lambda: len(ids(catalogue.resolve(QUERY, seconds=5))) == 2)


def test_who_is_alone_has_all_the_time(
    bench: Bench, catalogue: Catalogue, lidarr: FakeLidarr
) -> None:
    """Nothing is saved up for a provider that cannot be asked."""
    connect(bench, lidarr, None)
    fill(lidarr)
    lidarr.pause = 0.4  # four requests, one after the other
    assert len(ids(catalogue.resolve(QUERY, seconds=2.6))) == 2


def test_two_that_hang(
    catalogue: Catalogue, lidarr: FakeLidarr, musicbrainz: FakeMusicBrainz
) -> None:
    """The names as asked, in time."""
    lidarr.hold()
    musicbrainz.hold()
    began = time.monotonic()
    found = catalogue.resolve(QUERY, seconds=1)
    assert time.monotonic() - began < 20  # both hang for ever
    assert found == Wanted("Radiohead", "OK Computer", settled=False)


@pytest.mark.parametrize("seconds", [0.0, -3.0])
def test_no_time_at_all(
    bench: Bench, catalogue: Catalogue, musicbrainz: FakeMusicBrainz, seconds: float
) -> None:
    """Nothing is waited for; what comes is there the next time."""
    connect(bench, None, musicbrainz)
    musicbrainz.groups = (GROUP,)
    musicbrainz.pause = 0.1
    assert catalogue.resolve(QUERY, seconds=seconds).provider is Provider.NOBODY
    soon(lambda: kept(bench) == {("musicbrainz", True)})
    assert ids(catalogue.resolve(QUERY, seconds=seconds)) == ["mb-release"]


@pytest.mark.parametrize(
    "reply",
    [
        Reply(401, b"{}"),
        Reply(403, b""),
        Reply(404, b"{}"),
        Reply(500, b"oops"),
        Reply(302, b"", headers={"Location": "/login"}),
        Reply(200, b"<html>", "text/html"),
        Reply(200, b"null"),
        Reply(200, b"[null, 1, []]"),
        Reply(200, b'{"records": {}}'),
        Reply(200, b'[{"title": {}, "artist": []}]'),
        Reply(200, b"\xff\xfe"),
        Reply(200, b""),
    ],
    ids=lambda reply: f"{reply.status} {reply.body[:12]!r}",
)
def test_bad_answers_fail_no_search(
    catalogue: Catalogue, lidarr: FakeLidarr, musicbrainz: FakeMusicBrainz, reply: Reply
) -> None:
    """From either of them: the names as asked, before the time is up, and again."""
    lidarr.mood = musicbrainz.mood = lambda asked: reply
    began = time.monotonic()
    for _ in range(2):
        assert catalogue.resolve(QUERY, seconds=60).provider is Provider.NOBODY
    assert time.monotonic() - began < 30


def test_nobody_listens(bench: Bench, catalogue: Catalogue) -> None:
    """Wrong addresses."""
    dead = "http://127.0.0.1:9"
    bench.settings.patch({"lidarr.url": dead, "catalogue.musicbrainz_url": dead})
    assert catalogue.resolve(QUERY, seconds=5).provider is Provider.NOBODY


def test_a_broken_cache_costs_only_the_cache(
    bench: Bench, catalogue: Catalogue, lidarr: FakeLidarr
) -> None:
    """The answer of a living provider is as good as ever."""
    connect(bench, lidarr, None)
    fill(lidarr)
    CatalogueRow.__table__.drop(bench.db.engine)  # type: ignore[attr-defined]
    assert len(ids(catalogue.resolve(QUERY, seconds=5))) == 2


def test_without_a_database_names_are_as_asked(
    bench: Bench, catalogue: Catalogue, lidarr: FakeLidarr
) -> None:
    """Not even the settings can be read: no exception leaves the room."""
    fill(lidarr)
    bench.settings.reread()
    SettingRow.__table__.drop(bench.db.engine)  # type: ignore[attr-defined]
    found = catalogue.resolve(QUERY, seconds=5)
    assert found == Wanted("Radiohead", "OK Computer", settled=False)


def test_a_database_that_goes_away_meanwhile(bench: Bench) -> None:
    """A provider reads the settings in a thread of its own."""

    class Unlucky(FromLidarr):
        def usable(self) -> bool:
            return True

        def set_up(self) -> bool:
            return True

        def look(self, question: Question, kept: Wanted | None, tell: Tell) -> Finding:
            raise DatabaseTrouble("locked")

    catalogue = Catalogue(bench.db, bench.settings, [Unlucky(bench.lidarr)], clock=bench.clock)
    found = catalogue.resolve(QUERY, seconds=5)
    assert found == Wanted("Radiohead", "OK Computer", settled=False)


def test_both_databases_keep_everything(both: Bench, lidarr: FakeLidarr) -> None:
    """Odd names, unknown lengths, hundreds of tracks."""
    connect(both, lidarr, None)
    many = [(f"Song {n} \N{MUSICAL SYMBOL G CLEF}\0", n % 3 * 1000) for n in range(300)]
    lidarr.albums = [album(1, "Radiohead", "OK Computer", release(11, *many, discs=(150, 150)))]
    first = build(both).resolve(QUERY, seconds=10)
    assert len(first.editions[0].tracks) == 300
    lidarr.albums.clear()
    lidarr.mood = lambda asked: Reply(500, b"")
    dead = Bench(both.db, both.clock, both.root)
    assert build(dead).resolve(QUERY, seconds=10) == first


def test_pruning(both: Bench, lidarr: FakeLidarr) -> None:
    """Housekeeping takes away what is old."""
    connect(both, lidarr, None)
    fill(lidarr)
    catalogue = build(both)
    catalogue.resolve(QUERY, seconds=5)
    catalogue.prune()
    assert kept(both) == {("lidarr", True)}
    both.clock.advance(60 * DAY)
    catalogue.prune()
    assert kept(both) == set()
