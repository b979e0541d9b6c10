"""One folder of one peer, as slskd hands it on (contract slskd §4)."""

from __future__ import annotations

import re
from typing import Any

import pytest
import requests

from soulspot_arr.errors import SourceAuth, SourceUnavailable
from tests.soulspot_arr.sources.conftest import API, Bench

FOLDER = "@@share\\Music\\Marlow Finch\\Harbour Lights"
ROUTE = re.compile(re.escape(API) + r"users/[^/]+/directory\Z")


def listed(name: str = FOLDER, *names: str, **more: Any) -> dict[str, Any]:
    """A directory with bare file names, as the library has them."""
    files = [
        {
            "filename": one,
            "size": 1000 + at,
            "code": 1,
            "extension": "flac",
            "attributeCount": 1,
            "attributes": [{"type": "Length", "value": 200 + at}],
            "length": 200 + at,
            "bitDepth": 16,
            "sampleRate": 44100,
        }
        for at, one in enumerate(names or ("01 - Low Tide.flac", "02 - Knots.flac"))
    ]
    return {"name": name, "fileCount": len(files), "files": files, **more}


def test_files_have_the_paths_that_a_search_shows(bench: Bench) -> None:
    """Full paths, sizes, and the attributes by their names."""
    bench.http.post(ROUTE, json=[listed()])
    found = bench.source.folder_raw("peer / one", FOLDER, seconds=5)
    assert found is not None
    assert (found.peer, found.path) == ("peer / one", FOLDER)
    first = found.files[0]
    assert first.path == first.locator == f"{FOLDER}\\01 - Low Tide.flac"
    assert (first.size, first.seconds, first.bit_depth, first.sample_rate) == (1000, 200, 16, 44100)
    (sent,) = bench.sent("POST")
    assert sent.url == f"{API}users/peer%20%2F%20one/directory"
    assert sent.json() == {"directory": FOLDER}


def test_a_path_with_slashes_keeps_them(bench: Bench) -> None:
    """Peers on other systems write them; the path has to be sent back byte for byte."""
    bench.http.post(ROUTE, json=[listed("home/music/x", "1.mp3")])
    found = bench.source.folder_raw("p", "home/music/x", seconds=5)
    assert found is not None
    assert [file.path for file in found.files] == ["home/music/x/1.mp3"]


def test_before_0_22_3_it_is_a_single_object(bench: Bench) -> None:
    """Contract slskd §10, row 4."""
    bench.http.post(ROUTE, json=listed())
    found = bench.source.folder_raw("p", FOLDER, seconds=5)
    assert found is not None
    assert len(found.files) == 2


def test_folders_below_are_left_out(bench: Bench) -> None:
    """The array may hold them, and in any order."""
    bench.http.post(ROUTE, json=[listed(f"{FOLDER}\\Scans", "front.jpg"), listed()])
    found = bench.source.folder_raw("p", FOLDER, seconds=5)
    assert found is not None
    assert len(found.files) == 2


@pytest.mark.parametrize(
    "body",
    [
        [],
        None,
        {},
        [listed("Another")],
        [{"name": FOLDER, "files": []}],
        [{"name": FOLDER, "files": None}],
        [{"name": FOLDER, "files": [{"filename": "", "size": 1}, {"filename": "x"}, 7]}],
        "what?",
        [None, 5],
    ],
)
def test_what_is_no_list_of_it_is_nothing(bench: Bench, body: object) -> None:
    """Some clients never answer properly; nothing is invented."""
    bench.http.post(ROUTE, json=body)
    assert bench.source.folder_raw("p", FOLDER, seconds=5) is None


@pytest.mark.parametrize(
    ("status", "text"),
    [
        (404, "User p appears to be offline"),
        (500, "The wait timed out after 5000 milliseconds"),
        (500, "Failed to establish a direct or indirect message connection to p"),
        (400, ""),
    ],
)
def test_a_peer_that_does_not_answer_is_nothing(bench: Bench, status: int, text: str) -> None:
    """Offline, silent, unreachable: the peer's matter and no outage (D02, D04)."""
    bench.http.post(ROUTE, status_code=status, json=text)
    assert bench.source.folder_raw("p", FOLDER, seconds=5) is None


def test_it_ends_in_time(bench: Bench) -> None:
    """slskd waits for the peer longer than we do."""

    def hang(request: Any, context: Any) -> str:
        bench.time.now += request.timeout[1]
        raise requests.exceptions.ReadTimeout

    bench.http.post(ROUTE, text=hang)
    begun = bench.time.now
    assert bench.source.folder_raw("p", FOLDER, seconds=3) is None
    assert bench.time.now - begun <= 3.5


def test_an_outage_is_told(bench: Bench) -> None:
    """That is no answer of the peer."""
    bench.http.post(ROUTE, exc=requests.exceptions.ConnectionError)
    with pytest.raises(SourceUnavailable):
        bench.source.folder_raw("p", FOLDER, seconds=3)


def test_a_wrong_key_is_told(bench: Bench) -> None:
    """As everywhere."""
    bench.http.post(ROUTE, status_code=401)
    with pytest.raises(SourceAuth):
        bench.source.folder_raw("p", FOLDER, seconds=3)


@pytest.mark.parametrize(("peer", "path"), [(".", FOLDER), ("..", FOLDER), ("p", ""), ("p", " ")])
def test_names_that_no_route_can_carry_are_not_asked_for(
    bench: Bench, peer: str, path: str
) -> None:
    """A dot would lead to another route."""
    assert bench.source.folder_raw(peer, path, seconds=3) is None
    assert bench.sent("POST") == []
