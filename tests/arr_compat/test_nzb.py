"""The sealed NZB: round trips, sizes, what Lidarr accepts, and everything that must be refused."""

from __future__ import annotations

import base64
import gzip
import hashlib
import hmac
import json
import re
import zlib
from dataclasses import replace
from xml.etree.ElementTree import fromstring

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from arr_compat.nzb import META_TYPE, NAMESPACE, SealedGrab, open_, seal
from soulspot_arr.domain import Offer, OfferFile
from soulspot_arr.errors import ForeignNzb, InvalidNzb

SECRET = b"the secret of this installation"
TRACKS = ["Airbag", "Paranoid Android", "Subterranean Homesick Alien", "Exit Music", "Let Down"]
TRACKS += ["Karma Police", "Fitter Happier", "Electioneering", "Climbing Up the Walls"]
TRACKS += ["No Surprises", "Lucky", "The Tourist"]

PLAIN = (
    '<nzb xmlns="{ns}"><head>{head}</head>'
    '<file subject="x" poster="x" date="0"><groups/><segments/></file></nzb>'
)


def offer(peer: str = "peer one", count: int = 12, ending: str = "flac") -> Offer:
    """An album folder as a peer would name it."""
    folder = f"@@{peer[:5]}\\Music\\Radiohead\\(1997) OK Computer [{ending.upper()}]"
    names = [f"{n + 1:02} - {TRACKS[n % 12]} {n // 12 or ''}".strip() for n in range(count)]
    paths = [f"{folder}\\{name}.{ending}" for name in names]
    sizes = [24_000_000 + 1_234_567 * n % 9_876_543 for n in range(count)]
    files = zip(paths, sizes, strict=True)
    return Offer("slskd", peer, tuple(OfferFile(p, p, s, seconds=200 + s % 97) for p, s in files))


def grab(*offers: Offer) -> SealedGrab:
    """A grab of the album above."""
    return SealedGrab(
        title="(FLAC) Radiohead - OK Computer - 1997-slsk3f9a2c11",
        release_key="3f9a2c11" * 8,
        artist="Radiohead",
        album="OK Computer",
        year=1997,
        quality="FLAC",
        score=871,
        offers=offers or (offer(),),
    )


def token_of(document: bytes) -> str:
    """The text of our meta, read independently of the code under test."""
    head = fromstring(document).find(f"{{{NAMESPACE}}}head")
    assert head is not None
    return next(m.text or "" for m in head if m.get("type") == META_TYPE)


def wrap(*tokens: str) -> bytes:
    """An NZB around hand-made tokens."""
    metas = "".join(f'<meta type="{META_TYPE}">{token}</meta>' for token in tokens)
    return PLAIN.format(ns=NAMESPACE, head=metas).encode()


def sign(body: bytes, secret: bytes = SECRET) -> str:
    """Sign as the format demands, written a second time on purpose: it pins version 1."""
    key = hmac.new(secret, b"soulspot-arr nzb token 1", hashlib.sha256).digest()
    raw = body + hmac.new(key, body, hashlib.sha256).digest()
    return base64.urlsafe_b64encode(raw).decode().rstrip("=")


def forge(payload: object, *, version: int = 1) -> bytes:
    """A correctly signed NZB with any content: only a holder of the secret can make one."""
    packed = zlib.compress(json.dumps(payload).encode())
    return wrap(sign(bytes([version]) + packed))


def rows(**changes: object) -> list[object]:
    """A correct payload with some fields replaced."""
    fields: dict[str, object] = {
        "title": "t",
        "key": "k",
        "artist": "a",
        "album": "b",
        "year": 1997,
        "quality": "FLAC",
        "score": 1,
        "offers": [["slskd", "peer", [["a\\b.flac", 1, 0, None]]]],
    }
    return list((fields | changes).values())


def file_rows(*files: object) -> list[object]:
    """A correct payload around other files."""
    return rows(offers=[["slskd", "peer", list(files)]])


