"""MusicBrainz as a provider: only an unambiguous hit counts, and its releases come page by page."""

from __future__ import annotations

import threading

import pytest

from soulspot_arr.catalogue import from_musicbrainz as module
from soulspot_arr.catalogue.from_musicbrainz import FromMusicBrainz
from soulspot_arr.catalogue.musicbrainz_client import MusicBrainzClient
from soulspot_arr.catalogue.seam import Finding, Question
from soulspot_arr.domain import Query
from soulspot_arr.wanted import Provider, Wanted
from tests.fakes.fake_musicbrainz import (
    Artist,
    FakeMusicBrainz,
    Group,
    Medium,
    Release,
    Track,
    busy,
    songs,
)
from tests.fakes.threads import until
from tests.soulspot_arr.catalogue.conftest import connect
from tests.soulspot_arr.workshop import Bench

RADIOHEAD = Artist("radiohead", "Radiohead")
SAKAMOTO = Artist("sakamoto", "坂本龍一", (("Ryuichi Sakamoto", "Artist name"),))
VARIOUS = Artist("various", "Various Artists")
NOTO = Artist("noto", "Alva Noto")


def one(id_: str, title: str, *artists: Artist, **changes: object) -> Group:
    """A release group of one release."""
    releases = (Release(f"{id_}-release", title, songs("One", "Two")),)
    return Group(id_, title, artists or (RADIOHEAD,), releases, **changes)  # type: ignore[arg-type]


@pytest.fixture
def provider(bench: Bench, musicbrainz: FakeMusicBrainz) -> FromMusicBrainz:
    """The provider, not waiting between its requests."""
    connect(bench, None, musicbrainz)
    return FromMusicBrainz(MusicBrainzClient(bench.settings, unhurried=False))


def look(
    provider: FromMusicBrainz, query: Query, *, album_id: str = "", artist_id: str = ""
) -> tuple[Finding, list[Wanted]]:
    """The finding and what was told on the way."""
    told: list[Wanted] = []
    return provider.look(Question(query, album_id, artist_id), None, told.append), told


LIBRARY = (
    one("ok", "OK Computer"),
    one("ok-live", "OK Computer Live"),
    one("creep-single", "Creep", type="Single"),
    one("creep-ep", "Creep", type="EP"),
    one("thriller", "Thriller"),
    one("thriller-single", "Thriller", type="Single"),
    one("thriller-live", "Thriller", secondary=("Live",)),
    one("blue", "Weezer", Artist("weezer", "Weezer"), note="Blue Album", date="1994-05-10"),
    one("green", "Weezer", Artist("weezer", "Weezer"), note="Green Album", date="2001-05-15"),
    one("async", "async", SAKAMOTO),
    one("insen", "Insen", NOTO, SAKAMOTO),
    one("now", "Now 96", VARIOUS, secondary=("Compilation",)),
    one("kala", "Kala", Artist("mia", "M.I.A.")),
    one("first", "Eponymous", Artist("a", "Twins")),
    one("second", "Eponymous", Artist("b", "Twins")),
    one("1977", "Gabriel", Artist("g", "Gabriel"), date="1977"),
    one("1978", "Gabriel", Artist("g", "Gabriel"), date="1978"),
)


