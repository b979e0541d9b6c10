"""Lidarr's configured programs as objects that talk: SABnzbd, Newznab, and their back-off.

The protocols themselves are played by the demo's clients; here definitions become clients, and
failures of a download client are remembered as Lidarr remembers them (contract lidarr §4).
"""

from __future__ import annotations

import json
import time
from dataclasses import dataclass

from soulspot_arr.demo.lidarr.core import CLIENT, Core
from soulspot_arr.demo.lidarr.records import Provider
from soulspot_arr.demo.newznab_client import NewznabClient
from soulspot_arr.demo.sabnzbd_client import SabnzbdClient

_STEPS = (0, 60, 300, 900, 1800, 3600, 10800, 21600, 43200, 86400)
_HIGHEST_OF_CLIENTS = 5
_GRACE = 300.0


def value_of(provider: Provider, name: str) -> object:
    """One setting of a definition; None when it has none."""
    return next(
        (field.get("value") for field in provider.body["fields"] if field["name"] == name), None
    )


def text_of(provider: Provider, name: str) -> str:
    """One setting as text; empty when it has none."""
    value = value_of(provider, name)
    return "" if value is None else str(value)


def sabnzbd(core: Core, provider: Provider) -> SabnzbdClient:
    """The client behind a definition, with the path mappings of this moment."""
    scheme = "https" if value_of(provider, "useSsl") else "http"
    base = text_of(provider, "urlBase").strip("/")
    url = f"{scheme}://{text_of(provider, 'host')}:{text_of(provider, 'port')}"
    return SabnzbdClient(
        f"{url}/{base}" if base else url,
        text_of(provider, "apiKey"),
        text_of(provider, "musicCategory"),
        mappings=core.mappings,
        login=(text_of(provider, "username"), text_of(provider, "password")),
    )


def newznab(core: Core, provider: Provider) -> NewznabClient:
    """The indexer behind a definition; one client for the same settings.

    It keeps the caps until a setting changes or Lidarr restarts, and paces all requests (§6.2, §6.4).
    """
    settings = json.dumps(provider.body["fields"])
    known = core.indexers.get(settings)
    if known is None:
        known = core.indexers[settings] = _new_indexer(core, provider)
    return known


def _new_indexer(core: Core, provider: Provider) -> NewznabClient:
    categories = value_of(provider, "categories")
    return NewznabClient(
        text_of(provider, "baseUrl"),
        text_of(provider, "apiPath"),
        text_of(provider, "apiKey"),
        categories if isinstance(categories, list) else (),
        pacing=2.0 / core.options.time_scale,
    )


@dataclass(slots=True)
class _Status:
    level: int = 0
    first_failure: float = 0.0
    blocked_until: float = 0.0


class BackOff:
    """Failures by definition: five minutes of grace, then 5, 15, 30, 60 minutes."""

    def __init__(self, core: Core) -> None:
        self._core = core
        self._of: dict[int, _Status] = {}

    def failed(self, number: int) -> None:
        """One more failure."""
        at = time.monotonic() * self._core.options.time_scale
        status = self._of.setdefault(number, _Status())
        if status.level == 0:
            status.first_failure = at
        status.level = min(status.level + 1, _HIGHEST_OF_CLIENTS)
        if at - status.first_failure >= _GRACE:
            status.blocked_until = at + _STEPS[status.level]

    def succeeded(self, number: int) -> None:
        """One level down, and no block any more."""
        status = self._of.setdefault(number, _Status())
        status.level = max(status.level - 1, 0)
        status.blocked_until = 0.0

    def blocked(self, number: int) -> bool:
        """Whether Lidarr leaves it alone at the moment."""
        at = time.monotonic() * self._core.options.time_scale
        return number in self._of and self._of[number].blocked_until > at

    def block(self, number: int, seconds: float) -> None:
        """Block it for so many of Lidarr's seconds, as a long outage would have done."""
        at = time.monotonic() * self._core.options.time_scale
        self._of[number] = _Status(3, at, at + seconds)

    def failing(self, number: int) -> bool:
        """Whether its last word was a failure."""
        return number in self._of and self._of[number].level > 0


def enabled_clients(core: Core) -> list[Provider]:
    """Download clients that are switched on."""
    return [one for one in core.of_providers(CLIENT) if one.body.get("enable")]
