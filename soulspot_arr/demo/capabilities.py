"""A Newznab `t=caps` answer as Lidarr reads it, with everything it would silently fall back on.

Pure (contract lidarr §6.2, §6.7). Lidarr swallows most mistakes in this document and works with
defaults for seven days; those cases come back here as notes so that somebody sees them.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from xml.etree.ElementTree import Element, ParseError

from defusedxml.common import DefusedXmlException
from defusedxml.ElementTree import fromstring

from soulspot_arr.demo.faults import ApiKeyRefused, IndexerFault, LimitReached

LIMIT_SENTENCE = "Request limit reached"
LIMIT_SECONDS = 3600


@dataclass(frozen=True, slots=True)
class Capabilities:
    """What the indexer can do; None for a kind of search that it does not offer."""

    default_page: int = 100
    max_page: int = 100
    text_params: tuple[str, ...] | None = ("q",)
    audio_params: tuple[str, ...] | None = ("q", "artist", "album")
    text_engine: str = "sphinx"
    audio_engine: str = "sphinx"
    categories: tuple[tuple[int, str], ...] = ()
    notes: tuple[str, ...] = ()

    @property
    def page_size(self) -> int:
        """How many items make a full page."""
        return min(100, max(self.default_page, self.max_page))

    @property
    def searches_audio(self) -> bool:
        """Whether album searches use `t=music`."""
        return self.audio_params is not None and {"q", "artist", "album"} <= {*self.audio_params}

    @property
    def searches_text(self) -> bool:
        """Whether the second tier, `t=search&q=`, exists."""
        return self.text_params is not None and "q" in self.text_params


class _Misread(Exception):
    """Something the caps parser trips over and then hides."""


def parse_xml(text: str) -> Element:
    """The document element; IndexerFault when it is not XML, a byte order mark included."""
    if text.startswith("\ufeff"):
        raise IndexerFault("the document starts with a byte order mark")
    try:
        root: Element = fromstring(text)
    except (ParseError, DefusedXmlException, ValueError) as error:
        raise IndexerFault(f"not readable as XML: {error}") from error
    return root


def raise_for_error(root: Element, *, key_sent: bool) -> None:
    """Raise what an `error` element anywhere in the document stands for."""
    error = next(root.iter("error"), None)
    if error is None:
        return
    code, description = error.get("code"), error.get("description")
    try:
        number = int(code or "")
    except ValueError:
        raise IndexerFault("an error element without an integer code") from None
    if description is None:
        raise IndexerFault("an error element without a description")
    if 100 <= number <= 199:
        raise ApiKeyRefused(description)
    if not key_sent and (description == "Missing parameter" or "apikey" in description):
        raise ApiKeyRefused("Indexer requires an API key")
    if description == LIMIT_SENTENCE:
        raise LimitReached("API limit reached", retry_after=LIMIT_SECONDS)
    raise IndexerFault(f"{number} {description}")


def read_capabilities(text: str, *, key_sent: bool = True) -> Capabilities:
    """Parse caps; unreadable XML and key errors are raised, all other mistakes become notes."""
    root = parse_xml(text)
    try:
        raise_for_error(root, key_sent=key_sent)
        if root.tag != "caps":
            raise IndexerFault(f"the root element is {root.tag}, not caps")
    except ApiKeyRefused:
        raise
    except IndexerFault:
        if next(root.iter("error"), None) is not None:
            return _defaults("an error element in the document")
        raise
    try:
        found = _read(root)
    except _Misread as misread:
        return _defaults(str(misread))
    return replace(found, notes=tuple(_remarks(found)))


def _defaults(reason: str) -> Capabilities:
    return Capabilities(notes=(f"{reason}: Lidarr silently works with default capabilities",))


def _read(root: Element) -> Capabilities:
    found = Capabilities()
    limits = root.find("limits")
    if limits is not None:
        found = replace(
            found, default_page=_integer(limits, "default"), max_page=_integer(limits, "max")
        )
    searching = root.find("searching")
    if searching is not None:
        tv_search = searching.find("tv-search")
        if tv_search is not None:
            _attribute(tv_search, "available")
        text_params, text_engine = _search_mode(searching, "search", ("q",))
        audio = ("q", "artist", "album")
        audio_params, audio_engine = _search_mode(searching, "audio-search", audio)
        found = replace(
            found,
            text_params=text_params,
            text_engine=text_engine,
            audio_params=audio_params,
            audio_engine=audio_engine,
        )
    return replace(found, categories=tuple(_categories(root)))


def _search_mode(
    searching: Element, tag: str, default: tuple[str, ...]
) -> tuple[tuple[str, ...] | None, str]:
    element = searching.find(tag)
    if element is None or _attribute(element, "available") != "yes":
        return None, "sphinx"
    supported = element.get("supportedParams")
    # No trimming: "q, artist" offers " artist", which nobody asks for (contract lidarr §6.2).
    params = default if supported is None else tuple(supported.split(","))
    return params, element.get("searchEngine", "sphinx")


def _categories(root: Element) -> Iterator[tuple[int, str]]:
    for category in root.findall("categories/category"):
        yield _integer(category, "id"), _attribute(category, "name")
        for child in category.findall("subcat"):
            yield _integer(child, "id"), _attribute(child, "name")


def _attribute(element: Element, name: str) -> str:
    value = element.get(name)
    if value is None:
        raise _Misread(f"{element.tag} has no attribute {name}")
    return value


def _integer(element: Element, name: str) -> int:
    value = _attribute(element, name)
    try:
        return int(value)
    except ValueError:
        raise _Misread(f"{element.tag} has the non-integer {name} {value!r}") from None


def _remarks(found: Capabilities) -> Iterator[str]:
    if not found.searches_audio:
        yield "audio-search does not offer exactly q, artist and album: no t=music searches"
    elif found.audio_engine != "raw":
        yield "audio-search is not searchEngine=raw: names arrive without punctuation and 'The'"
    if not found.searches_text:
        yield "search does not offer q: there is no second tier"
    elif found.text_engine != "raw":
        yield "search is not searchEngine=raw: names arrive without punctuation and 'The'"
