"""The acts of the demo: what is played, and how each of Lidarr's steps is told.

Every word printed here comes from an answer of one of the programs; nothing is assumed to have
happened.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol, Self

from soulspot_arr.demo import programme, telling
from soulspot_arr.demo.events import (
    DownloadFailed,
    Event,
    Grabbed,
    GrabRefused,
    Imported,
    ImportStuck,
    Progress,
)
from soulspot_arr.demo.library import Album
from soulspot_arr.demo.lidarr_window import LidarrWindow
from soulspot_arr.demo.prowlarr import LIDARR_SYNC_CATEGORIES, ProwlarrClient
from soulspot_arr.demo.rest_client import (
    OFFER_CHANGED,
    REHEARSED,
    STARTED,
    SUBSTITUTED,
    News,
    RestClient,
)
from soulspot_arr.demo.sabnzbd_client import SabnzbdClient, TestFinding
from soulspot_arr.demo.screen import Screen, counted
from soulspot_arr.demo.stage import StageFailure

MISSING_LOOKS_ALLOWED = 20
AGAIN_SECONDS = 30.0  # how long Lidarr may take to grab another release after a failure


@dataclass(frozen=True, slots=True)
class Tempo:
    """Seconds between two looks, how long one waits at most, and how fast Lidarr's clock runs.

    Its minute, in which it asks its download clients once, lasts as long as a look.
    """

    poll: float
    patience: float

    @property
    def lidarr_scale(self) -> float:
        """How many times faster than life Lidarr's intervals are."""
        return 60.0 / self.poll

    @classmethod
    def for_scale(cls, time_scale: float) -> Self:
        """Pauses that fit the speed of the simulated network."""
        return cls(
            poll=max(0.25, min(1.0, 4.0 / time_scale)),
            patience=max(120.0, 1200.0 / time_scale),
        )


