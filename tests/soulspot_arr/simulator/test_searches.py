"""Family C: searches, their states, timers and results."""

from __future__ import annotations

import uuid

import pytest

from tests.soulspot_arr.simulator.conftest import Make
from tests.soulspot_arr.simulator.rig import Rig

FILE = "Music\\Marlow Finch\\Harbour Lights\\01 - Low Tide.flac"


def test_C01_a_search_starts_at_once(rig: Rig) -> None:
    """200, running, no results and no end."""
    reply = rig.post("searches", {"searchText": "low tide"})
    body = reply.json()
    assert reply.status_code == 200
    assert body["state"] in {"Requested", "Queued", "InProgress"}
    assert (body["responses"], body["isComplete"]) == ([], False)
    assert "endedAt" not in body
    assert body["startedAt"].endswith("Z")


def test_C02_two_run_and_the_third_waits(rig: Rig) -> None:
    """The queued one starts when a running one ends, with its timer not running before."""
    first, second, third = (rig.search(f"query {n} words")["id"] for n in ("aa", "bb", "cc"))
    assert rig.state(third)["state"] == "Queued"
    rig.advance(14.9)
    assert rig.state(third)["state"] == "Queued"
    rig.put(f"searches/{first}")
    rig.advance(0.05)
    assert rig.state(third)["state"] == "InProgress"
    assert rig.state(second)["state"] == "InProgress"
    rig.advance(14.9)
    assert rig.state(third)["state"] == "InProgress"
    rig.advance(0.2)
    assert rig.state(third)["state"] == "Completed, TimedOut"


def test_C03_one_post_at_a_time(make: Make) -> None:
    """The second of two simultaneous POSTs is 429 with a JSON string."""
    rig = make(options_overrides={"timings": {"search_post": 1.0}})
    first = rig.begin("POST", "searches", {"searchText": "one thing"})
    second = rig.post("searches", {"searchText": "other thing"})
    assert second.status_code == 429
    assert second.json().startswith("Only one concurrent operation is permitted")
    rig.advance(1)
    assert first.result().status_code == 200


def test_C04_a_duplicate_id_is_500(rig: Rig) -> None:
    """Not 409; the first search goes on."""
    id_ = str(uuid.uuid4())
    assert rig.search("first words", id=id_)["id"] == id_
    reply = rig.post("searches", {"searchText": "second words", "id": id_})
    assert reply.status_code == 500
    assert isinstance(reply.json(), str)
    assert rig.state(id_)["searchText"] == "first words"
    assert rig.state(id_)["state"] == "InProgress"


def test_C05_disconnected_is_409_with_a_leftover(rig: Rig) -> None:
    """The record is inserted before the library is asked."""
    rig.world.kick()
    reply = rig.post("searches", {"searchText": "low tide"})
    assert reply.status_code == 409
    assert "Disconnected" in reply.json()
    (left,) = rig.get("searches").json()
    assert left["state"] == "Completed, Errored"
    assert left["endedAt"] == left["startedAt"]


@pytest.mark.parametrize(
    "body",
    [
        {"searchText": "  "},
        {},
        {"searchText": "a b", "id": "no-guid"},
        {"searchText": "a b", "searchTimeout": 4},
        {"searchText": "a b", "responseLimit": -1},
        {"searchText": "a b", "fileLimit": "many"},
    ],
)
def test_C06_an_invalid_search_is_400_without_a_record(rig: Rig, body: object) -> None:
    """A JSON string says what is wrong."""
    reply = rig.post("searches", body)
    assert reply.status_code == 400
    assert isinstance(reply.json(), str)
    assert rig.get("searches").json() == []


@pytest.mark.parametrize("text", ["-foo", "X", "M O P"])
def test_C07_nothing_left_to_search_for(rig: Rig, text: str) -> None:
    """Only exclusions or one-letter words: 400 and a leftover record."""
    reply = rig.post("searches", {"searchText": text})
    assert reply.status_code == 400
    (left,) = rig.get("searches").json()
    assert left["state"] == "Completed, Errored"


def test_C08_the_timeout_is_in_milliseconds(rig: Rig) -> None:
    """15 means 15 ms: over before anybody answers."""
    rig.peer("anna", FILE, response_delay=0.1)
    id_ = rig.search("low tide", searchTimeout=15)["id"]
    rig.advance(0.3)
    now = rig.state(id_)
    assert (now["state"], now["responseCount"]) == ("Completed, TimedOut", 0)


def test_C09_a_trickle_keeps_a_search_alive(rig: Rig) -> None:
    """Every accepted response restarts the idle timer; counts are written at most 4 times a second."""
    rig.world.trickle(400, 0.1)
    id_ = rig.search("low tide", searchTimeout=5000, responseLimit=1000)["id"]
    counts = []
    for _ in range(100):
        rig.advance(0.1)
        counts.append(rig.state(id_)["responseCount"])
    assert len(set(counts)) <= 42
    assert counts[-1] >= 95
    rig.advance(20)
    assert rig.state(id_)["state"] == "InProgress"
    rig.advance(16)
    assert rig.state(id_)["state"] == "Completed, TimedOut"
    assert rig.state(id_)["responseCount"] == 400


