"""Stock Prowlarr in front of the service: both Test forms, its searches, its handing on of links.

It speaks what contract sabnzbd-newznab-prowlarr §3 lists. Unlike Lidarr it needs the categories of
the caps to accept a result, and it passes download links through a redirect header.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from urllib.parse import quote_plus, unquote
from xml.etree.ElementTree import Element

import requests

from soulspot_arr.demo.capabilities import parse_xml
from soulspot_arr.demo.faults import (
    ApiKeyRefused,
    FeedUnsupported,
    IndexerFault,
    LidarrFault,
    LimitReached,
)
from soulspot_arr.demo.feed import FoundRelease, read_feed
from soulspot_arr.demo.sabnzbd_client import SabnzbdClient, TestFinding
from soulspot_arr.demo.wire import (
    PROWLARR_AGENT,
    REQUEST_SECONDS,
    RSS_ACCEPT,
    body_text,
    open_session,
    short,
)

LIDARR_SYNC_CATEGORIES = (3000, 3010, 3030, 3040, 3050, 3060)
_MUSIC_WORDS = frozenset({"q", "album", "artist", "label", "year", "genre", "track"})


class LinkBroken(LidarrFault):
    """A download link that does not survive Prowlarr's redirect."""


@dataclass(frozen=True, slots=True)
class ProwlarrCapabilities:
    """What Prowlarr believes the indexer can do; the default is what it falls back on."""

    text_params: frozenset[str] = frozenset({"q"})
    music_params: frozenset[str] = frozenset()
    categories: tuple[tuple[int, str, int | None], ...] = ()  # id, name, parent id
    note: str = ""

    @property
    def ids(self) -> frozenset[int]:
        """Every category id the caps declare."""
        return frozenset(number for number, _, _ in self.categories)

    def expand(self, wanted: Sequence[int]) -> tuple[int, ...]:
        """Our ids for the wanted ones, children before their parent, parents with all children."""
        chosen = {
            number
            for number, _, parent in self.categories
            if number in wanted or (parent is not None and parent in wanted)
        }
        ordered = sorted(self.categories, key=lambda entry: entry[2] is None)
        return tuple(number for number, _, _ in ordered if number in chosen)

    def syncs_to_lidarr(self) -> bool:
        """Whether the indexer would appear in Lidarr at all (§3.8)."""
        searchable = bool(self.text_params or self.music_params)
        return searchable and not self.ids.isdisjoint(LIDARR_SYNC_CATEGORIES)


class ProwlarrClient:
    """One Generic Newznab indexer in Prowlarr, and optionally a SABnzbd client next to it."""

    def __init__(
        self,
        base_url: str,
        api_path: str = "/api",
        api_key: str = "",
        *,
        download_client_url: str = "",
        download_category: str = "prowlarr",
        session: requests.Session | None = None,
    ) -> None:
        self.endpoint = base_url.rstrip("/") + api_path.rstrip("/")
        self._key = f"&apikey={api_key}" if api_key.strip() else ""
        self._session = session or open_session(PROWLARR_AGENT)
        self._capabilities: ProwlarrCapabilities | None = None
        self.download_client = SabnzbdClient(
            download_client_url, api_key, download_category, self._session
        )

    # -- the two Test buttons --------------------------------------------------------------------

    def test_indexer(self) -> list[TestFinding]:
        """The Test button of "Generic Newznab" (§3.3)."""
        try:
            caps = self.capabilities()
            found = self._releases(f"{self.endpoint}?t=search&extended=1{self._key}")
        except ApiKeyRefused as fault:
            return [TestFinding("ApiKey", f"Credentials appears to be invalid: {fault}")]
        except LimitReached:
            # Logged only: Prowlarr's test passes where Lidarr's fails.
            return []
        except FeedUnsupported as fault:
            return [TestFinding("", f"Indexer feed is not supported: {fault}")]
        except IndexerFault as fault:
            return [TestFinding("", f"Unable to connect to indexer: {fault}")]
        if not found:
            return [TestFinding("", "Query successful, but no results were returned")]
        if "q" not in caps.text_params and caps.music_params.isdisjoint({"q", "artist", "album"}):
            return [TestFinding("", "Indexer does not support required search parameters")]
        findings = [TestFinding("", caps.note, is_warning=True)] if caps.note else []
        if not caps.syncs_to_lidarr():
            findings.append(
                TestFinding("", "no music category: the indexer never appears in Lidarr", True)
            )
        return findings

    def test_download_client(self) -> list[TestFinding]:
        """The Test button of "SABnzbd" with Prowlarr's own category (§3.9)."""
        return self.download_client.test()

    # -- searches --------------------------------------------------------------------------------

    def capabilities(self) -> ProwlarrCapabilities:
        """The caps, fetched once; everything but broken XML is swallowed (§3.2)."""
        if self._capabilities is None:
            text = self._fetch(f"{self.endpoint}?t=caps{self._key}")
            self._capabilities = read_prowlarr_capabilities(text)
        return self._capabilities

    def recent(self, categories: Sequence[int]) -> tuple[FoundRelease, ...]:
        """RSS on behalf of an app: always a plain search without terms."""
        return self._search("search", categories, ())

    def search_album(
        self, artist: str, album: str, categories: Sequence[int], *, year: int = 0
    ) -> tuple[FoundRelease, ...]:
        """An album search on behalf of an app; `year` only closes or opens the gate."""
        needed = {"artist", "album"} | ({"year"} if year else set())
        if not needed <= self.capabilities().music_params:
            # Skipped silently, the app gets an empty feed (§3.4).
            return ()
        return self._search("music", categories, (("artist", artist), ("album", album)))

    def search_artist(self, artist: str, categories: Sequence[int]) -> tuple[FoundRelease, ...]:
        """A discography search on behalf of an app."""
        if "artist" not in self.capabilities().music_params:
            return ()
        return self._search("music", categories, (("artist", artist),))

    def search_text(self, text: str, categories: Sequence[int]) -> tuple[FoundRelease, ...]:
        """The fallback tier on behalf of an app."""
        return self._search("search", categories, (("q", text.replace("+", "%20")),))

    # -- grabbing --------------------------------------------------------------------------------

    def grab_by_url(self, release: FoundRelease) -> str:
        """A grab in Prowlarr's own window: its SABnzbd client is given our link (§3.6)."""
        return self.download_client.add_url(handed_on(release.url))

    def _search(
        self, kind: str, categories: Sequence[int], terms: Sequence[tuple[str, str]]
    ) -> tuple[FoundRelease, ...]:
        caps = self.capabilities()
        wanted = caps.expand(categories)
        url = f"{self.endpoint}?t={kind}&extended=1"
        if wanted:
            url += f"&cat={','.join(map(str, wanted))}"
        url += self._key
        for name, value in (*terms, ("limit", "100"), ("offset", "0")):
            url += f"&{name}={quote_plus(value)}"
        return accepted(self._releases(url), caps, wanted)

    def _releases(self, url: str) -> tuple[FoundRelease, ...]:
        unique: dict[str, FoundRelease] = {}
        for release in read_feed(self._fetch(url), url).releases:
            if release.title.strip() and release.url:
                unique.setdefault(release.guid, release)
        return tuple(unique.values())

    def _fetch(self, url: str) -> str:
        try:
            response = self._session.get(
                url, headers={"Accept": RSS_ACCEPT}, timeout=REQUEST_SECONDS
            )
        except requests.RequestException as error:
            raise IndexerFault(f"no answer: {short(error)}") from error
        if response.status_code == 429:
            raise LimitReached("HTTP 429", retry_after=3600)
        # Unlike in Lidarr an error page is read when it is XML (§3.5).
        if response.status_code >= 400 and "xml" not in response.headers.get("Content-Type", ""):
            raise IndexerFault(f"HTTP request failed: [{response.status_code}]")
        return body_text(response)


