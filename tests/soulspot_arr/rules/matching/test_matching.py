"""Is it that album: verdicts about one folder, and the names for its title."""

from __future__ import annotations

import pytest

from soulspot_arr.domain import Decision, Query
from soulspot_arr.rules.matching import appraise, group
from tests.soulspot_arr.rules.shares import RADIOHEAD, folder

WEEZER = Query("Weezer", "Weezer", 1994)
NOW = Query("Various Artists", "Now That’s What I Call Music! 96")


def verdict(
    query: Query, path: str, names: list[str] | int = 3, *, minimum: float = 0.6
) -> Decision:
    """The decision about one folder."""
    (found,) = appraise(query, group([folder(path, names)]), minimum=minimum)
    return found.decision


@pytest.mark.parametrize("mark", ["(Live)", "[Karaoke]", "(Instrumental)"])
def test_words_for_another_recording_behind_the_titles(mark: str) -> None:
    """A folder of live recordings may be called like the album; its files tell."""
    files = [f"{n:02d} - Song {chr(64 + n)} {mark}.flac" for n in range(1, 9)]
    found = verdict(RADIOHEAD, r"Music\Radiohead\OK Computer", files)
    assert found.rejections[0].reason.startswith("another recording")
    bonus = [f"{n:02d} - Song {chr(64 + n)}.flac" for n in range(1, 9)] + [f"09 - I {mark}.flac"]
    assert verdict(RADIOHEAD, r"Music\Radiohead\OK Computer", bonus).accepted


def test_a_year_that_belongs_to_the_name() -> None:
    """ "Pop Ambient 2005" came out in 2004, and 2006 is another one."""
    asked = Query("Various Artists", "Pop Ambient 2005", 2004)
    assert verdict(asked, r"Music\VA - Pop Ambient 2005 [Kompakt, 2004]").accepted
    assert not verdict(asked, r"Music\VA - Pop Ambient 2006").accepted


