"""The programs of the demo, as separate processes: simulated slskd and Lidarr, and the real service.

It starts them on free loopback ports, waits until they answer, keeps their logs, and ends them
whatever happens to the demo itself. It imports none of them.
"""

from __future__ import annotations

import contextlib
import json
import os
import secrets
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import Self

import requests

from soulspot_arr.demo.library import Album
from soulspot_arr.demo.lidarr.seeding import artists_of
from soulspot_arr.demo.rest_client import RestClient

START_SECONDS = 60.0
STOP_SECONDS = 8.0
COMMAND_SECONDS = 120.0
LOG_TAIL = 25
_PACKAGE_ROOT = Path(__file__).resolve().parents[2]
_GUARD = Path(__file__).with_name("guard.py")
# Nobody sits through minutes of back-off: the demo looks more often and tries again sooner.
_SHORT_INTERVALS = {
    "SOULSPOT_JOBS_HEARTBEAT": "1",
    "SOULSPOT_JOBS_DISPATCH": "0.5",
    "SOULSPOT_JOBS_POLL": "0.5",
    "SOULSPOT_JOBS_POLL_QUEUED": "1",
    "SOULSPOT_JOBS_COMPLETE": "0.5",
    "SOULSPOT_QUEUE_DISPATCH_DELAY": "0",
    "SOULSPOT_RETRY_BACKOFF": "1,3,9",
    "SOULSPOT_CATALOGUE_MUSICBRAINZ": "false",  # its albums exist nowhere else
}


class StageFailure(Exception):
    """The demo cannot go on; the text says why, `log` names whose log to show."""

    def __init__(self, reason: str, log: Path | None = None) -> None:
        super().__init__(reason)
        self.log = log


@dataclass(frozen=True, slots=True)
class Recipe:
    """What is to be started, and where its data goes."""

    root: Path
    profile: str = "0.26"
    time_scale: float = 1.0
    lidarr_scale: float = 60.0
    wanted: Sequence[Album] = ()
    environ: Mapping[str, str] = field(default_factory=dict)


