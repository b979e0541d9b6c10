"""Family F: what a download goes through."""

from __future__ import annotations

from itertools import pairwise

import pytest

from soulspot_arr.simulator.audio import AudioSpec
from tests.soulspot_arr.simulator.conftest import Make
from tests.soulspot_arr.simulator.rig import Body, Rig, states

ONE = "Music\\Artist\\Album\\01.flac"
TWO = "Music\\Artist\\Album\\02.flac"


def test_F01_the_happy_path(rig: Rig) -> None:
    """Every state in order, each field appearing when it should."""
    rig.peer("anna", ONE)
    id_ = rig.grab("anna", ONE)
    history = rig.history(id_, 15)
    assert states(history) == [
        "Requested",
        "Queued, Remotely",
        "Initializing",
        "InProgress",
        "Completed, Succeeded",
    ]
    assert "enqueuedAt" in history[-2]
    assert not history[-2]["enqueuedAt"].endswith("Z")
    assert history[-2]["averageSpeed"] == 0
    last = history[-1]
    assert (last["attempts"], last["bytesTransferred"], last["bytesRemaining"]) == (1, 10_000, 0)
    assert (last["percentComplete"], last["remainingTime"]) == (100, "00:00:00")
    assert last["endedAt"].endswith("Z")
    assert last["startedAt"].endswith("Z")
    assert last["elapsedTime"].startswith("00:00:1")
    assert "exception" not in last
    assert "nextAttemptAt" not in last
    rig.advance(1)
    assert (rig.sim.downloads_dir / "Album" / "01.flac").stat().st_size == 10_000


def test_F01_speed_is_zero_for_a_second(rig: Rig) -> None:
    """Then there is a rate and a remaining time."""
    rig.peer("anna", ONE)
    id_ = rig.grab("anna", ONE)
    rig.advance(1.2)
    early = rig.transfer(id_)
    assert (early["state"], early["averageSpeed"]) == ("InProgress", 0)
    assert early["bytesTransferred"] > 0
    assert "remainingTime" not in early
    rig.advance(2)
    later = rig.transfer(id_)
    assert later["averageSpeed"] == pytest.approx(1000)
    assert later["remainingTime"].startswith("00:00:0")


def test_F02_an_instant_transfer(rig: Rig) -> None:
    """Over between two polls."""
    rig.peer("anna", ONE)
    rig.world.script("anna", ONE, "instant")
    id_ = rig.grab("anna", ONE)
    assert states(rig.history(id_, 1))[-1] == "Completed, Succeeded"
    assert "InProgress" not in states(rig.history(id_, 1))


def test_F03_an_album_comes_one_file_at_a_time(rig: Rig) -> None:
    """Siblings wait remotely queued."""
    paths = [f"Music\\Album\\{n:02d}.flac" for n in range(1, 5)]
    rig.peer("anna", *paths)
    batch = rig.batch("anna", *paths).json()["batch"]["id"]
    for _ in range(3):
        rig.advance(8)
        now = [t["state"] for t in batch_of(rig, batch)]
        assert now.count("InProgress") == 1
        assert set(now) <= {"InProgress", "Queued, Remotely", "Completed, Succeeded"}
    rig.advance(40)
    assert {t["state"] for t in batch_of(rig, batch)} == {"Completed, Succeeded"}


def batch_of(rig: Rig, id_: str) -> list[Body]:
    return list(rig.get(f"transfers/downloads/batches/{id_}").json()["transfers"])


def test_F03_some_peers_serve_in_parallel(rig: Rig) -> None:
    """Scriptable."""
    rig.peer("anna", ONE, TWO)
    rig.world.script("anna", None, "parallel")
    batch = rig.batch("anna", ONE, TWO).json()["batch"]["id"]
    rig.advance(3)
    assert {t["state"] for t in batch_of(rig, batch)} == {"InProgress"}


