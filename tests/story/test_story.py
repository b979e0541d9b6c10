"""From the search to the import, over real HTTP between real processes."""

from __future__ import annotations

import time
from pathlib import Path

import pytest

from soulspot_arr.demo.library import Album
from soulspot_arr.demo.shelf import shelves
from tests.fakes.threads import until
from tests.story.lidarr import imported
from tests.story.stage import ONE_DISC, TWO_DISCS, Stage, share, stage


def audio_below(folder: Path) -> list[str]:
    return sorted(str(path.relative_to(folder)) for path in folder.rglob("*.flac"))


def whole_story(on: Stage, album: Album) -> str:
    share(on.simulator, "dusty_shelf", album)
    nzo_id = on.grab(album)
    on.lidarr.play(imported(nzo_id))
    assert len(audio_below(on.root / "library")) == len(album.editions[0].tracks)
    return nzo_id


@pytest.mark.parametrize("profile", ["0.22", "0.25", "0.26", "master"])
@pytest.mark.parametrize("album", [ONE_DISC, TWO_DISCS], ids=["one disc", "two discs"])
def test_an_album_is_imported_on_every_supported_slskd(
    tmp_path: Path, profile: str, album: Album
) -> None:
    """Search, grab, transfer, import and delete; afterwards nothing of it is left behind."""
    with stage(tmp_path, profile=profile) as on:
        assert on.lidarr.window.test_buttons() == {
            "indexer SoulSpot": [],
            "download client SoulSpot": [],
        }
        nzo_id = whole_story(on, album)
        until(lambda: not audio_below(tmp_path / "slskd" / "downloads"))
        until(lambda: not visible_transfers(on))
        assert on.service.rest(f"/grabs/{nzo_id}")["state"] == "imported"  # type: ignore[index]


@pytest.mark.parametrize("codec", ["flac", "mp3"])
def test_files_without_a_single_tag_are_imported(tmp_path: Path, codec: str) -> None:
    """As they are, Lidarr refuses them for ever; it gets them with tags and their MusicBrainz ids."""
    with stage(tmp_path) as on:
        share(on.simulator, "dusty_shelf", TWO_DISCS, codec=codec, tags=False)
        on.lidarr.play(imported(on.grab(TWO_DISCS)))
    (_, files), *others = shelves(tmp_path / "library")
    assert others == []  # a fresh Lidarr does not rename: all lie in the artist's folder
    assert {Path(file.path).suffix for file in files} == {f".{codec}"}
    tags = [file.tags for file in files]
    wanted = {(track.disc, track.number, track.title) for track in TWO_DISCS.editions[0].tracks}
    assert {(one.disc, one.number, one.title) for one in tags} == wanted
    assert {one.album for one in tags} == {TWO_DISCS.title}
    assert len({one.recording_id for one in tags} - {None}) == len(wanted)


def visible_transfers(on: Stage) -> list[object]:
    import requests

    headers = {"X-API-Key": "story-key-0123456789", "Content-Type": "application/json"}
    answer = requests.get(
        f"{on.simulator.url}/api/v0/transfers/downloads", headers=headers, timeout=9
    )
    found: list[object] = answer.json()
    return found


@pytest.mark.parametrize("moment", ["asked", "moving", "arrived"])
def test_a_killed_service_finishes_the_same_grab_and_downloads_nothing_twice(
    tmp_path: Path, moment: str
) -> None:
    """kill -9 at different moments, then start: same id, same files, each asked for once."""
    with stage(tmp_path, time_scale=6.0) as on:
        share(on.simulator, "dusty_shelf", ONE_DISC)
        usual = on.simulator.world.network.peers["dusty_shelf"].speed
        if moment == "moving":  # so slowly that nobody can look away in that moment
            on.simulator.world.set_peer("dusty_shelf", speed=150_000)
        nzo_id = on.grab(ONE_DISC)
        wait_for(on, moment)
        on.service.kill()
        on.simulator.world.set_peer("dusty_shelf", speed=usual)
        if moment == "arrived":
            time.sleep(1.0)
        on.service.start()
        on.lidarr.play(imported(nzo_id))
        assert len(audio_below(tmp_path / "library")) == len(ONE_DISC.editions[0].tracks)
        assert transfers_ever(on) == len(ONE_DISC.editions[0].tracks)


def wait_for(on: Stage, moment: str) -> None:
    word = {"moving": "InProgress", "arrived": "Succeeded"}.get(moment)
    if word is None:
        until(on.enqueued)
    else:
        until(lambda: any(word in text for text in states(on)))


def states(on: Stage) -> list[str]:
    return [
        file["state"]
        for user in visible_transfers(on)
        for folder in user["directories"]  # type: ignore[index]
        for file in folder["files"]
    ]


def transfers_ever(on: Stage) -> int:
    import requests

    headers = {"X-API-Key": "story-key-0123456789", "Content-Type": "application/json"}
    answer = requests.get(
        f"{on.simulator.url}/api/v0/transfers/downloads?includeRemoved=true",
        headers=headers,
        timeout=9,
    )
    return sum(len(folder["files"]) for user in answer.json() for folder in user["directories"])
