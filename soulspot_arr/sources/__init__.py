"""Download sources: the contract every source keeps; the guard around every call is next door.

A source MUST NOT filter, rank, retry across calls or touch the database: policy is the core's.
It MUST raise only `SourceError` kinds; `check_connection` and `is_configured` MUST NOT raise.
Every call is bounded in time. A locator is opaque to the core: it is only carried.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
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
from soulspot_arr.sources.guard import Guard

__all__ = ["DownloadSource", "Guard", "SearchLimits"]


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

    def online_raw(self, peer: str, *, seconds: float) -> bool | None:
        """Whether a peer is there now; None when nobody can say within that time."""

    def place_raw(self, ref: TransferRef, *, seconds: float) -> int | None:
        """Our place in the queue of the peer of this transfer; None when the peer does not say.

        It bothers the peer: ask rarely, and for one file of a peer only.
        """

    def download_raw(self, request: BatchRequest) -> Receipt:
        """Ask a peer for files; idempotent for one `request.key`."""

    def poll_raw(self) -> Snapshot:
        """Everything it knows about transfers, in one logical request."""

    def cancel_raw(
        self, refs: Sequence[TransferRef], *, forget: bool = False
    ) -> Sequence[TransferRef]:
        """Stop transfers; with `forget` also remove the records of ended ones. Idempotent.

        Returns those to be forgotten that have not ended yet.
        """