@pytest.mark.parametrize("leaves", [False, True])
def test_F04_F05_a_queued_file_waits_for_ever(rig: Rig, leaves: bool) -> None:
    """Nothing changes, whether the peer never serves or goes away."""
    peer = rig.peer("anna", ONE)
    rig.world.script("anna", ONE, "never")
    id_ = rig.grab("anna", ONE)
    rig.advance(2)
    before = rig.transfer(id_)
    assert before["state"] == "Queued, Remotely"
    peer.online = not leaves
    rig.advance(48 * 3600)
    assert rig.transfer(id_) == before


def test_F05_the_peer_may_come_back(rig: Rig) -> None:
    """Then the file is offered."""
    peer = rig.peer("anna", ONE, free_slots=0, queue_length=2)
    id_ = rig.grab("anna", ONE)
    rig.advance(2)
    peer.online = False
    rig.advance(3600)
    assert rig.transfer(id_)["state"] == "Queued, Remotely"
    peer.online = True
    rig.advance(20)
    assert rig.transfer(id_)["state"] == "Completed, Succeeded"


def test_F06_a_peer_that_leaves_in_the_middle(rig: Rig) -> None:
    """Connection error, then unreachable attempts, and a final error after the third."""
    rig.peer("anna", ONE)
    rig.world.script("anna", ONE, "offline_mid", at=0.5)
    id_ = rig.grab("anna", ONE)
    failures = [h for h in rig.history(id_, 120, 0.02) if h["state"] == "Completed, Errored"]
    texts = [str(h["exception"]) for h in failures]
    assert len(texts) == 3
    assert "Remote connection closed" in texts[0]
    assert any("Failed to establish" in t or "appears to be offline" in t for t in texts[1:])
    last = rig.transfer(id_)
    assert (last["state"], last["attempts"]) == ("Completed, Errored", 3)


def test_F07_a_stall_times_out_and_resumes(rig: Rig) -> None:
    """Bytes and speed freeze for a minute; the next attempt starts where it stopped."""
    rig.peer("anna", ONE)
    rig.world.script("anna", ONE, "stall", times=1, at=0.73)
    id_ = rig.grab("anna", ONE)
    rig.advance(10)
    frozen = rig.transfer(id_)
    assert frozen["bytesTransferred"] == 7300
    rig.advance(55)
    later = rig.transfer(id_)
    assert (later["state"], later["bytesTransferred"]) == ("InProgress", 7300)
    assert later["averageSpeed"] == frozen["averageSpeed"] > 0
    history = rig.history(id_, 12, 0.02)
    assert "Completed, TimedOut" in states(history)
    timed_out = next(h for h in history if h["state"] == "Completed, TimedOut")
    assert timed_out["exception"] == "Inactivity timeout of 60000 milliseconds was reached"
    resumed = next(h for h in history[::-1] if h["state"] == "InProgress")
    assert resumed["bytesTransferred"] >= 7300
    rig.advance(15)
    last = rig.transfer(id_)
    assert (last["state"], last["attempts"]) == ("Completed, Succeeded", 2)


def test_F08_a_stall_every_time(rig: Rig) -> None:
    """Final after three rounds."""
    rig.peer("anna", ONE)
    rig.world.script("anna", ONE, "stall", at=0.3)
    id_ = rig.grab("anna", ONE)
    rig.advance(260)
    last = rig.transfer(id_)
    assert (last["state"], last["attempts"]) == ("Completed, TimedOut", 3)
    assert (rig.sim.incomplete_dir / "anna/Music/Artist/Album/01.flac").stat().st_size == 3000


