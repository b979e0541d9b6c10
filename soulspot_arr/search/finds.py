"""Chosen offers become releases: with a key, a date and a title that Lidarr reads back."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

from soulspot_arr.catalogue import codec
from soulspot_arr.domain import Release
from soulspot_arr.rules import matching, naming, titles
from soulspot_arr.search.answers import Find
from soulspot_arr.wanted import Provider, Wanted

log = logging.getLogger(__name__)


def finds_of(
    choices: Sequence[matching.Choice], wanted: Wanted, *, source: str, epoch: datetime
) -> list[Find]:
    """The choices as releases of this source, best first; those without a title are left out."""
    found = []
    for choice in choices:
        release = _release(choice, source, epoch)
        if release is not None:
            standing = matching.standing(choice.main)
            found.append(Find(release, standing, _wanted(choice.main, wanted)))
    return found


def _wanted(main: matching.Judged, wanted: Wanted) -> dict[str, Any] | None:
    """What the catalogue said, with no other edition than the one the offer is."""
    if wanted.provider is Provider.NOBODY:
        return None
    editions = (main.edition,) if main.edition is not None else ()
    return codec.to_json(replace(wanted, editions=editions))


def _release(choice: matching.Choice, source: str, epoch: datetime) -> Release | None:
    main = choice.main
    artist, album, token = main.artist, main.album, main.token
    if artist is None or album is None or token is None:
        return None
    candidate = main.candidate
    offer = matching.to_offer(candidate, source)
    key = naming.release_key(offer.source, offer.peer, candidate.root, token, *candidate.part)
    title = titles.build(artist, album, year=main.year, quality_token=token, key8=key[:8])
    if title is None:
        log.info("no title for %s - %s survives Lidarr's parser", artist, album)
        return None
    others = [matching.to_offer(other.candidate, source) for other in choice.alternates]
    return Release(
        key=key,
        title=title,
        artist=artist,
        album=album,
        year=main.year,
        quality=token,
        score=round(main.decision.identity * 1000),
        offers=(offer, *others),
        published_at=naming.publish_date(key, epoch),
    )