@pytest.mark.parametrize(
    ("query", "found"),
    [
        (Query("Radiohead", "OK Computer"), "ok"),
        (Query("radiohead", "ok computer"), "ok"),
        (Query(term="Radiohead OK Computer"), "ok"),
        (Query("Radiohead", "OK Computer Live"), "ok-live"),
        (Query("Radiohead", "OK Computers"), None),
        (Query("Radiohead", "Thriller"), "thriller"),
        (Query("Radiohead", "Creep"), None),
        (Query("Weezer", "Weezer Blue Album"), "blue"),
        (Query("Weezer", "Weezer"), None),
        (Query("Weezer", "Weezer", 2001), "green"),
        (Query("Ryuichi Sakamoto", "async"), "async"),
        (Query("坂本龍一", "async"), "async"),
        (Query("Alva Noto", "Insen"), "insen"),
        (Query("Ryuichi Sakamoto", "Insen"), "insen"),
        (Query("Alva Noto & 坂本龍一", "Insen"), "insen"),
        (Query("VA", "Now 96"), "now"),
        (Query("M I A", "Kala"), "kala"),
        (Query("Twins", "Eponymous"), None),
        (Query("Gabriel", "Gabriel"), None),
        (Query("Gabriel", "Gabriel", 1978), "1978"),
        (Query(term="Gabriel Gabriel 1977"), "1977"),
    ],
)
def test_only_an_unambiguous_hit_counts(
    provider: FromMusicBrainz, musicbrainz: FakeMusicBrainz, query: Query, found: str | None
) -> None:
    """Names have to be the same; of namesakes the plain studio album, else none."""
    musicbrainz.groups = LIBRARY
    finding, _ = look(provider, query)
    assert finding.settled
    assert (finding.wanted.album_id if finding.wanted else None) == found
    if found:
        assert finding.wanted is not None
        assert [edition.id for edition in finding.wanted.editions] == [f"{found}-release"]
        assert finding.wanted.provider is Provider.MUSICBRAINZ


def test_the_artist_keeps_the_name_that_was_asked_for(
    provider: FromMusicBrainz, musicbrainz: FakeMusicBrainz
) -> None:
    """Lidarr takes an offer only under the name it knows; the others are aliases."""
    musicbrainz.groups = LIBRARY
    asked, _ = look(provider, Query("Ryuichi Sakamoto", "async"))
    assert asked.wanted is not None
    assert (asked.wanted.artist, asked.wanted.aliases) == ("Ryuichi Sakamoto", ("坂本龍一",))
    own, _ = look(provider, Query("坂本龍一", "async"))
    assert own.wanted is not None
    assert (own.wanted.artist, own.wanted.aliases) == ("坂本龍一", ("Ryuichi Sakamoto",))
    mangled, _ = look(provider, Query("M I A", "Kala"))
    assert mangled.wanted is not None
    assert mangled.wanted.artist == "M.I.A."


def test_a_whole_album(provider: FromMusicBrainz, musicbrainz: FakeMusicBrainz) -> None:
    """Discs, lengths, track artists, editions with their country and year, other titles."""
    guest = Artist("guest", "Guest")
    musicbrainz.groups = (
        Group(
            "album",
            "Songs",
            (RADIOHEAD,),
            (
                Release(
                    "first",
                    "Songs",
                    (
                        Medium((Track("One", 61_500), Track("Two", 0, guest))),
                        Medium((Track("Film", 9_000),), "DVD-Video"),
                        Medium((Track("Three", 90_000),)),
                    ),
                ),
                Release("boot", "Songs", songs("x"), status="Bootleg"),
                Release("japan", "歌", songs("One"), country="JP", date="1998-01-02", note="bonus"),
            ),
            secondary=("Live",),
        ),
    )
    finding, told = look(provider, Query("Radiohead", "Songs"))
    assert finding.wanted is not None
    first, japan = finding.wanted.editions
    assert [(t.title, t.disc, t.number, t.seconds, t.artist) for t in first.tracks] == [
        ("One", 1, 1, 61.5, ""),
        ("Two", 1, 2, None, "Guest"),
        ("Three", 3, 1, 90.0, ""),
    ]
    assert (japan.country, japan.year, japan.disambiguation) == ("JP", 1998, "bonus")
    assert finding.wanted.titles == ("歌",)
    assert (finding.wanted.kind, finding.wanted.styles) == ("album", frozenset({"live"}))
    assert [len(wanted.editions) for wanted in told] == [0, 2]
    assert len(musicbrainz.log) == 2


