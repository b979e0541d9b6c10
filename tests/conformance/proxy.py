"""A tiny real reverse proxy: keeps or strips a path prefix and tells who asked for what."""

from __future__ import annotations

import http.client
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import urlsplit

_HOP_BY_HOP = frozenset({"connection", "keep-alive", "transfer-encoding", "host"})


@contextmanager
def proxy(
    target: str, *, prefix: str = "", strips: bool = False, forwarded: dict[str, str] | None = None
) -> Iterator[str]:
    """Serve `target` below `prefix` on a free port; yields the address people would use.

    With `strips` the prefix is taken off before the request goes on. `forwarded` are headers that
    are added to every request; without them the client's Host header is handed on.
    """
    upstream = urlsplit(target)

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            self._pass_on()

        def do_POST(self) -> None:
            self._pass_on()

        def _pass_on(self) -> None:
            path = self.path
            if not path.startswith(prefix):
                self.send_error(404)
                return
            if strips:
                path = path[len(prefix) :] or "/"
            headers = {k: v for k, v in self.headers.items() if k.lower() not in _HOP_BY_HOP}
            headers["Host"] = str(upstream.netloc if forwarded else self.headers["Host"])
            headers |= forwarded or {}
            body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            link = http.client.HTTPConnection(str(upstream.hostname), upstream.port, timeout=30)
            link.request(self.command, path, body or None, headers)
            answer = link.getresponse()
            content = answer.read()
            link.close()
            self.send_response(answer.status)
            for name, value in answer.getheaders():
                if name.lower() not in _HOP_BY_HOP | {"content-length"}:
                    self.send_header(name, value)
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        def log_message(self, format: str, *arguments: object) -> None:
            """Quiet."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}{prefix}"
    finally:
        server.shutdown()
        server.server_close()
        thread.join(5)
