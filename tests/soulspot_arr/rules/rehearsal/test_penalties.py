"""Every row of the two weight tables of contract lidarr §9.5."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from soulspot_arr.rules.rehearsal import (
    WEIGHTS,
    Candidate,
    Distance,
    FileTags,
    Kind,
    Pairing,
    Particulars,
)
from soulspot_arr.rules.rehearsal.distance import (
    VARIOUS_ARTISTS,
    album_distance,
    running_numbers,
    track_distance,
)
from soulspot_arr.rules.rehearsal.pairing import pair
from soulspot_arr.wanted import WantedTrack
from tests.soulspot_arr.rules.rehearsal import folders

CANDIDATE = Candidate(
    folders.album(folders.edition(folders.tracks(4), year=1996, disambiguation="remaster")),
    folders.edition(folders.tracks(4), year=1996, disambiguation="remaster"),
    Particulars(media=("CD",), labels=("DGC", "Sub Pop")),
)
FILES = folders.files(CANDIDATE.album)


def _penalties(
    files: tuple[FileTags, ...], candidate: Candidate = CANDIDATE
) -> dict[Kind, list[float]]:
    pairing = pair(files, candidate.edition.tracks)
    distance = album_distance(files, candidate, pairing, year=folders.YEAR)
    found: dict[Kind, list[float]] = {}
    for kind, amount in distance.penalties:
        found.setdefault(kind, []).append(amount)
    return found


def _with(**changes: object) -> tuple[FileTags, ...]:
    return tuple(replace(file, **changes) for file in FILES)  # type: ignore[arg-type]


def _edition(**changes: object) -> Candidate:
    return replace(CANDIDATE, edition=replace(CANDIDATE.edition, **changes))  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("kind", "weight"),
    [
        pytest.param(kind, weight, id=kind.replace(" ", "-"))
        for kind, weight in {
            Kind.ARTIST: 3,
            Kind.ALBUM: 3,
            Kind.MEDIA_COUNT: 1,
            Kind.MEDIA_FORMAT: 1,
            Kind.YEAR: 1,
            Kind.COUNTRY: 0.5,
            Kind.LABEL: 0.5,
            Kind.COMMENT: 0.5,
            Kind.ALBUM_ID: 5,
            Kind.TRACKS: 2,
            Kind.MISSING: 0.6,
            Kind.UNMATCHED: 0.9,
            Kind.LENGTH: 2,
            Kind.TITLE: 3,
            Kind.INDEX: 1,
            Kind.RECORDING_ID: 10,
        }.items()
    ],
)
def test_weights(kind: Kind, weight: float) -> None:
    """The weight of each kind of penalty."""
    assert WEIGHTS[kind] == weight
    other = Kind.TITLE if kind is not Kind.TITLE else Kind.LENGTH
    both = Distance(((kind, 1.0), (other, 0.0)))
    assert both.value == pytest.approx(weight / (weight + WEIGHTS[other]))


@pytest.mark.parametrize(
    ("kind", "files", "expected"),
    [
        pytest.param(Kind.ARTIST, _with(album_artist="Nirvana!"), [0.0], id="artist-same"),
        pytest.param(Kind.ARTIST, _with(album_artist="Nirvama"), [1 / 7], id="artist-typo"),
        pytest.param(Kind.ARTIST, _with(album_artist=" ", artist="Nirv"), [3 / 7], id="performer"),
        pytest.param(Kind.ARTIST, _with(album_artist=None, artist=None), [1.0], id="artist-none"),
        pytest.param(Kind.ALBUM, _with(album="NÉVERMIND."), [0.0], id="album-accents-and-signs"),
        pytest.param(Kind.ALBUM, _with(album=None), [1.0], id="album-none"),
        pytest.param(Kind.MEDIA_COUNT, _with(discs=1), [0.0], id="discs-right"),
        pytest.param(Kind.MEDIA_COUNT, _with(discs=3), [1.0, 1.0], id="discs-two-too-many"),
        pytest.param(Kind.MEDIA_COUNT, _with(discs=0, disc=2), [1.0], id="discs-by-number"),
        pytest.param(Kind.MEDIA_COUNT, _with(discs=0, disc=0), None, id="discs-untold"),
        pytest.param(Kind.YEAR, _with(year=1991), [0.0], id="year-of-album"),
        pytest.param(Kind.YEAR, _with(year=1996), [0.0], id="year-of-edition"),
        pytest.param(Kind.YEAR, _with(year=1998), [7 / 35], id="year-off-by-7-of-35"),
        pytest.param(Kind.YEAR, _with(year=1900), [1.0], id="year-out-of-reach"),
        pytest.param(Kind.YEAR, _with(year=0), None, id="year-untold"),
        pytest.param(Kind.COUNTRY, _with(), [0.0], id="country-preferred"),
        pytest.param(Kind.COUNTRY, _with(country="US"), [0.0], id="country-code"),
        pytest.param(Kind.COUNTRY, _with(country="united states"), [0.0], id="country-name"),
        pytest.param(Kind.COUNTRY, _with(country="USA"), [0.0], id="country-two-of-three"),
        pytest.param(Kind.COUNTRY, _with(country="DE"), [1.0], id="country-other"),
        pytest.param(Kind.COUNTRY, _with(country="Atlantis"), [0.0], id="country-unheard-of"),
        pytest.param(Kind.LABEL, _with(label="Sub Pop"), [0.0], id="label-one-of-them"),
        pytest.param(Kind.LABEL, _with(label="sub pop"), [1.0], id="label-in-small-letters"),
        pytest.param(Kind.LABEL, _with(), None, id="label-untold"),
        pytest.param(Kind.COMMENT, _with(comment="Remaster"), [0.0], id="disambiguation-same"),
        pytest.param(Kind.COMMENT, _with(comment="mono"), [7 / 8], id="disambiguation-other"),
        pytest.param(Kind.ALBUM_ID, _with(release_id="edition-1"), [0.0], id="id-right"),
        pytest.param(Kind.ALBUM_ID, _with(release_id="edition-2"), [1.0], id="id-wrong"),
        pytest.param(Kind.ALBUM_ID, _with(), None, id="id-untold"),
        pytest.param(Kind.TRACKS, _with(), [0.0] * 4, id="tracks-one-each"),
        pytest.param(Kind.MISSING, FILES[:3], [1.0], id="missing-one"),
        pytest.param(Kind.MISSING, FILES[:1], [1.0], id="missing-no-more-than-files"),
        pytest.param(Kind.UNMATCHED, (*FILES, FileTags("more.mp3")), [1.0], id="unmatched-one"),
    ],
)
def test_album_penalties(
    kind: Kind, files: tuple[FileTags, ...], expected: list[float] | None
) -> None:
    """First table: what is penalised, and how much."""
    found = _penalties(files).get(kind)
    assert found == (pytest.approx(expected) if expected is not None else None)


@pytest.mark.parametrize(
    ("countries", "expected"),
    [
        pytest.param("United States", 0.0, id="us"),
        pytest.param("US", 0.0, id="us-as-musicbrainz-writes-it"),
        pytest.param("United Kingdom", 0.25, id="gb"),
        pytest.param("Europe", 0.5, id="europe"),
        pytest.param("[Worldwide]", 0.75, id="worldwide"),
        pytest.param("Japan, Europe", 0.5, id="best-of-several"),
        pytest.param("Japan", 1.0, id="none-of-them"),
        pytest.param("", 1.0, id="untold"),
    ],
)
def test_country_by_preference(countries: str, expected: float) -> None:
    """Without a country tag the edition counts the more the better Lidarr likes its country."""
    found = _penalties(FILES, _edition(country=countries))
    assert found[Kind.COUNTRY] == [pytest.approx(expected)]


def test_country_missing_at_musicbrainz() -> None:
    """An edition without a country is penalised even when the files name one."""
    assert _penalties(_with(country="US"), _edition(country=""))[Kind.COUNTRY] == [1.0]


def test_unknown_medium() -> None:
    """Only an edition with a medium "Unknown" is penalised for its media."""
    assert Kind.MEDIA_FORMAT not in _penalties(FILES)
    odd = replace(CANDIDATE, particulars=Particulars(media=("CD", "Unknown")))
    assert _penalties(FILES, odd)[Kind.MEDIA_FORMAT] == [1.0]
    assert _penalties(FILES, odd)[Kind.MEDIA_COUNT] == [1.0]


def test_various_artists_are_not_compared() -> None:
    """The album artist of a compilation costs nothing, whatever the tags say."""
    album = replace(CANDIDATE.album, artist="Various Artists", artist_id=VARIOUS_ARTISTS)
    assert Kind.ARTIST not in _penalties(FILES, replace(CANDIDATE, album=album))


def test_the_most_common_tag_speaks_for_all() -> None:
    """One file with another album changes nothing; of two halves the first one counts."""
    dissent = (*FILES[:3], replace(FILES[3], album="Bleach"))
    assert _penalties(dissent)[Kind.ALBUM] == [0.0]
    halves = (*_with(album="Bleach")[:2], *FILES[2:])
    assert _penalties(halves)[Kind.ALBUM] != [0.0]


def test_year_of_this_years_album() -> None:
    """Nobody can be further off than from now, so there is nothing to divide by."""
    album = replace(CANDIDATE.album, year=folders.YEAR)
    fresh = replace(CANDIDATE, album=album, edition=replace(CANDIDATE.edition, year=None))
    assert _penalties(FILES, fresh)[Kind.YEAR] == [0.0]


def test_a_tag_with_a_million_discs() -> None:
    """A nonsensical number is as wrong as a wrong one, and costs no time."""
    found = _penalties(_with(discs=4_000_000_000))
    assert len(found[Kind.MEDIA_COUNT]) < 1_000


# -- second table ----------------------------------------------------------------------------------

TRACK = WantedTrack("Breed", 2, 4, 183.9, recording_id="rec")
FILE = FileTags("x.flac", title="Breed", track=4, seconds=183.0)


@pytest.mark.parametrize(
    ("kind", "file", "expected"),
    [
        pytest.param(Kind.LENGTH, replace(FILE, seconds=193.0), 0.0, id="10s-longer"),
        pytest.param(Kind.LENGTH, replace(FILE, seconds=173.0), 0.0, id="10s-shorter"),
        pytest.param(Kind.LENGTH, replace(FILE, seconds=208.0), 0.5, id="25s"),
        pytest.param(Kind.LENGTH, replace(FILE, seconds=223.0), 1.0, id="40s"),
        pytest.param(Kind.LENGTH, replace(FILE, seconds=999.0), 1.0, id="beyond"),
        pytest.param(Kind.LENGTH, replace(FILE, seconds=0.0), 1.0, id="unreadable"),
        pytest.param(Kind.TITLE, replace(FILE, title="BREED!"), 0.0, id="title-case-and-signs"),
        pytest.param(Kind.TITLE, replace(FILE, title="Breed (feat. X)"), 0.0, id="title-guests"),
        pytest.param(Kind.TITLE, replace(FILE, title="Breed ft. X"), 0.0, id="title-guests-bare"),
        pytest.param(
            Kind.TITLE, replace(FILE, title="Breed [2011 Remastered]"), 0.0, id="title-remaster"
        ),
        pytest.param(
            Kind.TITLE, replace(FILE, title="Breed (Deluxe) (Bonus Track)"), 0.0, id="title-deluxe"
        ),
        pytest.param(Kind.TITLE, replace(FILE, title="Breed (Live)"), 4 / 9, id="title-live"),
        pytest.param(Kind.TITLE, replace(FILE, title="Bread"), 1 / 5, id="title-one-letter"),
        pytest.param(Kind.TITLE, replace(FILE, title=None), 1.0, id="title-none"),
        pytest.param(Kind.TITLE, replace(FILE, title="(feat. X)"), 1.0, id="title-of-guests-only"),
        pytest.param(Kind.INDEX, FILE, 0.0, id="index-on-the-disc"),
        pytest.param(Kind.INDEX, replace(FILE, track=14), 0.0, id="index-running"),
        pytest.param(Kind.INDEX, replace(FILE, track=5), 1.0, id="index-wrong"),
        pytest.param(Kind.INDEX, replace(FILE, track=0), None, id="index-untold"),
        pytest.param(Kind.RECORDING_ID, replace(FILE, recording_id="rec"), 0.0, id="id-right"),
        pytest.param(Kind.RECORDING_ID, replace(FILE, recording_id="x"), 1.0, id="id-wrong"),
        pytest.param(Kind.RECORDING_ID, FILE, None, id="id-untold"),
        pytest.param(Kind.RECORDING_ID, replace(FILE, heard=frozenset({"rec"})), 0.0, id="heard"),
        pytest.param(Kind.RECORDING_ID, replace(FILE, heard=frozenset()), 1.0, id="heard-nothing"),
    ],
)
def test_track_penalties(kind: Kind, file: FileTags, expected: float | None) -> None:
    """What is penalised of one file, and how much."""
    found = dict(track_distance(file, TRACK, running=14).penalties).get(kind)
    assert found == (pytest.approx(expected) if expected is not None else None)


def test_unknown_length_is_not_compared() -> None:
    """A track whose length the catalogue does not know costs nothing for it."""
    for seconds in (None, 0.0, 0.9):
        found = track_distance(FILE, replace(TRACK, seconds=seconds), running=14)
        assert Kind.LENGTH not in dict(found.penalties)


def test_id_and_sound_count_twice() -> None:
    """A recording id in the tags and one by fingerprint are two penalties of the same weight."""
    torn = replace(FILE, recording_id="x", heard=frozenset({"rec"}))
    assert track_distance(torn, TRACK, running=14).value == pytest.approx(10 / 26)


def test_running_numbers() -> None:
    """Numbers go on over the discs, however long each is."""
    found = (*folders.tracks(3), *folders.tracks(2, disc=2, first=4))
    assert running_numbers(found) == [1, 2, 3, 4, 5]


# -- properties ------------------------------------------------------------------------------------

TEXT = st.text(st.sampled_from("abcé (.-)Ö12漢"), max_size=12)
MAYBE = st.none() | TEXT
TAGS = st.builds(
    FileTags,
    path=st.sampled_from(["a.mp3", "CD1/b.flac", "x/01 - c.ogg"]),
    title=MAYBE,
    artist=MAYBE,
    album_artist=MAYBE,
    album=MAYBE,
    year=st.integers(0, 2100),
    disc=st.integers(0, 4),
    discs=st.integers(0, 4),
    track=st.integers(0, 20),
    country=MAYBE,
    label=MAYBE,
    comment=MAYBE,
    release_id=MAYBE,
    recording_id=MAYBE,
    seconds=st.floats(0, 4000),
)
TRACKS = st.builds(
    WantedTrack,
    title=TEXT,
    disc=st.integers(1, 3),
    number=st.integers(0, 20),
    seconds=st.none() | st.floats(0, 4000),
    recording_id=TEXT,
)


@given(TAGS, TRACKS)
def test_track_distance_is_a_share(file: FileTags, track: WantedTrack) -> None:
    """Between 0 and 1, whatever is compared; every reason has a share, and they add up."""
    found = track_distance(file, track, running=track.number)
    assert 0.0 <= found.value <= 1.0 + 1e-12
    assert sum(found.share(kind) for kind in found.reasons) == pytest.approx(found.value)


@given(st.lists(TAGS, min_size=1, max_size=5), st.lists(TRACKS, max_size=5))
def test_album_distance_is_a_share(files: list[FileTags], tracks: list[WantedTrack]) -> None:
    """Between 0 and 1; nothing is lost on either side of the pairs."""
    candidate = replace(CANDIDATE, edition=replace(CANDIDATE.edition, tracks=tuple(tracks)))
    pairing = pair(files, tracks)
    assert len(pairing.pairs) == min(len(files), len(tracks))
    assert len(pairing.pairs) + len(pairing.unmatched) == len(files)
    assert len(pairing.pairs) + len(pairing.missing) == len(tracks)
    found = album_distance(files, candidate, pairing, year=folders.YEAR)
    assert 0.0 <= found.value <= 1.0 + 1e-12


@given(TEXT.filter(lambda text: "(" not in text), st.floats(0, 4000), st.integers(0, 20))
def test_the_track_itself_is_at_no_distance(title: str, seconds: float, number: int) -> None:
    """A file with all that the catalogue says is no way off."""
    track = WantedTrack(title, 1, number, seconds, recording_id="rec")
    file = FileTags("a.mp3", title, track=number, seconds=seconds, recording_id="rec")
    assert track_distance(file, track, running=number).value == 0.0


def test_the_album_itself_is_at_no_distance() -> None:
    """Nor is a folder with all that Lidarr says."""
    whole = _with(release_id="edition-1", country="US", label="DGC", comment="remaster")
    pairing: Pairing = pair(whole, CANDIDATE.edition.tracks)
    found = album_distance(whole, CANDIDATE, pairing, year=folders.YEAR)
    assert found.value == 0.0
    assert found.reasons == ()
