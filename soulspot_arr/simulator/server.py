"""The socket side: real HTTP/1.1 with the raw request target, and connections that can be killed.

Hands every request to one callable and writes what comes back. Knows no route.
"""

from __future__ import annotations

import socket
import struct
import sys
import threading
import traceback
from collections.abc import Callable
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from soulspot_arr.simulator.web import Reply, Request


@dataclass(frozen=True, slots=True)
class Delivery:
    """A reply and how it leaves: whole, cut in the middle, or not at all."""

    reply: Reply | None
    manner: str = "whole"


Respond = Callable[[Request], Delivery]


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server_version = "Kestrel"
    sys_version = ""
    # Headers and body leave in one write; without this, small answers wait for delayed ACKs.
    disable_nagle_algorithm = True
    server: _Server

    def handle_one_request(self) -> None:
        try:
            super().handle_one_request()
        except (ConnectionError, TimeoutError, ValueError):
            self.close_connection = True

    def setup(self) -> None:
        super().setup()
        self.server.connections.add(self.connection)

    def finish(self) -> None:
        self.server.connections.discard(self.connection)
        try:
            super().finish()
        except (ConnectionError, ValueError):
            self.close_connection = True

    def log_message(self, format: str, *args: object) -> None:
        """Requests are logged by the simulator, not on stderr."""

    def _serve(self) -> None:
        body = self._body()
        headers = {name.lower(): value for name, value in self.headers.items()}
        request = Request(
            self.command, self.path, headers, body=body, client=str(self.client_address[0])
        )
        try:
            self._deliver(self.server.respond(request))
        finally:
            if request.then is not None:
                request.then()

    def _body(self) -> bytes:
        if self.headers.get("Transfer-Encoding", "").lower() != "chunked":
            return self.rfile.read(int(self.headers.get("Content-Length") or 0))
        parts = []
        while length := int(self.rfile.readline().partition(b";")[0], 16):
            parts.append(self.rfile.read(length))
            self.rfile.readline()
        self.rfile.readline()
        return b"".join(parts)

    def _deliver(self, delivery: Delivery) -> None:
        reply = delivery.reply
        if reply is None or delivery.manner == "reset":
            self._reset()
            return
        self.send_response(reply.status)
        if reply.content_type:
            self.send_header("Content-Type", reply.content_type)
        for name, value in reply.headers:
            self.send_header(name, value)
        # 204 and 205 carry no length at all in Kestrel; 205 needs a zero for HTTP/1.1 framing.
        if reply.status != 204:
            self.send_header("Content-Length", str(len(reply.body)))
        body = reply.body
        if delivery.manner == "truncated":
            body = body[: len(body) // 2]
            self.close_connection = True
        self._buffer_headers(body if self.command != "HEAD" else b"")

    def _buffer_headers(self, body: bytes) -> None:
        self.send_header("Connection", "close" if self.close_connection else "keep-alive")
        keep = self.close_connection
        head = getattr(self, "_headers_buffer", [])
        self._headers_buffer: list[bytes] = []
        self.wfile.write(b"".join(head) + b"\r\n" + body)
        self.close_connection = keep

    def _reset(self) -> None:
        linger = struct.pack("ii", 1, 0)
        self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
        self.close_connection = True
        self.connection.close()


for _verb in ("GET", "POST", "PUT", "DELETE", "PATCH", "HEAD", "OPTIONS"):
    setattr(_Handler, f"do_{_verb}", _Handler._serve)


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    block_on_close = False
    request_queue_size = 128

    def __init__(self, address: tuple[str, int], respond: Respond) -> None:
        self.respond = respond
        self.connections: set[socket.socket] = set()
        super().__init__(address, _Handler)

    def handle_error(self, request: object, client_address: object) -> None:
        """A client that went away is no news; anything else is a defect worth seeing."""
        if not isinstance(sys.exc_info()[1], (ConnectionError, TimeoutError)):
            traceback.print_exc()


class Listener:
    """Listens on one address; can go away and come back on the same port."""

    def __init__(self, host: str, port: int, respond: Respond) -> None:
        self._host = host
        self._respond = respond
        self._server: _Server | None = None
        self._thread: threading.Thread | None = None
        self.port = port

    def start(self) -> None:
        """Bind and serve; `port` is known afterwards. Raises OSError when it is taken."""
        if self._server is not None:
            return
        self._server = _Server((self._host, self.port), self._respond)
        self.port = int(self._server.server_address[1])
        self._thread = threading.Thread(
            target=self._server.serve_forever, args=(0.005,), name="sim-http", daemon=True
        )
        self._thread.start()

    def stop(self) -> None:
        """Stop listening and cut every open connection, as a killed process does."""
        server, self._server = self._server, None
        if server is None:
            return
        server.shutdown()
        server.server_close()
        for connection in tuple(server.connections):
            try:
                connection.shutdown(socket.SHUT_RDWR)
            except OSError:
                continue
        if self._thread is not None:
            self._thread.join(timeout=5)
