"""From raw folders to candidates: discs joined, formats parted, extras left behind."""

from __future__ import annotations

from dataclasses import replace

import pytest

from soulspot_arr.domain import RawFolder
from soulspot_arr.rules.matching.candidates import Candidate, to_offer
from soulspot_arr.rules.matching.flaws import flaws
from soulspot_arr.rules.matching.grouping import group
from soulspot_arr.rules.quality import token
from tests.soulspot_arr.rules.shares import file, folder

ROOT = r"@@abcde\Music\Radiohead\OK Computer"


def only(folders: list[RawFolder]) -> Candidate:
    """The one candidate that these folders must give."""
    (candidate,) = group(folders)
    return candidate


def places(candidate: Candidate) -> list[tuple[int, int | None]]:
    """Disc and number of its files, in order."""
    return [(file.disc, file.track) for file in candidate.files]


def reasons(candidate: Candidate) -> str:
    """Everything that speaks against its files."""
    return "; ".join(flaw.reason for flaw in flaws(candidate))


def test_one_folder_is_one_candidate() -> None:
    """Peer, hints, reading and files come along; nothing speaks against it."""
    found = only([folder(ROOT, 3, free_slot=True, speed=5, queue_length=2)])
    assert (found.peer, found.free_slot, found.speed, found.queue_length) == ("ann", True, 5, 2)
    assert (found.name, found.reading.artist, found.reading.album) == (
        "OK Computer", "Radiohead", "OK Computer",
    )  # fmt: skip
    assert places(found) == [(0, 1), (0, 2), (0, 3)]
    assert found.size == sum(file.raw.size for file in found.files)
    assert reasons(found) == ""


@pytest.mark.parametrize(
    ("first", "second"),
    [
        (r"\CD1", r"\CD2"),
        (r"\Disc 1", r"\Disc 2"),
        (r"\Disk 01", r"\Disk 02"),
        (r"\CD 1 - Live", r"\CD 2 - Studio"),
        (r" (Disc 1)", r" (Disc 2)"),
        (r" CD1", r" CD2"),
        (r" [CD1] [FLAC]", r" [CD2] [FLAC]"),
        (r" (Disc 1 - Dawn)", r" (Disc 2 - Dusk)"),
        (r"\Side A", r"\Side B"),
        (r"\Digital Media 01", r"\Digital Media 02"),
        (r"\Enhanced CD 01", r"\CD 02"),
        (r" (1997)\LP 1", r" (1997)\LP 2"),
        (r"\1", r"\2"),
        (r"\01", r"\02"),
        (r"\CD1\FLAC", r"\CD2\FLAC"),
        (r"\FLAC\CD1", r"\FLAC\CD2"),
        (r"", r"\CD2"),
    ],
)
def test_disc_folders_are_joined(first: str, second: str) -> None:
    """All habits of dividing discs give one candidate with discs 1 and 2."""
    found = only([folder(ROOT + first, 2), folder(ROOT + second, 2)])
    assert places(found) == [(1, 1), (1, 2), (2, 1), (2, 2)]
    assert found.reading.album == "OK Computer"
    assert reasons(found) == ""


@pytest.mark.parametrize(
    ("names", "expected"),
    [
        (["1-01 a.flac", "1-02 b.flac", "2-01 c.flac"], [(1, 1), (1, 2), (2, 1)]),
        (["101 a.flac", "102 b.flac", "201 c.flac"], [(1, 1), (1, 2), (2, 1)]),
        (["1-01 a.flac", "1-02 b.flac"], [(0, 1), (0, 2)]),
        (["A1 a.flac", "A2 b.flac", "B1 c.flac"], [(0, 1), (0, 2), (0, 3)]),
        (["b.flac", "a.flac"], [(0, None), (0, None)]),
    ],
)
def test_discs_told_by_file_names(names: list[str], expected: list[tuple[int, int | None]]) -> None:
    """One folder can hold several discs; one disc is disc 0; a record is counted through."""
    found = only([folder(ROOT, names)])
    assert places(found) == expected
    assert reasons(found) == ""


