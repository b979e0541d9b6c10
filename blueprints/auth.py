"""Who may come in: the API key for REST, the shared secret for hooks. Headers only.

A key in a query string ends up in logs and histories; only the two emulations have to accept that.
"""

from __future__ import annotations

import hmac

from flask import request
from werkzeug.datastructures import WWWAuthenticate
from werkzeug.exceptions import Unauthorized

from soulspot_arr.settings import Settings

KEY_HEADER = "X-Api-Key"
HOOK_HEADER = "X-Hook-Secret"
_CHALLENGE = WWWAuthenticate("bearer", {"realm": "SoulSpot Arr"})


def require_api_key(settings: Settings) -> None:
    """Let a request with the right key pass; raises Unauthorized."""
    given = request.headers.get(KEY_HEADER, "") or _bearer()
    if not given:
        raise _refusal(f"Send the API key in the header {KEY_HEADER}.")
    if not _same(given, str(settings.get("auth.api_key"))):
        raise _refusal("The API key is wrong.")


def require_hook_secret(settings: Settings) -> None:
    """Let a hook pass that shows its secret or the API key; raises Unauthorized.

    While `server.hook_secret` is empty the API key is the secret.
    """
    key = str(settings.get("auth.api_key"))
    secret = str(settings.get("server.hook_secret")) or key
    shown = _same(request.headers.get(HOOK_HEADER, ""), secret)
    if not (shown or _same(request.headers.get(KEY_HEADER, ""), key)):
        raise _refusal(f"Send the hook secret in the header {HOOK_HEADER}.")


def _bearer() -> str:
    scheme, _, token = request.headers.get("Authorization", "").partition(" ")
    return token.strip() if scheme.lower() == "bearer" else ""


def _same(given: str, known: str) -> bool:
    # WSGI hands header bytes over as latin-1, whatever the client encoded them with.
    return bool(known) and hmac.compare_digest(given.encode("latin-1"), known.encode())


def _refusal(message: str) -> Unauthorized:
    return Unauthorized(message, www_authenticate=_CHALLENGE)
