"""Completed download handling on real files: what is imported, what is stuck, what is deleted."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from soulspot_arr.demo.audio_tags import read_tags
from soulspot_arr.demo.importer import (
    ImportResult,
    ImportState,
    album_folder,
    artist_folder,
    import_download,
)
from soulspot_arr.demo.library import Album, simple_album
from tests.soulspot_arr.demo.tiny_audio import write_album, write_audio

ALBUM = simple_album("AC/DC", "Back: Live?", 1980, (("Hells Bells", 31), ("Shoot to Thrill", 32)))
TWO_DISCS = simple_album(
    "Kestrel & Vane",
    "Northbound",
    2011,
    (("Signal Box", 20), ("Moorland", 25)),
    (("Terminus", 30),),
)


def attempt(job: Path | str, album: Album, root: Path) -> ImportResult:
    """One import attempt with a library of both albums."""
    return import_download(
        str(job), album, library=(ALBUM, TWO_DISCS), library_root=root / "library"
    )


def test_9_2_a_complete_tagged_folder_is_imported_and_deleted(tmp_path: Path) -> None:
    """Files move into Artist/Album (Year), leftovers go with the folder."""
    job = tmp_path / "job"
    write_album(job, ALBUM)
    (job / "cover.jpg").touch()
    result = attempt(job, ALBUM, tmp_path)
    assert result.state is ImportState.IMPORTED
    folder = tmp_path / "library" / "AC+DC" / "Back- Live- (1980)"
    assert sorted(path.name for path in folder.iterdir()) == [
        "01 - Hells Bells.wav",
        "02 - Shoot to Thrill.wav",
    ]
    assert not job.exists()


@pytest.mark.parametrize("discs_in_folders", [True, False])
def test_9_4_two_discs_import_from_cd_folders_and_flat(
    tmp_path: Path, *, discs_in_folders: bool
) -> None:
    """CD1/CD2 merge; flat folders work as well; names carry the disc."""
    job = tmp_path / "job"
    write_album(job, TWO_DISCS, discs_in_folders=discs_in_folders)
    result = attempt(job, TWO_DISCS, tmp_path)
    assert result.state is ImportState.IMPORTED
    assert sorted(path.name for path in result.files) == [
        "1-01 - Signal Box.wav",
        "1-02 - Moorland.wav",
        "2-01 - Terminus.wav",
    ]


def test_9_4_disc_folders_with_names_fail_with_missing_tracks(tmp_path: Path) -> None:
    """`CD1 - Live` is matched alone, so every group lacks tracks: terminal failure."""
    job = tmp_path / "job"
    write_album(job, TWO_DISCS, discs_in_folders=True)
    (job / "CD1").rename(job / "CD1 - Live")
    (job / "CD2").rename(job / "CD2 - Studio")
    result = attempt(job, TWO_DISCS, tmp_path)
    assert result.state is ImportState.FAILED
    assert any("missing tracks" in message for message in result.messages)


def spoil_missing(job: Path) -> None:
    """Take a track away."""
    next(job.glob("*02*")).unlink()


def spoil_extra(job: Path) -> None:
    """Add a hidden track."""
    write_audio(job / "bonus.wav", 90, title="Hidden", album=ALBUM.title, artist="AC/DC")


def spoil_untagged(job: Path) -> None:
    """Lose all tags of every file."""
    for path in list(job.iterdir()):
        write_audio(path, 31)


def spoil_untitled(job: Path) -> None:
    """Keep the album tag but lose the titles."""
    for path in list(job.iterdir()):
        write_audio(path, 31, album=ALBUM.title, artist="AC/DC")


def spoil_length(job: Path) -> None:
    """Make one track much too long and call it something else."""
    wrong = next(job.glob("*02*"))
    write_audio(wrong, 200, title="Megamix", album=ALBUM.title, artist="AC/DC", number="2")


def spoil_album_tag(job: Path) -> None:
    """Tag another album altogether."""
    for path in list(job.iterdir()):
        write_audio(path, 31, title="Hells Bells", album="Powerage", artist="AC/DC")


def spoil_duplicate(job: Path) -> None:
    """Two copies of everything."""
    write_album(job / "copy", ALBUM)


@pytest.mark.parametrize(
    ("spoil", "reason"),
    [
        (spoil_missing, "missing tracks"),
        (spoil_extra, "unmatched tracks"),
        (spoil_untagged, "similar album"),
        (spoil_untitled, "Worst track match"),
        (spoil_length, "Worst track match"),
        (spoil_album_tag, "similar album"),
    ],
)
def test_9_2_spoiled_folders_fail_for_good(tmp_path: Path, spoil: object, reason: str) -> None:
    """Every such file ends in importFailed, and nothing is deleted."""
    job = tmp_path / "job"
    write_album(job, ALBUM)
    assert callable(spoil)
    spoil(job)
    before = sorted(job.rglob("*"))
    result = attempt(job, ALBUM, tmp_path)
    assert result.state is ImportState.FAILED
    assert any(reason in message for message in result.messages)
    assert sorted(job.rglob("*")) == before


def test_9_6_of_two_copies_only_one_group_is_taken(tmp_path: Path) -> None:
    """The tracks reach the count, so the album is imported; the leftover keeps the folder."""
    job = tmp_path / "job"
    write_album(job, ALBUM)
    spoil_duplicate(job)
    result = attempt(job, ALBUM, tmp_path)
    assert result.state is ImportState.IMPORTED
    assert any("fits better" in message for message in result.messages)
    assert job.exists()


def test_9_3_files_below_an_unpacking_folder_are_refused(tmp_path: Path) -> None:
    """Terminal as well, because files were found and not imported."""
    job = tmp_path / "_UNPACK_x" / "job"
    write_album(job, ALBUM)
    result = attempt(job, ALBUM, tmp_path)
    assert result.state is ImportState.FAILED
    assert any("unpacked" in message for message in result.messages)


@pytest.mark.parametrize(
    ("path", "message"),
    [
        ("", "intermediate path"),
        ("C:\\downloads\\job", "not a valid local path"),
        ("relative", "not a valid local path"),
        ("/nowhere/at/all", "No files found"),
    ],
)
def test_9_2_unusable_paths_stay_pending(tmp_path: Path, path: str, message: str) -> None:
    """These are tried again every minute."""
    result = attempt(path, ALBUM, tmp_path)
    assert (result.state, result.files) == (ImportState.PENDING, ())
    assert message in result.messages[0]


def test_9_2_folder_level_rejections_stay_pending(tmp_path: Path) -> None:
    """An empty folder, an archive, and a library artist's own folder."""
    job = tmp_path / "job"
    job.mkdir()
    assert "No files found" in attempt(job, ALBUM, tmp_path).messages[0]
    (job / "album.rar").touch()
    assert "archive" in attempt(job, ALBUM, tmp_path).messages[0]
    own = artist_folder(tmp_path / "library", ALBUM.artist)
    write_album(own, ALBUM)
    result = attempt(own, ALBUM, tmp_path)
    assert result.state is ImportState.PENDING
    assert "artist folder" in result.messages[0]