class Place(Protocol):
    """Where a show is played: running programs, a library folder, and somebody who watches."""

    @property
    def service_url(self) -> str: ...

    @property
    def api_key(self) -> str: ...

    @property
    def lidarr_url(self) -> str: ...

    @property
    def lidarr_key(self) -> str: ...

    @property
    def root(self) -> Path: ...

    @property
    def library_root(self) -> Path: ...

    @property
    def service_log(self) -> Path: ...

    def soulspot(self, *arguments: str) -> str: ...

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
        self._lidarr = LidarrWindow(stage.lidarr_url, stage.lidarr_key)
        self._rest = RestClient(url, key)
        self._imported: list[Imported] = []
        self._failures = 0
        self._replaced = 0
        self._stand_ins = 0
        self._tagged = 0
        self.nzo_ids: list[str] = []

    def play(self) -> None:
        """All acts in order; StageFailure when one of them cannot be finished."""
        self._screen.act(
            "1. One line of set-up",
            "A new Lidarr that knows nothing of us. This command enters the indexer, the download "
            "client and the webhook there, binds them to each other and lets Lidarr test them.",
        )
        self._connect()
        self._test_buttons()
        for number, (album, explanation) in enumerate(self._acts, start=2):
            self._screen.act(f"{number}. {album.artist}: {album.title}", explanation)
            self._album(album)

    def summary(self, seconds: float) -> None:
        """What happened and where the files are."""
        files = [path for event in self._imported for path in event.files]
        self._tell_timeline()
        self._screen.act("The library", "Files and tags, read back from the disk.")
        telling.library(self._screen, self._stage.library_root)
        self._screen.act("What happened")
        albums, tracks = counted(len(self._imported), "album"), counted(len(files), "track")
        self._screen.good(f"{albums}, {tracks}, in the library after {seconds:.0f} s.")
        if self._replaced:
            peers = counted(self._replaced, "failing peer")
            self._screen.good(f"{peers} replaced inside a download; Lidarr never had to know.")
        if self._stand_ins:
            files_ = counted(self._stand_ins, "lost file")
            self._screen.good(f"{files_} taken from another peer inside a download.")
        if self._tagged:
            files_ = counted(self._tagged, "file")
            self._screen.good(f"{files_} tagged before Lidarr was told, so that it says yes.")
        if self._failures:
            downloads = counted(self._failures, "failed download")
            self._screen.good(f"{downloads} blocklisted and replaced without a hand.")
        self._screen.good("Nothing is left in the queue or in the history.")
        self._screen.line()
        self._screen.pair("folder", self._stage.root)
        self._screen.pair("library", self._stage.library_root)
        self._screen.pair("service log", self._stage.service_log)

    def _tell_timeline(self) -> None:
        told = self._rest.timeline(self.nzo_ids[0])
        if told.steps:
            self._screen.act(
                f"The whole way of {self.nzo_ids[0]}",
                "From the search to the library, as the service remembers it (GET "
                "/api/v1/grabs/{id}, or soulspot-arr history).",
            )
            telling.timeline(self._screen, told)

    # -- set-up ----------------------------------------------------------------------------------

    def _connect(self) -> None:
        stage = self._stage
        account = ("connect", "lidarr", "--url", stage.lidarr_url, "--api-key", stage.lidarr_key)
        # In a container it would be found out too, with a word about numbers that change.
        address = ("--address", stage.service_url)
        told = stage.soulspot(*account, *address)
        shown = " ".join((*account[:-1], "KEY"))
        self._screen.command(f"soulspot-arr {shown} \\", " ".join(address), output=told)

    def _test_buttons(self) -> None:
        self._screen.note(
            "Every Test button once more, in Lidarr and as Prowlarr presses it. Green means: no "
            "error and no warning."
        )
        buttons = {
            **{f"Lidarr: {name}": found for name, found in self._lidarr.test_buttons().items()},
            "Prowlarr: indexer (Generic Newznab)": self._prowlarr.test_indexer(),
            "Prowlarr: download client (SABnzbd)": self._prowlarr.test_download_client(),
        }
        red = [name for name, found in buttons.items() if self._button(name, found)]
        for complaint in self._lidarr.health():
            self._screen.note(f"Lidarr's health page: {complaint}")
        if red:
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
        choices = self._lidarr.search(album)
        telling.choices(self._screen, choices)
        if not any(choice.approved for choice in choices):
            raise StageFailure("Lidarr found nothing it would take")
        nzo_id = self._tell_all(self._lidarr.grab_best(choices))
        if nzo_id is None:
            raise StageFailure("no release could be handed to the download client")
        self._follow(nzo_id)

    def _follow(self, nzo_id: str) -> None:
        """Look again and again until the album is imported and the download gone from the client."""
        deadline = time.monotonic() + self._tempo.patience
        missed, failed = 0, 0.0
        imported = False
        while not (imported and nzo_id not in self._listed()):
            if time.monotonic() > deadline:
                raise StageFailure(f"nothing came of it within {self._tempo.patience:.0f} s")
            self._stage.check()
            time.sleep(self._tempo.poll)
            events = self._lidarr.look()
            self._tell_news(nzo_id)  # asked for last, told first: causes before their effects
            again = self._tell_all(events, nzo_id)
            mine = [event for event in events if getattr(event, "nzo_id", None) == nzo_id]
            imported = imported or any(isinstance(event, Imported) for event in mine)
            missed = 0 if mine or imported or failed else missed + 1
            if any(isinstance(event, DownloadFailed) for event in mine):
                failed = time.monotonic()
            if again is not None:
                nzo_id, missed, failed = again, 0, 0.0
            _check_dead_ends(mine, missed, failed)
        self._screen.good("Lidarr removed the download; queue and history are empty again.")

    def _listed(self) -> set[str]:
        """Ids in the queue and the history of the download client."""
        return {item.nzo_id for item in self._client.items()}

    # -- telling ---------------------------------------------------------------------------------

    def _tell_news(self, nzo_id: str) -> None:
        """What the service did since the last look, in its own words."""
        all_news = self._rest.news(OFFER_CHANGED, STARTED, SUBSTITUTED, REHEARSED)
        for news in all_news:
            if news.kind == SUBSTITUTED:
                continue
            self._screen.note(news.message)
            self._tagged += news.tagged
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
                    telling.progress(self._screen, event)
                continue
            self._tell(event)
            if isinstance(event, Grabbed):
                grabbed = event.nzo_id
                self.nzo_ids.append(grabbed)
        return grabbed

    def _tell(self, event: Event) -> None:
        match event:
            case Imported():
                self._imported.append(event)
                telling.imported(self._screen, event, self._stage.library_root)
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
                self._screen.note(f"Lidarr complains ({event.state}).")
                for message in event.messages:
                    self._screen.detail(message)
            case GrabRefused():
                self._screen.note(f"Candidate skipped: {event.reason}")


def _check_dead_ends(events: Sequence[Event], missed: int, failed: float) -> None:
    """StageFailure for what no later look can mend; `events` concern the current download."""
    if missed > MISSING_LOOKS_ALLOWED:
        raise StageFailure("the download vanished without having failed")
    if failed and time.monotonic() - failed > AGAIN_SECONDS:
        raise StageFailure("the download failed and no other release could be grabbed")
    for event in events:
        if isinstance(event, ImportStuck) and event.state in {"importBlocked", "importFailed"}:
            raise StageFailure(f"Lidarr gave the import up ({event.state})")