@pytest.mark.parametrize(
    ("names", "sizes"),
    [
        (["Ann - 01 - a.flac", "Ann - 02 - b.flac"], [2]),
        (["Ann - 1997 - 01 - a.flac", "Ann - 1997 - 02 - b.flac"], [2]),
        (["Ann - A - 01 - a.flac", "Ann - A - 02 - b.flac",
          "Ann - B - 01 - c.flac", "Ann - B - 02 - d.flac"], [2, 2]),
        (["01 - a.flac", "01 - a copy.flac"], [2]),
        (["a.flac", "ab.flac", "b.flac"], [3]),
    ],
)  # fmt: skip
def test_albums_in_one_folder_are_parted_by_the_claims_of_their_files(
    names: list[str], sizes: list[int]
) -> None:
    """Numbers behind a front that all names share are told at a glance; equal ones are read."""
    found = group([folder(ROOT, names)])
    assert [len(candidate.files) for candidate in found] == sizes


def test_slashes_of_either_kind_and_in_any_mixture() -> None:
    """The folder of a file is what its own path says, whatever the answer calls it."""
    kinds = (r"A\B\01 a.flac", "A/B/02 b.flac", r"A/B\03 c.flac", r"A\B/04 d.FLAC", "05 e.flac")
    found = group([RawFolder("ann", r"A\B", tuple(file(path) for path in kinds))])
    assert [raw.path for candidate in found for raw in candidate.raws] == [
        kinds[1], kinds[2], kinds[0], kinds[3], kinds[4],
    ]  # fmt: skip


def test_names_without_an_extension_are_no_music() -> None:
    """ "flac" is a name, ".flac" is none, and a picture is no track."""
    assert group([folder(ROOT, ["flac", ".flac", "mp3.", "cover.jpg"])]) == ()


def test_discs_that_are_shares_of_their_own_are_joined() -> None:
    """Nothing stands above "Album (CD 1)" where somebody shares that very folder."""
    found = only(
        [folder(r"@@abcde\OK Computer (CD 1)", 2), folder(r"@@fghij\OK Computer (CD 2)", 2)]
    )
    assert places(found) == [(1, 1), (1, 2), (2, 1), (2, 2)]


@pytest.mark.parametrize("albums", [("19", "21", "25"), ("1",), ("1", "3")])
def test_albums_called_by_a_number_stay_apart(albums: tuple[str, ...]) -> None:
    """Numbers are discs only where they count from one without a hole."""
    found = group([folder(rf"Music\Adele\{name}", 2) for name in albums])
    assert [candidate.reading.album for candidate in found] == list(albums)


def test_discs_of_two_peers_are_not_joined() -> None:
    """Each peer has half of it, nobody has the album."""
    found = group([folder(ROOT + r"\CD1", 2), folder(ROOT + r"\CD2", 2, peer="bob")])
    assert [candidate.peer for candidate in found] == ["ann", "bob"]
    assert "disc 1 is missing" in reasons(found[1])


def test_a_missing_disc_is_named() -> None:
    """Discs 1 and 3 are no album, but the answer may have been cut short."""
    found = only([folder(ROOT + r"\CD1", 2), folder(ROOT + r"\CD3", 2)])
    (flaw,) = flaws(found)
    assert (flaw.reason, flaw.permanent) == ("disc 2 is missing", False)


def test_albums_called_alike_in_two_share_roots_stay_apart() -> None:
    """The same relative path below two marks is not one folder with everything twice."""
    found = group([folder(r"@@abcde\A\B", 2), folder(r"@@fghij\A\B", 2)])
    assert [len(candidate.files) for candidate in found] == [2, 2]


def test_cd_and_disc_folders_side_by_side_are_two_copies() -> None:
    """Two ways of naming discs under one album are two rips."""
    found = group([folder(ROOT + rf"\{name}", 2) for name in ("CD1", "CD2", "Disc 1", "Disc 2")])
    assert [places(candidate) for candidate in found] == [[(1, 1), (1, 2), (2, 1), (2, 2)]] * 2


