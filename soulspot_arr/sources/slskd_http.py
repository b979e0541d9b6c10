"""Speaking HTTP with slskd: one session, bounded time, honest errors.

Knows status codes, time-outs and JSON, but no endpoint and no meaning. Everything that goes wrong
leaves as a `SourceError`; its `data["why"]` names the cause for `slskd_trouble`, which knows what to
do about it. No message ever holds the API key. Contract slskd §0.1, §1, §12.
"""

from __future__ import annotations

import json
import random
import socket
import ssl
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from email.utils import parsedate_to_datetime
from http import HTTPStatus
from urllib.parse import quote, urljoin, urlsplit

import requests
import urllib3

from soulspot_arr.errors import (
    SourceAuth,
    SourceError,
    SourceProtocol,
    SourceThrottled,
    SourceUnavailable,
)
from soulspot_arr.sources.slskd_wire import as_message

NAME = "slskd"
API = "/api/v0/"

LIST_TIMEOUT = 60.0  # nothing is pruned by default: 10,000 old downloads are about 7 MB
ENQUEUE_TIMEOUT = 75.0  # slskd connects to the peer before it answers (contract slskd §5.2)

_GET_PAUSES = (0.3, 0.9)  # before the second and the third try
_BUSY_TRIES = 5
_BUSY_PAUSE = (0.5, 5.0)  # contract slskd §1.7
_EXCERPT = 160
_NOT_SLSKD = "This address answers, but it is not slskd"
_ITS_PAGE = "This address leads to slskd's web page, not to its API"
_TLS_RECORDS = frozenset({b"\x15", b"\x16"})  # an alert, a handshake
_REDIRECTS = frozenset({301, 302, 307, 308})
_KEPT_METHOD = frozenset({307, 308})

Shape = Callable[[dict[str, object]], object]


class Unanswered(SourceUnavailable):
    """The request was sent and no usable answer came: slskd may be carrying it out regardless."""


@dataclass(frozen=True, slots=True)
class Reply:
    """A status and its JSON body (None when empty)."""

    status: int
    body: object

    @property
    def message(self) -> str:
        """The text of an error in any version's shape: JSON string, ProblemDetails or nothing."""
        if isinstance(self.body, Mapping):
            texts = (as_message(self.body.get(key)) for key in ("detail", "message", "title"))
            return next(filter(None, texts), "")
        return as_message(self.body)

    def need_list(self, what: str) -> list[object]:
        """The body as an array, or `SourceProtocol`."""
        if not isinstance(self.body, list):
            raise self.unexpected(what)
        return self.body

    def need_object(self, what: str) -> Mapping[str, object]:
        """The body as an object, or `SourceProtocol`."""
        if not isinstance(self.body, Mapping):
            raise self.unexpected(what)
        return self.body

    def unexpected(self, what: str) -> SourceProtocol:
        """The error for an answer that does not fit the question."""
        excerpt = repr(self.body)[:_EXCERPT]
        text = f"slskd's answer to {what} is not understood (status {self.status})"
        return SourceProtocol(text, source=NAME, excerpt=excerpt, status=self.status)


@dataclass(frozen=True, slots=True)
class Address:
    """Where slskd is and how to be let in. Time-outs in seconds."""

    url: str
    api_key: str = ""
    verify_tls: bool = True
    connect_timeout: float = 5.0
    read_timeout: float = 20.0


def segment(text: str) -> str:
    """One path segment: user names contain slashes, percent signs and anything else."""
    return quote(text, safe="", errors="replace")


def base_url(text: str) -> str:
    """The address as people type it, without a trailing slash or the API's own path."""
    url = text.strip().partition("?")[0].partition("#")[0]
    scheme, known, rest = url.partition("://")
    if not known:
        scheme, rest = "http", url
    rest = rest.rstrip("/")
    for ending in ("/api/v0", "/api"):
        rest = rest.removesuffix(ending).rstrip("/")
    return f"{scheme}://{rest}" if rest else ""


