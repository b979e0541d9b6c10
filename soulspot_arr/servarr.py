"""Lidarr and Prowlarr as programs that are set up: their REST API, and why it cannot be used.

The two share one API (contract lidarr §11.5). This room knows how to speak it and turns whatever
comes back into an answer or into one sentence with what to do; it does not know what we want
there. No message ever holds an API key.
"""

from __future__ import annotations

import json
import re
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote, urljoin, urlsplit

import requests
import urllib3

from soulspot_arr.errors import InvalidInput, ServarrError
from soulspot_arr.exchange import TimelyAdapter, deadline, limited
from soulspot_arr.sources.slskd_http import ahead_of_us, speaks_tls

Row = dict[str, Any]

CONNECT = 10.0
READ = 30.0  # seconds for a plain answer
TEST = 130.0  # a Test asks us in turn, and gives up after 100 s (contract lidarr §6.2)
STARTING = 60.0  # how long a program that says that it is starting is waited for
LARGEST = 32 * 1024 * 1024
_API = "/api/v1"
_REDIRECTS = frozenset({301, 302, 303, 307, 308})
# Addresses that it asked stand in what it says, with our own key.
_SECRET = re.compile(r"(api_?key=)[^&\s\]]+", re.IGNORECASE)
_GATEWAYS = frozenset({502, 503, 504})


@dataclass(frozen=True, slots=True)
class Program:
    """One of the programs that are set up; `oldest` is the first version that has all we set."""

    name: str
    port: int
    oldest: tuple[int, int]


# Binding an indexer to a download client came late in version 1 of both.
LIDARR = Program("Lidarr", 8686, (2, 0))
PROWLARR = Program("Prowlarr", 9696, (1, 0))


@dataclass(frozen=True, slots=True)
class Complaint:
    """One line of what a program has against an entry, in its own words."""

    field: str
    words: str
    warning: bool


class Rejected(ServarrError):
    """The entry was refused; `complaints` says why."""

    def __init__(self, message: str, complaints: Sequence[Complaint]) -> None:
        super().__init__(message, why="rejected")
        self.complaints = tuple(complaints)


def tidy(url: str, program: Program) -> str:
    """An address as people type it, without what comes behind the URL base; InvalidInput."""
    text = url.strip().partition("?")[0].partition("#")[0]
    scheme, known, rest = text.partition("://")
    if not known:
        scheme, rest = "http", text
    rest = rest.rstrip("/")
    for ending in (_API, "/api", "/settings/general", "/settings"):
        rest = rest.removesuffix(ending).rstrip("/")
    try:
        parts = urlsplit(f"{scheme}://{rest}")
        sound = parts.scheme in {"http", "https"} and bool(parts.hostname) and parts.port != 0
    except ValueError:  # a port that is no number, a bracket that is never closed
        sound = False
    if not sound or " " in rest or "@" in rest:
        raise InvalidInput(
            f"{url!r} is no address of {program.name}: it looks like "
            f"http://{program.name.lower()}:{program.port}."
        )
    return f"{scheme}://{rest}"


