"""What Newznab conformance needs: the service in a process, slskd simulated, and strict readers.

`Indexer.ask` is as strict as the strictest client: HTTP 200, an XML content type, "<" as the first
byte, no cookie. It imports nothing of the emulation it judges.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from xml.etree.ElementTree import Element

import requests
from defusedxml.ElementTree import fromstring

from soulspot_arr.demo.feed import parse_date
from soulspot_arr.demo.newznab_client import NewznabClient
from soulspot_arr.simulator import Simulator
from soulspot_arr.simulator.wire import Json
from soulspot_arr.simulator.world import World
from tests.conformance.running import SLSKD_KEY, running
from tests.fakes.service_process import ServiceProcess, free_port

Setting = str | float | list[str]

NEWZNAB = "{http://www.newznab.com/DTD/2010/feeds/attributes/}"
# slskd's clock runs twenty times as fast, so two seconds of silence last a tenth of one.
SETTINGS = {"SOULSPOT_SLSKD_IDLE_TIMEOUT": "2", "SOULSPOT_SEARCH_RATE_WINDOW": "1"}

_KINDS: Mapping[str, tuple[str, int, dict[str, Json]]] = {
    "FLAC": ("flac", 110_000, {"bitDepth": 16, "sampleRate": 44100}),
    "FLAC 24bit": ("flac", 300_000, {"bitDepth": 24, "sampleRate": 96000}),
    "MP3 320": ("mp3", 40_000, {"bitRate": 320, "isVariableBitRate": False}),
    "MP3 224": ("mp3", 28_000, {"bitRate": 224, "isVariableBitRate": False}),
    "MP3 192": ("mp3", 24_000, {"bitRate": 192, "isVariableBitRate": False}),
    "MP3 VBR V0": ("mp3", 30_700, {"bitRate": 245, "isVariableBitRate": True}),
}
_TITLES = ("Lantern", "Quarry", "Weir", "Anvil", "Orchard", "Ferry", "Granite", "Thistle")


@dataclass(frozen=True, slots=True)
class Item:
    """One item of a feed, with every attribute in its order."""

    element: Element
    title: str
    guid: str
    published: str
    url: str
    length: str
    attributes: tuple[tuple[str, str], ...]

    @property
    def size(self) -> int:
        """Bytes, as the attribute says."""
        return int(self.values("size")[0])

    @property
    def quality(self) -> str:
        """The words of the quality in the title."""
        return self.values("audio")[0]

    def values(self, name: str) -> list[str]:
        """Every value of an attribute."""
        return [value for known, value in self.attributes if known == name]


def read_items(channel: Element) -> list[Item]:
    """The items of a feed, each complete; AssertionError for one that Lidarr would drop."""
    return [_read_item(element) for element in channel.findall("channel/item")]


def _read_item(element: Element) -> Item:
    enclosures = element.findall("enclosure")
    assert [enclosure.get("type") for enclosure in enclosures] == ["application/x-nzb"]
    attributes = []
    for attr in element.findall(f"{NEWZNAB}attr"):
        assert attr.get("name"), "an attr without a name"
        attributes.append((str(attr.get("name")), str(attr.get("value"))))
    title, guid, published = (
        (element.findtext(tag) or "").strip() for tag in ("title", "guid", "pubDate")
    )
    assert title, "an item without title"
    assert guid, "an item without guid"
    parse_date(published)
    return Item(
        element,
        title,
        guid,
        published,
        url=str(enclosures[0].get("url")),
        length=str(enclosures[0].get("length")),
        attributes=tuple(attributes),
    )


@dataclass(slots=True)
class Indexer:
    """A running service and the simulated slskd behind it."""

    service: ServiceProcess
    simulator: Simulator
    _told: dict[str, Setting] = field(default_factory=dict)

    @property
    def endpoint(self) -> str:
        """What Lidarr makes of URL and API path."""
        return f"{self.service.newznab}/api"

    def get(self, query: str = "", /, **parameters: str | int) -> requests.Response:
        """One GET exactly as given: a raw query, or parameters; no key, no redirects."""
        return requests.get(
            f"{self.endpoint}{query}", params=parameters, timeout=80, allow_redirects=False
        )

    def ask(self, kind: str, /, **parameters: str | int) -> Element:
        """One request with the key; the root of the document."""
        return document(self.get(t=kind, apikey=self.service.api_key, **parameters))

    def items(self, kind: str = "music", /, **parameters: str | int) -> list[Item]:
        """The items of one search as Lidarr asks for them; an error document fails."""
        lidarrs: dict[str, str | int] = {
            "cat": "3000,3010,3030,3040",
            "extended": 1,
            "offset": 0,
            "limit": 100,
        }
        root = self.ask(kind, **(lidarrs | parameters))
        assert root.tag == "rss", root.attrib
        assert next(root.iter("error"), None) is None
        return read_items(root)

    def album(self, artist: str, album: str, /, **parameters: str | int) -> list[Item]:
        """An album search in Lidarr's own words."""
        return self.items(q="", artist=artist, album=album, **parameters)

    def lidarr(self) -> NewznabClient:
        """A stock Lidarr's indexer without its two seconds of politeness."""
        return NewznabClient(self.service.newznab, "/api", self.service.api_key, pacing=0.0)

    @contextmanager
    def changed(self, settings: Mapping[str, Setting]) -> Iterator[None]:
        """Change settings over the REST API for a while; `open_indexer` must have left them free."""
        shown = {str(entry["key"]): entry["value"] for entry in self._settings("GET")}
        # Secrets are shown masked, so what was set before is remembered here.
        before = {key: self._told.get(key, shown[key]) for key in settings}
        self._told.update(settings)
        self._settings("PATCH", dict(settings))
        try:
            yield
        finally:
            self._told.update(before)
            self._settings("PATCH", before)

    def _settings(
        self, method: str, body: dict[str, Setting] | None = None
    ) -> list[dict[str, Setting]]:
        answer = requests.request(
            method,
            f"{self.service.url}/api/v1/settings",
            json=body,
            headers={"X-Api-Key": self.service.api_key},
            timeout=20,
        )
        assert answer.status_code == 200, answer.text
        found = answer.json()
        assert isinstance(found, list)
        return found

    # -- slskd -----------------------------------------------------------------------------------

    def searches(self) -> int:
        """How many searches slskd was asked for so far."""
        return sum(
            seen.method == "POST" and seen.path.endswith("/searches")
            for seen in tuple(self.simulator.requests)
        )

    def kept_searches(self) -> list[str]:
        """Ids of the searches slskd remembers."""
        found = requests.get(
            f"{self.simulator.url}/api/v0/searches", headers={"X-API-Key": SLSKD_KEY}, timeout=9
        )
        return [entry["id"] for entry in found.json()]

    def health(self) -> dict[str, str]:
        """Level of each check the last health job made."""
        report = self.service.rest("/system/health")
        assert isinstance(report, dict)
        return {check["code"]: check["level"] for check in report["checks"]}


