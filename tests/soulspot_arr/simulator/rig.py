"""A simulator with a client beside it, and short ways to say what tests say often."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from typing import Any

import requests

from soulspot_arr.simulator import Simulator
from soulspot_arr.simulator.application import Application
from soulspot_arr.simulator.network import Peer

KEY = "a-key-of-decent-length"
Body = dict[str, Any]


class Pending:
    """A request under way in a thread of its own."""

    def __init__(self, work: Callable[[], requests.Response]) -> None:
        self._result: requests.Response | None = None
        self._error: requests.RequestException | None = None
        self._thread = threading.Thread(target=self._run, args=(work,), daemon=True)
        self._thread.start()

    def _run(self, work: Callable[[], requests.Response]) -> None:
        try:
            self._result = work()
        except requests.RequestException as error:
            self._error = error

    @property
    def done(self) -> bool:
        return not self._thread.is_alive()

    def result(self) -> requests.Response:
        self._thread.join(timeout=10)
        if self._error is not None:
            raise self._error
        assert self._result is not None, "the request never ended"
        return self._result


class Rig:
    """`sim` plus HTTP below /api/v0 with the right key."""

    def __init__(self, sim: Simulator) -> None:
        self.sim = sim
        self.world = sim.world
        self.api = f"{sim.url}/api/v0"
        self.session = requests.Session()
        self.session.trust_env = False
        self.session.headers["X-API-Key"] = KEY

    def call(self, method: str, path: str, json: object = None, **more: Any) -> requests.Response:
        """One request; `path` is below /api/v0 unless it starts with a slash."""
        url = self.sim.url + path if path.startswith("/") else f"{self.api}/{path}"
        if json is not None:
            more["json"] = json
        return self.session.request(method, url, timeout=20, **more)

    def get(self, path: str, **more: Any) -> requests.Response:
        return self.call("GET", path, **more)

    def post(self, path: str, json: object, **more: Any) -> requests.Response:
        return self.call("POST", path, json, **more)

    def put(self, path: str, **more: Any) -> requests.Response:
        return self.call("PUT", path, **more)

    def delete(self, path: str, **more: Any) -> requests.Response:
        return self.call("DELETE", path, **more)

    def is_another(self, before: Application) -> bool:
        """Whether another process runs by now."""
        try:
            return self.sim.app is not before
        except RuntimeError:  # none runs at the moment
            return False

    def begin(self, method: str, path: str, json: object = None) -> Pending:
        """Start a request and return once the simulator is busy with it (or done)."""
        before = self.sim.waiting
        headers = {"X-API-Key": KEY}

        def work() -> requests.Response:
            with requests.Session() as session:
                session.trust_env = False
                return session.request(
                    method, f"{self.api}/{path}", json=json, headers=headers, timeout=20
                )

        pending = Pending(work)
        eventually(lambda: pending.done or self.sim.waiting > before)
        return pending

    def advance(self, seconds: float) -> None:
        self.sim.advance(seconds)

    # -- the world -------------------------------------------------------------------------------

    def peer(self, name: str, *paths: str, size: int = 10_000, **values: Any) -> Peer:
        """A peer with 1000 bytes/s and files of `size` bytes, so that a file takes ten seconds."""
        values.setdefault("speed", 1000.0)
        values.setdefault("response_delay", 1.0)
        peer = self.world.add_peer(name, **values)
        for path in paths:
            self.world.share(name, path, size)
        return peer

    # -- searches --------------------------------------------------------------------------------

    def search(self, text: str, **body: object) -> Body:
        """Start a search that must be accepted."""
        reply = self.post("searches", {"searchText": text, **body})
        assert reply.status_code == 200, reply.text
        return dict(reply.json())

    def found(self, text: str, **body: object) -> list[Body]:
        """The responses of a whole search."""
        id_ = self.search(text, **body)["id"]
        self.advance(60)
        return list(self.get(f"searches/{id_}/responses").json())

    def state(self, id_: str) -> Body:
        """A search record."""
        return dict(self.get(f"searches/{id_}").json())

    # -- downloads -------------------------------------------------------------------------------

    def batch(
        self, username: str, *paths: str, size: int = 10_000, **body: Any
    ) -> requests.Response:
        """Post a batch of files that all have the same size."""
        files = [{"filename": path, "size": size} for path in paths]
        return self.post(
            "transfers/downloads/batches", {"username": username, "files": files, **body}
        )

    def grab(self, username: str, path: str, size: int = 10_000, **body: Any) -> str:
        """Enqueue one file by batch; its transfer id."""
        reply = self.batch(username, path, size=size, **body)
        assert reply.status_code == 201, reply.text
        return str(reply.json()["batch"]["transfers"][0]["id"])

    def transfer(self, id_: str) -> Body:
        """A transfer record by id."""
        return dict(self.get(f"transfers/downloads/any/{id_}").json())

    def history(self, id_: str, seconds: float, step: float = 0.05) -> list[Body]:
        """What a poller sees: one snapshot per `step`, repeated states left out."""
        seen: list[Body] = [self.transfer(id_)]
        record = self.sim.app.downloads.records.get(id_)
        assert record is not None
        for _ in range(round(seconds / step)):
            self.advance(step)
            if record.state != seen[-1]["state"]:
                seen.append(self.transfer(id_))
        return seen

    def events(self, kind: str) -> list[Body]:
        """Rows of one type, oldest first."""
        rows = self.get("events", params={"limit": 1000}).json()
        return [row for row in reversed(rows) if row["type"] == kind]


def states(history: list[Body]) -> list[str]:
    """Only the states of a history."""
    return [str(item["state"]) for item in history]


def eventually(condition: Callable[[], object], seconds: float = 60.0) -> None:
    """Wait in real time for something that other threads bring about."""
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "it never happened"
        time.sleep(0.002)
