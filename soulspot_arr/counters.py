"""Figures that only ever grow, kept in a table, so that a purge or a restart takes nothing away.

What is counted in a transaction is added at its very end, in one order: the rows are the same for
all writers, and two of them must neither wait for long nor for each other. A transaction that is
rolled back has counted nothing.
"""

from __future__ import annotations

from collections.abc import Mapping

from sqlalchemy import event, select
from sqlalchemy.orm import Session

from soulspot_arr.db import insert_into
from soulspot_arr.domain import GIVEN_UP, DownloadState, FailureKind
from soulspot_arr.models import Counter

FAILURES = "failures"
"""Attempts that failed; labelled with the class of the failure."""
RECEIVED = "received_bytes"
"""Bytes of the files that have arrived; no label."""
IMPORTS = "imports"
"""Words of Lidarr about the import of a grab; labelled with what it said (`ImportState`)."""
LOOKS = "looks"
"""Looks at a source; labelled with its name and the lowest of `BOUNDS` that they did not exceed."""
LOOKING = "look_microseconds"
"""How long they took together; labelled with the name of the source."""

BOUNDS = ("0.05", "0.1", "0.25", "0.5", "1.0", "2.5", "5.0", "10.0", "30.0", "+Inf")
"""Seconds."""

_COUNTED = "counted"
_LEFT = FailureKind.PASSED_ON  # nothing has failed there
_UNDONE = frozenset({DownloadState.WAITING, DownloadState.FAILED, DownloadState.BLOCKLISTED})


def add(session: Session, name: str, label: str = "", amount: int = 1) -> None:
    """Count in this transaction; `label` tells figures of one name apart."""
    if _COUNTED not in session.info:
        session.info[_COUNTED] = {}
        event.listen(session, "before_commit", _write_down)
    counted = session.info[_COUNTED]
    counted[name, label] = counted.get((name, label), 0) + amount


def moved(session: Session, seen: str, to: DownloadState, *, failure: object, size: int) -> None:
    """One file went from `seen` to `to`; `failure` is its class when an attempt has failed."""
    if to is DownloadState.COMPLETED:
        add(session, RECEIVED, amount=size)
    elif failure and to in _UNDONE and seen not in GIVEN_UP and failure != _LEFT:
        add(session, FAILURES, str(failure))


def looked(session: Session, source: str, seconds: float) -> None:
    """One look at the transfers of a source took so long, whether it succeeded or not."""
    bound = next(each for each in BOUNDS if seconds <= float(each))
    add(session, LOOKS, f"{source}/{bound}")
    add(session, LOOKING, source, round(seconds * 1_000_000))


def read(session: Session, name: str) -> Mapping[str, int]:
    """The figures of one name by their labels; what was never counted is not there."""
    rows = session.execute(select(Counter.label, Counter.value).where(Counter.name == name))
    return {label: value for label, value in rows}


def _write_down(session: Session) -> None:
    if session.in_nested_transaction():
        return  # the end of the whole transaction is still to come
    counted, session.info[_COUNTED] = session.info[_COUNTED], {}
    for (name, label), amount in sorted(counted.items()):
        statement = insert_into(session, Counter).values(name=name, label=label, value=amount)
        grown = {"value": Counter.value + statement.excluded.value}
        session.execute(
            statement.on_conflict_do_update(index_elements=["name", "label"], set_=grown)
        )
