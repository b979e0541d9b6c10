"""What can be learned about a peer without asking it for anything: is it there, and our place in line.

Both are asked rarely: presence is a question to the Soulseek server, the place one to the peer
itself (contract slskd §4, §5.12). Nothing here decides what follows.
"""

from __future__ import annotations

import logging

from soulspot_arr.domain import TransferRef
from soulspot_arr.errors import SourceOffline, SourceUnavailable
from soulspot_arr.sources.slskd_enqueue import DOTS
from soulspot_arr.sources.slskd_http import NAME, SlskdHttp, segment
from soulspot_arr.sources.slskd_states import not_logged_in
from soulspot_arr.sources.slskd_wire import as_object, as_text

log = logging.getLogger(__name__)

_THERE = frozenset({"online", "away"})  # who is away shares all the same
_LARGEST_PLACE = 2**31 - 1


def is_online(http: SlskdHttp, peer: str, *, seconds: float) -> bool | None:
    """Whether a peer is there; None when nobody can say.

    Raises `SourceError` when slskd itself is away or not logged in.
    """
    if peer in DOTS:  # a name that no route can carry
        return None
    try:
        route = f"users/{segment(peer)}/status"
        reply = http.send("GET", route, until=http.clock() + seconds)
    except SourceUnavailable as error:
        if error.data.get("why") != "slow":
            raise
        return None
    if reply.status == 200:
        presence = as_text(as_object(reply.body).get("presence")).casefold()
        return presence in _THERE if presence else None
    if reply.status == 404:  # whom slskd's own blacklist names does not exist to it
        return False
    if not_logged_in(reply.message):
        raise SourceOffline(f"slskd cannot ask the server: {reply.message}", source=NAME)
    log.debug("nobody knows whether %s is online: %s", peer, reply.message or reply.status)
    return None


def place(http: SlskdHttp, ref: TransferRef, *, seconds: float) -> int | None:
    """Our place in a peer's queue for one transfer; None when the peer does not say it.

    An estimate that may be wildly wrong: good for seeing movement, not for promises.
    """
    if ref.peer in DOTS:
        return None
    path = f"transfers/downloads/{segment(ref.peer)}/{segment(ref.ref)}/position"
    try:
        reply = http.send("GET", path, until=http.clock() + seconds)
    except SourceUnavailable as error:
        if error.data.get("why") != "slow":
            raise
        return None
    found = reply.body if reply.status == 200 else None
    if isinstance(found, bool) or not isinstance(found, int | float):
        return None  # 404 or 500: the peer is away or silent
    return int(found) if 0 <= found <= _LARGEST_PLACE else None
