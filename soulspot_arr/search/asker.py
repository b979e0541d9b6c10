"""Asks the network for one text, if it may be asked at all.

Four things stand before it: answers that are still remembered, a ban, the search budget, and the
rule never to ask the same text twice within minutes. Why there is no answer is always told, because
only a text that the network really was asked for may count as unanswered.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from soulspot_arr.bans import BanWatch
from soulspot_arr.budget import Purpose, SearchBudget
from soulspot_arr.domain import RawFolder
from soulspot_arr.errors import AskedAlready, SourceError, SourceOffline
from soulspot_arr.models import COMPLETED
from soulspot_arr.search.recent import RecentAnswers
from soulspot_arr.settings import Settings
from soulspot_arr.sources import DownloadSource, Guard, SearchLimits

log = logging.getLogger(__name__)

CONTROL = "control"
_SHUT_OUT = "nothing is answered any more, also not what used to be"


class Status(StrEnum):
    """What became of a text."""

    ANSWERED = "answered"
    REMEMBERED = "remembered"  # answered a moment ago
    SKIPPED = "skipped"  # another process of ours has just asked it
    BUSY = "busy"  # the search budget is used up
    FAILED = "failed"  # the source could not do it
    BANNED = "banned"


@dataclass(frozen=True, slots=True)
class Reply:
    """What came back; `doubtful` when so much silence might be a ban that cannot be proven yet."""

    status: Status
    folders: Sequence[RawFolder] = ()
    row_id: int | None = None
    note: str = ""
    asked_at: datetime | None = None  # when somebody else asked it (SKIPPED)
    doubtful: bool = False

    @property
    def heard(self) -> bool:
        """Whether the folders are what the network answered."""
        return self.status in {Status.ANSWERED, Status.REMEMBERED}


class Asker:
    """The only way to the source's search."""

    def __init__(
        self,
        settings: Settings,
        source: DownloadSource,
        guard: Guard,
        *,
        budget: SearchBudget,
        bans: BanWatch,
        recent: RecentAnswers,
        heard: Callable[[str, Sequence[RawFolder]], None] = lambda text, folders: None,
    ) -> None:
        self._settings = settings
        self._source = source
        self._guard = guard
        self.budget = budget
        self.bans = bans
        self.recent = recent
        self._heard = heard

    @property
    def away(self) -> bool:
        """Whether the source cannot be asked at the moment."""
        unreachable = self._guard.reachable is False or bool(self._guard.resting)
        return unreachable or not self._source.is_configured()

    def ask(self, text: str, purpose: Purpose, *, seconds: float, patience: float) -> Reply:
        """Ask within so many seconds; waits at most `patience` of them for a place in the budget."""
        known = self.recent.get(text)
        if known is not None:
            return Reply(Status.REMEMBERED, known)
        until = time.monotonic() + seconds
        if self.bans.banned() or self._is_shut_out(purpose, until=until):
            return Reply(Status.BANNED, note=_SHUT_OUT)
        reply = self._search(text, purpose, until=until, patience=patience)
        if reply.status is not Status.ANSWERED or reply.folders:
            return reply
        if self._is_shut_out(purpose, until=until):
            return Reply(Status.BANNED, row_id=reply.row_id, note=_SHUT_OUT)
        doubtful = self.bans.doubt() is not None
        return Reply(Status.ANSWERED, row_id=reply.row_id, doubtful=doubtful)

    def folder(self, peer: str, path: str, *, seconds: float) -> RawFolder | None:
        """What a peer itself lists in a folder; None when it does not say, now or a moment ago."""
        place = f"{peer}\0{path}"
        known = self.recent.get(place)
        if known is not None:
            return next(iter(known), None)
        try:
            with self._guard("list a folder"):
                folder = self._source.folder_raw(peer, path, seconds=seconds)
        except SourceError as error:
            log.debug("a folder of %s cannot be listed: %s", peer, error.message)
            return None
        self.recent.put(place, (folder,) if folder is not None else ())
        return folder

    def _is_shut_out(self, purpose: Purpose, *, until: float) -> bool:
        """After much silence: whether a text that used to be answered is silent as well."""
        doubt = self.bans.doubt()
        if doubt is None or not doubt.control:
            return False
        log.info("asking %r again, because nothing is answered any more", doubt.control)
        control = Purpose(purpose.query_key, kind=CONTROL, question_id=purpose.question_id)
        reply = self._search(doubt.control, control, until=until, patience=0.0)
        if reply.status is not Status.ANSWERED or reply.folders:
            return False
        self.bans.silent()
        return True

    def _search(self, text: str, purpose: Purpose, *, until: float, patience: float) -> Reply:
        if until - time.monotonic() <= 0:
            return Reply(Status.BUSY, note="no time is left")
        try:
            row_id = self.budget.take(
                text,
                purpose,
                patience=patience,
                repeat_after=self._settings.repeat_after,
            )
        except AskedAlready as error:
            return Reply(Status.SKIPPED, note=error.message, asked_at=error.at)
        except SourceError as error:
            return self._failed(text, error)
        if row_id is None:
            return Reply(Status.BUSY, note="the search budget is used up")
        limits = SearchLimits(
            seconds=max(1.0, until - time.monotonic()),
            enough_peers=self._settings.get("search.enough_peers"),
            dry_after=self._settings.get("search.dry_after"),
        )
        try:
            with self._guard("search"):
                folders = self._source.search_raw(text, limits=limits)
        except SourceError as error:
            self.budget.done(row_id, error.code, found=0)
            return self._failed(text, error)
        self.budget.done(row_id, COMPLETED, found=len(folders))
        self.recent.put(text, folders)
        self._heard(text, folders)
        return Reply(Status.ANSWERED, folders, row_id)

    def _failed(self, text: str, error: SourceError) -> Reply:
        log.warning("search %r failed: %s", text, error.message)
        if isinstance(error, SourceOffline):
            self.bans.lost(used=self.budget.used(afresh=False))
        return Reply(Status.FAILED, note=error.message)
