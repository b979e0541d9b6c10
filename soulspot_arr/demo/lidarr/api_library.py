"""`/artist`, `/album`, `/track`, `/trackfile`, `/wanted`, `/parse`, `/release`.

Reads the library, changes flags of albums, and grabs what was offered (contract lidarr §11.2,
§11.4).
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime

from soulspot_arr.demo.feed import FoundRelease
from soulspot_arr.demo.lidarr.core import INDEXER
from soulspot_arr.demo.lidarr.grabbing import NotGrabbed, Offered, release_row
from soulspot_arr.demo.lidarr.library import SeveralArtists
from soulspot_arr.demo.lidarr.life import Life
from soulspot_arr.demo.lidarr.paging import page
from soulspot_arr.demo.lidarr.records import Album
from soulspot_arr.demo.lidarr.resources import Resources
from soulspot_arr.demo.lidarr.serving import Refused, Reply, Request, Router, answer
from soulspot_arr.demo.lidarr.tables import Row
from soulspot_arr.rules.lidarr.parser import read_back


class LibraryApi:
    """What is in the library and what is missing from it."""

    def __init__(self, life: Life) -> None:
        self._life = life
        self._library = life.core.library
        self._show = Resources(life.core)

    def register(self, router: Router) -> None:
        """Add the routes."""
        show, library = self._show, self._library
        router.add("GET", "artist", lambda _: answer([show.artist(one) for one in library.artists]))
        router.add("GET", "artist/{id}", self._artist)
        router.add("GET", "album", self._albums)
        router.add("GET", "album/{id}", lambda request: answer(show.album(self._album(request.id))))
        router.add("PUT", "album/{id}", self._change_album)
        router.add("PUT", "album/monitor", self._monitor)
        router.add("GET", "track", self._tracks)
        router.add("GET", "track/{id}", self._track)
        router.add("GET", "trackfile", self._files)
        router.add("GET", "wanted/missing", self._missing)
        router.add("GET", "wanted/cutoff", lambda request: answer(page(request, [], key="title")))
        router.add("GET", "parse", self._parse)
        router.add("GET", "release", self._releases)
        router.add("POST", "release", self._grab)
        router.add("POST", "release/push", self._push)

    def _album(self, number: int) -> Album:
        album = self._library.albums.get(number)
        if album is None:
            raise Refused(404)
        return album

    def _artist(self, request: Request) -> Reply:
        artist = self._library.artists.get(request.id)
        if artist is None:
            raise Refused(404)
        return answer(self._show.artist(artist))

    def _albums(self, request: Request) -> Reply:
        artist_id, ids = request.number("artistId"), request.numbers("albumIds")
        foreign = request.text("foreignAlbumId")
        found = [
            album
            for album in self._library.albums
            if (not artist_id or album.artist_id == artist_id)
            and (not ids or album.id in ids)
            and (not foreign or album.foreign_id == foreign)
        ]
        return answer([self._show.album(album) for album in found])

    def _change_album(self, request: Request) -> Reply:
        album, body = self._album(request.id), request.json()
        album.monitored = bool(body.get("monitored", album.monitored))
        album.any_release_ok = bool(body.get("anyReleaseOk", album.any_release_ok))
        self._library.albums.save(album)
        for row in body.get("releases") or ():
            release = self._library.releases.get(int(row["id"]))
            if release is not None and row.get("monitored"):
                self._library.monitor(release)
        return answer(self._show.album(album), 202)

    def _monitor(self, request: Request) -> Reply:
        body = request.json()
        albums = [self._album(int(number)) for number in body.get("albumIds") or ()]
        for album in albums:
            album.monitored = bool(body.get("monitored"))
            self._library.albums.save(album)
        return answer([self._show.album(album) for album in albums], 202)

    def _tracks(self, request: Request) -> Reply:
        library = self._library
        album, release = request.number("albumId"), request.number("albumReleaseId")
        artist, ids = request.number("artistId"), request.numbers("trackIds")
        if not (album or release or artist or ids):
            raise Refused(
                400,
                {
                    "message": "One of artistId, albumId, albumReleaseId or trackIds must be provided"
                },
            )
        if ids:
            tracks = [one for one in library.tracks if one.id in ids]
        elif release:
            tracks = library.tracks_of(release)
        else:
            # By album only the monitored release answers.
            albums = [album] if album else [one.id for one in library.albums_of(artist)]
            chosen = (library.monitored(one) for one in albums)
            tracks = [track for one in chosen if one for track in library.tracks_of(one.id)]
        return answer([self._show.track(one) for one in tracks])

    def _track(self, request: Request) -> Reply:
        track = self._library.tracks.get(request.id)
        if track is None:
            raise Refused(404)
        return answer(self._show.track(track, artist=True))

    def _files(self, request: Request) -> Reply:
        albums = request.numbers("albumId")
        artist = request.number("artistId")
        if artist:
            albums += [one.id for one in self._library.albums_of(artist)]
        ids = request.numbers("trackFileIds")
        found = [one for one in self._library.files if one.album_id in albums or one.id in ids]
        return answer([self._show.track_file(one) for one in found])

    def _missing(self, request: Request) -> Reply:
        monitored = request.flag("monitored", True)
        artist = request.flag("includeArtist")
        albums = self._life.missing() if monitored else []
        rows = [self._show.album(album, artist=artist) for album in albums]
        return answer(page(request, rows, key="title"))

    def _parse(self, request: Request) -> Reply:
        title = request.text("title")
        if not title:
            raise Refused(400, {"message": "title is missing"})
        parsed = read_back(title)
        row: Row = {"title": title, "customFormats": [], "customFormatScore": 0, "id": 0}
        if parsed is None:
            return answer(row)
        row["parsedAlbumInfo"] = {
            "releaseTitle": title,
            "artistName": parsed.artist,
            "albumTitle": parsed.album,
            "quality": self._show.quality(parsed.quality),
            "releaseDate": str(parsed.year) if parsed.year else None,
            "discography": parsed.discography,
        }
        try:
            binding = self._life.tracker.map(parsed)
        except SeveralArtists as error:
            raise Refused(500, {"message": f"Multiple artists found: {error}"}) from error
        if binding.artist is not None:
            row["artist"] = self._show.artist(binding.artist)
            row["albums"] = [self._show.album(album) for album in binding.albums]
        return answer(row)

    # -- releases --------------------------------------------------------------------------------

    def _releases(self, request: Request) -> Reply:
        album = request.number("albumId")
        artist = request.number("artistId")
        albums = [self._album(album)] if album else self._library.albums_of(artist)
        found = [
            one for each in albums for one in self._life.grabber.search(each, interactive=True)
        ]
        return answer([release_row(one) for one in found])

    def _grab(self, request: Request) -> Reply:
        body = request.json()
        offered = self._life.grabber.offered(
            int(body.get("indexerId") or 0), str(body.get("guid") or "")
        )
        if offered is None:
            text = "Couldn't find requested release in cache, try searching again"
            raise Refused(404, {"message": text})
        try:
            self._life.grabber.grab(offered, source="InteractiveSearch")
        except NotGrabbed as error:
            raise Refused(409, {"message": "Getting release from indexer failed"}) from error
        return answer(body)

    def _push(self, request: Request) -> Reply:
        body = request.json()
        for part in ("title", "downloadUrl", "protocol", "publishDate"):
            if not body.get(part):
                title = f"{part[0].upper()}{part[1:]}"
                raise Refused(400, [{"propertyName": title, "errorMessage": "must not be empty"}])
        published = datetime.fromisoformat(str(body["publishDate"]))
        url = str(body["downloadUrl"])
        release = FoundRelease(
            str(body["title"]),
            f"PUSH-{url}",
            (published if published.tzinfo else published.replace(tzinfo=UTC)),
            url,
            int(body.get("size") or 0),
        )
        offered = self._judge_pushed(release)
        if offered and offered[0].decision.approved:
            try:
                self._life.grabber.grab(offered[0], source="ReleasePush")
            except NotGrabbed as error:
                raise Refused(409, {"message": str(error)}) from error
        return answer([release_row(one) for one in offered])

    def _judge_pushed(self, release: FoundRelease) -> Sequence[Offered]:
        parsed = read_back(release.title)
        indexers = self._life.core.of_providers(INDEXER)
        try:
            binding = self._life.tracker.map(parsed) if parsed is not None else None
        except SeveralArtists:
            binding = None
        if binding is None or len(binding.albums) != 1 or not indexers:
            return []
        return self._life.grabber.judge(indexers[0], binding.albums[0], [release])
