"""The running service as a process: start, first words, stop, and starting again."""

from __future__ import annotations

import os
import re
import signal
import socket
import sqlite3
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import requests

from tests.fakes.service_process import free_port
from tests.fakes.threads import until


class Program:
    """`soulspot-arr COMMAND` in a data directory, with what it wrote."""

    def __init__(self, folder: Path, command: str, **variables: str) -> None:
        self.port = free_port()
        self.out = folder / f"out-{self.port}"
        self.err = folder / f"err-{self.port}"
        clean = {key: value for key, value in os.environ.items() if "SOULSPOT" not in key}
        given = {
            "DATA_DIR": str(folder / "data"),
            "HOST": "127.0.0.1",
            "PORT": str(self.port),
            **variables,
        }
        with self.out.open("w") as out, self.err.open("w") as err:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "soulspot_arr", command],
                env={**clean, **{f"SOULSPOT_{key}": value for key, value in given.items()}},
                stdout=out,
                stderr=err,
            )

    def running(self, words: str = "is running") -> Program:
        """Wait until it says so."""

        def said() -> bool:
            assert self.process.poll() is None, self.err.read_text()
            return words in self.out.read_text()

        until(said, 60)
        return self

    def end(self, number: int = signal.SIGTERM, *, seconds: float = 60) -> int:
        """Send a signal and wait; the exit status."""
        self.process.send_signal(number)
        return self.process.wait(seconds)


Start = Callable[..., Program]


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Start]:
    """Start programs over one data directory; all are gone at the end."""
    started: list[Program] = []

    def begin(command: str = "serve", **variables: str) -> Program:
        started.append(Program(tmp_path, command, **variables))
        return started[-1]

    yield begin
    for program in started:
        if program.process.poll() is None:
            program.process.kill()
            program.process.wait(15)


def rows(tmp_path: Path, statement: str) -> list[tuple[object, ...]]:
    """What is in the database."""
    connection = sqlite3.connect(tmp_path / "data" / "soulspot.db")
    found = connection.execute(statement).fetchall()
    connection.close()
    return found


def test_the_first_start_says_what_to_type_and_the_second_keeps_the_keys(
    start: Start, tmp_path: Path
) -> None:
    """From an empty folder to a service that answers; SIGTERM ends it with status 0."""
    first = start().running()
    words = first.out.read_text()
    assert f"is running on port {first.port}." in words
    assert "In Lidarr, Settings > Download Clients" in words
    assert "In Lidarr, Settings > Indexers" in words
    assert "slskd is not set up yet" in words
    [key] = set(re.findall(r"API Key +(\w+)", words))
    address = f"http://127.0.0.1:{first.port}"
    assert requests.get(f"{address}/ping", timeout=10).json()["status"] == "ok"
    query = {"mode": "queue", "output": "json", "apikey": key}
    assert "queue" in requests.get(f"{address}/sabnzbd/api", params=query, timeout=10).json()
    secret = (tmp_path / "data" / "secret.key").read_text()
    assert first.end() == 0
    assert "Traceback" not in first.err.read_text()
    assert rows(tmp_path, "SELECT * FROM leases") == []

    second = start().running()
    assert (tmp_path / "data" / "secret.key").read_text() == secret
    query = {"mode": "queue", "output": "json", "apikey": key}
    address = f"http://127.0.0.1:{second.port}"
    assert "queue" in requests.get(f"{address}/sabnzbd/api", params=query, timeout=10).json()
    assert second.end(signal.SIGINT) == 0


def test_a_service_that_was_killed_starts_again_and_leads_at_once(
    start: Start, tmp_path: Path
) -> None:
    """The lease that `kill -9` left behind is not waited for."""
    first = start(JOBS_LEASE_TTL="28").running()
    until(lambda: rows(tmp_path, "SELECT * FROM leases"))
    before = rows(tmp_path, "SELECT holder FROM leases")
    first.end(signal.SIGKILL)
    second = start(JOBS_LEASE_TTL="28").running()
    until(lambda: rows(tmp_path, "SELECT holder FROM leases") != before)
    assert second.end() == 0


