"""A Newznab result feed as Lidarr reads it: which items survive and what each one says.

Pure (contract lidarr §6.6, §6.7). One item without a date loses the feed, one bad item only itself.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, timezone
from html.entities import html5
from urllib.parse import urljoin, urlsplit
from uuid import uuid4
from xml.etree.ElementTree import Element

from soulspot_arr.demo.capabilities import parse_xml, raise_for_error
from soulspot_arr.demo.faults import FeedUnsupported

NZB_TYPE = "application/x-nzb"
TORRENT_TYPES = frozenset(
    {"application/x-bittorrent", "application/x-bittorrent;x-scheme-handler/magnet"}
)
_ATTR = "{http://www.newznab.com/DTD/2010/feeds/attributes/}attr"
_ENTITY = re.compile(r"&([a-zA-Z]+;)")
_NOT_KEPT = re.compile(r"[^\t\n\r\u0020-\ud7ff\ue000-\ufffd]")
_ZONE_WORD = re.compile(r"\s[A-Z]{2,4}$")
_WEEKDAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
_MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_RFC1123 = re.compile(
    r"(?:(?P<weekday>[A-Za-z]+),?\s+)?(?P<day>\d{1,2})\s+(?P<month>[A-Za-z]+)\s+(?P<year>\d{4})"
    r"\s+(?P<clock>\d{1,2}:\d{2}(?::\d{2})?)\s*(?P<zone>GMT|Z|[+-]\d{2}:?\d{2})?"
)


@dataclass(frozen=True, slots=True)
class FoundRelease:
    """One search result; size in bytes (0 unknown), `published` in UTC."""

    title: str
    guid: str
    published: datetime
    url: str
    size: int
    categories: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Feed:
    """One page of results: the parsed releases and a sentence for every item that was dropped."""

    releases: tuple[FoundRelease, ...]
    dropped: tuple[str, ...] = ()


class _BadItem(Exception):
    """Costs this item only."""


def clean_document(content: str) -> str:
    """The text after Lidarr's cleaner: named entities numbered, emoji and controls removed."""
    return _NOT_KEPT.sub("", _ENTITY.sub(_numbered, content))


def read_feed(content: str, request_url: str) -> Feed:
    """Parse one page; IndexerFault for error documents, FeedUnsupported for an item without a date."""
    root = parse_xml(clean_document(content))
    raise_for_error(root, key_sent="apikey=" in request_url)
    channel = root.find("channel")
    items = [] if channel is None else channel.findall("item")
    releases: list[FoundRelease] = []
    dropped: list[str] = []
    for item in items:
        try:
            releases.append(_read_item(item, request_url))
        except _BadItem as bad:
            dropped.append(f"{_child_text(item, 'title') or 'Unknown'}: {bad}")
    types = {kind for item in items for _, kind, _ in _enclosures(item)}
    if types and NZB_TYPE not in types:
        dropped.append(f"no enclosure is {NZB_TYPE}: found {', '.join(sorted(types))}")
        if types & TORRENT_TYPES:
            return Feed((), tuple(dropped))
    return Feed(tuple(releases), tuple(dropped))


def parse_date(text: str) -> datetime:
    """A publish date as .NET reads it, in UTC; ValueError for what it refuses."""
    for candidate in (text.strip(), _ZONE_WORD.sub("", text.strip())):
        match = _RFC1123.fullmatch(candidate)
        if match is not None:
            return _rfc1123(match)
        try:
            moment = datetime.fromisoformat(candidate)
        except ValueError:
            continue
        # A bare number is an epoch, not a date; Python would read eight digits as one.
        if "-" in candidate:
            return moment.replace(tzinfo=moment.tzinfo or UTC).astimezone(UTC)
    raise ValueError(f"not a date Lidarr can read: {text!r}")


def _rfc1123(match: re.Match[str]) -> datetime:
    month = match["month"].lower()[:3]
    if month not in _MONTHS:
        raise ValueError(f"unknown month {match['month']!r}")
    hour, minute, second = ([int(part) for part in match["clock"].split(":")] + [0])[:3]
    moment = datetime(
        int(match["year"]),
        _MONTHS.index(month) + 1,
        int(match["day"]),
        hour,
        minute,
        second,
        tzinfo=_zone(match["zone"]),
    )
    weekday = (match["weekday"] or "").lower()
    expected = _WEEKDAYS[moment.weekday()]
    if weekday and weekday not in (expected, expected[:3]):
        raise ValueError(f"the weekday {match['weekday']!r} does not fit the date")
    return moment.astimezone(UTC)


def _zone(text: str | None) -> timezone:
    if text in (None, "GMT", "Z"):
        return UTC
    assert text is not None
    hours, minutes = int(text[1:3]), int(text[-2:])
    offset = timedelta(hours=hours, minutes=minutes)
    return timezone(-offset if text[0] == "-" else offset)


def _read_item(item: Element, request_url: str) -> FoundRelease:
    title = _child_text(item, "title", "Unknown")
    published = _publish_date(item, title)
    found = next((entry for entry in _enclosures(item) if entry[1] == NZB_TYPE), None)
    url, length = ("", 0) if found is None else (_absolute(found[0], request_url), found[2])
    size = _attr(item, "size")
    return FoundRelease(
        title=title,
        # Without a guid Lidarr invents one per request, so nothing can be recognised again.
        guid=_child_text(item, "guid", uuid4().hex),
        published=published,
        url=url,
        size=int(size) if re.fullmatch(r"\s*[+-]?\d+\s*", size) else length,
        categories=tuple(_attrs(item, "category")),
    )


def _publish_date(item: Element, title: str) -> datetime:
    text = _attr(item, "usenetdate")
    if not text.strip():
        text = _child_text(item, "pubDate")
    if not text.strip():
        raise FeedUnsupported(f"{title}: Rss feed must have a pubDate element")
    try:
        return parse_date(text)
    except ValueError as error:
        raise _BadItem(str(error)) from None


def _enclosures(item: Element) -> Iterator[tuple[str, str, int]]:
    for enclosure in item.findall("enclosure"):
        length = enclosure.get("length", "").strip()
        size = int(length) if re.fullmatch(r"[+-]?\d+", length) else 0
        yield enclosure.get("url", ""), enclosure.get("type", ""), size


def _attrs(item: Element, name: str) -> Iterator[str]:
    for attr in item.findall(_ATTR):
        label = attr.get("name")
        if label is None:
            raise _BadItem("a newznab:attr has no name")
        value = attr.get("value")
        if label.lower() == name and value is not None:
            yield value


def _attr(item: Element, name: str) -> str:
    return next(iter([*_attrs(item, name)]), "")


def _absolute(url: str, request_url: str) -> str:
    joined = urljoin(request_url, url.strip()) if url.strip() else ""
    return joined if urlsplit(joined).scheme in ("http", "https") else ""


def _child_text(item: Element, tag: str, default: str = "") -> str:
    element = item.find(tag)
    return default if element is None else "".join(element.itertext())


def _numbered(match: re.Match[str]) -> str:
    character = html5.get(match.group(1), "&")[0]
    return f"&#{ord(character)};"
