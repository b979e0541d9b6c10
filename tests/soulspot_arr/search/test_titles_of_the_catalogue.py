"""Titles carry the names of the catalogue, however Lidarr asked and however peers spell them.

From the question in each of Lidarr's spellings (contract lidarr §6.3) through the library over real
HTTP to the title, which the emulated parser of Lidarr has to read back as the album of the library.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import pytest

from soulspot_arr.catalogue import Catalogue
from soulspot_arr.catalogue.from_lidarr import FromLidarr
from soulspot_arr.catalogue.from_musicbrainz import FromMusicBrainz
from soulspot_arr.catalogue.musicbrainz_client import MusicBrainzClient
from soulspot_arr.domain import Query
from soulspot_arr.rules.library import mangled
from soulspot_arr.rules.lidarr.parser import read_back, search_accepts
from soulspot_arr.search import Search
from tests.fakes.fake_lidarr import KEY, FakeLidarr, album, release
from tests.fakes.fake_musicbrainz import Artist, FakeMusicBrainz, Group
from tests.soulspot_arr.search.scene import SECONDS, TRACKS, files
from tests.soulspot_arr.workshop import Bench

SONGS = tuple((title, seconds * 1000) for title, seconds in zip(TRACKS, SECONDS, strict=True))
RYUICHI = Artist("artist-ryuichi", "坂本龍一", (("Ryuichi Sakamoto", "Artist name"),))


@dataclass(frozen=True, slots=True)
class Case:
    """An album of the library, and the folder in which somebody shares it."""

    artist: str
    title: str
    folder: str
    note: str = ""
    pressing: str = ""  # title of the release, where that is another one

    @property
    def asked(self) -> str:
        """The title as Lidarr asks for it."""
        return f"{self.title} {self.note}".strip()


CASES = (
    Case("Radiohead", "OK Computer", "Radiohead\\OK Computer (1997)"),
    Case("M.I.A.", "Kala", "MIA\\Kala (2007)"),
    Case("M.I.A.", "Kala", "M.I.A. - Kala"),
    Case("+44", "When Your Heart Stops Beating", "+44\\2006 When Your Heart Stops Beating"),
    Case("Sigur Rós", "( )", "Sigur Ros\\2002 - ( )"),
    Case("Justice", "†", "Justice - †"),
    Case("Weezer", "Weezer (Blue Album)", "Weezer\\1994 - Weezer (Blue Album)"),
    Case("Weezer", "Weezer", "Weezer\\1994 - Weezer (Blue Album)", note="Blue Album"),
    Case("Weezer", "Weezer", "Weezer - Blue Album", note="Blue Album"),
    Case("Peter Gabriel", "Peter Gabriel", "Peter Gabriel\\1977 - Peter Gabriel 1 (Car)", note="1 / Car"),
    Case("坂本龍一", "音楽図鑑", "Ryuichi Sakamoto\\Ongaku Zukan (1984)", pressing="Ongaku Zukan"),
    Case("坂本龍一", "音楽図鑑", "坂本龍一 - 音楽図鑑"),
    Case("Guns N’ Roses", "Use Your Illusion II", "Guns N' Roses\\Use Your Illusion II"),
    Case("P!nk", "M!ssundaztood", "Pink - Missundaztood (2001)"),
    Case("AC/DC", "Back in Black", "ACDC\\Back In Black"),
    Case("The Beatles", "1", "Beatles\\1 (2000)"),
    Case("Metallica", "…And Justice for All", "Metallica\\1988 ...And Justice For All"),
    Case("Freddie Mercury", "Mr. Bad Guy [Special Edition]", "Freddie Mercury\\Mr Bad Guy (Special Edition)"),
    Case("Florence + the Machine", "Lungs", "Florence + The Machine\\Lungs"),
    Case("Various Artists", "Pulp Fiction", "VA - Pulp Fiction (OST)"),
    Case("Swans", "Live - 1999 - Berlin", "Swans\\Live - 1999 - Berlin"),
    Case("Eric Prydz", "Opus (Deluxe)", "Eric Prydz - Opus (Deluxe)"),
    Case("Taylor Swift", "1989 (Taylor’s Version)", "Taylor Swift\\1989 (Taylor's Version)"),
    Case("Сплин", "25-й кадр", "Splin\\25-y kadr (2001)"),
)  # fmt: skip

QUESTIONS: dict[str, Callable[[Case], Query]] = {
    "raw": lambda case: Query(_sent(case.artist), _sent(case.asked)),
    "mangled": lambda case: Query(mangled(case.artist), mangled(case.asked)),
    "text": lambda case: Query(term=_sent(f"{case.artist} {case.asked}")),
    "mangled text": lambda case: Query(term=f"{mangled(case.artist)} {mangled(case.asked)}"),
}


def _sent(name: str) -> str:
    """A plus is a blank by the time it is asked; the indexer knows it again before a number."""
    return name if name.startswith("+") else " ".join(name.replace("+", " ").split())


@pytest.fixture
def lidarr() -> Iterator[FakeLidarr]:
    """An empty Lidarr."""
    with FakeLidarr() as double:
        yield double


@pytest.fixture
def search(bench: Bench, lidarr: FakeLidarr) -> Iterator[Search]:
    """A search that asks Lidarr for albums and MusicBrainz for other names."""
    with FakeMusicBrainz(Group("g", "Elsewhere", (RYUICHI,))) as musicbrainz:
        bench.settings.patch(
            {
                "lidarr.url": lidarr.url,
                "lidarr.api_key": KEY,
                "catalogue.musicbrainz": True,
                "catalogue.musicbrainz_url": musicbrainz.url,
            }
        )
        client = MusicBrainzClient(bench.settings, unhurried=False)
        providers = (FromLidarr(bench.lidarr), FromMusicBrainz(client))
        catalogue = Catalogue(bench.db, bench.settings, providers, clock=bench.clock)
        yield Search(
            bench.db, bench.settings, bench.source, bench.guard, catalogue, clock=bench.clock
        )


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.folder)
def test_every_way_of_asking_leads_to_a_title_that_is_read_back(
    bench: Bench, lidarr: FakeLidarr, search: Search, case: Case
) -> None:
    """Lidarr's own artist and title, without what it appended, in all four of its questions."""
    pressing = release(1, *SONGS, monitored=True, title=case.pressing)
    date = "1994-05-10T00:00:00Z"
    known = album(1, case.artist, case.title, pressing, disambiguation=case.note, releaseDate=date)
    known["artist"]["foreignArtistId"] = RYUICHI.id
    lidarr.albums = [known]
    folder = f"Music\\{case.folder}"
    bench.source.share("anna", folder, *files(folder))
    for how, question in QUESTIONS.items():
        bench.clock.advance(86_400)
        (found,) = search.find(question(case))
        assert (found.artist, found.album) == (case.artist, case.title), how
        assert search_accepts(found.title, case.artist, case.title), how
        read = read_back(found.title)
        assert read is not None
        assert (read.quality, read.revision) == ("FLAC", 1), how