@pytest.mark.parametrize(
    ("query", "path"),
    [
        (RADIOHEAD, r"@@abcde\Music\Radiohead\OK Computer (1997) [FLAC]"),
        (RADIOHEAD, r"Music\Radiohead - 1997 - OK Computer [FLAC]"),
        (RADIOHEAD, r"Music\Radiohead - OK Computer (1997)"),
        (RADIOHEAD, r"Music\Radiohead\1997 - OK Computer (Collector's Edition)"),
        (RADIOHEAD, r"Music\Radiohead OK Computer"),
        (RADIOHEAD, r"Radiohead.OK.Computer.1997.FLAC"),
        (RADIOHEAD, r"Radiohead-OK_Computer-CD-FLAC-1997-GRP"),
        (RADIOHEAD, r"Music\Radiohead\OK Computer\FLAC"),
        (RADIOHEAD, r"/mnt/music/Radiohead/OK Computer"),
        (RADIOHEAD, r"Music\radio head\ok_computer"),
        (RADIOHEAD, r"Music\R\Radiohead\Okay Computer"),
        (RADIOHEAD, r"Music\Radiohead\Albums\1997. OK Computer [2CD]"),
        (RADIOHEAD, r"Music\Radiohead Discography\OK Computer"),
        (RADIOHEAD, r"Music\OK Computer (Radiohead)"),
        (RADIOHEAD, r"Music\Radiohead\OK Computer [Full Covers]"),
        (Query("!!!", "Louden Up Now"), r"Music\!!! Louden Up Now"),
        (Query("Motörhead", "Ace of Spades"), "Music\\Moto\u0308rhead\\Ace Of Spades"),
        (Query("Motörhead", "Ace of Spades"), r"Music\Motorhead\Ace Of Spades"),
        (Query("AC/DC", "Back in Black"), r"Music\AC/DC\Back in Black"),
        (Query("AC/DC", "Back in Black"), r"Music\ACDC\1980 - Back In Black"),
        (Query("AC/DC", "Back in Black"), r"Music\AC_DC - Back In Black (1980)"),
        (Query("P!nk", "M!ssundaztood"), r"Music\Pink\Missundaztood"),
        (Query("M.I.A.", "Kala"), r"Music\MIA - Kala [2007]"),
        (Query("The Beatles", "Abbey Road"), r"Music\Beatles, The\1969 - Abbey Road"),
        (Query("Beatles", "Abbey Road"), r"Music\The Beatles\Abbey Road (2019 Mix Remastered)"),
        (Query("Simon & Garfunkel", "Bookends"), r"Music\Simon and Garfunkel\1968 Bookends"),
        (Query("Bob Marley & The Wailers", "Exodus"), r"Music\Bob Marley\Exodus"),
        (Query("Florence   the Machine", "Lungs"), r"Music\Florence + The Machine\Lungs"),
        (Query("David Bowie", "Low"), r"Music\Bowie, David\Low"),
        (Query("Jay-Z", "The Black Album"), r"Music\Jay-Z-The_Black_Album-2003-GRP"),
        (Query("Live", "Throwing Copper"), r"Music\Live - Throwing Copper (1994)"),
        (Query("Nirvana", "Nevermind"), r"Music\Nirvana\Nevermind (1991) (2011 Remaster)"),
        (Query("Nirvana", "Nevermind (Deluxe Edition)"), r"Music\Nirvana\Nevermind"),
        (Query("Nirvana", "MTV Unplugged in New York"), r"Music\Nirvana\Unplugged in New York (Live)"),
        (Query("Deep Purple", "Made in Japan"), r"Music\Deep Purple\Live\Made in Japan"),
        (Query("Nirvana", "Nevermind"), r"Music\Nirvana\Nevermind (DGC)"),
        (Query("Steve Aoki", "Neon Future II"), r"Music\Steve Aoki\Neon Future 2"),
        (Query("The Beatles", "1"), r"Music\The Beatles\1 (2000)"),
        (Query("Taylor Swift", "1989"), r"Music\Taylor Swift - 1989"),
        (Query("Taylor Swift", "1989"), r"Music\Taylor Swift\2014 - 1989"),
        (Query("Taylor Swift", "1989 (Taylor’s Version)"), r"Music\Taylor Swift - 1989 (Taylor's Version)"),
        (Query("Sigur Rós", "( )"), r"Music\Sigur Ros\2002 - ( )"),
        (Query("!!!", "Louden Up Now"), r"Music\!!! - Louden Up Now (2004)"),
        (Query("!!!", "Louden Up Now"), r"Music\!!!\Louden Up Now"),
        (Query("坂本龍一", "戦場のメリークリスマス"), r"音楽\坂本龍一\1983 - 戦場のメリークリスマス"),
        (Query("Кино", "Группа крови"), r"Музыка\КИНО\1988 Группа Крови"),
        (WEEZER, r"Music\Weezer\Weezer"),
        (WEEZER, r"Music\Weezer\1994 - Weezer"),
        (WEEZER, r"Music\Weezer (1994)"),
        (WEEZER, r"Music\Weezer\Weezer (Deluxe Edition) (2004)"),
        (Query("Weezer", "Weezer Blue Album"), r"Music\Weezer\Weezer (1994)"),
        (Query("Weezer", "Weezer Blue Album"), r"Music\Weezer\Blue Album"),
        (Query("Weezer", "Weezer Blue Album"), r"Music\Weezer - Weezer (Blue Album) [1994]"),
        (NOW, r"Music\VA - Now That's What I Call Music 96 (2017)"),
        (NOW, r"Music\Compilations\Now That's What I Call Music! 96"),
        (Query("", "OK Computer"), r"Music\Radiohead\OK Computer"),
        (Query("Pink Floyd", "The Dark Side of the Moon"), r"Music\The Dark Side of the Moon [FLAC]"),
        (Query("Radiohead"), r"Music\Radiohead\1997 - OK Computer [FLAC]"),
        (Query(term="AC/DC Back in Black"), r"Music\AC-DC\Back In Black (1980)"),
        (Query(term="Radiohead OK Computer"), r"Music\Radiohead - OK Computer"),
        (Query(term="Radiohead - OK Computer"), r"Music\Radiohead - OK Computer"),
        (Query(term="Weezer Weezer 1994"), r"Music\Weezer\Weezer (1994)"),
        (Query(term="Radiohead"), r"Music\Radiohead - OK Computer"),
        (Query(term="OK Computer"), r"Music\Radiohead - OK Computer"),
        (Query(term="Radiohead OK Computer 0"), r"Music\Radiohead - OK Computer"),
        (Query(term="Various Artists Basement Tapes, Vol. 2"), r"Music\VA - Basement Tapes, Vol. 2"),
        (Query(term="Somebody Summer of 1969"), r"Music\Somebody\Summer of 1969"),
        (Query("Various Artists"), r"Music\VA - Basement Tapes"),
        (Query("Various Artists", "Pulp Fiction"), r"Music\Soundtracks\Pulp Fiction"),
        (Query("Various Artists", "Pulp Fiction"), r"Music\Quentin Tarantino\Pulp Fiction"),
    ],
)  # fmt: skip
def test_right_albums_are_accepted(query: Query, path: str) -> None:
    """Messy shares of the wanted album are not lost."""
    found = verdict(query, path)
    assert found.accepted, found.rejections
    assert found.identity >= 0.6


