"""Lidarr's command queue: one row per command, equal ones only once, three threads.

Commands that need the disk never run side by side. Knows the rules of the queue; what a command
does is told by its caller (contract lidarr §4, §11.1).
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime

from soulspot_arr.demo.lidarr.disk import ProcessKilled
from soulspot_arr.demo.lidarr.records import now
from soulspot_arr.demo.lidarr.tables import Row, Store, Table

THREADS = 3
_PRIORITIES = {"high": 2, "normal": 1, "low": 0}
# The properties that make two commands of one name equal, in the order they are compared.
COMMANDS: Mapping[str, tuple[str, ...]] = {
    "RefreshMonitoredDownloads": (),
    "ProcessMonitoredDownloads": (),
    "DownloadedAlbumsScan": ("path", "downloadClientId", "importMode"),
    "ManualImport": ("files", "importMode", "replaceExistingFiles"),
    "AlbumSearch": ("albumIds",),
    "ArtistSearch": ("artistId",),
    "MissingAlbumSearch": ("artistId",),
    "CutoffUnmetAlbumSearch": ("artistId",),
    "RssSync": (),
    "RefreshArtist": ("artistId",),
    "RescanFolders": (),
    "CheckHealth": (),
}
_NEED_DISK = frozenset(
    {"ProcessMonitoredDownloads", "DownloadedAlbumsScan", "ManualImport", "RescanFolders"}
)


class Unsuccessful(Exception):
    """The command ended well and reached nothing: `result` is unsuccessful."""


class CommandFailed(Exception):
    """The command broke off with this message."""


@dataclass(slots=True)
class Command:
    """One command of the queue."""

    name: str
    body: Row
    id: int = 0
    priority: str = "normal"
    trigger: str = "manual"
    status: str = "queued"
    result: str = "unknown"
    queued: str = ""
    started: str = ""
    ended: str = ""
    message: str = ""
    exception: str = ""

    def as_json(self) -> Row:
        """The command as the API shows it."""
        row: Row = {
            "name": self.name,
            "commandName": "".join(
                f" {char}" if char.isupper() and at else char for at, char in enumerate(self.name)
            ),
            "body": {**self.body, "name": self.name, "trigger": self.trigger},
            "priority": self.priority,
            "status": self.status,
            "result": self.result,
            "queued": self.queued,
            "started": self.started or None,
            "ended": self.ended or None,
            "duration": _span(self.started, self.ended),
            "message": self.message or None,
            "exception": self.exception or None,
            "trigger": self.trigger,
            "stateChangeTime": self.started or self.ended or None,
            "sendUpdatesToClient": True,
            "updateScheduledTask": True,
            "id": self.id,
        }
        return {key: value for key, value in row.items() if value is not None}


Execute = Callable[[Command], None]


class CommandQueue:
    """Queued, running and past commands of one life."""

    def __init__(
        self, store: Store, execute: Execute, killed: Callable[[], None] = lambda: None
    ) -> None:
        """`killed` is told when a command took the whole process with it."""
        self._commands = Table(store, "command", Command)
        self._execute = execute
        self._killed = killed
        self._ready = threading.Condition()
        self._threads: list[threading.Thread] = []
        self._stopped = False
        for command in self._commands:
            if command.status == "started":
                command.status = "orphaned"
                self._commands.save(command)

    def push(
        self,
        name: str,
        body: Row | None = None,
        *,
        priority: str = "normal",
        trigger: str = "manual",
    ) -> Command:
        """Queue a command, or give back the equal one that waits or runs."""
        body = body or {}
        with self._ready:
            for known in self._commands:
                if known.status in ("queued", "started") and _equal(known, name, body):
                    return known
            command = self._commands.add(
                Command(name, body, priority=priority, trigger=trigger, queued=now())
            )
            self._ready.notify_all()
            return command

    def get(self, number: int) -> Command | None:
        """A command by its number."""
        return self._commands.get(number)

    def all(self) -> list[Command]:
        """Every command, the running ones first, then those waiting."""
        order = ("started", "queued")
        return sorted(
            self._commands, key=lambda one: order.index(one.status) if one.status in order else 2
        )

    def cancel(self, number: int) -> bool:
        """Take a waiting command out."""
        with self._ready:
            command = self._commands.get(number)
            if command is None or command.status != "queued":
                return False
            command.status = "cancelled"
            self._commands.save(command)
            return True

    def start(self) -> None:
        """Begin to work in threads."""
        for number in range(THREADS):
            thread = threading.Thread(target=self._work, name=f"lidarr-{number}", daemon=True)
            self._threads.append(thread)
            thread.start()

    def stop(self, seconds: float = 10.0) -> None:
        """Take nothing more; waits for what is running."""
        with self._ready:
            self._stopped = True
            self._ready.notify_all()
        until = time.monotonic() + seconds
        for thread in self._threads:
            if thread is not threading.current_thread():
                thread.join(max(until - time.monotonic(), 0.0))

    def run_waiting(self) -> None:
        """Work off what is queued in this thread, commands that come up meanwhile included."""
        while not self._stopped and (command := self._take()) is not None:
            self._run(command)

    def _work(self) -> None:
        while True:
            with self._ready:
                command = None
                while not self._stopped and (command := self._take()) is None:
                    self._ready.wait(1.0)
            if command is None or self._stopped:
                return
            self._run(command)
            with self._ready:
                self._ready.notify_all()

    def _take(self) -> Command | None:
        with self._ready:
            running = [one for one in self._commands if one.status == "started"]
            busy = any(one.name in _NEED_DISK for one in running)
            waiting = [
                one
                for one in self._commands
                if one.status == "queued" and not (busy and one.name in _NEED_DISK)
            ]
            if not waiting:
                return None
            command = min(waiting, key=lambda one: (-_PRIORITIES[one.priority], one.queued, one.id))
            command.status, command.started = "started", now()
            self._commands.save(command)
            return command

    def _run(self, command: Command) -> None:
        command.result = "successful"
        status = "completed"
        try:
            self._execute(command)
            command.message = "Completed"
        except Unsuccessful:
            command.result = "unsuccessful"
        except ProcessKilled:
            # Its row stays "started", which makes an orphan of it in the next life.
            self._stopped = True
            self._killed()
            return
        except (CommandFailed, OSError, LookupError, TypeError, ValueError) as error:
            # Whatever is wrong with an order, Lidarr says so and goes on.
            status, command.result = "failed", "unsuccessful"
            command.message, command.exception = "Failed", str(error)
        command.ended = now()
        command.status = status
        self._commands.save(command)


def _equal(known: Command, name: str, body: Row) -> bool:
    """Property by property; two missing values end the comparison as equal, as Lidarr's does."""
    if known.name != name:
        return False
    for part in COMMANDS[name]:
        ours, theirs = known.body.get(part), body.get(part)
        if ours is None and theirs is None:
            return True
        if ours is None or theirs is None:
            return False
        if _comparable(ours) != _comparable(theirs):
            return False
    return True


def _comparable(value: object) -> object:
    """Lists count as sets; a file of a manual import is known by its path alone."""
    if not isinstance(value, list):
        return value
    return frozenset(str(one["path"]) if isinstance(one, dict) else str(one) for one in value)


def _span(started: str, ended: str) -> str | None:
    if not started or not ended:
        return None
    form = "%Y-%m-%dT%H:%M:%S.%fZ"
    first, last = (datetime.strptime(one, form).replace(tzinfo=UTC) for one in (started, ended))
    seconds = (last - first).total_seconds()
    hours, rest = divmod(int(seconds), 3600)
    minutes, whole = divmod(rest, 60)
    return f"{hours:02d}:{minutes:02d}:{whole:02d}.{int(seconds % 1 * 10_000_000):07d}"
