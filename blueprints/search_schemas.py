"""Schemas of searches and their explanations; the rest of the API lies in `schemas.py`.

An explanation is kept as it was written, so a schema here names what is inside and computes nothing.
"""

from __future__ import annotations

from typing import Any

from marshmallow import Schema, ValidationError, fields, post_load, validate, validates_schema

from blueprints.rest import LARGEST_ID, storable
from blueprints.schemas import limit, moment, told
from soulspot_arr.domain import Query
from soulspot_arr.rules.planning.ladder import Kind
from soulspot_arr.search.asker import Status
from soulspot_arr.search.questions import Outcome, Phase
from soulspot_arr.wanted import Provider

_LONGEST = 300


def _enum(kind: type, words: str, *more: str) -> fields.String:
    return fields.String(metadata=told(words, enum=[*map(str, kind), *more]))  # type: ignore[call-overload]


class SearchesQuery(Schema):
    """Which questions to list."""

    before = fields.Integer(
        validate=validate.Range(0, LARGEST_ID),
        metadata=told("Only questions with a smaller id: the `next` of the page before."),
    )
    limit = limit()


class NewSearch(Schema):
    """An album (or, without an album, an artist) to look for."""

    artist = fields.String(
        load_default="", validate=validate.Length(0, _LONGEST), metadata=told("Its artist.")
    )
    album = fields.String(
        load_default="", validate=validate.Length(0, _LONGEST), metadata=told("Its title.")
    )
    year = fields.Integer(
        load_default=None,
        allow_none=True,
        validate=validate.Range(1000, 9999),
        metadata=told("Tells albums of one name apart."),
    )

    @validates_schema
    def _check(self, data: dict[str, Any], **_: object) -> None:
        names = {name: data[name] for name in ("artist", "album")}
        for name, text in names.items():
            if not storable(text):
                raise ValidationError({name: ["Holds characters that cannot be stored."]})
        if not any(text.strip() for text in names.values()):
            raise ValidationError({"artist": ["Name an artist, an album, or both."]})

    @post_load
    def _make(self, data: dict[str, Any], **_: object) -> Query:
        artist, album = (" ".join(data[name].split()) for name in ("artist", "album"))
        return Query(artist, album, data["year"])


class Question(Schema):
    """One question that was answered by searching."""

    id = fields.Integer(metadata=told("Grows with every question; never used twice."))
    artist = fields.String(metadata=told("As it was asked."))
    album = fields.String()
    year = fields.Integer(allow_none=True)
    term = fields.String(metadata=told("A free text instead of artist and album."))
    phase = _enum(Phase, "`digging`: answered, further texts are asked in the background.")
    outcome = _enum(
        Outcome, "What came of it; `sure` never by names alone; empty while it runs.", ""
    )
    provider = _enum(Provider, "Who said what the album is.", "")
    counts = fields.Dict(
        keys=fields.String(),
        values=fields.Integer(),
        metadata=told("searches, peers, folders, candidates, accepted, offered."),
    )
    started_at = moment("When it was asked.")
    answered_at = moment("When Lidarr had its answer.")
    finished_at = moment("When the last text was asked; null before.")


class QuestionPage(Schema):
    """Questions, newest first."""

    items = fields.List(fields.Nested(Question))
    next = fields.Integer(
        allow_none=True, metadata=told("Pass it as `before` to go on; null at the end.")
    )


class AskedText(Schema):
    """One text of the ladder and what became of it."""

    kind = _enum(Kind, "What it tries.", "lookup")
    text = fields.String()
    outcome = _enum(Status, "What became of it.")
    note = fields.String(metadata=told("Why there was no answer."))
    folders = fields.Integer(metadata=told("That came back."))
    files = fields.Integer()
    offers = fields.Integer(metadata=told("How many more there were to choose from."))
    seconds = fields.Float()


class KnownEdition(Schema):
    """One edition of the album."""

    id = fields.String(metadata=told("MusicBrainz' id."))
    title = fields.String()
    disambiguation = fields.String()
    country = fields.String()
    year = fields.Integer(allow_none=True)
    discs = fields.Integer()
    tracks = fields.Integer()
    monitored = fields.Boolean(metadata=told("The one that Lidarr has chosen."))


class KnownAlbum(Schema):
    """What the catalogue said the album is."""

    artist = fields.String()
    album = fields.String()
    year = fields.Integer(allow_none=True)
    disambiguation = fields.String()
    artist_id = fields.String()
    album_id = fields.String()
    kind = fields.String()
    styles = fields.List(fields.String())
    aliases = fields.List(fields.String())
    titles = fields.List(fields.String())
    any_edition = fields.Boolean(metadata=told("Whether every edition will do."))
    settled = fields.Boolean(
        metadata=told("Whether everybody was heard who could have known better.")
    )
    editions = fields.List(fields.Nested(KnownEdition))


class Feature(Schema):
    """One piece of evidence."""

    name = fields.String()
    value = fields.Float()
    adds = fields.Float(metadata=told("To the logit of the identity."))


class MappedFile(Schema):
    """Which track a file is."""

    file = fields.String()
    disc = fields.Integer()
    number = fields.Integer()
    track = fields.String()
    gap = fields.Float(
        allow_none=True, metadata=told("Seconds the file is longer; null when a length is unknown.")
    )
    likeness = fields.Float(
        allow_none=True, metadata=told("Of the titles, 0 to 1; null when the name says nothing.")
    )


class JudgedOffer(Schema):
    """One album of one peer with its verdict."""

    peer = fields.String()
    folder = fields.String()
    files = fields.Integer()
    size = fields.Integer(metadata=told("Bytes."))
    format = fields.String()
    verdict = fields.String(
        metadata=told(
            "Shown to Lidarr; ready to replace a shown one; as good but not needed; refused.",
            enum=["offered", "alternate", "spare", "refused"],
        )
    )
    identity = fields.Float(metadata=told("How surely it is the album, 0 to 1."))
    quality = fields.Integer(metadata=told("Rank of the format, higher is better."))
    utility = fields.Float(metadata=told("How soon it is likely to be here, 0 to 1."))
    reasons = fields.List(fields.String(), metadata=told("In words, the weightiest first."))
    edition = fields.Nested(KnownEdition, allow_none=True)
    features = fields.List(fields.Nested(Feature))
    map = fields.List(
        fields.Nested(MappedFile), metadata=told("Which file is which track; the best offers only.")
    )


class CountedReason(Schema):
    """Why offers that are not listed were refused."""

    reason = fields.String()
    count = fields.Integer()
    example = fields.String()


class Explanation(Question):
    """One question with everything that is kept of it."""

    wanted = fields.Nested(KnownAlbum, allow_none=True)
    rungs = fields.List(fields.Nested(AskedText), metadata=told("The texts in their order."))
    offers = fields.List(fields.Nested(JudgedOffer), metadata=told("At most 50, best first."))
    others = fields.List(fields.Nested(CountedReason))
