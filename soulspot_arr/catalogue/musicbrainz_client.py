"""MusicBrainz' web service through musicbrainzngs, made fit for a service that must not hang.

The library builds the requests, keeps to one a second and reads the XML. Its own reading from the
network is replaced: that has no time limit, and on a 503 it tries eight times for a minute while it
holds everybody else up. Here a request is made once, and a provider that is busy or silent is left
alone for a while, longer each time.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Mapping
from http.client import HTTPException
from typing import Any
from urllib.error import HTTPError
from urllib.parse import urlsplit

import musicbrainzngs
from musicbrainzngs import musicbrainz as engine

from soulspot_arr import __version__
from soulspot_arr.errors import CatalogueError
from soulspot_arr.exchange import TimelyHandler, TimelyTlsHandler, deadline, limited
from soulspot_arr.settings import Settings

log = logging.getLogger(__name__)
# It writes a line for each element that it does not know.
logging.getLogger("musicbrainzngs").setLevel(logging.WARNING)

APPLICATION = "SoulSpotArr"
TIMEOUT = 10.0  # seconds for each sign of life
DEADLINE = 25.0  # seconds for one answer as a whole
LARGEST_ANSWER = 32 * 1024 * 1024
FIRST_PAUSE = 30.0
LONGEST_PAUSE = 900.0

# The library keeps address, user agent and pace in variables of its module: one user at a time.
_ENGINE = threading.Lock()
_ERROR_PAGE = 65_536
_NOT_THERE = frozenset({400, 404, 410})
# What the library's reader of XML raises for a page that is no answer of MusicBrainz.
_UNREADABLE = (ValueError, KeyError, TypeError, AttributeError)


class MusicBrainzClient:
    """Asks one thing at a time; settings are read at each call, so a change takes effect at once."""

    def __init__(self, settings: Settings, *, unhurried: bool = True) -> None:
        self._settings = settings
        self._unhurried = unhurried
        self._silent_until = float("-inf")
        self._silent_address = ""
        self._failures = 0

    @property
    def answering(self) -> bool:
        """Whether it is switched on and not left alone at the moment."""
        quiet = time.monotonic() < self._silent_until and self._silent_address == self._address
        return self.switched_on and not quiet

    @property
    def switched_on(self) -> bool:
        """Whether it is to be asked at all."""
        return bool(self._settings.get("catalogue.musicbrainz") and self._address)

    @property
    def _address(self) -> str:
        return str(self._settings.get("catalogue.musicbrainz_url")).rstrip("/")

    def ask(self, request: Callable[..., Any], *subject: str, **terms: Any) -> Mapping[str, Any]:
        """The answer to one request of musicbrainzngs; empty when MusicBrainz has no such thing.

        Waits for its turn, one a second. Raises CatalogueError.
        """
        if not _ENGINE.acquire(timeout=DEADLINE):
            raise CatalogueError("Others are asking MusicBrainz.")
        try:
            if not self.answering:
                raise CatalogueError("MusicBrainz did not answer a moment ago.")
            self._prepare()
            return self._found(request, *subject, **terms)
        finally:
            _ENGINE.release()

    def _found(self, request: Callable[..., Any], *subject: str, **terms: Any) -> Mapping[str, Any]:
        try:
            found = request(*subject, **terms)
        except HTTPError as error:
            with error:
                if error.code in _NOT_THERE and _is_its_own(error):
                    self._failures = 0
                    return {}
                pause = _seconds(error.headers.get("Retry-After"))
            raise self._silence(f"MusicBrainz answered {error.code}", pause) from None
        except (OSError, HTTPException) as error:
            raise self._silence(f"MusicBrainz does not answer ({error})") from error
        except (musicbrainzngs.MusicBrainzError, *_UNREADABLE) as error:
            raise self._silence("This address does not answer like MusicBrainz") from error
        if not (isinstance(found, Mapping) and found):  # sound XML, but about something else
            raise self._silence("This address does not answer like MusicBrainz")
        self._failures = 0
        return found

    def _prepare(self) -> None:
        parts = urlsplit(self._address)
        # The library puts "/ws/2" behind this: a mirror below a path works too.
        musicbrainzngs.set_hostname(parts.netloc + parts.path, use_https=parts.scheme == "https")
        contact = str(self._settings.get("catalogue.contact")) or None
        musicbrainzngs.set_useragent(APPLICATION, __version__, contact)
        musicbrainzngs.set_rate_limit(1.0 if self._unhurried else False)
        engine._safe_read = _read

    def _silence(self, words: str, asked: float = 0.0) -> CatalogueError:
        """Leave it alone: as long as it asks for, and twice as long as the last time."""
        pause = max(asked, FIRST_PAUSE * 2.0**self._failures)
        self._failures = min(self._failures + 1, 10)
        pause = min(pause, LONGEST_PAUSE)
        self._silent_until = time.monotonic() + pause
        self._silent_address = self._address
        log.info("%s; it is left alone for %.0f s", words, pause)
        return CatalogueError(f"{words}.")


def _read(opener: Any, request: Any, body: bytes | None = None) -> bytes:
    """The body of one answer, in the place of the library's own reading."""
    for handler in (TimelyHandler(), TimelyTlsHandler()):
        opener.add_handler(handler)
    with (
        deadline(DEADLINE) as until,
        opener.open(request, body, timeout=TIMEOUT) as answer,
    ):
        parts = iter(lambda: answer.read1(1 << 16), b"")
        content = b"".join(limited(parts, largest=LARGEST_ANSWER, until=until))
    if b"<!DOCTYPE" in content:  # a page for people; entities are not for us either
        raise ValueError("a page instead of an answer")
    return content


def _is_its_own(error: HTTPError) -> bool:
    """Whether MusicBrainz says so: a proxy or a wrong address has pages of its own."""
    try:
        page = error.read(_ERROR_PAGE)
    except (OSError, HTTPException):
        return False
    return b"<error" in page and b"<text" in page


def _seconds(header: str | None) -> float:
    text = (header or "").strip()
    return float(text) if text.isascii() and text.isdecimal() and len(text) < 9 else 0.0
