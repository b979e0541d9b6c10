"""Hostile and broken requests to the indexer: always 200 with XML, never HTML, never a traceback.

Rows N23, N24 of contract lidarr §13.4, NP_19, NP_20, NP_31, NP_38, NP_39 of contract
sabnzbd-newznab-prowlarr §7.2.
"""

from __future__ import annotations

import re
import socket
import sqlite3
from collections.abc import Iterator

import pytest
import requests
from defusedxml.ElementTree import fromstring

from soulspot_arr.simulator.world import World
from tests.conformance.indexer import (
    Indexer,
    document,
    error_code,
    open_indexer,
    read_items,
    share_folder,
)

pytestmark = pytest.mark.xdist_group(name="conformance-newznab-bad-input")

# Bytes as they stand in the request line; nothing of it may be more than a strange name.
NASTY = {
    "nothing but signs": "!!!",
    "control characters": "a%00b%01%0a%0d%1b",
    "invalid UTF-8": "%ff%fe%c3%28",
    "overlong UTF-8": "%c0%ae%c0%ae",
    "half a surrogate": "%ed%a0%80",
    "emoji": "%f0%9f%8e%b8",
    "right to left": "%e2%80%aeabc",
    "broken percent": "100%",
    "markup": "%3C%21%5BCDATA%5B%3Cerror%20code%3D%22100%22%2F%3E%5D%5D%3E",
    "entities": "%26amp%3B%26%2360%3B%26bogus%3B",
    "SQL": "'%20OR%201%3D1%3B--",
    "template": "%7B%7B7*7%7D%7D%24%7Benv%7D",
    "a minus": "-live%20-demo",
    "a star": "*",
    "path": "..%2F..%2Fetc%2Fpasswd",
    "braces": "%7Bartist%3A%7D%7Balbum%3A",
    "very long": "x" * 10_000,
    "very many words": "%20".join(["word"] * 1_500),
    "only blanks": "%20%20%20",
}


@pytest.fixture(scope="module")
def indexer(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Indexer]:
    """A world with one album, and few query texts for each question."""

    def build(world: World) -> None:
        share_folder(world, "ann", r"Music\Ida Foss\Quiet Engines (2012)")

    root, settings = tmp_path_factory.mktemp("bad"), {"SOULSPOT_SEARCH_RUNGS": "1"}
    with open_indexer(root, build, settings=settings) as opened:
        yield opened


@pytest.mark.parametrize("value", NASTY.values(), ids=NASTY.keys())
def test_hostile_names_are_an_empty_feed(indexer: Indexer, value: str) -> None:
    """In every field that reaches a search; the service keeps answering."""
    key = indexer.service.api_key
    for query in (
        f"t=search&q={value}",
        f"t=music&artist={value}&album={value}",
        f"t=music&artist=Ida+Foss&album={value}",
    ):
        root = document(indexer.get(f"?{query}&apikey={key}"))
        assert root.tag == "rss"
        assert len(read_items(root)) <= 1


@pytest.mark.parametrize("name", ["t", "apikey", "id", "r", "o", "extended", "attrs"])
@pytest.mark.parametrize("value", NASTY.values(), ids=NASTY.keys())
def test_hostile_values_elsewhere_are_errors_in_xml(
    indexer: Indexer, name: str, value: str
) -> None:
    """Of the specification, with a status Lidarr can read."""
    known = {"t": "get", "apikey": indexer.service.api_key, "id": "0" * 32}
    shown = "&".join(f"{key}={text}" for key, text in ({**known, name: value}).items())
    answer = indexer.get(f"?{shown}")
    assert answer.status_code in {200, 404, 410}
    assert "xml" in answer.headers["Content-Type"]
    assert "html" not in answer.text.lower()[:200]
    assert fromstring(answer.content).tag == "error"


@pytest.mark.parametrize(
    "cat",
    ["abc", "3000,abc", ",,,", "3000,,3040", "-1", "3000;3040", "9" * 400, "3000," * 3000, "%00"],
    ids=lambda cat: cat[:12],
)
def test_NP_20_garbage_among_the_categories_does_no_harm(indexer: Indexer, cat: str) -> None:
    """What is a number counts; with nothing left to go by there is no filter."""
    query = (
        f"?t=music&cat={cat}&artist=Ida+Foss&album=Quiet+Engines&apikey={indexer.service.api_key}"
    )
    root = document(indexer.get(query))
    assert root.tag == "rss"
    assert len(read_items(root)) == 1


