"""A download source in memory, for tests of the workshops: nothing happens unless a test says so.

It keeps the contract of `DownloadSource` (`tests/contracts` runs over it) and adds words to script
what peers do: `start`, `succeed`, `fail` … act on one transfer, `step` moves all of them along.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path

from soulspot_arr.domain import (
    Accepted,
    BatchRequest,
    FailureKind,
    RawFile,
    RawFolder,
    Receipt,
    Refused,
    SettingSpec,
    Snapshot,
    SourceStatus,
    Transfer,
    TransferRef,
    TransferState,
)
from soulspot_arr.errors import (
    SourceAuth,
    SourceError,
    SourceProtocol,
    SourceRefused,
    SourceUnavailable,
)
from soulspot_arr.sources import SearchLimits
from soulspot_arr.sources.landing import landing_name, segments

LIVE = frozenset({TransferState.QUEUED, TransferState.ACTIVE})
# The peer was found and could not be reached: by then the key is taken (contract slskd §5.3).
UNREACHED = frozenset({FailureKind.NETWORK, FailureKind.TIMEOUT, FailureKind.BROKEN})


@dataclass(frozen=True, slots=True)
class Refusal:
    """Why a peer or a file is refused when it is asked for."""

    kind: FailureKind
    message: str = "refused"


class FakeSource:
    """Scriptable `DownloadSource`; with `root` it writes the files that succeed.

    `batches` False behaves like a source that knows no destinations. `auto` moves every transfer
    one step at each poll. `on_call` is told the name of each call before it is carried out.
    """

    label = "Fake network"
    settings: tuple[SettingSpec, ...] = ()

    def __init__(
        self,
        name: str = "slskd",
        *,
        root: Path | None = None,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
        batches: bool = True,
        auto: bool = False,
    ) -> None:
        self.name = name
        self.root = root
        self.batches = batches
        self.auto = auto
        self.configured = True
        self.down = False
        self.unforgettable: str | None = None  # nonsense is answered whenever this one is dropped
        self.locked_out = False
        self.status = SourceStatus(
            True, "ready", version="fake", account="me", shared_files=1, root=str(root or "/fake")
        )
        self.on_call: Callable[[str], None] = lambda call: None
        self.searches: list[str] = []
        self.requests: list[BatchRequest] = []
        self.cancelled: list[TransferRef] = []
        self.forgotten: list[TransferRef] = []
        self.polls = 0
        self.foreign: list[datetime] = []
        self.deaf_to: set[str] = set()
        self.looked_up: list[tuple[str, str]] = []
        self._now = now
        self._folders: dict[tuple[str, str], RawFolder] = {}
        self._offline: set[str] = set()
        self.unknown: set[str] = set()  # peers of whom nobody can say whether they are there
        self._refusals: dict[tuple[str, str | None], Refusal] = {}
        self._stuck: set[tuple[str, str]] = set()
        self._failing: dict[tuple[str, str], list[tuple[FailureKind, str]]] = {}
        self._contents: dict[str, bytes] = {}
        self._errors: dict[str, list[SourceError]] = {}
        self._transfers: dict[str, Transfer] = {}
        self._by_key: dict[str, Receipt] = {}
        self._burnt: set[str] = set()  # keys of requests that failed at the peer
        self._count = 0
        self._lock = threading.RLock()

    # -- the world -----------------------------------------------------------------------------

    def share(self, peer: str, folder: str, *files: RawFile | str, **hints: object) -> RawFolder:
        """Let a peer share files; a text names an unlocked file of 1,000 bytes."""
        raw = tuple(
            RawFile(f"{folder}\\{item}", f"{folder}\\{item}", 1_000)
            if isinstance(item, str)
            else item
            for item in files
        )
        with self._lock:
            known = self._folders.get((peer, folder)) or RawFolder(peer, folder, ())
            shared = replace(known, files=known.files + raw, free_slot=True, speed=1_000_000)
            shared = replace(shared, **hints)  # type: ignore[arg-type]
            self._folders[peer, folder] = shared
        return shared

    def contents(self, path: str, data: bytes) -> None:
        """What is written when the file with this remote path succeeds."""
        self._contents[path] = data

    def take_offline(self, peer: str, *, back: bool = False) -> None:
        """Requests to this peer are refused from now on, or no longer."""
        (self._offline.discard if back else self._offline.add)(peer)

    def refuse(
        self, peer: str, path: str | None = None, *, kind: FailureKind, message: str = "refused"
    ) -> None:
        """Refuse one file of a request, or (without a path) every request to the peer."""
        self._refusals[peer, path] = Refusal(kind, message)

    def stick(self, peer: str, path: str) -> None:
        """`step` leaves this file in the peer's queue."""
        self._stuck.add((peer, path))

    def will_fail(self, peer: str, path: str, kind: FailureKind, message: str = "failed") -> None:
        """`step` lets the next transfer of this file fail."""
        self._failing.setdefault((peer, path), []).append((kind, message))

    def break_next(self, call: str, error: SourceError, times: int = 1) -> None:
        """The next calls named search, folder, foreign, download, poll or cancel raise `error`."""
        self._errors.setdefault(call, []).extend([error] * times)

    def silence(self, *phrases: str) -> None:
        """Nobody answers a text with one of these phrases; an empty one silences everything."""
        self.deaf_to = {phrase.casefold() for phrase in phrases}

    def search_from_elsewhere(self) -> None:
        """Somebody else uses the same service now."""
        self.foreign.append(self._now())

    # -- what happens to transfers -------------------------------------------------------------

    def of(self, path: str, peer: str | None = None) -> Transfer:
        """The latest transfer of a remote path; KeyError when there is none."""
        with self._lock:
            for item in reversed(self._transfers.values()):
                if item.path == path and peer in {None, item.peer}:
                    return item
        raise KeyError(path)

    def start(self, path: str, *, peer: str | None = None, bytes_done: int = 1) -> None:
        """Bytes move, a thousand a second."""
        self._start(self.of(path, peer), bytes_done)

    def queue(self, path: str, *, peer: str | None = None, place: int | None = None) -> None:
        """Back in the peer's queue."""
        self._change(
            self.of(path, peer), state=TransferState.QUEUED, place_in_queue=place, speed=0.0
        )

    def succeed(self, path: str, *, peer: str | None = None, write: bool = True) -> None:
        """All bytes are here; written below the root unless `write` is False."""
        self._succeed(self.of(path, peer), write)

    def fail(
        self, path: str, kind: FailureKind, message: str = "failed", *, peer: str | None = None
    ) -> None:
        """The source gives up."""
        self._fail(self.of(path, peer), kind, message)

    def break_move(self, path: str, *, peer: str | None = None) -> None:
        """All bytes came, but the file could not be moved to its folder."""
        item = self.of(path, peer)
        self._change(
            item,
            state=TransferState.SUCCEEDED,
            bytes_done=item.size,
            failure=FailureKind.DISK_FULL,
            message="Access denied",
        )

    def vanish(self, path: str, *, peer: str | None = None) -> None:
        """The source no longer knows it."""
        with self._lock:
            del self._transfers[self.of(path, peer).ref]

    def start_by_hand(self, peer: str, path: str, *, size: int = 1_000) -> str:
        """A person downloads this file; the reference of the transfer."""
        with self._lock:
            self._record(peer, path, size, None, _parent(path))
        return self.of(path, peer).ref

    def restart(self) -> None:
        """As slskd does: live transfers come back under new references, without their batch."""
        with self._lock:
            for item in [item for item in self._transfers.values() if item.state in LIVE]:
                del self._transfers[item.ref]
                self._record(item.peer, item.path, item.size, None, _parent(item.path))

    def step(self) -> None:
        """Every live transfer takes one step: queued, active, then its end."""
        with self._lock:
            live = [item for item in self._transfers.values() if item.state in LIVE]
            for item in live:
                key = (item.peer, item.path)
                if key in self._stuck or item.peer in self._offline:
                    continue
                if self._failing.get(key):
                    self._fail(item, *self._failing[key].pop(0))
                elif item.state is TransferState.QUEUED:
                    self._start(item, item.size // 2)
                else:
                    self._succeed(item, write=True)

    def _start(self, item: Transfer, bytes_done: int) -> None:
        self._change(item, state=TransferState.ACTIVE, bytes_done=bytes_done, speed=1_000.0)

    def _succeed(self, item: Transfer, write: bool) -> None:
        self._change(item, state=TransferState.SUCCEEDED, bytes_done=item.size, speed=0.0)
        if self.root is not None and write:
            folder = self.root / (item.placement or "")
            folder.mkdir(parents=True, exist_ok=True)
            data = self._contents.get(item.path, bytes(item.size))
            (folder / landing_name(item.path)).write_bytes(data)

    def _fail(self, item: Transfer, kind: FailureKind, message: str) -> None:
        self._change(item, state=TransferState.FAILED, failure=kind, message=message, speed=0.0)

    def _change(self, item: Transfer, **changes: object) -> None:
        with self._lock:
            self._transfers[item.ref] = replace(item, **changes)  # type: ignore[arg-type]

    def _record(self, peer: str, path: str, size: int, key: str | None, placement: str) -> Transfer:
        self._count += 1
        item = Transfer(
            ref=f"00000000-0000-4000-8000-{self._count:012}",
            peer=peer,
            path=path,
            state=TransferState.QUEUED,
            size=size,
            bytes_done=0,
            batch_key=key,
            placement=placement,
            since=self._now(),
        )
        self._transfers[item.ref] = item
        return item

    # -- the contract --------------------------------------------------------------------------

    def is_configured(self) -> bool:
        """As scripted."""
        return self.configured

    def check_connection(self) -> SourceStatus:
        """As scripted; an outage or a lock-out shows."""
        self.on_call("check")
        if self.down:
            return SourceStatus(False, "The fake is down.", "Mend it.", code="unreachable")
        if self.locked_out:
            return SourceStatus(False, "The fake rejects the key.", "Let us in.", code="auth")
        return self.status

    def reload_settings(self, values: Mapping[str, object]) -> None:
        """There are none."""

    def search_raw(self, text: str, *, limits: SearchLimits) -> Sequence[RawFolder]:
        """Folders with files whose path contains every word; `*ord` is the end of one."""
        self._enter("search")
        self.searches.append(text)
        if any(phrase in text.casefold() for phrase in self.deaf_to):
            return []
        words = [word.removeprefix("*") for word in text.casefold().split()]
        found = []
        for folder in list(self._folders.values()):
            files = tuple(f for f in folder.files if all(w in f.path.casefold() for w in words))
            if files and folder.peer not in self._offline:
                found.append(replace(folder, files=files))
        return found

    def folder_raw(self, peer: str, path: str, *, seconds: float) -> RawFolder | None:
        """As it was shared; nothing of a peer that is offline."""
        self._enter("folder")
        self.looked_up.append((peer, path))
        folder = self._folders.get((peer, path))
        if folder is None or peer in self._offline:
            return None
        return RawFolder(peer, path, tuple(replace(f, locked=False) for f in folder.files))

    def foreign_searches(self, since: datetime, *, seconds: float) -> Sequence[datetime]:
        """As scripted in `foreign`."""
        self._enter("foreign")
        return [moment for moment in self.foreign if moment >= since]

    def online_raw(self, peer: str, *, seconds: float) -> bool | None:
        """As scripted by `take_offline`; nobody knows of the names in `unknown`."""
        self._enter("online")
        return None if peer in self.unknown else peer not in self._offline

    def place_raw(self, ref: TransferRef, *, seconds: float) -> int | None:
        """The place that `queue` gave the transfer; nothing of a peer that is offline."""
        self._enter("place")
        if ref.peer in self._offline or ref.ref not in self._transfers:
            return None
        return self._transfers[ref.ref].place_in_queue

    def download_raw(self, request: BatchRequest) -> Receipt:
        """Record transfers; one key is one request."""
        self._enter("download")
        with self._lock:
            self.requests.append(request)
            if request.key in self._by_key:
                return self._by_key[request.key]
            if request.key in self._burnt:
                message = "The key of an earlier request that did not reach the peer; use a new one"
                raise SourceRefused(message, source=self.name, kind=FailureKind.BROKEN)
            try:
                self._refuse_request(request)
            except SourceRefused as error:
                if self.batches and error.kind in UNREACHED:
                    self._burnt.add(request.key)
                raise
            receipt = self._take(request)
            self._by_key[request.key] = receipt
            return receipt

    def _refuse_request(self, request: BatchRequest) -> None:
        for file in request.files:
            if "\0" in file.path or {".", ".."} & set(segments(file.path)):
                raise SourceRefused("unsafe path", source=self.name, kind=FailureKind.REJECTED)
        if request.peer in self._offline:
            message = f"User {request.peer} appears to be offline"
            raise SourceRefused(message, source=self.name, kind=FailureKind.PEER_OFFLINE)
        refusal = self._refusals.get((request.peer, None))
        if refusal is not None:
            raise SourceRefused(refusal.message, source=self.name, kind=refusal.kind)

    def _take(self, request: BatchRequest) -> Receipt:
        accepted, refused = [], []
        for file in request.files:
            refusal = self._refusals.get((request.peer, file.path))
            if refusal is not None:
                refused.append(Refused(file.path, refusal.kind, refusal.message))
                continue
            item = self._live(request.peer, file.path)
            ours = item is None or (self.batches and item.placement == request.destination)
            if item is None:
                key = request.key if self.batches else None
                placement = request.destination if self.batches else _parent(file.path)
                item = self._record(request.peer, file.path, file.size, key, placement)
            accepted.append(Accepted(file.path, item.ref, item.placement, not ours))
        key = request.key if self.batches else None
        return Receipt(key, tuple(accepted), tuple(refused))

    def _live(self, peer: str, path: str) -> Transfer | None:
        for item in self._transfers.values():
            if (item.peer, item.path) == (peer, path) and item.state in LIVE:
                return item
        return None

    def poll_raw(self) -> Snapshot:
        """Everything recorded and not forgotten."""
        self._enter("poll")
        with self._lock:
            self.polls += 1
            if self.auto:
                self.step()
            return Snapshot(self._now(), tuple(self._transfers.values()))

    def cancel_raw(
        self, refs: Sequence[TransferRef], *, forget: bool = False
    ) -> Sequence[TransferRef]:
        """Stop live ones; with `forget` none of them is listed any more."""
        self._enter("cancel")
        if self.unforgettable in {ref.ref for ref in refs}:
            raise SourceProtocol("This is no answer", source=self.name)
        with self._lock:
            for ref in refs:
                (self.forgotten if forget else self.cancelled).append(ref)
                item = self._transfers.get(ref.ref)
                if item is None:
                    continue
                if forget:
                    del self._transfers[item.ref]
                elif item.state in LIVE:
                    self._fail(item, FailureKind.CANCELLED_AT_SOURCE, "A task was canceled.")
        return []

    def _enter(self, call: str) -> None:
        self.on_call(call)
        if self._errors.get(call):
            raise self._errors[call].pop(0)
        if self.down:
            raise SourceUnavailable("The fake is down", source=self.name)
        if self.locked_out:
            raise SourceAuth("The fake rejects the key", source=self.name)


def _parent(path: str) -> str:
    return "".join(segments(path)[-2:-1])
