"""A hand-written HTTP server that answers what a test scripted and remembers what it was asked."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, urlsplit


@dataclass(frozen=True)
class Asked:
    """One request as it arrived."""

    method: str
    target: str
    headers: dict[str, str]
    body: bytes

    @property
    def path(self) -> str:
        """The path without the query."""
        return urlsplit(self.target).path

    @property
    def raw_query(self) -> str:
        """The query exactly as it was sent."""
        return urlsplit(self.target).query

    def value(self, name: str) -> str | None:
        """One decoded query parameter; empty values count."""
        values = parse_qs(self.raw_query, keep_blank_values=True).get(name)
        return values[0] if values else None


@dataclass(frozen=True)
class Answer:
    """One scripted answer."""

    body: bytes = b'{"status": true}'
    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)


Rule = Callable[[Asked], Answer | None]


def as_json(value: object, status: int = 200) -> Answer:
    """An answer with a JSON body."""
    return Answer(json.dumps(value).encode(), status, {"Content-Type": "application/json"})


def as_xml(text: str, status: int = 200) -> Answer:
    """An answer with an XML body."""
    return Answer(text.encode(), status, {"Content-Type": "application/xml"})


@dataclass
class Scripted:
    """The running server: `rules` are asked in order, the first answer wins, else 404."""

    url: str
    rules: list[Rule] = field(default_factory=list)
    asked: list[Asked] = field(default_factory=list)

    def on(self, answer: Answer, **query: str) -> None:
        """Answer every request whose query carries these values; later rules win."""

        def rule(asked: Asked) -> Answer | None:
            fits = all(asked.value(name) == value for name, value in query.items())
            return answer if fits else None

        self.rules.insert(0, rule)

    def queries(self) -> list[str]:
        """The raw queries in the order they arrived."""
        return [asked.raw_query for asked in self.asked]


@contextmanager
def scripted_server() -> Iterator[Scripted]:
    """A scripted server on a free loopback port for the length of a `with` block."""

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def _serve(self) -> None:
            length = int(self.headers.get("Content-Length") or 0)
            asked = Asked(self.command, self.path, dict(self.headers), self.rfile.read(length))
            scripted.asked.append(asked)
            answers = (rule(asked) for rule in list(scripted.rules))
            answer = next((found for found in answers if found is not None), Answer(b"", 404))
            self.send_response(answer.status)
            for name, value in answer.headers.items():
                self.send_header(name, value)
            self.send_header("Content-Length", str(len(answer.body)))
            self.end_headers()
            self.wfile.write(answer.body)

        do_GET = do_POST = _serve  # noqa: N815 - the names the standard library calls

        def log_message(self, *_: object) -> None:
            """Keep test output quiet."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    scripted = Scripted(f"http://127.0.0.1:{server.server_address[1]}")
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.005})
    thread.start()
    try:
        yield scripted
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