@pytest.mark.parametrize(
    "value", ["abc", "-1", "1e3", "0x10", "99999999999999999999", "%D9%A3", ""]
)
def test_NP_19_odd_numbers_never_fail(indexer: Indexer, value: str) -> None:
    """Offset, limit, year and the ages."""
    key = indexer.service.api_key
    for name in ("offset", "limit", "year", "maxage", "minsize"):
        query = f"?t=music&artist=Ida+Foss&album=Quiet+Engines&apikey={key}&{name}={value}"
        assert document(indexer.get(query)).tag == "rss"


def test_repeated_parameters_count_once(indexer: Indexer) -> None:
    """The first one; Lidarr's additional parameters may repeat what it sends anyway."""
    key = indexer.service.api_key
    query = (
        f"?t=music&t=caps&cat=3000&cat=7000&apikey={key}&apikey=wrong"
        "&artist=Ida+Foss&artist=Nobody&album=Quiet+Engines&album=Nothing&offset=0&offset=100"
    )
    assert len(read_items(document(indexer.get(query)))) == 1


def test_parameters_may_come_in_the_body(indexer: Indexer) -> None:
    """Some clients POST a form."""
    form = {"t": "music", "artist": "Ida Foss", "album": "Quiet Engines"}
    answer = requests.post(
        indexer.endpoint, data={**form, "apikey": indexer.service.api_key}, timeout=20
    )
    assert len(read_items(document(answer))) == 1


@pytest.mark.parametrize("kind", ["multipart/form-data", "multipart/form-data; boundary=x", "x/y"])
def test_a_broken_body_is_no_html(indexer: Indexer, kind: str) -> None:
    """The query counts, the body is noise."""
    answer = requests.post(
        f"{indexer.endpoint}?t=search&apikey={indexer.service.api_key}",
        data=b"--x\r\nContent-Disposition: nonsense\r\n\r\n\xff\x00",
        headers={"Content-Type": kind},
        timeout=20,
    )
    assert document(answer).tag in {"rss", "error"}


def test_a_huge_body_is_refused_in_xml(indexer: Indexer) -> None:
    """Seventeen megabytes of form."""
    answer = requests.post(
        f"{indexer.endpoint}?t=search&apikey={indexer.service.api_key}",
        data={"q": "x" * 17_000_000},
        timeout=30,
    )
    assert document(answer).tag in {"rss", "error"}


@pytest.mark.parametrize("method", ["PUT", "DELETE", "PATCH", "OPTIONS"])
def test_other_methods_are_no_html(indexer: Indexer, method: str) -> None:
    """Nobody sends them; refused, and not with a page."""
    answer = requests.request(method, f"{indexer.endpoint}?t=caps", timeout=9)
    assert answer.status_code == (200 if method == "OPTIONS" else 405)
    assert "<" not in answer.text


def test_half_a_request_does_not_disturb_others(indexer: Indexer) -> None:
    """Somebody who never finishes the line holds no thread."""
    with socket.create_connection(("127.0.0.1", indexer.service.port), timeout=5) as half:
        half.sendall(b"GET /newznab/api?t=se")
        assert len(indexer.album("Ida Foss", "Quiet Engines")) == 1


def test_N23_NP_39_an_internal_error_is_a_document(indexer: Indexer) -> None:
    """A row that nothing can read: code 900 with 200 for all who meet it, and nobody else does."""
    (item,) = indexer.album("Ida Foss", "Quiet Engines")
    path = indexer.service.data_dir / "soulspot.db"
    database = sqlite3.connect(path, timeout=10)
    (kept,) = database.execute(
        "SELECT offers FROM releases WHERE title = ?", (item.title,)
    ).fetchone()
    try:
        with database:
            database.execute("UPDATE releases SET offers = '[{\"nonsense\": 1}]'")
        key = indexer.service.api_key
        found = [
            indexer.get(f"?t=music&artist=Ida+Foss&album=Quiet+Engines&apikey={key}"),
            indexer.get(f"?t=details&id={item.guid}&apikey={key}"),
        ]
        for answer in found:
            document(answer)
            assert not re.search(r"Traceback|File \"|<html", answer.text)
        broken = requests.get(item.url, timeout=9)
        assert error_code(broken) == 900
        assert len(read_items(indexer.ask("search"))) == 1
        assert indexer.ask("caps").tag == "caps"
    finally:
        with database:
            database.execute("UPDATE releases SET offers = ?", (kept,))
        database.close()
    assert len(indexer.album("Ida Foss", "Quiet Engines")) == 1


def test_N24_NP_38_nothing_is_ever_throttled(indexer: Indexer) -> None:
    """No 429 (Lidarr would stay away for an hour), not even in a flood."""
    key = indexer.service.api_key
    statuses = {indexer.get(f"?t=search&apikey={key}").status_code for _ in range(60)}
    assert statuses == {200}
