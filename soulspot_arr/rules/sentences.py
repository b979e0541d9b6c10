"""Failures in words that a person understands; Lidarr shows them as the reason."""

from __future__ import annotations

from collections.abc import Mapping

from soulspot_arr.domain import FailureKind
from soulspot_arr.rules import naming

# SABnzbd's own sentence, which Lidarr turns into a warning instead of a failure (lidarr §3.2).
DISK_FULL = "Unpacking failed, write error or disk is full?"

# Each is true whenever its kind is met: at the first failure as well as after the last attempt.
_WORDS: Mapping[FailureKind, str] = {
    FailureKind.PEER_OFFLINE: "{peer} could not be reached",
    FailureKind.PEER_BUSY: "{peer} takes no more requests for now",
    FailureKind.TIMEOUT: "nothing came from {peer} in time",
    FailureKind.NETWORK: "the connection to {peer} failed",
    FailureKind.REJECTED: "{peer} refuses to send the file",
    FailureKind.PEER_EXHAUSTED: "{peer} sends us nothing more for some days",
    FailureKind.FILE_NOT_FOUND: "{peer} does not share the file, or not with us",
    FailureKind.USER_BLOCKED: "{peer} has blocked us",
    FailureKind.SIZE_DIFFERS: "the file at {peer} is not as large as was said",
    FailureKind.CANCELLED_AT_SOURCE: "the transfer was cancelled in slskd",
    FailureKind.BROKEN: "the transfer from {peer} failed",
    FailureKind.STALLED: "nothing moved at {peer} for too long",
    FailureKind.VANISHED: "slskd lost track of the transfer from {peer}",
    FailureKind.CORRUPT: "what {peer} sent cannot be played",
    FailureKind.INVALID_FORMAT: "what {peer} sent is not the audio its name says",
    FailureKind.NOT_IMPORTABLE: "Lidarr would refuse these files",
    FailureKind.BLOCKED: "it is on the blocklist",
    FailureKind.TOO_OLD: "it waited too long for its turn",
    FailureKind.PASSED_ON: "another album keeps {peer} busy",
    FailureKind.SOURCE_UNAVAILABLE: "slskd could not be reached",
    FailureKind.SOURCE_THROTTLED: "slskd was busy",
    FailureKind.SOURCE_AUTH: "slskd refuses our API key",
    FailureKind.DISK_FULL: "the disk is full or cannot be written",
}

LOOKING = "Looking for another peer."


def failure(kind: str | None, detail: str | None, *, peer: str, path: str = "") -> str:
    """One sentence: what happened, with which file, and what the peer said."""
    try:
        words = _WORDS[FailureKind(kind or "")].format(peer=peer or "the peer")
    except ValueError:
        words = "the download failed"
    name = naming.file_name(path)
    subject = f"{name}: " if name else ""
    said = (detail or "").strip().rstrip(".")
    text = f"{subject}{words}" + (f" ({said})." if said else ".")
    return text[:1].upper() + text[1:]