def test_C10_responses_stay_empty_while_running(rig: Rig) -> None:
    """Whatever the count says."""
    rig.peer("anna", FILE)
    id_ = rig.search("low tide")["id"]
    rig.advance(2)
    now = rig.get(f"searches/{id_}", params={"includeResponses": "true"}).json()
    assert now["responseCount"] == 1
    assert now["responses"] == []
    assert rig.get(f"searches/{id_}/responses").json() == []


def test_C11_completion_comes_in_two_writes(rig: Rig) -> None:
    """First the state, after a gap the end and the results."""
    rig.peer("anna", FILE)
    id_ = rig.search("low tide", searchTimeout=5000)["id"]
    rig.advance(6.1)
    early = rig.state(id_)
    assert (early["isComplete"], early["responseCount"]) == (True, 1)
    assert "endedAt" not in early
    assert rig.get(f"searches/{id_}/responses").json() == []
    rig.advance(0.5)
    assert rig.state(id_)["endedAt"].endswith("Z")
    assert rig.state(id_)["responses"] == []
    assert len(rig.get(f"searches/{id_}/responses").json()) == 1


@pytest.mark.parametrize(
    ("body", "verdict"),
    [
        ({"responseLimit": 3}, "ResponseLimitReached"),
        ({"fileLimit": 5}, "FileLimitReached"),
        ({"responseLimit": 0}, "ResponseLimitReached"),
    ],
)
def test_C12_limits_end_a_search(rig: Rig, body: dict[str, int], verdict: str) -> None:
    """The state says which limit it was; counts reach it and may overshoot."""
    rig.world.trickle(20, 0.3, files=2)
    id_ = rig.search("low tide", **body)["id"]
    rig.advance(3)
    now = rig.state(id_)
    assert now["state"] == f"Completed, {verdict}"
    assert now["responseCount"] >= body.get("responseLimit", 0)
    assert now["fileCount"] >= body.get("fileLimit", 0)
    assert now["responseCount"] < 20


def test_C12_replies_already_on_the_wire_still_count(rig: Rig) -> None:
    """The limit is not a hard cut."""
    for name in ("anna", "bert", "carl"):
        rig.peer(name, FILE, response_delay=1.0)
    id_ = rig.search("low tide", responseLimit=1)["id"]
    rig.advance(2)
    assert rig.state(id_)["responseCount"] == 3


def test_C13_a_maximum_queue_of_zero_drops_everything(rig: Rig) -> None:
    """Even peers without a queue."""
    rig.peer("anna", FILE, queue_length=0)
    assert rig.found("low tide", maximumPeerQueueLength=0) == []
    assert len(rig.found("low tide", maximumPeerQueueLength=0, filterResponses=False)) == 1


@pytest.mark.parametrize(
    "limits",
    [
        {"minimumPeerUploadSpeed": 2000},
        {"maximumPeerQueueLength": 5},
        {"minimumResponseFileCount": 2},
    ],
)
def test_C14_filtered_replies_do_not_extend_the_timer(rig: Rig, limits: dict[str, int]) -> None:
    """Slow, busy or poor peers are dropped as if they had not answered."""
    rig.peer("anna", FILE, response_delay=4.0, queue_length=5)
    id_ = rig.search("low tide", searchTimeout=5000, **limits)["id"]
    rig.advance(5.1)
    now = rig.state(id_)
    assert (now["state"], now["responseCount"]) == ("Completed, TimedOut", 0)


def test_C15_stopping_keeps_what_arrived(rig: Rig) -> None:
    """PUT is asynchronous and ends as Cancelled with partial results."""
    rig.peer("anna", FILE)
    rig.peer("late", FILE, response_delay=8.0)
    id_ = rig.search("low tide")["id"]
    rig.advance(2)
    reply = rig.put(f"searches/{id_}")
    assert (reply.status_code, reply.content) == (200, b"")
    rig.advance(1)
    assert rig.state(id_)["state"] == "Completed, Cancelled"
    assert [r["username"] for r in rig.get(f"searches/{id_}/responses").json()] == ["anna"]


def test_C16_stopping_a_finished_or_unknown_search(rig: Rig) -> None:
    """200 without effect; 404."""
    id_ = rig.search("low tide")["id"]
    rig.advance(20)
    before = rig.state(id_)
    assert rig.put(f"searches/{id_}").status_code == 200
    rig.advance(1)
    assert rig.state(id_) == before
    assert rig.put(f"searches/{uuid.uuid4()}").status_code == 404
    assert rig.get("searches/no-guid").status_code == 404


def test_C16_stopping_between_state_and_results_loses_nothing(rig: Rig) -> None:
    """The final write still happens."""
    id_ = rig.search("low tide", searchTimeout=5000)["id"]
    rig.advance(5.1)
    rig.put(f"searches/{id_}")
    rig.advance(1)
    assert "endedAt" in rig.state(id_)


