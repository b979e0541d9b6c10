"""Order and limits over real HTTP: pauses, quiet hours, Force, starts, a full queue, two at once, pace.

What is asked of peers is read at the simulated slskd, never from the service that is judged.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from typing import Any

import pytest
import requests

from soulspot_arr.demo.library import Album, simple_album
from tests.conformance.desk import REFUSED, TRACKS, Desk, Json, open_desk
from tests.conformance.running import until

pytestmark = pytest.mark.xdist_group(name="conformance-queue-limits")

# The desk knows albums by their titles, and each is shared by a peer of its own.
ALBUMS = [
    simple_album(artist, title, 2007, TRACKS)
    for artist, title in (
        ("Ada Quill", "Standing Order"),
        ("Bram Oster", "Second Service"),
        ("Cleo Marsh", "Numbered Ticket"),
        ("Dov Harlan", "Patient Counter"),
        ("Edie Falk", "Last Window"),
        ("Finn Garde", "Closing Bell"),
    )
]
NORMAL, OTHER = ALBUMS[0], ALBUMS[1]
PINS = {
    "SOULSPOT_QUEUE_RESCUE": "false",
    "SOULSPOT_SEARCH_DIG": "0",
    "SOULSPOT_SEARCH_RATE_WINDOW": "1",
}
DELAY = 0.5
A_WHILE = 1.2  # seconds: several cycles of the dispatcher


@pytest.fixture(scope="module")
def started(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Desk]:
    """One service for all but the pace; its peers take everything and send nothing."""
    with open_desk(tmp_path_factory.mktemp("limits"), *ALBUMS, REFUSED, settings=PINS) as opened:
        silence(opened)
        yield opened


@pytest.fixture
def desk(started: Desk) -> Iterator[Desk]:
    """The service, with an empty queue and its own settings afterwards."""
    yield started
    change(started, **{"queue.quiet_hours": [], "queue.max_length": 1000})
    started.call("resume")
    started.call("queue", name="delete", value="all")
    until(lambda: True if not started.transfers() else None, "slskd has forgotten everything")


def silence(desk: Desk) -> None:
    """Let every peer queue what it is asked for."""
    for album in ALBUMS:
        desk.behave(album, "never")


def rest(desk: Desk, method: str, path: str, body: object = None) -> tuple[int, Json]:
    """One request to the REST API; status and body."""
    answer = requests.request(
        method,
        f"{desk.service.url}/api/v1{path}",
        json=body,
        headers={"X-Api-Key": desk.service.api_key},
        timeout=20,
    )
    found: Any = answer.json()
    return answer.status_code, found if isinstance(found, dict) else {"items": found}


def change(desk: Desk, **settings: object) -> None:
    """Change settings as a person does."""
    status, body = rest(desk, "PATCH", "/settings", settings)
    assert status == 200, body


def peers_asked(desk: Desk) -> set[str]:
    """Whom slskd has been told to fetch from."""
    return {transfer["username"] for transfer in desk.transfers()}


def wait_asked(desk: Desk, *albums: Album) -> None:
    """Until these peers, and nobody else, have been asked."""
    wanted = {desk.peer_of(album) for album in albums}
    until(lambda: True if peers_asked(desk) == wanted else None, f"{wanted} are asked")


def order(desk: Desk) -> list[str]:
    """The queue as SABnzbd's clients see it."""
    return [slot["nzo_id"] for slot in desk.queue()["slots"]]


# -- closed hours ----------------------------------------------------------------------------------


def test_force_is_asked_for_while_the_queue_is_paused(desk: Desk) -> None:
    """By SABnzbd's own pause; everything else starts with the resume."""
    for album in (NORMAL, OTHER):
        desk.nzb(album)  # a search takes its time, before anything is held back
    desk.call("pause")
    desk.add(NORMAL, priority=1)
    desk.add(OTHER, priority=2)
    wait_asked(desk, OTHER)
    time.sleep(A_WHILE)
    assert peers_asked(desk) == {desk.peer_of(OTHER)}
    assert rest(desk, "GET", "/queue")[1]["grabs"]["forced"] == 1
    desk.call("resume")
    wait_asked(desk, NORMAL, OTHER)


