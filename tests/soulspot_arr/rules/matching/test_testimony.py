"""What names testify: who, which album, which volume, which recording of it."""

from __future__ import annotations

import pytest

from soulspot_arr.rules.matching import testimony
from soulspot_arr.rules.matching.grouping import group
from soulspot_arr.rules.matching.sought import sought_of
from soulspot_arr.rules.matching.testimony import (
    Claim,
    Names,
    hint,
    is_strange,
    is_suspect,
    names_album,
)
from soulspot_arr.wanted import Wanted
from tests.soulspot_arr.rules.albums import RADIOHEAD, album
from tests.soulspot_arr.rules.shares import folder

WEEZER = album("Weezer", "Weezer", [("Buddy Holly", 159.0)], year=1994, disambiguation="Blue Album")
NEON = album("Steve Aoki", "Neon Future II", [("Lightning Strikes", 240.0)])
LEEDS = album("The Who", "Live at Leeds", [("Substitute", 130.0)], styles=frozenset({"live"}))
KINO = album("Кино", "Группа крови", [("Группа крови", 286.0)], aliases=("Kino",))
NOW = album("Various Artists", "Now 96", [("Shape of You", 233.0)])
LATIN = album("Kino", "Gruppa krovi", [("Gruppa krovi", 286.0)])
SIGNS = album("Sigur Rós", "( )", [("Vaka", 399.0)])
FILM = album("Hans Zimmer", "Inception", [("Time", 275.0)], styles=frozenset({"soundtrack"}))
QUARTETS = album(
    "Claude Debussy", "String Quartets", [("I", 380.0)], disambiguation="Quartetto Italiano"
)


def names(wanted: Wanted, path: str, files: list[str] | int = 3, *, proven: bool = False) -> Names:
    """What a folder testifies."""
    (candidate,) = group([folder(path, files)])
    return testimony.testify(sought_of(wanted), candidate, proven=proven)


@pytest.mark.parametrize(
    ("wanted", "path"),
    [
        (RADIOHEAD, r"Music\Radiohead\OK Computer"),
        (RADIOHEAD, r"Music\Radiohead - OK Computer (1997) [FLAC]"),
        (RADIOHEAD, r"Music\Radiohead\OK Computer\FLAC"),
        (RADIOHEAD, r"Radiohead-OK_Computer-CD-FLAC-1997-GRP"),
        (RADIOHEAD, r"Music\Radiohead\OK Computer (Deluxe Edition)"),
        (RADIOHEAD, r"Music\Radiohead\Kid A & OK Computer"),
        (WEEZER, r"Music\Weezer\Weezer (Blue Album)"),
        (WEEZER, r"Music\Weezer - Weezer"),
        (LEEDS, r"Music\The Who\Live at Leeds"),
        (KINO, r"Музыка\КИНО\1988 Группа Крови"),
        (KINO, r"Music\Kino\Gruppa krovi"),
        (KINO, r"Music\Kino - Группа крови"),
        (LATIN, r"Music\Кино\Группа крови"),
        (SIGNS, r"Music\Sigur Ros\( )"),
        (SIGNS, r"Music\Sigur Ros - 2002 - ( ) Remastered"),
        (NOW, r"Music\VA - Now 96"),
        (NOW, r"Music\Compilations\Now 96"),
        (FILM, r"Music\Hans Zimmer\Inception (Original Motion Picture Soundtrack)"),
        (QUARTETS, r"Music\Quartetto Italiano\String Quartets"),
        (QUARTETS, r"Music\Debussy - String Quartets"),
        (RADIOHEAD, "Music\\BjÃ¶rk\\..\\Radiohead\\OK Computer"),
    ],
)
def test_both_names_are_found(wanted: Wanted, path: str) -> None:
    """Under any of their names and in any usual spelling."""
    found = names(wanted, path)
    assert found.claim is Claim.ITSELF
    assert found.named


@pytest.mark.parametrize(
    ("wanted", "path", "claim"),
    [
        (RADIOHEAD, r"Music\OK Computer", Claim.NOBODY),
        (RADIOHEAD, r"Music\Stuff\OK Computer", Claim.SHELF),
        (RADIOHEAD, r"Music\Muse - OK Computer", Claim.ANOTHER),
        (RADIOHEAD, r"Music\Karaoke Stars\OK Computer", Claim.ANOTHER),
        (RADIOHEAD, r"Music\Muse plays Radiohead - OK Computer", Claim.SHELF),
        (RADIOHEAD, r"Music\坂本龍一 - OK Computer", Claim.SHELF),
        (WEEZER, r"Music\Weezer (2014)", Claim.NOBODY),
        (WEEZER, r"Music\Crystal Castles\(1986) Weezer (2014)", Claim.SHELF),
    ],
)
def test_who_stands_in_the_artists_place(wanted: Wanted, path: str, claim: Claim) -> None:
    """A name above may be a shelf, a name in the album's own folder is a claim."""
    assert names(wanted, path).claim is claim


def test_file_names_may_claim_somebody() -> None:
    """A folder without an artist whose files all name one."""
    files = [f"{n:02d} - Muse - Song {n}.flac" for n in range(1, 5)]
    assert names(RADIOHEAD, r"Music\OK Computer", files).claim is Claim.SHELF


def test_the_year_is_a_second_witness_of_a_self_titled_album() -> None:
    """One folder "Weezer (1994)" names artist or album, not both; its year decides."""
    assert names(WEEZER, r"Music\Weezer (1994)").artist >= 0.7
    assert names(WEEZER, r"Music\Weezer (2014)").artist < 0.7


