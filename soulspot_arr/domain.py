"""The words of the house as code: states, and the frozen values that cross the doors.

Vocabulary: `docs/vocabulary.md`. Nothing here does anything; behaviour lives in `rules/` and in the
workshops. Sizes are bytes, durations seconds, speeds bytes per second, times aware UTC datetimes.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import IntEnum, StrEnum
from typing import Any

Clock = Callable[[], datetime]  # the current moment, aware UTC; a test hands in its own


def network(instance: str) -> str:
    """Whose peers an instance reaches: `slskd2` is a second account in the network of `slskd`."""
    return instance.rstrip("0123456789")


class DownloadState(StrEnum):
    """Where one file of a grab stands."""

    WAITING = "waiting"  # accepted; nothing asked of the source yet
    PENDING = "pending"  # claimed; asked, or about to be, and not yet confirmed by a poll
    QUEUED = "queued"  # at the source or in the peer's queue
    DOWNLOADING = "downloading"
    COMPLETED = "completed"  # the source reports success; completion still has to prove it
    FAILED = "failed"
    CANCELLED = "cancelled"
    BLOCKLISTED = "blocklisted"


class GrabState(StrEnum):
    """Where one album that Lidarr handed over stands."""

    QUEUED = "queued"
    DOWNLOADING = "downloading"
    PROCESSING = "processing"  # every file is here; being verified and placed
    COMPLETED = "completed"  # reported to Lidarr; cannot be taken back
    FAILED = "failed"
    CANCELLED = "cancelled"
    IMPORTED = "imported"  # Lidarr deleted it and took the files
    REMOVED = "removed"  # deleted without an import


RUNNING_DOWNLOADS = frozenset({DownloadState.QUEUED, DownloadState.DOWNLOADING})
LIVE_DOWNLOADS = RUNNING_DOWNLOADS | {DownloadState.PENDING}
GIVEN_UP = frozenset({DownloadState.FAILED, DownloadState.CANCELLED, DownloadState.BLOCKLISTED})
OPEN_DOWNLOADS = LIVE_DOWNLOADS | {DownloadState.WAITING}
OPEN_GRABS = frozenset({GrabState.QUEUED, GrabState.DOWNLOADING, GrabState.PROCESSING})
TRANSFERRING_GRABS = frozenset({GrabState.QUEUED, GrabState.DOWNLOADING})


class FailureKind(StrEnum):
    """Why something failed; `rules.failures` says what follows from each."""

    SOURCE_UNAVAILABLE = "source_unavailable"
    SOURCE_THROTTLED = "source_throttled"
    SOURCE_AUTH = "source_auth"
    PEER_OFFLINE = "peer_offline"
    PEER_BUSY = "peer_busy"  # "Too many files", "Pending shutdown.": the same peer again, later
    TIMEOUT = "timeout"  # no answer to the request, or the data stopped, in the source's own time
    NETWORK = "network"  # a connection broke or could not be made
    REJECTED = "rejected"  # refused without a reason that says more
    PEER_EXHAUSTED = "peer_exhausted"  # "… this week", "… today": enough of us for that long
    FILE_NOT_FOUND = "file_not_found"  # "File not shared."; also said to whom a peer has banned
    USER_BLOCKED = "user_blocked"  # the peer says that it has banned us
    SIZE_DIFFERS = "size_differs"  # the search answer was wrong about the file
    CANCELLED_AT_SOURCE = "cancelled_at_source"  # by a person, in the source's own page
    BROKEN = "broken"
    STALLED = "stalled"
    VANISHED = "vanished"
    CORRUPT = "corrupt"
    INVALID_FORMAT = "invalid_format"  # not the audio its name says
    NOT_IMPORTABLE = "not_importable"
    DISK_FULL = "disk_full"
    BLOCKED = "blocked"
    TOO_OLD = "too_old"
    PASSED_ON = "passed_on"


class BlockScope(StrEnum):
    """What a line of the blocklist refuses."""

    PEER = "peer"
    FOLDER = "folder"  # of one peer, with everything below; of any peer when none is named
    FILE = "file"
    PHRASE = "phrase"  # wherever it stands in a path, in whole words


class ImportState(StrEnum):
    """What Lidarr says of a grab that was reported to it (contract lidarr §9.2, §11.3)."""

    PENDING = "pending"  # seen in its queue, no word about files yet
    IMPORTING = "importing"
    IMPORTED = "imported"
    BLOCKED = "blocked"  # it does not know which album the grab is
    FAILED = "failed"  # it refused files; it never tries again by itself
    GONE = "gone"  # no longer in its queue, and no import in its history


class Rescue(StrEnum):
    """A grab whose remembered offers have run out is searched for once more."""

    WANTED = "wanted"
    DONE = "done"


class BreakerState(StrEnum):
    """Whether a source may be called: `rules.breaker` moves between these."""

    CLOSED = "closed"
    OPEN = "open"  # it failed several times in a row and is left alone for a while
    HALF_OPEN = "half_open"  # one call finds out for all whether it is back


class TransferState(StrEnum):
    """What a source reports about one file, reduced to what the core may act on."""

    QUEUED = "queued"  # includes "failed, but the source itself tries again"
    ACTIVE = "active"
    SUCCEEDED = "succeeded"
    FAILED = "failed"  # final: the source itself has given up


class Priority(IntEnum):
    """SABnzbd's priorities as Lidarr sends them (contract lidarr §1.2 R6)."""

    DEFAULT = -100
    PAUSED = -2
    LOW = -1
    NORMAL = 0
    HIGH = 1
    FORCE = 2


