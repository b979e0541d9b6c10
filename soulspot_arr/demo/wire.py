"""How the two programs speak HTTP: their names, their patience and their way of writing a query.

No meaning is attached to an answer here; the clients do that.
"""

from __future__ import annotations

from collections.abc import Iterable
from urllib.parse import quote

import requests

# The shape is Name/version (os osversion); contract lidarr §1.1, prowlarr §3.7.
LIDARR_AGENT = "Lidarr/2.14.5.4836 (ubuntu 22.04)"
PROWLARR_AGENT = "Prowlarr/2.3.6.5330 (ubuntu 22.04)"
REQUEST_SECONDS = 100.0
RSS_ACCEPT = "application/rss+xml, text/rss+xml, application/xml, text/xml"
MAX_REDIRECTS = 5


def open_session(agent: str) -> requests.Session:
    """A session that sends what the program sends and nothing a proxy setting adds."""
    session = requests.Session()
    session.trust_env = False
    session.max_redirects = MAX_REDIRECTS
    session.headers.clear()
    session.headers.update(
        {"User-Agent": agent, "Accept-Encoding": "gzip", "Connection": "keep-alive"}
    )
    return session


def escape(text: str) -> str:
    """Percent-encode like .NET: only letters, digits and `-_.~` stay."""
    return quote(text, safe="-_.~")


def query_string(pairs: Iterable[tuple[str, object]]) -> str:
    """Name and value pairs in the given order, both percent-encoded."""
    return "&".join(f"{escape(name)}={escape(str(value))}" for name, value in pairs)


def body_text(response: requests.Response) -> str:
    """The body as Lidarr decodes it: the declared charset, else UTF-8; a byte order mark stays."""
    charset = "utf-8"
    for part in response.headers.get("Content-Type", "").split(";")[1:]:
        name, _, value = part.strip().partition("=")
        if name.lower() == "charset" and value:
            charset = value.strip("\"' ")
    try:
        return response.content.decode(charset, errors="replace")
    except LookupError:
        return response.content.decode("utf-8", errors="replace")


def short(error: Exception) -> str:
    """The last, most telling part of a transport error, without the object addresses."""
    text = str(error)
    return text.rsplit("Caused by", 1)[-1].strip(" ()") or type(error).__name__
