"""The disk of the source is full: nobody is blamed and nothing is lost."""

from __future__ import annotations

from soulspot_arr.domain import FailureKind
from soulspot_arr.rules import sentences
from tests.soulspot_arr.workshop import Bench, offer

ONE = "Music\\Cello\\Undertow\\01.flac"


def test_S1_a_full_disk_at_the_source_uses_up_no_attempt(bench: Bench) -> None:
    """However long it is full, the file waits; with room again it is asked for anew and comes."""
    nzo_id = bench.asked(offer("anna", "01.flac"))
    for _ in range(9):
        bench.look()
        bench.source.fail(ONE, FailureKind.DISK_FULL, "No space left on device")
        bench.look()
        assert bench.states(nzo_id) == ["waiting"]
        bench.clock.advance(301)
        bench.dispatcher.run()
    assert len({request.key for request in bench.source.requests}) == 10
    bench.source.succeed(ONE)
    bench.look()
    assert bench.states(nzo_id) == ["completed"]


def test_a_disk_that_stays_full_for_a_day_is_told_without_blaming_the_release(bench: Bench) -> None:
    """Lidarr shows SABnzbd's disk-full sentence as a warning; nothing is put on the blocklist."""
    nzo_id = bench.asked(offer("anna", "01.flac"))
    bench.look()
    bench.source.fail(ONE, FailureKind.DISK_FULL, "No space left on device")
    bench.look()
    bench.clock.advance(86_401)
    bench.cleanup.run()
    grab = bench.grab(nzo_id)
    assert (grab.status, grab.failure_kind) == ("failed", "disk_full")
    assert grab.failure_message == sentences.DISK_FULL
    assert grab.note == "No space left on device"
    assert bench.states(nzo_id) == ["cancelled"]
