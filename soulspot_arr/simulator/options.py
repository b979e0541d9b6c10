"""slskd's effective options: defaults, overrides, and how they look over the API (§2.3).

Also the simulator's own timings. No behaviour beyond look-up.
"""

from __future__ import annotations

import copy
from collections.abc import Mapping
from dataclasses import dataclass
from typing import cast

from soulspot_arr.errors import ConfigError
from soulspot_arr.simulator.versions import Profile
from soulspot_arr.simulator.wire import Json, without_nulls

INT_MAX = 2_147_483_647
_SECRETS = {"password", "key", "apikey", "token", "jwtkey", "botkey", "accesstoken"}


@dataclass(slots=True)
class Timings:
    """Virtual seconds of everything slskd, the network and the disks take (contract §13.1)."""

    server_request: float = 5.0
    connect: float = 0.4
    login: float = 0.4
    login_timeout: float = 5.0
    peer_lookup: float = 0.05
    search_post: float = 0.01
    endpoint_cache: float = 60.0
    results_gap: float = 0.2
    count_write: float = 0.25
    negotiation: float = 0.3
    offer: float = 0.1
    initializing: float = 0.1
    enqueue_limit: float = 180.0
    progress: float = 0.25
    retry_gap: float = 0.03
    cancel: float = 0.02
    move: float = 0.05
    prune: float = 300.0
    browse_timeout: float = 60.0

    def change(self, values: Mapping[str, float]) -> None:
        """Set fields by name; raises ConfigError for an unknown one."""
        for name, value in values.items():
            if name not in self.__slots__:
                raise ConfigError(f"unknown simulator timing '{name}'")
            setattr(self, name, float(value))


def _defaults(downloads: str, incomplete: str) -> dict[str, Json]:
    return {
        "instanceName": "default",
        "remoteConfiguration": False,
        "remoteFileManagement": False,
        "flags": {"volatile": False, "noStart": False, "noConnect": False},
        "relay": {"enabled": False, "mode": "controller"},
        "directories": {"downloads": downloads, "incomplete": incomplete},
        "shares": {"directories": [], "filters": []},
        "transfers": {
            "upload": {"slots": 10, "speedLimit": INT_MAX},
            "download": {
                "slots": INT_MAX,
                "speedLimit": INT_MAX,
                "retry": {"attempts": 3, "delay": 5000, "maxDelay": 60000, "partial": "resume"},
                "destination": {
                    "subdirectory": "${SOURCE_DIRECTORY}",
                    "exists": "rename",
                    "permissions": {"mode": None},
                },
            },
            "groups": {"blacklisted": {"members": [], "cidrs": [], "patterns": []}},
        },
        "retention": {
            "search": None,
            "transfers": {
                "download": {
                    "succeeded": None,
                    "errored": None,
                    "cancelled": None,
                    "failed": None,
                }
            },
            "files": {"complete": None, "incomplete": None},
        },
        "integrations": {"webhooks": {}, "scripts": {}, "ftp": {"enabled": False}},
        "web": {
            "port": 5030,
            "urlBase": "/",
            "https": {"disabled": False, "port": 5031, "force": False},
            "authentication": {
                "disabled": False,
                "username": "slskd",
                "password": "slskd",
                "jwt": {"key": None, "ttl": 604_800_000},
                "apiKeys": {},
            },
        },
        "soulseek": {
            "address": "vps.slsknet.org",
            "port": 2271,
            "username": "simulated",
            "password": "secret",
            "listenIpAddress": "0.0.0.0",  # noqa: S104 - a value shown, never bound
            "listenPort": 50300,
            "connection": {
                "timeout": {"connect": 10_000, "inactivity": 15_000, "transfer": 60_000}
            },
        },
    }


class Options:
    """A tree addressed by dotted paths such as `transfers.download.retry.attempts`."""

    def __init__(self, downloads: str, incomplete: str, overrides: Mapping[str, Json]) -> None:
        self._tree = _defaults(downloads, incomplete)
        self.change(overrides)

    def change(self, overrides: Mapping[str, Json]) -> None:
        """Overlay values; keys may be dotted paths or nested mappings."""
        for path, value in overrides.items():
            self._set(path.split("."), value)

    def _set(self, path: list[str], value: Json) -> None:
        node = self._tree
        for name in path[:-1]:
            child = node.setdefault(name, {})
            if not isinstance(child, dict):
                raise ConfigError(f"option '{'.'.join(path)}' does not exist")
            node = child
        old = node.get(path[-1])
        if isinstance(value, dict) and isinstance(old, dict) and path[-1] not in _OPEN:
            for name, item in value.items():
                self._set([*path, name], item)
        else:
            node[path[-1]] = value

    def get(self, path: str) -> Json:
        """The value at a dotted path; None when absent."""
        node: Json = self._tree
        for name in path.split("."):
            if not isinstance(node, dict):
                return None
            node = node.get(name)
        return node

    def flag(self, path: str) -> bool:
        return bool(self.get(path))

    def number(self, path: str, default: float = 0) -> float:
        value = self.get(path)
        return float(value) if isinstance(value, (int, float)) else default

    def text(self, path: str) -> str:
        value = self.get(path)
        return value if isinstance(value, str) else ""

    def items(self, path: str) -> list[Json]:
        value = self.get(path)
        return value if isinstance(value, list) else []

    def mapping(self, path: str) -> dict[str, Json]:
        value = self.get(path)
        return value if isinstance(value, dict) else {}

    def shown(self, profile: Profile) -> Json:
        """As `GET /options` answers: secrets starred, nulls absent, shape of the release."""
        tree = copy.deepcopy(self._tree)
        if not profile.nested_transfer_options:
            _flatten(tree)
        elif not profile.destinations:
            download = cast("dict[str, Json]", _at(tree, "transfers", "download"))
            download.pop("retry")
            download.pop("destination")
        return without_nulls(_redact(tree))


# Dictionaries whose keys are the user's own: overriding one replaces it.
_OPEN = {"webhooks", "scripts", "apiKeys"}


def _at(tree: dict[str, Json], *names: str) -> Json:
    node: Json = tree
    for name in names:
        node = cast("dict[str, Json]", node)[name]
    return node


def _flatten(tree: dict[str, Json]) -> None:
    """Up to 0.24 the transfer settings lived under `global` and `groups` (contract §10)."""
    transfers = cast("dict[str, Json]", tree.pop("transfers"))
    download = cast("dict[str, Json]", transfers["download"])
    download.pop("retry")
    download.pop("destination")
    tree["global"] = {"upload": transfers["upload"], "download": download}
    tree["groups"] = transfers["groups"]
    tree["integration"] = tree.pop("integrations")
    tree["permissions"] = {"file": {"mode": None}}


def _redact(value: Json, name: str = "") -> Json:
    if isinstance(value, dict):
        return {key: _redact(item, key) for key, item in value.items()}
    if isinstance(value, list):
        return [_redact(item) for item in value]
    if name.lower() in _SECRETS and value is not None:
        return "*****"
    return value
