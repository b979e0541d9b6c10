"""What the REST API tells of one grab from search to import; the rest stands in `schemas`.

Lengths of time are seconds, times ISO 8601 with a zone.
"""

from __future__ import annotations

from marshmallow import Schema, fields

from blueprints.schemas import Grab, moment, told
from soulspot_arr.rules.timeline_facts import Phase, StepKind


class Step(Schema):
    """One thing that happened."""

    step = fields.Enum(
        StepKind,
        by_value=True,
        attribute="kind",
        metadata=told("Stable name of what happened.", type="string"),
    )
    at = moment("When.")
    after = fields.Float(
        allow_none=True,
        metadata=told("Seconds since the step before; null for the first."),
    )
    level = fields.String(metadata=told("How serious.", enum=["debug", "info", "warning", "error"]))
    message = fields.String(metadata=told("One sentence for people."))
    reasons = fields.List(fields.String(), metadata=told("What more there is to say, or why."))


class Spent(Schema):
    """How long a grab was in one phase, all together."""

    phase = fields.Enum(Phase, by_value=True, metadata={"type": "string"})
    seconds = fields.Float()


class Asked(Schema):
    """One peer that was asked."""

    peer = fields.String()
    files = fields.Integer(metadata=told("How many files it was to send."))
    arrived = fields.Integer(metadata=told("How many of them came."))
    reason = fields.String(metadata=told("Why others did not; empty when nothing failed."))


class Timeline(Schema):
    """One grab from search to import."""

    end = fields.String(metadata=told("The whole story in a sentence."))
    over = fields.Boolean(metadata=told("Whether nothing more is to come."))
    seconds = fields.Float(metadata=told("From the grab to its end, or until now."))
    waiting_for = fields.String(
        allow_none=True,
        metadata=told("What is going on or waited for now; null when it is over."),
    )
    steps = fields.List(fields.Nested(Step), metadata=told("Oldest first."))
    spent = fields.List(fields.Nested(Spent), metadata=told("Where the time went, longest first."))
    peers = fields.List(fields.Nested(Asked), metadata=told("Who was asked, in this order."))


class GrabStory(Grab):
    """One album that was handed over, and what became of it."""

    import_state = fields.String(
        attribute="story.grab.import_state",
        allow_none=True,
        metadata=told(
            "What Lidarr said last: pending, importing, imported, blocked, failed or gone; null "
            "when it has said nothing."
        ),
    )
    import_message = fields.String(
        attribute="story.grab.import_message", allow_none=True, metadata=told("Its reasons.")
    )
    import_seen_at = moment("When it last said so.", attribute="story.grab.import_seen_at")
    imported_at = moment(
        "When Lidarr said that it has imported it.", attribute="story.grab.imported_at"
    )
    timeline = fields.Nested(Timeline, attribute="story.timeline")
