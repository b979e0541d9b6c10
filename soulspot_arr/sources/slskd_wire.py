"""The shapes slskd sends, of every version since 0.21, as values: pure.

Every field is optional, unknown ones are ignored, numbers may be of any kind (contract slskd §10,
tolerance checklist). Transfers are read by `slskd_records`.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime

from soulspot_arr.domain import RawFile, RawFolder
from soulspot_arr.sources import landing

_LARGEST = 2**63 - 1
LARGEST_FILE = 2**50  # no music has a petabyte, and the sum of an album still fits into 64 bits
LARGEST_COLUMN = 2**31 - 1
_LONGEST_MESSAGE = 1_000
_EMPTY: Mapping[str, object] = {}
_CONTROLS = re.compile(r"[\x00-\x1f\x7f-\x9f]+")
_NUMBERS = re.compile(r"\s*v?(\d+)(?:\.(\d+))?(?:\.(\d+))?")
_TOKEN = re.compile(r"\$\{([^{}]*)\}")
_DRIVE_ROOT = re.compile(r"\A[A-Za-z]:/?")
_QT_ROOT = re.compile(r"\A@@[A-Za-z0-9]{5,}/?")  # how SoulseekQt hides the path of a share

BATCHES_SINCE = (0, 26, 0)
DEFAULT_PATTERN = "${SOURCE_DIRECTORY}"
DEFAULT_ATTEMPTS = 3


# -- scalars ---------------------------------------------------------------------------------------


def as_object(value: object) -> Mapping[str, object]:
    """A JSON object; anything else is an empty one."""
    return value if isinstance(value, dict) else _EMPTY


def as_list(value: object) -> list[object]:
    """A JSON array; anything else is an empty one."""
    return value if isinstance(value, list) else []


def as_text(value: object) -> str:
    """A JSON string; anything else is an empty one, and so is what cannot be stored."""
    return value if isinstance(value, str) and _storable(value) else ""


def as_message(value: object) -> str:
    """Words for people, one line: peers write them, so they may hold anything."""
    if not isinstance(value, str):
        return ""
    whole = value.encode("utf-8", "replace").decode()  # half a surrogate pair becomes "?"
    return _CONTROLS.sub(" ", whole).strip()[:_LONGEST_MESSAGE]


def as_int(value: object) -> int | None:
    """A whole number in any dress (3, 3.0, "3"); None for what is not one."""
    if type(value) is int:
        return value if -_LARGEST <= value <= _LARGEST else None
    if isinstance(value, str):
        return as_int(_number(value))
    if isinstance(value, float) and math.isfinite(value) and abs(value) < _LARGEST:
        return int(value)
    return None


def _number(text: str) -> int | float | None:
    try:
        return int(text) if text.strip().lstrip("+-").isdigit() else float(text)
    except ValueError:
        return None


def as_count(value: object) -> int:
    """A number that cannot be negative; 0 for what is not one."""
    number = as_int(value)
    return number if number is not None and number > 0 else 0


def as_attribute(value: object) -> int | None:
    """A property of a file: 0, negative and absurd numbers mean that the peer does not know."""
    if value is None:  # 25,000 files, most without it
        return None
    number = as_int(value)
    return number if number is not None and 0 < number <= LARGEST_COLUMN else None


def as_flag(value: object) -> bool | None:
    """A yes or no in any dress (true, 1, "true"); None for what is neither."""
    if value is None or isinstance(value, bool):
        return value
    if isinstance(value, str):
        return {"true": True, "1": True, "false": False, "0": False}.get(value.strip().lower())
    return {1: True, 0: False}.get(value) if isinstance(value, int) else None


def as_time(value: object) -> datetime | None:
    """A moment; slskd leaves out the `Z` on some fields although all are UTC (contract §0.1)."""
    if not isinstance(value, str):
        return None
    try:
        moment = datetime.fromisoformat(value)
    except ValueError:
        return None
    try:
        return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)
    except OverflowError:
        return None


# -- slskd's state of itself -----------------------------------------------------------------------

# What each part of `GET application` holds in every version since 0.21 (contract slskd §2.2).
_PARTS: Mapping[str, tuple[str, ...]] = {
    "version": ("current", "full"),
    "server": ("state", "isConnected", "isLoggedIn"),
    "shares": ("files", "directories", "scanning", "scanPending"),
}


def is_application(state: Mapping[str, object]) -> bool:
    """Whether this can only be slskd speaking: a version alone is told by many programs."""
    parts = (as_object(state.get(name)).keys() & set(keys) for name, keys in _PARTS.items())
    return sum(map(bool, parts)) > 1


def version_of(state: Mapping[str, object]) -> str:
    """The version slskd gives itself; empty when it gives none."""
    version = state.get("version")
    return as_text(as_object(version).get("current")) or as_text(version)


def is_logged_in(state: Mapping[str, object]) -> bool:
    """Connected alone is also true while logging in (contract slskd §2.1)."""
    server = as_object(state.get("server"))
    return bool(as_flag(server.get("isConnected")) and as_flag(server.get("isLoggedIn")))


# -- search answers --------------------------------------------------------------------------------


@dataclass(slots=True)
class _Gathered:
    """One folder of one peer while the answers are being read."""

    files: dict[str, RawFile]
    free_slot: bool = False
    speed: int = 0
    queue_length: int | None = None


def raw_folders(responses: Iterable[object]) -> list[RawFolder]:
    """Search answers as folders; a peer that answered twice is merged, file by file."""
    found: dict[tuple[str, str], _Gathered] = {}
    for item in responses:
        response = as_object(item)
        peer = as_text(response.get("username"))
        if not peer.strip():
            continue
        touched: set[str] = set()
        # `isLocked` is never filled in: the array a file came in decides (contract slskd §3.6).
        for key, locked in (("files", False), ("lockedFiles", True)):
            for raw in as_list(response.get(key)):
                file = raw_file(as_object(raw), locked=locked)
                if file is not None:
                    folder = _folder_of(file.path)
                    if folder not in touched:
                        touched.add(folder)
                        found.setdefault((peer, folder), _Gathered({}))
                    found[peer, folder].files.setdefault(file.path, file)
        for folder in touched:
            _take_hints(found[peer, folder], response)
    return [_folder(peer, path, gathered) for (peer, path), gathered in found.items()]


def _folder(peer: str, path: str, gathered: _Gathered) -> RawFolder:
    return RawFolder(
        peer=peer,
        path=path,
        files=tuple(gathered.files.values()),
        free_slot=gathered.free_slot,
        speed=gathered.speed,
        queue_length=gathered.queue_length or 0,
    )


def _take_hints(gathered: _Gathered, response: Mapping[str, object]) -> None:
    queue = as_count(response.get("queueLength"))
    known = gathered.queue_length
    gathered.queue_length = queue if known is None else min(known, queue)
    gathered.free_slot = gathered.free_slot or bool(as_flag(response.get("hasFreeUploadSlot")))
    gathered.speed = max(gathered.speed, as_count(response.get("uploadSpeed")))


def _folder_of(path: str) -> str:
    """Up to the last separator of either kind: peers write `\\`, sometimes `/`, some both."""
    return path[: max(path.rfind("\\"), path.rfind("/"), 0)]


def _storable(text: str) -> bool:
    """Half a surrogate pair cannot be written anywhere, NUL neither to PostgreSQL nor to disk."""
    if "\0" in text:
        return False
    if text.isascii():
        return True
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


def raw_file(raw: Mapping[str, object], *, locked: bool = False) -> RawFile | None:
    """One shared file; None for what could never be asked for."""
    path = as_text(raw.get("filename"))
    if not path or path[-1] in "\\/":
        return None
    size = as_int(raw.get("size"))
    if (
        size is None or not 0 <= size <= LARGEST_FILE
    ):  # must be sent back exactly, so it cannot be guessed
        return None
    return RawFile(
        locator=path,
        path=path,
        size=size,
        bitrate=as_attribute(raw.get("bitRate")),
        sample_rate=as_attribute(raw.get("sampleRate")),
        bit_depth=as_attribute(raw.get("bitDepth")),
        seconds=as_attribute(raw.get("length")),
        vbr=as_flag(raw.get("isVariableBitRate")),
        locked=locked,
    )


# -- what this slskd can do, and where it puts files -----------------------------------------------


@dataclass(frozen=True, slots=True)
class Abilities:
    """What version and options of one slskd mean for us."""

    version: str = ""
    batches: bool = True
    root: str = ""
    attempts: int = DEFAULT_ATTEMPTS
    pattern: str = DEFAULT_PATTERN
    slots: int | None = None
    deletes_files: bool = False

    @property
    def windows(self) -> bool:
        """Whether slskd's host names files as Windows does."""
        return landing.looks_like_windows(self.root)

    def placement(
        self, path: str, *, peer: str = "", batch_id: str | None = None, destination: str = ""
    ) -> str:
        """Folder relative to the root in which a file with this remote path lands (§6.2, §6.6)."""
        if not self.batches:
            folder = _immediate_parent(path, self.windows)
        elif self.pattern == "{}":  # then a batch's destination is ignored as well
            folder = ""
        elif destination.strip():
            folder = landing.safe_folder(destination, self.windows)
        else:
            folder = self._expand(path, peer, batch_id)
        return landing.stored_folder(folder, self.windows)

    def _expand(self, path: str, peer: str, batch_id: str | None) -> str:
        source_path = _source_path(path, self.windows)
        values = {
            "source_username": landing.safe_segment(peer, self.windows),
            "source_path": source_path,
            "source_directory": _last_segment(source_path),
            "batch_id": batch_id or "unknown_batch_id",
            # The API drops an external id and we never name a search (contract slskd §5.3).
            "batch_external_id": "unknown_batch_external_id",
            "search_id": "unknown_search_id",
            "search_text": "unknown_search_text",
        }
        filled = _TOKEN.sub(lambda found: values.get(found[1].lower(), found[0]), self.pattern)
        return landing.safe_folder(filled, self.windows)


