"""The background jobs as people see them."""

from __future__ import annotations

import pytest

from soulspot_arr import scheduler
from soulspot_arr.errors import NotFound
from soulspot_arr.jobs import NAMES, Jobs
from soulspot_arr.models import JobRun
from tests.soulspot_arr.workshop import Bench


def jobs_of(bench: Bench) -> Jobs:
    """The room over the rows of this bench."""
    return Jobs(bench.db, clock=bench.clock, wake=bench.wakes.append)


def test_names_are_those_of_the_scheduler() -> None:
    """Written twice, because who serves a page need not run any job."""
    assert tuple(job.name for job in scheduler.JOBS) == NAMES


def test_jobs_by_name(both: Bench) -> None:
    """Every job that has run, with how it ended."""
    with both.db.write() as session:
        session.add(
            JobRun(
                name="poll",
                runs=3,
                failures=2,
                last_started_at=both.clock(),
                last_error="Boom",
                last_milliseconds=12,
            )
        )
        session.add(JobRun(name="complete", runs=1))
    complete, poll = jobs_of(both).views()
    assert (complete.name, complete.runs, complete.last_error) == ("complete", 1, None)
    assert (poll.name, poll.last_started_at, poll.last_error) == ("poll", both.clock(), "Boom")
    assert (poll.failures, poll.last_milliseconds, complete.failures) == (2, 12, 0)


def test_a_run_is_asked_for(both: Bench) -> None:
    """Written down for whoever runs the jobs, and the heartbeat here looks at once."""
    view = jobs_of(both).ask("poll")
    assert (view.name, view.requested_at, view.last_started_at) == ("poll", both.clock(), None)
    assert both.wakes == ["heartbeat"]
    jobs_of(both).ask("poll")
    assert len(jobs_of(both).views()) == 1


def test_unknown_jobs_are_named(bench: Bench) -> None:
    """The answer says which there are, and nothing is written."""
    with pytest.raises(NotFound, match="There are: dispatch, poll"):
        jobs_of(bench).ask("pol")
    assert jobs_of(bench).views() == []
