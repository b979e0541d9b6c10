"""The Soulseek network outside slskd: the server's mood, peers, shares and scripted behaviour.

Survives a restart of the simulated slskd, because it is other people's computers. Knows nothing
about HTTP or slskd's records.
"""

from __future__ import annotations

import random
import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, fields

from soulspot_arr.errors import ConfigError
from soulspot_arr.simulator.audio import AudioSpec, Payload, payload_for
from soulspot_arr.simulator.matching import FILES_PER_REPLY, TEMPERAMENTS, Query
from soulspot_arr.simulator.wire import Json

OUTCOMES = frozenset(
    [
        "normal",
        "instant",
        "slow",
        "never",
        "offline_mid",
        "drop_mid",
        "stall",
        "reject_at_request",
        "deny_queued",
        "report_failed",
        "size_changed",
        "no_answer",
        "move_fails",
        "slow_move",
        "corrupt",
        "disk_full",
        "overrun",
        "jitter",
    ]
)


@dataclass(frozen=True, slots=True)
class SharedFile:
    """One file of a peer; `shown` are the attributes announced in searches."""

    path: str
    payload: Payload
    locked: bool = False
    shown: dict[str, Json] = field(default_factory=dict)
    extension: str = ""

    @property
    def size(self) -> int:
        return self.payload.size


@dataclass(slots=True)
class Plan:
    """What happens to a transfer. `times`: attempts it applies to (None: every one).

    `at` is the fraction of the file where it strikes, `after` seconds of waiting, `speed` bytes/s,
    `text` the peer's words, `size` what the peer claims, `seconds` how long a move takes.
    """

    outcome: str = "normal"
    times: int | None = None
    at: float = 0.5
    after: float = 1.0
    speed: float | None = None
    text: str | None = None
    size: int | None = None
    seconds: float = 5.0

    def __post_init__(self) -> None:
        if self.outcome not in OUTCOMES:
            raise ConfigError(f"unknown outcome '{self.outcome}'")


class Peer:
    """Somebody who shares. Plain attributes; changing one wakes whoever waits for this peer."""

    def __init__(self, name: str, changed: Callable[[], None] | None = None) -> None:
        self._changed: Callable[[], None] | None = None
        self.name = name
        self.online = True
        self.away = False
        self.reachable = True
        self.silent = False
        self.client = "slskd"
        self.free_slots = 1
        self.queue_length = 0
        self.queue_pace = 30.0
        self.queue_limit: int | None = None  # of our files; further ones are "Too many files"
        self.parallel = 1
        self.speed = 1_500_000.0
        self.advertised_speed: int | None = None
        self.response_delay = 0.3 + random.Random(zlib.crc32(name.encode())).random() * 1.5
        self.response_parts = 1
        self.leaves_after: float | None = None
        self.answers_searches = True
        self.description = ""
        self.address = _address(name)
        self.files: dict[str, SharedFile] = {}
        self._changed = changed

    def __setattr__(self, name: str, value: object) -> None:
        object.__setattr__(self, name, value)
        hook: Callable[[], None] | None = self.__dict__.get("_changed")
        if hook is not None and name != "_changed":
            hook()

    def change(self, values: dict[str, Json]) -> None:
        """Set attributes by name; raises ConfigError for one that does not exist."""
        for name, value in values.items():
            if name.startswith("_") or name not in self.__dict__ or name in {"name", "files"}:
                raise ConfigError(f"peers have no '{name}'")
            setattr(self, name, value)

    @property
    def shown_speed(self) -> int:
        """bytes/s as the server knows it."""
        return int(self.speed) if self.advertised_speed is None else self.advertised_speed

    @property
    def endpoint(self) -> str:
        return f"{self.address[0]}:{self.address[1]}"

    def folder(self, name: str) -> list[SharedFile]:
        """Files directly inside a remote directory, whatever its separators."""
        return [f for f in self.files.values() if split_remote(f.path)[0] == name]


def _address(name: str) -> tuple[str, int]:
    # 198.18.0.0/15 is reserved for benchmarks: never anybody's real address.
    spread = zlib.crc32(name.encode())
    return f"198.18.{spread >> 8 & 255}.{spread & 255}", 2234 + spread % 1000


def split_remote(path: str) -> tuple[str, str]:
    """Directory and bare name, split at the last slash of either kind."""
    at = max(path.rfind("\\"), path.rfind("/"))
    return (path[:at], path[at + 1 :]) if at >= 0 else ("", path)


