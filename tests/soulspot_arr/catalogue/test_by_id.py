"""`Catalogue.album`: the album whose MusicBrainz id is known, over real doubles of both providers."""

from __future__ import annotations

from dataclasses import replace

import pytest

from soulspot_arr.catalogue import Catalogue
from soulspot_arr.domain import Query
from soulspot_arr.errors import DatabaseTrouble
from soulspot_arr.wanted import Provider
from tests.fakes.fake_lidarr import FakeLidarr, album, release
from tests.fakes.fake_musicbrainz import Artist, FakeMusicBrainz, Group, Release, songs
from tests.fakes.http_double import Asked, Reply
from tests.soulspot_arr.catalogue.conftest import build, connect
from tests.soulspot_arr.workshop import Bench

SONGS = (("Airbag", 284_000), ("Paranoid Android", 383_000))
QUERY = Query("Radiohead", "OK Computer")
BAND = Artist("artist-radiohead", "Radiohead")
GUEST = Artist("artist-guest", "The Guest")
EDITION = Release("mb-release", "OK", songs("A", "B"), labels=("Parlophone", "Capitol"))
GROUP = Group("album-1", "OK Computer", (BAND,), (EDITION,))


def test_lidarr_is_asked_by_the_id_alone(catalogue: Catalogue, lidarr: FakeLidarr) -> None:
    """Neither the names nor the library are looked at; all editions come with their tracks."""
    lidarr.albums = [
        album(1, "Radiohead", "OK Computer", release(11, *SONGS), release(12, *SONGS)),
        album(2, "Radiohead", "Kid A", release(21, *SONGS)),
    ]
    found = catalogue.album(Query("Somebody", "Else"), album_id="album-1", seconds=5)
    assert (found.provider, found.artist, found.album) == (
        Provider.LIDARR,
        "Radiohead",
        "OK Computer",
    )
    assert [edition.id for edition in found.editions] == ["release-11", "release-12"]
    assert all(len(edition.tracks) == 2 for edition in found.editions)
    assert {(edition.media, edition.label) for edition in found.editions} == {(("CD",), "A Label")}
    assert "/api/v1/album" not in lidarr.asked()


def test_names_that_lidarr_does_not_tell_are_those_of_the_question(
    catalogue: Catalogue, lidarr: FakeLidarr
) -> None:
    """Its answer about one album may lack the artist."""
    lidarr.albums = [album(1, "Radiohead", "OK Computer", release(11, *SONGS)) | {"artist": None}]
    found = catalogue.album(QUERY, album_id="album-1", seconds=5)
    assert (found.artist, found.album, len(found.editions)) == ("Radiohead", "OK Computer", 1)


def test_musicbrainz_tells_names_and_editions_by_the_id(
    bench: Bench, catalogue: Catalogue, musicbrainz: FakeMusicBrainz
) -> None:
    """In one request, the names exactly as it has them."""
    connect(bench, None, musicbrainz)
    musicbrainz.groups = (replace(GROUP, secondary=("Live",)),)
    found = catalogue.album(Query("radiohead", "ok computer!"), album_id="album-1", seconds=5)
    assert (found.artist, found.artist_id, found.album) == (
        "Radiohead",
        "artist-radiohead",
        "OK Computer",
    )
    assert (found.year, found.kind, found.styles) == (1997, "album", frozenset({"live"}))
    assert found.editions[0].labels == ("Parlophone", "Capitol")
    assert len(musicbrainz.asked("/release/")) == 1
    assert musicbrainz.asked("/release-group/") == []


@pytest.mark.parametrize(
    ("asked", "artist"),
    [
        ("The Guest", "The Guest"),
        ("Radiohead & The Guest", "Radiohead & The Guest"),
        ("?", "Radiohead"),
    ],
)
def test_the_artist_of_a_joint_album_is_the_one_who_was_asked_for(
    bench: Bench, catalogue: Catalogue, musicbrainz: FakeMusicBrainz, asked: str, artist: str
) -> None:
    """Lidarr files it under one of them; when it is none of them, the first."""
    connect(bench, None, musicbrainz)
    musicbrainz.groups = (replace(GROUP, artists=(BAND, GUEST)),)
    found = catalogue.album(Query(asked, "OK Computer"), album_id="album-1", seconds=5)
    assert found.artist == artist


