"""Work in threads of its own: who waits may leave, and what was reported so far stays."""

from __future__ import annotations

import threading
import time

from soulspot_arr.catalogue.errand import Errand, Report, side_by_side


def test_the_last_report_is_the_result() -> None:
    """Of work that ends in time."""

    def work(report: Report[int]) -> None:
        report(1)
        report(2)

    assert Errand(work, name="test").wait(5) == 2


def test_who_leaves_early_takes_what_is_there() -> None:
    """And the work goes on."""
    told, go, ended = threading.Event(), threading.Event(), threading.Event()

    def work(report: Report[str]) -> None:
        report("names")
        told.set()
        go.wait(60)
        report("everything")
        ended.set()

    errand = Errand(work, name="test")
    assert told.wait(5)
    began = time.monotonic()
    assert errand.wait(0.05) == "names"
    assert errand.wait(-1) == "names"
    assert time.monotonic() - began < 20
    go.set()
    assert ended.wait(5)
    assert errand.wait(5) == "everything"


def test_nothing_reported_is_nothing() -> None:
    """Work that had nothing to say."""
    assert Errand[int](lambda report: None, name="test").wait(5) is None


def test_side_by_side_does_everything_once_and_so_many_at_a_time() -> None:
    """Never more than asked for."""
    lock = threading.Lock()
    running = most = 0
    done: list[int] = []

    def work(item: int) -> None:
        nonlocal running, most
        with lock:
            running += 1
            most = max(most, running)
        time.sleep(0.01)
        with lock:
            running -= 1
            done.append(item)

    side_by_side(work, range(10), at_once=3)
    assert sorted(done) == list(range(10))
    assert 1 <= most <= 3


def test_side_by_side_with_nothing_to_do() -> None:
    """Ends at once."""
    done: list[int] = []
    side_by_side(done.append, [], at_once=0)
    assert done == []
