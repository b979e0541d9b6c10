"""Every schema of the REST API: one place to read what goes in and what comes out.

A schema reads views of the services by attribute; it computes nothing that a service should know.
Sizes are bytes, speeds bytes per second, times ISO 8601 with a zone.
"""

from __future__ import annotations

import platform
from collections.abc import Mapping
from typing import Any

from marshmallow import (
    INCLUDE,
    Schema,
    ValidationError,
    fields,
    post_load,
    validate,
    validates_schema,
)

from blueprints.rest import LARGEST_ID, storable
from soulspot_arr import __version__
from soulspot_arr.domain import GrabState
from soulspot_arr.services import Services
from soulspot_arr.settings import SettingView

# What `GET /settings` shows for a secret; sent back, it means "leave it as it is".
MASK = "********"

_TYPE_NAMES: Mapping[type, str] = {
    str: "string",
    int: "integer",
    float: "number",
    bool: "boolean",
    list: "array",
}


def told(words: str, **more: object) -> dict[str, object]:
    """What the documentation says about a field."""
    return {"description": words, **more}


def identifier(words: str) -> fields.Integer:
    """The id of a row."""
    return fields.Integer(validate=validate.Range(0, LARGEST_ID), metadata=told(words))


def limit() -> fields.Integer:
    """The length of a page."""
    words = "How many to return at most."
    return fields.Integer(load_default=50, validate=validate.Range(1, 500), metadata=told(words))


def moment(words: str, *, attribute: str | None = None) -> fields.AwareDateTime:
    """A time, or null."""
    return fields.AwareDateTime(
        format="iso", attribute=attribute, allow_none=True, metadata=told(words)
    )


class Problem(Schema):
    """The answer to everything that went wrong."""

    code = fields.Integer(metadata=told("The HTTP status."))
    status = fields.String(metadata=told("The HTTP status in words."))
    message = fields.String(metadata=told("One sentence for people."))
    error_code = fields.String(metadata=told("Stable name of what went wrong, for programs."))
    ref = fields.String(metadata=told("Found again in the log."))
    errors = fields.Dict(
        metadata=told("By place and field, what does not fit (422 for arguments only).")
    )


# -- system ----------------------------------------------------------------------------------------


def _now(services: Services) -> str:
    return services.clock().isoformat()


class Status(Schema):
    """What runs here, and since when; read from the services themselves."""

    name = fields.Constant("SoulSpot Arr", metadata={"type": "string"})
    version = fields.Constant(__version__, metadata={"type": "string"})
    python = fields.Constant(platform.python_version(), metadata={"type": "string"})
    source = fields.String(attribute="source.label", metadata=told("Where albums come from."))
    database = fields.String(attribute="db.dialect", metadata=told("sqlite or postgresql."))
    data_dir = fields.String(attribute="config.data_dir")
    url_base = fields.String(attribute="config.url_base")
    banned_until = moment(
        "Until then nothing is searched, because Soulseek seems to have banned us; else null.",
        attribute="search.bans.until",
    )
    installed_at = moment("First start with this database.", attribute="settings.installed_at")
    now = fields.Function(_now, metadata={"type": "string", "format": "date-time"})


class CheckResult(Schema):
    """One line of health."""

    code = fields.String(metadata=told("Stable name of the check."))
    level = fields.String(metadata=told("How it is.", enum=["ok", "warning", "error"]))
    message = fields.String()
    fix = fields.String(metadata=told("How to mend it; empty when there is nothing to mend."))


class HealthReport(Schema):
    """What the health job found when it last ran, in whichever process that was."""

    checked_at = moment("When; null when it has not run yet.")
    checks = fields.List(fields.Nested(CheckResult))