def test_an_album_that_musicbrainz_has_joined_with_another_keeps_the_id_that_lidarr_knows(
    bench: Bench, catalogue: Catalogue, musicbrainz: FakeMusicBrainz
) -> None:
    """Or nobody would know whose editions they are."""
    connect(bench, None, musicbrainz)
    musicbrainz.groups = (GROUP,)
    joined = musicbrainz.reply

    def moved(asked: Asked) -> Reply | None:
        query = {**asked.query, "release-group": "album-1"}
        return joined(replace(asked, query=query)) if asked.path == "/ws/2/release/" else None

    musicbrainz.mood = moved
    found = catalogue.album(QUERY, album_id="before", seconds=5)
    assert (found.album_id, found.album, len(found.editions)) == ("before", "OK Computer", 1)


def test_without_an_id_the_names_decide(catalogue: Catalogue, lidarr: FakeLidarr) -> None:
    """As `resolve` does."""
    lidarr.albums = [album(1, "Radiohead", "OK Computer", release(11, *SONGS))]
    assert catalogue.album(QUERY, album_id="", seconds=5).album_id == "album-1"


def test_what_the_search_has_kept_is_good_for_it(
    bench: Bench, catalogue: Catalogue, lidarr: FakeLidarr
) -> None:
    """Lidarr went silent between the search and the last byte."""
    connect(bench, lidarr, None)
    lidarr.albums = [album(1, "Radiohead", "OK Computer", release(11, *SONGS))]
    assert catalogue.resolve(QUERY, seconds=5).editions
    connect(bench, None, None)
    bench.settings.patch({"lidarr.url": "http://127.0.0.1:1"})
    again = build(bench)
    found = again.album(QUERY, album_id="album-1", seconds=2)
    assert [edition.id for edition in found.editions] == ["release-11"]
    other = again.album(QUERY, album_id="album-9", seconds=2)
    assert (other.artist, other.album, other.album_id) == ("Radiohead", "OK Computer", "album-9")
    assert (other.editions, other.settled) == ((), False)


def test_a_silent_lidarr_is_answered_for_by_its_list_and_what_it_said_before(
    bench: Bench, lidarr: FakeLidarr
) -> None:
    """The flags of the list, the tracks of the answer that was kept."""
    connect(bench, lidarr, None)
    lidarr.albums = [album(1, "Radiohead", "OK Computer", release(11, *SONGS), anyReleaseOk=False)]
    catalogue = build(bench)
    lidarr.albums[0]["releases"][0]["monitored"] = True
    assert catalogue.resolve(QUERY, seconds=5).editions
    assert catalogue.album(QUERY, album_id="album-1", seconds=5).editions
    lidarr.mood = lambda asked: Reply(500, b"{}")
    for _ in range(2):  # asked in vain, then left alone
        found = catalogue.album(Query(), album_id="album-1", seconds=5)
        assert (found.artist, found.any_edition) == ("Radiohead", False)
        assert [edition.id for edition in found.editions] == ["release-11"]


def test_an_id_that_nobody_knows(catalogue: Catalogue, lidarr: FakeLidarr) -> None:
    """Another album of the same name is not taken for it."""
    lidarr.albums = [album(1, "Radiohead", "OK Computer", release(11, *SONGS))]
    found = catalogue.album(QUERY, album_id="album-9", seconds=5)
    assert (found.album_id, found.editions, found.provider) == ("album-9", (), Provider.NOBODY)


def test_a_second_question_asks_musicbrainz_no_more(
    bench: Bench, catalogue: Catalogue, musicbrainz: FakeMusicBrainz
) -> None:
    """Its answers are kept under the id too."""
    connect(bench, None, musicbrainz)
    musicbrainz.groups = (GROUP,)
    first = catalogue.album(QUERY, album_id="album-1", seconds=5)
    assert build(bench).album(QUERY, album_id="album-1", seconds=5) == first
    assert len(musicbrainz.asked("/release/")) == 1


def test_a_broken_database_is_no_failure(
    catalogue: Catalogue, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The names as asked, and not settled."""

    def broken(*args: object, **named: object) -> None:
        raise DatabaseTrouble("The database is gone.")

    monkeypatch.setattr(catalogue._settings, "get", broken)
    found = catalogue.album(QUERY, album_id="album-1", seconds=1)
    assert (found.album, found.album_id, found.settled) == ("OK Computer", "album-1", False)
