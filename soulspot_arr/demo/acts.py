"""The acts of the demo: what is played, and how each of Lidarr's steps is told.

Every word printed here comes from an event or an answer; nothing is assumed to have happened.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol, Self

from soulspot_arr.demo import programme
from soulspot_arr.demo.decisions import Decision
from soulspot_arr.demo.distance import ALBUM_LIMIT
from soulspot_arr.demo.download_items import ItemStatus
from soulspot_arr.demo.events import (
    DownloadFailed,
    Event,
    Grabbed,
    GrabSkipped,
    Imported,
    ImportStuck,
    PollFailed,
    Progress,
    RemovalFailed,
    Removed,
    Searched,
    SearchFailed,
    TrackedState,
    Untracked,
)
from soulspot_arr.demo.library import Album
from soulspot_arr.demo.newznab_client import NewznabClient
from soulspot_arr.demo.prowlarr import LIDARR_SYNC_CATEGORIES, ProwlarrClient
from soulspot_arr.demo.rest_client import OFFER_CHANGED, STARTED, SUBSTITUTED, News, RestClient
from soulspot_arr.demo.sabnzbd_client import SabnzbdClient, TestFinding
from soulspot_arr.demo.screen import Screen, clock, counted, megabytes
from soulspot_arr.demo.stage import StageFailure
from soulspot_arr.demo.stock_lidarr import Preferences, StockLidarr

LOST_POLLS_ALLOWED = 5
SHOWN_FILES = 4
_SHOWN_AS_BAR = frozenset(
    {ItemStatus.QUEUED, ItemStatus.DOWNLOADING, ItemStatus.PAUSED, ItemStatus.COMPLETED}
)


@dataclass(frozen=True, slots=True)
class Tempo:
    """Pauses in seconds; Lidarr's own are 2 between searches and about 60 between polls."""

    pacing: float
    poll: float
    patience: float

    @classmethod
    def for_scale(cls, time_scale: float) -> Self:
        """Pauses that fit the speed of the simulated network."""
        return cls(
            pacing=min(2.0, 4.0 / time_scale),
            poll=max(0.25, min(1.0, 4.0 / time_scale)),
            patience=max(120.0, 1200.0 / time_scale),
        )


class Place(Protocol):
    """Where a show is played: a running service, a library folder, and somebody who watches."""

    @property
    def service_url(self) -> str: ...

    @property
    def api_key(self) -> str: ...

    @property
    def root(self) -> Path: ...

    @property
    def library_root(self) -> Path: ...

    @property
    def service_log(self) -> Path: ...

    def check(self) -> None: ...


