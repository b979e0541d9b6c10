"""Each kind of album by its own rule: compilations, soundtracks, singles, odd names, classics."""

from __future__ import annotations

from dataclasses import replace

import pytest

from tests.soulspot_arr.rules.albums import (
    OK_COMPUTER,
    RADIOHEAD,
    Row,
    album,
    edition,
    judged,
    names,
    shared,
    songs,
    verdict,
)

# -- kinds of albums -------------------------------------------------------------------------------


def test_various_artists() -> None:
    """Titles may carry their artists, the folder names nobody."""
    rows: list[Row] = [(f"Hit {chr(64 + n)}", 180.0 + 9 * n) for n in range(1, 21)]
    wanted = album(
        "Various Artists", "Now 96", rows, kind="album", styles=frozenset({"compilation"})
    )
    (first,) = wanted.editions
    credited = replace(
        first,
        tracks=tuple(replace(t, artist=f"Star {n}") for n, t in enumerate(first.tracks, start=1)),
    )
    wanted = replace(wanted, editions=(credited,))
    for pattern in ("{n:02d} - {title}.flac", "{n:02d} - Star {n} - {title}.flac"):
        assert verdict(wanted, shared(r"Music\VA - Now 96", rows, pattern)).automatic
    assert not judged(wanted, shared(r"Music\VA - Now 95", songs(20)))[0].decision.accepted


@pytest.mark.parametrize(
    "path",
    [
        r"Music\Soundtracks\Inception",
        r"Music\Hans Zimmer\Inception (Original Motion Picture Soundtrack)",
        r"Music\Inception OST (2010)",
    ],
)
def test_soundtracks(path: str) -> None:
    """Words for a soundtrack say nothing, and the composer may be missing."""
    rows = songs(12, word="Cue")
    wanted = album("Hans Zimmer", "Inception", rows, styles=frozenset({"soundtrack"}), year=2010)
    assert verdict(wanted, shared(path, rows)).automatic


SELF_TITLED = album("Weezer", "Weezer", songs(10), year=1994, disambiguation="Blue Album")


@pytest.mark.parametrize(
    ("path", "lengths", "automatic"),
    [
        (r"Music\Weezer\Weezer", True, True),
        (r"Music\Weezer\Weezer (Blue Album)", True, True),
        (r"Music\Weezer", True, True),  # proven by tracks and lengths alone
        (r"Music\Weezer", False, False),
    ],
)
def test_self_titled_albums(path: str, *, lengths: bool, automatic: bool) -> None:
    """The artist's folder alone proves no album, unless tracks and lengths do."""
    assert verdict(SELF_TITLED, shared(path, songs(10), lengths=lengths)).automatic is automatic


def test_a_namesake_is_another_album() -> None:
    """The Green Album has other songs."""
    found = verdict(SELF_TITLED, shared(r"Music\Weezer\Weezer (2001)", songs(10, word="Green")))
    assert not found.decision.accepted


@pytest.mark.parametrize(
    ("artist", "title", "path"),
    [
        ("Sigur Rós", "( )", r"Music\Sigur Ros\2002 - ( )"),
        ("+44", "When Your Heart Stops Beating", r"Music\+44\When Your Heart Stops Beating"),
        ("Jay-Z", "4:44", r"Music\Jay-Z\4_44 (2017)"),
        ("Taylor Swift", "1989", r"Music\Taylor Swift - 1989 (2014)"),
        ("!!!", "Louden Up Now", r"Music\!!!\Louden Up Now"),
        ("!!!", "!!!", r"Music\!!!\!!!"),
        ("Justice", "†", r"Music\Justice\† (2007)"),
        ("Queen", "Jazz", r"Music\Queen\Jazz"),
        ("Blur", "13", r"Music\Blur\13 (1999)"),
        ("M.I.A.", "Kala", r"Music\MIA\Kala"),
        ("Кино", "Группа крови", r"Music\Kino\Gruppa krovi"),
        ("坂本龍一", "音楽図鑑", r"音楽\坂本龍一\1984 - 音楽図鑑"),
    ],
)
def test_short_numeric_and_foreign_names(artist: str, title: str, path: str) -> None:
    """Names that leave little to compare."""
    rows = songs(10)
    wanted = album(artist, title, rows, aliases=("Kino",) if artist == "Кино" else ())
    assert verdict(wanted, shared(path, rows)).automatic
    other = verdict(wanted, shared(path, songs(10, word="Else", start=90.0)))
    assert not other.decision.accepted


def test_titles_that_are_signs() -> None:
    """Tracks called by nothing but punctuation."""
    rows: list[Row] = [("+", 200.0), ("÷", 220.0), ("=", 240.0), ("…", 260.0)]
    wanted = album("Ed Sheeran", "Signs", rows)
    assert verdict(wanted, shared(r"Music\Ed Sheeran\Signs", rows)).automatic


