"""The real service as a process of its own, for stories and conformance over real HTTP.

It is forked from a process that has imported everything already, because the imports are most of
what a start costs. Starts from nothing are for `tests/soulspot_arr/test_serve.py` and the benchmarks.
"""

from __future__ import annotations

import multiprocessing
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Mapping
from multiprocessing.context import ForkServerProcess
from pathlib import Path
from types import TracebackType

import requests

API_KEY = "test-key-0123456789abcdef"
# Everything quick: a story must not wait for intervals made for weeks.
QUICK = {
    "SOULSPOT_JOBS_HEARTBEAT": "0.3",
    "SOULSPOT_JOBS_LEASE_TTL": "2",
    "SOULSPOT_JOBS_DISPATCH": "0.3",
    "SOULSPOT_JOBS_POLL": "0.3",
    "SOULSPOT_JOBS_POLL_QUEUED": "0.3",
    "SOULSPOT_JOBS_COMPLETE": "0.3",
    "SOULSPOT_QUEUE_DISPATCH_DELAY": "0",
    "SOULSPOT_JOBS_HEALTH": "1",
    "SOULSPOT_SEARCH_DRY_AFTER": "0.5",
    "SOULSPOT_SEARCH_BUDGET": "20",
    "SOULSPOT_RETRY_BACKOFF": "0.5,1,2",
    "SOULSPOT_CATALOGUE_MUSICBRAINZ": "false",  # a test asks nobody outside
    "SOULSPOT_AUTH_API_KEY": API_KEY,
}
_FORKS = multiprocessing.get_context("forkserver")
_FORKS.set_forkserver_preload(
    ["soulspot_arr.app", "soulspot_arr.cli", "soulspot_arr.scheduler", "waitress", __name__]
)


def _be_the_service(command: str, folder: Path, log: Path, environment: dict[str, str]) -> None:
    """What `python -m soulspot_arr COMMAND` does, in a process that has just been forked."""
    from soulspot_arr.cli import main

    with log.open("ab") as opened:
        for stream in (sys.stdout, sys.stderr):
            stream.flush()
            os.dup2(opened.fileno(), stream.fileno())
    os.environ.clear()
    os.environ.update(environment)
    os.chdir(folder)
    sys.exit(main([command]))


class _Forked:
    """As much of `subprocess.Popen` as is needed here, for a forked process."""

    def __init__(self, process: ForkServerProcess) -> None:
        process.start()
        assert process.pid is not None
        self._process = process
        self.pid: int = process.pid

    def poll(self) -> int | None:
        """The exit status; None while it runs."""
        return self._process.exitcode

    def wait(self, timeout: float) -> int:
        """The exit status; TimeoutError when it does not end within so many seconds."""
        self._process.join(timeout)
        status = self._process.exitcode
        if status is None:
            raise TimeoutError("the service does not end")
        return status


def free_port() -> int:
    """A port nobody listens on at the moment."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


class ServiceProcess:
    """`soulspot-arr serve` in a data directory; can be killed and started again."""

    def __init__(
        self,
        data_dir: Path,
        *,
        slskd_url: str = "",
        slskd_key: str = "",
        settings: Mapping[str, str] | None = None,
        command: str = "serve",
        url_base: str = "",
        from_nothing: bool = False,
    ) -> None:
        self.data_dir = data_dir
        self.api_key = API_KEY
        self.port = free_port()
        self.log = data_dir.parent / f"{data_dir.name}.log"
        self._command = command
        self._url_base = url_base
        self._from_nothing = from_nothing
        self._process: subprocess.Popen[bytes] | _Forked | None = None
        self._environment = {
            key: value for key, value in os.environ.items() if not key.startswith("SOULSPOT_")
        } | {
            **QUICK,
            "SOULSPOT_DATA_DIR": str(data_dir),
            "SOULSPOT_HOST": "127.0.0.1",
            "SOULSPOT_PORT": str(self.port),
            "SOULSPOT_URL_BASE": url_base,
            "SOULSPOT_SLSKD_URL": slskd_url,
            "SOULSPOT_SLSKD_API_KEY": slskd_key,
            **(settings or {}),
        }

    @property
    def url(self) -> str:
        """Base address, with the URL base."""
        return f"http://127.0.0.1:{self.port}{self._url_base}"

    @property
    def newznab(self) -> str:
        """What Lidarr's Newznab form takes as URL."""
        return f"{self.url}/newznab"

    @property
    def sabnzbd(self) -> str:
        """What Lidarr's SABnzbd form makes of host, port and URL base."""
        return f"{self.url}/sabnzbd"

    def start(self, *, seconds: float = 120.0) -> ServiceProcess:
        """Start and wait until it answers."""
        self._process = self._popen() if self._from_nothing else self._fork()
        until = time.monotonic() + seconds
        while time.monotonic() < until:
            if self._process.poll() is not None:
                raise RuntimeError(f"the service ended:\n{self.log.read_text()}")
            if self._is_up():
                return self
            time.sleep(0.02)
        raise TimeoutError(f"the service does not answer:\n{self.log.read_text()}")

    def _is_up(self) -> bool:
        if self._command == "worker":  # listens nowhere
            return self.log.exists() and "worker is running" in self.log.read_text()
        try:
            return requests.get(f"{self.url}/ping", timeout=2).status_code == 200
        except requests.ConnectionError:
            return False

    def _fork(self) -> _Forked:
        given = (self._command, self.data_dir.parent, self.log, self._environment)
        return _Forked(_FORKS.Process(target=_be_the_service, args=given, daemon=True))

    def _popen(self) -> subprocess.Popen[bytes]:
        with self.log.open("ab") as log:
            return subprocess.Popen(
                [sys.executable, "-m", "soulspot_arr", self._command],
                env=self._environment,
                stdout=log,
                stderr=subprocess.STDOUT,
                cwd=self.data_dir.parent,
            )

    @property
    def pid(self) -> int:
        """Of the running process."""
        assert self._process is not None
        return self._process.pid

    def kill(self) -> None:
        """kill -9: nothing is handed back, nothing is flushed."""
        self._end(signal.SIGKILL)

    def stop(self) -> int:
        """SIGTERM, as a container stop does; returns the exit status."""
        return self._end(signal.SIGTERM)

    def _end(self, number: signal.Signals) -> int:
        if self._process is None:
            return 0
        os.kill(self._process.pid, number)
        status = self._process.wait(timeout=60)
        self._process = None
        return status

    def sab(self, mode: str, **parameters: str) -> dict[str, object]:
        """One SABnzbd call with the key."""
        query = {"mode": mode, "output": "json", "apikey": self.api_key, **parameters}
        answer = requests.get(f"{self.sabnzbd}/api", params=query, timeout=20)
        assert answer.status_code == 200, answer.text
        body = answer.json()
        assert isinstance(body, dict)
        return body

    def rest(self, path: str) -> object:
        """One GET of the REST API."""
        headers = {"X-Api-Key": self.api_key}
        answer = requests.get(f"{self.url}/api/v1{path}", headers=headers, timeout=20)
        assert answer.status_code == 200, answer.text
        return answer.json()

    def __enter__(self) -> ServiceProcess:
        return self.start()

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self._process is not None:
            self.kill()
        if error is not None and self.log.exists():
            print(self.log.read_text()[-6000:])
