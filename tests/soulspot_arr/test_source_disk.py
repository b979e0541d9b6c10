"""The disk of the source is full: nobody is blamed and nothing is lost."""

from __future__ import annotations

from soulspot_arr.domain import FailureKind
from soulspot_arr.rules import sentences
from tests.soulspot_arr.workshop import Bench, offer

ONE, TWO = (f"Music\\Cello\\Undertow\\0{number}.flac" for number in (1, 2))
HOUR, DAY = 3_600, 86_400


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


def full(bench: Bench, path: str = ONE) -> None:
    """slskd finds its disk full when it begins to fetch this file."""
    bench.look()
    bench.source.fail(path, FailureKind.DISK_FULL, "No space left on device")
    bench.look()


def stays_full(bench: Bench, seconds: float, path: str = ONE) -> None:
    """After so long it was found full again some minutes ago."""
    bench.clock.advance(seconds - 600)
    bench.dispatcher.run()
    full(bench, path)
    bench.clock.advance(600)


def test_a_disk_that_stays_full_for_a_day_is_told_without_blaming_the_release(bench: Bench) -> None:
    """Lidarr shows SABnzbd's disk-full sentence as a warning; nothing is put on the blocklist."""
    nzo_id = bench.asked(offer("anna", "01.flac"))
    full(bench)
    stays_full(bench, DAY + 1)
    bench.cleanup.run()
    grab = bench.grab(nzo_id)
    assert (grab.status, grab.failure_kind) == ("failed", "disk_full")
    assert grab.failure_message == sentences.DISK_FULL
    assert grab.note == "No space left on device"
    assert bench.states(nzo_id) == ["cancelled"]


# -- since when ------------------------------------------------------------------------------------


def again(bench: Bench, seconds: float = 301) -> None:
    """Later, the files that are due are asked for once more."""
    bench.clock.advance(seconds)
    bench.dispatcher.run()


def test_the_day_begins_with_the_first_full_disk_and_not_with_the_grab(both: Bench) -> None:
    """Two days in a peer's queue are no trouble of ours."""
    both.settings.patch({"stall.queued": 1e8})
    nzo_id = both.asked(offer("anna", "01.flac"))
    both.look()
    both.clock.advance(2 * DAY)
    began = both.clock()
    full(both)
    stays_full(both, DAY)
    both.cleanup.run()
    assert (both.grab(nzo_id).status, both.grab(nzo_id).disk_full_since) == ("queued", began)
    both.clock.advance(1)
    both.cleanup.run()
    assert (both.grab(nzo_id).status, both.grab(nzo_id).failure_kind) == ("failed", "disk_full")


def test_every_further_try_belongs_to_the_same_trouble(both: Bench) -> None:
    """Asking again every few minutes must not begin the day anew."""
    nzo_id = both.asked(offer("anna", "01.flac"))
    full(both)
    began = both.clock()
    for _ in range(24):
        again(both, HOUR)
        assert both.grab(nzo_id).disk_full_since == began
        full(both)
        both.cleanup.run()
        assert both.grab(nzo_id).status == "queued"
    both.clock.advance(1)
    both.cleanup.run()
    assert both.grab(nzo_id).status == "failed"


def test_a_file_that_arrives_ends_the_trouble_and_the_next_one_counts_anew(both: Bench) -> None:
    """Somebody made room; a day later the disk is full again."""
    both.settings.patch({"stall.queued": 1e8})
    nzo_id = both.asked(offer("anna", "01.flac", "02.flac"))
    full(both)
    again(both)
    both.look()
    both.source.succeed(ONE)
    both.look()
    assert both.grab(nzo_id).disk_full_since is None
    both.clock.advance(2 * DAY)
    full(both, TWO)
    both.cleanup.run()
    assert both.grab(nzo_id).status == "downloading"
    assert both.grab(nzo_id).disk_full_since == both.clock()


def test_a_small_file_that_still_fits_does_not_end_it_for_the_large_one(both: Bench) -> None:
    """As long as one file waits for room, the album is held up."""
    nzo_id = both.asked(offer("anna", "01.flac", "02.flac"))
    full(both)
    began = both.clock()
    both.clock.advance(HOUR)
    both.source.succeed(TWO)
    both.look()
    assert both.states(nzo_id) == ["waiting", "completed"]
    assert both.grab(nzo_id).disk_full_since == began


def test_another_trouble_is_another_trouble(both: Bench) -> None:
    """When the next try fails at the peer, the disk was not what stopped it."""
    nzo_id = both.asked(offer("anna", "01.flac"))
    full(both)
    again(both)
    both.look()
    both.source.fail(ONE, FailureKind.BROKEN, "Connection reset")
    both.look()
    assert both.states(nzo_id) == ["waiting"]
    assert both.grab(nzo_id).disk_full_since is None


def test_the_next_peer_begins_without_it(both: Bench) -> None:
    """Its files have found no disk full yet."""
    nzo_id = both.asked(offer("anna", "01.flac", "02.flac"), offer("ben", "01.flac"))
    full(both)
    assert both.grab(nzo_id).disk_full_since is not None
    both.source.fail(TWO, FailureKind.REJECTED, "File not shared.")
    both.look()
    assert (both.grab(nzo_id).peer, both.grab(nzo_id).disk_full_since) == ("ben", None)


def test_the_trouble_of_one_grab_is_not_that_of_another(both: Bench) -> None:
    """Each album has its own day."""
    first = both.asked(offer("anna", "01.flac"))
    other = both.asked(offer("ben", "01.flac", folder="Music\\Cello\\Drift"))
    full(both)
    stays_full(both, HOUR)
    full(both, "Music\\Cello\\Drift\\01.flac")
    stays_full(both, DAY - HOUR + 1)
    both.cleanup.run()
    assert (both.grab(first).status, both.grab(other).status) == ("failed", "queued")


def test_a_day_switched_off_is_none_with_a_full_disk(bench: Bench) -> None:
    """Who comes back looks first whether there is room again."""
    nzo_id = bench.asked(offer("anna", "01.flac"))
    full(bench)
    bench.clock.advance(2 * DAY)
    bench.cleanup.run()
    assert bench.grab(nzo_id).status == "queued"
    bench.dispatcher.run()
    bench.source.succeed(ONE)
    bench.look()
    assert bench.states(nzo_id) == ["completed"]
