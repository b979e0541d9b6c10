"""The gate both front rooms share: what the application was built around, and which secret fits.

It refuses nobody: each front room does that in the words of its own protocol.
"""

from __future__ import annotations

import hmac

from flask import current_app, request

from soulspot_arr.services import Services
from soulspot_arr.settings import Settings

EXTENSION = "soulspot"  # where the front door leaves the services


def services() -> Services:
    """What the application was built around."""
    found = current_app.extensions[EXTENSION]
    assert isinstance(found, Services)
    return found


def header(name: str) -> str:
    """A header of the request as text; empty when it was not sent.

    WSGI hands header bytes over as latin-1, whatever the client encoded them with.
    """
    raw = request.headers.get(name, "").encode("latin-1", "replace")
    return raw.decode("utf-8", "surrogateescape")


def is_key(given: str, settings: Settings) -> bool:
    """Whether this is the API key."""
    return same(given, str(settings.get("auth.api_key")))


def same(given: str, known: str) -> bool:
    """Takes as long for a near miss as for nonsense; an empty secret lets nobody in."""
    sent = given.encode("utf-8", "surrogateescape")
    return bool(known) and hmac.compare_digest(sent, known.encode())
