"""Which files are one release to Lidarr: contract lidarr §9.3 (what it looks at) and §9.4."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from soulspot_arr.rules.rehearsal import FileTags
from soulspot_arr.rules.rehearsal.grouping import eligible, group, is_single_release, is_various

IMPORTED = ["mp2", "mp3", "m4a", "m4b", "m4p", "ogg", "oga", "opus", "wma", "wav", "wv", "flac"]
IMPORTED += ["ape", "aif", "aiff", "aifc"]
NOT_IMPORTED = ["cue", "log", "jpg", "m3u", "aac", "dsf", "mka", "mp4", "tak", "mpc"]


def _in(folder: str, count: int = 3, *, by: str | None = "Air", album: str | None = "Moon Safari",
        **ids: str) -> list[FileTags]:  # fmt: skip
    return [
        FileTags(f"{folder}/{n}.mp3".lstrip("/"), album_artist=by, album=album, **ids)  # type: ignore[arg-type]
        for n in range(1, count + 1)
    ]


def _sizes(files: list[FileTags], root: str = "") -> list[int]:
    return [len(found) for found in group(files, root)]


@pytest.mark.parametrize(
    ("folders", "expected"),
    [
        pytest.param(["", ""], [6], id="flat"),
        pytest.param(["CD1", "CD2"], [6], id="cd1-cd2"),
        pytest.param(["Disc 1", "Disc 2"], [6], id="disc-1-disc-2"),
        pytest.param(["Disk_1", "disk_2"], [6], id="disk-and-case"),
        pytest.param(["a/Disc 1", "a/Disc 2", "a/Disc 3"], [9], id="three-deeper"),
        pytest.param(["Moon Safari (CD 1", "Moon Safari (CD 2"], [6], id="mark-at-the-end"),
        pytest.param(["Moon Safari (CD 1)", "Moon Safari (CD 2)"], [3, 3], id="bracket-behind"),
        pytest.param(["CD1 - Live", "CD2 - Studio"], [3, 3], id="subtitled"),
        pytest.param(["CD1", "CD2 - Studio"], [3, 3], id="second-subtitled"),
        pytest.param(["Disc 1", "CD 2"], [3, 3], id="two-words"),
        pytest.param(["Disc One", "Disc Two"], [3, 3], id="spelt-out"),
        pytest.param(["Vinyl 1", "Vinyl 2"], [3, 3], id="other-word"),
        pytest.param(["", "CD2"], [3, 3], id="first-disc-in-the-folder-itself"),
        pytest.param(["CD1", "CD1/Live", "CD2"], [3, 6], id="interrupted"),
        pytest.param(["Disc 1/CD1", "Disc 1/CD2"], [3, 3], id="disc-above-hides-cd"),
    ],
)
def test_disc_folders(folders: list[str], expected: list[int]) -> None:
    """Folders merge only when they are prefix and digits (contract lidarr §9.4)."""
    files = [file for folder in folders for file in _in(folder)]
    assert _sizes(files) == expected


def test_a_disk_in_the_path_above() -> None:
    """Below /mnt/disk1 Lidarr takes every folder for one of that disc, and CD folders stay apart."""
    files = _in("CD1") + _in("CD2")
    assert _sizes(files, "/downloads/job") == [6]
    assert _sizes(files, "/mnt/disk1/job") == [3, 3]
    assert _sizes(_in("Disc 1") + _in("Disc 2"), "/mnt/disk1/job") == [6]


def test_twenty_discs() -> None:
    """Disc 2 brings the files of Disc 20 too, and they come once more; nothing else is odd."""
    files = [file for disc in range(1, 21) for file in _in(f"Disc {disc}", 2)]
    (found,) = group(files)
    assert set(found) == set(files)
    assert len(found) == len(files) + 2


def test_a_folder_within_a_disc_is_counted_twice() -> None:
    """With the disc whose path begins alike, and on its own."""
    files = _in("CD1") + _in("CD2") + _in("CD2/Bonus")
    assert _sizes(files) == [9, 3]


@pytest.mark.parametrize(
    ("albums", "single"),
    [
        pytest.param(["Moon Safari"] * 4, True, id="same"),
        pytest.param([None] * 4, True, id="none"),
        pytest.param(["Moon Safari"] * 3 + ["Talkie Walkie"], False, id="2-values-of-4"),
        pytest.param(["Moon Safari"] * 6 + ["Talkie Walkie"] * 2, True, id="a-quarter-dissents"),
        pytest.param(["Moon Safari"] * 6 + ["Talkie Walkie"] * 3, False, id="a-third-dissents"),
        pytest.param(["Moon Safari"] * 10 + [None] * 2, True, id="some-none"),
        pytest.param(["Moon Safari (x)"] * 2 + ["Moon Safari (x"] * 2, True, id="typing-error"),
        pytest.param(["Moon"] * 2 + ["Mood"] * 2, False, id="short-typing-error"),
    ],
)
def test_common_album(albums: list[str | None], single: bool) -> None:
    """At most a quarter of files and of values may dissent; likeness above 0.9 is no dissent."""
    files = [FileTags(f"{n}.mp3", artist="Air", album=album) for n, album in enumerate(albums)]
    assert is_single_release(files) is single


@pytest.mark.parametrize(
    ("artists", "various", "single"),
    [
        pytest.param(["Air"] * 4, False, True, id="one"),
        pytest.param(["Air", "Daft Punk"] * 4, False, False, id="two-halves"),
        pytest.param(["Air"] * 6 + ["Daft Punk"] * 2, False, True, id="a-quarter-dissents"),
        pytest.param(["Air", "Justice", "Moby", "Orbital"], True, True, id="all-different"),
        pytest.param(["Various Artists"] * 4, True, True, id="various-artists"),
        pytest.param(["VA", "va", "VA", "Air"], True, True, id="va"),
        pytest.param(["", "", "", "Air"], True, True, id="empty-but-there"),
        pytest.param([None, None, None, "Air"], False, False, id="not-there"),
        pytest.param(["Ca Va"] * 4, False, True, id="no-va"),
    ],
)
def test_common_artist(artists: list[str | None], various: bool, single: bool) -> None:
    """The same rule for the artist, unless there are many or one who stands for many."""
    files = [FileTags(f"{n}.mp3", artist=by, album="Late Night") for n, by in enumerate(artists)]
    assert is_various(files) is various
    assert is_single_release(files) is single


def test_two_ids_are_two_releases() -> None:
    """Whatever else agrees: one id of a release or of a group more, and it is not one release."""
    for field in ("release_id", "release_group_id"):
        files = _in("", 3, **{field: "a"}) + _in("", 1, **{field: "b"})
        assert not is_single_release(files)
        assert is_single_release(_in("", 3, **{field: "a"}) + _in("", 1))


def test_two_albums_in_one_folder() -> None:
    """What does not agree in a folder is told apart by album tag."""
    assert _sizes(_in("", 6) + _in("", 4, album="Talkie Walkie")) == [6, 4]


def test_two_artists_with_one_title() -> None:
    """And at last by artist and album tag."""
    assert _sizes(_in("", 6, album="Live") + _in("", 4, by="Moby", album="Live")) == [6, 4]


def test_left_overs_of_several_folders_meet() -> None:
    """Files of one album tag come together from folders that did not agree."""
    mixed = [_in(folder, 2) + _in(folder, 2, album="Talkie Walkie") for folder in ("a", "b")]
    assert _sizes([file for files in mixed for file in files]) == [4, 4]


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        pytest.param("01.flac", True, id="plain"),
        pytest.param("a/b/01.MP3", True, id="deeper-and-upper-case"),
        *(pytest.param(f"x.{kind}", True, id=kind) for kind in IMPORTED),
        *(pytest.param(f"x.{kind}", False, id=kind) for kind in NOT_IMPORTED),
        pytest.param("flac", False, id="no-extension"),
        pytest.param("Extras/01.flac", False, id="extras"),
        pytest.param("CD1/extras/01.flac", False, id="extras-deeper"),
        pytest.param("My Extras/01.flac", True, id="not-extras"),
        pytest.param("@eaDir/01.flac", False, id="synology"),
        pytest.param(".hidden/01.flac", False, id="hidden-folder"),
        pytest.param(".01.flac", True, id="hidden-file"),
        pytest.param("._01.flac", False, id="resource-fork"),
    ],
)
def test_what_lidarr_looks_at(path: str, expected: bool) -> None:
    """Extensions and names of contract lidarr §9.3."""
    assert eligible(path) is expected


FOLDERS = st.sampled_from(["", "CD1", "CD2", "CD10", "CD2/x", "Disc 1", "b", "ä", "a_b", "A-B"])
FILES = st.lists(
    st.builds(
        FileTags,
        path=st.builds("{}/{}.mp3".format, FOLDERS, st.integers(0, 99)),
        artist=st.sampled_from([None, "", "Air", "Moby", "VA"]),
        album=st.sampled_from([None, "", "Moon Safari", "Play"]),
        release_id=st.sampled_from([None, "1", "2"]),
    ),
    max_size=12,
    unique_by=lambda file: file.path,
)


@given(FILES)
def test_no_file_is_lost(files: list[FileTags]) -> None:
    """Every file is in a group, and no group is empty."""
    found = group(files)
    assert {file for one in found for file in one} == set(files)
    assert all(found)
