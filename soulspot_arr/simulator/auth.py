"""Who may call: API keys, session tokens, the switched-off profile (contract slskd §1).

Answers with a Principal or refuses; routes only name the access they need.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import ipaddress
import json
import secrets
from dataclasses import dataclass

from soulspot_arr.errors import ConfigError
from soulspot_arr.simulator.process import Process
from soulspot_arr.simulator.web import Principal, Refused, Request
from soulspot_arr.simulator.wire import Json

_ADMIN = "Administrator"
_ROLES = {"readonly": "ReadOnly", "readwrite": "ReadWrite", "administrator": _ADMIN}


@dataclass(frozen=True, slots=True)
class Key:
    """An API key; `cidrs` are checked against the TCP peer address only."""

    value: str
    name: str
    role: str
    cidrs: tuple[str, ...] = ("0.0.0.0/0", "::/0")

    def admits(self, address: str) -> bool:
        caller = ipaddress.ip_address(address)
        return any(caller in ipaddress.ip_network(cidr, strict=False) for cidr in self.cidrs)


def check_key(value: str) -> str:
    """Keys have 16 to 255 characters; raises ConfigError otherwise."""
    if not 16 <= len(value) <= 255:
        raise ConfigError("an slskd API key has 16 to 255 characters")
    return value


def _b64(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


class Gate:
    """Authentication of one process; the signing key is random, so tokens die with it."""

    def __init__(self, process: Process, primary: str | None) -> None:
        self._process = process
        self._primary = primary
        self._signing_key = secrets.token_bytes(32)
        self.disabled = primary is None

    def admit(self, request: Request, access: str) -> Principal | None:
        """The caller, or Refused with 401/403; None for anonymous routes without credentials."""
        if access == "anonymous":
            return None
        if self.disabled:
            return Principal("none", "Anonymous", _ADMIN)
        bearer = self._bearer(request)
        if access == "jwt":
            if bearer is None:
                raise Refused(401)
            return bearer
        principal = self._key(request) or bearer
        if principal is None:
            raise Refused(401)
        if access == "admin" and principal.role != _ADMIN:
            raise Refused(403)
        return principal

    def login(self, username: str, password: str) -> dict[str, Json] | None:
        """A token object, or None when the credentials are wrong."""
        options = self._process.options
        wanted = (
            options.text("web.authentication.username"),
            options.text("web.authentication.password"),
        )
        if (username, password) != wanted:
            return None
        issued = int(self._process.clock.wall().timestamp())
        expires = issued + int(options.number("web.authentication.jwt.ttl") / 1000)
        claims: dict[str, str | int] = {"name": username, "role": _ADMIN, "exp": expires}
        return {
            "expires": expires,
            "issued": issued,
            "name": username,
            "notBefore": issued,
            "token": self._sign(claims),
            "tokenType": "Bearer",
        }

    def _keys(self) -> list[Key]:
        keys = [Key(self._primary, "primary", _ADMIN)] if self._primary else []
        for name, given in self._process.options.mapping("web.authentication.apiKeys").items():
            if isinstance(given, dict):
                cidrs = str(given.get("cidr") or "0.0.0.0/0,::/0").split(",")
                role = _ROLES.get(str(given.get("role") or "readonly").lower(), "ReadOnly")
                keys.append(Key(str(given.get("key")), name, role, tuple(cidrs)))
        return keys

    def _key(self, request: Request) -> Principal | None:
        given = request.headers.get("x-api-key")
        if given is None:
            return None
        for key in self._keys():
            same = hmac.compare_digest(given.encode(), key.value.encode())
            if same and key.admits(request.client):
                return Principal("apikey", key.name, key.role)
        return None

    def _sign(self, claims: dict[str, str | int]) -> str:
        head = _b64(json.dumps({"alg": "HS256", "typ": "JWT"}).encode())
        body = _b64(json.dumps(claims).encode())
        return f"{head}.{body}.{self._signature(f'{head}.{body}')}"

    def _signature(self, text: str) -> str:
        return _b64(hmac.new(self._signing_key, text.encode(), hashlib.sha256).digest())

    def _bearer(self, request: Request) -> Principal | None:
        scheme, _, token = request.headers.get("authorization", "").partition(" ")
        text, _, signature = token.strip().rpartition(".")
        if scheme.lower() != "bearer" or not text:
            return None
        if not hmac.compare_digest(signature.encode(), self._signature(text).encode()):
            return None
        body = text.partition(".")[2]
        claims = json.loads(base64.urlsafe_b64decode(body + "=" * (-len(body) % 4)))
        if self._process.clock.wall().timestamp() > claims["exp"] + 300:
            return None
        return Principal("jwt", claims["name"], claims["role"])
