"""Download sources: the contract every source keeps, and the guard around every call into one.

A source MUST NOT filter, rank, retry across calls or touch the database: policy is the core's.
It MUST raise only `SourceError` kinds; `check_connection` and `is_configured` MUST NOT raise.
Every call is bounded in time. A locator is opaque to the core: it is only carried.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from soulspot_arr.domain import (
    BatchRequest,
    RawFolder,
    Receipt,
    SettingSpec,
    Snapshot,
    SourceStatus,
    TransferRef,
)
from soulspot_arr.errors import SourceError, SourceUnavailable

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class SearchLimits:
    """How long a search may take and when enough is enough; all durations in seconds."""

    seconds: float  # hard limit, from the moment the call starts
    enough_peers: int = 60  # stop early when this many answered …
    dry_after: float = 2.0  # … and no further answer came for so long


class DownloadSource(Protocol):
    """What the core needs from a network it can search and fetch from."""

    name: str  # stable key stored in rows: "slskd"
    label: str  # for people: "Soulseek (slskd)"
    settings: tuple[SettingSpec, ...]  # what it needs; appears in the API and the docs by itself

    def is_configured(self) -> bool:
        """Whether the settings are complete enough to try."""

    def check_connection(self) -> SourceStatus:
        """Say whether it could work right now; one cheap request; never raises."""

    def reload_settings(self, values: Mapping[str, object]) -> None:
        """Take new values of `settings` (by key); safe while other threads are inside a call."""

    def search_raw(self, text: str, *, limits: SearchLimits) -> Sequence[RawFolder]:
        """Ask the network; returns by the limit with what has arrived, unranked and unfiltered."""

    def folder_raw(self, peer: str, path: str, *, seconds: float) -> RawFolder | None:
        """Everything a peer has in one of its folders, without the folders below.

        Without hints about the peer. None when the peer does not say so in time.
        """

    def foreign_searches(self, since: datetime, *, seconds: float) -> Sequence[datetime]:
        """When others searched through the same source since then: they share our budget.

        Moments are the source's own, so they may lie in our future. A search waits for this
        answer: a source that cannot give it within `seconds` raises SourceThrottled.
        """

    def download_raw(self, request: BatchRequest) -> Receipt:
        """Ask a peer for files; idempotent for one `request.key`."""

    def poll_raw(self) -> Snapshot:
        """Everything it knows about transfers, in one logical request."""

    def cancel_raw(self, refs: Sequence[TransferRef], *, forget: bool = False) -> None:
        """Stop transfers; with `forget` also remove the records of ended ones. Idempotent."""


class Guard:
    """Wraps calls into a source: strays become `SourceError`, an outage is told once.

    `on_change(ok, detail)` is called when the source is lost and when it is back, not in between.
    """

    def __init__(self, source_name: str, on_change: Callable[[bool, str], None]) -> None:
        self._name = source_name
        self._on_change = on_change
        self._reachable: bool | None = None

    @property
    def reachable(self) -> bool | None:
        """None until the first call ended."""
        return self._reachable

    @contextmanager
    def __call__(self, action: str) -> Iterator[None]:
        """Run the body; raises only `SourceError`."""
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
            log.debug("%s: %s took %.3f s", self._name, action, time.monotonic() - started)

    def _note(self, ok: bool, detail: str) -> None:
        if self._reachable is ok:
            return
        first = self._reachable is None
        self._reachable = ok
        if not (first and ok):
            self._on_change(ok, detail)
