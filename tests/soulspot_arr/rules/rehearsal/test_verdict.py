"""The decision as a whole: limits, completeness, editions, copies, fingerprints, sentences."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from soulspot_arr.rules.rehearsal import Circumstances, FileTags, Particulars, Reason
from soulspot_arr.wanted import Wanted
from tests.soulspot_arr.rules.rehearsal import folders

ALBUM = folders.of(10)
FILES = folders.files(ALBUM)


def _reasons(files: tuple[FileTags, ...], wanted: Wanted = ALBUM, **more: object) -> list[Reason]:
    circumstances = Circumstances(folders.YEAR, **more)  # type: ignore[arg-type]
    return [one.reason for one in folders.verdict(files, wanted, circumstances).rejections]


def test_a_good_folder() -> None:
    """Everything agrees: accepted, as wanted, with all of the way to spare."""
    found = folders.verdict(FILES, ALBUM)
    assert found.accepted
    assert found.imports
    assert found.as_wanted
    assert found.safe
    assert (found.distance, found.worst, found.rejections) == (0.0, 0.0, ())
    (group,) = found.groups
    assert group.match is not None
    assert [one.track.title for one in group.match.pairing.pairs] == [file.title for file in FILES]


@pytest.mark.parametrize(
    ("files", "reasons"),
    [
        pytest.param((), [Reason.NOTHING], id="empty"),
        pytest.param((FileTags("cover.jpg"),), [Reason.NOTHING], id="no-audio"),
        pytest.param(FILES[1:], [Reason.MISSING], id="a-track-missing"),
        pytest.param((*FILES, replace(FILES[0], path="x.mp3")), [Reason.UNMATCHED], id="one-twice"),
        pytest.param(
            tuple(FileTags(file.path) for file in FILES), [Reason.NO_ALBUM], id="unreadable"
        ),
        pytest.param(
            tuple(replace(file, album=None) for file in FILES), [Reason.NO_ALBUM], id="no-album-tag"
        ),
        pytest.param(
            tuple(replace(file, album="In Utero") for file in FILES),
            [Reason.NO_ALBUM],
            id="other-album",
        ),
        pytest.param(
            (replace(FILES[0], title="?", seconds=999.0), *FILES[1:]),
            [Reason.TRACK_FAR],
            id="one-bad-track",
        ),
        pytest.param(
            tuple(replace(file, seconds=999.0, title=None) for file in FILES),
            [Reason.ALBUM_FAR],
            id="all-bad",
        ),
        pytest.param(
            (*FILES[:4], FileTags("junk.mp3", album="Nevermind", artist="Nirvana")),
            [Reason.ALBUM_FAR, Reason.MISSING],
            id="several-reasons",
        ),
    ],
)
def test_refused(files: tuple[FileTags, ...], reasons: list[Reason]) -> None:
    """Each refusal of a whole release (contract lidarr §9.3, §9.5)."""
    assert _reasons(files) == reasons
    assert not folders.verdict(files, ALBUM).imports


def test_an_edition_without_tracks() -> None:
    """A file whose album tags are perfect is still no track of it."""
    wanted = folders.album(folders.edition(()))
    files = folders.files(ALBUM, disc=0, discs=0)[:1]
    assert _reasons(files, wanted) == [Reason.NO_TRACKS, Reason.UNMATCHED]


def test_the_first_of_equal_editions_is_taken() -> None:
    """Two pressings that differ in nothing the files could tell."""
    twins = (
        folders.edition(folders.tracks(10), id="a", country="Japan"),
        folders.edition(folders.tracks(10), id="b", country="Japan"),
    )
    for editions in (twins, twins[::-1]):
        (group,) = folders.verdict(FILES, folders.album(*editions)).groups
        assert group.match is not None
        assert group.match.candidate.edition == editions[0]


def test_other_files_are_passed_over() -> None:
    """Covers and what lies in folders Lidarr skips change nothing."""
    others = (FileTags("cover.jpg"), FileTags("extras/x.flac"), FileTags("._1.mp3"))
    found = folders.verdict((*FILES, *others), ALBUM)
    assert found.safe
    assert found.passed_over == others


def test_a_broken_file_among_good_ones() -> None:
    """Unreadable, it has no tags left: its name gives number and artist, which is not enough."""
    found = folders.verdict((*FILES[:-1], FileTags(FILES[-1].path)), ALBUM)
    assert [one.reason for one in found.rejections] == [Reason.TRACK_FAR]
    assert found.worst > 0.8


def test_an_edition_nobody_asked_for() -> None:
    """Not the chosen one, and no other will do (contract lidarr §9.6)."""
    wanted = folders.album(
        folders.edition(folders.tracks(10)),
        folders.edition(folders.tracks(12), id="bonus", monitored=False),
    )
    files = folders.files(wanted, which=1)
    assert _reasons(files, wanted) == []
    strict = replace(wanted, any_edition=False)
    assert _reasons(files, strict) == [Reason.NOT_REQUESTED]
    assert _reasons(folders.files(wanted), strict) == []


def test_the_best_edition_wins() -> None:
    """The one that needs no excuse, whichever comes first."""
    wanted = folders.album(
        folders.edition(folders.tracks(10), id="a"),
        folders.edition(folders.tracks(10, first=5), id="b"),
        folders.edition(folders.tracks(12), id="c"),
    )
    for which, expected in enumerate("abc"):
        (group,) = folders.verdict(folders.files(wanted, which=which), wanted).groups
        assert group.match is not None
        assert group.match.candidate.edition.id == expected


def test_two_copies_of_the_album() -> None:
    """The larger copy is accepted, the other one refused, so Lidarr calls the job imported."""
    wanted = folders.album(
        folders.edition(folders.tracks(10)), folders.edition(folders.tracks(12), id="bonus")
    )
    small = tuple(replace(file, path=f"a/{file.path}") for file in folders.files(wanted))
    large = tuple(replace(file, path=f"b/{file.path}") for file in folders.files(wanted, which=1))
    one_monitored = replace(wanted, editions=(wanted.editions[0], replace(
        wanted.editions[1], monitored=False)))  # fmt: skip
    found = folders.verdict((*small, *large), one_monitored)
    assert [one.accepted for one in found.groups] == [False, True]
    assert [one.reason for one in found.rejections] == [Reason.SEVERAL]
    assert found.imports
    assert not found.accepted
    assert not found.as_wanted


def test_enough_is_imported_beside_a_refusal() -> None:
    """Contract lidarr §9.2: as many tracks as the chosen edition has, whatever is left over."""
    extra = FileTags("bonus/x.mp3", album="Home Videos", artist="Somebody")
    found = folders.verdict((*FILES, extra), ALBUM)
    assert found.imports
    assert not found.as_wanted
    few = folders.verdict((*FILES[1:], extra), ALBUM)
    assert not few.imports


def test_another_album_is_imported_instead() -> None:
    """Lidarr takes what the tags say; that is a yes, but not to what was grabbed."""
    other = folders.album(
        folders.edition(folders.tracks(12, first=30), id="utero"),
        album="In Utero",
        album_id="album-2",
    )
    here = Circumstances(folders.YEAR, others=(other,))
    found = folders.verdict(folders.files(other), ALBUM, here)
    assert found.imports
    assert not found.as_wanted
    assert not found.safe


@pytest.mark.parametrize(
    ("root", "path", "refused"),
    [
        pytest.param("/downloads/_UNPACK_job", "", True, id="root"),
        pytest.param("/_FAILED_/x/job", "", True, id="far-above"),
        pytest.param("/downloads/job", "_UNPACK_1/", True, id="below"),
        pytest.param("/downloads/my_UNPACK_", "", False, id="not-at-the-beginning"),
    ],
)
def test_folders_that_are_being_unpacked(root: str, path: str, refused: bool) -> None:
    """No folder above a file may begin like those SABnzbd works in (contract lidarr §9.3)."""
    files = tuple(replace(file, path=path + file.path) for file in FILES)
    assert _reasons(files, root=root) == ([Reason.UNPACKING] if refused else [])


def test_safe_is_stricter_than_lidarr() -> None:
    """From 0.15 and 0.35 on a yes may turn into a no by what Lidarr knows better."""
    edge = folders.longer(FILES, 30)
    found = folders.verdict(edge, ALBUM)
    assert found.accepted
    assert 0.14 < found.distance < 0.2
    assert found.safe is (found.distance <= 0.15)
    later = folders.verdict(folders.longer(FILES, 33), ALBUM)
    assert later.accepted
    assert not later.safe


def test_fingerprints_are_asked_for_when_in_doubt() -> None:
    """Above 0.15, with a track too many or missing, or with a bad one (contract lidarr §9.5)."""
    assert not folders.verdict(FILES, ALBUM).groups[0].fingerprint
    for files in (FILES[1:], folders.longer(FILES, 35), (replace(FILES[0], title="?", track=9),
                  *FILES[1:])):  # fmt: skip
        assert folders.verdict(files, ALBUM).groups[0].fingerprint


def test_a_fingerprint_can_save_a_folder() -> None:
    """Ten files without a tag whose audio is recognised: candidates appear, titles stay wrong."""
    heard = tuple(
        FileTags(f"{n:02}.mp3", track=n, seconds=file.seconds, heard=frozenset({f"rec-{n}"}))
        for n, file in enumerate(FILES, start=1)
    )
    found = folders.verdict(heard, ALBUM)
    assert found.groups[0].match is not None
    assert found.worst == pytest.approx(3 / 16)
    assert [one.reason for one in found.rejections] == [Reason.ALBUM_FAR]
    named = tuple(replace(file, artist="Nirvana", album="Nevermind") for file in heard)
    assert folders.verdict(named, ALBUM).accepted
    deaf = tuple(replace(file, heard=None) for file in named)
    assert not folders.verdict(deaf, ALBUM).accepted


def test_fingerprints_do_not_spoil_what_is_good() -> None:
    """Nobody listens to files whose tags agree, even if a fingerprint would disagree."""
    odd = tuple(replace(file, heard=frozenset({"another"})) for file in FILES)
    assert folders.verdict(odd, ALBUM).safe


def test_tracks_in_any_order() -> None:
    """Who is who is found out by all that is known, not by the order of the files."""
    found = folders.verdict(tuple(reversed(FILES)), ALBUM)
    assert found.accepted
    assert found.distance == 0.0


def test_equal_titles_are_told_apart() -> None:
    """Three interludes of one name find their own tracks by number."""
    tracks = tuple(replace(track, title="Interlude", seconds=30.0) for track in folders.tracks(3))
    wanted = folders.album(folders.edition(tracks))
    (group,) = folders.verdict(tuple(reversed(folders.files(wanted))), wanted).groups
    assert group.match is not None
    pairs = group.match.pairing.pairs
    assert [one.file.track for one in pairs] == [one.track.number for one in pairs] == [3, 2, 1]


def test_a_contested_track_goes_where_all_cost_least() -> None:
    """Two files like one track the most; the one that loses less by giving way does."""
    tracks = folders.tracks(2)
    wanted = folders.album(folders.edition(tracks))
    first, second = folders.files(wanted)
    doubtful = replace(second, title=first.title, track=1)
    sure = replace(first, recording_id="rec-1")
    (group,) = folders.verdict((doubtful, sure), wanted).groups
    assert group.match is not None
    assert [one.track.number for one in group.match.pairing.pairs] == [2, 1]


def test_a_box_of_twenty_discs() -> None:
    """Three hundred files in twenty folders are one release, in reasonable time."""
    tracks = tuple(
        track for disc in range(1, 21) for track in folders.tracks(15, disc=disc, first=disc)
    )
    wanted = folders.album(folders.edition(tracks))
    files = tuple(
        replace(file, path=f"Disc {file.disc}/{file.path}") for file in folders.files(wanted)
    )
    found = folders.verdict(files, wanted)
    assert len(found.groups) == 1
    assert found.safe


def test_labels_and_media_of_an_edition() -> None:
    """What the catalogue tells besides the tracks takes a penalty away."""
    files = tuple(replace(file, label="DGC", discs=2) for file in FILES)
    particulars = {"edition-1": Particulars(media=("CD", "DVD"), labels=("DGC",))}
    known = Circumstances(folders.YEAR, particulars=particulars)
    assert folders.verdict(files, ALBUM, known).distance == 0.0
    assert folders.verdict(files, ALBUM).distance == pytest.approx(1.5 / 29)


@pytest.mark.parametrize(
    ("files", "said"),
    [
        pytest.param(FILES[2:], ("no file for", "1-01 Amber"), id="missing"),
        pytest.param((*FILES, replace(FILES[0], path="x.mp3")), ("No track", ".mp3”"), id="extra"),
        pytest.param(folders.longer(FILES, 40), ("agree", "80 %", "the tracks"), id="far"),
        pytest.param(
            (replace(FILES[0], title="?", track=9), *FILES[1:]),
            ("1-01 Amber", "60 %", "the title, the track number"),
            id="one-bad-track",
        ),
        pytest.param((), ("no audio file",), id="empty"),
        pytest.param((FileTags("1.mp3"),), ("no album title",), id="no-tag"),
        pytest.param((FileTags("1.mp3", album="Bleach"),), ("“Bleach”",), id="strange-album"),
    ],
)
def test_sentences(files: tuple[FileTags, ...], said: tuple[str, ...]) -> None:
    """A person reads what is wrong with which file."""
    text = " ".join(one.sentence for one in folders.verdict(files, ALBUM).rejections)
    assert all(part in text for part in said), text
    assert text.endswith(".")


@given(st.permutations(range(6)))
def test_the_order_of_files_does_not_matter(order: list[int]) -> None:
    """Distances are the same for any order in which the files are found."""
    wanted = folders.of(6)
    files = folders.longer(folders.files(wanted), 12)
    found = folders.verdict(tuple(files[place] for place in order), wanted)
    assert found.distance == pytest.approx(folders.verdict(files, wanted).distance)
    assert found.safe