@pytest.mark.parametrize(
    "path",
    [
        r"Music\Radiohead",
        r"Music\Radiohead\Radiohead Discography",
        r"Downloads\complete",
        r"Music\Radiohead\Box Set",
    ],
)
def test_some_folders_name_no_album(path: str) -> None:
    """Heaps and discographies contradict nothing."""
    found = names(RADIOHEAD, path)
    assert (found.unnamed, found.named) == (True, False)


def test_another_album_is_no_heap() -> None:
    """A name that is another one contradicts."""
    assert not names(RADIOHEAD, r"Music\Radiohead\Kid A").unnamed


@pytest.mark.parametrize(
    ("path", "other"),
    [
        (r"Music\Steve Aoki\Neon Future II", False),
        (r"Music\Steve Aoki\Neon Future 2", False),
        (r"Music\Steve Aoki\Neon Future III", True),
        (r"Music\Steve Aoki\Neon Future, Vol. 4", True),
        (r"Music\Steve Aoki\Wonderland", False),
    ],
)
def test_volumes_have_to_agree(path: str, *, other: bool) -> None:
    """However their numbers are written."""
    assert names(NEON, path).other_volume is other


@pytest.mark.parametrize(
    ("wanted", "path", "added", "lacking"),
    [
        (RADIOHEAD, r"Music\Radiohead\OK Computer (Live)", {"live"}, set()),
        (RADIOHEAD, r"Music\Radiohead\OK Computer Tour (1997-08-20)", {"live"}, set()),
        (RADIOHEAD, r"Music\Radiohead\OK Computer (Tour Edition)", set(), set()),
        (RADIOHEAD, r"Music\Radiohead\OK Computer [Instrumentals]", {"instrumental"}, set()),
        (RADIOHEAD, r"Music\Radiohead\OK Computer (Radiohead's Version)",
         {"radioheads version"}, set()),
        (RADIOHEAD, r"Music\Radiohead\OK Computer (Deluxe Version)", set(), set()),
        (LEEDS, r"Music\The Who\Live at Leeds (Live)", set(), set()),
        (LEEDS, r"Music\The Who\At Leeds", set(), {"live"}),
        (FILM, r"Music\Hans Zimmer\Inception (Orchestral)", set(), set()),
    ],
)  # fmt: skip
def test_recordings_are_told_apart(
    wanted: Wanted, path: str, added: set[str], lacking: set[str]
) -> None:
    """Words for another recording count both ways, and not where the album is one."""
    found = names(wanted, path)
    assert (set(found.added), set(found.lacking)) == (added, lacking)


def test_with_proof_it_is_enough_that_both_names_occur() -> None:
    """Many equal titles and lengths need no tidy folder."""
    path = r"Music\Radiohead - OK Computer OKNOTOK Whatever (1997)"
    assert names(RADIOHEAD, path, proven=True).named
    assert not names(RADIOHEAD, path).named
    assert names(RADIOHEAD, path, proven=True).year == 1997


def test_proof_does_not_excuse_another_recording() -> None:
    """Instrumentals are as long as the songs."""
    found = names(RADIOHEAD, r"Music\Radiohead - OK Computer Instrumentals", proven=True)
    assert found.added == {"instrumental"}


@pytest.mark.parametrize(
    ("path", "artist", "album_named", "year"),
    [
        (r"Music\Radiohead\OK Computer (1997)", 1.0, 1.0, 1997),
        (r"Music\OK Computer", 0.5, 1.0, None),
        (r"Music\Radiohead\Kid A", 1.0, 0.5, None),
    ],
)
def test_hint(path: str, artist: float, album_named: float, year: int | None) -> None:
    """A glance at the path, for what is refused anyway."""
    (candidate,) = group([folder(path, 2)])
    found = hint(sought_of(RADIOHEAD), candidate)
    assert (found.artist, found.album, found.year) == (artist, album_named, year)


def test_albums_told_apart_by_file_names_have_claims_instead_of_folders() -> None:
    """Then the claims are what is read."""
    files = [
        f"Radiohead - {a} - {n:02d} - x.flac" for a in ("OK Computer", "Kid A") for n in (1, 2)
    ]
    first, second = sorted(group([folder(r"Music\Heap", files)]), key=lambda one: one.reading.album)
    asked = sought_of(RADIOHEAD)
    assert hint(asked, second).album == 1.0
    assert testimony.testify(asked, second, proven=False).named
    assert not testimony.testify(asked, first, proven=False).named
    assert not is_suspect(asked, second)


@pytest.mark.parametrize(
    ("inside", "named"),
    [
        ("CD2 - OK Computer", True),
        ("Disc 1 - Radiohead - OK Computer (1997)", True),
        ("02. OK Computer", True),
        ("CD1 - Kid A", False),
        ("CD2", False),
    ],
)
def test_a_box_names_the_album_at_its_disc(inside: str, *, named: bool) -> None:
    """The folder of a disc may bear the album's name."""
    assert names_album(sought_of(RADIOHEAD), inside) is named


def test_words_that_nothing_explains_are_strange() -> None:
    """Another orchestra beside the composer and the work."""
    asked = sought_of(QUARTETS)
    (known,) = group([folder(r"Music\Debussy\String Quartets (Quartetto Italiano) [FLAC]", 2)])
    (other,) = group([folder(r"Music\Debussy\String Quartets (Alban Berg Quartett)", 2)])
    assert not is_strange(asked, known)
    assert is_strange(asked, other)