def test_9_6_an_existing_destination_is_not_overwritten(tmp_path: Path) -> None:
    """The second import of the same album fails file by file."""
    for _ in range(2):
        job = tmp_path / "job"
        write_album(job, ALBUM)
        result = attempt(job, ALBUM, tmp_path)
    assert result.state is ImportState.FAILED
    assert any("exists" in message for message in result.messages)


def test_9_5_a_release_id_on_all_files_selects_that_edition(tmp_path: Path) -> None:
    """Even an album tag that resembles nothing does not matter for the candidates."""
    edition = replace(ALBUM.editions[0], release_id="rel-1", countries=("United States",))
    album = replace(ALBUM, editions=(edition,))
    job = tmp_path / "job"
    for number, track in enumerate(edition.tracks, start=1):
        write_audio(
            job / f"{number}.wav",
            track.seconds,
            title=track.title,
            album="Zzz",
            artist="AC/DC",
            number=str(number),
            release_id="rel-1",
        )
    result = import_download(str(job), album, library=(album,), library_root=tmp_path / "library")
    assert result.state is ImportState.IMPORTED


def test_9_5_an_unwanted_edition_is_refused(tmp_path: Path) -> None:
    """Unless any edition is fine, the match must be the monitored one."""
    edition = replace(ALBUM.editions[0], monitored=False)
    album = replace(ALBUM, editions=(edition,), any_edition_ok=False)
    job = tmp_path / "job"
    write_album(job, album)
    result = import_download(str(job), album, library=(album,), library_root=tmp_path / "library")
    assert any("not requested" in message for message in result.messages)


def test_9_3_a_single_audio_file_is_a_valid_path(tmp_path: Path) -> None:
    """A one-track album may be reported as the file itself."""
    single = simple_album("X", "Solo", 2000, (("Solo", 40),))
    (path,) = write_album(tmp_path / "job", single)
    result = import_download(
        str(path), single, library=(single,), library_root=tmp_path / "library"
    )
    assert result.state is ImportState.IMPORTED
    assert album_folder(tmp_path / "library", single) == result.files[0].parent


def test_9_5_tags_of_real_files_are_read(tmp_path: Path) -> None:
    """Album artist before artist, numbers without totals, length from the stream."""
    path = write_audio(
        tmp_path / "a.wav",
        12.5,
        title="T",
        album="A",
        artist="Performer",
        album_artist="Band",
        number="3/12",
        disc="2/4",
        date="1997-05-21",
        release_id="r",
    )
    tags = read_tags(path)
    assert (tags.title, tags.album, tags.artist) == ("T", "A", "Band")
    assert (tags.number, tags.disc, tags.disc_total, tags.year) == (3, 2, 4, 1997)
    assert (tags.seconds, tags.release_id) == (12.5, "r")


def test_9_5_an_unreadable_file_loses_all_tags(tmp_path: Path) -> None:
    """Garbage with an audio extension is a file without tags."""
    (tmp_path / "a.flac").write_bytes(b"not audio")
    assert read_tags(tmp_path / "a.flac").title == ""
