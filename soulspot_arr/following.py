"""Follows finished grabs through Lidarr until it says what became of them.

Lidarr's queue and history are read, the table of `rules.following` chooses, and the way out is
taken for grabs of ours alone: what else stands in that queue is nobody's business here. Nothing is
kept in memory that matters. An attempt is written down before it is made, and each run decides anew
from the rows and from what Lidarr says then.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from typing import Any, NamedTuple

from sqlalchemy import and_, or_, select, update

from soulspot_arr import ledger
from soulspot_arr.db import Database
from soulspot_arr.domain import Clock, EventRecord, GrabState, ImportState
from soulspot_arr.errors import LidarrError
from soulspot_arr.lidarr_queue import LidarrQueue
from soulspot_arr.log import about
from soulspot_arr.models import Grab
from soulspot_arr.rules import following
from soulspot_arr.rules.following import Action, Judgement, QueueItem
from soulspot_arr.settings import Settings

log = logging.getLogger(__name__)

GONE_AFTER = timedelta(minutes=15)
"""How long a grab may be missing in Lidarr's queue and history before that counts as a word."""
ORDER_PAUSE = timedelta(minutes=1)  # what kept an order from succeeding may pass
PROBE_EVERY = timedelta(minutes=5)
"""When an import that a person has to mend is ordered once more; each further pause is twice as long."""
_CONFIRMED_AFTER = timedelta(minutes=2)  # it deletes before it has written its history
LIFT_EVERY = timedelta(minutes=5)
_LONGEST_PAUSE = timedelta(hours=1)
_LATELY = timedelta(days=1)
_STUCK_AFTER = timedelta(minutes=30)
_LOOKS = 3  # a grab of which Lidarr's history says nothing after so many came from somebody else
_OVER = (ImportState.IMPORTED, ImportState.GONE)
_IMPORTED = EventRecord("import.imported", "Lidarr has imported it.")


class _Probe(NamedTuple):
    at: datetime
    pause: timedelta