def test_singles_and_their_album() -> None:
    """A single is proven by its own folder; the same song on the album is not automatic."""
    rows: list[Row] = [("Creep", 238.0), ("Lurgee", 187.0)]
    wanted = album("Radiohead", "Creep", rows, kind="single")
    assert verdict(wanted, shared(r"Music\Radiohead\Creep (Single)", rows)).automatic
    inside = verdict(wanted, shared(r"Music\Radiohead\Pablo Honey", [*songs(10), *rows]))
    assert not inside.automatic
    lone = album("Radiohead", "Creep", rows[:1], kind="single")
    assert verdict(lone, shared(r"Music\Radiohead\Creep", rows[:1])).automatic
    assert not verdict(lone, shared(r"Music\Radiohead\Pablo Honey", [*songs(11), *rows])).automatic


def test_an_ep_inside_an_album_of_another_name() -> None:
    """The same four songs, and eight others around them."""
    rows = songs(4)
    wanted = album("Somebody", "Four Songs EP", rows, kind="ep")
    assert not verdict(wanted, shared(r"Music\Somebody\Greater Things", songs(12))).automatic


def test_classical_works_by_other_players() -> None:
    """Equal titles, other lengths; without lengths nobody can tell."""
    rows: list[Row] = [("I. Allegro", 445.0), ("II. Andante", 600.0), ("III. Allegro", 310.0),
                       ("IV. Presto", 650.0)]  # fmt: skip
    wanted = album(
        "Ludwig van Beethoven", "Symphony no. 5", rows, disambiguation="Carlos Kleiber, Wiener"
    )
    right = shared(r"Music\Beethoven\Carlos Kleiber - Symphony no. 5", rows)
    assert verdict(wanted, right).automatic
    slower = [(title, (seconds or 0) * 1.015) for title, seconds in rows]
    assert not verdict(wanted, shared(r"Music\Beethoven\Symphony no. 5", slower)).automatic
    silent = shared(r"Music\Beethoven\Symphony no. 5 (Karajan)", rows, lengths=False)
    assert not verdict(wanted, silent).automatic


SYMPHONIES = album(
    "Ludwig van Beethoven",
    "Symphonies nos. 5 & 7",
    edition(
        [("I. Allegro", 445.0), ("II. Andante", 600.0), ("III. Allegro", 310.0)],
        [("I. Poco sostenuto", 812.0), ("II. Allegretto", 503.0), ("III. Presto", 545.0)],
    ),
    disambiguation="Carlos Kleiber, Wiener Philharmoniker",
)
_WORK = r"Music\Beethoven\Carlos Kleiber - Symphonies nos. 5 & 7"


@pytest.mark.parametrize(("longer", "accepted"), [(0.0, True), (25.0, False)])
def test_classical_discs_are_told_by_number_and_length(longer: float, *, accepted: bool) -> None:
    """Movements in another language: disc, number and length are what is left."""
    first = [("Satz 1", 445.0), ("Satz 2", 600.0), ("Satz 3", 310.0)]
    second = [("Satz 1", 812.0), ("Satz 2", 503.0), ("Satz 3", 545.0)]
    found = verdict(
        SYMPHONIES,
        shared(rf"{_WORK}\CD1", first, "{n:02d}.flac", longer=longer),
        shared(rf"{_WORK}\CD2", second, "{n:02d}.flac", longer=longer),
    )
    assert found.decision.accepted is accepted
    if accepted:
        assert found.alignment is not None
        assert [pair.place for pair in found.alignment.pairs] == [1.0] * 6


def test_classical_discs_in_each_others_place_are_told_by_length() -> None:
    """The numbers lie, so each file goes where its length belongs."""
    first = [("Satz 1", 812.0), ("Satz 2", 503.0), ("Satz 3", 545.0)]
    second = [("Satz 1", 445.0), ("Satz 2", 600.0), ("Satz 3", 310.0)]
    found = verdict(
        SYMPHONIES,
        shared(rf"{_WORK}\CD1", first, "{n:02d}.flac"),
        shared(rf"{_WORK}\CD2", second, "{n:02d}.flac"),
    )
    assert found.alignment is not None
    lengths = [found.candidate.files[pair.file].raw.seconds for pair in found.alignment.pairs]
    assert lengths == [445, 600, 310, 812, 503, 545]


@pytest.mark.parametrize(
    ("title", "same", "other"),
    [
        ("Led Zeppelin IV", "Led Zeppelin 4", "Led Zeppelin III"),
        ("Chicago XVII", "Chicago 17", "Chicago XVI"),
        ("Greatest Songs, Vol. II", "Greatest Songs Volume 2", "Greatest Songs Vol. III"),
        ("Use Your Illusion I", "Use Your Illusion 1", "Use Your Illusion II"),
        ("Songs, Part Two", "Songs Pt. 2", "Songs, Part One"),
    ],
)
def test_roman_and_spelt_numbers_are_numbers(title: str, same: str, other: str) -> None:
    """However a number is written it is that number, and another one is another album."""
    wanted = album("Somebody", title, songs(8))
    assert verdict(wanted, shared(rf"Music\Somebody\{same}", songs(8))).automatic
    refused = verdict(wanted, shared(rf"Music\Somebody\{other}", songs(8), lengths=False))
    assert not refused.automatic


