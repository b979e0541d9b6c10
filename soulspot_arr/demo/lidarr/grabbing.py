"""Searching, deciding on releases, and handing one to the download client.

The decision engine and the indexer's protocol are the demo's; here they meet the double's library,
blocklist and queue (contract lidarr §5, §8).
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from soulspot_arr.demo.decisions import BlocklistRow, Decision, Surroundings, decide_all
from soulspot_arr.demo.faults import ClientUnavailable, LidarrFault
from soulspot_arr.demo.feed import FoundRelease
from soulspot_arr.demo.library import Album as SoughtAlbum
from soulspot_arr.demo.library import Edition, WantedTrack
from soulspot_arr.demo.lidarr.bookkeeping import Bookkeeping
from soulspot_arr.demo.lidarr.clients import enabled_clients, newznab, sabnzbd, value_of
from soulspot_arr.demo.lidarr.core import INDEXER, Core
from soulspot_arr.demo.lidarr.library import Library
from soulspot_arr.demo.lidarr.records import Album, Provider, Release
from soulspot_arr.demo.lidarr.tables import Row
from soulspot_arr.demo.lidarr.tracking import State, Tracker

_REMEMBERED = 1800.0
_RECENT = timedelta(days=14)


class NotGrabbed(Exception):
    """A release did not reach the download client; `pending` ends the row of candidates."""

    def __init__(self, message: str, *, pending: bool = False) -> None:
        super().__init__(message)
        self.pending = pending


@dataclass(frozen=True, slots=True)
class Offered:
    """One judged release of one indexer for one album."""

    decision: Decision
    album: Album
    indexer: Provider
    found: float

    @property
    def key(self) -> tuple[int, str]:
        """What the API knows it by."""
        return self.indexer.id, f"{self.indexer.id}_{self.decision.release.guid}"


class Grabber:
    """Searches of one Lidarr."""

    def __init__(self, core: Core, books: Bookkeeping, tracker: Tracker) -> None:
        self._core = core
        self._books = books
        self._tracker = tracker
        self._offered: dict[tuple[int, str], Offered] = {}

    def search(self, album: Album, *, interactive: bool = False) -> list[Offered]:
        """Every release that the indexers offer for an album, the approved ones first."""
        switch = "enableInteractiveSearch" if interactive else "enableAutomaticSearch"
        artist = self._core.library.artist_of(album)
        found: list[Offered] = []
        for indexer in self._core.of_providers(INDEXER):
            if not indexer.body.get(switch):
                continue
            try:
                releases = newznab(self._core, indexer).search_album(
                    artist.name,
                    album.title,
                    disambiguation=album.disambiguation,
                    year=album.year,
                )
            except LidarrFault as fault:
                self._core.note(f"indexer {indexer.body['name']} failed: {fault}")
                continue
            found += self.judge(indexer, album, releases)
        return found

    def judge(
        self, indexer: Provider, album: Album, releases: Sequence[FoundRelease]
    ) -> list[Offered]:
        """Decisions on releases, remembered for half an hour."""
        decisions = decide_all(
            releases, sought(self._core.library, album), self._surroundings(indexer, album)
        )
        at = time.monotonic()
        self._offered = {
            key: one for key, one in self._offered.items() if at - one.found < _REMEMBERED
        }
        offered = [Offered(decision, album, indexer, at) for decision in decisions]
        self._offered.update((one.key, one) for one in offered)
        return offered

    def offered(self, indexer_id: int, guid: str) -> Offered | None:
        """What was found within the last half hour."""
        return self._offered.get((indexer_id, guid))

    def grab_best(self, album: Album) -> str | None:
        """Search and try the approved candidates in order; the id of the download, if any."""
        for offered in self.search(album):
            if not offered.decision.approved:
                continue
            try:
                return self.grab(offered)
            except NotGrabbed as error:
                self._core.note(f"not grabbed: {error}")
                if error.pending:
                    break
        return None

    def grab(self, offered: Offered, *, source: str = "UserInvokedSearch") -> str:
        """Fetch the NZB and hand it over; NotGrabbed with the reason."""
        client = self._client_for(offered.indexer)
        if client is None:
            raise NotGrabbed("Usenet Download client isn't configured yet", pending=True)
        release = offered.decision.release
        try:
            nzb = newznab(self._core, offered.indexer).fetch_nzb(
                release.url, retry_pause=3.0 / self._core.options.time_scale
            )
            nzo_id = sabnzbd(self._core, client).add(
                nzb, release.title, _priority(client, offered.album)
            )
        except ClientUnavailable as fault:
            raise NotGrabbed(str(fault), pending=True) from fault
        except LidarrFault as fault:
            raise NotGrabbed(str(fault)) from fault
        self._books.grabbed(
            [offered.album],
            release,
            nzo_id,
            quality=offered.decision.quality,
            indexer=str(offered.indexer.body["name"]),
            client=str(client.body["name"]),
            source=source,
        )
        return nzo_id

    def _client_for(self, indexer: Provider) -> Provider | None:
        bound = self._core.client(int(indexer.body.get("downloadClientId") or 0))
        if bound is not None:
            return bound if bound.body.get("enable") else None
        clients = enabled_clients(self._core)
        return min(clients, key=lambda one: int(one.body.get("priority", 1)), default=None)

    def _surroundings(self, indexer: Provider, album: Album) -> Surroundings:
        library = self._core.library
        rows = []
        for row in self._core.blocklist:
            artist = library.artists.get(row.artist_id)
            if artist is not None and row.published:
                published = datetime.fromisoformat(row.published)
                rows.append(BlocklistRow(artist.name, row.title, published, row.size, row.indexer))
        queued = [
            one.binding.quality
            for one in self._tracker.queue()
            if one.binding is not None
            and one.state is not State.FAILED_PENDING
            and any(bound.id == album.id for bound in one.binding.albums)
        ]
        return Surroundings(
            now=datetime.now(UTC),
            indexer=str(indexer.body["name"]),
            blocklist=tuple(rows),
            queued_qualities=tuple(queued),
            retention_days=int(self._core.config("indexer")["retention"]),
        )


def sought(library: Library, album: Album) -> SoughtAlbum:
    """An album of the library as the demo's decision engine wants it."""
    artist = library.artist_of(album)
    return SoughtAlbum(
        artist=artist.name,
        title=album.title,
        year=album.year,
        editions=tuple(_edition(library, release) for release in library.releases_of(album.id)),
        disambiguation=album.disambiguation,
        profile=artist.profile,
        any_edition_ok=album.any_release_ok,
    )