def speaks_tls(url: str, *, seconds: float = 2.0) -> bool | None:
    """Whether whoever listens there speaks TLS, whatever the scheme says; None for no answer."""
    hello = ssl.MemoryBIO()
    context = ssl.create_default_context()
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    try:
        parts = urlsplit(url)
        with suppress(ssl.SSLWantReadError):
            context.wrap_bio(ssl.MemoryBIO(), hello).do_handshake()
        port = parts.port or (443 if parts.scheme == "https" else 80)
        with socket.create_connection((parts.hostname, port), seconds) as connection:
            connection.sendall(hello.read())
            connection.shutdown(socket.SHUT_WR)  # a server of plain http need not wait for more
            first = connection.recv(1)
    except (OSError, ValueError):
        return None
    return first in _TLS_RECORDS if first else None


def ahead_of_us(date: str) -> float | None:
    """Seconds by which the clock behind this header is ahead of ours; None when it tells nothing."""
    try:
        return parsedate_to_datetime(date).timestamp() - time.time()
    except (TypeError, ValueError):
        return None


def foreign(status: int, excerpt: str = "", message: str = _NOT_SLSKD) -> SourceProtocol:
    """The error for an answer that slskd's API does not give."""
    return SourceProtocol(message, source=NAME, excerpt=excerpt, status=status, foreign=True)


def _no_tls(error: Exception) -> SourceUnavailable:
    if isinstance(_innermost(error), ssl.SSLCertVerificationError):
        message, why = "slskd's certificate is not trusted", "certificate"
    else:
        message, why = "slskd and we do not understand each other's TLS", "tls"
    return SourceUnavailable(message, source=NAME, again=False, why=why)


def _innermost(error: BaseException) -> object:
    """What the library wrapped: a reason, or the first argument, until there is none."""
    found: object = error
    while isinstance(found, BaseException):
        arguments = found.args
        inner = getattr(found, "reason", None) or (arguments[0] if arguments else None)
        if not isinstance(inner, BaseException):
            break
        found = inner
    return found


def _no_answer(error: Exception) -> SourceUnavailable:
    """The exception's own text stays out of the message: it repeats the address."""
    if isinstance(error, requests.exceptions.ConnectTimeout):
        message = "slskd cannot be reached (no answer at that address)"
        return SourceUnavailable(message, source=NAME, again=False, why="silent", unsent=True)
    timed_out = (requests.exceptions.Timeout, urllib3.exceptions.TimeoutError)
    if isinstance(error, timed_out):
        return Unanswered("slskd did not answer in time", source=NAME, again=False, why="slow")
    if isinstance(error, requests.exceptions.InvalidURL | requests.exceptions.InvalidSchema):
        message = "The address of slskd is not a usable URL"
        return SourceUnavailable(message, source=NAME, again=False, why="url")
    reason = getattr(error.args[0], "reason", None) if error.args else None
    if isinstance(reason, urllib3.exceptions.NewConnectionError):
        words, why = _unconnected(reason)
        message = f"slskd cannot be reached ({words})"
        return SourceUnavailable(message, source=NAME, why=why, unsent=True)
    was_there = bool(error.args) and isinstance(error.args[0], urllib3.exceptions.ProtocolError)
    why = "cut" if was_there else ""
    return Unanswered("The connection to slskd broke off", source=NAME, why=why)


def _unconnected(reason: urllib3.exceptions.NewConnectionError) -> tuple[str, str]:
    """Words and cause for a connection that never came about."""
    if isinstance(reason, urllib3.exceptions.NameResolutionError):
        return "its name is not known here", "name"
    if isinstance(reason.__cause__, ConnectionRefusedError):
        return "connection refused", "refused"
    return "no way leads to that address", "silent"


def _host_of(url: str) -> str | None:
    try:
        return urlsplit(url).hostname
    except ValueError:
        return None