@pytest.mark.parametrize(
    ("query", "path", "reason"),
    [
        (RADIOHEAD, r"Music\Radiohead\Kid A", "another album"),
        (RADIOHEAD, r"Music\Radiohead\OK Computer (Live)", "another recording: live"),
        (RADIOHEAD, r"Music\Radiohead\OK Computer Demos", "another recording: demo"),
        (RADIOHEAD, r"Music\Radiohead\OK Computer Remixes", "another recording: remix"),
        (RADIOHEAD, r"Music\Radiohead\OK Computer [Instrumental]", "another recording"),
        (RADIOHEAD, r"Music\String Quartet\Tribute to Radiohead - OK Computer", "tribute"),
        (RADIOHEAD, r"Music\Christopher O'Riley\OK Computer", "another artist"),
        (RADIOHEAD, r"Music\Various Artists\OK Computer", "another artist"),
        (RADIOHEAD, r"Music\!!!\OK Computer", "another artist"),
        (RADIOHEAD, r"Music\Radiohead Tribute\OK Computer", "another artist"),
        (RADIOHEAD, r"Music\OK Computer", "the artist is named nowhere"),
        (RADIOHEAD, r"Music\Radiohead", "neither artist nor album"),
        (RADIOHEAD, r"Music\Radiohead\The Best Of", "another album"),
        (Query("Radiohead", "OK Computer Live"), r"Music\Radiohead\OK Computer", "not the wanted"),
        (Query("Deep Purple", "Made in Japan"), r"Music\Deep Purple\Made in Europe", "another album"),
        (Query("Steve Aoki", "Neon Future III"), r"Music\Steve Aoki\Neon Future II", "another album"),
        (Query("Steve Aoki", "Neon Future"), r"Music\Steve Aoki\Neon Future II", "another album"),
        (Query("Chicago", "Chicago 17"), r"Music\Chicago\Chicago 16", "another album"),
        (Query("Taylor Swift", "1989"), r"Music\Taylor Swift\1989 (Taylor's Version)", "another album"),
        (Query("Sigur Rós", "( )"), r"Music\Sigur Ros\Takk", "another album"),
        (Query("Metallica", "Metallica Through the Never"), r"Music\Metallica\Metallica", "another"),
        (Query("Nirvana", "Nevermind"), r"Music\Nirvana\Nevermind (Original Score)", "another album"),
        (Query("Weezer", "Weezer"), r"Music\Weezer (2001)", "the artist is named nowhere"),
        (WEEZER, r"Music\Weezer", "the artist is named nowhere"),
        (WEEZER, r"Music\Weezer\Pinkerton", "another album"),
        (WEEZER, r"Music\Weezer\Weezer (2001)", "of 2001, not 1994"),
        (Query("Weezer", "Weezer Blue Album"), r"Music\Weezer\Weezer (Green Album)", "green"),
        (NOW, r"Music\VA - Now That's What I Call Music 95 (2017)", "another album"),
        (Query("Radiohead"), r"Music\Muse\Absolution", "another artist"),
        (Query("Various Artists"), r"Music\Muse\Absolution", "another artist"),
        (Query("Various Artists", "Fiction"), r"Music\Muse\Fiction", "another artist"),
        (RADIOHEAD, r"Music\Radiohead\OK Computer OKNOTOK (1997)", "another album"),
        (Query(term="Radiohead OK Computer"), r"Music\Radiohead\Kid A", "another album"),
        (Query(term="Radiohead"), r"Music\Muse\Absolution", "another album"),
    ],
)  # fmt: skip
def test_wrong_albums_are_refused_in_plain_words(query: Query, path: str, reason: str) -> None:
    """Names that contradict are never outvoted, and the reason says what contradicts."""
    found = verdict(query, path)
    assert not found.accepted
    assert found.identity < 0.6
    assert reason in found.rejections[0].reason