# -- round trips -----------------------------------------------------------------------------------

NUMBERS = st.integers(0, 2**40)
NAMES = st.text(st.characters(), min_size=1, max_size=40)  # includes non-BMP and lone surrogates
LONG_NAMES = NAMES | st.just("ü" * 150) | st.just("a\r\n\t\0b") | st.just("\ud83d\ude00")
FILES = st.builds(
    OfferFile,
    locator=LONG_NAMES,
    path=LONG_NAMES,
    size=NUMBERS,
    disc=st.integers(0, 99),
    seconds=st.none() | NUMBERS,
)
OFFERS = st.builds(
    Offer, source=NAMES, peer=NAMES, files=st.lists(FILES, min_size=1, max_size=5).map(tuple)
)
GRABS = st.builds(
    SealedGrab,
    title=LONG_NAMES,
    release_key=NAMES,
    artist=st.text(),
    album=st.text(),
    year=st.none() | st.integers(0, 9999),
    quality=st.text(max_size=10),
    score=st.integers(-(2**40), 2**40),
    offers=st.lists(OFFERS, min_size=1, max_size=4).map(tuple),
)


@given(GRABS, st.binary(min_size=1, max_size=64))
@settings(max_examples=80, deadline=None, database=None)
def test_whatever_is_sealed_opens_to_the_same_grab(token: SealedGrab, secret: bytes) -> None:
    """No name of a peer may be lost or changed on the way through Lidarr."""
    document = seal(token, secret)
    assert open_(document, secret) == token
    assert fromstring(document).tag == f"{{{NAMESPACE}}}nzb"


def test_G02_sealing_twice_gives_the_same_bytes() -> None:
    """Lidarr may fetch the link again days later and must get the same document."""
    assert seal(grab(), SECRET) == seal(grab(), SECRET)


def test_G01_document_passes_the_check_lidarr_makes() -> None:
    """Root `nzb` and at least one direct `file` in the root's own namespace."""
    root = fromstring(seal(grab(), SECRET))
    files = root.findall(f"{{{NAMESPACE}}}file")
    assert (root.tag, len(files)) == (f"{{{NAMESPACE}}}nzb", 1)
    segment = files[0].find(f".//{{{NAMESPACE}}}segment")
    assert segment is not None
    assert segment.get("bytes") == str(offer().size)


def test_G04_titles_are_escaped_and_readable() -> None:
    """Markup, control characters and emoji in a title leave a sound document and a sound token."""
    token = replace(grab(), title='A & <B> "C" \x0b\U0001f3b5 D')
    document = seal(token, SECRET)
    head = fromstring(document).find(f"{{{NAMESPACE}}}head")
    assert head is not None
    assert [m.text for m in head if m.get("type") == "title"] == ['A & <B> "C"  D']
    assert open_(document, SECRET).title == token.title


def test_header_is_the_one_of_an_nzb() -> None:
    """First byte `<`, an XML declaration, the title, a category and one token."""
    document = seal(grab(), SECRET)
    assert document.startswith(b'<?xml version="1.0" encoding="UTF-8"?>\n<nzb ')
    assert re.findall(rb'meta type="([^"]+)"', document) == [
        b"title",
        b"category",
        META_TYPE.encode(),
    ]


@pytest.mark.parametrize(
    ("files", "offers", "limit"),
    [(12, 1, 700), (12, 3, 1100), (60, 1, 2000), (60, 3, 4000)],
    ids=["12x1", "12x3", "60x1", "60x3"],
)
def test_token_stays_small(files: int, offers: int, limit: int) -> None:
    """An ordinary album fits in about a kilobyte, sixty files with alternates in a few."""
    folders = tuple(offer(f"peer {n}", files) for n in range(offers))
    assert len(token_of(seal(grab(*folders), SECRET))) < limit


def test_gzipped_upload_is_opened() -> None:
    """SABnzbd takes compressed uploads, so tools send them."""
    assert open_(gzip.compress(seal(grab(), SECRET)), SECRET) == grab()


