"""The adapter over real HTTP against a simulated slskd: rows that need one that lives."""

from __future__ import annotations

import time
import uuid
from collections.abc import Callable
from typing import Any

import pytest

from soulspot_arr.domain import (
    BatchRequest,
    FailureKind,
    OfferFile,
    Transfer,
    TransferRef,
    TransferState,
)
from soulspot_arr.errors import SourceOffline, SourceRefused, SourceUnavailable
from soulspot_arr.sources import SearchLimits
from tests.soulspot_arr.sources.live import ENDED, KEY, LIMITS, PATH, SCALE, SIZE, Live

# -- failures as slskd really shows them -----------------------------------------------------------


@pytest.mark.parametrize(
    ("row", "outcome", "kind"),
    [
        ("F08", {"outcome": "stall", "at": 0.7}, FailureKind.TIMEOUT),
        (
            "F11",
            {"outcome": "reject_at_request", "text": "File not shared."},
            FailureKind.FILE_NOT_FOUND,
        ),
        ("F12", {"outcome": "deny_queued", "text": "Too many files"}, FailureKind.PEER_BUSY),
        ("F12b", {"outcome": "deny_queued", "text": "Banned"}, FailureKind.USER_BLOCKED),
        ("F13", {"outcome": "report_failed"}, FailureKind.BROKEN),
        ("F14", {"outcome": "size_changed", "size": 5}, FailureKind.SIZE_DIFFERS),
        ("F15", {"outcome": "no_answer"}, FailureKind.TIMEOUT),
        ("F18", {"outcome": "disk_full"}, FailureKind.DISK_FULL),
        ("F06", {"outcome": "offline_mid"}, FailureKind.NETWORK),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_final_failures(row: str, outcome: dict[str, Any], kind: FailureKind, live: Live) -> None:
    """Only after slskd itself has given up, with the kind that follows from state and text."""
    live.peer()
    live.world.script("bob", PATH, **outcome)
    live.ask()
    last = live.end()
    assert (last.state, last.failure) == (TransferState.FAILED, kind), last.message
    assert last.message


@pytest.mark.parametrize("outcome", ["stall", "drop_mid", "report_failed", "no_answer"])
def test_F09_F10_what_slskd_mends_is_never_failed(outcome: str, live: Live) -> None:
    """One bad attempt, then success: the polls in between say queued or active."""
    live.peer()
    live.world.script("bob", PATH, outcome, times=1)
    live.ask()
    seen: set[TransferState] = set()

    def over(found: list[Transfer]) -> bool:
        seen.add(found[0].state)
        return found[0].state in ENDED

    [last] = live.until(over)
    assert (last.state, last.failure) == (TransferState.SUCCEEDED, None)
    assert TransferState.FAILED not in seen


def test_F04_a_peer_that_never_serves(live: Live) -> None:
    """For ever queued: stalling is the core's judgement."""
    live.peer()
    live.world.script("bob", PATH, "never")
    live.ask()
    time.sleep(0.5)
    [item] = live.source.poll_raw().transfers
    assert (item.state, item.failure) == (TransferState.QUEUED, None)


@pytest.mark.parametrize("profile", ["master", "0.26.0"])
def test_F16_the_limit_of_180_seconds(profile: str, live_with: Callable[..., Live]) -> None:
    """With one slot the second file is given up on: nobody's refusal, the peer may be asked again."""
    live = live_with(profile, time_scale=200, options_overrides={"transfers.download.slots": 1})
    second = PATH.replace("01", "02")
    live.peer()
    live.peer(second)
    live.world.script("bob", PATH, "never")
    live.ask()
    live.until(lambda found: True)
    live.ask(second, destination="soulspot/b")
    assert live.source.check_connection().code == "slots"
    live.world.skew(180)  # only time flies here, dates do not

    def given_up(found: list[Transfer]) -> bool:
        return any(item.failure is FailureKind.TIMEOUT for item in found)

    failed = [item for item in live.until(given_up) if item.failure]
    assert {item.path for item in failed} <= {PATH, second}


def test_F19_a_move_that_fails(live: Live) -> None:
    """Succeeded, and yet a failure with slskd's words."""
    live.peer()
    live.world.script("bob", PATH, "move_fails")
    live.ask()
    [last] = live.until(lambda found: bool(found[0].failure))
    assert (last.state, last.failure) == (TransferState.SUCCEEDED, FailureKind.DISK_FULL)


def test_F23_more_bytes_than_announced(live: Live) -> None:
    """The count never exceeds the size."""
    live.peer(size=300_000, speed=30_000)
    live.world.script("bob", PATH, "overrun")
    live.ask(size=300_000)
    for _ in range(30):
        assert all(0 <= item.bytes_done <= item.size for item in live.source.poll_raw().transfers)
        time.sleep(0.01)


# -- restarts and outages --------------------------------------------------------------------------


def test_H01_H03_a_restart_in_the_middle(live: Live) -> None:
    """The old record is no failure; the new one has another id and the folder of the pattern."""
    live.peer()
    live.world.script("bob", PATH, "never")
    before = live.ask()
    live.until(lambda found: found[0].state is TransferState.QUEUED)
    live.world.unscript()  # what was asked before stays as it is; what is asked after may arrive
    live.simulator.restart()
    failures: list[Transfer] = []

    def resumed(found: list[Transfer]) -> bool:
        failures.extend(item for item in found if item.failure)
        return any(item.ref != before for item in found)

    [fresh] = live.until(resumed)
    assert failures == []
    assert (fresh.batch_key, fresh.placement) == (None, "Harbour Lights [FLAC]")
    assert live.end().state is TransferState.SUCCEEDED


def test_H02_a_restart_without_the_peer(live_with: Callable[..., Live]) -> None:
    """After two minutes it is sure that nothing comes back."""
    live = live_with(time_scale=120)
    live.peer()
    live.world.script("bob", PATH, "never")
    live.ask()
    live.until(lambda found: found[0].state is TransferState.QUEUED)
    live.world.set_peer("bob", online=False)
    live.simulator.restart()
    began = time.monotonic()
    last = live.end()
    assert (last.failure, last.message) == (FailureKind.PEER_OFFLINE, "Application shut down")
    assert (time.monotonic() - began) * 120 > 100


def test_H06_the_window_of_a_restart(live: Live) -> None:
    """Refused connections are an outage; afterwards everything goes on."""
    live.source.poll_raw()
    live.simulator.restart(downtime=SCALE * 0.5)
    with pytest.raises(SourceUnavailable):
        live.source.poll_raw()
    assert live.source.check_connection().code == "unreachable"
    give_up = time.monotonic() + 30
    while not live.source.check_connection().ok:
        assert time.monotonic() < give_up
        time.sleep(0.02)


def test_B03_C05_not_connected_to_soulseek(live: Live) -> None:
    """Said by the check; searches and requests are unavailable and leave nothing behind."""
    live.peer()
    live.world.disconnect(down_for=100_000)
    status = live.source.check_connection()
    assert (status.ok, status.code) == (False, "offline")
    with pytest.raises(SourceOffline):
        live.source.search_raw("Marlow Finch", limits=LIMITS)
    with pytest.raises(SourceOffline):
        live.ask()
    assert _searches(live) == []


def _searches(live: Live) -> list[Any]:
    import requests

    with requests.Session() as session:
        session.trust_env = False
        headers = {"X-API-Key": KEY}
        url = f"{live.simulator.url}/api/v0/searches"
        return list(session.get(url, headers=headers, timeout=5).json())


def test_E05_E06_peers_that_cannot_be_asked(live: Live) -> None:
    """Offline is found out before the batch, unreachable after it."""
    live.peer()
    live.world.set_peer("bob", reachable=False)
    key = str(uuid.uuid4())
    request = BatchRequest(key, "bob", (OfferFile(PATH, PATH, SIZE),), "soulspot/a")
    with pytest.raises(SourceRefused) as caught:
        live.source.download_raw(request)
    assert caught.value.kind == "network"
    live.world.set_peer("bob", reachable=True)
    with pytest.raises(SourceRefused) as caught:
        live.source.download_raw(request)
    assert (caught.value.kind, caught.value.data["spent_key"]) == ("broken", key)
    assert live.ask()


def test_E12_the_answer_is_lost(live: Live) -> None:
    """slskd did the work and the connection broke: found again by the key, asked once."""
    live.peer()
    live.world.script("bob", PATH, "never")
    live.world.fault("reset", "*/batches", method="POST", after=True)
    ref = live.ask()
    assert [item.ref for item in live.source.poll_raw().transfers] == [ref]


# -- searching -------------------------------------------------------------------------------------


@pytest.mark.parametrize("gap", [0.0, 0.5, 20.0])
def test_C11_answers_are_stored_late(gap: float, live_with: Callable[..., Live]) -> None:
    """The flag comes first, the list by `endedAt`."""
    live = live_with(options_overrides={"timings": {"results_gap": gap}})
    live.peer()
    [folder] = live.source.search_raw("Marlow Finch", limits=LIMITS)
    assert folder.peer == "bob"
    assert _searches(live) == []


def test_C09_C15_a_trickle_is_cut_off(live_with: Callable[..., Live]) -> None:
    """Answers every second for ever: stopped by our limit, what came is kept."""
    live = live_with(time_scale=5.0)  # what is reserved for the end is not scaled to nothing
    live.world.trickle(10_000, 1.0, match="flood")
    found = live.source.search_raw("flood words", limits=SearchLimits(seconds=20))
    assert 5 <= len(found) <= 20  # one a second: more would mean that nobody stopped it
    assert _searches(live) == []


def test_C15_enough_is_enough(live: Live) -> None:
    """Eighty quick answers and then silence: nobody waits for the idle time-out."""
    live.source.reload_settings({**live.values, "slskd.idle_timeout": 400.0})
    live.world.trickle(80, 0.01, match="flood")
    found = live.source.search_raw("flood words", limits=SearchLimits(seconds=600))
    assert len(found) == 80
    assert any(seen.method == "PUT" for seen in live.simulator.requests)


@pytest.mark.parametrize("text", ["-foo", "X", "M O P"])
def test_C07_queries_without_a_word(text: str, live: Live) -> None:
    """Refused for good, and cleaned up."""
    with pytest.raises(SourceRefused):
        live.source.search_raw(text, limits=LIMITS)
    assert _searches(live) == []


# -- noise -----------------------------------------------------------------------------------------


def test_L01_every_get_may_fail_once(live: Live) -> None:
    """A locked database behind any read is not noticed."""
    live.peer()
    for path in (
        "*/application",
        "*/options",
        "*/transfers/downloads",
        "*/searches/*",
        "*/responses",
    ):
        live.world.fault("error", path, method="GET")
    live.ask()
    assert len(live.source.search_raw("Marlow Finch", limits=LIMITS)) == 1
    assert live.end().state is TransferState.SUCCEEDED


def test_numbers_as_text_and_flags_as_numbers(live: Live) -> None:
    """A careless proxy changes types; nothing is lost by that."""
    live.peer()
    live.world.fault("wrong_types", times=None)
    assert live.source.check_connection().ok
    [folder] = live.source.search_raw("Marlow Finch", limits=LIMITS)
    assert (folder.files[0].size, folder.free_slot) == (SIZE, True)
    live.ask()
    done = live.end()
    assert (done.state, done.bytes_done) == (TransferState.SUCCEEDED, SIZE)


def test_L05_others_use_the_same_slskd(live: Live) -> None:
    """Their transfers are listed with their own folders; cancelling ours leaves them alone."""
    live.peer()
    live.world.script("bob", PATH, "never")
    live.world.foreign_download("eve", "Other\\Album\\{}.mp3", count=3)
    ref = live.ask()
    live.source.cancel_raw([TransferRef("bob", ref)], forget=True)
    left = live.source.poll_raw().transfers
    assert {item.peer for item in left} == {"eve"}
    assert len(left) == 3


@pytest.mark.parametrize("profile", ["0.26.0", "0.25.1"])
def test_B5_a_transfer_that_was_there_is_adopted(
    profile: str, live_with: Callable[..., Live]
) -> None:
    """A person's is told apart from our own, whatever the version; asked again, ours stays ours."""
    live = live_with(profile)
    second = PATH.replace("01", "02")
    for path in (PATH, second):
        live.peer(path)
    live.world.script("bob", None, "never")
    live.ask(destination="a person's folder")
    files = tuple(OfferFile(path, path, SIZE) for path in (PATH, second))
    receipt = live.source.download_raw(BatchRequest(str(uuid.uuid4()), "bob", files, "soulspot/a"))
    assert [item.adopted for item in receipt.accepted] == [True, False]


@pytest.mark.parametrize(
    "name", ["a/b\\c", "100% #?&+", "Bj\u00f6rk \u266b", "batches", "all", "..", "."]
)
def test_names_of_every_kind(name: str, live: Live) -> None:
    """From request to forgetting."""
    live.peer(name=name)
    live.world.script(name, PATH, "never")
    ref = live.ask(peer=name)
    assert live.ask(peer=name) == ref
    assert [item.peer for item in live.source.poll_raw().transfers] == [name]
    live.source.cancel_raw([TransferRef(name, ref)], forget=True)
    assert live.source.poll_raw().transfers == ()