def test_two_albums_that_join_to_one_text_have_two_answers(
    bench: Bench, lidarr: FakeLidarr, search: Search
) -> None:
    """ "Black" with "Wonderful Life" is not "Black Wonderful" with "Life"."""
    names = (("Black", "Wonderful Life"), ("Black Wonderful", "Life"))
    lidarr.albums = [
        album(number, artist, title, release(number, *SONGS, monitored=True))
        for number, (artist, title) in enumerate(names, start=1)
    ]
    for artist, title in names:
        folder = f"Music\\{artist}\\{artist} - {title}"
        bench.source.share(artist, folder, *files(folder))
    for artist, title in names:
        names_found = {(one.artist, one.album) for one in search.find(Query(artist, title))}
        assert names_found == {(artist, title)}


def test_lidarrs_text_finds_the_answer_of_its_question_before(
    both: Bench, lidarr: FakeLidarr
) -> None:
    """Also that nothing was found, after a restart, and with the year of a self-titled album."""
    for query, text in (
        (Query("Cello Ghosts", "Undertow"), "Cello Ghosts Undertow"),
        (Query("Weezer", "Weezer", 1994), "Weezer Weezer 1994"),
        (Query("Weezer", "Weezer"), "Weezer Weezer 0"),
    ):
        first = _alone(both).find(query)
        asked = len(both.source.searches)
        assert asked
        assert _alone(both).find(Query(term=text)) == first == []
        assert len(both.source.searches) == asked


def _alone(bench: Bench) -> Search:
    settings = bench.settings
    settings.patch({"search.rungs": 10, "search.dig": 0})
    catalogue = Catalogue(bench.db, settings, (), clock=bench.clock)
    return Search(bench.db, settings, bench.source, bench.guard, catalogue, clock=bench.clock)