class Acts:
    """One show: a Lidarr, a Prowlarr and the place they play at."""

    def __init__(
        self,
        screen: Screen,
        stage: Place,
        tempo: Tempo,
        acts: Sequence[tuple[Album, str]] = programme.ACTS,
    ) -> None:
        self._screen = screen
        self._acts = acts
        self._stage = stage
        self._tempo = tempo
        url, key = stage.service_url, stage.api_key
        self._prowlarr = ProwlarrClient(
            f"{url}/newznab", api_key=key, download_client_url=f"{url}/sabnzbd"
        )
        self._client = SabnzbdClient(f"{url}/sabnzbd", key)
        self._lidarr = StockLidarr(
            NewznabClient(f"{url}/newznab", api_key=key, pacing=tempo.pacing),
            self._client,
            library=[album for album, _ in acts],
            library_root=stage.library_root,
            preferences=Preferences(nzb_retry_pause=min(3.0, tempo.pacing)),
        )
        self._rest = RestClient(url, key)
        self._imported: list[Imported] = []
        self._failures = 0
        self._replaced = 0
        self._stand_ins = 0
        self.nzo_ids: list[str] = []

    def play(self) -> None:
        """All acts in order; StageFailure when one of them cannot be finished."""
        self._screen.act(
            "1. The four Test buttons",
            "Before anything is saved, Lidarr and Prowlarr test the indexer and the download "
            "client. A green tick means: no error and no warning.",
        )
        self._test_buttons()
        for number, (album, explanation) in enumerate(self._acts, start=2):
            self._screen.act(f"{number}. {album.artist}: {album.title}", explanation)
            self._album(album)

    def summary(self, seconds: float) -> None:
        """What happened and where the files are."""
        files = [path for event in self._imported for path in event.files]
        self._screen.act("What happened")
        albums, tracks = counted(len(self._imported), "album"), counted(len(files), "track")
        self._screen.good(f"{albums}, {tracks}, in the library after {seconds:.0f} s.")
        if self._replaced:
            peers = counted(self._replaced, "failing peer")
            self._screen.good(f"{peers} replaced inside a download; Lidarr never had to know.")
        if self._stand_ins:
            files_ = counted(self._stand_ins, "lost file")
            self._screen.good(f"{files_} taken from another peer inside a download.")
        if self._failures:
            downloads = counted(self._failures, "failed download")
            self._screen.good(f"{downloads} blocklisted and replaced without a hand.")
        self._screen.good("Nothing is left in the queue or in the history.")
        self._screen.line()
        self._screen.pair("folder", self._stage.root)
        self._screen.pair("library", self._stage.library_root)
        self._screen.pair("service log", self._stage.service_log)

    # -- the Test buttons ------------------------------------------------------------------------

    def _test_buttons(self) -> None:
        buttons = self._lidarr.test_buttons()
        red = [
            self._button("Lidarr: indexer (Newznab)", buttons["indexer"]),
            self._button("Lidarr: download client (SABnzbd)", buttons["download client"]),
            self._button("Prowlarr: indexer (Generic Newznab)", self._prowlarr.test_indexer()),
            self._button(
                "Prowlarr: download client (SABnzbd)", self._prowlarr.test_download_client()
            ),
        ]
        for complaint in self._client.health_warnings():
            self._screen.note(f"Lidarr's health page: {complaint}")
        if any(red):
            raise StageFailure("a Test button is red")
        if not self._prowlarr.recent(LIDARR_SYNC_CATEGORIES):
            raise StageFailure("Prowlarr gets no result to offer to Lidarr")
        self._screen.good("Prowlarr's feed carries a result Lidarr may see, so app sync works.")

    def _button(self, name: str, findings: Sequence[TestFinding]) -> bool:
        if not findings:
            self._screen.good(name)
            return False
        self._screen.bad(name)
        for finding in findings:
            kind = "warning" if finding.is_warning else "error"
            self._screen.detail(f"{kind} {finding.field}: {finding.message}")
        return True

    # -- one album -------------------------------------------------------------------------------

    def _album(self, album: Album) -> None:
        profile = f"quality profile {album.profile}, {album.track_count} tracks"
        self._screen.note(f"Lidarr searches for the album ({profile}).")
        found = self._lidarr.search(album)
        self._tell(found)
        if not isinstance(found, Searched):
            raise StageFailure("the search failed")
        if not any(decision.approved for decision in found.decisions):
            raise StageFailure("Lidarr found nothing it would take")
        events = self._lidarr.grab_best(album, found.decisions)
        nzo_id = self._tell_all(events)
        if nzo_id is None:
            raise StageFailure("no release could be handed to the download client")
        self._follow(nzo_id)

    def _follow(self, nzo_id: str) -> None:
        """Poll until the album is imported and the download is gone from the client."""
        deadline = time.monotonic() + self._tempo.patience
        lost = 0
        imported = removed = False
        while not (imported and removed):
            if time.monotonic() > deadline:
                raise StageFailure(f"nothing came of it within {self._tempo.patience:.0f} s")
            self._stage.check()
            time.sleep(self._tempo.poll)
            events = self._lidarr.refresh()
            self._tell_news(nzo_id)  # asked for last, told first: causes before their effects
            nzo_id = self._tell_all(events, nzo_id) or nzo_id
            mine = [event for event in events if getattr(event, "nzo_id", None) == nzo_id]
            imported = imported or any(isinstance(event, Imported) for event in mine)
            removed = removed or any(isinstance(event, Removed) for event in mine)
            lost = lost + 1 if any(isinstance(event, PollFailed) for event in events) else 0
            if lost > LOST_POLLS_ALLOWED:
                raise StageFailure("Lidarr lost every poll")
            self._check_dead_ends(mine)
        ours = self._lidarr.tracker.grabs
        left = [item.title for item in self._client.items() if item.nzo_id in ours]
        if left:
            raise StageFailure(f"still listed after Lidarr removed it: {', '.join(left)}")
        self._screen.good("Lidarr removed the download; queue and history are empty again.")

    def _check_dead_ends(self, events: Sequence[Event]) -> None:
        """StageFailure for what no later poll can mend; `events` concern the current download."""
        for event in events:
            if isinstance(event, DownloadFailed):
                raise StageFailure("the download failed and no other release could be grabbed")
            if isinstance(event, Untracked):
                raise StageFailure("the download vanished without having failed")
            if isinstance(event, ImportStuck) and event.state is not TrackedState.IMPORT_PENDING:
                raise StageFailure(f"Lidarr gave the import up ({event.state})")

    # -- telling ---------------------------------------------------------------------------------

    def _tell_news(self, nzo_id: str) -> None:
        """What the service did since the last look, in its own words."""
        all_news = self._rest.news(OFFER_CHANGED, STARTED, SUBSTITUTED)
        for news in all_news:
            if news.kind == SUBSTITUTED:
                continue
            self._screen.note(news.message)
            if news.kind == OFFER_CHANGED:
                self._replaced += 1
                self._screen.detail(f"Still {nzo_id}: Lidarr does not hear of it.")
        self._tell_stand_ins([news for news in all_news if news.kind == SUBSTITUTED], nzo_id)

    def _tell_stand_ins(self, lost: Sequence[News], nzo_id: str) -> None:
        """The first lost file in the service's words; the others are counted."""
        if not lost:
            return
        self._stand_ins += len(lost)
        self._screen.note(lost[0].message)
        for peer in dict.fromkeys(news.peer for news in lost):
            others = sum(news.peer == peer for news in lost[1:])
            if others:
                self._screen.detail(f"{counted(others, 'more file')} from {peer}.")
        self._screen.detail(f"Still {nzo_id}: Lidarr does not hear of it.")

    def _tell_all(self, events: Sequence[Event], mine: str | None = None) -> str | None:
        """Tell every event; returns the id of a new grab, if there is one."""
        grabbed: str | None = None
        for event in events:
            if isinstance(event, Progress):
                if event.nzo_id == mine:
                    self._tell_progress(event)
                continue
            self._tell(event)
            if isinstance(event, Grabbed):
                grabbed = event.nzo_id
                self.nzo_ids.append(grabbed)
        return grabbed

    def _tell(self, event: Event) -> None:
        match event:
            case Searched():
                self._tell_decisions(event.decisions)
            case Imported():
                self._tell_import(event)
            case Grabbed():
                self._screen.good(
                    "Lidarr fetches the NZB and uploads it; the answer is an id at once."
                )
                self._screen.detail(event.nzo_id)
            case DownloadFailed():
                self._failures += 1
                self._screen.note(f"The download failed: {event.reason}")
                self._screen.detail("Lidarr blocklists the release and searches again.")
            case ImportStuck():
                self._screen.note(f"Not imported yet ({event.state}).")
                for message in event.messages:
                    self._screen.detail(message)
            case _:
                self._tell_trouble(event)

    def _tell_trouble(self, event: Event) -> None:
        match event:
            case SearchFailed():
                self._screen.bad(f"The search failed: {event.reason}")
            case GrabSkipped():
                self._screen.note(f"Candidate skipped: {event.reason}")
            case PollFailed():
                self._screen.note(f"Lidarr lost a poll: {event.reason}")
            case RemovalFailed():
                self._screen.note(f"Removing it failed: {event.reason}")
            case _:
                pass  # removals and untracked downloads are told where they are looked at

    def _tell_decisions(self, decisions: Sequence[Decision]) -> None:
        approved = sum(decision.approved for decision in decisions)
        self._screen.good(f"{len(decisions)} releases found, {approved} approved, best first:")
        self._screen.line()
        rows = [
            (
                "✓" if decision.approved else "✗",
                decision.quality,
                megabytes(decision.release.size),
                decision.release.title,
            )
            for decision in decisions
        ]
        remarks = {
            number: "; ".join(decision.rejections)
            for number, decision in enumerate(decisions)
            if decision.rejections
        }
        self._screen.table(rows, remarks)
        self._screen.line()

    def _tell_progress(self, event: Progress) -> None:
        if event.status not in _SHOWN_AS_BAR:
            return
        # A finished transfer that is still being checked is listed with nothing remaining.
        done = 1 - event.remaining_size / event.size if event.size else 0.0
        left = clock(event.remaining_time)
        detail = f"{megabytes(event.size)}{', ' + left if left else ''}"
        self._screen.progress(event.status.value, done, detail)

    def _tell_import(self, event: Imported) -> None:
        self._imported.append(event)
        tracks = counted(len(event.files), "track")
        match = ""
        if event.distance is not None:
            match = f" (match {1 - event.distance:.0%}, Lidarr asks for {1 - ALBUM_LIMIT:.0%})"
        self._screen.good(f"Lidarr imports {tracks}{match}.")
        folder = event.files[0].parent if event.files else Path()
        self._screen.detail(str(folder.relative_to(self._stage.library_root)))
        for path in event.files[:SHOWN_FILES]:
            self._screen.detail(f"  {path.name}")
        if len(event.files) > SHOWN_FILES:
            self._screen.detail(f"  and {len(event.files) - SHOWN_FILES} more")