def document(answer: requests.Response) -> Element:
    """The root of an answer as every client needs it."""
    assert answer.status_code == 200, answer.text[:500]
    assert "xml" in answer.headers["Content-Type"]
    assert "Set-Cookie" not in answer.headers
    assert answer.content[:1] == b"<", answer.content[:20]
    assert not any(sign > "\uffff" for sign in answer.content.decode("utf-8"))
    root: Element = fromstring(answer.content)
    return root


def error_code(answer: requests.Response) -> int:
    """The code of an error document; AssertionError for anything else."""
    root = document(answer)
    assert root.tag == "error"
    assert root.get("description")
    return int(str(root.get("code")))


def share_folder(
    world: World,
    peer: str,
    folder: str,
    tracks: int | Iterable[int] = 4,
    *,
    kind: str = "FLAC",
    seconds: int = 240,
    locked: int = 0,
    named: str = "{number:02d} - {title}",
) -> int:
    """Let a peer share a folder of so many (or just these) tracks; returns their bytes.

    The last `locked` of them are locked. Peers appear when they first share.
    """
    if peer not in world.peers:
        world.add_peer(peer, free_slots=1, speed=5_000_000, response_delay=0.2)
    extension, rate, attributes = _KINDS[kind]
    numbers = list(range(1, tracks + 1)) if isinstance(tracks, int) else list(tracks)
    total = 0
    for at, number in enumerate(numbers):
        title = f"{_TITLES[number % len(_TITLES)]} {number}"
        name = named.format(number=number, title=title)
        size = rate * seconds + number
        world.share(
            peer,
            f"{folder}\\{name}.{extension}",
            size,
            locked=at >= len(numbers) - locked,
            attributes={**attributes, "length": seconds},
        )
        total += size
    return total


@contextmanager
def open_indexer(
    root: Path,
    build: Callable[[World], None],
    *,
    settings: Mapping[str, str] | None = None,
    time_scale: float = 20.0,
    url_base: str = "",
) -> Iterator[Indexer]:
    """Start a world that `build` fills and the service in front of it, and end both."""
    pins = SETTINGS | dict(settings or {})
    with running(
        root,
        lambda simulator: build(simulator.world),
        settings=pins,
        time_scale=time_scale,
        url_base=url_base,
    ) as (service, simulator):
        yield Indexer(service, simulator)


def dead_address() -> str:
    """An address where nobody listens."""
    return f"http://127.0.0.1:{free_port()}"