def test_C17_deleting(rig: Rig) -> None:
    """204, then 404; unknown 404."""
    id_ = rig.search("low tide")["id"]
    rig.advance(20)
    assert rig.delete(f"searches/{id_}").status_code == 204
    assert rig.get(f"searches/{id_}").status_code == 404
    assert rig.delete(f"searches/{id_}").status_code == 404


def test_C18_deleting_a_running_search_frees_no_slot(rig: Rig) -> None:
    """It keeps running unseen until it would have ended."""
    first = rig.search("first words")["id"]
    rig.search("second words")
    assert rig.delete(f"searches/{first}").status_code == 204
    assert rig.get(f"searches/{first}").status_code == 404
    rig.advance(5)
    third = rig.search("third words")["id"]
    assert rig.state(third)["state"] == "Queued"
    rig.advance(10.5)
    assert rig.state(third)["state"] == "InProgress"
    assert rig.get(f"searches/{first}").status_code == 404


def test_C19_losing_the_server_ends_searches(rig: Rig) -> None:
    """Errored, with what had arrived."""
    rig.peer("anna", FILE)
    id_ = rig.search("low tide")["id"]
    rig.advance(2)
    rig.world.disconnect()
    rig.advance(1)
    assert rig.state(id_)["state"] == "Completed, Errored"
    assert len(rig.get(f"searches/{id_}/responses").json()) == 1


def test_C20_a_restart_loses_what_was_in_memory(rig: Rig) -> None:
    """Timed out, all counts zero, no responses."""
    rig.peer("anna", FILE)
    id_ = rig.search("low tide")["id"]
    rig.advance(2)
    assert rig.state(id_)["responseCount"] == 1
    rig.sim.restart()
    now = rig.state(id_)
    assert now["state"] == "Completed, TimedOut"
    assert (now["responseCount"], now["fileCount"], now["responses"]) == (0, 0, [])
    assert "endedAt" in now


def test_C21_a_finished_search_survives_a_restart(rig: Rig) -> None:
    """Record and responses unchanged."""
    rig.peer("anna", FILE)
    id_ = rig.search("low tide")["id"]
    rig.advance(20)
    before = rig.state(id_), rig.get(f"searches/{id_}/responses").json()
    rig.sim.restart()
    assert (rig.state(id_), rig.get(f"searches/{id_}/responses").json()) == before
    assert len(before[1]) == 1


def test_C22_blocked_phrases_find_nothing(rig: Rig) -> None:
    """The server swallows the query without a word."""
    rig.peer("anna", FILE)
    rig.world.block_phrase("marlow finch")
    id_ = rig.search("Marlow Finch tide")["id"]
    rig.advance(20)
    assert rig.state(id_)["state"] == "Completed, TimedOut"
    assert rig.state(id_)["responseCount"] == 0
    assert len(rig.found("finch low tide")) == 1


def test_C22_excluded_phrases_hide_files(rig: Rig) -> None:
    """Such files are never in replies, but can be browsed."""
    rig.peer("anna", FILE)
    rig.world.exclude_phrase("harbour lights")
    assert rig.found("low tide") == []
    assert rig.get("users/anna/browse").json()["directoryCount"] == 1


def test_C23_retention_prunes(make: Make) -> None:
    """Gone at a tick after the configured minutes."""
    rig = make(options_overrides={"retention.search": 10})
    id_ = rig.search("low tide")["id"]
    rig.advance(500)
    assert rig.get(f"searches/{id_}").status_code == 200
    rig.advance(500)
    assert rig.get(f"searches/{id_}").status_code == 404


def test_C24_locked_files_have_an_array_of_their_own(rig: Rig) -> None:
    """`isLocked` is false even there."""
    rig.peer("anna", FILE)
    rig.world.share("anna", FILE.replace("01", "02"), 5000, locked=True)
    (response,) = rig.found("low tide")
    assert (response["fileCount"], response["lockedFileCount"]) == (1, 1)
    assert response["lockedFiles"][0]["filename"] == FILE.replace("01", "02")
    assert response["lockedFiles"][0]["isLocked"] is False


def test_C27_too_many_searches(rig: Rig) -> None:
    """Silent empty results first, then the ban."""
    rig.peer("anna", FILE)
    rig.world.search_budget(2, 600, ban=600)
    counts = []
    for _ in range(4):
        counts.append(len(rig.found("low tide", searchTimeout=2000)))
    assert counts == [1, 1, 0, 0]
    assert rig.get("server").json()["isLoggedIn"] is True
    rig.search("low tide")
    assert rig.get("server").json()["isLoggedIn"] is False
    assert rig.events("PrivateMessageReceived")
    assert rig.post("searches", {"searchText": "low tide"}).status_code == 409


def test_exclusions_are_stored_last_and_once(rig: Rig) -> None:
    """Terms first, then exclusions, both without duplicates."""
    body = rig.search("-live low tide low -live -demo")
    assert body["searchText"] == "low tide -live -demo"


def test_a_peer_that_left_does_not_answer(rig: Rig) -> None:
    """Replies come from peers that are there."""
    rig.peer("anna", FILE, online=False)
    assert rig.found("low tide") == []
