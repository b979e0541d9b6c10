"""Failures in words that a person understands; Lidarr shows them as the reason."""

from __future__ import annotations

from collections.abc import Mapping

from soulspot_arr.domain import FailureKind
from soulspot_arr.rules import naming

# SABnzbd's own sentence, which Lidarr turns into a warning instead of a failure (lidarr §3.2).
DISK_FULL = "Unpacking failed, write error or disk is full?"

_WORDS: Mapping[FailureKind, str] = {
    FailureKind.PEER_OFFLINE: "{peer} could not be reached",
    FailureKind.PEER_BUSY: "{peer} has too much queued and kept sending us away",
    FailureKind.REJECTED: "{peer} refuses to send the file",
    FailureKind.CANCELLED_AT_SOURCE: "the transfer was cancelled in slskd",
    FailureKind.BROKEN: "the transfer from {peer} kept breaking off",
    FailureKind.STALLED: "the transfer from {peer} stopped moving",
    FailureKind.VANISHED: "slskd no longer knows the transfer from {peer}",
    FailureKind.CORRUPT: "what {peer} sent cannot be played",
    FailureKind.NOT_IMPORTABLE: "Lidarr would refuse these files",
    FailureKind.BLOCKED: "{peer} or the folder is on the blocklist",
    FailureKind.TOO_OLD: "there was no free place in the queue for too long",
    FailureKind.SOURCE_UNAVAILABLE: "slskd could not be reached",
    FailureKind.SOURCE_THROTTLED: "slskd was busy",
    FailureKind.SOURCE_AUTH: "slskd refuses our API key",
    FailureKind.DISK_FULL: "the disk is full or cannot be written",
}


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
