"""Asking slskd to fetch files: by batch since 0.26, file by file before, and what came of it.

An answer may be lost while slskd carries the request out, so every unclear outcome is looked up
before anything is said about it (contract slskd §5.2 to §5.4, §10).
"""

from __future__ import annotations

import threading
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from soulspot_arr.domain import (
    Accepted,
    BatchRequest,
    FailureKind,
    OfferFile,
    Receipt,
    Refused,
)
from soulspot_arr.errors import SourceError, SourceOffline, SourceRefused, SourceUnavailable
from soulspot_arr.sources.landing import segments
from soulspot_arr.sources.slskd_http import (
    ENQUEUE_TIMEOUT,
    LIST_TIMEOUT,
    NAME,
    Reply,
    SlskdHttp,
    Unanswered,
    segment,
)
from soulspot_arr.sources.slskd_records import Record, newest, record, records
from soulspot_arr.sources.slskd_states import classify_refusal, not_logged_in
from soulspot_arr.sources.slskd_wire import (
    Abilities,
    as_list,
    as_message,
    as_object,
    as_text,
    as_time,
)

# Names that the routes of one user's downloads cannot carry (contract slskd §0.1, §5.1).
AWKWARD = frozenset({".", "..", "all", "batches"})
DOTS = frozenset({".", ".."})

_BATCHES = "transfers/downloads/batches"
_LOOKS_WHEN_UNCLEAR = 20  # a second apart: slskd needs up to 15 s to give up on a dead peer
_LOOKS_WHEN_TAKEN = 2
_LOOKUPS_PER_POLL = 25
_REMEMBERED = 5_000
_FOLDERS = 20_000
_FRESH = timedelta(hours=1)


# -- where the files of a batch go -----------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Batch:
    destination: str
    searched: bool  # names a search, so tokens about it would have to be known as well


class Destinations:
    """Remembers what each batch asked for as its folder; asks slskd once about unknown ones."""

    def __init__(self) -> None:
        self._own: dict[str, _Batch] = {}  # kept apart, so that others cannot crowd ours out
        self._known: dict[str, _Batch] = {}
        self._folders: dict[str, str] = {}  # of the records of such batches, by their id
        self._lock = threading.Lock()

    def remember(self, batch_id: str, destination: str) -> None:
        """Note a batch of ours."""
        self._store(self._own, batch_id.lower(), _Batch(destination, searched=False))

    def _of(self, batch_id: str | None) -> _Batch | None:
        if batch_id is None:
            return None
        return self._own.get(batch_id) or self._known.get(batch_id)

    def wanted(self, batch_id: str | None) -> str | None:
        """The folder a batch asked for; None for a batch that is not known, or for none."""
        batch = self._of(batch_id)
        return batch.destination if batch is not None else None

    def placements(
        self,
        http: SlskdHttp,
        found: Sequence[Record],
        *,
        able: Abilities,
        now: datetime | None = None,
    ) -> dict[str, str | None]:
        """By record id: the folder, or None while the batch cannot be asked about."""
        if able.batches and able.pattern != "{}":
            self._learn(http, found, now or datetime.now(UTC))
        folders = {item.id: self._placement(able, item) for item in found}
        self._keep({item.id: folders[item.id] for item in found if self._of(item.batch_id)})
        return folders

    def _keep(self, folders: Mapping[str, str | None]) -> None:
        with self._lock:
            self._folders.update((ref, folder) for ref, folder in folders.items() if folder)
            while len(self._folders) > _FOLDERS:
                del self._folders[next(iter(self._folders))]

    def _placement(self, able: Abilities, item: Record) -> str | None:
        if not (able.batches and item.batch_id):
            # It came before slskd was set back to a version without batches: what was under way
            # then has a new id since (contract slskd §5.9).
            kept = self._folders.get(item.id)
            if kept is not None or (item.batch_id and not able.batches):
                return kept
        batch = self._of(item.batch_id)
        if batch is None:
            if item.batch_id and able.batches and able.pattern != "{}":
                return None
            return able.placement(item.path, peer=item.peer)
        if batch.searched and not batch.destination and "${SEARCH_" in able.pattern.upper():
            return None
        return able.placement(
            item.path, peer=item.peer, batch_id=item.batch_id, destination=batch.destination
        )

    def _learn(self, http: SlskdHttp, found: Sequence[Record], now: datetime) -> None:
        """Unfinished ones first, a few at a time: others share this slskd (contract L05).

        What ended long ago is nobody's news, and slskd keeps it for ever.
        """
        asked = 0
        for item in sorted(found, key=lambda item: item.over):
            if not item.batch_id or self._of(item.batch_id) or _is_old(item, now):
                continue
            if asked == _LOOKUPS_PER_POLL:
                return
            asked += 1
            try:
                reply = http.get(f"{_BATCHES}/{segment(item.batch_id)}")
            except SourceError:  # a poll is worth more than the folder of one batch
                return
            batch = as_object(reply.body) if reply.status == 200 else {}
            destination = as_text(as_object(batch.get("options")).get("destination"))
            found_batch = _Batch(destination, searched=bool(batch.get("searchId")))
            self._store(self._known, item.batch_id, found_batch)

    def _store(self, memory: dict[str, _Batch], batch_id: str, batch: _Batch) -> None:
        with self._lock:
            memory[batch_id] = batch
            while len(memory) > _REMEMBERED:
                del memory[next(iter(memory))]