class Servarr:
    """One running program under one address and key."""

    def __init__(
        self,
        program: Program,
        url: str,
        key: str,
        *,
        pause: Callable[[float], None] = time.sleep,
    ) -> None:
        self.program = program
        self.base = tidy(url, program)
        self.ahead: float | None = None  # seconds by which its clock was ahead of ours at last
        self._key = key.strip()
        self._pause = pause
        self._session = requests.Session()
        # A proxy or .netrc of the environment must not come between two neighbours.
        self._session.trust_env = False
        for scheme in ("http://", "https://"):
            self._session.mount(scheme, TimelyAdapter())

    # -- asking ------------------------------------------------------------------------------------

    def greet(self) -> str:
        """Its version, when it is the right program and new enough; may correct the URL base."""
        waited = 0.0
        while True:
            try:
                return self._version(self.call("GET", "/system/status", find_base=True))
            except ServarrError as error:
                if error.data.get("why") != "starting" or waited >= STARTING:
                    raise
            self._pause(3.0)
            waited += 3.0

    def rows(self, path: str) -> list[Row]:
        """A list of objects, of whatever kind."""
        found = self.call("GET", path)
        if not isinstance(found, list):
            raise self._foreign()
        return [entry for entry in found if isinstance(entry, dict)]

    def create(self, kind: str, body: Row, *, force: bool = False) -> Row:
        """Add an entry, which is tested there first; raises Rejected."""
        found = self.call("POST", f"/{kind}{_forced(force)}", body, patience=TEST)
        if not (isinstance(found, dict) and isinstance(found.get("id"), int)):
            raise self._foreign()
        return found

    def update(self, kind: str, body: Row, *, force: bool = False) -> None:
        """Change an entry, which is tested there first; raises Rejected."""
        self.call("PUT", f"/{kind}/{body['id']}{_forced(force)}", body, patience=TEST)

    def remove(self, kind: str, number: int) -> None:
        """Delete an entry; one that is gone is fine."""
        try:
            self.call("DELETE", f"/{kind}/{number}")
        except ServarrError as error:
            if error.data.get("status") != 404:
                raise

    def test(self, kind: str, body: Row) -> None:
        """Press Test; nothing is saved. Raises Rejected."""
        self.call("POST", f"/{kind}/test", body, patience=TEST)

    def sees_file(self, path: str) -> bool:
        """Whether there is a file at this place, as it sees the disk."""
        found = self.call("GET", f"/filesystem/type?path={quote(path, safe='')}")
        return isinstance(found, dict) and found.get("type") == "file"

    # -- one exchange ------------------------------------------------------------------------------

    def call(
        self,
        method: str,
        path: str,
        body: Row | None = None,
        *,
        patience: float = READ,
        find_base: bool = False,
    ) -> Any:
        """The JSON of an answer; raises ServarrError with a sentence that says what to do.

        `find_base` follows a redirect that only tells the URL base, and keeps to it from then on.
        """
        for _ in range(3):
            answer = self._exchange(method, path, body, patience=patience)
            status, content, location = answer
            moved = self._moved(location, path) if status in _REDIRECTS else None
            if not (find_base and moved):
                return self._read(status, content, location)
            self.base = moved
        raise self._trouble("moved", "leads round in circles", "Use its own address.")

    def _exchange(
        self, method: str, path: str, body: Row | None, *, patience: float
    ) -> tuple[int, bytes, str]:
        headers = {"X-Api-Key": self._key, "Accept": "application/json"}
        try:
            with deadline(patience + CONNECT) as until:
                answer = self._session.request(
                    method,
                    f"{self.base}{_API}{path}",
                    json=body,
                    headers=headers,
                    timeout=(CONNECT, patience),
                    stream=True,
                    allow_redirects=False,  # they would take the key along
                )
                with answer:
                    self.ahead = ahead_of_us(answer.headers.get("Date", ""))
                    content = b"".join(limited(_parts(answer), largest=LARGEST, until=until))
        except requests.exceptions.InvalidHeader:
            # Not chained, here and below: the original may quote the key.
            raise self._bad_key("holds characters that cannot be sent") from None
        except (requests.RequestException, urllib3.exceptions.HTTPError, OSError) as error:
            raise self._unanswered(error) from None
        return answer.status_code, content, answer.headers.get("Location", "")

    def _moved(self, location: str, path: str) -> str | None:
        """The base behind a redirect within the same machine; None when it leads elsewhere."""
        target = urljoin(self.base + "/", location).partition("?")[0]
        if not target.endswith(f"{_API}{path}"):
            return None
        old, new = urlsplit(self.base), urlsplit(target)
        same = (old.scheme, old.netloc) == (new.scheme, new.netloc)
        safer = (old.scheme, new.scheme) == ("http", "https") and old.hostname == new.hostname
        base = target.removesuffix(f"{_API}{path}")
        return base if (same or safer) and base != self.base else None

    # -- judging -----------------------------------------------------------------------------------

    def _read(self, status: int, content: bytes, location: str) -> Any:
        name = self.program.name
        body = _json(content)
        if status in _REDIRECTS:
            where = urlsplit(urljoin(self.base + "/", location)).netloc or "another page"
            what = f"leads somewhere else ({where}); a login page may stand in between"
            raise self._trouble("moved", what, self._own_address())
        if status == 401:
            raise self._unauthorised(content, body)
        if status == 403:
            what = "is not allowed to be used from here"
            fix = f"A proxy stands in between, or {name} forbids it. {self._own_address()}"
            raise self._trouble("forbidden", what, fix)
        if status == 503 and "starting" in content[:300].decode("latin-1").lower():
            raise self._trouble("starting", "is still starting", "Try again in a minute.")
        if status in _GATEWAYS and not isinstance(body, dict):
            fix = f"Look whether {name} runs. {self._own_address()}"
            raise self._trouble("proxy", f"is answered for by a proxy ({status})", fix)
        if status == 400 and isinstance(body, list):
            raise self._rejected(body)
        if status >= 400:
            raise self._failed(status, body)
        if body is None and content.strip():
            raise self._foreign()
        return body

    def _version(self, found: Any) -> str:
        version = found.get("version") if isinstance(found, dict) else None
        if not isinstance(version, str):
            raise self._foreign()
        name, here = self.program.name, found.get("appName")
        if isinstance(here, str) and here and here.lower() != name.lower():
            fix = f"Give the address and the key of {name}, usually port {self.program.port}."
            raise ServarrError(f"{here} answers at {self.base}, not {name}. {fix}", why="foreign")
        numbers = [int(part) for part in version.split(".")[:2] if part.isdecimal()]
        if len(numbers) == 2 and tuple(numbers) < self.program.oldest:
            oldest = ".".join(map(str, self.program.oldest))
            raise ServarrError(
                f"{name} {version} is too old: {oldest} or newer is needed. Update {name}.",
                why="old",
            )
        return version

    def _unauthorised(self, content: bytes, body: Any) -> ServarrError:
        # The program itself answers a little JSON or nothing; a page is somebody else's.
        if content.strip() and body is None:
            what = "stands behind a proxy that asks for a password"
            return self._trouble("proxy", what, self._own_address())
        return self._bad_key("is refused")

    def _bad_key(self, what: str) -> ServarrError:
        name = self.program.name
        return ServarrError(
            f"The API key of {name} {what} at {self.base}. Copy it from {name}, Settings > "
            "General > API Key.",
            why="key",
        )

    def _rejected(self, body: Sequence[Any]) -> Rejected:
        complaints = [
            Complaint(
                str(entry.get("propertyName") or ""),
                self._clean(entry.get("errorMessage")),
                entry.get("isWarning") is True,
            )
            for entry in body
            if isinstance(entry, dict)
        ]
        words = " ".join(_stopped(each.words) for each in complaints if each.words)
        return Rejected(f"{self.program.name} says: {words or 'no, without a reason.'}", complaints)

    def _failed(self, status: int, body: Any) -> ServarrError:
        told = body if isinstance(body, dict) else {}
        words = self._clean(told.get("message") or told.get("errorMessage") or "")
        if status == 404 and not words:
            return self._foreign(status)
        said = f": {_stopped(words)}" if words else "."
        return ServarrError(
            f"{self.program.name} answered with an error ({status}){said} Its log says more.",
            why="status",
            status=status,
        )

    def _foreign(self, status: int = 0) -> ServarrError:
        name, path = self.program.name, urlsplit(self.base).path
        fix = f"Check the address; {name} usually listens on port {self.program.port}."
        if path:
            fix = f"Is {path} the URL base of {name} (Settings > General)? Otherwise leave it out."
        words = f"{self.base} answers, but not as {name} does. {fix}"
        return ServarrError(words, why="foreign", status=status)

    def _unanswered(self, error: Exception) -> ServarrError:
        why = cause(error)
        secure = self.base.startswith("https:")
        if why == "tls" and speaks_tls(self.base) is False:
            return self._trouble("tls", "speaks plain http there", "Write http:// instead.")
        if why == "cut" and not secure and speaks_tls(self.base):
            return self._trouble("tls", "speaks https there", "Write https:// instead.")
        what, fix = _TROUBLES[why]
        return self._trouble(why, what, fix.format(name=self.program.name, port=self.program.port))

    def _trouble(self, why: str, what: str, fix: str) -> ServarrError:
        return ServarrError(f"{self.program.name} at {self.base} {what}. {fix}", why=why)

    def _own_address(self) -> str:
        name = self.program.name
        return (
            f"Give {name}'s own address, in Docker for instance "
            f"http://{name.lower()}:{self.program.port}."
        )

    def _clean(self, words: object) -> str:
        text = _SECRET.sub(r"\1*****", " ".join(str(words or "").split()))[:300]
        return text.replace(self._key, "*****") if self._key else text


