"""How requests reach the simulated slskd and its answers leave: raw target, whole, cut or not at all.

Hands every request to one callable. Knows no route.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from soulspot_arr.listener import Connection
from soulspot_arr.simulator.web import Reply, Request


@dataclass(frozen=True, slots=True)
class Delivery:
    """A reply and how it leaves: whole, cut in the middle, or not at all."""

    reply: Reply | None
    manner: str = "whole"


def serve(connection: Connection, respond: Callable[[Request], Delivery]) -> None:
    """Read one request and deliver what comes back for it."""
    request = Request(
        connection.command,
        connection.path,
        connection.lowered(),
        body=_body(connection),
        client=str(connection.client_address[0]),
        afterwards=connection.afterwards,
    )
    deliver(connection, respond(request))


def _body(connection: Connection) -> bytes:
    headers, stream = connection.headers, connection.rfile
    if headers.get("Transfer-Encoding", "").lower() != "chunked":
        return stream.read(int(headers.get("Content-Length") or 0))
    parts = []
    while length := int(stream.readline().partition(b";")[0], 16):
        parts.append(stream.read(length))
        stream.readline()
    stream.readline()
    return b"".join(parts)


def deliver(connection: Connection, delivery: Delivery) -> None:
    """Write a reply as Kestrel does."""
    reply = delivery.reply
    if reply is None or delivery.manner == "reset":
        connection.reset()
        return
    connection.send_response(reply.status)
    if reply.content_type:
        connection.send_header("Content-Type", reply.content_type)
    for name, value in reply.headers:
        connection.send_header(name, value)
    # 204 and 205 carry no length at all in Kestrel; 205 needs a zero for HTTP/1.1 framing.
    if reply.status != 204:
        connection.send_header("Content-Length", str(len(reply.body)))
    body = reply.body
    if delivery.manner == "truncated":
        body = body[: len(body) // 2]
        connection.close_connection = True
    connection.send_header("Connection", "close" if connection.close_connection else "keep-alive")
    connection.end_headers()
    if connection.command != "HEAD":
        connection.wfile.write(body)
