"""What is read from folders and files: tags by family, groups, names, look-ups by likeness."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import mutagen
import pytest
from mutagen.id3 import ID3, TALB, TIT2, TPE1, TXXX, UFID

from soulspot_arr.demo.lidarr import likeness
from soulspot_arr.demo.lidarr.countries import country
from soulspot_arr.demo.lidarr.disk import Disk
from soulspot_arr.demo.lidarr.file_names import fill_gaps
from soulspot_arr.demo.lidarr.grouping import group, is_various, looks_single
from soulspot_arr.demo.lidarr.library import Library
from soulspot_arr.demo.lidarr.tables import Row, Store
from soulspot_arr.demo.lidarr.tags import FileTags, LocalFile, read_tags
from soulspot_arr.simulator.audio import AudioSpec, tagged
from tests.soulspot_arr.demo.lidarr.stage import artist


def local(path: str, **tags: object) -> LocalFile:
    """A file that was read already."""
    return LocalFile(path, 1, FileTags(**tags))  # type: ignore[arg-type]


def paths(groups: list[list[LocalFile]]) -> list[list[str]]:
    """Groups by their paths."""
    return [[file.path for file in members] for members in groups]


# -- tags ------------------------------------------------------------------------------------------


def test_a_flac_is_read_by_its_comments(tmp_path: Path) -> None:
    """Vorbis comments, MusicBrainz ids included; the quality from the stream."""
    path = tmp_path / "a.flac"
    path.write_bytes(
        AudioSpec(0.5, bits=24, tags=tagged({"title": "Airbag (feat. Nobody)"})).content()
    )
    audio: Any = mutagen.File(path)
    audio["album"] = "OK Computer"
    audio["artist"] = "Thom"
    audio["albumartist"] = ["Radiohead", "Others"]
    audio["tracknumber"] = "3/12"
    audio["discnumber"] = "1/2"
    audio["date"] = "1997-06-16"
    audio["label"] = "Parlophone"
    audio["releasecountry"] = "GB"
    audio["musicbrainz_albumid"] = "release"
    audio["musicbrainz_releasegroupid"] = "album"
    audio["musicbrainz_trackid"] = "recording"
    audio.save()
    assert read_tags(str(path)) == FileTags(
        title="Airbag (feat. Nobody)",
        clean_title="Airbag",
        album="OK Computer",
        artist="Radiohead",
        number=3,
        disc=1,
        discs=2,
        year=1997,
        seconds=0.5,
        label="Parlophone",
        country="United Kingdom",
        album_id="album",
        release_id="release",
        recording_id="recording",
        quality="FLAC 24bit",
    )


def test_an_mp3_is_read_by_its_frames(tmp_path: Path) -> None:
    """TXXX for MusicBrainz ids, the recording in UFID; CBR with its bitrate."""
    path = tmp_path / "a.mp3"
    path.write_bytes(AudioSpec(1.0, codec="mp3", bitrate=192).content())
    audio: Any = mutagen.File(path)
    if audio.tags is None:
        audio.add_tags()
    make: Any = TXXX
    audio.tags.add(make(encoding=3, desc="MusicBrainz Album Id", text=["release"]))
    ufid: Any = UFID
    audio.tags.add(ufid(owner="http://musicbrainz.org", data=b"recording"))
    title: Any = TIT2
    audio.tags.add(title(encoding=3, text=["Airbag"]))
    audio.save()
    found = read_tags(str(path))
    assert (found.title, found.release_id, found.recording_id, found.quality) == (
        "Airbag",
        "release",
        "recording",
        "MP3-192",
    )


def test_vbr_is_always_v0(tmp_path: Path) -> None:
    """Every VBR file counts as V0 at import (contract §7.4)."""
    path = tmp_path / "a.mp3"
    path.write_bytes(AudioSpec(1.0, codec="mp3", vbr=True).content())
    assert read_tags(str(path)).quality == "MP3-VBR-V0"


def test_id3_stuck_onto_a_flac_fills_gaps(tmp_path: Path) -> None:
    """Comments win; what they lack is taken from the foreign tag."""
    path = tmp_path / "a.flac"
    path.write_bytes(AudioSpec(0.2, tags=tagged({"title": "Airbag"})).content())
    tag: Any = ID3()  # type: ignore[no-untyped-call]
    for frame, text in ((TIT2, "Wrong"), (TALB, "From ID3"), (TPE1, "Radiohead")):
        make: Any = frame
        tag.add(make(encoding=3, text=[text]))
    tag.save(path)
    found = read_tags(str(path))
    assert (found.title, found.album, found.artist) == ("Airbag", "From ID3", "Radiohead")


@pytest.mark.parametrize("content", [b"", b"fLaC garbage", b"\xff" * 2000])
def test_what_cannot_be_read_loses_everything(tmp_path: Path, content: bytes) -> None:
    """No field is left, the quality comes from the name (contract §9.5)."""
    path = tmp_path / "a.flac"
    path.write_bytes(content)
    assert read_tags(str(path)) == FileTags(quality="FLAC")


def test_a_renamed_file_cannot_be_read(tmp_path: Path) -> None:
    """The ending decides how a file is read."""
    path = tmp_path / "a.m4a"
    path.write_bytes(AudioSpec(0.2, tags=tagged({"title": "Airbag"})).content())
    assert read_tags(str(path)).title is None


@pytest.mark.parametrize(
    ("tag", "name"),
    [
        ("GB", "United Kingdom"),
        ("us", "United States"),
        ("XW", "[Worldwide]"),
        ("", None),
        ("?!", None),
    ],
)
def test_countries(tag: str, name: str | None) -> None:
    """Codes become MusicBrainz names; what is unknown is no country."""
    assert country(tag) == name


# -- groups ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("folders", "groups"),
    [
        (["CD1", "CD2"], 1),
        (["Disc 1", "Disc 2"], 1),
        (["disk-01", "disk-02"], 1),
        (["CD1 - Live", "CD2 - Studio"], 2),
        (["CD1", "CD2 (bonus)"], 2),
        (["A", "B"], 2),
    ],
)
def test_disc_folders(folders: list[str], groups: int) -> None:
    """Merged only when nothing but digits follows the marker (contract §9.4)."""
    files = [local(f"/d/job/{folder}/1.flac", album="X", artist="A") for folder in folders]
    assert len(group(files)) == groups


def test_unpadded_discs_are_claimed_twice() -> None:
    """`CD2` begins like `CD20`: Lidarr counts those files twice."""
    files = [local(f"/d/CD{at}/1.flac", album="X", artist="A") for at in range(1, 21)]
    [members] = group(files)
    assert len(members) == 21
    assert len(set(members)) == 20


def test_disagreeing_albums_are_regrouped_by_tag() -> None:
    """One folder with two albums becomes two groups."""
    files = [local(f"/d/{at}.flac", album="XY"[at % 2], artist="A") for at in range(8)]
    assert [len(members) for members in group(files)] == [4, 4]


def test_two_release_ids_are_no_release() -> None:
    """At most one id; then the groups are made by tags again."""
    files = [local(f"/d/{at}.flac", album="X", artist="A", release_id=str(at)) for at in (1, 2)]
    assert not looks_single(files)
    assert paths(group(files)) == [["/d/1.flac", "/d/2.flac"]]


@pytest.mark.parametrize(
    ("artists", "various"),
    [
        (["A"] * 8, False),
        (["A", "B", "C", "D", "E", "F", "G", "H"], True),
        (["Various Artists"] * 4, True),
        ([None] * 4, False),
        ([""] * 4, True),
    ],
)
def test_various_artists(artists: list[str | None], various: bool) -> None:
    """By a name that says so, or by eight files of eight artists."""
    files = [local(f"/d/{at}", artist=name, album="X") for at, name in enumerate(artists)]
    assert is_various(files) is various


def test_names_close_to_each_other_count_as_one() -> None:
    """Spellings above .9 belong together."""
    names = ["OK Computer OKNOTOK"] * 3 + ["OK Computer OKNOTOK!"]
    files = [local(f"/d/{at}", artist="A", album=name) for at, name in enumerate(names)]
    assert looks_single(files)


# -- file names ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("names", "expected"),
    [
        (["01 - Airbag", "02 - Lucky"], [("Airbag", 1, 0, None), ("Lucky", 2, 0, None)]),
        (["101 Airbag", "203 Lucky"], [("Airbag", 1, 1, None), ("Lucky", 3, 2, None)]),
        (
            ["Radiohead - 01 - Airbag", "Radiohead - 02 - Lucky"],
            [("Airbag", 1, 0, "Radiohead"), ("Lucky", 2, 0, "Radiohead")],
        ),
    ],
)
def test_names_fill_gaps(names: list[str], expected: list[tuple[object, ...]]) -> None:
    """Title, number, disc and artist; the title that is compared stays empty (contract §9.5)."""
    files = [local(f"/d/{name}.flac") for name in names]
    fill_gaps(files)
    assert [
        (file.tags.title, file.tags.number, file.tags.disc, file.tags.artist) for file in files
    ] == expected
    assert [file.tags.clean_title for file in files] == [None, None]


def test_complete_tags_are_left_alone() -> None:
    """Nothing is taken from a name when nothing is missing."""
    file = local("/d/09 - Wrong.flac", title="Airbag", number=1, disc=1)
    fill_gaps([file])
    assert (file.tags.title, file.tags.number, file.tags.artist) == ("Airbag", 1, None)


# -- look-ups --------------------------------------------------------------------------------------


def test_albums_by_tag() -> None:
    """Exact, with brackets, contained; and nothing when nothing is alike."""
    library = Library(Store())
    specs: list[Row] = [
        {"title": title, "releases": []} for title in ("OK Computer", "Kid A", "The Bends")
    ]
    found = library.add_artist(artist() | {"albums": specs}, "/music")

    def candidates(tag: str) -> list[str]:
        return [album.title for album in library.album_candidates(found.id, tag)]

    assert candidates("OK Computer (Collector's Edition)") == ["OK Computer"]
    assert candidates("Radiohead: OK Computer") == ["OK Computer"]
    assert candidates("Nevermind") == []
    assert library.album_by_title(found.id, "kid a") is not None


@pytest.mark.parametrize(
    ("pattern", "text", "score"),
    [("abc", "xxabcxx", 1.0), ("abcd", "xxabedxx", 0.75), ("", "x", 0.0), ("abc", "zzz", 0.25)],
)
def test_contained_text(pattern: str, text: str, score: float) -> None:
    """The best place in the text decides; a quarter is the least it says."""
    assert likeness.within(pattern, text) == pytest.approx(score)


@pytest.mark.parametrize(
    ("title", "clean"),
    [
        ("Airbag (feat. Nobody)", "Airbag"),
        ("Airbag ft. Nobody", "Airbag"),
        ("Airbag (2017 Remastered)", "Airbag"),
        ("Airbag [Deluxe Version]", "Airbag"),
        ("Airbag (Live)", "Airbag (Live)"),
        ("Drift", "Drift"),
    ],
)
def test_titles_lose_guests_and_pressings(title: str, clean: str) -> None:
    """What MusicBrainz never writes into a title."""
    assert likeness.track_title(title) == clean


def test_which_files_are_seen(tmp_path: Path) -> None:
    """Endings and folders of contract §9.3."""
    for name in (
        "a.mp3",
        "b.FLAC",
        "c.aac",
        "d.jpg",
        "._e.mp3",
        "f.mp3.partial~",
        "extras/g.mp3",
        ".hidden/h.mp3",
        "CD1/i.opus",
    ):
        path = tmp_path / name
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(b"x")
    found = Disk().audio_files(str(tmp_path))
    assert [path.relative_to(tmp_path).as_posix() for path in found] == [
        "CD1/i.opus",
        "a.mp3",
        "b.FLAC",
    ]