def _is_old(item: Record, now: datetime) -> bool:
    """Whether it ended more than an hour ago; a record without dates counts as fresh."""
    moment = as_time(item.ended) or item.since
    return item.over and moment is not None and now - moment > _FRESH


# -- one request -----------------------------------------------------------------------------------


@dataclass(slots=True)
class _Outcome:
    """What slskd has recorded, by remote name, and the reasons for what it has not."""

    found: dict[str, Record] = field(default_factory=dict)
    reasons: dict[str, str] = field(default_factory=dict)
    text: str = ""  # reason for all that have none of their own
    adopted: set[str] = field(default_factory=set)  # ids of what was there before we asked
    still_working: bool = False


class Enqueue:
    """One request for files of one peer."""

    def __init__(
        self,
        http: SlskdHttp,
        request: BatchRequest,
        *,
        able: Abilities,
        destinations: Destinations,
    ) -> None:
        self._http = http
        self._able = able
        self._destinations = destinations
        self._request = request
        self._files: dict[str, OfferFile] = {name_of(file): file for file in request.files}

    def run(self) -> Receipt:
        """Ask; raises `SourceRefused` when nothing of it was taken."""
        self._refuse_unsafe()
        if not self._files:
            return Receipt(None)
        if not self._able.batches:
            return self._receipt(self._legacy(), batch_key=None)
        self._destinations.remember(self._request.key, self._request.destination)
        return self._receipt(self._batch(), batch_key=self._request.key)

    def _refuse_unsafe(self) -> None:
        for name in self._files:
            if "\0" in name or DOTS & set(segments(name)):
                message = "A remote path contains parts that slskd does not accept"
                raise SourceRefused(message, source=NAME, kind=FailureKind.REJECTED, path=name)
        if not self._able.batches and self._request.peer in DOTS:
            message = "This version of slskd cannot address a peer of that name"
            raise SourceRefused(message, source=NAME, kind=FailureKind.REJECTED)

    # -- batches (0.26 and later) --------------------------------------------------------------

    def _batch(self) -> _Outcome:
        request = self._request
        body = {
            "id": request.key,
            "username": request.peer,
            "files": [{"filename": name, "size": file.size} for name, file in self._files.items()],
            # Never null: that is a server error after the peer lookup (contract slskd §5.3).
            "options": {"destination": request.destination} if request.destination else {},
        }
        try:
            reply = self._http.send("POST", _BATCHES, body, timeout=ENQUEUE_TIMEOUT)
        except Unanswered:
            return self._look_up(_LOOKS_WHEN_UNCLEAR)
        if reply.status == 409:
            return self._look_up(_LOOKS_WHEN_TAKEN)
        if reply.status not in {200, 201, 207}:
            raise refusal(reply)
        answer = reply.need_object("a batch")
        if not isinstance(answer.get("batch"), Mapping):
            raise reply.unexpected("a batch")
        reasons = {}
        for item in as_list(answer.get("failures")):
            failure = as_object(item)
            reasons[as_text(failure.get("filename"))] = as_message(failure.get("message"))
        return _Outcome(self._ours(as_object(answer["batch"]).get("transfers")), reasons)

    def _look_up(self, looks: int) -> _Outcome:
        """What became of a request whose batch may exist: its transfers are the receipt."""
        path, exists, before = f"{_BATCHES}/{segment(self._request.key)}", False, 0
        for look in range(looks):
            if look:
                self._http.sleep(1.0)
            reply = self._http.get(path)
            exists = reply.status == 200
            found = self._ours(as_object(reply.body).get("transfers")) if exists else {}
            # Records appear one by one while slskd is at it: complete, or no longer growing.
            if len(found) == len(self._files) or (found and len(found) == before):
                return _Outcome(found)
            before = len(found)
        if not exists:
            raise SourceUnavailable("slskd has not taken the request", source=NAME)
        running = self._running()
        if running:  # then the batch is empty because there was nothing left to record
            return _Outcome(running, adopted={item.id for item in running.values()})
        # The batch is recorded before the peer is reached: its id is spent (contract slskd §5.3).
        message = "slskd took the request but could not reach the peer; a new key is needed"
        key = self._request.key
        raise SourceRefused(message, source=NAME, kind=FailureKind.BROKEN, spent_key=key)

    def _ours(self, raw: object) -> dict[str, Record]:
        found = (record(item, self._request.peer) for item in as_list(raw))
        return newest(item for item in found if item is not None and item.path in self._files)

    # -- before 0.26 ---------------------------------------------------------------------------

    def _legacy(self) -> _Outcome:
        before = {item.id for item in self._listed()}
        body = [{"filename": name, "size": file.size} for name, file in self._files.items()]
        path = f"transfers/downloads/{segment(self._request.peer)}"
        try:
            reply = self._http.send("POST", path, body, timeout=ENQUEUE_TIMEOUT)
        except Unanswered:
            # Up to 0.23 slskd answers after every file is queued: it goes on without us.
            return _Outcome(self._since(before), adopted=before, still_working=True)
        if reply.status not in {200, 201} and reply.status < 500:
            raise refusal(reply)
        answer = as_object(reply.body)
        found = self._ours(answer.get("enqueued"))
        outcome = _Outcome(found, text=reply.message, adopted=before)
        for item in as_list(answer.get("failed")):  # names, {} or objects, by version
            failure = as_object(item)
            outcome.reasons[as_text(failure.get("filename"))] = as_message(failure.get("message"))
        if len(outcome.found) < len(self._files):
            outcome.found = {**self._since(before), **outcome.found}
        if not outcome.found and reply.status >= 500:
            raise refusal(reply)
        return outcome

    def _since(self, before: set[str]) -> dict[str, Record]:
        """What the listing holds for our files: recorded just now, or on its way already."""
        listed = newest(item for item in self._listed() if item.id not in before or not item.over)
        return {name: item for name, item in listed.items() if name in self._files}

    def _running(self) -> dict[str, Record]:
        listed = newest(item for item in self._listed() if not item.over)
        return {name: item for name, item in listed.items() if name in self._files}

    def _listed(self) -> Iterable[Record]:
        """The peer's downloads, through the full list when its name collides with a route."""
        peer = self._request.peer
        path = "transfers/downloads" + ("" if peer in AWKWARD else f"/{segment(peer)}")
        reply = self._http.get(path, timeout=LIST_TIMEOUT)
        if reply.status == 404:  # none visible (contract slskd §5.1)
            return []
        if reply.status != 200:
            raise reply.unexpected("the downloads of one peer")
        return [item for item in records(reply.body) if item.peer == peer]

    # -- the receipt ---------------------------------------------------------------------------

    def _receipt(self, outcome: _Outcome, batch_key: str | None) -> Receipt:
        found, adopted = dict(outcome.found), set(outcome.adopted)
        if len(found) < len(self._files) and self._able.batches:
            # "Skipped: Already in progress": the running transfer is as good as a new one.
            running = self._running()
            adopted |= {item.id for name, item in running.items() if name not in found}
            found = {**running, **found}
        known = list(found.values())
        placements = self._destinations.placements(self._http, known, able=self._able)
        accepted, refused = [], []
        for name, file in self._files.items():
            item = found.get(name)
            if item is not None:
                theirs = item.id in adopted and not self._asked_before(item)
                accepted.append(Accepted(file.path, item.id, placements[item.id], theirs))
            elif outcome.still_working:
                placement = self._able.placement(name, peer=self._request.peer)
                accepted.append(Accepted(file.path, None, placement))
            else:
                refused.append(_refused(file, outcome.reasons.get(name) or outcome.text))
        return Receipt(batch_key, tuple(accepted), tuple(refused))

    def _asked_before(self, item: Record) -> bool:
        """Whether an earlier request of ours started it: only ours name this very folder."""
        destination = self._request.destination
        return bool(destination) and self._destinations.wanted(item.batch_id) == destination


