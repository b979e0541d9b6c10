"""slskd seen by somebody who sets it up: the files it sees, its port for peers, its clock.

Listing is always allowed, whatever the options say (contract slskd §8).
"""

from __future__ import annotations

from dataclasses import dataclass
from urllib.parse import urlsplit

from soulspot_arr.sources.slskd_http import SlskdHttp
from soulspot_arr.sources.slskd_wire import as_int, as_list, as_object, as_text, version_of


@dataclass(frozen=True, slots=True)
class Inspection:
    """What slskd says of itself; None for what it does not tell."""

    version: str
    host: str  # as we reach it
    listen_port: int | None  # where peers reach it
    files: frozenset[str] | None  # names right below its download folder
    ahead: float | None  # seconds by which its clock is ahead of ours


def inspect(http: SlskdHttp) -> Inspection:
    """Ask for all of it; raises SourceError."""
    state = as_object(http.get("application").body)
    options = as_object(http.get("options").body)
    listed = http.get("files/downloads/directories")
    files = None
    if listed.status == 200:
        entries = as_list(as_object(listed.body).get("files"))
        files = frozenset(as_text(as_object(entry).get("name")) for entry in entries)
    return Inspection(
        version=version_of(state),
        host=urlsplit(http.base).hostname or "",
        listen_port=as_int(as_object(options.get("soulseek")).get("listenPort")),
        files=files,
        ahead=http.ahead,
    )
