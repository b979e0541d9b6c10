"""The NZB that carries a whole grab: what Lidarr downloads from the feed and uploads with `addfile`.

The document is an ordinary NZB whose one special `meta` holds a signed, compressed token with the
release and its offers, so that nothing has to be looked up later and nothing can be forged.
Pure: no clock, no files, no network, no logging. It must not decide anything about the grab.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import zlib
from dataclasses import dataclass
from xml.etree.ElementTree import Element, ParseError, SubElement

from defusedxml.ElementTree import XMLParser

from arr_compat.feeds import serialise, xml_text
from soulspot_arr.domain import Offer, OfferFile
from soulspot_arr.errors import ForeignNzb, InvalidNzb

NAMESPACE = "http://www.newzbin.com/DTD/2003/nzb"
META_TYPE = "x-soulspot-grab"
VERSION = 1

_KEY_LABEL = b"soulspot-arr nzb token 1"
_DIGEST_BYTES = hashlib.sha256().digest_size
_GZIP_MAGIC = b"\x1f\x8b"

# Bounds of what is opened, and therefore of what is sealed. One offer with its default three
# alternates is the rule; the rest leaves room for boxed sets and for a person who asks for more.
_MAX_OFFERS = 16
_MAX_FILES = 2_000
_MAX_PAYLOAD = 4 * 1024 * 1024
_MAX_NUMBER = 2**48  # two thousand files of this size still add up inside a 64-bit column

_BAD_SIGNATURE = (
    "The NZB was changed or comes from another installation of SoulSpot Arr: its signature is wrong"
)


@dataclass(frozen=True, slots=True)
class SealedGrab:
    """Everything a grab needs: the release as it was offered, main offer first, then alternates."""

    title: str
    release_key: str
    artist: str
    album: str
    year: int | None
    quality: str
    score: int
    offers: tuple[Offer, ...]


def seal(token: SealedGrab, secret: bytes) -> bytes:
    """Return the NZB document for `token`: same input, same bytes; InvalidNzb if it is unusable."""
    rows = _to_rows(token)
    _from_rows(rows)  # what could not be opened again must never be handed out
    payload = json.dumps(rows, ensure_ascii=False, separators=(",", ":"))
    # File names of peers are not always text: a lone surrogate has to survive the round trip.
    packed = payload.encode("utf-8", "surrogatepass")
    if len(packed) > _MAX_PAYLOAD:
        raise InvalidNzb("The release lists more than an NZB of ours can carry")
    body = bytes([VERSION]) + zlib.compress(packed, 9)
    signed = base64.urlsafe_b64encode(body + _signature(body, secret)).rstrip(b"=")
    return _document(token, signed.decode("ascii"))


def open_(data: bytes, secret: bytes, *, max_bytes: int = 10 * 1024 * 1024) -> SealedGrab:
    """Return what `seal` put in; ForeignNzb for somebody else's NZB, InvalidNzb for the rest."""
    if len(data) > max_bytes:
        raise InvalidNzb("The NZB is too large", limit=max_bytes)
    if data.startswith(_GZIP_MAGIC):  # SABnzbd takes gzipped uploads, so tools send them
        data = _inflate(data, max_bytes, wbits=zlib.MAX_WBITS | 16)
    reader = _read_xml(data)
    if reader.root != "nzb" or not reader.files:
        raise InvalidNzb("The upload is not an NZB: it needs the root nzb and a file in it")
    if not reader.tokens:
        raise ForeignNzb("The NZB was not made by SoulSpot Arr")
    if len(reader.tokens) > 1:
        raise InvalidNzb("The NZB carries more than one token")
    payload = _verified("".join(reader.tokens[0].split()), secret)
    try:
        rows: object = json.loads(payload.decode("utf-8", "surrogatepass"))
    except (ValueError, RecursionError) as error:
        raise InvalidNzb("The token in the NZB is not readable") from error
    return _from_rows(rows)


# -- the document ----------------------------------------------------------------------------------


def _document(token: SealedGrab, signed: str) -> bytes:
    """Build the NZB: Lidarr wants the root and one direct `file` child (contract lidarr §5.3)."""
    root = Element("nzb", {"xmlns": NAMESPACE})
    head = SubElement(root, "head")
    title = xml_text(token.title)
    for kind, text in (("title", title), ("category", "Audio"), (META_TYPE, signed)):
        SubElement(head, "meta", {"type": kind}).text = text
    attributes = {"poster": "SoulSpot Arr", "date": "0", "subject": title}
    file = SubElement(root, "file", attributes)
    SubElement(SubElement(file, "groups"), "group").text = "alt.binaries.sounds"
    segment = {"bytes": str(token.offers[0].size), "number": "1"}
    segments = SubElement(file, "segments")
    SubElement(segments, "segment", segment).text = xml_text(f"{token.release_key}@soulspot-arr")
    return serialise(root)


