"""HTTP towards slskd over real sockets: cut, silent, slow and chunked answers."""

from __future__ import annotations

import json
import socket
import threading
import time as real_time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pytest

from soulspot_arr.errors import (
    SourceUnavailable,
)
from soulspot_arr.sources.slskd_http import (
    Address,
    SlskdHttp,
    Unanswered,
)
from tests.soulspot_arr.sources.conftest import KEY


@contextmanager
def server(serve: Callable[[socket.socket], None]) -> Iterator[str]:
    """A listening socket whose connections are handed to `serve`, one by one."""
    listener = socket.create_server(("127.0.0.1", 0))

    def run() -> None:
        while True:
            try:
                connection, _ = listener.accept()
            except OSError:
                return
            with connection:
                try:
                    serve(connection)
                except OSError:
                    continue

    thread = threading.Thread(target=run, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{listener.getsockname()[1]}"
    finally:
        listener.shutdown(socket.SHUT_RDWR)
        listener.close()
        thread.join(5)


def quick(url: str) -> SlskdHttp:
    """Short patience against real sockets."""
    return SlskdHttp(Address(url, KEY, connect_timeout=1, read_timeout=0.3), sleep=lambda _: None)


def test_a_truncated_body_is_unavailable() -> None:
    """Fewer bytes than announced never become an answer."""

    def serve(connection: socket.socket) -> None:
        connection.recv(65536)
        connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n[1, 2")

    with server(serve) as url, pytest.raises(Unanswered):
        quick(url).get("x")


def test_silence_is_bounded() -> None:
    """A server that accepts and says nothing costs the time-out and no more."""

    def serve(connection: socket.socket) -> None:
        connection.recv(65536)
        connection.recv(1)  # until the other side gives up

    started = real_time.monotonic()
    with server(serve) as url:
        http = quick(url)
        with pytest.raises(Unanswered, match="in time"):
            http.get("x")
        http.close()
    assert real_time.monotonic() - started < 20  # the server waits for ever


def test_a_trickle_is_bounded() -> None:
    """Byte after byte, each in time, may not go on for ever."""

    def serve(connection: socket.socket) -> None:
        connection.recv(65536)
        connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 5000\r\n\r\n")
        for _ in range(5_000):
            connection.sendall(b" ")
            real_time.sleep(0.02)

    started = real_time.monotonic()
    with server(serve) as url, pytest.raises(SourceUnavailable):
        quick(url).get("x", until=real_time.monotonic() + 0.5)
    assert real_time.monotonic() - started < 20  # the server needs 100 seconds


def test_a_reset_is_unanswered_and_a_refusal_is_not() -> None:
    """Only a request that was sent can have been carried out."""

    def serve(connection: socket.socket) -> None:
        connection.recv(10)

    with server(serve) as url:
        with pytest.raises(Unanswered):
            quick(url).send("POST", "x", {"a": "b" * 100})
        gone = url
    with pytest.raises(SourceUnavailable) as caught:
        quick(gone).send("POST", "x", {})
    assert not isinstance(caught.value, Unanswered)


def test_chunked_and_compressed_answers_are_read() -> None:
    """slskd's web server sends chunks."""

    def serve(connection: socket.socket) -> None:
        connection.recv(65536)
        body = json.dumps([1, 2, 3]).encode()
        chunks = b"".join(b"1\r\n%c\r\n" % byte for byte in body) + b"0\r\n\r\n"
        connection.sendall(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n" + chunks)

    with server(serve) as url:
        assert quick(url).get("x").body == [1, 2, 3]