def accepted(
    releases: Sequence[FoundRelease], caps: ProwlarrCapabilities, wanted: Sequence[int]
) -> tuple[FoundRelease, ...]:
    """Results whose category attributes come from the caps and meet the wanted ones."""
    kept: list[FoundRelease] = []
    for release in releases:
        numbers = {int(text) for text in release.categories if text.isdecimal()} & caps.ids
        if numbers and (not wanted or not numbers.isdisjoint(wanted)):
            kept.append(release)
    return tuple(kept)


def handed_on(link: str) -> str:
    """The link after .NET's un-escaping, as the Location header carries it; LinkBroken if it cannot."""
    plain = unquote(link)
    if not plain.isascii() or not plain.isprintable():
        raise LinkBroken(f"invalid non-ASCII or control character in header: {link}")
    if plain != link:
        raise LinkBroken(f"the link changes when its percent-escapes are undone: {link}")
    if not link.startswith(("http://", "https://")):
        raise LinkBroken(f"not an absolute link: {link}")
    return plain


def read_prowlarr_capabilities(text: str) -> ProwlarrCapabilities:
    """Prowlarr's reading of the caps; only XML that is no caps document at all is raised."""
    root = parse_xml(text)
    if next(root.iter("error"), None) is not None:
        return _fallback("an error element in the document")
    if root.tag != "caps":
        raise IndexerFault(f"the root element is {root.tag}, not caps")
    limits, searching = root.find("limits"), root.find("searching")
    if limits is not None and not all(
        (limits.get(name) or "").isdecimal() for name in ("default", "max")
    ):
        return _fallback("limits without both an integer default and max")
    text_params, music_params = frozenset({"q"}), frozenset[str]()
    if searching is not None:
        if any(mode.get("available") is None for mode in searching):
            return _fallback("a search element without the attribute available")
        text_params = _params(searching.find("search"))
        music_params = _params(searching.find("audio-search")) & _MUSIC_WORDS
    categories: list[tuple[int, str, int | None]] = []
    for parent in root.findall("categories/category"):
        for element in (parent, *parent.findall("subcat")):
            number, name = element.get("id") or "", element.get("name")
            if not number.isdecimal() or name is None:
                return _fallback("a category without an integer id or without a name")
            owner = None if element is parent else int(parent.get("id") or 0)
            categories.append((int(number), name, owner))
    return ProwlarrCapabilities(text_params, music_params, tuple(categories))


def _fallback(reason: str) -> ProwlarrCapabilities:
    return ProwlarrCapabilities(note=f"{reason}: Prowlarr silently works without categories")


def _params(mode: Element | None) -> frozenset[str]:
    if mode is None or mode.get("available") != "yes":
        return frozenset()
    supported = mode.get("supportedParams")
    return frozenset(
        {"q"} if supported is None else (w.strip().lower() for w in supported.split(","))
    )
