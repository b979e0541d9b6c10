"""Title rows through real searches: the world shares albums with the awkward names themselves.

Rows T01-T18 of contract lidarr §13.6. Each title is judged by what stock Lidarr reads out of it and
by the literal properties of the row. (The builder alone: tests/soulspot_arr/rules/test_titles.py.)
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

import pytest

from soulspot_arr.demo.decisions import Surroundings, decide
from soulspot_arr.demo.feed import FoundRelease
from soulspot_arr.demo.library import Album, simple_album
from soulspot_arr.rules.lidarr.parser import read_back, search_accepts
from soulspot_arr.rules.lidarr.text import clean_name
from soulspot_arr.simulator.world import World
from tests.conformance.indexer import Indexer, open_indexer, share_folder

pytestmark = pytest.mark.xdist_group(name="conformance-newznab-titles")


@dataclass(frozen=True, slots=True)
class Name:
    """One album of Lidarr's library, where a peer keeps it, and what the title has to say."""

    row: str
    artist: str
    album: str
    folder: str
    kind: str = "FLAC"
    quality: str = "FLAC"
    clean: str = ""
    needs: str = ""
    year: int = 0


NAMES = (
    Name("T01", "Radiohead", "OK Computer", r"Radiohead\OK Computer (1997)", clean="radiohead",
         needs=r"\(FLAC\) Radiohead - OK Computer - 1997-slsk"),
    Name("T02", "AC/DC", "Back in Black", r"ACDC\Back in Black (1980)", "MP3 320", "MP3-320", "acdc"),
    Name("T03", "M.I.A.", "Kala", r"MIA\Kala (2007)", clean="mi"),
    Name("T04", "+44", "When Your Heart Stops Beating", r"+44\When Your Heart Stops Beating",
         needs=r"\+44 - When"),
    Name("T05", "Taylor Swift", "1989 (Taylor’s Version)", r"Taylor Swift\1989 (Taylor's Version)",
         needs=r"1989 \(Taylor’s Version\)"),
    Name("T06", "Freddie Mercury", "Mr. Bad Guy [Special Edition]",
         r"Freddie Mercury\Mr Bad Guy [Special Edition]", needs=r"\(Special Edition\)"),
    Name("T07", "Various Artists", "Now That’s What I Call Music! 96",
         r"VA - Now That's What I Call Music! 96 (2017)", "MP3 320", "MP3-320",
         needs="Various Artists - Now"),
    Name("T08", "The Discography Band", "First", r"The Discography Band\First"),
    Name("T08", "Metallica", "Discography Sessions Vol. 1", r"Metallica\Discography Sessions Vol 1"),
    Name("T09", "Metallica", "2010-07-12: Sofia", r"Metallica\2010-07-12 Sofia"),
    Name("T10", "8Ball & MJG", "On Top of the World", r"8Ball & MJG\On Top of the World",
         clean="8ballmjg"),
    Name("T11", "Eric Prydz", "Opus (Deluxe)", r"Eric Prydz\Opus (Deluxe)", "MP3 320", "MP3-320"),
    Name("T12", "Proper Dos", "Overdose", r"Proper Dos\Overdose"),
    Name("T12", "Repack Crew", "REAL Sample", r"Repack Crew\Real Sample"),
    Name("T13", "Sigur Rós", "( )", r"Sigur Ros\2002 - ( )", needs=r"Sigur Rós - \( \) - "),
    Name("T13", "Justice", "†", "Justice\\†", needs="Justice - † - "),
    Name("T13", "!!!", "Louden Up Now", r"!!!\Louden Up Now (2004)"),
    Name("T13", "Ed Sheeran", "+", r"Ed Sheeran\+ (2011)", needs=r"Ed Sheeran - \+ - "),
    Name("T13", "Ed Sheeran", "÷", r"Ed Sheeran\÷ (2017)", needs=r"Ed Sheeran - ÷ - "),
    Name("T14", "Motörhead", "Ace of Spades", r"Motorhead\Ace of Spades (1980)", "MP3 VBR V0",
         "MP3-VBR-V0", needs=r"^\(MP3 VBR V0\) "),
    Name("T15", "Metallica", "72 Seasons", r"Metallica\72 Seasons (2023)", "FLAC 24bit",
         "FLAC 24bit", needs=r"^\(FLAC 24bit\) "),
    Name("T16", "Nirvana", "Nevermind", r"Nirvana\Nevermind", needs=" - 0000-slsk"),
)  # fmt: skip
_IDS = [f"{name.row} {name.artist} {name.album}" for name in NAMES]


def build(world: World) -> None:
    """One peer for each name, and an album in a bitrate for which titles have no word."""
    for number, name in enumerate(NAMES):
        share_folder(world, f"peer{number}", f"@@abcde\\Music\\{name.folder}", kind=name.kind)
    share_folder(world, "odd", r"Music\Nirvana\Bleach (1989)", kind="MP3 224")
    share_folder(world, "even", r"Music\Nirvana\Bleach (1989)", kind="MP3 192")


@pytest.fixture(scope="module")
def indexer(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Indexer]:
    """The service in front of that world."""
    with open_indexer(tmp_path_factory.mktemp("titles"), build) as opened:
        yield opened


def search(indexer: Indexer, name: Name) -> list[FoundRelease]:
    """What a stock Lidarr gets, from whichever of its two tiers."""
    return list(indexer.lidarr().search_album(name.artist, name.album, year=name.year))


@pytest.mark.parametrize("name", NAMES, ids=_IDS)
def test_T01_T02_T03_T04_T05_T06_T07_T08_T09_T10_T11_T12_T13_T14_T15_T16_titles_say_what_was_meant(
    indexer: Indexer, name: Name
) -> None:
    """Found, read back, approved."""
    (release,) = search(indexer, name)
    read = read_back(release.title)
    assert read is not None, release.title
    assert search_accepts(release.title, name.artist, name.album)
    assert read.quality == name.quality
    assert (read.revision, read.real, read.repack, read.discography) == (1, 0, False, False)
    assert "sample" not in release.title.lower()
    assert clean_name(read.artist) == (name.clean or clean_name(name.artist))
    assert re.search(name.needs, release.title), release.title
    verdict = decide(release, _library(name), Surroundings(now=release.published))
    assert verdict.approved, verdict.rejections


def _library(name: Name) -> Album:
    tracks = tuple((f"Song {number}", 240.0) for number in range(1, 5))
    return simple_album(name.artist, name.album, name.year or 2000, tracks)


def test_T17_a_bitrate_without_a_word_is_not_offered(indexer: Indexer) -> None:
    """MP3 224 would be read as Unknown and imported as something else."""
    releases = indexer.lidarr().search_album("Nirvana", "Bleach")
    assert [release.title.partition(")")[0] for release in releases] == ["(MP3 192"]


def test_T18_every_title_is_unique_and_short_enough(indexer: Indexer) -> None:
    """A hash of eight digits at the end; with `.nzb` it still is a file name."""
    titles = [release.title for name in NAMES for release in search(indexer, name)]
    assert len(titles) == len(NAMES)
    assert all(re.search(r"-slsk[0-9a-f]{8}\Z", title) for title in titles)
    assert len({title[-8:] for title in titles}) == len(titles)
    assert max(len(f"{title}.nzb".encode()) for title in titles) <= 255
