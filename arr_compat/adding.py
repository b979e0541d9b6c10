"""Handing grabs over: an uploaded NZB, or a link of our own."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from dataclasses import replace
from typing import Any
from urllib.parse import parse_qs, urlsplit

from flask import request

from arr_compat import access, nzb
from soulspot_arr.domain import NewGrab, Priority, Release
from soulspot_arr.errors import ForeignNzb, InvalidNzb, NotFound, OffersBlocked

log = logging.getLogger(__name__)

Document = Mapping[str, Any]
REFUSED: Document = {"status": False, "nzo_ids": []}


def addfile() -> Document:
    """Open the uploaded NZB, keep the grab, answer its id at once.

    Somebody else's NZB gets an empty list: Lidarr then takes its next candidate without a penalty
    (contract lidarr §5.4). The upload's file name is ignored: Lidarr rewrites it.
    """
    upload = request.files.get("name") or request.files.get("nzbfile")
    if upload is None:
        upload = next(iter(request.files.values()), None)
    if upload is None:
        return {"status": False, "error": "expects one parameter"}
    services, content = access.services(), upload.read()
    try:
        sealed = nzb.open_(content, services.config.secret_key.encode())
    except ForeignNzb:
        log.info("an NZB of somebody else was refused; is the indexer bound to this client?")
        return {"status": True, "nzo_ids": []}
    except InvalidNzb as error:
        log.warning("an NZB was refused: %s", error.message)
        # SABnzbd gives no reason for garbage (C-76); for one of ours the reason helps a person.
        ours = nzb.META_TYPE.encode() in content
        return {**REFUSED, "error": error.message} if ours else REFUSED
    new = NewGrab(
        release_key=sealed.release_key,
        title=sealed.title,
        artist=sealed.artist,
        album=sealed.album,
        year=sealed.year,
        quality=sealed.quality,
        score=sealed.score,
        offers=sealed.offers,
    )
    return _keep(new)


def addurl() -> Document:
    """Take a link of our own indexer without fetching it; other links are refused."""
    release = _release_of(access.parameter("name"))
    if release is None:
        return REFUSED
    new = NewGrab(
        release_key=release.key,
        title=release.title,
        artist=release.artist,
        album=release.album,
        year=release.year,
        quality=release.quality,
        score=release.score,
        offers=release.offers,
    )
    return _keep(new)


def _keep(new: NewGrab) -> Document:
    title = access.line(access.parameter("nzbname"), 400).removesuffix(".nzb").strip()
    new = replace(
        new,
        title=title or new.title,
        category=category(access.parameter("cat") or access.parameter("category")),
        priority=_priority(),
    )
    try:
        nzo_id = access.services().queue_manager.add(new)
    except OffersBlocked as error:  # without an id Lidarr takes its next release (lidarr §5.4)
        return {**REFUSED, "error": error.message}
    return {"status": True, "nzo_ids": [nzo_id]}


def category(given: str) -> str:
    """The category in the very case it was sent in: Lidarr compares exactly (lidarr §3.3)."""
    name = access.line(given, 80)
    return "*" if name.lower() in {"", "none", "default", "*"} else name


def _priority() -> Priority:
    try:
        return Priority(access.number("priority", Priority.DEFAULT))
    except ValueError:
        return Priority.DEFAULT


def _release_of(link: str) -> Release | None:
    """The release a link of ours names; no request is made, so there is nothing to forge."""
    try:
        parts = urlsplit(link.strip())
    except ValueError:
        return None
    if parts.scheme not in {"http", "https"} or "/newznab" not in parts.path:
        return None
    fields = parse_qs(parts.query)
    key = fields.get("id", [""])[0].strip().lower().removeprefix("soulspot-")[:32]
    trusted = access.signed(key, fields.get("r", [""])[0])
    trusted = trusted or access.is_key(fields.get("apikey", [""])[0])
    if not trusted or fields.get("t", [""])[0] not in {"get", "g"}:
        return None
    try:
        return access.services().search.release(key)
    except NotFound:
        return None
