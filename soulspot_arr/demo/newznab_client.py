"""Stock Lidarr's Newznab indexer: its exact searches, paging, Test button and NZB downloads.

It asks what contract lidarr §6 lists, in both tiers, and keeps what Lidarr would keep. Judging the
results is the decision engine's business.
"""

from __future__ import annotations

import re
import time
import unicodedata
from collections.abc import Sequence
from datetime import UTC, datetime

import requests

from soulspot_arr.demo.capabilities import LIMIT_SECONDS, Capabilities, read_capabilities
from soulspot_arr.demo.faults import (
    ApiKeyRefused,
    IndexerFault,
    LimitReached,
    NzbFetchFailed,
    ReleaseUnavailable,
)
from soulspot_arr.demo.feed import Feed, FoundRelease, parse_date, read_feed
from soulspot_arr.demo.nzb_file import validate_nzb
from soulspot_arr.demo.sabnzbd_client import TestFinding
from soulspot_arr.demo.wire import (
    LIDARR_AGENT,
    REQUEST_SECONDS,
    RSS_ACCEPT,
    body_text,
    escape,
    open_session,
    short,
)

DEFAULT_CATEGORIES = (3000, 3010, 3030, 3040)
MAX_PAGES = 30
MAX_RESULTS = 1000
_RETRIED = frozenset({408, *range(500, 600)})
_QUOTES = str.maketrans(dict.fromkeys("‘’`´", "'"))