def parse_version(text: str) -> tuple[int, int, int] | None:
    """The first three numbers of a version; None for 0.0.0, which is what builds from source say."""
    match = _NUMBERS.match(text)
    if match is None:
        return None
    major, minor, patch = (int(part or 0) for part in match.groups())
    return (major, minor, patch) if (major, minor, patch) != (0, 0, 0) else None


def abilities(version: str, options: Mapping[str, object], *, batches: bool) -> Abilities:
    """Read the options; download settings moved from `global` to `transfers` in 0.25."""
    transfers = as_object(as_object(options.get("transfers")).get("download"))
    download = transfers or as_object(as_object(options.get("global")).get("download"))
    retry = as_object(download.get("retry"))
    destination = as_object(download.get("destination"))
    files = as_object(as_object(options.get("retention")).get("files"))
    root = as_text(as_object(options.get("directories")).get("downloads"))
    return Abilities(
        version=version,
        batches=batches,
        root=root.rstrip("/\\") or root,
        attempts=as_count(retry.get("attempts")) or DEFAULT_ATTEMPTS,
        pattern=as_text(destination.get("subdirectory")) or DEFAULT_PATTERN,
        slots=as_int(download.get("slots")),
        deletes_files=as_count(files.get("complete")) > 0,
    )


def has_batches(version: str, options: Mapping[str, object]) -> bool | None:
    """Whether batches are there: by version, else by options only 0.26 has; None when unclear."""
    numbers = parse_version(version)
    if numbers is not None:
        return numbers >= BATCHES_SINCE
    download = as_object(as_object(options.get("transfers")).get("download"))
    return True if "retry" in download or "destination" in download else None


def _source_path(path: str, windows: bool) -> str:
    """The directory part, cleaned, without drive or SoulseekQt marker; empty in a share's root."""
    return "/".join(landing.segments(_without_root(landing.safe_folder(path, windows)))[:-1])


def _last_segment(source_path: str) -> str:
    # A folder that is nothing but a root has no name (contract slskd §6.2).
    return source_path.rpartition("/")[2] if _without_root(source_path) else ""


def _without_root(path: str) -> str:
    return _QT_ROOT.sub("", _DRIVE_ROOT.sub("", path))


def _immediate_parent(path: str, windows: bool) -> str:
    """Before 0.26: always the parent alone, with no root removed (contract slskd §6.6)."""
    parts = path.replace("\\", "/").split("/")
    return landing.safe_segment(parts[-2], windows) if len(parts) > 1 and parts[-2] else ""
