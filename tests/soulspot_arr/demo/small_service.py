"""A very small service of our own kind: feed, NZB link, queue, history and events, over HTTP."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from tests.soulspot_arr.demo.newznab_shapes import CAPS, NZB, item, rss
from tests.soulspot_arr.demo.sabnzbd_shapes import history_slot, queue_slot
from tests.soulspot_arr.demo.scripted import Answer, Asked, Scripted, as_json, as_xml


@dataclass
class SmallService:
    """Answers Lidarr's requests from two lists a test fills by hand."""

    server: Scripted
    titles: list[str] = field(default_factory=list)
    queue: list[dict[str, object]] = field(default_factory=list)
    history: list[dict[str, object]] = field(default_factory=list)
    uploads: int = 0
    refuse_deletes: bool = False
    polls: int = 0
    on_poll: Callable[[int], None] = lambda _: None
    nzb_status: dict[str, int] = field(default_factory=dict)
    events: list[dict[str, object]] = field(default_factory=list)
    grabs: dict[str, dict[str, object]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.server.rules.insert(0, self._answer)

    def finish(self, nzo_id: str, **changes: object) -> None:
        """Move a job from the queue to the history."""
        (slot,) = [entry for entry in self.queue if entry["nzo_id"] == nzo_id]
        self.queue.remove(slot)
        self.history.append(history_slot(nzo_id=nzo_id, name=slot["filename"], **changes))

    def happen(self, kind: str, message: str) -> None:
        """Append an event."""
        self.events.append({"id": len(self.events) + 1, "kind": kind, "message": message})

    def _answer(self, asked: Asked) -> Answer | None:
        if asked.path == "/api/v1/events":
            after = int(asked.value("after") or 0)
            return as_json({"items": self.events[after:], "next": None})
        if asked.path.startswith("/api/v1/grabs/"):
            return as_json(self.grabs.get(asked.path.rpartition("/")[2], {}))
        if asked.path.startswith("/nzb/"):
            return Answer(NZB, self.nzb_status.get(asked.path.removeprefix("/nzb/"), 200))
        if asked.value("t") == "caps":
            return as_xml(CAPS)
        if asked.value("t") is not None:
            return as_xml(rss(*map(self._item, range(len(self.titles)))))
        return self._command(asked, asked.value("mode") or "")

    def _item(self, number: int) -> str:
        link = f"{self.server.url}/nzb/{number}"
        enclosure = f'<enclosure url="{link}" length="1000" type="application/x-nzb"/>'
        return item(self.titles[number], guid=str(number), enclosure=enclosure)

    def _command(self, asked: Asked, mode: str) -> Answer | None:
        if mode == "addfile":
            self.uploads += 1
            nzo_id = f"SABnzbd_nzo_{self.uploads}"
            name = asked.body.decode().split('filename="')[1].split(".nzb")[0]
            self.queue.append(queue_slot(nzo_id=nzo_id, filename=name))
            return as_json({"status": True, "nzo_ids": [nzo_id]})
        if asked.value("name") == "delete":
            if self.refuse_deletes:
                return Answer(b"")
            value = asked.value("value")
            self.queue = [slot for slot in self.queue if slot["nzo_id"] != value]
            self.history = [slot for slot in self.history if slot["nzo_id"] != value]
            return as_json({"status": True})
        if mode == "queue":
            self.polls += 1
            self.on_poll(self.polls)
            return as_json({"queue": {"paused": False, "slots": self.queue}})
        if mode == "history":
            return as_json({"history": {"slots": self.history}})
        return None
