"""Which transfer of the source belongs to which file."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from soulspot_arr.domain import FailureKind, Transfer, TransferState
from soulspot_arr.rules.watching import CLOCK_SKEW, correlate
from tests.fakes.clock import NOON
from tests.soulspot_arr.rules.watched import PATH, PENDING, QUEUED, Row, ago, transfer

T = TransferState
F = FailureKind


def found(row: Row, *transfers: Transfer) -> str | None:
    """The reference of the transfer that belongs to the row."""
    match = correlate([row], transfers)[row.id]
    return match.ref if match else None


def test_the_reference_finds_it_whatever_else_is_listed() -> None:
    """Also when a newer record of the same file exists."""
    old = transfer(T.ACTIVE, ref="t1", since=ago(900))
    new = transfer(T.ACTIVE, ref="t2", since=ago(1))
    assert found(QUEUED, new, old) == "t1"


def test_the_batch_finds_it_before_the_first_reference_is_known() -> None:
    """Our key and the path together; a stranger's newer transfer of the same file is not ours."""
    row = replace(PENDING, batch_key="b1")
    ours = transfer(T.QUEUED, ref="x", batch_key="b1", since=ago(5))
    other = transfer(T.QUEUED, ref="y", batch_key="b2", since=ago(1))
    assert found(row, other, ours) == "x"


def test_without_both_the_newest_of_the_same_file_is_taken() -> None:
    """slskd re-creates transfers with new references and no batch after its own restart."""
    row = replace(QUEUED, transfer_ref="gone", batch_key="b1")
    assert (
        found(
            row,
            transfer(T.QUEUED, ref="a", since=ago(60)),
            transfer(T.QUEUED, ref="b", since=ago(5)),
        )
        == "b"
    )
    assert found(row, transfer(T.QUEUED, ref="a", since=None)) == "a"


@pytest.mark.parametrize(
    "stranger",
    [transfer(T.ACTIVE, ref="x", peer="bert"), transfer(T.ACTIVE, ref="x", path=PATH + "c")],
)
def test_another_peer_or_another_path_is_another_file(stranger: Transfer) -> None:
    """Both have to agree to the letter."""
    assert found(PENDING, stranger) is None


def test_an_attempt_that_is_over_never_comes_back() -> None:
    """Its record may stay listed at the source for weeks."""
    row = replace(PENDING, spent_ref="old", batch_key="b1")
    spent = transfer(T.FAILED, ref="old", batch_key="b1", since=NOON, failure=F.BROKEN)
    assert found(row, spent) is None
    assert found(row, spent, transfer(T.QUEUED, ref="new", since=NOON)) == "new"


@pytest.mark.parametrize("state", [T.SUCCEEDED, T.FAILED])
def test_an_ended_record_of_an_earlier_grab_does_not_answer_a_new_one(state: T) -> None:
    """The same album was fetched before, its records were never removed."""
    earlier = transfer(state, ref="x", since=ago(86_400))
    assert found(PENDING, earlier) is None
    assert found(PENDING, replace(earlier, since=None)) is None
    assert found(replace(PENDING, claimed_at=None), earlier) is None


def test_a_transfer_may_be_over_before_the_first_look() -> None:
    """Small files: recorded after our request, ended before the poll, and clocks may differ."""
    assert found(PENDING, transfer(T.SUCCEEDED, ref="x", since=ago(10))) == "x"
    skewed = ago(30) - CLOCK_SKEW
    assert found(PENDING, transfer(T.SUCCEEDED, ref="x", since=skewed)) == "x"
    assert (
        found(PENDING, transfer(T.SUCCEEDED, ref="x", since=skewed - timedelta(seconds=1))) is None
    )


def test_a_running_record_of_the_same_file_is_joined() -> None:
    """Whoever asked for it: the source transfers one file once."""
    assert found(PENDING, transfer(T.ACTIVE, ref="x", since=ago(86_400))) == "x"


def test_each_file_finds_its_own() -> None:
    """Several files, several peers, one snapshot."""
    rows = [
        Row(id=1, transfer_ref="a"),
        Row(id=2, transfer_ref=None, remote_path="2"),
        Row(id=3, peer="bert", transfer_ref=None),
    ]
    seen = [transfer(T.ACTIVE, ref="a"), transfer(T.QUEUED, ref="b", path="2")]
    matches = correlate(rows, seen)
    assert [match.ref if match else None for match in matches.values()] == ["a", "b", None]
    assert correlate([], seen) == {}
    assert correlate([QUEUED], []) == {1: None}