class JobRun(Schema):
    """The last noted run of one job."""

    name = fields.String()
    last_started_at = moment("Start of the last noted run.")
    last_finished_at = moment("End of the last noted run.")
    last_error = fields.String(allow_none=True, metadata=told("Null when the run went well."))
    last_milliseconds = fields.Integer(
        allow_none=True, metadata=told("How long the last noted run took.")
    )
    failures = fields.Integer(metadata=told("Runs that failed in a row; 0 when all is well."))
    next_run_at = moment("When it runs again at the latest; new work wakes it earlier.")
    runs = fields.Integer(metadata=told("Runs since the database was made."))
    requested_at = moment("Since when an extra run is asked for.")


# -- grabs -----------------------------------------------------------------------------------------


class GrabsQuery(Schema):
    """Which grabs to list."""

    before = identifier("Only grabs with a smaller id: the `next` of the page before.")
    limit = limit()
    state = fields.List(
        fields.Enum(GrabState, by_value=True, metadata={"type": "string"}),
        load_default=(),
        metadata=told("Only grabs in one of these states; repeat the parameter for several."),
    )


class Grab(Schema):
    """One album that was handed over."""

    id = fields.Integer(metadata=told("Grows with every grab; for paging and in events."))
    nzo_id = fields.String(metadata=told("The id that Lidarr knows, and the one in paths."))
    title = fields.String()
    artist = fields.String()
    album = fields.String()
    album_id = fields.String(
        allow_none=True, metadata=told("MusicBrainz' id of the album; null until somebody told it.")
    )
    artist_id = fields.String(allow_none=True, metadata=told("MusicBrainz' id of the artist."))
    quality = fields.String()
    category = fields.String()
    state = fields.Enum(GrabState, by_value=True, attribute="status", metadata={"type": "string"})
    peer = fields.String(metadata=told("Who it comes from at the moment."))
    offer_index = fields.Integer(metadata=told("0 for the first offer, 1 for its alternate …"))
    file_count = fields.Integer()
    priority = fields.Integer(metadata=told("-1 low, 0 normal, 1 high, 2 force."))
    paused = fields.Boolean()
    position = fields.Integer(
        allow_none=True, metadata=told("Place in the queue, from 0; null when it is over.")
    )
    not_before = moment("When it starts at the earliest; null for at once.")
    bytes_total = fields.Integer()
    bytes_done = fields.Integer()
    speed = fields.Integer(metadata=told("Bytes per second as last seen."))
    place_in_queue = fields.Integer(allow_none=True, metadata=told("Place at the peer."))
    failure_kind = fields.String(allow_none=True)
    failure_message = fields.String(allow_none=True)
    storage_path = fields.String(allow_none=True, metadata=told("Where the files are."))
    note = fields.String(allow_none=True, metadata=told("What it is waiting for right now."))
    created_at = moment("When it was handed over.")
    started_at = moment("When the first byte came from this peer.")
    transferred_at = moment("When the last file had arrived.")
    completed_at = moment("When its end was reported, either way.")
    archived_at = moment("When it left the history.")


class GrabPage(Schema):
    """Grabs, newest first."""

    items = fields.List(fields.Nested(Grab))
    next = fields.Integer(
        allow_none=True, metadata=told("Pass it as `before` to go on; null at the end.")
    )


# -- events ----------------------------------------------------------------------------------------


_KIND = validate.Regexp(r"^[a-z_]{1,24}\.[a-z_]{1,24}$", error="Not the name of a kind of event.")


class EventsQuery(Schema):
    """Which events to list."""

    after = identifier("Only events with a larger id, oldest first: for following.")
    before = identifier("Only events with a smaller id, newest first: for looking back.")
    limit = limit()
    grab_id = fields.Integer(
        data_key="grab",
        validate=validate.Range(0, LARGEST_ID),
        metadata=told("Only events of the grab with this `id`."),
    )
    kinds = fields.List(
        fields.String(validate=_KIND),
        data_key="kind",
        load_default=(),
        metadata=told("Only these kinds, such as grab.failed; repeat the parameter for several."),
    )