# -- what is asked and what is found ---------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Query:
    """What Lidarr asks: artist and album, an artist alone, or a free term."""

    artist: str = ""
    album: str = ""
    year: int | None = None
    term: str = ""

    @property
    def is_empty(self) -> bool:
        """Both Test buttons and RSS ask without a single word."""
        return not (self.artist or self.album or self.term)


@dataclass(frozen=True, slots=True)
class RawFile:
    """One file as a peer describes it; missing attributes are None."""

    locator: str
    path: str
    size: int
    bitrate: int | None = None  # kbit/s
    sample_rate: int | None = None  # Hz
    bit_depth: int | None = None
    seconds: int | None = None
    vbr: bool | None = None
    locked: bool = False


@dataclass(frozen=True, slots=True)
class RawFolder:
    """One remote folder of one peer with the hints that came with the search answer."""

    peer: str
    path: str
    files: tuple[RawFile, ...]
    free_slot: bool = False
    speed: int = 0
    queue_length: int = 0


@dataclass(frozen=True, slots=True)
class Quality:
    """Measured format of an offer: codec, and the numbers that name it to Lidarr.

    `doubt` says why the files may not be what they claim; empty when nothing speaks against them.
    """

    codec: str  # "FLAC", "MP3", "AAC", "OGG", "OPUS", "ALAC", "WAV", "WMA", "APE", "WV", "AIFF"
    bitrate: int | None = None  # kbit/s
    vbr: bool = False
    bit_depth: int | None = None
    sample_rate: int | None = None
    doubt: str = ""

    @property
    def lossless(self) -> bool:
        """Whether the codec keeps every bit."""
        return self.codec in {"FLAC", "ALAC", "WAV", "APE", "WV", "AIFF"}


@dataclass(frozen=True, slots=True)
class OfferFile:
    """One audio file of an offer; `disc` is 0 in an album of one disc."""

    locator: str
    path: str
    size: int
    disc: int = 0
    seconds: int | None = None


@dataclass(frozen=True, slots=True)
class Offer:
    """One album as one peer shares it: exactly the files that would be fetched."""

    source: str
    peer: str
    files: tuple[OfferFile, ...]

    @property
    def size(self) -> int:
        """Bytes of all its files."""
        return sum(file.size for file in self.files)


@dataclass(frozen=True, slots=True)
class Release:
    """An offer shown to Lidarr, with its alternates, remembered so that it can be grabbed.

    `key` is a 64-digit hex SHA-256 of source, peer and file set: the same offer is the same release
    for ever. `quality` is the token in the title ("FLAC 24bit", "MP3 320").
    """

    key: str
    title: str
    artist: str
    album: str
    year: int | None
    quality: str
    score: int
    offers: tuple[Offer, ...]
    published_at: datetime

    @property
    def size(self) -> int:
        """Bytes of the audio files of the main offer."""
        return self.offers[0].size


