"""HTTP/1.1 for the simulated programs: connections that can be cut, and programs that go away and come back.

Only the sockets of the simulated slskd and the simulated Lidarr. Knows no route and no product; the
service itself listens with waitress.
"""

from __future__ import annotations

import socket
import struct
import sys
import threading
import traceback
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


class Connection(BaseHTTPRequestHandler):
    """A client's connection: requests are read from it and answered through it.

    `afterwards` is done when the answer is out or was lost on its way, each piece in a thread of its
    own: a program that is told to end answers first, and this thread ends with it.
    """

    protocol_version = "HTTP/1.1"
    server_version = "Kestrel"
    sys_version = ""
    # Head and body of a small answer leave in one piece: who asks while the program ends gets all
    # of it or nothing, never a head alone.
    wbufsize = 65536
    disable_nagle_algorithm = True
    server: _Server

    def log_message(self, format: str, *args: object) -> None:
        """The programs keep a log of their own, nothing goes to stderr."""

    def setup(self) -> None:
        super().setup()
        self.server.connections.add(self.connection)

    def finish(self) -> None:
        self.server.connections.discard(self.connection)
        try:
            super().finish()
        except (OSError, ValueError):
            self.close_connection = True

    def handle_one_request(self) -> None:
        self.afterwards: list[Callable[[], None]] = []
        try:
            super().handle_one_request()
        except (ConnectionError, TimeoutError, ValueError):
            self.close_connection = True
        finally:
            for work in self.afterwards:
                threading.Thread(target=work, name="afterwards", daemon=True).start()

    def lowered(self) -> dict[str, str]:
        """The headers of the request, their names in lower case."""
        return {name.lower(): value for name, value in self.headers.items()}

    def handle_expect_100(self) -> bool:
        allowed = super().handle_expect_100()
        self.wfile.flush()  # the client waits for it with its body
        return allowed

    def serve(self) -> None:
        """Have one request answered."""
        self.server.answer(self)

    def reset(self) -> None:
        """End the connection with an RST instead of an answer."""
        linger = struct.pack("ii", 1, 0)
        self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
        self.close_connection = True
        self.connection.close()


for _verb in ("GET", "POST", "PUT", "DELETE", "PATCH", "HEAD", "OPTIONS"):
    setattr(Connection, f"do_{_verb}", Connection.serve)


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    block_on_close = False
    request_queue_size = 128

    def __init__(self, address: tuple[str, int], answer: Callable[[Connection], None]) -> None:
        self.answer = answer
        self.connections: set[socket.socket] = set()
        super().__init__(address, Connection)

    def handle_error(self, request: object, client_address: object) -> None:
        """A client that went away is no news; anything else is a defect worth seeing."""
        if not isinstance(sys.exc_info()[1], (ConnectionError, TimeoutError)):
            traceback.print_exc()


class Listener:
    """Listens on one address; can go away and come back on the same port.

    `answer` is called once a request, in the thread of its connection; `name` is the thread's.
    """

    def __init__(
        self, host: str, port: int, answer: Callable[[Connection], None], *, name: str
    ) -> None:
        self._host = host
        self._answer = answer
        self._name = name
        self._server: _Server | None = None
        self._thread: threading.Thread | None = None
        self.port = port

    def start(self) -> None:
        """Bind and serve; `port` is known afterwards. Raises OSError when it is taken."""
        if self._server is not None:
            return
        self._server = _Server((self._host, self.port), self._answer)
        self.port = int(self._server.server_address[1])
        self._thread = threading.Thread(
            target=self._server.serve_forever, args=(0.005,), name=self._name, daemon=True
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
