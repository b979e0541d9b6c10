"""Lidarr asked by somebody who has little time: nothing twice, much at once, and not for ever.

It only asks. What a slow answer means, and what to do about questions that had to be left out, is
decided elsewhere.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from soulspot_arr.connect.entries import Kind
from soulspot_arr.errors import ServarrError
from soulspot_arr.servarr import READ, Program, Row, Servarr

HEALTH = "/health"
MAPPINGS = "/remotepathmapping"
_LISTS = (f"/{Kind.CLIENT}", f"/{Kind.INDEXER}", f"/{Kind.HOOK}", HEALTH, MAPPINGS)
_LEAST = 0.5  # seconds; with less nothing is begun


class Unasked(ServarrError):
    """There was no time left for this question, or its answer did not come in time."""


class Hurried(Servarr):
    """A Lidarr whose lists are asked for once, all at the same time, and only until the time is over."""

    SECONDS = 45.0  # for all that is asked: with the rest of the examination about a minute

    def __init__(
        self,
        program: Program,
        url: str,
        key: str,
        *,
        pause: Callable[[float], None] = time.sleep,
    ) -> None:
        super().__init__(program, url, key, pause=pause)
        self.slowest = 0.0  # seconds that the slowest plain answer took
        self._until = time.monotonic() + self.SECONDS
        self._kept: dict[str, Any] = {}

    def greet(self) -> str:
        """As ever; then all lists at once, so that a slow Lidarr is waited for only once."""
        version = super().greet()
        in_parallel(self._keep, _LISTS)
        return version

    def call(
        self,
        method: str,
        path: str,
        body: Row | None = None,
        *,
        patience: float = READ,
        find_base: bool = False,
    ) -> Any:
        """As ever; raises Unasked instead of waiting longer than there is time."""
        if method == "GET" and path in self._kept:
            return _given(self._kept[path])
        began = time.monotonic()
        left = self._until - began
        if left < _LEAST:
            raise _unasked()
        try:
            return super().call(
                method, path, body, patience=min(patience, left), find_base=find_base
            )
        except ServarrError as error:
            if error.data.get("why") == "slow":
                raise _unasked() from None
            raise
        finally:
            if method == "GET":  # a Test asks us in turn: its time is not Lidarr's alone
                self.slowest = max(self.slowest, time.monotonic() - began)

    def _keep(self, path: str) -> None:
        try:
            self._kept[path] = self.call("GET", path)
        except ServarrError as error:
            self._kept[path] = error


def in_parallel(ask: Callable[[Any], Any], things: Iterable[Any]) -> list[Any]:
    """What comes of each, in their order; raises what the first of them raised."""
    given = list(things)
    with ThreadPoolExecutor(max(len(given), 1), thread_name_prefix="doctor") as pool:
        return list(pool.map(ask, given))


def _given(kept: Any) -> Any:
    if isinstance(kept, ServarrError):
        raise kept
    return kept


def _unasked() -> Unasked:
    return Unasked("Lidarr was not asked: it is too slow.", why="slow")