@pytest.fixture
def silent_server() -> Iterator[tuple[str, threading.Event]]:
    """Accepts connections and never says a word; the event says that somebody has called."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen(50)
        held: list[socket.socket] = []
        closing, called = threading.Event(), threading.Event()

        def accept() -> None:
            listener.settimeout(0.2)
            while not closing.is_set():
                try:
                    held.append(listener.accept()[0])
                    called.set()
                except TimeoutError:
                    continue

        thread = threading.Thread(target=accept)
        thread.start()
        yield f"http://127.0.0.1:{listener.getsockname()[1]}", called
        closing.set()
        thread.join()
        for connection in held:
            connection.close()


@pytest.mark.parametrize("command", ["serve", "worker"])
def test_a_slskd_that_hangs_does_not_hold_up_the_end(
    start: Start, silent_server: tuple[str, threading.Event], tmp_path: Path, command: str
) -> None:
    """slskd would be waited for for five minutes; a container is killed after ten seconds."""
    url, called = silent_server
    slskd = {"SLSKD_URL": url, "SLSKD_API_KEY": "0123456789abcdef"}
    program = start(command, **slskd, SLSKD_READ_TIMEOUT="300")
    program.running()
    until(lambda: rows(tmp_path, "SELECT * FROM leases"))
    assert called.wait(60)
    assert program.end(seconds=60) == 0
    assert rows(tmp_path, "SELECT * FROM leases") == []
    assert "Traceback" not in program.err.read_text()


def test_web_serves_and_leaves_the_jobs_to_a_worker(start: Start, tmp_path: Path) -> None:
    """Two processes on one database: one answers, the other leads."""
    web = start("web").running()
    assert rows(tmp_path, "SELECT * FROM leases") == []
    worker = start("worker").running()
    until(lambda: rows(tmp_path, "SELECT * FROM leases"))
    [(holder,)] = rows(tmp_path, "SELECT holder FROM leases")
    assert str(holder).split(":")[1] == str(worker.process.pid)
    assert requests.get(f"http://127.0.0.1:{web.port}/ping", timeout=10).status_code == 200
    assert worker.end() == 0
    assert rows(tmp_path, "SELECT * FROM leases") == []
    assert web.end() == 0


def test_it_runs_on_postgresql(start: Start, postgres_url: str) -> None:
    """From an empty database to a service that leads, and back."""
    program = start(DATABASE_URL=postgres_url).running()
    address = f"http://127.0.0.1:{program.port}/ping"
    assert requests.get(address, timeout=10).status_code == 200
    until(lambda: "this process runs the jobs" in program.err.read_text())
    assert program.end() == 0
    assert "Traceback" not in program.err.read_text()


def test_a_port_that_is_taken_is_one_line_and_status_78(start: Start) -> None:
    """And no job has been started for it."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        program = start(PORT=str(port), LOG_LEVEL="ERROR")
        assert program.process.wait(60) == 78
    assert program.err.read_text() == (
        f"soulspot-arr: Cannot listen on 127.0.0.1:{port}: Address already in use. Choose another "
        "port with --port or SOULSPOT_PORT, another address with --host or SOULSPOT_HOST.\n"
    )
    assert program.out.read_text() == ""


@pytest.mark.parametrize("host", ["192.0.2.1", "not a host"])
def test_an_address_that_is_not_ours_is_one_line_and_status_78(start: Start, host: str) -> None:
    """A typing mistake in the host must not end in a traceback."""
    program = start(HOST=host, LOG_LEVEL="ERROR")
    assert program.process.wait(60) == 78
    assert program.err.read_text().startswith(f"soulspot-arr: Cannot listen on {host}:")
    assert program.err.read_text().count("\n") == 1
