"""A Lidarr that listens: just enough of its own API for our client of it."""

from __future__ import annotations

import json
import threading
import time
from contextlib import suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

KEY = "0123456789abcdef0123456789abcdef"


class LidarrDouble:
    """Answers a few routes of Lidarr's API as its source says; `log` keeps what was asked."""

    def __init__(self) -> None:
        self.log: list[tuple[str, str, str]] = []
        self.key = KEY
        self.albums: list[dict[str, object]] = []
        self.statuses: list[str] = []  # of the returned command, one for each POST and GET
        self.failing: dict[str, tuple[int, str]] = {}
        self.moved_to = ""  # where every request is redirected to
        self.trickle = 0.0  # seconds between two bytes of an answer
        self.keys: list[str | None] = []  # what was shown as key, request by request
        double = self

        class Handler(BaseHTTPRequestHandler):
            def log_message(self, format: str, *args: object) -> None:
                """Quiet."""

            def do_GET(self) -> None:
                double.answer(self)

            def do_POST(self) -> None:
                double.answer(self)

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.thread = threading.Thread(target=self.server.serve_forever, args=(0.01,))
        self.thread.start()

    @property
    def url(self) -> str:
        """Where it listens."""
        return f"http://127.0.0.1:{self.server.server_address[1]}"

    def close(self) -> None:
        """Stop listening."""
        self.server.shutdown()
        self.server.server_close()
        self.thread.join()

    def asked(self) -> list[str]:
        """Methods and paths, in their order."""
        return [f"{method} {path}" for method, path, _ in self.log]

    def answer(self, handler: BaseHTTPRequestHandler) -> None:
        """One request."""
        length = int(handler.headers.get("Content-Length") or 0)
        body = handler.rfile.read(length).decode()
        self.log.append((handler.command, handler.path, body))
        status, text = self._reply(handler, handler.path.removeprefix("/api/v1"))
        data = text.encode()
        self.keys.append(handler.headers.get("X-Api-Key"))
        handler.send_response(302 if self.moved_to else status)
        if self.moved_to:
            handler.send_header("Location", self.moved_to + handler.path)
        handler.send_header("Content-Type", "application/json")
        handler.send_header("Content-Length", str(len(data)))
        handler.end_headers()
        if not self.trickle:
            handler.wfile.write(data)
            return
        with suppress(OSError):  # the client may lose its patience
            for byte in data:
                handler.wfile.write(bytes([byte]))
                time.sleep(self.trickle)

    def _reply(self, handler: BaseHTTPRequestHandler, path: str) -> tuple[int, str]:
        if handler.headers.get("X-Api-Key") != self.key:
            return 401, '{"error": "Unauthorized"}'
        if path in self.failing:
            return self.failing[path]
        if path.startswith("/command"):
            status = self.statuses.pop(0) if self.statuses else "queued"
            code = 201 if handler.command == "POST" else 200
            return code, json.dumps({"id": 7, "status": status})
        if path == "/album":
            return 200, json.dumps(self.albums)
        if path == "/system/status":
            return 200, json.dumps({"version": "3.0.1.4866"})
        if path.endswith("/testall"):
            return 400, "[]"
        return 404, "{}"
