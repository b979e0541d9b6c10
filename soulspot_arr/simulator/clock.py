"""Virtual time: one heap of due events, run by a thread (scaled) or by `advance` (manual).

Everything the simulator does happens under this clock's lock, one event at a time, so the rest of
the package is written without locks. Behaviour that takes time is a generator ("script") that
yields seconds to sleep or a `Wait`. This room knows nothing about slskd.
"""

from __future__ import annotations

import heapq
import itertools
import threading
import time
from collections.abc import Callable, Generator, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Generic, TypeVar

T = TypeVar("T")


class Signal:
    """Something a script can wait for; once fired it stays fired."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._waiting: list[Callable[[], None]] = []
        self.fired = False

    def fire(self) -> None:
        """Wake everybody who waits, at the present moment."""
        self.fired = True
        waiting, self._waiting = self._waiting, []
        for wake in waiting:
            self._clock.call_later(0.0, wake)

    def reset(self) -> None:
        """Make the signal usable again for the next round."""
        self.fired = False

    def on_fire(self, wake: Callable[[], None]) -> None:
        """Call `wake` when fired (at once when it already has)."""
        if self.fired:
            self._clock.call_later(0.0, wake)
        else:
            self._waiting.append(wake)


@dataclass(frozen=True, slots=True)
class Wait:
    """What a script yields to sleep until `signal` fires or `timeout` seconds passed (None: ever)."""

    signal: Signal
    timeout: float | None = None


Script = Generator[float | Wait, bool, T]


class Scope:
    """A lifetime: everything scheduled in it dies together, as when a process is killed."""

    def __init__(self) -> None:
        self.alive = True
        self._tasks: set[Task[object]] = set()

    def adopt(self, task: Task[object]) -> None:
        self._tasks.add(task)

    def forget(self, task: Task[object]) -> None:
        self._tasks.discard(task)

    def kill(self) -> None:
        """Stop every script where it stands; nothing of it runs again."""
        self.alive = False
        for task in tuple(self._tasks):
            task.kill()


@dataclass(order=True, slots=True)
class Handle:
    """One scheduled call; `cancel` makes it a no-op."""

    due: float
    order: int
    call: Callable[[], None] | None = field(compare=False)
    scope: Scope | None = field(compare=False, default=None)

    def cancel(self) -> None:
        self.call = None


class Task(Generic[T]):
    """A running script. `finished` is set when it returned, failed or was killed."""

    def __init__(self, clock: Clock, script: Script[T], scope: Scope | None) -> None:
        self._clock = clock
        self._script = script
        self._scope = scope
        self._pending: Handle | None = None
        self._round = 0
        self._running = False
        self.finished = threading.Event()
        self.result: T | None = None
        self.error: Exception | None = None
        self.killed = False

    @property
    def done(self) -> bool:
        return self.finished.is_set()

    def start(self) -> None:
        self._step(lambda: next(self._script))

    def cancel(self, reason: Exception, after: float = 0.0) -> None:
        """Raise `reason` inside the script where it waits, `after` seconds from now."""
        self._clock.call_later(after, lambda: self._interrupt(reason), self._scope)

    def kill(self) -> None:
        if self.done:
            return
        self.killed = True
        self._drop_wait()
        self._script.close()
        self.finished.set()

    def _interrupt(self, reason: Exception) -> None:
        if not self.done:
            self._drop_wait()
            self._step(lambda: self._script.throw(reason))

    def _drop_wait(self) -> None:
        self._round += 1
        if self._pending is not None:
            self._pending.cancel()
            self._pending = None

    def _resume(self, round_: int, fired: bool) -> None:
        # A signal and its timeout may both come due; only the first one belongs to this wait.
        if self.done or round_ != self._round:
            return
        self._drop_wait()
        self._step(lambda: self._script.send(fired))

    def _step(self, move: Callable[[], float | Wait]) -> None:
        try:
            wanted = move()
        except StopIteration as stop:
            self._close(result=stop.value)
        except Outcome as outcome:
            self._close(error=outcome)
        else:
            self._await(wanted)

    def _close(self, result: T | None = None, error: Exception | None = None) -> None:
        self.result, self.error = result, error
        self.finished.set()
        if self._scope is not None:
            self._scope.forget(self)  # type: ignore[arg-type]

    def _await(self, wanted: float | Wait) -> None:
        round_ = self._round
        later = self._clock.call_later
        if isinstance(wanted, Wait):
            wanted.signal.on_fire(lambda: self._resume(round_, True))
            if wanted.timeout is not None:
                self._pending = later(
                    wanted.timeout, lambda: self._resume(round_, False), self._scope
                )
        else:
            self._pending = later(wanted, lambda: self._resume(round_, False), self._scope)


class Outcome(Exception):
    """Base of the exceptions a script may end with on purpose; anything else is a defect."""


class Clock:
    """Seconds since the start of the simulation; `scale` virtual seconds pass per real second."""

    def __init__(self, *, scale: float = 1.0, manual: bool = False) -> None:
        self.scale = 1.0 if manual else scale
        self.manual = manual
        self.skew = 0.0
        self._began = datetime.now(UTC)
        self._zero = time.monotonic()
        self._now = 0.0
        self._heap: list[Handle] = []
        self._order = itertools.count()
        self._changed = threading.Condition(threading.RLock())
        self._sweeping = False
        self._stopped = False
        self._thread: threading.Thread | None = None

    def start(self) -> None:
        """Start the thread that runs due events (manual clocks have none)."""
        if not self.manual and self._thread is None:
            self._thread = threading.Thread(target=self._loop, name="sim-clock", daemon=True)
            self._thread.start()

    def stop(self) -> None:
        """Let no further event run."""
        with self._changed:
            self._stopped = True
            self._heap.clear()
            self._changed.notify_all()
        if self._thread is not None and self._thread is not threading.current_thread():
            self._thread.join(timeout=5)

    @property
    def now(self) -> float:
        """Virtual seconds since the start."""
        return self._now

    def wall(self) -> datetime:
        """The date slskd would write now; real time passes in it, whatever the scale."""
        return self._began + timedelta(seconds=self._now / self.scale + self.skew)

    def age(self, moment: datetime) -> float:
        """Virtual seconds since a date written by `wall`."""
        return (self.wall() - moment).total_seconds() * self.scale

    def call_later(
        self, delay: float, call: Callable[[], None], scope: Scope | None = None
    ) -> Handle:
        """Run `call` after `delay` virtual seconds unless its scope has died by then."""
        handle = Handle(self._now + max(delay, 0.0), next(self._order), call, scope)
        with self._changed:
            heapq.heappush(self._heap, handle)
            if self._heap[0] is handle:
                self._changed.notify_all()
        return handle

    def run(self, script: Script[T], scope: Scope | None = None) -> Task[T]:
        """Start a script at once and return its task; in a scope that has died it is killed."""
        task = Task(self, script, scope)
        if scope is not None and not scope.alive:
            task.kill()
            return task
        if scope is not None:
            scope.adopt(task)  # type: ignore[arg-type]
        task.start()
        return task

    @contextmanager
    def turn(self) -> Iterator[None]:
        """The right to touch the simulation: overdue events run before and after."""
        with self._changed:
            self._sweep(self._present())
            yield
            self._sweep(self._present())

    def advance(self, seconds: float) -> None:
        """Let `seconds` pass (manual clocks only), running every event at its own moment."""
        if not self.manual:
            raise RuntimeError("only a manual clock can be advanced")
        with self._changed:
            self._sweep(self._now + seconds)

    def _present(self) -> float:
        return self._now if self.manual else (time.monotonic() - self._zero) * self.scale

    def _sweep(self, until: float) -> None:
        if self._sweeping:
            return
        self._sweeping = True
        try:
            while self._heap and self._heap[0].due <= until and not self._stopped:
                handle = heapq.heappop(self._heap)
                self._now = max(self._now, handle.due)
                if handle.call is not None and (handle.scope is None or handle.scope.alive):
                    handle.call()
            self._now = max(self._now, until)
        finally:
            self._sweeping = False

    def _loop(self) -> None:
        with self._changed:
            while not self._stopped:
                self._sweep(self._present())
                pause = None
                if self._heap:
                    pause = max((self._heap[0].due - self._present()) / self.scale, 0.0005)
                self._changed.wait(pause)
