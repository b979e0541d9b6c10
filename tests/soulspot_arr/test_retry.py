"""A failed grab that a person tries again: who is asked first, and both grabs at once or neither."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import update

from soulspot_arr import ledger
from soulspot_arr.domain import BlockScope, DownloadState, GrabState
from soulspot_arr.errors import Conflict
from soulspot_arr.models import Grab
from soulspot_arr.queue_manager import QueueManager
from soulspot_arr.rules import offers
from soulspot_arr.rules.blocking import Entry
from tests.soulspot_arr.rows import new_download, new_grab
from tests.soulspot_arr.workshop import Bench, offer

PEERS = ["anna", "ben", "cleo", "dora", "elsa", "finn"]


def failed(bench: Bench, *lost: str, peers: list[str] = PEERS, number: int = 1) -> str:
    """A grab with offers of these peers, of whom some have lost a file."""
    with bench.db.write() as session:
        known = [offer(peer, f"{peer}.flac") for peer in peers]
        grab = new_grab(session, number=number, status=GrabState.FAILED)
        grab.offers = offers.to_json(known)
        for index, each in enumerate(known):
            state = DownloadState.FAILED if each.peer in lost else DownloadState.CANCELLED
            path = each.files[0].path
            new_download(session, grab, state, offer_index=index, peer=each.peer, remote_path=path)
        return grab.nzo_id


def asked(bench: Bench, nzo_id: str) -> list[str]:
    """The peers of a grab, in the order in which they will be asked."""
    return [each.peer for each in offers.from_json(bench.grab(nzo_id).offers)]


@pytest.mark.parametrize(
    ("lost", "order"),
    [
        ((), ["anna", "ben", "cleo", "dora"]),
        (("anna",), ["ben", "cleo", "dora", "elsa"]),
        (("anna", "ben", "cleo", "dora"), ["elsa", "finn", "anna", "ben"]),
        (tuple(PEERS), ["anna", "ben", "cleo", "dora"]),
    ],
)
def test_who_lost_nothing_is_asked_first(
    both: Bench, lost: tuple[str, ...], order: list[str]
) -> None:
    """Peers that a further search had found stand at the end, and must not be cut off unasked."""
    assert asked(both, both.queue.retry(failed(both, *lost))) == order


def test_who_is_blocked_comes_last(bench: Bench) -> None:
    """It would only be held back at its turn."""
    bench.blocklist.add(Entry(BlockScope.PEER, "anna"))
    fresh = bench.queue.retry(failed(bench, "ben", peers=["anna", "ben", "cleo"]))
    assert asked(bench, fresh) == ["cleo", "anna", "ben"]
    assert bench.grab(fresh).peer == "cleo"


class Killed(BaseException):
    """Stands for the process being killed: nothing catches it."""


def test_killed_in_between_changes_nothing(both: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    """Neither two grabs nor none: it can simply be tried again."""
    nzo_id = failed(both)

    def die(*_: object, **__: object) -> None:
        raise Killed

    with monkeypatch.context() as patch:
        patch.setattr(ledger, "add_offer", die)
        with pytest.raises(Killed):
            both.queue.retry(nzo_id)
    assert both.grab(nzo_id).status == GrabState.FAILED
    assert both.queue.queue() == []
    fresh = both.queue.retry(nzo_id)
    assert both.grab(nzo_id).status == GrabState.REMOVED
    assert [view.nzo_id for view in both.queue.queue()] == [fresh]


class Slow(QueueManager):
    """Somebody else is faster between its look and its change."""

    def _accept(self, *args: Any, **kwargs: Any) -> str:
        faster = QueueManager(self._db, self._settings, clock=self._clock, wake=self._wake)
        faster.retry(kwargs["instead_of"].nzo_id)
        return super()._accept(*args, **kwargs)


@pytest.mark.parametrize("state", [GrabState.FAILED, GrabState.CANCELLED, GrabState.REMOVED])
def test_two_people_at_once_make_one_grab(both: Bench, state: GrabState) -> None:
    """The slower one is told to look again."""
    nzo_id = failed(both)
    with both.db.write() as session:
        session.execute(update(Grab).values(status=state))
    both.clock.advance(60)
    slow = Slow(both.db, both.settings, clock=both.clock, wake=both.wakes.append)
    with pytest.raises(Conflict, match="changed meanwhile"):
        slow.retry(nzo_id)
    assert len(both.queue.queue()) == 1
    assert both.grab(nzo_id).status == GrabState.REMOVED
