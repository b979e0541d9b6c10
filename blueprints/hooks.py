"""Doors for other programs that tell us something: slskd's webhook.

A hook only hastens what the poll would find anyway, and brings the exact path of a finished file
(slskd raises no event for failures, contract slskd §7.1). Everything unknown is ignored: slskd
sends any type it is configured for, with fields that change between versions.
"""

from __future__ import annotations

from flask import request
from werkzeug.exceptions import UnprocessableEntity

from blueprints import auth, schemas
from blueprints.rest import Resource, parse_json, services, storable

FINISHED = "DownloadFileComplete"


def _guard() -> None:
    auth.require_hook_secret(services().settings)


resource = Resource("hooks", "Told by other programs.", prefix="/hooks", guard=_guard)


@resource.route("/slskd", methods=["POST"])
@resource.doc(
    requestBody={"content": {"application/json": {"schema": schemas.SlskdEvent}}, "required": True},
    security=[{"HookSecret": []}, {"ApiKey": []}],
)
@resource.response(204)
def slskd() -> None:
    """Take an event from slskd's webhook"""
    told = _finished_file(_body())
    if told is not None and not (all(told) and services().monitor.landed(*told)):
        services().monitor.hasten()


def _body() -> dict[str, object]:
    try:
        body = parse_json(request.get_data())
    except ValueError as error:
        raise UnprocessableEntity(f"The body is not usable JSON: {error}.") from error
    if not isinstance(body, dict):
        raise UnprocessableEntity("The body is not an event of slskd.")
    return body


def _finished_file(event: dict[str, object]) -> tuple[str, str, str] | None:
    """Peer, remote path and local path of a file that has arrived; what was not told is empty."""
    transfer = event.get("transfer")
    if event.get("type") != FINISHED or not isinstance(transfer, dict):
        return None
    ref = _text(transfer.get("id"))
    if ref and not ref.strip("0-"):
        return None  # a sample event, raised by hand to try the webhook (contract slskd §7.1)
    return (
        _text(transfer.get("username")),
        _text(event.get("remoteFilename")),
        _text(event.get("localFilename")),
    )


def _text(value: object) -> str:
    return value if isinstance(value, str) and storable(value) else ""