def test_quiet_hours_hold_back_and_force_does_not_care(desk: Desk) -> None:
    """They begin with the next cycle after they are set, and end with it too."""
    now = datetime.now()
    span = [f"{now - timedelta(minutes=5):%H:%M}-{now + timedelta(minutes=30):%H:%M}"]
    desk.nzb(NORMAL)
    change(desk, **{"queue.quiet_hours": span})
    nzo_id = desk.add(NORMAL)
    time.sleep(A_WHILE)
    assert peers_asked(desk) == set()
    state = rest(desk, "GET", "/queue")[1]
    assert (state["quiet"], state["paused"], state["limits"]["quiet_hours"]) == (True, False, span)
    left = datetime.fromisoformat(state["quiet_until"]) - datetime.now(UTC)
    assert timedelta(minutes=27) < left < timedelta(minutes=31)
    assert rest(desk, "PATCH", f"/grabs/{nzo_id}", {"priority": 2})[0] == 200
    wait_asked(desk, NORMAL)
    desk.add(OTHER)
    time.sleep(A_WHILE)
    assert peers_asked(desk) == {desk.peer_of(NORMAL)}
    change(desk, **{"queue.quiet_hours": []})
    wait_asked(desk, NORMAL, OTHER)


def test_a_pause_over_rest_ends_by_itself(desk: Desk) -> None:
    """SABnzbd's clients see it as theirs."""
    desk.nzb(NORMAL)
    status, state = rest(desk, "POST", "/queue/pause", {"seconds": 2.5})
    assert (status, state["paused"]) == (200, True)
    assert desk.queue()["paused"] is True
    desk.add(NORMAL)
    time.sleep(A_WHILE)
    assert peers_asked(desk) == set()
    wait_asked(desk, NORMAL)
    assert desk.queue()["paused"] is False


def test_a_scheduled_grab_starts_at_its_time(desk: Desk) -> None:
    """Others are not kept waiting; a start in the past is refused with the reason."""
    nzo_id = desk.add(NORMAL, priority=-2)
    start = (datetime.now(UTC) + timedelta(seconds=3)).isoformat()
    status, grab = rest(desk, "PATCH", f"/grabs/{nzo_id}", {"not_before": start, "paused": False})
    assert (status, grab["paused"]) == (200, False)
    desk.add(OTHER)
    wait_asked(desk, OTHER)
    wait_asked(desk, NORMAL, OTHER)
    assert datetime.now(UTC) >= datetime.fromisoformat(start)
    status, body = rest(desk, "PATCH", f"/grabs/{nzo_id}", {"not_before": start})
    assert (status, body["error_code"]) == (422, "invalid_input")
    assert "past" in body["message"]


# -- a full queue ----------------------------------------------------------------------------------


def test_a_full_queue_is_refused_in_each_language(desk: Desk) -> None:
    """SABnzbd's clients get a reason with HTTP 200, people a 409; nothing is lost, later it works."""
    failed = desk.add(REFUSED)
    desk.wait_ended(failed)
    running = desk.add(NORMAL)
    change(desk, **{"queue.max_length": 1})
    upload = {"name": ("x.nzb", desk.nzb(OTHER), "application/x-nzb")}
    answer = desk.post(upload, cat="music", priority=-100)
    assert answer["status"] is False
    assert "queue is full" in answer["error"]
    assert "nzo_ids" not in answer or answer["nzo_ids"] == []
    answer = desk.call("retry", value=failed)
    assert (answer["status"], "queue is full" in answer["error"]) == (False, True)
    status, body = rest(desk, "POST", f"/grabs/{failed}/retry")
    assert (status, body["error_code"]) == (409, "queue_full")
    assert order(desk) == [running]
    assert desk.ended(failed) is not None
    desk.call("queue", name="delete", value=running)
    assert desk.post(upload, cat="music", priority=-100)["status"] is True


