"""Schemas of the queue and of commands about its order; the rest of the API lies in `schemas.py`."""

from __future__ import annotations

from typing import Any

from marshmallow import Schema, ValidationError, fields, post_load, validate, validates_schema

from blueprints.rest import storable
from blueprints.schemas import moment, told
from soulspot_arr.commands import Action, Command
from soulspot_arr.domain import GrabState, Priority
from soulspot_arr.ordering import LONGEST, Wish

_MOST_IDS = 500
_LAST_PLACE = 1_000_000
_LAST_YEAR = 9000  # beyond it another time zone may not exist
_LEVELS = [int(level) for level in Priority]
_PRIORITY = (
    "-1 low, 0 normal, 1 high, 2 force. As in SABnzbd -100 is normal, and -2 pauses. Force is asked "
    "for while the queue is paused, in quiet hours and before its start; it ends the grab's own pause."
)
_PLACE = (
    "Place in the queue, from 0; beyond the end is the end. Forced grabs stay before all others."
)


def _level(**options: Any) -> fields.Integer:
    return fields.Integer(
        strict=True,
        validate=validate.OneOf(_LEVELS, error="There is no such priority: {choices}."),
        metadata=told(_PRIORITY),
        **options,
    )


def _index(**options: Any) -> fields.Integer:
    return fields.Integer(
        strict=True,
        validate=validate.Range(0, _LAST_PLACE),
        metadata=told(_PLACE),
        **options,
    )


def _plain(text: str) -> None:
    if not storable(text) or not text.isprintable():
        raise ValidationError("Holds characters that cannot be stored.")


class GrabChanges(Schema):
    """What shall be otherwise; what is not named stays as it is."""

    priority = _level()
    position = _index()
    paused = fields.Boolean(truthy={True}, falsy={False}, metadata=told("Held back by itself."))
    not_before = fields.AwareDateTime(
        format="iso",
        allow_none=True,
        metadata=told("Start at this moment at the earliest; null for at once."),
    )
    category = fields.String(
        validate=[validate.Length(1, 80), _plain],
        metadata=told("Lidarr sees grabs of its own category only."),
    )

    @validates_schema
    def _check(self, data: dict[str, Any], **_: object) -> None:
        if not data:
            raise ValidationError("Say what to change.")
        if data.get("priority") == Priority.PAUSED and data.get("paused") is False:
            raise ValidationError({"paused": ["Priority -2 pauses: it cannot be false as well."]})
        start = data.get("not_before")
        if start is not None and not 1 < start.year < _LAST_YEAR:
            raise ValidationError({"not_before": ["Too far away."]})

    @post_load
    def _make(self, data: dict[str, Any], **_: object) -> Wish:
        if "priority" in data:
            data["priority"] = Priority(data["priority"])
        return Wish(**data, schedule="not_before" in data)


class GrabActions(Schema):
    """One command for several grabs."""

    action = fields.Enum(
        Action, by_value=True, required=True, metadata=told("What to do.", type="string")
    )
    nzo_ids = fields.List(
        fields.String(validate=[validate.Length(1, 200), _plain]),
        required=True,
        validate=validate.Length(1, _MOST_IDS),
        metadata=told(f"At most {_MOST_IDS}; one that comes twice counts once."),
    )
    priority = _level()
    position = _index()
    before = fields.String(
        validate=[validate.Length(1, 200), _plain],
        metadata=told("For a move: put them before this grab instead of at a position."),
    )

    @validates_schema
    def _check(self, data: dict[str, Any], **_: object) -> None:
        action = data["action"]
        if (action is Action.PRIORITY) != ("priority" in data):
            raise ValidationError({"priority": ["Belongs to the action priority, which needs it."]})
        places = {"position", "before"} & data.keys()
        if len(places) != (1 if action is Action.MOVE else 0):
            raise ValidationError({"position": ["A move needs either this or before; no other."]})
        if data.get("before") in data["nzo_ids"]:
            raise ValidationError({"before": ["Is one of those that are moved."]})

    @post_load
    def _make(self, data: dict[str, Any], **_: object) -> Command:
        data["nzo_ids"] = tuple(data["nzo_ids"])
        if "priority" in data:
            data["priority"] = Priority(data["priority"])
        return Command(**data)


class Outcome(Schema):
    """What became of one grab."""

    nzo_id = fields.String()
    ok = fields.Boolean(metadata=told("Whether it is done."))
    state = fields.Enum(
        GrabState,
        by_value=True,
        allow_none=True,
        metadata=told("Its state now; null when nobody knows the id.", type="string"),
    )
    position = fields.Integer(
        allow_none=True, metadata=told("After a move, the place it has now; null otherwise.")
    )
    new_nzo_id = fields.String(
        allow_none=True, metadata=told("After a retry, the id it has now; null otherwise.")
    )
    error_code = fields.String(allow_none=True, metadata=told("Why not, for programs."))
    message = fields.String(allow_none=True, metadata=told("Why not, for people."))


class Outcomes(Schema):
    """One for each id, in their order."""

    results = fields.List(fields.Nested(Outcome))


class Pause(Schema):
    """How long; a body is not needed."""

    may_be_absent = True

    seconds = fields.Float(
        load_default=None,
        allow_none=True,
        validate=validate.Range(0, LONGEST.total_seconds(), min_inclusive=False),
        metadata=told("Resume by itself after so many seconds; null for never."),
    )


class Limits(Schema):
    """The settings of the queue that are in force."""

    max_length = fields.Integer(metadata=told("Open grabs at most; 0 for no limit."))
    max_active = fields.Integer(metadata=told("Files asked for at the same time at most."))
    max_per_peer = fields.Integer(metadata=told("Grabs that one peer serves at the same time."))
    dispatches = fields.Integer(metadata=told("Requests to peers in one cycle at most."))
    dispatch_delay = fields.Float(metadata=told("Seconds between two of them at least."))
    quiet_hours = fields.List(fields.String(), metadata=told("Times of day, such as 23:00-07:00."))


class Queue(Schema):
    """The queue at a glance."""

    paused = fields.Boolean(metadata=told("Whether nothing new is asked for."))
    until = moment("When the pause ends by itself; null without one and for one without an end.")
    quiet = fields.Boolean(metadata=told("Whether these are quiet hours."))
    quiet_until = moment("When they end; null when they are not.")
    grabs = fields.Dict(
        keys=fields.String(),
        values=fields.Integer(),
        metadata=told(
            "Open grabs: all (`open`), by state, and how many are `paused`, `scheduled` for later "
            "or `forced`."
        ),
    )
    files = fields.Dict(
        keys=fields.String(), values=fields.Integer(), metadata=told("Their open files by state.")
    )
    limits = fields.Nested(Limits)
