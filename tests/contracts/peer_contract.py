"""What every download source can tell about a peer: is it there, and our place in its queue."""

from __future__ import annotations

import uuid

import pytest

from soulspot_arr.domain import TransferRef, TransferState
from soulspot_arr.errors import SourceUnavailable
from tests.contracts.source_contract import PATHS, PEER, SourceBench, refs, request, until


class PeerContract:
    """To be inherited beside `SourceContract`, whose fixtures it uses."""

    def test_a_peer_is_there_or_not(self, album: SourceBench) -> None:
        """Whoever shares is there until it leaves."""
        assert album.source.online_raw(PEER, seconds=5) is True
        album.take_offline(PEER)
        assert album.source.online_raw(PEER, seconds=5) is False

    def test_nobody_can_say_while_the_source_is_away(self, album: SourceBench) -> None:
        """An outage is no news of the peer."""
        album.cut()
        with pytest.raises(SourceUnavailable):
            album.source.online_raw(PEER, seconds=5)

    def test_the_place_in_a_queue(self, album: SourceBench) -> None:
        """A number of this very transfer; of an unknown one, or an absent peer, none."""
        album.script(PEER, PATHS[0], "never")
        (ref,) = refs(album.source.download_raw(request(PATHS[0])))
        until(album, lambda now: now[PATHS[0]].state is TransferState.QUEUED)
        place = album.source.place_raw(ref, seconds=5)
        assert place is None or place >= 0
        assert album.source.place_raw(TransferRef(PEER, str(uuid.uuid4())), seconds=5) is None
        assert album.source.place_raw(TransferRef(PEER, "no reference"), seconds=5) is None
        album.take_offline(PEER)
        assert album.source.place_raw(ref, seconds=5) is None
