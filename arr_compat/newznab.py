"""The Newznab routes: capabilities, searches, and the NZB behind each item.

Always HTTP 200 with XML, whatever happens: an error status makes Lidarr and Prowlarr avoid the
indexer for hours. Nothing found, slskd down and too busy are all an empty feed. Only the NZB link
itself uses 404 and 410, which Lidarr reads as "gone, try the next one".
"""

from __future__ import annotations

import logging
import re
from uuid import uuid4

from flask import Blueprint, Response, request
from werkzeug.exceptions import HTTPException

from arr_compat import access, feeds, nzb
from soulspot_arr import __version__
from soulspot_arr.domain import Query, Release
from soulspot_arr.errors import NotFound, ReleaseGone, SoulSpotError

log = logging.getLogger(__name__)

blueprint = Blueprint("newznab", __name__)

# Short forms of the specification (contract sabnzbd §4.1) and words that peers' clients send.
_FUNCTIONS = {
    "caps": "caps", "c": "caps",
    "search": "search", "s": "search", "music": "search", "audio": "search",
    "get": "get", "g": "get",
    "details": "details", "d": "details",
}  # fmt: skip
_DEFINED_ELSEWHERE = frozenset(
    {
        "tvsearch", "tv-search", "movie", "m", "book", "getnfo", "info", "nfo", "n", "register",
        "user", "cartadd", "cartdel", "comments", "commentadd", "rss",
    }
)  # fmt: skip
_PROWLARR_TOKEN = re.compile(r"\{(artist|album):([^{}]*)\}", re.IGNORECASE)


@blueprint.route("/api", methods=["GET", "POST"])
@blueprint.route("/api/", methods=["GET", "POST"])
@blueprint.route("/", methods=["GET", "POST"])
def api() -> Response:
    """Dispatch on `t`."""
    asked = access.parameter("t").strip().lower()
    if not asked:
        return _error(200, "Missing parameter (t)")
    function = _FUNCTIONS.get(asked)
    if function == "caps":
        # Open, as the specification says; a wrong key is told, a missing one is fine (N07, N-01).
        if access.credentials() is access.Access.WRONG:
            return _error(100)
        return _xml(feeds.caps(access.base_url(), version=__version__))
    if function == "get":
        return _nzb(access.parameter("id") or access.parameter("guid"))
    if access.credentials() is not access.Access.GRANTED:
        return _error(100)
    if function == "details":
        return _details(access.parameter("id") or access.parameter("guid"))
    if function == "search":
        return _search()
    return _error(203 if asked in _DEFINED_ELSEWHERE else 202)


@blueprint.errorhandler(HTTPException)
def http_error(error: HTTPException) -> Response:
    """What Flask itself refuses, in the language of this emulation."""
    return _error(201, error.name)


@blueprint.errorhandler(SoulSpotError)
def told(error: SoulSpotError) -> Response:
    """An error of ours, in its own words: the database is locked, the disk is full."""
    log.warning("newznab request failed: %s", error.message)
    return _error(900, error.message)


@blueprint.errorhandler(Exception)
def broken(error: Exception) -> Response:
    """One of the project's five broad handlers: never HTML, never a traceback, never a 5xx."""
    ref = uuid4().hex[:8]
    log.exception("newznab request failed, ref %s", ref, exc_info=error)
    return _error(900, f"Internal error, see the log for {ref}")


# -- searching -------------------------------------------------------------------------------------


def _search() -> Response:
    if access.number("offset") > 0:
        return _feed([], offset=access.number("offset"))  # one page is all there is (N12, N-16)
    wanted = _categories()
    if wanted is not None and not wanted:
        return _feed([])  # only categories we do not have: an empty set (N-20)
    query = _query()
    if query.is_empty:
        return _feed([_placeholder(wanted)])
    releases = access.services().search.find(query)
    items = [_item(release) for release in releases]
    if wanted is not None:
        items = [item for item in items if wanted & set(item.categories)]
    limit = access.number("limit")
    # Fewer than a page: a full one makes Lidarr ask for up to 29 more (lidarr §6.4).
    most = feeds.PAGE_SIZE - 1
    return _feed(items[: min(limit, most) if limit > 0 else most])