WORKS: tuple[Row, ...] = (
    ("Symphony no. 5 in C minor, op. 67: I. Allegro con brio", 442.0),
    ("Symphony no. 5 in C minor, op. 67: II. Andante con moto", 600.0),
    ("Symphony no. 5 in C minor, op. 67: III. Allegro", 309.0),
    ("Symphony no. 5 in C minor, op. 67: IV. Finale: Allegro", 649.0),
    ("Symphony no. 7 in A major, op. 92: I. Poco sostenuto", 816.0),
    ("Symphony no. 7 in A major, op. 92: II. Allegretto", 489.0),
)


@pytest.mark.parametrize("work", ["", "Symphony No.5 - "])
def test_movements_without_the_work(work: str) -> None:
    """Who shares the album names the movements; the catalogue names the work with each."""
    wanted = album("Ludwig van Beethoven", "Symphonies nos. 5 & 7", WORKS)
    rows = [(work + title.split(": ", 1)[1].replace(":", ""), seconds) for title, seconds in WORKS]
    assert verdict(wanted, shared(r"Music\Beethoven\Symphonies Nos. 5 & 7", rows)).automatic
    slower = [(title, (seconds or 0) * 1.06) for title, seconds in rows]
    found = verdict(wanted, shared(r"Music\Beethoven\Symphonies Nos. 5 & 7", slower))
    assert not found.decision.accepted


def test_a_long_note_behind_a_short_title_may_be_missing() -> None:
    """ "Piggy (Nothing Can Stop Me Now)" is shared as "Piggy"."""
    rows: list[Row] = [("Piggy (Nothing Can Stop Me Now)", 243.0), *songs(5)]
    wanted = album("Nine Inch Nails", "Further Down the Spiral", rows)
    folder = shared(r"Music\NIN\Further Down the Spiral", [("Piggy", 243.0), *songs(5)])
    assert verdict(wanted, folder).alignment.complete  # type: ignore[union-attr]


def test_a_title_of_signs_that_was_spelt_out() -> None:
    """ "★" became "Blackstar": its number and its length still say which track it is."""
    rows: list[Row] = [("★", 597.0), *songs(6)]
    wanted = album("David Bowie", "★", rows, titles=("Blackstar",))
    spelt = [("Blackstar", 597.0), *songs(6)]
    assert verdict(wanted, shared(r"Music\David Bowie\Blackstar", spelt)).automatic


@pytest.mark.parametrize(
    ("path", "automatic", "accepted"),
    [
        (r"Music\Rihanna\Umbrella", True, True),
        (r"Music\Biffy Clyro\Umbrella", False, False),
        (r"Music\Umbrella", False, False),
    ],
)
def test_a_single_song_proves_nothing_about_its_artist(
    path: str, *, automatic: bool, accepted: bool
) -> None:
    """One title and one length are soon the same; the artist has to be named."""
    wanted = album("Rihanna", "Umbrella", [("Umbrella", 276.0)], kind="single")
    found = verdict(wanted, shared(path, [("Umbrella", 277.0)]))
    assert (found.automatic, found.decision.accepted) == (automatic, accepted)


def test_a_colour_that_tells_namesakes_apart_is_a_name() -> None:
    """ "The Blue Album", where Lidarr says "Weezer (Blue Album)"."""
    wanted = album("Weezer", "Weezer", songs(10), disambiguation="Blue Album")
    found = verdict(wanted, shared(r"Music\Weezer\1994 - The Blue Album", songs(10), lengths=False))
    assert found.decision.accepted


@pytest.mark.parametrize("other", ["Neon Future III", "Neon Future 3", "Neon Future"])
def test_volumes(other: str) -> None:
    """Typed numbers have to agree, whatever else does."""
    wanted = album("Steve Aoki", "Neon Future II", songs(10))
    assert verdict(wanted, shared(r"Music\Steve Aoki\Neon Future 2", songs(10))).automatic
    found = verdict(wanted, shared(rf"Music\Steve Aoki\{other}", songs(10), lengths=False))
    assert not found.automatic


def test_another_artists_album_of_the_same_songs() -> None:
    """Somebody else's name in the album's own folder is never outvoted."""
    found = verdict(RADIOHEAD, shared(r"Music\Easy Star - OK Computer", OK_COMPUTER))
    assert not found.decision.accepted
    assert found.reasons[0] == "another artist"
    volume = album("Somebody", "Songs, Vol. 2", songs(8))
    found = verdict(volume, shared(r"Music\Somebody\Songs, Vol. 3", songs(8)))
    assert found.reasons[0] == 'another volume: "Songs, Vol. 3"'


def test_a_box_whose_disc_bears_the_name() -> None:
    """Disc folders of several albums under one roof."""
    box = r"Music\Radiohead\Five Albums"
    found = verdict(
        RADIOHEAD,
        shared(rf"{box}\CD1 - Kid A", songs(10)),
        shared(rf"{box}\CD2 - OK Computer", OK_COMPUTER),
    )
    assert found.automatic
    assert len(names(found)) == 12
    named = verdict(RADIOHEAD, shared(rf"{box}\CD2", OK_COMPUTER), shared(rf"{box}\CD1", songs(10)))
    assert len(names(named)) == 12
