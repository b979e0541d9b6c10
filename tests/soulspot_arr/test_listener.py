"""The sockets of the simulated programs: what is done after an answer, and what a client sees of cuts."""

from __future__ import annotations

import socket
import threading
from collections.abc import Callable, Iterator

import pytest

from soulspot_arr.listener import Connection, Listener

Answer = Callable[[Connection], None]


def say(connection: Connection, text: bytes = b"hello") -> None:
    """A whole answer."""
    connection.send_response(200)
    connection.send_header("Content-Length", str(len(text)))
    connection.end_headers()
    connection.wfile.write(text)


@pytest.fixture
def listen() -> Iterator[Callable[[Answer], Listener]]:
    """Start a listener that answers like this."""
    opened: list[Listener] = []

    def start(answer: Answer) -> Listener:
        opened.append(Listener("127.0.0.1", 0, answer, name="test-http"))
        opened[-1].start()
        return opened[-1]

    yield start
    for listener in opened:
        listener.stop()


def ask(listener: Listener, *requests: bytes) -> bytes:
    """Send these on one connection that then is at its end; all that came back."""
    with socket.create_connection(("127.0.0.1", listener.port), timeout=10) as client:
        client.sendall(b"".join(requests))
        client.shutdown(socket.SHUT_WR)
        return b"".join(iter(lambda: client.recv(65536), b""))


GET = b"GET / HTTP/1.1\r\nHost: x\r\n\r\n"


def test_what_is_left_for_later_is_done_once_for_its_own_request(
    listen: Callable[[Answer], Listener],
) -> None:
    """Two requests on one connection: the first leaves something, the second nothing."""
    asked: list[str] = []
    done = threading.Semaphore(0)

    def answer(connection: Connection) -> None:
        asked.append(connection.command)
        if len(asked) == 1:
            connection.afterwards.append(done.release)
        say(connection)

    assert ask(listen(answer), GET, GET).count(b"hello") == 2
    assert done.acquire(timeout=10)
    assert not done.acquire(timeout=0.1)


def test_the_end_of_the_program_waits_for_its_answer(
    listen: Callable[[Answer], Listener],
) -> None:
    """The listener stops itself; who asked for it has the whole answer."""
    ended = threading.Event()

    def stop() -> None:
        listener.stop()
        ended.set()

    def answer(connection: Connection) -> None:
        connection.afterwards.append(stop)
        say(connection)

    listener = listen(answer)
    assert ask(listener, GET).endswith(b"hello")
    assert ended.wait(10)
    with pytest.raises(ConnectionRefusedError):
        ask(listener, GET)


@pytest.mark.parametrize("manner", ["lost", "reset"])
def test_what_is_left_for_later_is_done_although_the_answer_is_lost(
    listen: Callable[[Answer], Listener], manner: str
) -> None:
    """The client went away, or the connection was cut on purpose."""
    done = threading.Event()

    def answer(connection: Connection) -> None:
        connection.afterwards.append(done.set)
        if manner == "lost":
            raise BrokenPipeError
        connection.reset()

    try:
        assert ask(listen(answer), GET) == b""
    except ConnectionResetError:
        assert manner == "reset"
    assert done.wait(10)


def test_an_answer_leaves_in_one_piece(listen: Callable[[Answer], Listener]) -> None:
    """Cut between head and body, the client gets neither: no half answer of a program that ends."""
    half, cut = threading.Event(), threading.Event()

    def answer(connection: Connection) -> None:
        connection.send_response(200)
        connection.send_header("Content-Length", "5")
        connection.end_headers()
        half.set()
        cut.wait(10)
        connection.wfile.write(b"hello")

    listener = listen(answer)
    with socket.create_connection(("127.0.0.1", listener.port), timeout=10) as client:
        client.sendall(GET)
        assert half.wait(10)
        listener.stop()
        cut.set()
        assert client.recv(65536) == b""


def test_a_client_that_waits_for_leave_gets_it(listen: Callable[[Answer], Listener]) -> None:
    """`Expect: 100-continue`, as curl sends it before a large body."""

    def answer(connection: Connection) -> None:
        say(connection, connection.rfile.read(5))

    listener = listen(answer)
    with socket.create_connection(("127.0.0.1", listener.port), timeout=10) as client:
        client.sendall(
            b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\nExpect: 100-continue\r\n\r\n"
        )
        assert client.recv(65536).startswith(b"HTTP/1.1 100 ")
        client.sendall(b"bytes")
        client.shutdown(socket.SHUT_WR)
        assert b"".join(iter(lambda: client.recv(65536), b"")).endswith(b"bytes")


def test_it_goes_away_and_comes_back_on_its_port(listen: Callable[[Answer], Listener]) -> None:
    """Open connections are cut, new ones refused; starting and stopping twice is harmless."""
    listener = listen(say)
    port = listener.port
    with socket.create_connection(("127.0.0.1", port), timeout=10) as idle:
        idle.sendall(GET)
        assert idle.recv(65536)
        listener.stop()
        listener.stop()
        while idle.recv(65536):
            pass  # what was on its way; then the end
    with pytest.raises(ConnectionRefusedError):
        ask(listener, GET)
    listener.start()
    listener.start()
    assert listener.port == port
    assert ask(listener, GET).endswith(b"hello")
