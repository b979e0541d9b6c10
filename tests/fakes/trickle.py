"""A program that begins to answer and never comes to an end: one header after the other."""

from __future__ import annotations

import socket
import threading
from contextlib import suppress
from types import TracebackType
from typing import Self

_PAUSE = 0.1  # seconds between two headers


class Trickle:
    """Listens on loopback; what it sends is sound HTTP as far as it goes."""

    def __init__(self) -> None:
        self._server = socket.create_server(("127.0.0.1", 0))
        self._over = threading.Event()
        threading.Thread(target=self._listen, daemon=True).start()

    @property
    def url(self) -> str:
        """Where it listens."""
        return f"http://127.0.0.1:{self._server.getsockname()[1]}"

    def _listen(self) -> None:
        with suppress(OSError):
            while True:
                caller, _ = self._server.accept()
                threading.Thread(target=self._drip, args=(caller,), daemon=True).start()

    def _drip(self, caller: socket.socket) -> None:
        with suppress(OSError), caller:
            caller.recv(65_536)
            caller.sendall(b"HTTP/1.1 200 OK\r\n")
            number = 0
            while not self._over.wait(_PAUSE):
                number += 1
                caller.sendall(b"X-%d: y\r\n" % number)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._over.set()
        self._server.close()