@dataclass(frozen=True, slots=True)
class NewGrab:
    """What a client handed over: an opened token, and where and how urgently it wants it."""

    release_key: str
    title: str
    artist: str
    album: str
    year: int | None
    quality: str
    score: int
    offers: tuple[Offer, ...]  # main offer first
    category: str = "*"
    priority: Priority = Priority.NORMAL


@dataclass(frozen=True, slots=True)
class Rejection:
    """One reason why an offer is not shown; `permanent` ones will not change by waiting."""

    reason: str
    permanent: bool = True


@dataclass(frozen=True, slots=True)
class Decision:
    """The verdict on an offer: three numbers that are never blended, and the reasons against it."""

    identity: float  # 0 … 1: is it that album
    quality: int  # rank of the format, higher is better
    utility: float  # 0 … 1: how soon it is likely to finish
    rejections: tuple[Rejection, ...] = ()

    @property
    def accepted(self) -> bool:
        """Whether nothing speaks against it."""
        return not self.rejections


# -- what crosses the door of a download source ----------------------------------------------------


@dataclass(frozen=True, slots=True)
class BatchRequest:
    """Ask one peer for the files of one folder; equal keys are one request, however often sent."""

    key: str  # UUID text
    peer: str
    files: tuple[OfferFile, ...]
    destination: str  # relative to the source's root, "/" as separator


@dataclass(frozen=True, slots=True)
class Accepted:
    """A file the source has recorded; `placement` is its folder relative to the source's root.

    `adopted` says that somebody else had started the transfer: it may be watched, and no more.
    """

    path: str
    ref: str | None
    placement: str | None
    adopted: bool = False


@dataclass(frozen=True, slots=True)
class Refused:
    """A file the source did not take, and why."""

    path: str
    kind: FailureKind
    message: str


@dataclass(frozen=True, slots=True)
class Receipt:
    """What became of a batch request, file by file."""

    batch_key: str | None  # None when the source knows no batches
    accepted: tuple[Accepted, ...] = ()
    refused: tuple[Refused, ...] = ()


@dataclass(frozen=True, slots=True)
class TransferRef:
    """The source's own address of one transfer."""

    peer: str
    ref: str


@dataclass(frozen=True, slots=True)
class Transfer:
    """What the source reports about one file."""

    ref: str
    peer: str
    path: str
    state: TransferState
    size: int
    bytes_done: int
    batch_key: str | None = None
    speed: float = 0.0
    place_in_queue: int | None = None
    failure: FailureKind | None = None
    message: str = ""
    placement: str | None = None  # folder relative to the source's root
    since: datetime | None = None  # when the source recorded it; newest wins


@dataclass(frozen=True, slots=True)
class Snapshot:
    """Everything the source knows at one moment. A missing transfer means "not known"."""

    at: datetime
    transfers: tuple[Transfer, ...]


@dataclass(frozen=True, slots=True)
class SourceStatus:
    """The answer to "are you there": never an exception."""

    ok: bool
    detail: str
    fix: str = ""
    version: str = ""
    account: str = ""
    shared_files: int | None = None
    root: str = ""  # the folder it downloads into, as the source itself sees it
    code: str = ""  # stable name of what is wrong: "unreachable", "auth", "offline", "pattern" …


@dataclass(frozen=True, slots=True)
class SettingSpec:
    """Declares one runtime setting: the only place where its name, type and default are written."""

    key: str
    type: type
    default: Any
    help: str
    secret: bool = False
    choices: tuple[str, ...] = ()
    minimum: float | None = None
    maximum: float | None = None
    check: Callable[[Any], str | None] | None = None  # returns a complaint or None

    @property
    def group(self) -> str:
        """`slskd.url` belongs to the group `slskd`."""
        return self.key.partition(".")[0]

    @property
    def variable(self) -> str:
        """Environment variable that pins this setting."""
        return "SOULSPOT_" + self.key.upper().replace(".", "_")


@dataclass(frozen=True, slots=True)
class Check:
    """One line of health or doctor: a stable code, a verdict, a sentence, and how to mend it."""

    code: str
    level: str  # "ok", "warning", "error"
    message: str
    fix: str = ""


@dataclass(frozen=True, slots=True)
class EventRecord:
    """A fact that happened, ready to be appended to the ledger."""

    kind: str
    message: str
    level: str = "info"  # "debug", "info", "warning", "error"
    data: Mapping[str, Any] = field(default_factory=dict)