class NewznabClient:
    """One configured indexer; `pacing` is the pause between two requests in seconds (Lidarr: 2)."""

    def __init__(
        self,
        base_url: str,
        api_path: str = "/api",
        api_key: str = "",
        categories: Sequence[int] = DEFAULT_CATEGORIES,
        *,
        pacing: float = 2.0,
        session: requests.Session | None = None,
    ) -> None:
        self.endpoint = base_url.rstrip("/") + api_path.rstrip("/")
        self.asked: list[str] = []
        self.dropped: list[str] = []
        self._api_key = api_key.strip()
        self._categories = ",".join(str(number) for number in dict.fromkeys(categories))
        self._pacing = pacing
        self._next_request = 0.0
        self._session = session or open_session(LIDARR_AGENT)
        self._capabilities: Capabilities | None = None

    # -- searching -------------------------------------------------------------------------------

    def capabilities(self) -> Capabilities:
        """The caps, fetched once and kept as Lidarr keeps them; a failed read is not kept."""
        if self._capabilities is None:
            key = f"&apikey={self._api_key}" if self._api_key else ""
            text = self._fetch(f"{self.endpoint}?t=caps{key}")
            self._capabilities = read_capabilities(text, key_sent=bool(key))
        return self._capabilities

    def recent(self) -> tuple[FoundRelease, ...]:
        """The first page of the RSS request, as on a first sync and on Test."""
        kind = self._recent_kind()
        return () if kind is None else _valid(self._page(kind, "", 0).releases)

    def search_album(
        self, artist: str, album: str, *, disambiguation: str = "", year: int = 0
    ) -> tuple[FoundRelease, ...]:
        """An album search through both tiers; the second only runs when the first found nothing."""
        caps = self.capabilities()
        wanted = f"{album}+{disambiguation}" if disambiguation.strip() else album
        tiers: list[tuple[str, str]] = []
        if caps.searches_audio:
            names = _names(caps.audio_engine, artist, wanted)
            tail = f"&q=&artist={_term(names[0])}&album={_term(names[1])}"
            tiers.append(
                ("music", tail + (f"&year={year}" if names[0] == names[1] and year else ""))
            )
        if caps.searches_text:
            names = _names(caps.text_engine, artist, wanted)
            phrase = "+".join((*names, str(year)) if names[0] == names[1] else names)
            tiers.append(("search", f"&q={_term(phrase)}"))
        return self._search(tiers)

    def search_artist(self, artist: str) -> tuple[FoundRelease, ...]:
        """A search for everything of an artist, through both tiers."""
        caps = self.capabilities()
        tiers: list[tuple[str, str]] = []
        if caps.searches_audio:
            tiers.append(("music", f"&q=&artist={_term(_names(caps.audio_engine, artist)[0])}"))
        if caps.searches_text:
            tiers.append(("search", f"&q={_term(_names(caps.text_engine, artist)[0])}"))
        return self._search(tiers)

    def test(self) -> list[TestFinding]:
        """Lidarr's Test button; notes about silent defaults come along as warnings."""
        try:
            kind = self._recent_kind()
            if kind is None:
                return [TestFinding("", "No rss feed query available")]
            if not self._page(kind, "", 0).releases:
                return [
                    TestFinding(
                        "",
                        "Query successful, but no results in the configured categories were "
                        "returned from your indexer",
                    )
                ]
            caps = self.capabilities()
        except ApiKeyRefused:
            return [TestFinding("ApiKey", "Invalid API Key")]
        except IndexerFault as fault:
            return [TestFinding("", f"Unable to connect to indexer. {fault}")]
        if not caps.searches_text and not {"artist", "album"} <= {*(caps.audio_params or ())}:
            return [TestFinding("", "Indexer does not support required search parameters")]
        return [TestFinding("", note, is_warning=True) for note in caps.notes]

    # -- fetching an NZB -------------------------------------------------------------------------

    def fetch_nzb(self, url: str, *, retry_pause: float = 3.0) -> bytes:
        """The validated NZB behind a result; ReleaseUnavailable, NzbFetchFailed or InvalidNzb."""
        response = self._get_nzb(url)
        for attempt in range(2):
            if response.status_code not in _RETRIED:
                break
            time.sleep(retry_pause * 2**attempt)
            response = self._get_nzb(url)
        if response.status_code in (404, 410):
            raise ReleaseUnavailable(f"the NZB link answered {response.status_code}")
        if response.status_code >= 400:
            raise NzbFetchFailed(
                f"the NZB link answered {response.status_code}", indexer_blamed=True
            )
        validate_nzb(response.content)
        return response.content

    def _get_nzb(self, url: str) -> requests.Response:
        try:
            # No Accept header and no key: the link must carry all it needs (contract lidarr §5.2).
            return self._session.get(url, timeout=REQUEST_SECONDS)
        except requests.Timeout as error:
            raise NzbFetchFailed(
                f"the NZB link timed out: {short(error)}", indexer_blamed=True
            ) from error
        except requests.RequestException as error:
            raise NzbFetchFailed(
                f"the NZB link failed: {short(error)}", indexer_blamed=False
            ) from error

    # -- requests --------------------------------------------------------------------------------

    def _recent_kind(self) -> str | None:
        caps = self.capabilities()
        if caps.audio_params is not None:
            return "music"
        return "search" if caps.text_params is not None else None

    def _search(self, tiers: Sequence[tuple[str, str]]) -> tuple[FoundRelease, ...]:
        for kind, tail in tiers:
            found: list[FoundRelease] = []
            for number in range(MAX_PAGES):
                page = self._page(kind, tail, number).releases
                found.extend(page)
                size = self.capabilities().page_size
                if len(found) >= MAX_RESULTS or size == 0 or len(page) < size:
                    break
            valid = _valid(found)
            if valid:
                return valid
        return ()

    def _page(self, kind: str, tail: str, number: int) -> Feed:
        size = self.capabilities().page_size
        url = f"{self.endpoint}?t={kind}&cat={self._categories}&extended=1"
        if self._api_key:
            url += f"&apikey={self._api_key}"
        if size:
            url += f"&offset={number * size}&limit={size}"
        self._wait_turn()
        feed = read_feed(self._fetch(url + tail), url)
        self.dropped.extend(feed.dropped)
        return feed

    def _wait_turn(self) -> None:
        time.sleep(max(0.0, self._next_request - time.monotonic()))
        self._next_request = time.monotonic() + self._pacing

    def _fetch(self, url: str) -> str:
        self.asked.append(url.replace(self._api_key, "***") if self._api_key else url)
        try:
            response = self._session.get(
                url, headers={"Accept": RSS_ACCEPT}, timeout=REQUEST_SECONDS
            )
        except requests.RequestException as error:
            raise IndexerFault(f"no answer: {short(error)}") from error
        if response.status_code == 429:
            wait = _retry_after(response.headers.get("Retry-After", ""))
            raise LimitReached("HTTP 429", retry_after=wait)
        if response.status_code >= 400:
            raise IndexerFault(f"HTTP request failed: [{response.status_code}]")
        return body_text(response)


def sphinx_name(name: str) -> str:
    """A name as Lidarr mangles it for an indexer that is not `raw`."""
    if name.lower() == "various artists":
        return "VA"
    plain = re.sub(r"^the\s", "", name, flags=re.IGNORECASE).translate(_QUOTES)
    plain = re.sub(r"[^\w']+", " ", plain)
    decomposed = unicodedata.normalize("NFD", plain)
    kept = "".join(char for char in decomposed if unicodedata.category(char) != "Mn")
    return unicodedata.normalize("NFC", kept).strip() or name


def _names(engine: str, *names: str) -> tuple[str, ...]:
    return names if engine == "raw" else tuple(sphinx_name(name) for name in names)


def _term(text: str) -> str:
    return escape(text.replace("+", " "))


def _valid(releases: Sequence[FoundRelease]) -> tuple[FoundRelease, ...]:
    # Duplicated guids inside one search collapse, the first wins (contract lidarr §6.4).
    unique: dict[str, FoundRelease] = {}
    for release in releases:
        if release.title.strip() and release.url:
            unique.setdefault(release.guid, release)
    return tuple(unique.values())


def _retry_after(text: str) -> int:
    if text.strip().isdecimal():
        return int(text)
    try:
        return max(0, round((parse_date(text) - datetime.now(UTC)).total_seconds()))
    except ValueError:
        return LIMIT_SECONDS
