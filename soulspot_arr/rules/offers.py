"""How an offer is written into a JSON column, and read back."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from soulspot_arr.domain import Offer, OfferFile


def to_json(offers: Sequence[Offer]) -> list[dict[str, Any]]:
    """The stored form; short keys, because a release row carries up to four offers."""
    return [
        {
            "source": offer.source,
            "peer": offer.peer,
            "files": [
                [file.locator, file.path, file.size, file.disc, file.seconds]
                for file in offer.files
            ],
        }
        for offer in offers
    ]


def from_json(stored: Sequence[Mapping[str, Any]]) -> tuple[Offer, ...]:
    """The reverse of `to_json`."""
    return tuple(
        Offer(
            source=offer["source"],
            peer=offer["peer"],
            files=tuple(
                OfferFile(locator=locator, path=path, size=size, disc=disc, seconds=seconds)
                for locator, path, size, disc, seconds in offer["files"]
            ),
        )
        for offer in stored
    )


def peers(stored: Sequence[Mapping[str, Any]]) -> list[str]:
    """Who is behind stored offers, in their order, without reading their files."""
    return [offer["peer"] for offer in stored]