@pytest.mark.parametrize(
    "names",
    [
        ["01 - Radiohead - Airbag.flac", "02 - Radiohead - Paranoid Android.flac"],
        ["Radiohead - 01 - Airbag.flac", "Radiohead - 02 - Paranoid Android.flac"],
        ["01-radiohead-airbag.flac", "02-radiohead-paranoid_android.flac"],
    ],
)
def test_file_names_can_witness_the_artist(names: list[str]) -> None:
    """A folder without its artist is believed when the files name him."""
    assert verdict(RADIOHEAD, r"Music\OK Computer", names).accepted


def test_one_file_name_is_no_witness() -> None:
    """One title can hold an artist's name by chance."""
    assert not verdict(RADIOHEAD, r"Music\OK Computer", ["radiohead airbag.flac"]).accepted


def test_flaws_of_the_files_refuse_the_right_album() -> None:
    """Identity and flaws are told apart: sure of the album, and still refused."""
    found = verdict(RADIOHEAD, r"Music\Radiohead\OK Computer", ["01 - a.flac", "03 - c.flac"])
    assert found.identity == 1.0
    assert [r.reason for r in found.rejections] == ["track 2 is missing"]


def test_minimum_is_the_callers() -> None:
    """A long, exact album name without artist is a case for a person."""
    query, path = (
        Query("Pink Floyd", "The Dark Side of the Moon"),
        r"Music\The Dark Side of the Moon",
    )
    assert verdict(query, path, minimum=0.6).accepted
    assert not verdict(query, path, minimum=0.9).accepted


def test_exact_edition_is_surer_than_another() -> None:
    """A plain pressing comes before a deluxe one when the plain one was asked for."""
    plain = verdict(RADIOHEAD, r"Music\Radiohead\OK Computer")
    deluxe = verdict(RADIOHEAD, r"Music\Radiohead\OK Computer (Deluxe Edition)")
    assert plain.identity > deluxe.identity >= 0.9


@pytest.mark.parametrize(
    ("query", "path", "names"),
    [
        (RADIOHEAD, r"Music\radiohead - ok computer (1997)", ("Radiohead", "OK Computer", 1997)),
        (WEEZER, r"Music\Weezer\Weezer", ("Weezer", "Weezer", 1994)),
        (Query("Weezer", "Weezer Blue Album"), r"Music\Weezer\Blue Album", ("Weezer", "Weezer", None)),
        (Query("Radiohead"), r"Music\Radiohead\1997 - Kid A [FLAC]", ("Radiohead", "Kid A", 1997)),
        (Query("Björk"), "Music\\Bjo\u0308rk\\De\u0301but", ("Björk", "D\u00e9but", None)),
        (Query("", "Kid A"), r"Music\Radiohead\Kid A", ("Radiohead", "Kid A", None)),
        (Query("", "Kid A"), r"Music\Kid A", (None, "Kid A", None)),
        (Query(term="AC/DC Back in Black"), r"Music\ACDC\Back In Black", ("AC/DC", "Back in Black", None)),
        (Query(term="Weezer Weezer 1994"), r"Music\Weezer\Weezer", ("Weezer", "Weezer", 1994)),
        (Query(term="Radiohead"), r"Music\Radiohead\Kid A (2000)", ("Radiohead", "Kid A", 2000)),
        (Query(term="nothing of it"), r"x", (None, "x", None)),
    ],
)  # fmt: skip
def test_names_for_the_title(
    query: Query, path: str, names: tuple[str | None, str | None, int | None]
) -> None:
    """Lidarr's own spelling where it asked, the folder's reading elsewhere."""
    (found,) = appraise(query, group([folder(path, 2)]))
    assert (found.artist, found.album, found.year) == names


def test_what_cannot_be_named_is_refused() -> None:
    """A title needs an artist and an album."""
    found = verdict(Query("", "Kid A"), r"Music\Kid A")
    assert [r.reason for r in found.rejections] == ["artist or album cannot be told from the path"]


def test_an_ep_is_not_the_album_of_the_same_name() -> None:
    """Offered, but less sure than the album itself."""
    album = verdict(Query("Linkin Park", "Hybrid Theory"), r"Music\Linkin Park\Hybrid Theory")
    ep = verdict(Query("Linkin Park", "Hybrid Theory"), r"Music\Linkin Park\Hybrid Theory EP")
    assert album.identity >= 0.9 > ep.identity
