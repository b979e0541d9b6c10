"""Import decisions through the whole double: which folder comes in and what is said of the others."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.soulspot_arr.demo.lidarr.stage import SONGS, Stage, artist, release, write_songs
from tests.soulspot_arr.demo.tiny_audio import write_audio

NZO = "SABnzbd_nzo_1"


def judged(stage: Stage, folder: Path) -> tuple[str, set[str]]:
    """The state after one attempt, and every reason given for a file."""
    stage.grabbed(NZO)
    stage.sabnzbd.done(NZO, folder)
    stage.refresh()
    rows = stage.queued()
    messages = rows[0]["statusMessages"] if rows else []
    return stage.state(NZO), {text for one in messages for text in one["messages"]}


def test_another_albums_tag_finds_nothing(stage: Stage) -> None:
    """No album of the artist resembles the tag."""
    folder = stage.downloads / "job"
    write_songs(folder, album="Nevermind")
    assert judged(stage, folder) == (
        "importFailed",
        {f"Couldn't find similar album for [{folder}]"},
    )


def test_no_album_tag_finds_nothing(stage: Stage) -> None:
    """Without fingerprinting there is no other way (contract §9.5, step 3)."""
    folder = stage.downloads / "job"
    write_songs(folder, album="-")
    state, reasons = judged(stage, folder)
    assert state == "importFailed"
    assert reasons == {f"Couldn't find similar album for [{folder}]"}


def test_no_title_tags_are_refused_whatever_the_names(stage: Stage) -> None:
    """The name fills the title, but not the one that is compared (contract §9.5)."""
    folder = stage.downloads / "job"
    write_songs(folder, title="-")
    state, reasons = judged(stage, folder)
    assert state == "importFailed"
    [reason] = reasons
    assert reason.startswith("Album match is not close enough: ")
    assert reason.endswith(" vs 80% [tracks]")


def test_the_worst_track_decides(bare: Stage) -> None:
    """One wrong title of twelve: the album is near, that track is not."""
    songs = [(f"Song number {at}", 20.0 + at, f"rec-{at}") for at in range(12)]
    bare.control("artist", **artist(release(songs)))
    bare.add_client()
    folder = bare.downloads / "job"
    write_songs(folder, songs)
    write_audio(
        folder / "01 Song number 0.wav",
        20.0,
        title="Qqqq",
        album="OK Computer",
        artist="Radiohead",
        number="1",
        disc="1",
        date="1997",
    )
    state, reasons = judged(bare, folder)
    assert state == "importFailed"
    assert reasons == {"Worst track match: 50.0% vs 60% [track title]"}


@pytest.mark.parametrize("extra", [True, False], ids=["unmatched", "missing"])
def test_too_many_and_too_few(stage: Stage, extra: bool) -> None:
    """New downloads must fit exactly (contract §9.3)."""
    folder = stage.downloads / "job"
    write_songs(folder, (*SONGS, ("Bonus", 30.0)) if extra else SONGS[:2])
    state, reasons = judged(stage, folder)
    assert state == "importFailed"
    assert ("Has unmatched tracks" if extra else "Has missing tracks") in reasons


def test_an_unmonitored_release_needs_permission(bare: Stage) -> None:
    """Without "any release ok" only the monitored one may come in."""
    bonus = (*SONGS, ("Bonus", 30.0))
    bare.control("artist", **artist(release(bonus, monitored=True), release(), anyReleaseOk=False))
    bare.add_client()
    folder = bare.downloads / "job"
    write_songs(folder)
    assert judged(bare, folder) == ("importFailed", {"Album release not requested"})


def test_a_release_id_leaves_no_choice(bare: Stage) -> None:
    """All files name one known release: only that one is tried, even if another fits better."""
    bonus = (*SONGS, ("Bonus", 30.0))
    bare.control("artist", **artist(release(bonus, foreignId="the-wrong-one"), release()))
    bare.add_client()
    folder = bare.downloads / "job"
    write_songs(folder, release_id="the-wrong-one")
    state, reasons = judged(bare, folder)
    assert (state, reasons) == ("importFailed", {"Has missing tracks"})


def test_a_folder_that_is_being_unpacked(stage: Stage) -> None:
    """An ancestor's name is enough (contract §9.3)."""
    folder = stage.downloads / "_UNPACK_job"
    write_songs(folder)
    assert judged(stage, folder) == ("importFailed", {"File is still being unpacked"})


def test_two_copies_of_one_album(stage: Stage) -> None:
    """Only the group with most files is let in; the grab counts as imported all the same."""
    folder = stage.downloads / "job"
    write_songs(folder / "a")
    write_songs(folder / "b")
    state, _ = judged(stage, folder)
    assert state == "imported"
    assert len(list((stage.library / "Radiohead").iterdir())) == 3


def test_another_album_of_the_artist_may_come_in(bare: Stage) -> None:
    """What was grabbed is not forced: tags decide (contract §9.5)."""
    spec = artist()
    spec["albums"].append({"title": "Kid A", "date": "2000-10-02", "releases": [release()]})
    bare.control("artist", **spec)
    bare.add_client()
    folder = bare.downloads / "job"
    write_songs(folder, album="Kid A", date="2000")
    assert judged(bare, folder)[0] == "imported"
    albums = {one["title"]: one["statistics"]["trackFileCount"] for one in bare.get("album")}
    assert albums == {"OK Computer": 0, "Kid A": 3}


def test_discs_in_folders(bare: Stage) -> None:
    """Two media in CD1 and CD2 are one release."""
    second = [("Fitter Happier", 23.0), ("No Surprises", 24.0)]
    bare.control("artist", **artist(release(SONGS, second)))
    bare.add_client()
    folder = bare.downloads / "job"
    write_songs(folder / "CD1")
    write_songs(folder / "CD2", second, disc="2")
    assert judged(bare, folder)[0] == "imported"


def test_a_box_of_twenty_discs(bare: Stage) -> None:
    """Unpadded folders, claimed twice by Lidarr's grouping, still come in."""
    media = [
        [(f"Piece {disc}.{at}", 10.0 + disc, f"r{disc}-{at}") for at in (1, 2)]
        for disc in range(1, 21)
    ]
    bare.control("artist", **artist(release(media[0], *media[1:])))
    bare.add_client()
    folder = bare.downloads / "job"
    for disc, songs in enumerate(media, start=1):
        write_songs(folder / f"CD{disc}", songs, disc=str(disc))
    page = bare.get("config/naming") | {"renameTracks": True}
    bare.call("PUT", "config/naming", page)
    assert judged(bare, folder)[0] == "imported"
    assert len(list(bare.library.rglob("*.wav"))) == 40


def test_a_destination_that_exists(bare: Stage) -> None:
    """Two albums with the same file names meet in the artist's folder while renaming is off."""
    spec = artist()
    spec["albums"].append({"title": "Kid A", "date": "2000-10-02", "releases": [release()]})
    bare.control("artist", **spec)
    bare.add_client()
    folder = bare.downloads / "job"
    write_songs(folder)
    assert judged(bare, folder)[0] == "imported"
    second = bare.downloads / "second"
    write_songs(second, album="Kid A", date="2000")
    bare.grabbed("SABnzbd_nzo_2", album=2)
    bare.sabnzbd.done("SABnzbd_nzo_2", second)
    bare.refresh()
    [row] = bare.queued()
    assert row["statusMessages"][1]["messages"] == [
        "Failed to import track, Destination already exists."
    ]
