"""The table of failures: what follows from each, as the issue and the contract ask for it."""

from __future__ import annotations

import pytest

from soulspot_arr.domain import BlockScope, FailureKind
from soulspot_arr.rules.failures import CONSEQUENCES, Then, consequence, days_of

F = FailureKind
AGAIN, OTHER, NEVER = Then.AGAIN, Then.OTHER, Then.NEVER


def test_every_kind_has_one_row() -> None:
    """A new kind must be decided about, not fall into a default."""
    assert set(CONSEQUENCES) == set(F)


@pytest.mark.parametrize(
    ("kind", "then", "counted", "wait"),
    [
        (F.SOURCE_UNAVAILABLE, AGAIN, False, 15),
        (F.SOURCE_THROTTLED, AGAIN, False, 5),
        (F.SOURCE_AUTH, AGAIN, False, 60),
        (F.DISK_FULL, AGAIN, False, 300),
        (F.PEER_OFFLINE, AGAIN, True, 0),
        (F.NETWORK, AGAIN, True, 0),
        (F.TIMEOUT, AGAIN, True, 0),
        (F.PEER_BUSY, AGAIN, True, 900),
        (F.STALLED, AGAIN, True, 30),
        (F.BROKEN, AGAIN, True, 0),
        (F.VANISHED, AGAIN, True, 0),
        (F.REJECTED, OTHER, True, 0),
        (F.SIZE_DIFFERS, OTHER, True, 0),
        (F.CANCELLED_AT_SOURCE, OTHER, True, 0),
        (F.PEER_EXHAUSTED, OTHER, True, 0),
        (F.TOO_OLD, OTHER, True, 0),
        (F.PASSED_ON, OTHER, True, 0),
        (F.BLOCKED, OTHER, True, 0),
        (F.FILE_NOT_FOUND, NEVER, True, 0),
        (F.USER_BLOCKED, NEVER, True, 0),
        (F.CORRUPT, NEVER, True, 0),
        (F.INVALID_FORMAT, NEVER, True, 0),
        (F.NOT_IMPORTABLE, NEVER, True, 0),
    ],
)
def test_where_the_file_is_asked_for_next(kind: F, then: Then, counted: bool, wait: float) -> None:
    """The same peer later, another one now, or never this peer again; ours is never counted."""
    row = CONSEQUENCES[kind]
    assert (row.then, row.counted, row.wait) == (then, counted, wait)


def test_who_is_blamed_and_what_is_kept_of_it() -> None:
    """Strikes for spoilt files and bans; nothing for what is ours, or may pass."""
    assert {kind for kind, row in CONSEQUENCES.items() if row.strike} == {
        F.CORRUPT,
        F.INVALID_FORMAT,
        F.USER_BLOCKED,
    }
    assert {kind: row.block for kind, row in CONSEQUENCES.items() if row.block} == {
        F.CORRUPT: BlockScope.FILE,
        F.INVALID_FORMAT: BlockScope.FILE,
        F.NOT_IMPORTABLE: BlockScope.FILE,
        F.FILE_NOT_FOUND: BlockScope.FILE,
        F.PEER_EXHAUSTED: BlockScope.PEER,
        F.USER_BLOCKED: BlockScope.PEER,
    }


def test_what_is_never_asked_for_again_is_on_the_blocklist() -> None:
    """Or the next grab would ask for it."""
    assert all(row.block for row in CONSEQUENCES.values() if row.then is NEVER)


@pytest.mark.parametrize(
    ("kind", "message", "days"),
    [
        (F.PEER_EXHAUSTED, "Too many files this week", 7),
        (F.PEER_EXHAUSTED, "Transfer rejected: Too many megabytes TODAY.", 1),
        (F.PEER_EXHAUSTED, "Too many failed transfers today", 1),
        (F.USER_BLOCKED, "Banned", 90),
        (F.FILE_NOT_FOUND, "File not shared today.", 90),
        (F.BROKEN, "today", None),
        (F.REJECTED, "", None),
    ],
)
def test_for_how_long(kind: F, message: str, days: float | None) -> None:
    """A peer that has enough of us for a day is asked again after it."""
    assert days_of(kind, message) == days


@pytest.mark.parametrize("kind", [None, "", "of another version"])
def test_an_unknown_kind_is_a_broken_transfer(kind: str | None) -> None:
    """Rows of an older or a newer version are read as well."""
    assert consequence(kind) is CONSEQUENCES[F.BROKEN]