def test_F09_what_a_retry_looks_like(rig: Rig) -> None:
    """A moment of Completed, then queued with the old end and text, then clean."""
    rig.peer("anna", ONE)
    rig.world.script("anna", ONE, "report_failed", times=2, after=1.0)
    id_ = rig.grab("anna", ONE)
    history = [
        (now["state"], now["attempts"], "exception" in now, "endedAt" in now)
        for now in rig.history(id_, 30, 0.01)
    ]
    assert history[:6] == [
        ("Requested", 1, False, False),
        ("Queued, Remotely", 1, False, False),
        ("Completed, Errored", 1, True, True),
        ("Queued, Locally", 2, True, True),
        ("Requested", 2, False, False),
        ("Queued, Remotely", 2, False, False),
    ]
    assert ("Queued, Locally", 3, True, True) in history
    assert history[-1] == ("Completed, Succeeded", 3, False, True)


def test_F10_success_at_the_second_attempt(rig: Rig) -> None:
    """No text remains, and the bytes are whole."""
    rig.peer("anna")
    spec = AudioSpec(3, "mp3", bitrate=128)
    rig.world.share("anna", "Music\\Set\\01.mp3", spec)
    rig.world.script("anna", None, "drop_mid", times=1, at=0.6)
    rig.sim.world.set_peer("anna", speed=20_000)
    id_ = rig.grab("anna", "Music\\Set\\01.mp3", size=spec.size)
    rig.advance(60)
    last = rig.transfer(id_)
    assert (last["state"], last["attempts"]) == ("Completed, Succeeded", 2)
    assert "exception" not in last
    assert (rig.sim.downloads_dir / "Set/01.mp3").read_bytes() == spec.content()


@pytest.mark.parametrize("partial", ["resume", "overwrite"])
def test_F10_partial_files_are_resumed_or_overwritten(make: Make, partial: str) -> None:
    """As the option says."""
    rig = make(options_overrides={"transfers.download.retry.partial": partial})
    rig.peer("anna", ONE)
    rig.world.script("anna", ONE, "drop_mid", times=1, at=0.5)
    id_ = rig.grab("anna", ONE)
    starts = [
        h["bytesTransferred"] for h in rig.history(id_, 40, 0.02) if h["state"] == "InProgress"
    ]
    assert starts[1] < 500 if partial == "overwrite" else starts[1] >= 5000


@pytest.mark.parametrize(
    ("profile", "state"), [("master", "Cancelled"), ("0.26.0", "TimedOut"), ("0.24.1", "TimedOut")]
)
def test_F16_three_minutes_in_the_local_queue(make: Make, profile: str, state: str) -> None:
    """Cancelled on master; before, timed out and secretly alive."""
    rig = make(profile=profile, options_overrides={"transfers.download.slots": 1})
    rig.peer("anna", ONE, size=200_000)
    rig.peer("bert", TWO)
    rig.post("transfers/downloads/anna", [{"filename": ONE, "size": 200_000}])
    reply = rig.post("transfers/downloads/bert", [{"filename": TWO, "size": 10_000}])
    id_ = reply.json()["enqueued"][0]["id"]
    rig.advance(179)
    assert rig.transfer(id_)["state"] == "Queued, Locally"
    rig.advance(2)
    now = rig.transfer(id_)
    assert now["state"] == f"Completed, {state}"
    if state == "TimedOut":
        assert now["exception"].endswith("hard time limit of 180 secs")
    rig.advance(60)
    revived = "Completed, Succeeded" if state == "TimedOut" else "Completed, Cancelled"
    assert rig.transfer(id_)["state"] == revived


def test_F17_more_than_thirty_files_ask_five_at_a_time(rig: Rig) -> None:
    """The others wait locally until the peer queued those."""
    paths = [f"Music\\Box\\{n:02d}.flac" for n in range(31)]
    rig.peer("anna", *paths)
    batch = rig.batch("anna", *paths).json()["batch"]["id"]
    now = [t["state"] for t in batch_of(rig, batch)]
    assert now.count("Requested") == 5
    assert now.count("Queued, Locally") == 26
    rig.advance(0.45)
    now = [t["state"] for t in batch_of(rig, batch)]
    assert now.count("Requested") == 5
    assert now.count("Queued, Locally") == 21