class SlskdHttp:
    """One slskd under one set of credentials; replaced as a whole when the settings change."""

    def __init__(
        self,
        address: Address,
        *,
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self.clock = clock
        self.sleep = sleep
        self.ahead: float | None = None  # seconds by which slskd's clock was ahead of ours at last
        self.outages = 0  # grows whenever slskd could not be reached: what was probed may be old
        self._address = address
        self._base = base_url(address.url)
        self._host = _host_of(self._base)
        self._session = self._new_session()

    @property
    def base(self) -> str:
        """The address as it is used: equal for the same slskd under other credentials."""
        return self._base

    def _new_session(self) -> requests.Session:
        session = requests.Session()
        if not self._address.verify_tls:  # a choice that was made once, not news at every request
            urllib3.disable_warnings(urllib3.exceptions.InsecureRequestWarning)
        # A proxy or .netrc of the environment must not come between two neighbours.
        session.trust_env = False
        # slskd answers 415 to any other type, even on GET (contract slskd §0.1).
        session.headers["Content-Type"] = "application/json"
        session.headers["Accept"] = "application/json"
        if self._address.api_key:
            session.headers["X-API-Key"] = self._address.api_key.strip().encode()
        adapter = requests.adapters.HTTPAdapter(pool_maxsize=16, max_retries=0)
        session.mount("http://", adapter)
        session.mount("https://", adapter)
        return session

    def close(self) -> None:
        """Give the idle connections back."""
        self._session.close()

    # -- asking --------------------------------------------------------------------------------

    def get(
        self,
        path: str,
        *,
        timeout: float = 0.0,
        until: float | None = None,
        shape: Shape | None = None,
    ) -> Reply:
        """Read something; tried three times unless slskd is merely slow. 4xx is returned.

        `timeout` raises the read time-out of the settings; `until` is a moment of `clock`; `shape`
        says what becomes of each JSON object as soon as it has been read.
        """
        pauses = iter(_GET_PAUSES)
        while True:
            pause = next(pauses, None)
            try:
                reply = self._exchange("GET", path, timeout=timeout, until=until, shape=shape)
                if reply.status < HTTPStatus.INTERNAL_SERVER_ERROR:
                    return reply
                problem: SourceError = self._server_error(reply)
            except SourceUnavailable as error:
                problem = error
            if pause is None or not problem.data.get("again", True):
                raise problem
            pause *= random.uniform(0.7, 1.3)
            if until is not None and self.clock() + pause >= until:
                raise problem
            self.sleep(pause)

    def send(
        self,
        method: str,
        path: str,
        body: object = None,
        *,
        timeout: float = 0.0,
        until: float | None = None,
    ) -> Reply:
        """Change something, once; only 429 is waited out, because it says nothing was done.

        4xx and JSON 5xx are returned. Raises `Unanswered` when the outcome is not known.
        """
        for attempt in range(1, _BUSY_TRIES + 1):
            reply = self._exchange(method, path, body=body, timeout=timeout, until=until)
            if reply.status != HTTPStatus.TOO_MANY_REQUESTS:
                break
            low, high = _BUSY_PAUSE
            pause = random.uniform(low, min(high, low * 2**attempt))
            if attempt == _BUSY_TRIES or (until is not None and self.clock() + pause >= until):
                text = "slskd is busy with another request of this kind"
                raise SourceThrottled(text, source=NAME, retry_after=pause)
            self.sleep(pause)
        return reply

    def _server_error(self, reply: Reply) -> SourceUnavailable:
        text = self._clean(reply.message) or "no reason given"
        message = f"slskd answered with an error ({reply.status}): {text}"
        return SourceUnavailable(message, source=NAME, status=reply.status, why="server")

    # -- one exchange --------------------------------------------------------------------------

    def _exchange(
        self,
        method: str,
        path: str,
        *,
        body: object = None,
        timeout: float = 0.0,
        until: float | None = None,
        shape: Shape | None = None,
    ) -> Reply:
        if not self._base:
            message = "The address of slskd is not set"
            raise SourceUnavailable(message, source=NAME, again=False, why="url")
        patience = max(timeout, self._address.read_timeout)
        limit = self.clock() + self._address.connect_timeout + patience
        if until is not None:
            limit = min(limit, until)
            patience = min(patience, limit - self.clock())
        if patience <= 0:
            raise SourceUnavailable("No time is left to ask slskd", source=NAME, again=False)
        data = None if body is None else json.dumps(body).encode()
        url = self._base + API + path
        status, raw = self._transfer(method, url, data=data, patience=patience, limit=limit)
        return self._judge(method, status, raw, shape)

    def _transfer(
        self, method: str, url: str, *, data: bytes | None, patience: float, limit: float
    ) -> tuple[int, bytes]:
        waits = (min(self._address.connect_timeout, patience), patience)
        try:
            for _ in range(3):
                with self._session.request(
                    method,
                    url,
                    data=data,
                    timeout=waits,
                    verify=self._address.verify_tls,
                    stream=True,
                    allow_redirects=False,
                ) as response:
                    self.ahead = ahead_of_us(response.headers.get("Date", ""))
                    moved = self._moved_to(response, method)
                    if moved is None:
                        return response.status_code, self._read(response, limit)
                    url = moved
            raise SourceProtocol("slskd's address redirects in circles", source=NAME)
        except requests.exceptions.InvalidHeader:
            # The original quotes the key, so it is not chained.
            message = "The API key of slskd contains characters that cannot be sent"
            raise SourceAuth(message, source=NAME, why="key") from None
        except requests.exceptions.SSLError as error:
            self.outages += 1
            raise _no_tls(error) from error
        except (requests.RequestException, urllib3.exceptions.HTTPError, UnicodeError) as error:
            self.outages += 1
            raise _no_answer(error) from error

    def _moved_to(self, response: requests.Response, method: str) -> str | None:
        """Where a redirect leads; the key must not follow it to another host."""
        location = response.headers.get("Location")
        if response.status_code not in _REDIRECTS or not location:
            return None
        target = urljoin(response.url or self._base, location)
        same_host = _host_of(target) == self._host
        if same_host and (method == "GET" or response.status_code in _KEPT_METHOD):
            return target
        message = "slskd's address leads somewhere else; a login page may stand in between"
        raise SourceProtocol(message, source=NAME, status=response.status_code)

    def _read(self, response: requests.Response, limit: float) -> bytes:
        """The whole body, as it arrives: a trickle may not outlast the time-out."""
        parts: list[bytes] = []
        while part := response.raw.read1(1 << 20, decode_content=True):
            parts.append(part)
            if self.clock() > limit:
                raise requests.exceptions.ReadTimeout("the answer came too slowly")
        return b"".join(parts)

    # -- judging -------------------------------------------------------------------------------

    def _judge(self, method: str, status: int, raw: bytes, shape: Shape | None) -> Reply:
        text = raw.strip()
        if status == HTTPStatus.UNAUTHORIZED:
            raise self._refused_key(strange=bool(text))
        if status == HTTPStatus.FORBIDDEN:
            message = "slskd does not allow this: the key's role is too low, or it is a relay agent"
            raise SourceAuth(message, source=NAME, status=status, why="role")
        if not text:
            return Reply(status, None)
        try:
            return Reply(status, json.loads(text, object_hook=shape))
        except (ValueError, RecursionError):
            raise self._not_json(method, status, text) from None

    def _refused_key(self, *, strange: bool) -> SourceAuth:
        """`strange`: slskd itself refuses without a word (contract slskd §1.4), this one had some."""
        if self._address.api_key.strip():
            message, why = "slskd rejects the API key", "key"
        else:
            message, why = "slskd asks for an API key, and none is set", "no_key"
        return SourceAuth(message, source=NAME, status=401, why=why, strange=strange)

    def _not_json(self, method: str, status: int, text: bytes) -> SourceError:
        excerpt = self._clean(text[:4096].decode("utf-8", "replace"))
        if status >= HTTPStatus.INTERNAL_SERVER_ERROR:
            # A proxy in front of slskd speaks (contract slskd L03); a POST may have got through.
            message = f"Something between us and slskd answered with an error ({status})"
            return Unanswered(message, source=NAME, excerpt=excerpt, status=status, why="proxy")
        if text[:1] in b'[{"' and status < HTTPStatus.BAD_REQUEST:
            message = "slskd's answer broke off"
            return Unanswered(message, source=NAME, excerpt=excerpt, status=status)
        # With a wrong path slskd serves its web page with 200 (contract slskd §0.1).
        its_page = b"<title>slskd" in text.lower()
        return foreign(status, excerpt, _ITS_PAGE if its_page else _NOT_SLSKD)

    def _clean(self, text: str) -> str:
        key = self._address.api_key.strip()
        safe = as_message(text.replace(key, "*****") if key else text)
        return " ".join(safe.split())[:_EXCERPT]
