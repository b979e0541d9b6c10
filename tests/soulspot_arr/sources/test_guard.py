"""The guard around every call into a source."""

from __future__ import annotations

import logging

import pytest

from soulspot_arr.errors import (
    SourceAuth,
    SourceError,
    SourceOffline,
    SourceRefused,
    SourceUnavailable,
)
from soulspot_arr.rules.breaker import BreakerPolicy
from soulspot_arr.sources import Guard


class Told:
    """What the guard said about the source."""

    def __init__(self) -> None:
        self.changes: list[tuple[bool, str]] = []
        self.guard = Guard("slskd", lambda ok, detail: self.changes.append((ok, detail)))

    def call(self, error: Exception | None = None) -> None:
        """One guarded call that raises `error`."""
        with self.guard("poll"):
            if error is not None:
                raise error

    def lose(self) -> None:
        """One call that finds nobody."""
        with pytest.raises(SourceUnavailable):
            self.call(SourceUnavailable("gone", source="slskd"))


def test_a_source_that_works_is_not_news() -> None:
    """Nothing is told while all is well."""
    told = Told()
    before = told.guard.reachable
    for _ in range(3):
        told.call()
    assert (before, told.guard.reachable) == (None, True)
    assert told.changes == []


def test_an_outage_is_told_once_and_its_end_as_well() -> None:
    """Once per change, however many calls fail."""
    told = Told()
    for _ in range(2):
        told.lose()
    told.call()
    told.call()
    told.lose()
    assert told.changes == [(False, "gone"), (True, "poll"), (False, "gone")]
    assert told.guard.reachable is False


@pytest.mark.parametrize(
    "error",
    [
        SourceAuth("no", source="slskd"),
        SourceRefused("no", source="slskd", kind="rejected"),
        SourceOffline("not logged in", source="slskd"),
    ],
)
def test_an_answer_is_not_an_outage(error: SourceError) -> None:
    """A refusal comes from somebody who is there."""
    told = Told()
    with pytest.raises(type(error)):
        told.call(error)
    assert told.guard.reachable is True
    assert told.changes == []


def test_strays_become_source_errors(caplog: pytest.LogCaptureFixture) -> None:
    """A defect of a source is an outage with the original chained and logged."""
    told = Told()
    with caplog.at_level(logging.ERROR), pytest.raises(SourceUnavailable) as caught:
        told.call(KeyError("x"))
    assert isinstance(caught.value.__cause__, KeyError)
    assert caught.value.source == "slskd"
    assert len(caplog.records) == 1
    assert told.guard.reachable is False


def test_every_call_that_was_made_is_timed() -> None:
    """With what it was for, whether it succeeded or not; a refused one took no time of anybody."""
    took: list[tuple[str, bool]] = []
    told = Told()
    told.guard = Guard(
        "slskd",
        lambda ok, detail: None,
        policy=lambda: BreakerPolicy(failures=1),
        on_took=lambda action, seconds: took.append((action, seconds >= 0)),
    )
    told.call()
    for _ in range(3):
        told.lose()
    assert took == [("poll", True)] * 2
