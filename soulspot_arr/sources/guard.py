"""The guard around every call into a source: one kind of error, and a circuit breaker.

A source that fails several times in a row is left alone for a while, then one call finds out for
all whether it is back. Each process has a breaker of its own: it saves waiting, not correctness.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from soulspot_arr.domain import BreakerState
from soulspot_arr.errors import SourceError, SourceUnavailable
from soulspot_arr.rules import breaker as rules

log = logging.getLogger(__name__)

LOOK = "look at the transfers"
"""What the monitor's calls are for; how long they take is counted."""


class Guard:
    """Wraps calls into a source: strays become `SourceError`, an outage is told once.

    `on_change(ok, detail)` is called when the source is lost and when it is back, not in between;
    `on_breaker(breaker, detail)` whenever the breaker changes its state. Both hear everything in the
    order in which it happened, whichever threads it happened in, and must not call the guard.
    `on_took(action, seconds)` hears how long each call took. `policy()` is asked at every call, so
    that settings take effect at once. `pulse` counts seconds and never jumps.
    """

    def __init__(
        self,
        source_name: str,
        on_change: Callable[[bool, str], None],
        *,
        policy: Callable[[], rules.BreakerPolicy] = rules.BreakerPolicy,
        on_breaker: Callable[[rules.Breaker, str], None] = lambda breaker, detail: None,
        on_took: Callable[[str, float], None] = lambda action, seconds: None,
        pulse: Callable[[], float] = time.monotonic,
    ) -> None:
        self._name = source_name
        self._on_change = on_change
        self._policy = policy
        self._on_breaker = on_breaker
        self._on_took = on_took
        self._pulse = pulse
        self._reachable: bool | None = None
        self._breaker = rules.Breaker()
        self._lock = threading.Lock()
        # Held from a change until it is told: else a thread that was overtaken on the way would have
        # the last word with what is no longer so. The value has a lock of its own, for `resting`.
        self._telling = threading.Lock()

    @property
    def reachable(self) -> bool | None:
        """None until the first call ended."""
        return self._reachable

    @property
    def resting(self) -> float:
        """Seconds for which the source is left alone; 0 when it may be called now."""
        with self._lock:
            shut = self._breaker.state is not BreakerState.CLOSED
            return max(0.0, self._breaker.retry - self._pulse()) if shut else 0.0

    @contextmanager
    def __call__(self, action: str) -> Iterator[None]:
        """Run the body, or refuse to while the source is left alone; raises only `SourceError`."""
        self._admit()
        started = time.monotonic()
        try:
            yield
        except SourceUnavailable as error:
            self._note(False, error.message)
            raise
        except SourceError:
            self._note(True, action)
            raise
        # One of the project's five broad handlers: a plugin may not take the core down.
        except Exception as error:
            log.exception("source %s broke while it should %s", self._name, action)
            self._note(False, str(error))
            raise SourceUnavailable(
                f"{self._name} failed unexpectedly ({type(error).__name__})", source=self._name
            ) from error
        else:
            self._note(True, action)
        finally:
            seconds = time.monotonic() - started
            log.debug("%s: %s took %.3f s", self._name, action, seconds)
            self._on_took(action, seconds)

    def revive(self, action: str) -> None:
        """Somebody has just met the source alive: it need not be left alone any longer."""
        self._note(True, action)

    def _admit(self) -> None:
        with self._telling:
            before, now = self._breaker, self._pulse()
            after = rules.admit(before, now=now, policy=self._policy())
            if after is not None:
                self._become(after, "one call finds out whether it is back")
                return
        raise SourceUnavailable(
            f"{self._name} failed {before.failures} times in a row and is left alone for "
            f"{before.retry - now:.0f} s more",
            source=self._name,
            unsent=True,
        )

    def _note(self, ok: bool, detail: str) -> None:
        with self._telling:
            if ok:
                after = rules.succeeded(self._breaker)
            else:
                after = rules.failed(self._breaker, now=self._pulse(), policy=self._policy())
            self._become(after, detail)
            before, self._reachable = self._reachable, ok
            if before is not ok and not (before is None and ok):
                self._on_change(ok, detail)

    def _become(self, after: rules.Breaker, detail: str) -> None:
        before = self._breaker
        with self._lock:
            self._breaker = after
        if after.state is not before.state:
            self._on_breaker(after, detail)