@dataclass(slots=True)
class Trickle:
    """Scripted synthetic repliers: `count` of them, one each `interval` seconds."""

    count: int
    interval: float
    files: int = 1
    match: str = ""


class Network:
    """Everything beyond our own slskd."""

    def __init__(self, seed: int = 0) -> None:
        self.peers: dict[str, Peer] = {}
        self.blocked_phrases: list[str] = []
        self.excluded_phrases: list[str] = []
        self.trickles: list[Trickle] = []
        self.server_up = True
        self.login_accepted = True
        self.banned_until: float = 0.0
        self.lookups_answered = True
        # (searches, seconds): more than that in the window get nothing, then a ban follows.
        self.search_budget: tuple[int, float] | None = None
        self.ban_seconds = 1800.0
        self.random = random.Random(seed)
        self.on_change: Callable[[], None] | None = None
        self._plans: dict[tuple[str, str | None], list[Plan]] = {}

    def add(self, name: str, values: dict[str, Json]) -> Peer:
        """A new peer; raises ConfigError when the name is taken."""
        if name in self.peers:
            raise ConfigError(f"there is already a peer '{name}'")
        peer = Peer(name)
        peer.change(values)
        peer._changed = self._notice
        self.peers[name] = peer
        return peer

    def _notice(self) -> None:
        if self.on_change is not None:
            self.on_change()

    def share(
        self,
        peer: Peer,
        path: str,
        audio: AudioSpec | bytes | int | None,
        *,
        locked: bool = False,
        attributes: bool | dict[str, Json] = True,
    ) -> SharedFile:
        """Add one file; `attributes` False announces none, a mapping announces exactly that."""
        payload = payload_for(audio, path)
        if isinstance(attributes, dict):
            shown = attributes
        else:
            shown = payload.attributes() if attributes else {}
            if peer.client == "qt" and not shown.get("isVariableBitRate"):
                # Only some clients send the flag for constant bit rates (contract slskd §3.6).
                shown.pop("isVariableBitRate", None)
        known = bool(shown) and peer.client != "nicotine"
        extension = path.rpartition(".")[2].lower() if known else ""
        file = SharedFile(path, payload, locked, shown, extension)
        peer.files[path] = file
        return file

    def script(self, peer: str, path: str | None, plan: Plan) -> None:
        """Queue a plan for one file, or for every file of the peer (`path` None)."""
        self._plans.setdefault((peer, path), []).append(plan)

    def unscript(self, peer: str | None = None) -> None:
        """Forget the plans of one peer, or all."""
        for key in [key for key in self._plans if peer in {None, key[0]}]:
            del self._plans[key]

    def plan_for(self, peer: str, path: str) -> Plan:
        """The plan of the attempt that starts now; consumes one of its `times`."""
        for key in ((peer, path), (peer, None)):
            waiting = self._plans.get(key, [])
            if not waiting:
                continue
            plan = waiting[0]
            if plan.times is not None:
                plan.times -= 1
                if plan.times <= 0:
                    waiting.pop(0)
            return plan
        return Plan()

    def replies(self, query: Query) -> Iterator[tuple[Peer, list[SharedFile]]]:
        """Which peers answer a query with which files (before any filter of ours)."""
        text = query.text.lower()
        if any(phrase.lower() in text for phrase in self.blocked_phrases):
            return
        hidden = [phrase.lower() for phrase in self.excluded_phrases]
        for peer in self.peers.values():
            # Replies come over connections peers open to us, so unreachable ones can answer too.
            if not (peer.online and peer.answers_searches and peer.files):
                continue
            fits = TEMPERAMENTS[peer.client](query)
            found: list[SharedFile] = []
            for file in peer.files.values():
                if fits(file.path) and not any(phrase in file.path.lower() for phrase in hidden):
                    found.append(file)
                    if len(found) >= FILES_PER_REPLY[peer.client]:
                        break
            if found:
                yield peer, found

    def blocked(self, query: Query) -> bool:
        """Whether the server swallows this query."""
        text = query.text.lower()
        return any(phrase.lower() in text for phrase in self.blocked_phrases)


def plan_from(values: dict[str, Json]) -> Plan:
    """A Plan from JSON; raises ConfigError on an unknown field."""
    known = {item.name for item in fields(Plan)}
    unknown = set(values) - known
    if unknown:
        raise ConfigError(f"unknown script fields: {', '.join(sorted(unknown))}")
    return Plan(**values)  # type: ignore[arg-type]
