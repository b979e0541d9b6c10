"""The XML that an indexer answers with: capabilities, result feeds and error documents.

What Lidarr and Prowlarr read and refuse is in the contracts (lidarr §6, Newznab §3-4). Pure: no
clock, no network, no logging; the same values always give the same bytes. It must not search,
rank or know who asks.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import format_datetime
from xml.etree.ElementTree import Element, SubElement, tostring

NEWZNAB_NAMESPACE = "http://www.newznab.com/DTD/2010/feeds/attributes/"
NZB_TYPE = "application/x-nzb"
PAGE_SIZE = 100

AUDIO, MP3, AUDIOBOOK, LOSSLESS, OTHER, FOREIGN = 3000, 3010, 3030, 3040, 3050, 3060

# Names decide how Prowlarr maps a category (contract Newznab §3.2). These are the ids that Lidarr
# preselects (3000, 3010, 3030, 3040) and the ones Prowlarr syncs besides (3050, 3060): each has to
# work alone in a Test. 3020 Video is in neither list and nothing of ours is a video.
SUBCATEGORIES = {
    MP3: ("MP3", "MP3 in any bitrate"),
    AUDIOBOOK: ("Audiobook", "Spoken word"),
    LOSSLESS: ("Lossless", "FLAC, ALAC, WAV, APE, WavPack, AIFF"),
    OTHER: ("Other", "AAC, Ogg Vorbis, Opus, WMA"),
    FOREIGN: ("Foreign", "Releases in other languages"),
}

_NAME = "SoulSpot Arr"
_MUSIC_PARAMS = "q,artist,album,year,label,genre,track"  # split on "," and never trimmed
_LOSSLESS_WORDS = frozenset({"FLAC", "ALAC", "WAV", "APE", "WAVPACK", "WV", "AIFF"})

# Illegal in XML 1.0, or removed by Lidarr before it parses (control characters, everything outside
# the BMP; contract lidarr §6.6): leaving them in would make its title differ from ours.
_UNREADABLE = re.compile(
    r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ud800-\udfff\ufffe\uffff]|[^\x00-\uffff]"
)
_LINE_BREAKS = re.compile(r"[\t\n\r]")

_ERRORS = {
    100: "Incorrect user credentials",
    101: "Account suspended",
    102: "Insufficient privileges/not authorized",
    103: "Registration denied",
    104: "Registrations are closed",
    105: "Registration e-mail taken",
    106: "Registration e-mail has a bad format",
    107: "Registration data error",
    200: "Missing parameter",
    201: "Incorrect parameter",
    202: "No such function",
    203: "Function not available",
    300: "No such item",
    310: "Item already exists",
    500: "Request limit reached",
    501: "Download limit reached",
    900: "Unknown error",
    910: "API Disabled",
}


@dataclass(frozen=True, slots=True)
class FeedItem:
    """One release as the feed shows it; `link` is absolute, `published_at` aware and never moves."""

    guid: str
    title: str
    link: str
    size: int
    published_at: datetime
    categories: tuple[int, ...]
    files: int = 0
    grabs: int = 0
    artist: str = ""
    album: str = ""
    year: int | None = None
    quality: str = ""


def xml_text(text: str) -> str:
    """Return `text` without anything XML forbids or Lidarr drops; line breaks become blanks."""
    return _UNREADABLE.sub("", _LINE_BREAKS.sub(" ", text))


def serialise(root: Element) -> bytes:
    """Return `root` as a document without BOM; its first byte is "<" (contract lidarr §6.2)."""
    # Prefixes are spelt out in the element names: registering them would be global state.
    document: bytes = tostring(root, encoding="utf-8")
    return b'<?xml version="1.0" encoding="UTF-8"?>\n' + document


def categories_for(quality: str) -> tuple[int, ...]:
    """Return parent and child category of a quality token such as "FLAC 24bit" or "MP3 320"."""
    words = set(re.split(r"[^A-Z0-9]+", quality.upper()))
    if words & _LOSSLESS_WORDS:
        return AUDIO, LOSSLESS
    return (AUDIO, MP3) if "MP3" in words else (AUDIO, OTHER)


def placeholder(link: str, *, epoch: datetime, categories: Iterable[int]) -> FeedItem:
    """Return the one constant item for questions without words: Test buttons and RSS.

    It carries those of the asked-for categories that the capabilities declare, or all of them.
    """
    asked = set(categories)
    chosen = [number for number in SUBCATEGORIES if number in asked]
    if not chosen and AUDIO not in asked:
        chosen = list(SUBCATEGORIES)
    return FeedItem(
        guid="soulspot-self-test",
        # No hyphen, no bracket, no year: no shape of Lidarr's parser fits (contract lidarr §7.2).
        title="SoulSpot Arr self test entry",
        link=link,
        size=1024 * 1024,
        published_at=epoch,
        categories=(AUDIO, *chosen),
    )


def caps(base_url: str, *, version: str) -> bytes:
    """Return the capabilities document; both clients keep it for seven days."""
    root = Element("caps")
    server = {"version": version, "title": _NAME, "strapline": "Soulseek for Lidarr"}
    SubElement(root, "server", _clean(server | {"url": base_url}))
    # Without both limits Prowlarr silently falls back to "no music search" (contract §3.2).
    SubElement(root, "limits", {"max": str(PAGE_SIZE), "default": str(PAGE_SIZE)})
    SubElement(root, "retention", {"days": "3650"})
    SubElement(root, "registration", {"available": "no", "open": "no"})
    searching = SubElement(root, "searching")
    for verb, params in (
        ("search", "q"),
        ("tv-search", ""),
        ("movie-search", ""),
        ("audio-search", _MUSIC_PARAMS),
        ("music-search", _MUSIC_PARAMS),
        ("book-search", ""),
    ):
        mode = {"available": "yes" if params else "no", "supportedParams": params}
        # "raw" keeps Lidarr from mangling names ("The Wall" -> "Wall", contract lidarr §6.3).
        SubElement(searching, verb, mode | ({"searchEngine": "raw"} if params else {}))
    categories = SubElement(root, "categories")
    audio = {"id": str(AUDIO), "name": "Audio", "description": "Music"}
    parent = SubElement(categories, "category", audio)
    for number, (name, description) in SUBCATEGORIES.items():
        child = {"id": str(number), "name": name, "description": description}
        SubElement(parent, "subcat", child)
    return serialise(root)


def results(items: Sequence[FeedItem], *, self_url: str, offset: int, total: int) -> bytes:
    """Return the feed of one page: `total` counts what is available in all pages."""
    namespaces = {"xmlns:atom": "http://www.w3.org/2005/Atom", "xmlns:newznab": NEWZNAB_NAMESPACE}
    root = Element("rss", {"version": "2.0", **namespaces})
    channel = SubElement(root, "channel")
    itself = {"href": self_url, "rel": "self", "type": "application/rss+xml"}
    SubElement(channel, "atom:link", _clean(itself))
    _child(channel, "title", _NAME)
    _child(channel, "description", f"{_NAME} API results")
    _child(channel, "link", self_url.partition("?")[0])
    _child(channel, "language", "en-gb")
    SubElement(channel, "newznab:response", {"offset": str(offset), "total": str(total)})
    for item in items:
        _add_item(channel, item)
    return serialise(root)


def error(code: int, description: str | None = None) -> bytes:
    """Return an error document; clients compare some of the standard texts word for word."""
    text = _ERRORS.get(code, "Unknown error") if description is None else description
    return serialise(Element("error", _clean({"code": str(code), "description": text})))


def _add_item(channel: Element, item: FeedItem) -> None:
    date = format_datetime(item.published_at.astimezone(UTC))  # numeric zone, whole second
    element = SubElement(channel, "item")
    _child(element, "title", item.title)
    _child(element, "guid", item.guid).set("isPermaLink", "false")
    _child(element, "link", item.link)
    _child(element, "pubDate", date)
    _child(element, "category", _category_text(item.categories))
    _child(element, "description", item.title)
    file = {"url": item.link, "length": str(item.size), "type": NZB_TYPE}
    SubElement(element, "enclosure", _clean(file))
    for name, value in _attributes(item, date):
        SubElement(element, "newznab:attr", {"name": name, "value": xml_text(value)})


def _attributes(item: FeedItem, date: str) -> list[tuple[str, str]]:
    """Name and value of every `newznab:attr`; nothing in them tells who shares the files."""
    known = [("category", str(number)) for number in item.categories]
    known += [
        ("size", str(item.size)),
        ("guid", item.guid),
        ("files", str(item.files)),
        ("grabs", str(item.grabs)),
        ("comments", "0"),
        ("password", "0"),
        ("usenetdate", date),
        ("poster", "Soulseek"),
        ("group", "soulseek"),
    ]
    year = "" if item.year is None else str(item.year)
    music = {"artist": item.artist, "album": item.album, "year": year, "audio": item.quality}
    return known + [(name, value) for name, value in music.items() if value]


def _category_text(categories: tuple[int, ...]) -> str:
    """Text for people, naming the first child as "Audio > Lossless"."""
    names = [SUBCATEGORIES[number][0] for number in categories if number in SUBCATEGORIES]
    return " > ".join(["Audio", *names[:1]])


def _child(parent: Element, tag: str, text: str) -> Element:
    element = SubElement(parent, tag)
    element.text = xml_text(text)
    return element


def _clean(attributes: dict[str, str]) -> dict[str, str]:
    return {name: xml_text(value) for name, value in attributes.items()}
