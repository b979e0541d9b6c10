"""One folder of one peer, as the peer lists it: a search answer may show only a part of it.

Peers cap their answers, and a search for the title of a track shows that track alone (contract
slskd §11.1). Nothing here decides which folders are worth asking for.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping

from soulspot_arr.domain import RawFolder
from soulspot_arr.errors import SourceUnavailable
from soulspot_arr.sources.slskd_enqueue import DOTS
from soulspot_arr.sources.slskd_http import SlskdHttp, segment
from soulspot_arr.sources.slskd_wire import as_list, as_object, as_text, raw_file

log = logging.getLogger(__name__)


def ask_for(http: SlskdHttp, peer: str, path: str, *, seconds: float) -> RawFolder | None:
    """The folder; None when the peer is away, does not answer in time or does not have it.

    Raises `SourceError` when it is slskd that cannot be asked.
    """
    if peer in DOTS or not path.strip():  # names that no route can carry
        return None
    until = http.clock() + seconds
    route = f"users/{segment(peer)}/directory"
    try:
        reply = http.send("POST", route, {"directory": path}, until=until)
    except SourceUnavailable as error:
        if error.data.get("why") != "slow":
            raise
        log.debug("%s does not list %r in time", peer, path)
        return None
    if reply.status != 200:
        # 404: offline or banned here; 500: the peer is silent or unreachable (contract slskd §4).
        log.debug("%s does not list %r: %s", peer, path, reply.message or reply.status)
        return None
    # A single object before 0.22.3, an array since; it may hold folders below as well.
    listed = reply.body if isinstance(reply.body, list) else [reply.body]
    for item in map(as_object, listed):
        if as_text(item.get("name")) == path:
            return _read(peer, path, item)
    return None


def _read(peer: str, path: str, listed: Mapping[str, object]) -> RawFolder | None:
    """The names of files are bare; the separator is the one that the folder's own path has."""
    separator = "/" if "/" in path and "\\" not in path else "\\"
    found = {}
    for entry in as_list(listed.get("files")):
        raw = as_object(entry)
        name = as_text(raw.get("filename"))
        file = raw_file({**raw, "filename": f"{path}{separator}{name}"}) if name else None
        if file is not None:
            found[file.path] = file
    return RawFolder(peer, path, tuple(found.values())) if found else None