class Follower:
    """The follow job, and what Lidarr's webhook tells of imports."""

    def __init__(
        self,
        database: Database,
        settings: Settings,
        queue: LidarrQueue,
        *,
        clock: Clock,
        wake: Callable[[str], None],
    ) -> None:
        self._db = database
        self._settings = settings
        self._queue = queue
        self._clock = clock
        self._wake = wake
        # They only set a pace: forgotten at a restart, after which it begins anew.
        self._probes: dict[int, _Probe] = {}
        self._ordered: dict[int, datetime] = {}
        self._unknown: dict[int, int] = {}  # looks at a history that has never heard of a grab
        self._lifted: datetime | None = None
        self._trouble = ""  # that was told last
        self._last: set[int] = set()  # grabs during which Lidarr fell silent: they come last

    # -- told by the webhook -------------------------------------------------------------------------

    def heard(self, event: Mapping[str, Any]) -> None:
        """Take an event of Lidarr's webhook (contract lidarr §11.6); asks nobody, never raises for it.

        `ImportFailure` names no grab, and `Download` also comes when a part was imported: both only
        hasten the look at the queue, unless every file is in.
        """
        kind, nzo_id = event.get("eventType"), event.get("downloadId")
        if kind in ("ImportFailure", "DownloadFailure"):
            self._wake("follow")
        if kind != "Download" or not isinstance(nzo_id, str):
            return
        if not (nzo_id.isascii() and nzo_id.isprintable()):  # no id of ours, and no database's text
            return
        with self._db.read() as session:
            grab = session.scalar(select(Grab).where(Grab.nzo_id == nzo_id))
        if grab is None:
            return
        files = event.get("trackFiles")
        if not isinstance(files, list) or len(files) >= grab.file_count:
            self._imported(grab.id)
        self._wake("follow")  # another one may have waited for this import to end

    # -- the job -------------------------------------------------------------------------------------

    def run(self) -> int:
        """Look after every reported grab; returns for how many Lidarr had news."""
        grabs = self._waiting()
        ids = {grab.id for grab in grabs}
        self._probes = {key: each for key, each in self._probes.items() if key in ids}
        self._ordered = {key: at for key, at in self._ordered.items() if key in ids}
        self._unknown = {key: each for key, each in self._unknown.items() if key in ids}
        self._last &= ids
        if not grabs or not self._queue.answering:
            return 0
        try:
            news = self._look(grabs)
        except LidarrError as error:  # nothing is lost: the next run derives everything anew
            if error.message != self._trouble:
                log.info("Lidarr's queue cannot be followed: %s", error.message)
            self._trouble = error.message
            return 0
        self._trouble = ""
        return news

    def _waiting(self) -> list[Grab]:
        """Grabs without Lidarr's last word, and those of the last day: they may be in its queue still.

        An import that was only concluded from a deletion has to be confirmed.
        """
        lately = self._clock() - _LATELY
        concluded = and_(
            Grab.status == GrabState.IMPORTED,
            Grab.import_seen_at.is_(None),
            Grab.archived_at >= lately,
        )
        reported = and_(
            Grab.status == GrabState.COMPLETED,
            Grab.archived_at.is_(None),
            or_(
                Grab.import_state.is_(None),
                Grab.import_state.not_in(_OVER),
                Grab.import_seen_at >= lately,
            ),
        )
        query = select(Grab).where(or_(reported, concluded)).order_by(Grab.completed_at)
        with self._db.read() as session:
            return list(session.scalars(query))

    def _look(self, grabs: list[Grab]) -> int:
        items = self._queue.items([grab.nzo_id for grab in grabs])
        news = 0
        for grab in sorted(grabs, key=lambda grab: grab.id in self._last):
            item = items.get(grab.nzo_id)
            with about(grab.nzo_id):
                try:
                    news += self._miss(grab) if item is None else self._follow(grab, item)
                except LidarrError as error:
                    if "status" not in error.data:
                        self._last.add(grab.id)
                        raise
                    # It refused this one request: no reason to leave the other grabs alone.
                    log.info("left for the next look: %s", error.message)
        self._hasten([grab for grab in grabs if grab.nzo_id not in items], items)
        return news

    # -- in its queue --------------------------------------------------------------------------------

    def _follow(self, grab: Grab, item: QueueItem) -> bool:
        if grab.status != GrabState.COMPLETED:
            return False  # deleted a moment ago: its queue is a moment old
        if item.state is ImportState.IMPORTED:
            return self._imported(grab.id)
        if grab.import_state == ImportState.IMPORTED:
            if item.state in _HELD_UP and self._settings.get("lidarr.mend"):
                self._queue.remove(item, blocklist=False, search=False)
            return False
        if item.state is None:
            return False  # its next poll will see that it is complete
        judgement = following.judge(item, known=True, attempts=grab.import_attempts)
        if item.state in _HELD_UP:
            return self._unblock(grab, item, judgement)
        if item.state is ImportState.IMPORTING and self._moved_all(grab):
            return self._imported(grab.id)
        return self._tell(grab, item.state, judgement)

    def _moved_all(self, grab: Grab) -> bool:
        """Whether it hangs although every file is in: it may not delete the folder (§9.7)."""
        since = grab.completed_at or grab.updated_at
        if self._clock() - since < _STUCK_AFTER:
            return False
        return self._queue.past(grab.nzo_id).imported(grab.file_count)

    def _unblock(self, grab: Grab, item: QueueItem, judgement: Judgement) -> bool:
        assert item.state is not None
        if not self._settings.get("lidarr.mend"):
            return self._tell(grab, item.state, judgement)
        ordered = self._ordered.get(grab.id)
        if ordered is not None and self._clock() - ordered < ORDER_PAUSE:
            return False
        told = grab.import_state == item.state
        if self._queue.importing():  # ours or a person's: it may be the cure
            return not told and self._tell(grab, item.state, judgement)
        blind = following.judge(item, known=False, attempts=grab.import_attempts)
        if blind.action is Action.STOP and told and grab.import_message == blind.message:
            judgement = blind  # what Lidarr makes of the folder is not asked for in every minute
        if judgement.action is Action.STOP:
            news = self._tell(grab, item.state, judgement)
            return self._probe(grab, item) or news
        past = self._queue.past(grab.nzo_id)
        if past.imported(grab.file_count):
            judgement = Judgement(Action.DISMISS, judgement.cause, judgement.words)
        files = None
        if judgement.action is Action.IMPORT:
            files = self._queue.order(item, grab.rehearsal)
            judgement = judgement if files is not None else blind
        news = self._tell(grab, item.state, judgement)
        if judgement.action is Action.STOP:
            return news
        if files is not None:
            whole = len(files) >= grab.file_count and not past.tracks
            return self._order(grab, item, judgement, files=files, replace=whole)
        return self._take_out(grab, item, judgement)

    def _order(
        self,
        grab: Grab,
        item: QueueItem,
        judgement: Judgement,
        *,
        files: list[dict[str, Any]],
        replace: bool,
    ) -> bool:
        """Tags are not written anew: Lidarr looks at none of them in an import by order."""
        words = f"Lidarr was told which file is which track: {judgement.words}"
        event = EventRecord("import.ordered", words, data={"cause": judgement.cause})
        if not self._attempt(grab, item.state, event):
            return False
        self._ordered[grab.id] = self._clock()
        self._queue.start_import(files, replace=replace)
        return True

    def _take_out(self, grab: Grab, item: QueueItem, judgement: Judgement) -> bool:
        words = {
            Action.REPLACE: "Lidarr was told to drop this release and to search again",
            Action.SHELVE: "Lidarr was told to drop this release: what it has is as good",
            Action.DISMISS: "Lidarr was told to forget the download: it is in the library",
        }[judgement.action]
        replaced = judgement.action is Action.REPLACE
        event = EventRecord(
            "import.dropped",
            f"{words}. {judgement.words}".strip(),
            "warning" if replaced else "info",
            {"cause": judgement.cause, "searched_again": replaced},
        )
        dismissed = judgement.action is Action.DISMISS
        if dismissed:
            self._imported(grab.id)
        elif not self._attempt(grab, item.state, event, import_state=str(ImportState.GONE)):
            return False  # our history learns of the removal while it lasts
        self._queue.remove(item, blocklist=not dismissed, search=replaced)
        return True

    def _attempt(
        self, grab: Grab, state: ImportState | None, event: EventRecord, **fields: str
    ) -> bool:
        """Write an attempt down before it is made; False when somebody else has just made one."""
        now = self._clock()
        with self._db.write() as session:
            found = session.execute(
                update(Grab)
                .where(
                    Grab.id == grab.id,
                    Grab.status == GrabState.COMPLETED,
                    Grab.import_state == str(state),
                    Grab.import_attempts == grab.import_attempts,
                )
                .values(import_attempts=Grab.import_attempts + 1, **fields)
                .returning(Grab.id)
                .execution_options(synchronize_session=False)
            )
            if found.first() is None:
                return False
            ledger.record(session, event, at=now, grab_id=grab.id)
        return True

    def _probe(self, grab: Grab, item: QueueItem) -> bool:
        """Lidarr never tries what it has refused again: see whether the person has mended it."""
        now = self._clock()
        probe = self._probes.setdefault(grab.id, _Probe(now, PROBE_EVERY))
        if now - probe.at < probe.pause:
            return False
        self._probes[grab.id] = _Probe(now, min(2 * probe.pause, _LONGEST_PAUSE))
        if not self._queue.has_room(grab.total_bytes):
            return False
        files = self._queue.order(item, grab.rehearsal)
        if files is None:
            return False
        past = self._queue.past(grab.nzo_id)
        whole = len(files) >= grab.file_count and not past.tracks
        log.info("Lidarr is asked once more to import it")
        self._queue.start_import(files, replace=whole)
        return True

    # -- not in its queue ----------------------------------------------------------------------------

    def _miss(self, grab: Grab) -> bool:
        """Imported, given up by a person, or not there yet: its history tells."""
        reported = grab.status == GrabState.COMPLETED
        if reported and grab.import_state in _OVER:
            return False
        if self._unknown.get(grab.id, 0) >= _LOOKS:
            return False
        past = self._queue.past(grab.nzo_id)
        if past.imported(grab.file_count):
            return self._imported(grab.id)
        known = bool(past.kinds) or (reported and grab.import_state is not None)
        if not known:
            self._unknown[grab.id] = self._unknown.get(grab.id, 0) + 1
        since = grab.import_seen_at or grab.archived_at or grab.completed_at or grab.updated_at
        patience = GONE_AFTER if reported else _CONFIRMED_AFTER
        if not known or not (past.dropped or self._clock() - since >= patience):
            return False
        if not past.dropped and self._queue.client_blocked():
            return False  # it sees nothing of ours at the moment
        words = "It left Lidarr's queue without an import: somebody has taken it out."
        return self._note(
            grab.id,
            ImportState.GONE,
            EventRecord("import.gone", words, "warning"),
            import_message=words,
            imported_at=None,
        )

    def _hasten(self, absent: list[Grab], items: Mapping[str, QueueItem]) -> None:
        """A client that Lidarr leaves alone is not polled; and a poll during an import sees nothing."""
        now = self._clock()
        unseen = [
            grab
            for grab in absent
            if grab.status == GrabState.COMPLETED
            and grab.import_state not in _OVER
            and grab.id not in self._unknown
        ]
        lifted = self._lifted is not None and now - self._lifted < LIFT_EVERY
        idle = [item for item in items.values() if item.state in _UNTOUCHED and not item.messages]
        if (unseen or idle) and not lifted and self._queue.client_blocked():
            self._lifted = now
            log.info(
                "Lidarr leaves its download client alone after an outage; it is asked to test it"
            )
            self._queue.lift_backoff()
            self._queue.refresh()
        elif idle:
            self._queue.refresh()

    # -- keeping -------------------------------------------------------------------------------------

    def _imported(self, grab_id: int) -> bool:
        return self._note(grab_id, ImportState.IMPORTED, _IMPORTED, imported_at=self._clock())

    def _tell(self, grab: Grab, state: ImportState, judgement: Judgement) -> bool:
        kind, level = ("import.stopped", "error") if judgement.fix else _KINDS.get(state, ("", ""))
        words = judgement.message or "Lidarr gives no reason."
        event = EventRecord(kind, words, level, {"cause": judgement.cause}) if kind else None
        return self._note(grab.id, state, event, import_message=judgement.message or None)

    def _note(
        self, grab_id: int, state: ImportState, event: EventRecord | None, **fields: Any
    ) -> bool:
        with self._db.write() as session:
            return ledger.note_import(session, grab_id, state, event, at=self._clock(), **fields)


_HELD_UP = frozenset({ImportState.FAILED, ImportState.BLOCKED})
_UNTOUCHED = frozenset({None, ImportState.PENDING})
_KINDS = {
    ImportState.BLOCKED: ("import.blocked", "warning"),
    ImportState.FAILED: ("import.failed", "warning"),
}