def _query() -> Query:
    term = access.parameter("q")
    fields = {name: _with_plus(access.parameter(name)) for name in ("artist", "album")}
    for name, value in _PROWLARR_TOKEN.findall(term):
        fields[name.lower()] = value
    term = " ".join(_PROWLARR_TOKEN.sub(" ", term).split())
    year = access.number("year")
    return Query(
        artist=_words(fields["artist"]),
        album=_words(fields["album"]),
        year=year if 1000 <= year <= 9999 else None,
        term="" if fields["artist"] or fields["album"] else _words(term),
    )


def _with_plus(name: str) -> str:
    """`+44` and `+` again: Lidarr sends a plus as a blank, and no name begins with one (§6.3).

    Elsewhere a plus does not matter, because Lidarr leaves it out when it compares names.
    """
    rest = name.strip()
    return f"+{rest}" if name.startswith(" ") and (not rest or rest.isdecimal()) else name


def _words(text: str) -> str:
    """One line of at most 300 characters with single spaces."""
    return " ".join(access.line(text, 300).split())


def _categories() -> set[int] | None:
    """Known categories asked for; None when the request names none."""
    asked = [number for part in access.names("cat") if (number := access.whole(part, -1)) >= 0]
    if not asked:
        return None
    known = {feeds.AUDIO, *feeds.SUBCATEGORIES}
    return known.intersection(asked)


def _feed(items: list[feeds.FeedItem], *, offset: int = 0) -> Response:
    self_url = f"{access.base_url()}/newznab/api?t={request.args.get('t', 'search')}"
    document = feeds.results(items, self_url=self_url, offset=offset, total=offset + len(items))
    return _xml(document, "application/rss+xml")


def _placeholder(wanted: set[int] | None) -> feeds.FeedItem:
    """The constant item both Test buttons need; its link answers 410 when somebody grabs it."""
    return feeds.placeholder(
        _link("0" * 64),
        epoch=access.services().search.epoch,
        categories=wanted or (),
    )


def _item(release: Release) -> feeds.FeedItem:
    return feeds.FeedItem(
        guid=f"soulspot-{release.key[:32]}",
        title=release.title,
        link=_link(release.key),
        size=release.size,
        published_at=release.published_at,
        categories=feeds.categories_for(release.quality),
        files=len(release.offers[0].files),
        artist=release.artist,
        album=release.album,
        year=release.year,
        quality=release.quality,
    )


def _link(key: str) -> str:
    """Plain ASCII and nothing to escape: Prowlarr un-escapes the link it redirects to (§3.6)."""
    return f"{access.base_url()}/newznab/api?t=get&id={key[:32]}&r={access.signature(key[:32])}"


# -- one release -----------------------------------------------------------------------------------


def _short_key(given: str) -> str:
    return given.strip().lower().removeprefix("soulspot-")[:32]


def _nzb(given: str) -> Response:
    if not given:
        return _error(200, "Missing parameter (id)")
    key = _short_key(given)
    signed = access.signed(key, access.parameter("r"))
    if not signed and access.credentials() is not access.Access.GRANTED:
        return _error(100)
    services = access.services()
    try:
        release = services.search.release(key)
    except ReleaseGone as error:
        return _gone(410, error.message)
    except NotFound as error:
        return _gone(404, error.message)
    sealed = nzb.SealedGrab(
        title=release.title,
        release_key=release.key,
        artist=release.artist,
        album=release.album,
        year=release.year,
        quality=release.quality,
        score=release.score,
        offers=release.offers,
    )
    body = nzb.seal(sealed, services.config.secret_key.encode())
    response = Response(body, content_type="application/x-nzb")
    response.headers["Content-Disposition"] = f'attachment; filename="soulspot-{key}.nzb"'
    return response


def _details(given: str) -> Response:
    try:
        release = access.services().search.release(_short_key(given))
    except NotFound:
        return _error(300)
    return _feed([_item(release)])


def _gone(status: int, message: str) -> Response:
    return Response(feeds.error(300, message), status=status, content_type="application/xml")


def _xml(document: bytes, kind: str = "application/xml") -> Response:
    return Response(document, content_type=f"{kind}; charset=utf-8")


def _error(code: int, description: str | None = None) -> Response:
    return _xml(feeds.error(code, description))