def release_row(offered: Offered) -> Row:
    """A judged release as `/release` shows it."""
    release, decision = offered.decision.release, offered.decision
    age = datetime.now(UTC) - release.published
    return {
        "guid": offered.key[1],
        "quality": {"quality": {"id": 0, "name": decision.quality}, "revision": {"version": 1}},
        "age": age.days,
        "ageHours": age.total_seconds() / 3600,
        "ageMinutes": age.total_seconds() / 60,
        "size": release.size,
        "indexerId": offered.indexer.id,
        "indexer": offered.indexer.body["name"],
        "title": release.title,
        "albumTitle": offered.album.title,
        "approved": decision.approved,
        "temporarilyRejected": False,
        "rejected": not decision.approved,
        "rejections": list(decision.rejections),
        "publishDate": release.published.strftime("%Y-%m-%dT%H:%M:%SZ"),
        "downloadUrl": release.url,
        "downloadAllowed": True,
        "protocol": "usenet",
    }


def _edition(library: Library, release: Release) -> Edition:
    tracks = (
        WantedTrack(
            track.title, track.duration / 1000, track.number, track.medium, track.recording_id
        )
        for track in library.tracks_of(release.id)
    )
    return Edition(
        tuple(tracks),
        monitored=release.monitored,
        year=release.year,
        countries=tuple(release.countries),
        labels=tuple(release.labels),
        disambiguation=release.disambiguation,
        release_id=release.foreign_id,
    )


def _priority(client: Provider, album: Album) -> int:
    recent = bool(album.release_date) and (
        datetime.fromisoformat(album.release_date).replace(tzinfo=UTC)
        >= datetime.now(UTC) - _RECENT
    )
    value = value_of(client, "recentMusicPriority" if recent else "olderMusicPriority")
    return int(str(value)) if value is not None else -100
