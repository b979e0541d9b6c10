"""What cleanup notes of transfers that are over, and who has work by it."""

from __future__ import annotations

from datetime import datetime

import pytest
from sqlalchemy import select, update

from soulspot_arr.domain import DownloadState
from soulspot_arr.models import Download
from tests.soulspot_arr.workshop import Bench, offer


def moments(bench: Bench) -> list[datetime | None]:
    """When each file was released, in the order of their rows."""
    with bench.db.read() as session:
        return list(session.scalars(select(Download.released_at).order_by(Download.id)))


def cancelled(bench: Bench, *names: str) -> str:
    """A grab that was under way and is cancelled; nobody was woken yet."""
    nzo_id = bench.asked(offer("anna", *(names or ("01.flac",))))
    bench.look()
    bench.queue.cancel([nzo_id])
    bench.wakes.clear()
    return nzo_id


@pytest.mark.parametrize(
    "columns",
    [
        {"status": DownloadState.WAITING, "transfer_ref": None},
        {"status": DownloadState.PENDING, "batch_key": "another"},
        {"status": DownloadState.FAILED, "transfer_ref": "another"},
    ],
    ids=["let go", "asked for", "failed again"],
)
def test_what_began_anew_meanwhile_is_not_released(both: Bench, columns: dict[str, object]) -> None:
    """The source was told to forget the attempt before: the one of now is still to come."""
    cancelled(both)

    def change() -> None:
        with both.db.write() as session:
            session.execute(update(Download).values(**columns))

    both.during("cancel", change)
    assert both.cleanup.forget() == 0
    assert moments(both) == [None]
    assert both.wakes == []


def test_dispatch_is_woken_when_files_may_be_asked_for_again(both: Bench) -> None:
    """Somebody may wait for the same file of the same peer; without news nobody is woken."""
    cancelled(both)
    assert both.cleanup.run() > 0
    assert both.wakes == ["dispatch"]
    both.wakes.clear()
    both.cleanup.run()
    assert both.wakes == []


def test_a_long_queue_is_forgotten_at_once(bench: Bench) -> None:
    """All of it in one run: what goes on at slskd is sent for nothing."""
    bench.settings.patch({"queue.max_active": 200})
    cancelled(bench, *(f"{number:03}.flac" for number in range(130)))
    assert bench.cleanup.forget() == 130
    assert None not in moments(bench)


def test_what_is_not_known_yet_does_not_go_round_in_circles(bench: Bench) -> None:
    """Requests that were never confirmed are looked for once in a run."""
    bench.add(offer("anna", *(f"{number:03}.flac" for number in range(61))))
    with bench.db.write() as session:
        values = {"status": DownloadState.CANCELLED, "claimed_at": bench.clock()}
        session.execute(update(Download).values(batch_key="k", **values))
    assert bench.cleanup.forget() == 0
    assert bench.source.polls == 1