PUBLIC_DOCTYPE = (
    '<!DOCTYPE nzb PUBLIC "-//newzBin//DTD NZB 1.1//EN"'
    ' "http://www.newzbin.com/DTD/nzb/nzb-1.1.dtd"><nzb '
)


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("<nzb ", "<!DOCTYPE nzb><nzb "),
        ("<nzb ", PUBLIC_DOCTYPE),
        (f' xmlns="{NAMESPACE}"', ""),
        ("<head>", "<!-- sent by a tool --><head>"),
        (f'{META_TYPE}">', f'{META_TYPE}">\n    '),
        ("</meta></head>", "\n</meta></head>"),
        ("<?xml", "\ufeff<?xml"),
    ],
    ids=["doctype", "public-doctype", "no-namespace", "comment", "indented", "wrapped", "bom"],
)
def test_harmless_rewriting_is_tolerated(old: str, new: str) -> None:
    """Tools between us and Lidarr may reprint the document without changing what it says."""
    document = seal(grab(), SECRET).decode()
    assert old in document
    assert open_(document.replace(old, new, 1).encode(), SECRET) == grab()


# -- what is refused -------------------------------------------------------------------------------


def test_A07_foreign_nzb_is_told_apart() -> None:
    """A sound NZB without our token is somebody's Usenet release, not a broken upload."""
    real = PLAIN.format(ns=NAMESPACE, head='<meta type="title">Some.Release</meta>')
    doctype = '<!DOCTYPE nzb PUBLIC "-//newzBin//DTD NZB 1.1//EN" "http://example.org/nzb.dtd">'
    for text in (real, doctype + real, real.replace(f' xmlns="{NAMESPACE}"', "")):
        with pytest.raises(ForeignNzb):
            open_(text.encode(), SECRET)


def test_a_token_outside_the_head_is_not_ours() -> None:
    """Only `nzb/head/meta` counts, wherever else the same element stands."""
    meta = f'<meta type="{META_TYPE}">x</meta>'
    text = PLAIN.format(ns=NAMESPACE, head="").replace("<groups/>", f"<groups>{meta}</groups>")
    with pytest.raises(ForeignNzb):
        open_(text.encode(), SECRET)


SOUND = seal(grab(), SECRET)
BOMB = (
    '<!DOCTYPE nzb [<!ENTITY a "ha"><!ENTITY b "&a;&a;&a;"><!ENTITY c "&b;&b;&b;">]>'
    + PLAIN.format(ns=NAMESPACE, head="<meta>&c;</meta>")
)
EXTERNAL = '<!DOCTYPE nzb [<!ENTITY x SYSTEM "file:///etc/hostname">]>' + PLAIN.format(
    ns=NAMESPACE, head="<meta>&x;</meta>"
)
PARAMETER = '<!DOCTYPE nzb [<!ENTITY % x SYSTEM "http://127.0.0.1:9/x">%x;]>' + PLAIN.format(
    ns=NAMESPACE, head=""
)

