"""Keys, parameters and links: what both emulations read from a request."""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Iterable
from enum import StrEnum

from flask import current_app, request

from soulspot_arr.services import Services


class Access(StrEnum):
    """Outcome of looking at the credentials of a request."""

    GRANTED = "granted"
    MISSING = "missing"
    WRONG = "wrong"


def services() -> Services:
    """What the application was built around."""
    found = current_app.extensions["soulspot"]
    assert isinstance(found, Services)
    return found


def parameter(name: str, default: str = "") -> str:
    """A parameter from query or body; the first one counts when it is repeated."""
    value = request.args.get(name)
    return value if value is not None else request.form.get(name, default)


def number(name: str, default: int = 0) -> int:
    """A whole number; anything that is none counts as not given (Prowlarr sends odd ones)."""
    text = parameter(name).strip()
    digits = text.removeprefix("-")
    return int(text) if digits.isdecimal() and digits.isascii() and len(digits) < 12 else default


def names(*parameters: str) -> list[str]:
    """A comma separated list from the first of these parameters that is given."""
    text = next((found for name in parameters if (found := parameter(name))), "")
    return [part.strip() for part in text.split(",") if part.strip()]


def credentials() -> Access:
    """Look at `apikey` (or the header), else at user name and password."""
    settings = services().settings
    key = parameter("apikey") or request.headers.get("X-Api-Key", "")
    if key:
        return _verdict([(key, settings.get("auth.api_key"))])
    user, password = parameter("ma_username"), parameter("ma_password")
    if not (user or password):
        return Access.MISSING
    # Lidarr offers user name and password instead of a key; the key itself is taken as password.
    if _verdict([(password, settings.get("auth.api_key"))]) is Access.GRANTED:
        return Access.GRANTED
    return _verdict([(user, settings.get("auth.user")), (password, settings.get("auth.password"))])


def _verdict(pairs: Iterable[tuple[str, str]]) -> Access:
    same = [
        bool(known) and hmac.compare_digest(given.encode(), known.encode())
        for given, known in pairs
    ]
    return Access.GRANTED if all(same) else Access.WRONG


def signature(release_key: str) -> str:
    """What makes a link of ours fetchable without a key: Lidarr adds none (lidarr §5.2)."""
    secret = services().config.secret_key.encode()
    return hmac.new(secret, b"nzb-link\0" + release_key.encode(), hashlib.sha256).hexdigest()[:32]


def signed(release_key: str, given: str) -> bool:
    """Whether the signature belongs to the key."""
    return hmac.compare_digest(signature(release_key).encode(), given.encode())


def base_url() -> str:
    """Address of this service as the asking client reaches it, without a trailing slash."""
    public = str(services().settings.get("server.public_url")).rstrip("/")
    if public:
        return public
    prefix = request.script_root or services().config.url_base
    return f"{request.scheme}://{request.host}{prefix}"
