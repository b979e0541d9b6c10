"""Schemas of the blocklist; the rest of the API lies in `schemas.py`."""

from __future__ import annotations

from typing import Any

from marshmallow import Schema, ValidationError, fields, post_load, validate, validates_schema

from blueprints.rest import LARGEST_ID, storable
from blueprints.schemas import limit, moment, told
from soulspot_arr.blocklist import Filter
from soulspot_arr.domain import BlockScope
from soulspot_arr.rules.blocking import Entry

_LONGEST = 1500  # bytes: what an index of PostgreSQL holds, with room for the peer
_LAST_YEAR = 9000  # beyond it another time zone may not exist
_MOST_IDS = 500
_SCOPES = [scope.value for scope in BlockScope]
_WORDS = (
    "`peer`: everything of a peer. `folder`: a folder with everything below. `file`: one file. "
    "`phrase`: whole words, wherever they stand in a path."
)


def _text(words: str, *, longest: int = 300) -> fields.String:
    return fields.String(
        load_default="", validate=validate.Length(0, longest), metadata=told(words)
    )


class BlocklistQuery(Schema):
    """Which lines to list."""

    before = fields.Integer(
        load_default=None,
        validate=validate.Range(0, LARGEST_ID),
        metadata=told("Only lines with a smaller id: the `next` of the page before."),
    )
    limit = limit()
    scope = fields.List(
        fields.String(validate=validate.OneOf(_SCOPES)),
        load_default=list,
        metadata=told("Only these scopes; may be given several times."),
    )
    peer = _text("Only lines that name this peer.")
    automatic = fields.Boolean(
        load_default=None, metadata=told("Only lines that came by themselves, or only the others.")
    )

    @validates_schema
    def _check(self, data: dict[str, Any], **_: object) -> None:
        if not storable(data["peer"]):
            raise ValidationError({"peer": ["Holds characters that cannot be stored."]})

    @post_load
    def _make(self, data: dict[str, Any], **_: object) -> dict[str, Any]:
        scopes = tuple(map(BlockScope, data.pop("scope")))
        data["only"] = Filter(scopes, data.pop("peer"), data.pop("automatic"))
        return data


class NewBlock(Schema):
    """Something to refuse from now on."""

    scope = fields.String(
        required=True, validate=validate.OneOf(_SCOPES), metadata=told(_WORDS, enum=_SCOPES)
    )
    peer = _text("Whose; without one, whoever shares it. A line about a peer needs it.")
    path = _text(
        "The folder or the file as the peer names it, or the phrase. Case, accents (of phrases) and "
        "the kind of slash do not matter.",
        longest=_LONGEST,
    )
    source = _text("Only at this source; without one, everywhere.", longest=32)
    reason = _text("Why, for people.", longest=_LONGEST)
    expires_at = fields.AwareDateTime(
        format="iso",
        load_default=None,
        allow_none=True,
        metadata=told("When it is over; null for never."),
    )

    @validates_schema
    def _check(self, data: dict[str, Any], **_: object) -> None:
        for name in ("peer", "path", "source", "reason"):
            text = data[name]
            if not storable(text):
                raise ValidationError({name: ["Holds characters that cannot be stored."]})
            if len(text.encode()) > _LONGEST:
                raise ValidationError({name: [f"Longer than {_LONGEST} bytes."]})

        if data["expires_at"] is not None and data["expires_at"].year > _LAST_YEAR:
            raise ValidationError({"expires_at": ["Too far away; null is for ever."]})

    @post_load
    def _make(self, data: dict[str, Any], **_: object) -> dict[str, Any]:
        until = data.pop("expires_at")
        data["scope"] = BlockScope(data["scope"])
        return {"entry": Entry(**data), "expires_at": until}


class Block(Schema):
    """One line of the blocklist."""

    id = fields.Integer()
    scope = fields.String(metadata=told(_WORDS, enum=_SCOPES))
    source = fields.String(metadata=told("Empty: whatever the source."))
    peer = fields.String(metadata=told("Empty: whoever shares it."))
    path = fields.String(metadata=told("Folder, file or phrase; empty for a peer."))
    reason = fields.String()
    automatic = fields.Boolean(metadata=told("Whether it came by itself."))
    failures = fields.Integer(metadata=told("How often it was caused."))
    created_at = moment("Since when.")
    expires_at = moment("When it is over; null for never.")


class AddedBlock(Block):
    """A new line."""

    warning = fields.String(
        metadata=told("Said when it refuses (nearly) everything; empty otherwise.")
    )
    held_back = fields.Integer(
        metadata=told("Files of open grabs that are not fetched by this; 0 with a warning.")
    )


class BlockPage(Schema):
    """Lines, newest first."""

    items = fields.List(fields.Nested(Block))
    next = fields.Integer(
        allow_none=True, metadata=told("Pass it as `before` to go on; null at the end.")
    )


class BlockIds(Schema):
    """Lines to take off."""

    ids = fields.List(
        fields.Integer(strict=True, validate=validate.Range(0, LARGEST_ID)),
        required=True,
        validate=validate.Length(1, _MOST_IDS),
        metadata=told(f"At most {_MOST_IDS}; unknown ones are told and do no harm."),
    )


class RemovedBlocks(Schema):
    """What became of them."""

    removed = fields.List(fields.Nested(Block), metadata=told("As they were."))
    not_found = fields.List(fields.Integer(), metadata=told("Ids that no line has (any more)."))
    released = fields.Integer(
        metadata=told("Files of open grabs that are asked for again by this.")
    )