class Event(Schema):
    """A fact that happened."""

    id = fields.Integer(metadata=told("Grows with every event; never used twice."))
    at = moment("When.")
    kind = fields.String(metadata=told("Stable name, such as grab.added."))
    level = fields.String(metadata=told("How serious.", enum=["debug", "info", "warning", "error"]))
    grab_id = fields.Integer(allow_none=True)
    download_id = fields.Integer(allow_none=True)
    message = fields.String(metadata=told("One sentence for people."))
    data = fields.Dict(keys=fields.String())


class EventPage(Schema):
    """Events: newest first, or oldest first with `after`."""

    items = fields.List(fields.Nested(Event))
    next = fields.Integer(
        allow_none=True,
        metadata=told("Pass it as `before` (or as `after`) to go on; null at the end."),
    )


# -- settings --------------------------------------------------------------------------------------


def _type_name(view: SettingView) -> str:
    return _TYPE_NAMES[view.spec.type]


class Setting(Schema):
    """One runtime setting: its declaration and its value."""

    key = fields.String(attribute="spec.key")
    value = fields.Raw(metadata=told("The value in force; a secret that is set is masked."))
    default = fields.Raw(attribute="spec.default")
    type = fields.Function(
        _type_name, metadata={"type": "string", "enum": list(_TYPE_NAMES.values())}
    )
    help = fields.String(attribute="spec.help")
    secret = fields.Boolean(attribute="spec.secret")
    choices = fields.List(fields.String(), attribute="spec.choices")
    minimum = fields.Float(attribute="spec.minimum", allow_none=True)
    maximum = fields.Float(attribute="spec.maximum", allow_none=True)
    changed = fields.Boolean(
        metadata=told("Whether it was set; otherwise the default is in force.")
    )
    pinned = fields.Boolean(
        metadata=told("Set by an environment variable: it cannot be changed here.")
    )
    variable = fields.String(
        attribute="spec.variable", metadata=told("The environment variable that pins it.")
    )


_UNSTORABLE = "Holds characters that cannot be stored."


class SettingChanges(Schema):
    """New values by key, all or none: {"search.budget": 45, "queue.paused": true}."""

    class Meta:
        """The keys are those of the settings registry, which knows whether a value fits."""

        unknown = INCLUDE

    @validates_schema
    def _check(self, data: Mapping[str, Any], **_: object) -> None:
        bad = [key for key, value in data.items() if not all(map(storable, _texts(value)))]
        if bad:
            raise ValidationError({key: [_UNSTORABLE] for key in bad})

    @post_load
    def _forget_masked(self, data: dict[str, Any], **_: object) -> dict[str, Any]:
        return {key: value for key, value in data.items() if value != MASK}


def _texts(value: object) -> list[str]:
    return [part for part in (value if isinstance(value, list) else [value]) if type(part) is str]


# -- hooks -----------------------------------------------------------------------------------------


class SlskdTransfer(Schema):
    """The part of a transfer that matters here."""

    id = fields.String()
    username = fields.String()


class SlskdEvent(Schema):
    """What slskd's webhook sends; documentation only, the view reads it with more patience."""

    type = fields.String(metadata=told("DownloadFileComplete; anything else is ignored."))
    localFilename = fields.String(metadata=told("Where the file is, as slskd sees it."))  # noqa: N815
    remoteFilename = fields.String(metadata=told("Its path at the peer."))  # noqa: N815
    transfer = fields.Nested(SlskdTransfer)


class LidarrEvent(Schema):
    """What Lidarr's webhook sends; documentation only, the view reads it with more patience."""

    eventType = fields.String(  # noqa: N815
        metadata=told("Grab, Download, DownloadFailure, ImportFailure; anything else is ignored.")
    )
    downloadId = fields.String(metadata=told("The id of a grab."))  # noqa: N815
    artist = fields.Dict(metadata=told("With `mbId`."))
    albums = fields.List(fields.Dict(), metadata=told("Each with `mbId` and `id`."))
    trackFiles = fields.List(  # noqa: N815
        fields.Dict(), metadata=told("Of a Download: what was imported.")
    )


class Bound(Schema):
    """What became of an event of Lidarr's."""

    bound = fields.Boolean(metadata=told("Whether it told the album of one of our grabs."))
