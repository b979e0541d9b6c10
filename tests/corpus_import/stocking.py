"""The double's library, row by row from what the catalogue says of an album."""

from __future__ import annotations

from soulspot_arr.demo.lidarr.countries import country
from soulspot_arr.demo.lidarr.records import Album, Artist, Release, Track
from soulspot_arr.demo.lidarr.tables import Store, Table
from soulspot_arr.rules.rehearsal import Circumstances, Particulars
from soulspot_arr.wanted import Edition, Wanted

ROOT = "/music"
"""The root folder of a library that no file ever comes to."""


def stock(store: Store, album: Wanted, circumstances: Circumstances, *, root: str = ROOT) -> Artist:
    """The artist, with all the albums that the rehearsal is told of; he lives below `root`."""
    path = f"{root}/artist"
    artist = Table(store, "artist", Artist).add(Artist(album.artist, album.artist_id, path))
    for one in (album, *circumstances.others):
        _add(store, artist, one, circumstances)
    return artist


def _add(store: Store, artist: Artist, album: Wanted, circumstances: Circumstances) -> None:
    row = Table(store, "album", Album).add(
        Album(
            artist.id,
            album.album,
            album.album_id,
            release_date=_day(album.year),
            any_release_ok=album.any_edition,
        )
    )
    for edition in album.editions:
        particulars = circumstances.particulars.get(
            edition.id, Particulars(edition.media, edition.labels)
        )
        _add_edition(store, row, edition, particulars)


def _add_edition(store: Store, album: Album, edition: Edition, particulars: Particulars) -> None:
    formats = particulars.media or ("CD",) * edition.discs
    release = Table(store, "release", Release).add(
        Release(
            album.id,
            edition.id,
            edition.title,
            disambiguation=edition.disambiguation,
            countries=[country(part) or part for part in edition.country.split(", ") if part],
            labels=list(particulars.labels),
            media=[
                {"mediumNumber": at, "mediumName": "", "mediumFormat": one}
                for at, one in enumerate(formats, start=1)
            ],
            release_date=_day(edition.year),
            monitored=edition.monitored,
        )
    )
    tracks = Table(store, "track", Track)
    for track in edition.tracks:
        tracks.add(
            Track(
                release.id,
                track.title,
                track.number,
                track.disc,
                round((track.seconds or 0.0) * 1000),
                track.track_id,
                track.recording_id,
            )
        )


def _day(year: int | None) -> str:
    return f"{year:04d}-01-01" if year else ""
