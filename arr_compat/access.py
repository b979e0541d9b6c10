"""Keys, parameters and links: what both emulations read from a request."""

from __future__ import annotations

import hashlib
import hmac
from enum import StrEnum

from flask import request

from soulspot_arr import gate
from soulspot_arr.gate import same

_MOST_NAMES = 5_000  # the largest queue a client could select whole
_LONGEST_NAME = 200

services = gate.services  # so that the emulations need this one room for all they ask


class Access(StrEnum):
    """Outcome of looking at the credentials of a request."""

    GRANTED = "granted"
    MISSING = "missing"
    WRONG = "wrong"


def parameter(name: str, default: str = "") -> str:
    """A parameter from query or body; the first one counts when it is repeated."""
    value = request.args.get(name)
    return value if value is not None else request.form.get(name, default)


def asked(name: str) -> bool:
    """Whether the query names this parameter, whatever its value."""
    return name in request.args


def number(name: str, default: int = 0) -> int:
    """A whole number; anything that is none counts as not given (Prowlarr sends odd ones)."""
    return whole(parameter(name), default)


def whole(text: str, default: int = 0) -> int:
    """The whole number a text stands for, or `default`; never more than eleven digits."""
    digits = text.strip().removeprefix("-")
    return int(text) if digits.isdecimal() and digits.isascii() and len(digits) < 12 else default


def line(text: str, longest: int) -> str:
    """One line of printable text: what is sent here ends up in names, logs and answers."""
    kept = "".join(sign if sign.isprintable() else " " for sign in text.strip()[:longest])
    return kept.strip()


def names(*parameters: str) -> list[str]:
    """A comma separated list from the first of these parameters that is given.

    Lists beyond `_MOST_NAMES` entries are cut: databases take only so many in one question.
    """
    text = next((found for name in parameters if (found := parameter(name))), "")
    parts = text.split(",", _MOST_NAMES)[:_MOST_NAMES]
    return [name for part in parts if (name := line(part, _LONGEST_NAME))]


def credentials() -> Access:
    """Look at `apikey` (or the header), else at user name and password."""
    settings = services().settings
    key = parameter("apikey") or gate.header("X-Api-Key")
    if key:
        return Access.GRANTED if is_key(key) else Access.WRONG
    user, password = parameter("ma_username"), parameter("ma_password")
    if not (user or password):
        return Access.MISSING
    # Lidarr offers user name and password instead of a key; the key itself is taken as password.
    if is_key(password):
        return Access.GRANTED
    known_user = same(user, settings.get("auth.user"))
    known_password = same(password, settings.get("auth.password"))
    return Access.GRANTED if known_user and known_password else Access.WRONG


def is_key(given: str) -> bool:
    """Whether this is the API key."""
    return gate.is_key(given, services().settings)


def signature(release_key: str) -> str:
    """What makes a link of ours fetchable without a key: Lidarr adds none (lidarr §5.2)."""
    secret = services().config.secret_key.encode()
    return hmac.new(secret, b"nzb-link\0" + release_key.encode(), hashlib.sha256).hexdigest()[:32]


def signed(release_key: str, given: str) -> bool:
    """Whether the signature belongs to the key."""
    return same(given, signature(release_key))


def base_url() -> str:
    """Address of this service as the asking client reaches it, without a trailing slash."""
    public = str(services().settings.get("server.public_url")).rstrip("/")
    if public:
        return public
    prefix = request.script_root or services().config.url_base
    return f"{request.scheme}://{request.host}{prefix}"