# -- orders ----------------------------------------------------------------------------------------


def test_commands_for_several_with_an_unknown_one(desk: Desk) -> None:
    """Each id is answered, and SABnzbd's clients see what was done."""
    desk.call("pause")
    first, second = desk.add(NORMAL), desk.add(OTHER)
    status, body = rest(
        desk,
        "POST",
        "/grabs/actions",
        {"action": "move", "nzo_ids": [second, "SABnzbd_nzo_nobody"], "position": 0},
    )
    assert status == 200
    assert [one["ok"] for one in body["results"]] == [True, False]
    assert order(desk) == [second, first]
    body = {"action": "priority", "nzo_ids": [first], "priority": 9}
    assert rest(desk, "POST", "/grabs/actions", body)[0] == 422
    body = {"action": "cancel", "nzo_ids": [first, "SABnzbd_nzo_nobody", second]}
    status, body = rest(desk, "POST", "/grabs/actions", body)
    assert [one["state"] for one in body["results"]] == ["cancelled", None, "cancelled"]
    assert order(desk) == []


def test_two_people_reorder_at_once(desk: Desk) -> None:
    """One with a dashboard of SABnzbd's, one over REST: nobody is lost, each is told a true place."""
    desk.call("pause")
    ids = [desk.add(NORMAL, nzbname=f"Number {number}") for number in range(6)]

    def dashboard(turn: int) -> int:
        answer = desk.call("switch", value=ids[turn % 3], value2=0)
        place: int = answer["result"]["position"]
        return place

    def person(turn: int) -> int:
        body = {"action": "move", "nzo_ids": [ids[3 + turn % 3]], "position": 5}
        status, answer = rest(desk, "POST", "/grabs/actions", body)
        assert status == 200, answer
        place: int = answer["results"][0]["position"]
        return place

    with ThreadPoolExecutor(2) as pool:
        front = pool.submit(lambda: [dashboard(turn) for turn in range(9)])
        back = pool.submit(lambda: [person(turn) for turn in range(9)])
        assert (front.result(), back.result()) == ([0] * 9, [5] * 9)
    assert order(desk) == [ids[2], ids[1], ids[0], *ids[3:]]
    places = [rest(desk, "GET", f"/grabs/{nzo_id}")[1]["position"] for nzo_id in order(desk)]
    assert places == list(range(6))


# -- pace ------------------------------------------------------------------------------------------


def starts(desk: Desk) -> list[float]:
    """When slskd was asked to fetch something, in seconds of ours."""
    clock = desk.simulator.clock
    return sorted(
        seen.at / clock.scale
        for seen in desk.simulator.requests
        if seen.method == "POST" and "/transfers/downloads" in seen.path
    )


def test_peers_are_asked_one_after_the_other(tmp_path_factory: pytest.TempPathFactory) -> None:
    """The delay lies between all requests, over cycles of two each, without waiting in between."""
    pins = {
        **PINS,
        "SOULSPOT_QUEUE_DISPATCH_DELAY": str(DELAY),
        "SOULSPOT_QUEUE_DISPATCHES": "2",
        "SOULSPOT_JOBS_DISPATCH": "60",
    }
    with open_desk(tmp_path_factory.mktemp("pace"), *ALBUMS, settings=pins) as desk:
        silence(desk)
        for album in ALBUMS:
            desk.nzb(album)
        desk.call("pause")
        for album in ALBUMS:
            desk.add(album)
        desk.call("resume")
        wait_asked(desk, *ALBUMS)
        moments = starts(desk)
        gaps = [later - earlier for earlier, later in pairwise(moments)]
        assert len(moments) == len(ALBUMS)
        assert min(gaps) > DELAY * 0.8
        assert moments[-1] - moments[0] < DELAY * 5 + 10  # far less than a second interval