def test_three_spellings_of_one_disc_are_three_candidates() -> None:
    """Nothing is joined that would give a track twice."""
    found = group([folder(ROOT + rf"\{name}", 2) for name in ("CD1", "CD01", "CD001")])
    assert [places(candidate) for candidate in found] == [[(0, 1), (0, 2)]] * 3


def test_files_beside_whole_discs_are_an_album_of_their_own() -> None:
    """Loose files do not spoil the discs below them."""
    found = group([folder(ROOT, 1), folder(ROOT + r"\CD1", 2), folder(ROOT + r"\CD2", 2)])
    assert [places(candidate) for candidate in found] == [
        [(1, 1), (1, 2), (2, 1), (2, 2)],
        [(0, 1)],
    ]


def test_formats_side_by_side_are_parted() -> None:
    """FLAC and MP3 of every track in one folder are two offers, each track once."""
    both = [f"{n:02d} - Song.{ext}" for n in (1, 2, 3) for ext in ("flac", "mp3")]
    found = group([folder(ROOT, both)])
    assert [token(c.quality) for c in found if c.quality] == ["FLAC", "MP3 320"]
    assert [places(candidate) for candidate in found] == [[(0, 1), (0, 2), (0, 3)]] * 2


def test_two_formats_may_have_one_extension() -> None:
    """Lossless and lossy `.m4a` are told by their attributes."""
    lossy = [file(rf"{ROOT}\0{n} - Song.m4a", bitrate=256) for n in (1, 2)]
    packed = [file(rf"{ROOT}\0{n} - Song (1).m4a", bit_depth=16) for n in (1, 2)]
    found = group([RawFolder("ann", ROOT, (*lossy, *packed))])
    assert {token(c.quality) for c in found if c.quality} == {"AAC 256", "ALAC"}


def test_bit_depths_side_by_side_are_parted() -> None:
    """16 and 24 bit copies under different titles are two offers."""
    deep = tuple(file(rf"{ROOT}\0{n} - Song (24bit).flac", bit_depth=24) for n in (1, 2))
    plain = tuple(file(rf"{ROOT}\0{n} - Song.flac") for n in (1, 2))
    found = group([RawFolder("ann", ROOT, deep + plain)])
    assert {token(c.quality) for c in found if c.quality} == {"FLAC", "FLAC 24bit"}
    assert [len(candidate.files) for candidate in found] == [2, 2]


def test_mixed_depths_without_copies_stay_one_album() -> None:
    """One 24 bit bonus track does not tear an album apart."""
    files = (file(rf"{ROOT}\01 a.flac"), file(rf"{ROOT}\02 b.flac", bit_depth=24))
    assert len(only([RawFolder("ann", ROOT, files)]).files) == 2


def test_only_importable_audio_is_kept() -> None:
    """Pictures, sheets, videos and formats that Lidarr skips never come along."""
    extras = [
        "cover.jpg",
        "a.cue",
        "a.log",
        "a.m3u",
        "a.nfo",
        "clip.mp4",
        "x.aac",
        "x.dsf",
        "x.mpc",
    ]
    hidden = ["._01 - Song.flac", "flac"]
    found = only([folder(ROOT, ["01 - Song.flac", "02 - Song.FLAC", *extras, *hidden])])
    assert [f.raw.path.rpartition("\\")[2] for f in found.files] == [
        "01 - Song.flac",
        "02 - Song.FLAC",
    ]


@pytest.mark.parametrize("names", [[], ["cover.jpg"], ["a.cue"]])
def test_folders_without_audio_give_nothing(names: list[str]) -> None:
    """No candidate without a file to fetch."""
    assert group([folder(ROOT, names)]) == ()


def test_the_same_folder_told_twice_counts_once() -> None:
    """A peer may answer twice."""
    assert len(only([folder(ROOT, 3), folder(ROOT, 3)]).files) == 3


def test_locked_files_are_counted_and_refused() -> None:
    """A candidate carries how many of its files cannot be fetched."""
    raw = folder(ROOT, 3)
    locked = replace(raw, files=(*raw.files[:2], replace(raw.files[2], locked=True)))
    found = only([locked])
    assert found.locked == 1
    assert reasons(found) == "1 of 3 files are locked by the peer"


