"""Exchanges over HTTP that are over in time, and answers that do not fill the memory.

A time limit of a socket counts from one sign of life to the next: whoever sends a header now and
then holds up his reader for ever. Inside `deadline` each wait is cut to what is left of the whole.
It asks nobody and knows none of the programs that are asked.
"""

from __future__ import annotations

import io
import json
import re
import socket
import ssl
import threading
import time
import urllib.request
from codecs import getincrementaldecoder
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from http.client import HTTPConnection, HTTPResponse, HTTPSConnection
from typing import Any

import urllib3
from requests.adapters import HTTPAdapter

_CLOCK = threading.local()
_BLANKS = re.compile(r"[ \t\r\n]*")
_DECODE = json.JSONDecoder().raw_decode
LARGEST_VALUE = 32 * 1024 * 1024
"""Characters of one value within a list that is read entry by entry."""


@contextmanager
def deadline(seconds: float) -> Iterator[float]:
    """All exchanges that this thread begins inside end by then; yields the moment (monotonic)."""
    until = time.monotonic() + seconds
    _CLOCK.until = until
    try:
        yield until
    finally:
        _CLOCK.until = None


class _Patient(io.RawIOBase):
    """Reads from a socket until the deadline, however many signs of life there are."""

    def __init__(self, raw: io.RawIOBase, sock: socket.socket, until: float) -> None:
        self._raw = raw
        self._sock = sock
        self._until = until
        self._each = sock.gettimeout()

    def readable(self) -> bool:
        """It is."""
        return True

    def readinto(self, buffer: Any, /) -> int | None:
        """As a socket's; raises TimeoutError."""
        left = self._until - time.monotonic()
        if left <= 0:
            raise TimeoutError("the answer came too slowly")
        if self._sock.fileno() >= 0:  # closed here, but read on by its file: the limit stays
            self._sock.settimeout(left if self._each is None else min(left, self._each))
        return self._raw.readinto(buffer)

    def close(self) -> None:
        """With the socket's own file, which it counts."""
        if not self.closed:
            self._raw.close()
        super().close()


class _Response(HTTPResponse):
    """Heads and bodies under the deadline."""

    def __init__(self, sock: socket.socket, *how: Any, **named: Any) -> None:
        super().__init__(sock, *how, **named)
        until = getattr(_CLOCK, "until", None)
        if until is not None:
            raw = self.fp.detach()
            self.fp = io.BufferedReader(_Patient(raw, sock, until))


# -- for requests ----------------------------------------------------------------------------------


class _PooledConnection(urllib3.connection.HTTPConnection):
    response_class = _Response


class _PooledTlsConnection(urllib3.connection.HTTPSConnection):
    response_class = _Response


class _Pool(urllib3.HTTPConnectionPool):
    ConnectionCls = _PooledConnection


class _TlsPool(urllib3.HTTPSConnectionPool):
    ConnectionCls = _PooledTlsConnection


class TimelyAdapter(HTTPAdapter):
    """For a `requests.Session`: its exchanges keep to the deadline."""

    def init_poolmanager(self, *how: Any, **named: Any) -> None:
        """With connections of ours."""
        super().init_poolmanager(*how, **named)
        self.poolmanager.pool_classes_by_scheme = {"http": _Pool, "https": _TlsPool}


# -- for urllib ------------------------------------------------------------------------------------


class _Connection(HTTPConnection):
    response_class = _Response


class _TlsConnection(HTTPSConnection):
    response_class = _Response


class TimelyHandler(urllib.request.HTTPHandler):
    """For an opener of urllib: its exchanges keep to the deadline."""

    handler_order = 400  # before the usual one

    def http_open(self, req: urllib.request.Request) -> HTTPResponse:
        """With connections of ours."""
        return self.do_open(_Connection, req)


class TimelyTlsHandler(urllib.request.HTTPSHandler):
    """The same for https, with the usual certificates."""

    handler_order = 400

    def https_open(self, req: urllib.request.Request) -> HTTPResponse:
        """With connections of ours."""
        return self.do_open(_TlsConnection, req, context=ssl.create_default_context())


# -- bodies ----------------------------------------------------------------------------------------


def limited(parts: Iterable[bytes], *, largest: int, until: float) -> Iterator[bytes]:
    """The parts of a body; raises TimeoutError when they are too much or come too slowly."""
    size = 0
    for part in parts:
        size += len(part)
        if size > largest or time.monotonic() > until:
            raise TimeoutError("the answer has no end")
        yield part


def entries(parts: Iterable[bytes], keep: Callable[[dict[str, Any]], Any]) -> list[Any]:
    """The objects of a list in JSON, each as `keep` leaves it, read one after the other.

    A library is hundreds of megabytes: never more than a piece of it is in memory. An answer that
    is no list has no entries. Raises ValueError or RecursionError for what is not JSON.
    """
    text = _Text(parts)
    if text.sign() != "[":
        text.rest()
        return []
    found: list[Any] = []
    text.at += 1
    while text.sign() != "]":
        entry = text.value()
        if isinstance(entry, dict):
            found.append(keep(entry))
        if text.sign() == ",":
            text.at += 1
        elif text.sign() != "]":
            raise ValueError("a list without an end")
    return found


class _Text:
    """A text that is still coming in; `at` is how far it was read."""

    def __init__(self, parts: Iterable[bytes]) -> None:
        self._parts = iter(parts)
        self._reader = getincrementaldecoder("utf-8-sig")()
        self._text = ""
        self.at = 0

    def sign(self) -> str:
        """The next character that is no blank, not yet passed; empty at the end."""
        while True:
            self.at = _BLANKS.match(self._text, self.at).end()  # type: ignore[union-attr]
            if self.at < len(self._text) or not self._more():
                return self._text[self.at : self.at + 1]

    def value(self) -> Any:
        """The value that begins here."""
        self.sign()
        while True:
            try:
                found, end = _DECODE(self._text, self.at)
            except ValueError:
                if not self._more():
                    raise
                continue
            # A number at the very end may go on.
            if end < len(self._text) or not self._more():
                self.at = end
                return found

    def rest(self) -> Any:
        """All that is left as one value; None when that is nothing."""
        while self._more():
            pass
        left = self._text[self.at :].strip()
        return json.loads(left) if left else None

    def _more(self) -> bool:
        """Read on, at least as much again as is waiting: no value is tried too often."""
        kept = [self._text[self.at :]]
        self.at = 0
        waiting, size = len(kept[0]), 0
        if waiting > LARGEST_VALUE:
            raise ValueError("a value without an end")
        for part in self._parts:
            kept.append(self._reader.decode(part))
            size += len(part)
            if size > waiting:
                break
        else:
            kept.append(self._reader.decode(b"", True))
        self._text = "".join(kept)
        return size > 0
