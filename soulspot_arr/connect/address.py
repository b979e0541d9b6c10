"""Where Lidarr and Prowlarr reach us: one address, as their forms take it apart.

Nothing is asked or sent here; to learn our own address only a route is chosen.
"""

from __future__ import annotations

import socket
from collections.abc import Collection
from dataclasses import dataclass
from urllib.parse import urlsplit

from soulspot_arr.config import Config
from soulspot_arr.connect.terminal import host_to_type
from soulspot_arr.errors import InvalidInput

CLIENT_PATH = "/sabnzbd"
INDEXER_PATH = "/newznab"
HOOK_PATH = "/hooks/lidarr"
_PORTS = {"http": 80, "https": 443}
_NAMES = ("soulspot-arr", "soulspot")  # what compose files call our container
# What a person types when both run on one machine; from another one it is somebody else.
_HERE = frozenset({"localhost", "127.0.0.1", "::1", "host.docker.internal"})


@dataclass(frozen=True, slots=True)
class OurAddress:
    """This service as another program reaches it; `base` begins with a slash or is empty."""

    host: str
    port: int
    tls: bool = False
    base: str = ""

    @classmethod
    def parse(cls, url: str) -> OurAddress:
        """An address as a person types it; raises InvalidInput."""
        text = url.strip().rstrip("/")
        try:
            parts = urlsplit(text if "://" in text else f"http://{text}")
            host, port = parts.hostname or "", parts.port or _PORTS.get(parts.scheme, 0)
        except ValueError:  # a port that is no number, a bracket that is never closed
            host, port, parts = "", 0, urlsplit("")
        # "http://" alone would be read as a machine that is called http.
        if not port or host in {"", *_PORTS} or parts.query or "@" in parts.netloc or " " in text:
            raise InvalidInput(f"{url!r} is no address: it looks like http://soulspot-arr:8585.")
        base = parts.path.rstrip("/")
        for path in (CLIENT_PATH, INDEXER_PATH, HOOK_PATH):
            base = base.removesuffix(path)
        return cls(host, port, parts.scheme == "https", base)

    @property
    def url(self) -> str:
        """Scheme, host, port where it is not the usual one, and base."""
        scheme = "https" if self.tls else "http"
        host = f"[{self.host}]" if ":" in self.host else self.host
        port = "" if self.port == _PORTS[scheme] else f":{self.port}"
        return f"{scheme}://{host}{port}{self.base}"

    def is_home(self, homes: Collection[OurAddress]) -> bool:
        """Whether this is one of those: the base may be left out (it is served at the root too)."""
        return any(
            (self.host.lower(), self.port) == (home.host.lower(), home.port)
            and self.base.lower() in {home.base.lower(), ""}
            for home in homes
        )


def candidates(config: Config, public_url: str, partner: str) -> list[OurAddress]:
    """Addresses worth a try, the likeliest first; `partner` is where the other program is."""
    found = [OurAddress.parse(public_url)] if public_url else []
    hosts = [host_to_type(config.host)[0], _towards(partner)]
    partner_host = (urlsplit(partner).hostname or "").lower()
    if partner_host in _HERE:
        hosts.insert(0, partner_host)
    found += [OurAddress(host, config.port, base=config.url_base) for host in hosts if host]
    return list(dict.fromkeys(found))


def homes(config: Config, known: Collection[OurAddress], partner: str) -> list[OurAddress]:
    """Every address that surely means this service: an entry with one of them is ours."""
    names = {*_NAMES, socket.gethostname(), host_to_type(config.host)[0], _towards(partner)}
    if (urlsplit(partner).hostname or "").lower() in {*_HERE, *names}:
        names |= _HERE
    own = [OurAddress(name, config.port, base=config.url_base) for name in sorted(names) if name]
    return list(dict.fromkeys([*known, *own]))


def _towards(url: str) -> str:
    """Our own address on the way to that machine; empty when there is no way."""
    try:
        parts = urlsplit(url)
        family, kind, _, _, where = socket.getaddrinfo(
            parts.hostname, parts.port or 80, type=socket.SOCK_DGRAM
        )[0]
        with socket.socket(family, kind) as probe:
            probe.connect(where)  # a datagram socket: only a route is chosen
            return str(probe.getsockname()[0])
    except (OSError, ValueError, IndexError):
        return ""
