"""Who may come in: the API key for REST, the shared secret for hooks. Headers only.

A key in a query string ends up in logs and histories; only the two emulations have to accept that.
"""

from __future__ import annotations

from werkzeug.datastructures import WWWAuthenticate
from werkzeug.exceptions import Unauthorized

from soulspot_arr import gate
from soulspot_arr.settings import Settings

KEY_HEADER = "X-Api-Key"
HOOK_HEADER = "X-Hook-Secret"
_CHALLENGE = WWWAuthenticate("bearer", {"realm": "SoulSpot Arr"})


def require_api_key(settings: Settings) -> None:
    """Let a request with the right key pass; raises Unauthorized."""
    given = gate.header(KEY_HEADER) or _bearer()
    if not given:
        raise _refusal(f"Send the API key in the header {KEY_HEADER}.")
    if not gate.is_key(given, settings):
        raise _refusal("The API key is wrong.")


def require_hook_secret(settings: Settings) -> None:
    """Let a hook pass that shows its secret or the API key; raises Unauthorized.

    While `server.hook_secret` is empty the API key is the secret.
    """
    shown, secret = gate.header(HOOK_HEADER), str(settings.get("server.hook_secret"))
    fits = gate.same(shown, secret) if secret else gate.is_key(shown, settings)
    if not (fits or gate.is_key(gate.header(KEY_HEADER), settings)):
        raise _refusal(f"Send the hook secret in the header {HOOK_HEADER}.")


def _bearer() -> str:
    scheme, _, token = gate.header("Authorization").partition(" ")
    return token.strip() if scheme.lower() == "bearer" else ""


def _refusal(message: str) -> Unauthorized:
    return Unauthorized(message, www_authenticate=_CHALLENGE)