class Stage:
    """All programs, running for the length of a `with` block."""

    def __init__(self, recipe: Recipe) -> None:
        self.root = recipe.root
        self.library_root = recipe.root / "library"
        self.downloads = recipe.root / "slskd" / "downloads"
        self.api_key = secrets.token_hex(16)
        self.slskd_key = secrets.token_hex(16)
        self.lidarr_key = secrets.token_hex(16)
        self.lidarr_url = f"http://127.0.0.1:{free_port()}"
        self.slskd_url = f"http://127.0.0.1:{free_port()}"
        self.service_url = f"http://127.0.0.1:{free_port()}"
        self._rest = RestClient(self.service_url, self.api_key)
        self._recipe = recipe
        self._children: list[tuple[str, subprocess.Popen[bytes], Path]] = []

    def __enter__(self) -> Self:
        with contextlib.ExitStack() as undo:
            undo.callback(self.close)
            self.library_root.mkdir(parents=True, exist_ok=True)
            self.downloads.mkdir(parents=True, exist_ok=True)
            self._start_simulator()
            self._start_lidarr()
            self._start_service()
            undo.pop_all()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    @property
    def service_log(self) -> Path:
        """Everything the service printed."""
        return self.root / "service.log"

    @property
    def simulator_log(self) -> Path:
        """Everything the simulated slskd printed."""
        return self.root / "slskd.log"

    @property
    def lidarr_log(self) -> Path:
        """Everything the simulated Lidarr printed."""
        return self.root / "lidarr.log"

    def soulspot(self, *arguments: str) -> str:
        """Run a command of ours beside the service; what it printed, StageFailure if it failed."""
        try:
            done = subprocess.run(  # noqa: S603 - our own command line
                [sys.executable, "-m", "soulspot_arr", *arguments],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                env=self._environment(self._service_variables()),
                timeout=COMMAND_SECONDS,
                check=False,
            )
        except subprocess.TimeoutExpired:
            reason = f"{arguments[0]} did not end within {COMMAND_SECONDS:.0f} s"
            raise StageFailure(reason) from None
        told = done.stdout.decode(errors="replace").strip()
        if done.returncode:
            status = done.returncode
            raise StageFailure(f"{arguments[0]} ended with exit status {status}: {told}")
        return told

    def check(self) -> None:
        """StageFailure when one of the programs has ended on its own."""
        for name, process, log in self._children:
            if process.poll() is not None:
                raise StageFailure(f"{name} ended with exit status {process.returncode}", log)

    def close(self) -> None:
        """End all programs: politely first, then for good."""
        children, self._children = self._children, []
        for _, process, _ in reversed(children):
            with contextlib.suppress(OSError):
                process.terminate()
        deadline = time.monotonic() + STOP_SECONDS
        for _, process, _ in children:
            try:
                process.wait(max(0.1, deadline - time.monotonic()))
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()

    def _start_simulator(self) -> None:
        arguments = [
            "simulate-slskd",
            *("--port", self.slskd_url.rpartition(":")[2]),
            *("--api-key", self.slskd_key),
            *("--data-dir", str(self.downloads.parent)),
            *("--profile", self._recipe.profile),
            *("--time-scale", f"{self._recipe.time_scale:g}"),
        ]
        self._spawn("the simulated slskd", arguments, self.simulator_log, {})
        self._wait("the simulated slskd", self.simulator_log, self._simulator_is_up)

    def _start_lidarr(self) -> None:
        library = self.root / "wanted.json"
        library.write_text(json.dumps(artists_of(self._recipe.wanted)), encoding="utf-8")
        arguments = [
            "simulate-lidarr",
            *("--port", self.lidarr_url.rpartition(":")[2]),
            *("--api-key", self.lidarr_key),
            *("--data-dir", str(self.root / "lidarr")),
            *("--root-folder", str(self.library_root)),
            *("--library", str(library)),
            *("--time-scale", f"{self._recipe.lidarr_scale:g}"),
            "--rename",
        ]
        self._spawn("the simulated Lidarr", arguments, self.lidarr_log, {})
        self._wait("the simulated Lidarr", self.lidarr_log, self._lidarr_is_up)

    def _start_service(self) -> None:
        self._spawn("the service", ["serve"], self.service_log, self._service_variables())
        self._wait("the service", self.service_log, self._service_is_up)

    def _service_variables(self) -> dict[str, str]:
        return {
            "SOULSPOT_DATA_DIR": str(self.root / "soulspot"),
            "SOULSPOT_HOST": "127.0.0.1",
            "SOULSPOT_PORT": self.service_url.rpartition(":")[2],
            "SOULSPOT_SLSKD_URL": self.slskd_url,
            "SOULSPOT_SLSKD_API_KEY": self.slskd_key,
            "SOULSPOT_AUTH_API_KEY": self.api_key,
            "SOULSPOT_PATHS_LOCAL_ROOT": str(self.downloads),
            **_SHORT_INTERVALS,
        }

    def _spawn(
        self, name: str, arguments: Sequence[str], log: Path, variables: Mapping[str, str]
    ) -> None:
        command = [sys.executable, "-m", "soulspot_arr", *arguments]
        if sys.platform == "linux":
            command = [sys.executable, str(_GUARD), str(os.getpid()), *command]
        with log.open("wb") as output:
            process = subprocess.Popen(  # noqa: S603 - our own command line
                command,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                env=self._environment(variables),
                # Ctrl-C is for the demo; it ends the programs in its own order.
                start_new_session=True,
            )
        self._children.append((name, process, log))

    def _environment(self, variables: Mapping[str, str]) -> dict[str, str]:
        # Settings of an installation on this machine must not reach the demo.
        inherited = {
            key: value
            for key, value in self._recipe.environ.items()
            if not key.startswith("SOULSPOT_")
        }
        paths = [str(_PACKAGE_ROOT), *filter(None, [inherited.get("PYTHONPATH")])]
        return {
            **inherited,
            "PYTHONPATH": os.pathsep.join(paths),
            "PYTHONUNBUFFERED": "1",
            **variables,
        }

    def _wait(self, name: str, log: Path, is_up: Callable[[], bool]) -> None:
        deadline = time.monotonic() + START_SECONDS
        while not is_up():
            self.check()
            if time.monotonic() > deadline:
                raise StageFailure(f"{name} did not answer within {START_SECONDS:.0f} s", log)
            time.sleep(0.1)

    def _simulator_is_up(self) -> bool:
        return b"listening on" in self.simulator_log.read_bytes()

    def _lidarr_is_up(self) -> bool:
        return b"listening on" in self.lidarr_log.read_bytes()

    def _service_is_up(self) -> bool:
        # Before its first health check it answers, but Lidarr would miss the categories' folders.
        try:
            return self._rest.is_ready()
        except requests.RequestException:
            return False


def free_port() -> int:
    """A loopback port that is free at this moment."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
    return port


def tail(log: Path, lines: int = LOG_TAIL) -> list[str]:
    """The last lines of a log; empty when there is none."""
    try:
        return log.read_text(encoding="utf-8", errors="replace").splitlines()[-lines:]
    except OSError:
        return []
