"""Transfer and batch records: their fields, their JSON, their place in the store (§5.3, §5.5).

Data and its shapes only; what changes a record lives in `downloads` and `attempts`.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import cast

from soulspot_arr.simulator.process import Process
from soulspot_arr.simulator.store import Document
from soulspot_arr.simulator.versions import Profile
from soulspot_arr.simulator.wire import Json, date, directory_of, duration

QUEUED_LOCALLY = "Queued, Locally"
REQUESTED = "Requested"
QUEUED_REMOTELY = "Queued, Remotely"
INITIALIZING = "Initializing"
IN_PROGRESS = "InProgress"
SUCCEEDED = "Completed, Succeeded"

_TRANSFER = "transfer"
_BATCH = "batch"


@dataclass(slots=True)
class Transfer:
    """One download as slskd records it; sizes in bytes, speed in bytes/s, dates in UTC."""

    id: str
    username: str
    filename: str
    size: int
    requested_at: datetime
    batch_id: str | None = None
    state: str = QUEUED_LOCALLY
    enqueued_at: datetime | None = None
    started_at: datetime | None = None
    ended_at: datetime | None = None
    bytes: int = 0
    speed: float = 0.0
    place: int | None = None
    exception: str | None = None
    attempts: int = 0
    removed: bool = False
    start_offset: int = 0
    direction: str = "Download"

    @property
    def complete(self) -> bool:
        return "Completed" in self.state

    @property
    def directory(self) -> str:
        """Remote directory by slskd's guessed separator."""
        return directory_of(self.filename)

    def to_json(self, profile: Profile, now: datetime, *, fresh: bool = False) -> Document:
        """The Transfer object; `fresh` is one that was not read back from the database yet."""
        elapsed = (self.ended_at or now) - self.started_at if self.started_at else None
        remaining = self.size - self.bytes
        left = timedelta(seconds=remaining / self.speed) if self.speed else None
        body: Document = {
            "batchId": self.batch_id if profile.since(0, 25) else None,
            "id": self.id,
            "username": self.username,
            "direction": self.direction,
            "filename": self.filename,
            "size": self.size,
            "state": self.state,
            "requestedAt": date(self.requested_at, zone=fresh),
            "enqueuedAt": date(self.enqueued_at, zone=False),
            "startedAt": date(self.started_at),
            "endedAt": date(self.ended_at),
            "bytesTransferred": self.bytes,
            "averageSpeed": self.speed,
            "placeInQueue": self.place,
            "exception": self.exception,
            "bytesRemaining": remaining,
            "elapsedTime": duration(elapsed),
            "percentComplete": self.bytes / self.size * 100 if self.size else 0.0,
            "remainingTime": duration(left),
        }
        if profile.since(0, 25):
            body |= {"attempts": self.attempts if profile.retries else 0, "nextAttemptAt": None}
        if profile.since(0, 26):
            body["removed"] = self.removed
        else:
            body["startOffset"] = self.start_offset
        if profile.since(0, 23) and not profile.since(0, 26):
            body["stateDescription"] = self.state
        return body


@dataclass(slots=True)
class Batch:
    """One batch request; `destination` is the only option slskd keeps."""

    id: str
    username: str
    created_at: datetime
    search_id: str | None = None
    destination: str | None = None


class Records:
    """All transfers and batches of one slskd, write-through to the store."""

    def __init__(self, process: Process) -> None:
        self._process = process
        self._transfers: dict[str, Transfer] = {}
        self._by_user: dict[str, dict[str, Transfer]] = {}
        self._batches: dict[str, Batch] = {}
        for body in process.store.load(_TRANSFER):
            self._index(_transfer(body))
        for body in process.store.load(_BATCH):
            batch = _batch(body)
            self._batches[batch.id] = batch

    def __iter__(self) -> Iterator[Transfer]:
        return iter(tuple(self._transfers.values()))

    def get(self, id_: str) -> Transfer | None:
        return self._transfers.get(id_)

    def of_user(self, username: str) -> list[Transfer]:
        """Downloads of one peer, removed ones included, in database order."""
        return list(self._by_user.get(username, {}).values())

    def of_batch(self, id_: str) -> list[Transfer]:
        return [item for item in self._transfers.values() if item.batch_id == id_]

    def batch(self, id_: str | None) -> Batch | None:
        return self._batches.get(id_) if id_ else None

    def add(self, transfer: Transfer) -> None:
        """Insert a transfer."""
        self._index(transfer)
        self.save(transfer)

    def add_batch(self, batch: Batch) -> None:
        """Insert a batch."""
        self._batches[batch.id] = batch
        body: Document = {
            "id": batch.id,
            "username": batch.username,
            "createdAt": batch.created_at.isoformat(),
            "searchId": batch.search_id,
            "destination": batch.destination,
        }
        self._process.store.put(_BATCH, batch.id, body)

    def save(self, transfer: Transfer) -> None:
        """Write the present state of a transfer."""
        body: Document = {}
        for name in Transfer.__slots__:
            value = getattr(transfer, name)
            body[name] = value.isoformat() if isinstance(value, datetime) else value
        self._process.store.put(_TRANSFER, transfer.id, body)

    def json(self, transfer: Transfer, *, fresh: bool = False) -> Document:
        """The API's view of a transfer."""
        return transfer.to_json(self._process.profile, self._process.clock.wall(), fresh=fresh)

    def batch_json(self, batch: Batch) -> Document:
        """The API's view of a batch, removed transfers included."""
        return {
            "searchId": batch.search_id,
            "id": batch.id,
            "username": batch.username,
            "direction": "Download",
            "createdAt": date(batch.created_at),
            "transfers": [self.json(item) for item in self.of_batch(batch.id)],
            "options": {"destination": batch.destination},
        }

    def group(self, username: str, transfers: Iterable[Transfer]) -> Document:
        """One user group of the download list."""
        folders: dict[str, list[Json]] = {}
        for transfer in transfers:
            folders.setdefault(transfer.directory, []).append(self.json(transfer))
        return {
            "username": username,
            "directories": [
                {"directory": name, "fileCount": len(files), "files": files}
                for name, files in folders.items()
            ],
        }

    def _index(self, transfer: Transfer) -> None:
        self._transfers[transfer.id] = transfer
        if transfer.direction == "Download":
            self._by_user.setdefault(transfer.username, {})[transfer.id] = transfer


def _transfer(body: Document) -> Transfer:
    values: dict[str, object] = dict(body)
    for name in ("requested_at", "enqueued_at", "started_at", "ended_at"):
        text = body[name]
        values[name] = datetime.fromisoformat(text) if isinstance(text, str) else None
    return Transfer(**values)  # type: ignore[arg-type]


def _batch(body: Document) -> Batch:
    return Batch(
        id=str(body["id"]),
        username=str(body["username"]),
        created_at=datetime.fromisoformat(str(body["createdAt"])),
        search_id=cast("str | None", body["searchId"]),
        destination=cast("str | None", body["destination"]),
    )
