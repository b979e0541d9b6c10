"""Family F, continued: how downloads fail, and moves that go wrong."""

from __future__ import annotations

import pytest

from tests.soulspot_arr.simulator.rig import Rig, states

ONE = "Music\\Artist\\Album\\01.flac"
TWO = "Music\\Artist\\Album\\02.flac"


def test_F11_rejected_at_request(rig: Rig) -> None:
    """Final at once."""
    rig.peer("anna", ONE)
    rig.world.script("anna", ONE, "reject_at_request")
    id_ = rig.grab("anna", ONE)
    rig.advance(60)
    last = rig.transfer(id_)
    assert (last["state"], last["attempts"]) == ("Completed, Rejected", 1)
    assert last["exception"] == "Transfer rejected: File not shared."
    assert last["startedAt"] == last["endedAt"]


def test_F11_unknown_and_locked_files_are_not_shared(rig: Rig) -> None:
    """Every peer says so."""
    rig.peer("anna")
    rig.world.share("anna", ONE, 10_000, locked=True)
    for path in (ONE, TWO):
        id_ = rig.grab("anna", path)
        rig.advance(2)
        assert rig.transfer(id_)["exception"] == "Transfer rejected: File not shared."


def test_F12_denied_while_queued(rig: Rig) -> None:
    """The bare reason, no retry."""
    rig.peer("anna", ONE)
    rig.world.script("anna", ONE, "deny_queued", after=5.0)
    id_ = rig.grab("anna", ONE)
    assert states(rig.history(id_, 60))[-2:] == ["Queued, Remotely", "Completed, Rejected"]
    assert rig.transfer(id_)["exception"] == "Too many files"


def test_a_full_queue_takes_no_more_files(rig: Rig) -> None:
    """Refused at the request, and taken when one of ours has left it (contract slskd §9)."""
    rig.peer("anna", ONE, TWO)
    rig.world.set_peer("anna", queue_limit=1)
    first, second = rig.grab("anna", ONE), rig.grab("anna", TWO)
    rig.advance(60)
    assert rig.transfer(first)["state"] == "Completed, Succeeded"
    assert rig.transfer(second)["state"] == "Completed, Rejected"
    assert rig.transfer(second)["exception"] == "Transfer rejected: Too many files"
    again = rig.grab("anna", TWO)
    rig.advance(60)
    assert rig.transfer(again)["state"] == "Completed, Succeeded"


def test_F13_reported_failed_is_retried(rig: Rig) -> None:
    """Three times, then final."""
    rig.peer("anna", ONE)
    rig.world.script("anna", ONE, "report_failed")
    id_ = rig.grab("anna", ONE)
    rig.advance(60)
    last = rig.transfer(id_)
    assert (last["state"], last["attempts"]) == ("Completed, Errored", 3)
    assert last["exception"] == "Download reported as failed by remote client"


@pytest.mark.parametrize("remote", [0, 9_000, 12_000])
def test_F14_another_size_aborts(rig: Rig, remote: int) -> None:
    """No retry."""
    rig.peer("anna", ONE)
    rig.world.script("anna", ONE, "size_changed", size=remote)
    id_ = rig.grab("anna", ONE)
    rig.advance(60)
    last = rig.transfer(id_)
    assert (last["state"], last["attempts"]) == ("Completed, Aborted", 1)
    assert last["exception"] == (
        f"Transfer aborted: the remote size of {remote} does not match expected size 10000"
    )


def test_F15_no_answer_to_the_request(rig: Rig) -> None:
    """Fifteen seconds each, three times."""
    rig.peer("anna", ONE)
    rig.world.script("anna", ONE, "no_answer")
    id_ = rig.grab("anna", ONE)
    rig.advance(14.9)
    assert rig.transfer(id_)["state"] == "Requested"
    rig.advance(120)
    last = rig.transfer(id_)
    assert (last["state"], last["attempts"]) == ("Completed, TimedOut", 3)
    assert last["exception"] == "The wait timed out after 15000 milliseconds"


def test_F18_disk_full(rig: Rig) -> None:
    """Three attempts at creating the file."""
    rig.peer("anna", ONE)
    rig.world.script("anna", ONE, "disk_full")
    id_ = rig.grab("anna", ONE)
    rig.advance(60)
    last = rig.transfer(id_)
    assert (last["state"], last["attempts"]) == ("Completed, Errored", 3)
    assert last["exception"].startswith("Failed to create file 01.flac: No space left on device")


def test_F18_a_name_too_long_for_the_disk(rig: Rig) -> None:
    """The real file system refuses 300 bytes."""
    path = "Music\\Album\\" + "x" * 300 + ".flac"
    rig.peer("anna", path)
    id_ = rig.grab("anna", path)
    rig.advance(60)
    last = rig.transfer(id_)
    assert (last["state"], last["attempts"]) == ("Completed, Errored", 3)
    assert last["exception"].startswith("Failed to create file xxx")


def test_F19_a_failed_move_keeps_succeeded(rig: Rig) -> None:
    """With a text, the file still incomplete, and no event."""
    rig.peer("anna", ONE)
    rig.world.script("anna", ONE, "move_fails", times=1)
    id_ = rig.grab("anna", ONE)
    rig.advance(30)
    last = rig.transfer(id_)
    assert last["state"] == "Completed, Succeeded"
    assert "denied" in last["exception"]
    assert rig.events("DownloadFileComplete") == []
    assert (rig.sim.incomplete_dir / "anna/Music/Artist/Album/01.flac").is_file()
    again = rig.grab("anna", ONE)
    rig.advance(1)
    assert rig.transfer(again)["state"] == "Completed, Succeeded"
    assert (rig.sim.downloads_dir / "Album/01.flac").is_file()


def test_F20_a_slow_move_shows_a_growing_file(rig: Rig) -> None:
    """Succeeded long before the file is whole; the event comes last."""
    rig.peer("anna", ONE)
    rig.world.script("anna", ONE, "slow_move", seconds=10.0)
    id_ = rig.grab("anna", ONE)
    rig.advance(13)
    assert rig.transfer(id_)["state"] == "Completed, Succeeded"
    target = rig.sim.downloads_dir / "Album/01.flac"
    assert 0 < target.stat().st_size < 10_000
    assert rig.events("DownloadFileComplete") == []
    rig.advance(12)
    assert target.stat().st_size == 10_000
    assert len(rig.events("DownloadFileComplete")) == 1