class _Reader:
    """Receives parser events and keeps only counts and token text, so no input can fill memory."""

    def __init__(self) -> None:
        self.root = ""
        self.files = 0
        self.tokens: list[str] = []
        self._path: list[str] = []
        self._file_tag = ""
        self._text: list[str] | None = None

    def start(self, tag: str, attributes: dict[str, str]) -> None:
        self._path.append(tag)
        depth = len(self._path)
        if depth == 1:
            self.root = _local_name(tag)
            self._file_tag = tag.removesuffix(self.root) + "file"  # the root's own namespace
        elif depth == 2 and tag == self._file_tag:
            self.files += 1
        elif depth == 3 and self._in_head(tag) and attributes.get("type") == META_TYPE:
            self._text = []

    def end(self, tag: str) -> None:
        if self._text is not None and _local_name(tag) == "meta":
            self.tokens.append("".join(self._text))
            self._text = None
        self._path.pop()

    def data(self, text: str) -> None:
        if self._text is not None:
            self._text.append(text)

    def close(self) -> None:
        """The parser calls this at the end; there is no tree to hand back."""

    def _in_head(self, tag: str) -> bool:
        return _local_name(self._path[1]) == "head" and _local_name(tag) == "meta"


def _local_name(tag: str) -> str:
    return tag.rpartition("}")[2]


def _read_xml(data: bytes) -> _Reader:
    """Stream `data` through a parser without entities; a plain DOCTYPE is normal in real NZBs."""
    reader = _Reader()
    parser = XMLParser(target=reader)
    try:
        parser.feed(data)
        parser.close()
    except (ParseError, ValueError, LookupError) as error:  # ValueError: entities, odd encodings
        raise InvalidNzb("The upload is not readable XML") from error
    return reader


# -- the token -------------------------------------------------------------------------------------


def _signature(body: bytes, secret: bytes) -> bytes:
    """Sign with a key of its own, so that the instance secret can serve other purposes too."""
    key = hmac.digest(secret, _KEY_LABEL, hashlib.sha256)
    return hmac.digest(key, body, hashlib.sha256)


def _verified(token: str, secret: bytes) -> bytes:
    """Return the unpacked payload; nothing is unpacked before the signature is right."""
    padding = "=" * (-len(token) % 4)
    try:
        raw = base64.b64decode(token + padding, altchars=b"-_", validate=True)
    except ValueError as error:
        raise InvalidNzb("The token in the NZB is damaged") from error
    body, signature = raw[:-_DIGEST_BYTES], raw[-_DIGEST_BYTES:]
    if not body:
        raise InvalidNzb("The token in the NZB is cut off")
    if body[0] != VERSION:
        raise InvalidNzb("The NZB was made by another version of SoulSpot Arr", version=body[0])
    if not hmac.compare_digest(signature, _signature(body, secret)):
        raise InvalidNzb(_BAD_SIGNATURE)
    return _inflate(body[1:], _MAX_PAYLOAD)


def _inflate(data: bytes, limit: int, *, wbits: int = zlib.MAX_WBITS) -> bytes:
    """Decompress at most `limit` bytes."""
    engine = zlib.decompressobj(wbits)
    try:
        plain = engine.decompress(data, limit + 1)
    except zlib.error as error:
        raise InvalidNzb("The compressed content is damaged") from error
    if len(plain) > limit:
        raise InvalidNzb("The compressed content is too large", limit=limit)
    if not engine.eof:
        raise InvalidNzb("The compressed content is cut off")
    return plain


# -- values and rows -------------------------------------------------------------------------------


def _to_rows(token: SealedGrab) -> list[object]:
    """Lists instead of named fields: sixty long paths fit in a few kilobytes."""
    offers = [
        [offer.source, offer.peer, [_file_row(f) for f in offer.files]] for offer in token.offers
    ]
    names = [token.title, token.release_key, token.artist, token.album]
    return [*names, token.year, token.quality, token.score, offers]


def _file_row(file: OfferFile) -> list[object]:
    """The locator is written only where it is not simply the path."""
    row: list[object] = [file.path, file.size, file.disc, file.seconds]
    return row if file.locator == file.path else [*row, file.locator]


def _from_rows(value: object) -> SealedGrab:
    title, key, artist, album, year, quality, score, offers = _row(value, 8, 8)
    return SealedGrab(
        title=_name(title),
        release_key=_name(key),
        artist=_text(artist),
        album=_text(album),
        year=None if year is None else _number(year),
        quality=_text(quality),
        score=_number(score, -_MAX_NUMBER),
        offers=tuple(_offer(row) for row in _row(offers, 1, _MAX_OFFERS)),
    )


def _offer(value: object) -> Offer:
    source, peer, files = _row(value, 3, 3)
    rows = _row(files, 1, _MAX_FILES)
    return Offer(_name(source), _name(peer), tuple(_file(row) for row in rows))


def _file(value: object) -> OfferFile:
    path, size, disc, seconds, *locator = _row(value, 4, 5)
    return OfferFile(
        locator=_name(locator[0] if locator else path),
        path=_name(path),
        size=_number(size),
        disc=_number(disc),
        seconds=None if seconds is None else _number(seconds),
    )


def _row(value: object, shortest: int, longest: int) -> list[object]:
    if not isinstance(value, list) or not shortest <= len(value) <= longest:
        raise InvalidNzb("A list in the token has an unexpected shape or length")
    return value


def _text(value: object) -> str:
    if not isinstance(value, str):
        raise InvalidNzb("A text in the token is not a text")
    return value


def _name(value: object) -> str:
    text = _text(value)
    if not text:
        raise InvalidNzb("A name in the token is empty")
    return text


def _number(value: object, lowest: int = 0) -> int:
    if isinstance(value, bool) or not isinstance(value, int) or not lowest <= value <= _MAX_NUMBER:
        raise InvalidNzb("A number in the token is not a whole number in range")
    return value