def name_of(file: OfferFile) -> str:
    """What slskd calls the file: exactly what the peer sent (contract slskd §3.6)."""
    return file.locator or file.path


def _refused(file: OfferFile, text: str) -> Refused:
    kind = classify_refusal(text)
    if kind is FailureKind.SOURCE_UNAVAILABLE:
        kind = FailureKind.BROKEN
    return Refused(file.path, kind, text or "slskd did not record the file")


def refusal(reply: Reply) -> SourceError:
    """The error for a request to fetch that was answered with 4xx or 5xx."""
    text = reply.message
    if reply.status == 400:
        message = f"slskd does not accept the request: {text or 'no reason given'}"
        return SourceRefused(message, source=NAME, kind=FailureKind.REJECTED, status=400)
    if reply.status == 404:
        message = text or "The peer appears to be offline"
        return SourceRefused(message, source=NAME, kind=FailureKind.PEER_OFFLINE, status=404)
    if reply.status < 500:
        return reply.unexpected("a request to fetch files")
    kind = classify_refusal(text)
    message = f"slskd could not ask the peer: {text or reply.status}"
    if not_logged_in(text):
        return SourceOffline(message, source=NAME, status=reply.status)
    if kind is FailureKind.SOURCE_UNAVAILABLE:
        return SourceUnavailable(message, source=NAME, status=reply.status)
    return SourceRefused(message, source=NAME, kind=kind, status=reply.status)