GARBAGE: dict[str, bytes] = {
    "empty": b"",
    "blank": b"   ",
    "text": b"not xml at all",
    "json": b'{"status": true}',
    "html": b"<html><body>Login</body>",
    "zeros": b"\0" * 64,
    "zip": b"PK\x03\x04 not supported",
    "truncated": SOUND[: len(SOUND) // 2],
    "trailing": SOUND + b"<nzb/>",
    "raw-ampersand": b"<nzb><file subject='a & b'/></nzb>",
    "error-document": b'<error code="300" description="No such item"/>',
    "other-root": SOUND.replace(b"nzb ", b"rss ").replace(b"</nzb>", b"</rss>"),
    "no-file": re.sub(rb"<file .*</file>", b"", SOUND),
    "file-in-other-namespace": SOUND.replace(b"<file ", b'<file xmlns="urn:other" '),
    "file-deeper": SOUND.replace(b"<file ", b"<x><file ").replace(b"</file>", b"</file></x>"),
    "entity-bomb": BOMB.encode(),
    "external-entity": EXTERNAL.encode(),
    "parameter-entity": PARAMETER.encode(),
    "undeclared-entity": SOUND.replace(b"<head>", b"<head>&nope;"),
    "unknown-encoding": b'<?xml version="1.0" encoding="nope"?><nzb><file/></nzb>',
    "multi-byte-encoding": b'<?xml version="1.0" encoding="gbk"?><nzb><file/></nzb>',
    "deep": b"<nzb>" + b"<a>" * 100_000,
    "gzip-cut": gzip.compress(SOUND)[:-20],
    "gzip-damaged": gzip.compress(SOUND)[:20] + b"\xff" * 40,
    "gzip-of-text": gzip.compress(b"hello"),
    "two-tokens": wrap(token_of(SOUND), token_of(SOUND)),
    "empty-token": wrap(""),
    "short-token": wrap("AQ"),
    "token-not-base64": wrap("AQ$$" * 40),
    "token-of-bad-length": wrap("A" * 61),
    "token-not-ascii": wrap("ü" * 60),
}


@pytest.mark.parametrize("data", GARBAGE.values(), ids=GARBAGE.keys())
def test_C76_garbage_is_invalid_and_not_merely_foreign(data: bytes) -> None:
    """Whatever is uploaded, the answer is one known error."""
    with pytest.raises(InvalidNzb) as caught:
        open_(data, SECRET)
    assert not isinstance(caught.value, ForeignNzb)
    assert caught.value.message


def test_other_installation_is_named_in_the_message() -> None:
    """A person who restored only half of a backup must understand what happened."""
    with pytest.raises(InvalidNzb, match="another installation"):
        open_(SOUND, b"another secret")


@pytest.mark.parametrize("place", [1, 5, 60, 200, -44, -2])
def test_one_changed_character_breaks_the_signature(place: int) -> None:
    """No part of the token, signature included, can be altered unnoticed."""
    token = token_of(SOUND)
    other = "A" if token[place] != "A" else "Q"
    changed = token[:place] + other + token[place:][1:]
    with pytest.raises(InvalidNzb):
        open_(wrap(changed), SECRET)


def test_signature_is_checked_before_anything_is_unpacked() -> None:
    """A stranger's bytes never reach the decompressor."""
    with pytest.raises(InvalidNzb, match="signature"):
        open_(wrap(sign(b"\x01" + b"not zlib at all", b"stranger")), SECRET)


def test_another_version_is_named_in_the_message() -> None:
    """After a downgrade the reason is in the log, with the version."""
    with pytest.raises(InvalidNzb, match="another version") as caught:
        open_(forge(rows(), version=2), SECRET)
    assert caught.value.data == {"version": 2}


def test_oversize_is_refused_before_parsing() -> None:
    """The limit counts the upload itself and what comes out of gzip."""
    with pytest.raises(InvalidNzb, match="too large"):
        open_(SOUND, SECRET, max_bytes=len(SOUND) - 1)
    assert open_(SOUND, SECRET, max_bytes=len(SOUND)) == grab()
    with pytest.raises(InvalidNzb, match="too large"):
        open_(gzip.compress(b"<nzb>" + b" " * 1_000_000), SECRET, max_bytes=100_000)


def test_bomb_inside_a_signed_token_is_stopped() -> None:
    """Even a token with the right signature cannot fill the memory."""
    packed = zlib.compress(b" " * 50_000_000)
    with pytest.raises(InvalidNzb, match="too large"):
        open_(wrap(sign(b"\x01" + packed)), SECRET)


@pytest.mark.parametrize("packed", [b"", b"junk", zlib.compress(b"[]")[:-3]], ids=repr)
def test_signed_but_undecompressable(packed: bytes) -> None:
    """A damaged payload is an invalid NZB, never a crash."""
    with pytest.raises(InvalidNzb):
        open_(wrap(sign(b"\x01" + packed)), SECRET)


@pytest.mark.parametrize(
    "payload",
    [b"", b"{", b"\xff\xfe", b"[" * 100_000, b"9" * 5_000],
    ids=["empty", "cut", "no-text", "nested", "endless-number"],
)
def test_signed_but_unreadable(payload: bytes) -> None:
    """Not JSON, not text, nested without end, or a number of thousands of digits."""
    with pytest.raises(InvalidNzb):
        open_(wrap(sign(b"\x01" + zlib.compress(payload))), SECRET)


WRONG: dict[str, object] = {
    "null": None,
    "object": {},
    "too-short": rows()[:-1],
    "too-long": [*rows(), 1],
    "title-null": rows(title=None),
    "title-empty": rows(title=""),
    "key-empty": rows(key=""),
    "artist-number": rows(artist=1),
    "album-list": rows(album=[]),
    "year-text": rows(year="1997"),
    "year-negative": rows(year=-1),
    "quality-null": rows(quality=None),
    "score-float": rows(score=0.5),
    "score-true": rows(score=True),
    "no-offers": rows(offers=[]),
    "offers-object": rows(offers={}),
    "too-many-offers": rows(offers=[["slskd", "peer", [["a", 1, 0, None]]]] * 17),
    "offer-short": rows(offers=[["slskd", "peer"]]),
    "peer-empty": rows(offers=[["slskd", "", [["a", 1, 0, None]]]]),
    "no-files": file_rows(),
    "too-many-files": file_rows(*[["a", 1, 0, None]] * 2_001),
    "file-short": file_rows(["a", 1, 0]),
    "file-long": file_rows(["a", 1, 0, None, "b", "c"]),
    "path-empty": file_rows(["", 1, 0, None]),
    "locator-null": file_rows(["a", 1, 0, None, None]),
    "size-negative": file_rows(["a", -1, 0, None]),
    "size-huge": file_rows(["a", 2**60, 0, None]),
    "size-float": file_rows(["a", 1.0, 0, None]),
    "disc-negative": file_rows(["a", 1, -1, None]),
    "seconds-text": file_rows(["a", 1, 0, "200"]),
}


@pytest.mark.parametrize("payload", WRONG.values(), ids=WRONG.keys())
def test_signed_content_of_a_wrong_shape_is_refused(payload: object) -> None:
    """The signature proves the origin; the shape is checked all the same."""
    with pytest.raises(InvalidNzb):
        open_(forge(payload), SECRET)


def test_signed_content_of_the_right_shape_is_opened() -> None:
    """The counterpart of the table above: its base is fine, and version 1 stays readable."""
    file = OfferFile("a\\b.flac", "a\\b.flac", 1)
    expected = SealedGrab("t", "k", "a", "b", 1997, "FLAC", 1, (Offer("slskd", "peer", (file,)),))
    assert open_(forge(rows()), SECRET) == expected


@pytest.mark.parametrize(
    "token",
    [
        grab(Offer("slskd", "peer", ())),
        replace(grab(), offers=()),
        replace(grab(), title=""),
        grab(Offer("slskd", "peer", (OfferFile("a", "a", -1),))),
        grab(*[offer(count=1)] * 17),
    ],
    ids=["no-files", "no-offers", "no-title", "negative-size", "too-many-offers"],
)
def test_what_cannot_be_opened_is_never_sealed(token: SealedGrab) -> None:
    """A link that Lidarr could fetch but not upload again would be a trap."""
    with pytest.raises(InvalidNzb):
        seal(token, SECRET)


def test_more_than_the_bound_is_never_sealed() -> None:
    """Names of absurd length do not make a document that the other side refuses."""
    files = tuple(OfferFile(f"{n}", f"{n}" + "x" * 5_000, 1) for n in range(1_000))
    with pytest.raises(InvalidNzb, match="more than"):
        seal(grab(Offer("slskd", "peer", files)), SECRET)