def test_F17_thirty_files_ask_at_once(rig: Rig) -> None:
    """The burst is allowed."""
    paths = [f"Music\\Box\\{n:02d}.flac" for n in range(30)]
    rig.peer("anna", *paths)
    batch = rig.batch("anna", *paths).json()["batch"]["id"]
    assert {t["state"] for t in batch_of(rig, batch)} == {"Requested"}


def test_F22_corrupt_but_of_the_right_size(rig: Rig) -> None:
    """Nobody checks."""
    rig.peer("anna", ONE)
    rig.world.script("anna", ONE, "corrupt")
    id_ = rig.grab("anna", ONE)
    rig.advance(30)
    assert rig.transfer(id_)["state"] == "Completed, Succeeded"
    got = (rig.sim.downloads_dir / "Album/01.flac").read_bytes()
    wanted = rig.world.peers["anna"].files[ONE].payload.content()
    assert len(got) == len(wanted)
    assert got != wanted


def test_F23_more_bytes_than_the_size(rig: Rig) -> None:
    """Over a hundred percent, negative remainder and remaining time."""
    rig.peer("anna", ONE)
    rig.world.script("anna", ONE, "overrun")
    id_ = rig.grab("anna", ONE)
    rig.advance(30)
    last = rig.transfer(id_)
    assert last["percentComplete"] > 100
    assert last["bytesRemaining"] < 0
    assert last["remainingTime"].startswith("-")


def test_F24_progress_may_step_back(rig: Rig) -> None:
    """Jitter between polls, and the end is right."""
    rig.peer("anna", ONE, size=400_000)
    rig.world.set_peer("anna", speed=40_000)
    rig.world.script("anna", ONE, "jitter")
    id_ = rig.grab("anna", ONE, size=400_000)
    counts = []
    for _ in range(240):
        rig.advance(0.04)
        counts.append(rig.transfer(id_)["bytesTransferred"])
    assert any(later < before for before, later in pairwise(counts))
    rig.advance(30)
    assert rig.transfer(id_)["bytesTransferred"] == 400_000


def test_a_slow_peer_is_slow(rig: Rig) -> None:
    """A tenth of its usual speed, or what the script says."""
    rig.peer("anna", ONE, TWO)
    rig.world.script("anna", ONE, "slow")
    rig.world.script("anna", TWO, "slow", speed=5000.0)
    one, two = rig.grab("anna", ONE), rig.grab("anna", TWO)
    rig.advance(50)
    assert 0 < rig.transfer(one)["bytesTransferred"] < 5100
    assert rig.transfer(two)["state"] == "Queued, Remotely"
    rig.advance(60)
    assert rig.transfer(two)["state"] == "Completed, Succeeded"


def test_a_long_queue_is_waited_out(rig: Rig) -> None:
    """Strangers first."""
    rig.peer("anna", ONE, free_slots=0, queue_length=10)
    id_ = rig.grab("anna", ONE)
    rig.advance(299)
    assert rig.transfer(id_)["state"] == "Queued, Remotely"
    rig.advance(15)
    assert rig.transfer(id_)["state"] == "Completed, Succeeded"


def test_before_0_26_nothing_is_retried(make: Make) -> None:
    """Errored is final at once, and old fields are there."""
    rig = make(profile="0.25.1")
    rig.peer("anna", ONE)
    rig.world.script("anna", ONE, "drop_mid")
    reply = rig.post("transfers/downloads/anna", [{"filename": ONE, "size": 10_000}])
    id_ = reply.json()["enqueued"][0]["id"]
    rig.advance(60)
    last = rig.transfer(id_)
    assert (last["state"], last["attempts"]) == ("Completed, Errored", 0)
    assert last["startOffset"] == 0
    assert last["stateDescription"] == "Completed, Errored"
    assert "removed" not in last