@pytest.mark.parametrize(
    ("names", "reason"),
    [
        (["01 - a.flac", "02 - b.flac", "04 - d.flac"], "track 3 is missing"),
        (["02 - b.flac", "03 - c.flac"], "track 1 is missing"),
        (["07 - g.flac"], "track 1, 2, 3, 4, 5 and 1 more is missing"),
        (["1-01 a.flac", "1-02 b.flac", "2-02 c.flac"], "track 1 of disc 2 is missing"),
        (["01 a.flac", "02 b.flac", "10 c.flac"], "track 3, 4, 5, 6, 7 and 2 more is missing"),
        (["01 - a.flac", "01 - b.flac", "02 - c.flac"], "several albums or copies"),
        (["Song.flac", "Song (1).flac", "Other.flac"], "several albums or copies"),
        (["00 - hidden.flac", "01 - a.flac"], ""),
        (["a.flac", "b.flac", "22.flac"], ""),
        (["01 - a.flac"], ""),
    ],
)
def test_numbering(names: list[str], reason: str) -> None:
    """Holes and repetitions are told, whole counts are not."""
    assert reasons(only([folder(ROOT, names)])).startswith(reason)
    assert bool(reasons(only([folder(ROOT, names)]))) is bool(reason)


def test_numbers_that_run_through_both_discs_are_whole() -> None:
    """Disc 2 may go on counting where disc 1 ended."""
    first = [f"{n:02d} - a.flac" for n in (1, 2, 3)]
    second = [f"{n:02d} - b.flac" for n in (4, 5)]
    assert reasons(only([folder(ROOT + r"\CD1", first), folder(ROOT + r"\CD2", second)])) == ""


def test_a_discography_in_one_folder_is_refused() -> None:
    """Several albums without a word that tells them apart."""
    names = [f"{n:02d} - {album}.flac" for album in "abc" for n in (1, 2)]
    assert "several albums or copies" in reasons(only([folder(r"Music\Radiohead", names)]))


def test_albums_told_apart_by_every_file_name_are_parted() -> None:
    """Where each file says its album, each album is a candidate of its own."""
    names = [
        f"Radiohead - {a} - {n:02d} - x{n}.flac" for a in ("Kid A", "Amnesiac") for n in (1, 2)
    ]
    found = group([folder(r"Music\Radiohead", names)])
    assert [candidate.reading.album for candidate in found] == ["Amnesiac", "Kid A"]
    assert [reasons(candidate) for candidate in found] == ["", ""]


SHARED_ROOT = {
    "share roots": [folder(r"@@abcde\A\B", 2), folder(r"@@fghij\A\B", 2)],
    "disc spellings": [
        folder(ROOT + rf"\{name}", 2) for name in ("Disc 1", "CD2", "CD1", "Disc 2")
    ],
    "beside discs": [folder(ROOT + r"\CD1", 2), folder(ROOT, 1), folder(ROOT + r"\CD2", 2)],
    "albums by file name": [
        folder(
            r"Music\Radiohead",
            [f"Radiohead - {a} - {n:02d} - x.flac" for a in ("Kid A", "Amnesiac") for n in (1, 2)],
        )
    ],
}


@pytest.mark.parametrize("folders", SHARED_ROOT.values(), ids=SHARED_ROOT)
def test_what_shares_a_root_is_told_apart_in_any_order(folders: list[RawFolder]) -> None:
    """Root and part name a candidate, however the answer is sorted."""
    found = {(one.root, one.part): one.files for one in group(folders)}
    assert len(found) == len(group(folders)) == 2
    assert {(one.root, one.part): one.files for one in group(folders[::-1])} == found


def test_a_sample_of_a_folder_has_the_same_root_and_part() -> None:
    """Whichever tracks and discs an answer shows, it is the same album (slskd §11.1)."""
    discs = [folder(ROOT + r"\CD1", 9), folder(ROOT + r"\CD2", 8)]
    samples = [discs, discs[:1], [folder(ROOT + r"\CD1", 3), folder(ROOT + r"\CD2", 4)]]
    assert {(one.root, one.part) for sample in samples for one in group(sample)} == {
        (group(discs)[0].root, ())
    }