_TROUBLES = {
    "url": ("cannot be asked", "The address is not usable; it looks like http://lidarr:8686."),
    "name": (
        "cannot be found: that name is not known here",
        "In Docker use the name of {name}'s container and put both into the same network; "
        "otherwise the address of its machine.",
    ),
    "refused": (
        "cannot be reached: nothing listens there",
        "Start {name}, or check the port (usually {port}). Inside a container localhost is the "
        "container itself.",
    ),
    "silent": (
        "cannot be reached: no answer at that address",
        "Check the address; a firewall or another Docker network may be in the way.",
    ),
    "slow": (
        "does not answer in time",
        "Look at {name}'s log; when it is busy or starting, try again in a minute.",
    ),
    "cut": (
        "broke the connection off",
        "{name} may be restarting: try again in a minute. What was done so far is kept.",
    ),
    "certificate": (
        "shows a certificate that is not trusted here",
        "Use its plain address (http:// and port {port}), or the name that the certificate is for.",
    ),
    "tls": (
        "and we do not understand each other's TLS",
        "Use its plain address, http:// and port {port}.",
    ),
}


def cause(error: Exception) -> str:
    """A stable name for why an exchange failed, a key of the table above."""
    if isinstance(error, requests.exceptions.SSLError):
        return "certificate" if "CERTIFICATE_VERIFY_FAILED" in repr(error) else "tls"
    if isinstance(error, requests.exceptions.ConnectTimeout):
        return "silent"
    if isinstance(error, requests.exceptions.InvalidURL | requests.exceptions.InvalidSchema):
        return "url"
    slow = (requests.exceptions.Timeout, urllib3.exceptions.TimeoutError, TimeoutError)
    if isinstance(error, slow):
        return "slow"
    reason = getattr(error.args[0], "reason", None) if error.args else None
    if isinstance(reason, urllib3.exceptions.NameResolutionError):
        return "name"
    if isinstance(reason, urllib3.exceptions.NewConnectionError):
        return "refused" if isinstance(reason.__cause__, ConnectionRefusedError) else "silent"
    return "cut"


def _parts(answer: requests.Response) -> Iterator[bytes]:
    while part := answer.raw.read1(1 << 16, decode_content=True):
        yield part


def _json(content: bytes) -> Any:
    """The document, an empty one for no text at all; None for what is no JSON."""
    if not content.strip():
        return {}
    try:
        return json.loads(content)
    except (ValueError, RecursionError):
        return None


def _forced(force: bool) -> str:
    return "?forceSave=true" if force else ""


def _stopped(words: str) -> str:
    return words if words.endswith((".", "!", "?")) else f"{words}."
