"""SABnzbd rows about what is inside a finished folder, and about an import that Lidarr gave up on.

Rows L09, L11 and L14, with a Lidarr that really imports on the other side.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import mutagen
import pytest
import requests

from soulspot_arr.demo.library import Album, simple_album
from tests.conformance.desk import TRACKS, Desk, peer_of
from tests.conformance.running import until
from tests.story.stage import Stage, share, stage

pytestmark = pytest.mark.xdist_group("conformance-sab-import")

UNTAGGED = simple_album("Ines Farrow", "Paper Lighthouse", 2012, TRACKS)
PART = simple_album("Tomas Reed", "Unfinished Map", 2015, TRACKS)
EDITIONS = tuple(
    simple_album(PART.artist, PART.title, PART.year, (*TRACKS, last)).editions[0]
    for last in (("Weir", 23), ("Causeway", 31))
)
WHOLE = replace(PART, editions=EDITIONS)
RETAGGED = simple_album("Oda Strand", "Wrong Labels", 2007, TRACKS)
RENAMED = simple_album("Per Lund", "Other Names", 2008, TRACKS)


@pytest.fixture(scope="module")
def on(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stage]:
    """Peers that share one album each; Lidarr wants all of them but the one that has only a part."""
    root = tmp_path_factory.mktemp("import")
    settings = {"SOULSPOT_JOBS_FOLLOW": "1"}  # two chances in the patience of a test, not one
    with stage(root, settings=settings, library=(UNTAGGED, RETAGGED, RENAMED)) as opened:
        for album in (UNTAGGED, PART, RETAGGED, RENAMED):
            opened.simulator.world.add_peer(peer_of(album), free_slots=1, speed=8_000_000)
            share(opened.simulator, peer_of(album), album, tags=album is not UNTAGGED)
        yield opened


@pytest.fixture(scope="module")
def desk(on: Stage) -> Desk:
    """The same service as a download client."""
    return Desk(on.service, on.simulator, on.root)


def finished(desk: Desk, nzo_id: str) -> Path:
    """Its folder as soon as it is Completed."""
    slot = desk.wait_ended(nzo_id, seconds=60)
    assert slot["status"] == "Completed", slot
    return Path(slot["storage"])


def test_L09_what_has_no_tags_gets_them_before_completed(on: Stage, desk: Desk) -> None:
    """Names and places stand in every file at the moment when the history shows it."""
    folder = finished(desk, on.grab(UNTAGGED))
    found = {}
    for path in folder.iterdir():
        tags = mutagen.File(path, easy=True)
        assert tags is not None
        words = (tags[name][0] for name in ("album", "artist", "albumartist"))
        places = (int(tags[name][0].split("/")[0]) for name in ("discnumber", "tracknumber"))
        found[tags["title"][0]] = (*words, *places)
    names = UNTAGGED.title, UNTAGGED.artist, UNTAGGED.artist
    assert found == {title: (*names, 1, place) for place, (title, _) in enumerate(TRACKS, start=1)}


def test_L11_an_album_with_a_track_missing_in_every_edition_fails(on: Stage, desk: Desk) -> None:
    """Which album it is comes with Lidarr's webhook, after the grab; nobody has the third track."""
    desk.nzb(PART)
    on.lidarr.want(WHOLE)
    [album] = [one for one in lidarr(on, "GET", "album") if one["title"] == WHOLE.title]
    desk.call("pause")  # so that nothing is decided before the event is there
    try:
        nzo_id = desk.add(PART)
        event = {
            "eventType": "Grab",
            "artist": {"id": album["artistId"], "mbId": album["artist"]["foreignArtistId"]},
            "albums": [{"id": album["id"], "mbId": album["foreignAlbumId"]}],
            "downloadId": nzo_id,
        }
        tell(on, event)
    finally:
        desk.call("resume")
    slot = desk.wait_ended(nzo_id, seconds=90)
    assert slot["status"] == "Failed"
    assert re.search("There is no file for “1-03 (Weir|Causeway)”", slot["fail_message"])


def refused(on: Stage, desk: Desk, album: Album, *, renamed: bool) -> str:
    """A finished grab whose tags somebody overwrote, so that Lidarr gave its import up; its id."""
    nzo_id = on.grab(album)
    for number, path in enumerate(sorted(finished(desk, nzo_id).iterdir())):
        tags = mutagen.File(path, easy=True)
        assert tags is not None
        for name in [name for name in tags if name.startswith("musicbrainz")]:
            del tags[name]
        tags.update({"album": "Something Else", "albumartist": "Nobody", "artist": "Nobody"})
        tags.save()
        if renamed:
            path.rename(path.with_name(f"{number} - Noise{path.suffix}"))
    on.lidarr.double.refresh()
    rows = lidarr(on, "GET", "history", downloadId=nzo_id)["records"]
    assert "albumImportIncomplete" in {row["eventType"] for row in rows}
    return nzo_id


@pytest.mark.parametrize("album", [RETAGGED, RENAMED], ids=["known files", "unknown files"])
def test_L14_an_import_that_lidarr_gave_up_on_is_dealt_with(
    on: Stage, desk: Desk, album: Album
) -> None:
    """Imported by order where the track of every file is known, else removed with its blocklist."""
    nzo_id = refused(on, desk, album, renamed=album is RENAMED)
    tell(on, {"eventType": "ImportFailure", "tracks": [], "trackFiles": []})

    def over() -> bool | None:
        on.lidarr.double.life.commands.run_waiting()
        return True if state(on, nzo_id) is None else None

    until(over, "it leaves Lidarr's queue", seconds=100)
    ending = "imported" if album is RETAGGED else "removed"
    until(lambda: desk.state(nzo_id) == ending or None, f"it is {ending}")
    taken = list((on.lidarr.library / album.artist).rglob("*.flac"))
    if album is RETAGGED:
        assert len(taken) == len(TRACKS)
        assert not blocked(on, album)
    else:
        assert not taken
        until(lambda: blocked(on, album) or None, "the release is on Lidarr's blocklist")
        assert len(blocked(on, album)) == 1


# -- Lidarr --------------------------------------------------------------------------------------


def lidarr(on: Stage, method: str, path: str, **query: object) -> Any:
    """One request to Lidarr's API that must work."""
    answer = requests.request(
        method,
        f"{on.lidarr.double.url}/api/v1/{path}",
        params={"pageSize": "100", **{name: str(value) for name, value in query.items()}},
        headers={"X-Api-Key": on.lidarr.double.api_key},
        timeout=20,
    )
    assert answer.status_code == 200, answer.text
    return answer.json()


def blocked(on: Stage, album: Album) -> list[str]:
    """The releases of an album on Lidarr's blocklist."""
    titles = [row["sourceTitle"] for row in lidarr(on, "GET", "blocklist")["records"]]
    return [title for title in titles if album.title in title]


def state(on: Stage, nzo_id: str) -> str | None:
    """How this grab stands in Lidarr's queue; None when it is not there."""
    rows = lidarr(on, "GET", "queue", includeUnknownArtistItems="true")["records"]
    found = [row["trackedDownloadState"] for row in rows if row.get("downloadId") == nzo_id]
    return str(found[0]) if found else None


def tell(on: Stage, event: dict[str, Any]) -> None:
    """Lidarr's webhook."""
    auth = ("lidarr", on.service.api_key)
    answer = requests.post(f"{on.service.url}/hooks/lidarr", json=event, auth=auth, timeout=20)
    assert answer.status_code == 200
