"""Albums of the demo's catalogue as what the double takes for its library.

Pure; the shape is described in `control`.
"""

from __future__ import annotations

from collections.abc import Iterable
from itertools import groupby

from soulspot_arr.demo.library import Album, Edition
from soulspot_arr.demo.lidarr.tables import Row


def artists_of(albums: Iterable[Album]) -> list[Row]:
    """One artist for each name, with all its albums."""
    found: dict[str, Row] = {}
    for album in albums:
        blank: Row = {"name": album.artist, "profile": album.profile, "albums": []}
        found.setdefault(album.artist, blank)["albums"].append(_album(album))
    return list(found.values())


def _album(album: Album) -> Row:
    return {
        "title": album.title,
        "date": f"{album.year:04d}-01-01" if album.year else "",
        "disambiguation": album.disambiguation,
        "anyReleaseOk": album.any_edition_ok,
        "releases": [_release(edition) for edition in album.editions],
    }


def _release(edition: Edition) -> Row:
    media = groupby(edition.tracks, key=lambda track: track.disc)
    row: Row = {
        "media": [
            [
                [track.title, track.seconds, *([track.recording_id] if track.recording_id else [])]
                for track in tracks
            ]
            for _, tracks in media
        ],
        "country": list(edition.countries),
        "label": list(edition.labels),
        "disambiguation": edition.disambiguation,
        "date": f"{edition.year:04d}-01-01" if edition.year else "",
        "monitored": edition.monitored,
    }
    return row | ({"foreignId": edition.release_id} if edition.release_id else {})
