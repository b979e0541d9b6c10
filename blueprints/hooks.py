"""Doors for other programs that tell us something: the webhooks of slskd and of Lidarr.

A hook only hastens what a job would find anyway. slskd's brings the exact path of a finished file
(it raises no event for failures, contract slskd §7.1), Lidarr's says which album a grab is and
what became of its import.
Everything unknown is ignored: both send any type they are configured for, with fields that change
between versions.
"""

from __future__ import annotations

from flask import request
from werkzeug.exceptions import UnprocessableEntity

from blueprints import auth, schemas
from blueprints.rest import Resource, parse_json, services, storable
from soulspot_arr import gate

FINISHED = "DownloadFileComplete"
GRABBED = "Grab"


def _guard() -> None:
    if not _shows_password():
        auth.require_hook_secret(services().settings)


def _shows_password() -> bool:
    """Whether Basic authentication carries the API key: Lidarr's form offers only that.

    The user name does not matter (contract lidarr §11.6).
    """
    shown = request.authorization
    given = (shown.password or "") if shown is not None and shown.type == "basic" else ""
    return gate.is_key(given, services().settings)


resource = Resource("hooks", "Told by other programs.", prefix="/hooks", guard=_guard)


@resource.route("/slskd", methods=["POST"])
@resource.doc(
    requestBody={"content": {"application/json": {"schema": schemas.SlskdEvent}}, "required": True},
    security=[{"HookSecret": []}, {"ApiKey": []}],
)
@resource.response(204)
def slskd() -> None:
    """Take an event from slskd's webhook"""
    told = _finished_file(_body("slskd"))
    if told is not None and not (all(told) and services().monitor.landed(*told)):
        services().monitor.hasten()


@resource.route("/lidarr", methods=["POST", "PUT"])
@resource.doc(
    requestBody={
        "content": {"application/json": {"schema": schemas.LidarrEvent}},
        "required": True,
    },
    security=[{"HookSecret": []}, {"ApiKey": []}],
)
@resource.response(200, schemas.Bound)
def lidarr() -> dict[str, bool]:
    """Take an event from Lidarr's webhook

    Lidarr's form sends user name and password: the password is the API key. It waits for the answer
    in the middle of its own grab or import: one small write at most, and nobody is asked anything.
    """
    event = _body("Lidarr")
    services().follower.heard(event)
    return {"bound": event.get("eventType") == GRABBED and services().binding.told(event)}


def _body(sender: str) -> dict[str, object]:
    try:
        body = parse_json(request.get_data())
    except ValueError as error:
        raise UnprocessableEntity(f"The body is not usable JSON: {error}.") from error
    if not isinstance(body, dict):
        raise UnprocessableEntity(f"The body is not an event of {sender}.")
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
