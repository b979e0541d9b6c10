"""A real HTTP server on loopback that plays another program; what it says is up to its subclass."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Self
from urllib.parse import parse_qs, urlsplit


@dataclass(frozen=True, slots=True)
class Asked:
    """One request as it came in."""

    path: str
    query: Mapping[str, str]
    headers: Mapping[str, str]
    at: float
    method: str = "GET"
    body: bytes = b""

    @property
    def address(self) -> str:
        """Path and query, readable."""
        query = "&".join(f"{name}={value}" for name, value in self.query.items())
        return f"{self.path}?{query}" if query else self.path


@dataclass(frozen=True, slots=True)
class Reply:
    """One answer; `headers` besides type and length."""

    status: int
    body: bytes
    type: str = "application/json"
    headers: Mapping[str, str] = field(default_factory=dict)


class HttpDouble:
    """Listens until `close`; `mood` may answer in place of `reply`, `hold` keeps everybody waiting."""

    def __init__(self) -> None:
        self.log: list[Asked] = []
        self.mood: Callable[[Asked], Reply | None] = lambda asked: None
        self.pause = 0.0  # seconds before each answer
        self._held = ""
        self._open = threading.Event()
        self._open.set()
        double = self

        class Handler(BaseHTTPRequestHandler):
            def log_message(self, format: str, *args: object) -> None:
                """Quiet."""

            def do_GET(self) -> None:
                double._answer(self)

            do_POST = do_PUT = do_DELETE = do_GET  # noqa: N815

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.01,))
        self._thread.start()

    @property
    def url(self) -> str:
        """Where it listens."""
        return f"http://127.0.0.1:{self._server.server_address[1]}"

    def hold(self, part: str = "") -> None:
        """Say nothing from now on to requests with this part in their address."""
        self._held = part
        self._open.clear()

    def release(self) -> None:
        """Answer again, also those who have been waiting."""
        self._open.set()

    def close(self) -> None:
        """Stop listening."""
        self.release()
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

    def asked(self, part: str = "") -> list[str]:
        """Paths with their queries in the order of their coming, those with this part."""
        return [asked.address for asked in self.log if part in asked.address]

    def reply(self, asked: Asked) -> Reply:
        """What this program answers."""
        raise NotImplementedError

    def _answer(self, handler: BaseHTTPRequestHandler) -> None:
        parts = urlsplit(handler.path)
        query = {name: values[-1] for name, values in parse_qs(parts.query).items()}
        body = handler.rfile.read(int(handler.headers.get("Content-Length") or 0))
        headers, method = dict(handler.headers), handler.command
        asked = Asked(parts.path, query, headers, time.monotonic(), method, body)
        self.log.append(asked)
        if self._held in handler.path:
            self._open.wait()
        time.sleep(self.pause)
        reply = self.mood(asked) or self.reply(asked)
        with suppress(OSError):  # whoever asked may have lost patience
            handler.send_response(reply.status)
            handler.send_header("Content-Type", reply.type)
            handler.send_header("Content-Length", str(len(reply.body)))
            for name, value in reply.headers.items():
                handler.send_header(name, value)
            handler.end_headers()
            pause = float(reply.headers.get("X-Trickle", 0))  # seconds between two bytes
            if not pause:
                handler.wfile.write(reply.body)
                return
            for byte in reply.body:
                handler.wfile.write(bytes([byte]))
                time.sleep(pause)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()
