"""Two workers and a web side on one PostgreSQL: one worker is killed, and nobody notices."""

from __future__ import annotations

import os
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest
from sqlalchemy import select, update

from soulspot_arr.db import Database
from soulspot_arr.lease import SCHEDULER
from soulspot_arr.models import Event, Lease
from soulspot_arr.simulator import SimOptions, Simulator
from tests.fakes.service_process import ServiceProcess
from tests.fakes.threads import until
from tests.story.handed import FILES, SECRET, asked, completed, hand_over
from tests.story.stage import SLSKD_KEY

pytestmark = pytest.mark.xdist_group("postgresql")

GRABS = 20
LEASE = 4.0  # seconds
SETTINGS = {
    "SOULSPOT_SECRET_KEY": SECRET,
    "SOULSPOT_JOBS_LEASE_TTL": str(LEASE),
    "SOULSPOT_QUEUE_CLAIM_TTL": "4",  # killed between the claim and the request
    "SOULSPOT_QUEUE_DISPATCH_DELAY": "0.2",
}


@dataclass(slots=True)
class Fleet:
    """What runs: the web side, two workers, and the slskd between them and the peers."""

    simulator: Simulator
    database: Database
    web: ServiceProcess
    workers: dict[str, ServiceProcess]  # by their process ids

    def leader(self) -> ServiceProcess | None:
        """The worker that holds the lease now."""
        with self.database.read() as session:
            holder = session.scalar(select(Lease.holder).where(Lease.name == SCHEDULER)) or "::"
        pid = holder.split(":")[1]
        return self.workers.get(pid)

    def events(self, kind: str) -> Counter[int | None]:
        """How often something happened to each grab."""
        with self.database.read() as session:
            return Counter(session.scalars(select(Event.grab_id).where(Event.kind == kind)))


@contextmanager
def fleet(root: Path, database: Database) -> Iterator[Fleet]:
    """Start everything; all of it is gone at the end."""
    url = database.url.render_as_string(hide_password=False)
    options = SimOptions(api_key=SLSKD_KEY, data_dir=root / "slskd", time_scale=4.0, world="empty")
    with ExitStack() as stack:
        simulator = stack.enter_context(Simulator(options))

        def start(command: str, name: str) -> ServiceProcess:
            process = ServiceProcess(
                root / name,
                slskd_url=simulator.url,
                slskd_key=SLSKD_KEY,
                settings=SETTINGS | {"SOULSPOT_DATABASE_URL": url},
                command=command,
            )
            return stack.enter_context(process)

        workers = {str(each.pid): each for each in (start("worker", "one"), start("worker", "two"))}
        yield Fleet(simulator, database, start("web", "web"), workers)


@pytest.mark.parametrize("elsewhere", [False, True], ids=["same-host", "another-host"])
def test_a_worker_is_killed_in_the_middle_of_twenty_grabs(
    tmp_path: Path, migrated_postgres_url: str, elsewhere: bool
) -> None:
    """The other takes over in time; every grab completes once and nothing is asked for twice."""
    database = Database(migrated_postgres_url)
    with fleet(tmp_path, database) as all_of_it:
        until(lambda: all_of_it.leader() is not None)
        for number in range(GRABS):
            hand_over(all_of_it.web, number, all_of_it.simulator)
        until(lambda: len(completed(all_of_it.web)) >= 4, 60)
        victim = all_of_it.leader()
        assert victim is not None
        victim.kill()
        killed = time.monotonic()
        assert len(completed(all_of_it.web)) < GRABS
        if elsewhere:  # nobody can see that a process of another machine is gone
            _move_away(database)
        until(lambda: all_of_it.leader() not in {None, victim}, 30)
        seconds = time.monotonic() - killed
        assert seconds < LEASE + 1, seconds
        until(lambda: len(completed(all_of_it.web)) == GRABS, 90)
        time.sleep(1)
        transfers = asked(all_of_it.simulator)
        done, failed = all_of_it.events("grab.completed"), all_of_it.events("grab.failed")
    database.close()
    assert len(set(all_names := [(peer, path) for peer, path, _ in transfers])) == GRABS * FILES
    assert len(all_names) == GRABS * FILES  # nothing was asked for twice
    assert all("Succeeded" in state for _, _, state in transfers)
    assert (len(done), set(done.values()), len(failed)) == (GRABS, {1}, 0)


def _move_away(database: Database) -> None:
    with database.write() as session:
        session.execute(update(Lease).values(holder=f"another-host:{os.getpid()}:0123abcd"))