def test_pages(
    provider: FromMusicBrainz, musicbrainz: FakeMusicBrainz, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With recordings MusicBrainz hands out fewer releases than asked for; the rest follows."""
    releases = tuple(Release(f"r{n}", "Songs", songs("One")) for n in range(9))
    musicbrainz.groups = (Group("album", "Songs", (RADIOHEAD,), releases),)
    musicbrainz.page = 4
    finding, told = look(provider, Query("Radiohead", "Songs"))
    assert finding.wanted is not None
    assert [edition.id for edition in finding.wanted.editions] == [f"r{n}" for n in range(9)]
    assert [len(wanted.editions) for wanted in told] == [0, 4, 8, 9]
    monkeypatch.setattr(module, "MOST_EDITIONS", 5)
    finding, _ = look(provider, Query("Radiohead", "Songs"))
    assert finding.wanted is not None
    assert len(finding.wanted.editions) == 5


def test_pages_that_take_too_long(
    provider: FromMusicBrainz, musicbrainz: FakeMusicBrainz, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What came is taken, but not kept for days."""
    releases = tuple(Release(f"r{n}", "Songs", songs("One")) for n in range(9))
    musicbrainz.groups = (Group("album", "Songs", (RADIOHEAD,), releases),)
    musicbrainz.page = 4
    monkeypatch.setattr(module, "_PATIENCE", 0.5)
    finding, _ = look(provider, Query("Radiohead", "Songs"))
    assert finding.wanted is not None
    assert (len(finding.wanted.editions), finding.settled) == (4, False)


def test_an_album_by_its_id(provider: FromMusicBrainz, musicbrainz: FakeMusicBrainz) -> None:
    """Nothing is searched; an id that is unknown is a settled nothing."""
    musicbrainz.groups = LIBRARY
    finding, _ = look(provider, Query("X", "Y"), album_id="ok")
    assert finding.wanted is not None
    assert finding.wanted.album_id == "ok"
    assert len(finding.wanted.editions) == 1
    assert len(musicbrainz.log) == 1
    assert look(provider, Query("X", "Y"), album_id="gone")[0] == Finding(settled=True)


def test_other_names_of_an_artist(provider: FromMusicBrainz, musicbrainz: FakeMusicBrainz) -> None:
    """One request; somebody unknown has none."""
    musicbrainz.groups = LIBRARY
    found, _ = look(provider, Query(), artist_id="sakamoto")
    assert found.wanted is not None
    assert (found.wanted.artist, found.wanted.aliases) == ("坂本龍一", ("Ryuichi Sakamoto",))
    nobody, _ = look(provider, Query(), artist_id="nobody")
    assert nobody.wanted is not None
    assert (nobody.settled, nobody.wanted.aliases) == (True, ())


def test_trouble_in_the_middle(provider: FromMusicBrainz, musicbrainz: FakeMusicBrainz) -> None:
    """The names are told before; the finding itself is not settled."""
    musicbrainz.groups = LIBRARY
    musicbrainz.mood = lambda asked: busy() if asked.path == "/ws/2/release/" else None
    finding, told = look(provider, Query("Radiohead", "OK Computer"))
    assert finding == Finding()
    assert [wanted.album_id for wanted in told] == ["ok"]
    assert not provider.usable()


def test_a_queue_does_not_grow_without_end(
    provider: FromMusicBrainz, musicbrainz: FakeMusicBrainz
) -> None:
    """At one request a second, late questions would wait for nothing."""
    musicbrainz.groups = LIBRARY
    musicbrainz.hold()
    waiting = [
        threading.Thread(target=look, args=(provider, Query("Radiohead", "OK Computer")))
        for _ in range(3)
    ]
    for thread in waiting:
        thread.start()
    until(lambda: not provider._places._value)
    assert look(provider, Query("Radiohead", "OK Computer")) == (Finding(), [])
    assert all(thread.is_alive() for thread in waiting)
    musicbrainz.release()
    for thread in waiting:
        thread.join()
    assert look(provider, Query("Radiohead", "OK Computer"))[0].settled
