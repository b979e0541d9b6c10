"""Lidarr's API as far as the catalogue reads it, over real HTTP, built after its source.

`/album` lists everything or one album, `/track` answers by release (by album only the monitored
one), `/history` by download. Fields are those of `AlbumResource`, `TrackResource` and
`HistoryResource`.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

from tests.fakes.http_double import Asked, HttpDouble, Reply

KEY = "lidarr-key-0123456789"

Json = dict[str, Any]
Song = tuple[str, int]  # title and milliseconds


def release(number: int, *songs: Song, monitored: bool = False, **changes: object) -> Json:
    """A release of one medium with these songs; `discs` says how many lie on each medium."""
    discs: Sequence[int] = changes.pop("discs", (len(songs),))  # type: ignore[assignment]
    places = [(disc, at) for disc, size in enumerate(discs, 1) for at in range(1, size + 1)]
    tracks = [
        {
            "id": number * 1000 + at,
            "artistId": 1,
            "foreignTrackId": f"track-{number}-{at}",
            "foreignRecordingId": f"recording-{title}",
            "trackFileId": 0,
            "explicit": False,
            "absoluteTrackNumber": place,
            "trackNumber": str(place),
            "title": title,
            "duration": length,
            "mediumNumber": disc,
            "hasFile": False,
        }
        for at, ((title, length), (disc, place)) in enumerate(
            zip(songs, places, strict=True), start=1
        )
    ]
    found: Json = {
        "id": number,
        "foreignReleaseId": f"release-{number}",
        "title": "",
        "status": "Official",
        "duration": sum(length for _, length in songs),
        "trackCount": len(songs),
        "media": [
            {"mediumNumber": disc, "mediumName": "", "mediumFormat": "CD"}
            for disc in range(1, len(discs) + 1)
        ],
        "mediumCount": len(discs),
        "disambiguation": "",
        "country": ["United Kingdom"],
        "label": ["A Label"],
        "format": "CD",
        "monitored": monitored,
        "tracks": tracks,  # answered by /track, never with the album
    }
    return found | changes


def album(number: int, artist: str, title: str, *releases: Json, **changes: object) -> Json:
    """An album of the library."""
    found: Json = {
        "id": number,
        "title": title,
        "disambiguation": "",
        "overview": "Many words.",
        "artistId": 1,
        "foreignAlbumId": f"album-{number}",
        "monitored": True,
        "anyReleaseOk": True,
        "profileId": 1,
        "duration": 0,
        "albumType": "Album",
        "secondaryTypes": [],
        "releaseDate": "1997-06-16T00:00:00Z",
        "releases": [one if one["title"] else one | {"title": title} for one in releases],
        "genres": ["Rock"],
        "media": [],
        "artist": {
            "artistName": artist,
            "foreignArtistId": f"artist-{artist.casefold()}",
            "cleanName": artist.casefold(),
        },
        "images": [{"coverType": "cover", "url": "/x.jpg"}],
        "links": [],
    }
    return found | changes


class FakeLidarr(HttpDouble):
    """A library that can be filled; `history` holds rows as `/history` lists them."""

    def __init__(self, *albums: Json) -> None:
        super().__init__()
        self.albums = list(albums)
        self.history: list[Json] = []
        self.key = KEY

    def reply(self, asked: Asked) -> Reply:
        """Answer a GET of the API."""
        if asked.headers.get("X-Api-Key") != self.key:
            return self.json({"error": "Unauthorized"}, status=401)
        if asked.path == "/api/v1/album":
            return self.json([_without_tracks(one) for one in self._chosen(asked)])
        if asked.path == "/api/v1/track":
            return self._tracks(asked)
        if asked.path == "/api/v1/history":
            rows = [
                row for row in self.history if row["downloadId"] == asked.query.get("downloadId")
            ]
            return self.json({"page": 1, "totalRecords": len(rows), "records": rows})
        return self.json({"message": "NotFound"}, status=404)

    @staticmethod
    def json(found: object, *, status: int = 200) -> Reply:
        """An answer in JSON."""
        return Reply(status, json.dumps(found).encode())

    def _chosen(self, asked: Asked) -> list[Json]:
        wanted = asked.query.get("foreignAlbumId")
        return [one for one in self.albums if wanted in (None, one.get("foreignAlbumId"))]

    def _tracks(self, asked: Asked) -> Reply:
        number = asked.query.get("albumReleaseId")
        for one in self.albums:
            for pressing in one["releases"]:
                if str(pressing["id"]) == number:
                    return self.json(pressing["tracks"])
        return self.json([]) if number else self.json({"message": "One of …"}, status=400)


def _without_tracks(one: Json) -> Json:
    releases = one.get("releases")
    if not isinstance(releases, list):
        return one
    shown = [
        {name: value for name, value in pressing.items() if name != "tracks"}
        if isinstance(pressing, dict)
        else pressing
        for pressing in releases
    ]
    return one | {"releases": shown}