def test_an_image_with_a_cue_sheet_is_refused() -> None:
    """One file for the whole album has no tracks that Lidarr could import."""
    raw = RawFolder(
        "ann", ROOT, (file(ROOT + r"\OK Computer.flac", seconds=3200), file(ROOT + r"\x.cue"))
    )
    assert reasons(only([raw])) == "the whole album as one file with a cue sheet"


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"size": 0}, "a file without content"),
        ({"size": -1}, "a file without content"),
        ({"size": 9 * 1024**3}, "a file too large"),
    ],
)
def test_absurd_sizes(changes: dict[str, object], reason: str) -> None:
    """Nothing empty, nothing beyond any track."""
    found = only([RawFolder("ann", ROOT, (file(ROOT + r"\01.flac", **changes),))])
    assert reason in reasons(found)


@pytest.mark.parametrize(
    ("path", "reason"),
    [
        (r"Music\..\Album\01.flac", "`..`"),
        (r"Music\.\Album\01.flac", "`..`"),
        (rf"Music\Album\{'ä' * 130}.flac", "longer than 255 bytes"),
        (rf"Music\{'x' * 256}\01.flac", "longer than 255 bytes"),
        (rf"Music\{'x' * 255}\01.flac", ""),
    ],
)
def test_paths_that_cannot_be_fetched(path: str, reason: str) -> None:
    """The source refuses climbing paths, and a disk refuses long names."""
    found = only([RawFolder("ann", "x", (file(path),))])
    assert reason in reasons(found)
    assert bool(reason) is bool(reasons(found))


def test_unknown_quality_is_refused_with_its_number() -> None:
    """Lidarr would read MP3 224 as unknown."""
    found = only([RawFolder("ann", ROOT, (file(ROOT + r"\01.mp3", bitrate=224),))])
    assert reasons(found) == "Lidarr has no quality for MP3 at 224 kbit/s"


def test_unknown_formats_are_refused() -> None:
    """MP2 is looked at by the import and has no quality there."""
    assert reasons(only([folder(ROOT, ["01.mp2"])])) == "the format cannot be told or is mixed"


def test_hundreds_of_files_are_no_album() -> None:
    """A folder with everything in it is not fetched as one album."""
    names = [f"Song {n} of many.flac" for n in range(151)]
    assert "151 files in one folder" in reasons(only([folder(ROOT, names)]))


def test_a_candidate_without_files_is_refused() -> None:
    """Nothing to fetch is a flaw too."""
    empty = only([folder(ROOT, 1)]).holding(())
    assert "no audio files" in reasons(empty)


def test_a_short_single_with_a_cue_sheet_is_a_single() -> None:
    """Only a file as long as an album can be one."""
    raw = RawFolder("ann", ROOT, (file(ROOT + r"\01 - Airbag.flac"), file(ROOT + r"\x.cue")))
    assert reasons(only([raw])) == ""


def test_files_in_the_share_root_are_grouped() -> None:
    """A path without any folder is no error."""
    found = only([RawFolder("ann", "", (file("song.mp3"),))])
    assert (found.root, found.name, found.reading.album) == ("", "", "")


def test_offer_carries_exactly_the_files() -> None:
    """Paths and sizes byte for byte, discs numbered only when there are several."""
    raw = folder(ROOT, 2)
    offer = to_offer(only([raw]), "slskd")
    assert (offer.source, offer.peer) == ("slskd", "ann")
    assert [(f.locator, f.path, f.size, f.seconds) for f in offer.files] == [
        (f.locator, f.path, f.size, f.seconds) for f in raw.files
    ]
    assert [f.disc for f in offer.files] == [0, 0]
    two = to_offer(only([folder(ROOT + r"\CD1", 1), folder(ROOT + r"\CD2", 1)]), "slskd")
    assert [f.disc for f in two.files] == [1, 2]
