"""The blocklist over real HTTP: between search and grab, by strikes, and released again."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import requests

from soulspot_arr.demo.library import Album, simple_album
from soulspot_arr.simulator.audio import payload_for
from soulspot_arr.simulator.matching import Query as SearchText
from soulspot_arr.simulator.network import Peer, SharedFile
from tests.conformance.desk import TRACKS, Desk, open_desk
from tests.conformance.running import until
from tests.story.stage import share

pytestmark = pytest.mark.xdist_group(name="conformance-blocklist")

ONE = simple_album("Petra Halloran", "Iron Meadow", 2011, TRACKS)
BAD = [
    simple_album("Noel Vance", f"{word} Furnace", 2003, TRACKS) for word in ("Tin", "Zinc", "Lead")
]
SLOW = simple_album("Ines Marlow", "Paper Harbour", 2016, TRACKS)
LAST = simple_album("Noel Vance", "Copper Kiln", 2005, TRACKS)
PINS = {
    "SOULSPOT_QUEUE_RESCUE": "false",
    "SOULSPOT_SEARCH_DIG": "0",
    "SOULSPOT_COMPLETION_SETTLE": "2",
    "SOULSPOT_RETRY_ATTEMPTS": "0",
    "SOULSPOT_SEARCH_RATE_WINDOW": "1",
}


@pytest.fixture(scope="module")
def desk(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Desk]:
    """A service of its own: its peers are blocked and released."""
    root: Path = tmp_path_factory.mktemp("blocklist")
    with open_desk(root, ONE, *BAD, SLOW, LAST, settings=PINS) as opened:
        opened.simulator.world.add_peer("second_peer", free_slots=1, response_delay=0.2)
        share(opened.simulator, "second_peer", ONE)
        opened.simulator.world.add_peer("quick_peer", free_slots=1, response_delay=0.2)
        share(opened.simulator, "quick_peer", SLOW)
        yield opened


def rest(desk: Desk, method: str, path: str = "", **body: Any) -> tuple[int, dict[str, Any]]:
    """One request to the blocklist; status and body."""
    answer = requests.request(
        method,
        f"{desk.service.url}/api/v1/blocklist{path}",
        json=body or None,
        headers={"X-Api-Key": desk.service.api_key},
        timeout=20,
    )
    return answer.status_code, answer.json()


def block(desk: Desk, peer: str) -> int:
    """Block a peer by hand; the id of the line."""
    status, line = rest(desk, "POST", scope="peer", peer=peer, reason="by hand")
    assert status == 201, line
    return int(line["id"])


def asked_of(desk: Desk, nzo_id: str) -> str:
    """The peer that a grab is fetched from."""
    grab = desk.service.rest(f"/grabs/{nzo_id}")
    assert isinstance(grab, dict)
    return str(grab["peer"])


def offered(desk: Desk, album: Album) -> int:
    """How many releases Lidarr is shown for an album."""
    query = {"t": "music", "artist": album.artist, "album": album.title}
    query |= {"year": str(album.year), "apikey": desk.service.api_key}
    answer = requests.get(f"{desk.service.newznab}/api", params=query, timeout=80)
    assert answer.status_code == 200
    return answer.text.count("<item>")


def test_A09_a_peer_that_is_blocked_between_search_and_grab_is_not_asked(desk: Desk) -> None:
    """The NZB was fetched before; the next peer sends it. With nobody left it is refused."""
    nzb = desk.nzb(ONE)
    first = desk.add(ONE)
    peer = asked_of(desk, first)
    desk.call("queue", name="delete", value=first)
    lines = [block(desk, peer)]
    second = desk.add(ONE)
    other = asked_of(desk, second)
    assert other != peer
    assert desk.wait_ended(second)["status"] == "Completed"
    lines.append(block(desk, other))
    answer = desk.post({"name": ("x.nzb", nzb, "application/x-nzb")}, cat="music")
    assert answer["nzo_ids"] == []
    assert "on the blocklist" in answer["error"]
    assert offered(desk, ONE) == 0
    status, body = rest(desk, "POST", "/delete", ids=lines)
    assert (status, len(body["removed"])) == (200, 2)
    assert offered(desk, ONE) > 0


def test_what_is_under_way_is_stopped_by_hand(desk: Desk) -> None:
    """slskd is told to cancel and to forget it; the next peer sends the album under the same id."""
    peer = desk.peer_of(SLOW)
    desk.behave(SLOW, "never")
    nzo_id = desk.add(SLOW)

    def of_peer() -> list[Any]:
        return [item for item in desk.transfers() if item["username"] == peer]

    until(lambda: len(of_peer()) == len(TRACKS) or None, "all files are asked for")
    status, line = rest(desk, "POST", scope="peer", peer=peer, reason="too slow")
    assert (status, line["held_back"], line["warning"]) == (201, len(TRACKS), "")
    until(lambda: not of_peer() or None, "slskd has forgotten them")
    assert asked_of(desk, nzo_id) == "quick_peer"
    assert desk.wait_ended(nzo_id, seconds=60)["status"] == "Completed"
    assert rest(desk, "DELETE", f"/{line['id']}")[1]["released"] == 0


def test_three_bad_albums_block_their_peer_and_a_person_releases_it(desk: Desk) -> None:
    """Corrupt files are strikes; the peer's other album is not offered until the line is off."""
    peer = desk.peer_of(LAST)
    for album in BAD:
        desk.behave(album, "corrupt")
    assert offered(desk, LAST) == 1
    for album in BAD:
        desk.nzb(album)
    for album in BAD:
        assert desk.wait_ended(desk.add(album), seconds=60)["status"] == "Failed"

    def blocked() -> dict[str, Any] | None:
        lines = rest(desk, "GET", f"?scope=peer&peer={peer}")[1]["items"]
        return lines[0] if lines else None

    line = until(blocked, "the peer is blocked")
    assert (line["automatic"], line["failures"]) == (True, 3)
    assert line["expires_at"] is not None
    assert offered(desk, LAST) == 0
    events = desk.service.rest("/events?kind=peer.blocked")
    assert isinstance(events, dict)
    assert peer in {event["data"]["peer"] for event in events["items"]}
    desk.behave(LAST, "normal")
    assert rest(desk, "DELETE", f"/{line['id']}")[0] == 200
    assert offered(desk, LAST) == 1
    assert desk.wait_ended(desk.add(LAST), seconds=60)["status"] == "Completed"


def test_a_peer_that_answers_everything_is_blocked(desk: Desk) -> None:
    """Three questions, each answered with a file of that name; the honest peers stay."""
    network = desk.simulator.world.network
    parrot = desk.simulator.world.add_peer("parrot", free_slots=1, response_delay=0.1)
    real = network.replies

    def replies(query: SearchText) -> Iterator[tuple[Peer, list[SharedFile]]]:
        yield from real(query)
        path = f"Shared\\{query.text}.mp3"
        yield parrot, [SharedFile(path, payload_for(4_000_000, path), extension="mp3")]

    network.replies = replies  # type: ignore[method-assign]
    for artist, title in (("Ada Nobody", "Nothing"), ("Bea None", "A Void"), ("Cy Zero", "Nil")):
        assert offered(desk, simple_album(artist, title, 2001, TRACKS)) == 0
    lines = rest(desk, "GET", "?automatic=true&peer=parrot")[1]["items"]
    assert [line["scope"] for line in lines] == ["peer"]
    assert "their own words" in lines[0]["reason"]
    peers = {line["peer"] for line in rest(desk, "GET", "?scope=peer&automatic=true")[1]["items"]}
    assert peers == {"parrot"}
