"""Work that may take longer than somebody is willing to wait for it.

Daemon threads, so that a neighbour who hangs never holds up the end of the process.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable
from typing import Generic, TypeVar

_T = TypeVar("_T")

Report = Callable[[_T], None]


class Errand(Generic[_T]):
    """One piece of work in its own thread; it reports what it has, the last report is its result."""

    def __init__(self, work: Callable[[Report[_T]], None], *, name: str) -> None:
        self._work = work
        self._done = threading.Event()
        self._latest: _T | None = None
        threading.Thread(target=self._run, name=name, daemon=True).start()

    def _run(self) -> None:
        try:
            self._work(self._report)
        finally:
            self._done.set()

    def _report(self, latest: _T) -> None:
        self._latest = latest

    def wait(self, seconds: float) -> _T | None:
        """The last report once the work is over, or what was reported until the time was up."""
        self._done.wait(max(0.0, seconds))
        return self._latest

    def join(self) -> None:
        """Wait for the end, however long it takes."""
        self._done.wait()


def side_by_side(work: Callable[[_T], None], items: Iterable[_T], *, at_once: int) -> None:
    """Do the work for each item, so many at a time, in their order; returns when all are done."""
    waiting = iter(items)
    lock = threading.Lock()

    def take_turns(_: Report[None]) -> None:
        while True:
            with lock:
                item = next(waiting, None)
            if item is None:
                return
            work(item)

    errands = [Errand[None](take_turns, name="catalogue") for _ in range(at_once)]
    for errand in errands:
        errand.join()
