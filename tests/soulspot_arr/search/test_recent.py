"""Raw answers of the last minutes: how long, how many, by which clock."""

from __future__ import annotations

from soulspot_arr.domain import RawFile, RawFolder
from soulspot_arr.search.recent import MOST_FILES, RecentAnswers
from tests.fakes.clock import FakeClock


def folders(count: int, peer: str = "ann") -> list[RawFolder]:
    """One folder of so many files."""
    return [RawFolder(peer, "f", tuple(RawFile("x", "x", 1) for _ in range(count)))]


def test_answers_are_used_for_their_time(clock: FakeClock) -> None:
    """Ten minutes; an empty answer is one too."""
    recent = RecentAnswers(lambda: 600.0, clock=clock)
    assert recent.get("a") is None
    recent.put("a", [])
    recent.put("b", folders(2))
    clock.advance(599)
    assert recent.get("a") == ()
    assert recent.get("b") == tuple(folders(2))
    clock.advance(1)
    assert recent.get("a") is None
    assert recent.get("b") is None


def test_the_oldest_make_room(clock: FakeClock) -> None:
    """The memory of the process is bounded, whatever the network answers."""
    recent = RecentAnswers(lambda: 600.0, clock=clock)
    half = MOST_FILES // 2
    for text in ("a", "b", "c"):
        recent.put(text, folders(half))
    assert recent.get("a") is None
    assert recent.get("b") is not None
    assert recent.get("c") is not None


def test_a_giant_is_not_kept_and_drives_nobody_out(clock: FakeClock) -> None:
    """Its text is left out for ten minutes instead."""
    recent = RecentAnswers(lambda: 600.0, clock=clock)
    recent.put("a", folders(1))
    recent.put("giant", folders(MOST_FILES + 1))
    assert recent.get("giant") is None
    assert recent.get("a") is not None


def test_an_answer_replaces_the_one_before(clock: FakeClock) -> None:
    """And is counted once."""
    recent = RecentAnswers(lambda: 600.0, clock=clock)
    for _ in range(5):
        recent.put("a", folders(MOST_FILES // 2))
    recent.put("b", folders(MOST_FILES // 2))
    assert recent.get("a") is not None


def test_it_can_be_turned_off(clock: FakeClock) -> None:
    """Who keeps no answers keeps none here either."""
    recent = RecentAnswers(lambda: 0.0, clock=clock)
    recent.put("a", folders(1))
    assert recent.get("a") is None


def test_a_clock_that_was_set_back_makes_nothing_last(clock: FakeClock) -> None:
    """An answer from the future is as old as it is ahead."""
    recent = RecentAnswers(lambda: 600.0, clock=clock)
    recent.put("a", folders(1))
    clock.advance(-3_600)
    assert recent.get("a") is None


def test_memory_is_given_back_without_a_question(clock: FakeClock) -> None:
    """The dig job does so while nobody searches."""
    recent = RecentAnswers(lambda: 600.0, clock=clock)
    recent.put("a", folders(10))
    clock.advance(600)
    recent.forget()
    assert recent._files == 0
