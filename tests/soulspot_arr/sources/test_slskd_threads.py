"""Several threads on one source, against a real HTTP server that counts who is inside."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest

from soulspot_arr.domain import BatchRequest, OfferFile
from soulspot_arr.errors import SourceThrottled
from soulspot_arr.sources import SearchLimits
from soulspot_arr.sources.slskd import SlskdSource
from tests.soulspot_arr.sources.conftest import KEY, application, options


class Counter:
    """How many are inside at the same time, and how many at most."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self.inside = 0
        self.most = 0
        self.total = 0

    def __enter__(self) -> None:
        with self._lock:
            self.total += 1
            self.inside += 1
            self.most = max(self.most, self.inside)

    def __exit__(self, *_: object) -> None:
        with self._lock:
            self.inside -= 1


class Slow(BaseHTTPRequestHandler):
    """As much of slskd as starts searches and takes batches, slowly."""

    protocol_version = "HTTP/1.1"
    starting = Counter()
    searching = Counter()
    enqueueing = Counter()
    started = threading.Event()
    started.set()
    searches_end = True

    def _answer(self, body: Any, status: int = 200) -> None:
        data = b"" if body is None else json.dumps(body).encode()
        self.send_response(status)
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def do_GET(self) -> None:
        fixed = {"/api/v0/application": application(), "/api/v0/options": options()}
        ended = {"endedAt": "2026-08-22T18:00:00Z", "responseCount": 0}
        self._answer(fixed.get(self.path, ended if self.searches_end else {}))

    def do_POST(self) -> None:
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        if self.path.endswith("/searches"):
            self.searching.__enter__()
            with self.starting:
                time.sleep(0.05)
                self.started.wait(60)
            self._answer({"id": body["id"]})
            return
        with self.enqueueing:
            time.sleep(0.1)
        transfers = [
            {"id": file["filename"], "filename": file["filename"]} for file in body["files"]
        ]
        self._answer({"batch": {"transfers": transfers}}, 201)

    def do_PUT(self) -> None:
        self._answer(None)

    def do_DELETE(self) -> None:
        self.searching.__exit__()
        self._answer(None, 204)

    def log_message(self, format: str, *args: object) -> None:
        """Quiet."""


@pytest.fixture
def slow() -> Iterator[tuple[type[Slow], SlskdSource]]:
    class Mine(Slow):
        starting, searching, enqueueing = Counter(), Counter(), Counter()

    server = ThreadingHTTPServer(("127.0.0.1", 0), Mine)
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True)
    thread.start()
    source = SlskdSource(
        {"slskd.url": f"http://127.0.0.1:{server.server_port}", "slskd.api_key": KEY}
    )
    yield Mine, source
    source.close()
    server.shutdown()
    server.server_close()
    thread.join()


def test_C03_searches_start_one_by_one_and_two_run(slow: tuple[type[Slow], SlskdSource]) -> None:
    """slskd answers 429 to a second start, and queues a third search."""
    slskd, source = slow
    limits = SearchLimits(seconds=20)
    with ThreadPoolExecutor(6) as pool:
        for search in [pool.submit(source.search_raw, "x y", limits=limits) for _ in range(6)]:
            assert search.result() == []
    assert slskd.starting.total == 6
    assert slskd.starting.most == 1
    assert slskd.searching.most == 2


def test_a_third_search_is_throttled(slow: tuple[type[Slow], SlskdSource]) -> None:
    """When the two that run take longer than its own limit allows to wait."""
    slskd, source = slow
    slskd.searches_end = False
    with ThreadPoolExecutor(2) as pool:
        running = [
            pool.submit(source.search_raw, "x y", limits=SearchLimits(seconds=4)) for _ in range(2)
        ]
        while slskd.searching.inside < 2:
            time.sleep(0.01)
        with pytest.raises(SourceThrottled) as caught:
            source.search_raw("x y", limits=SearchLimits(seconds=0.2))
        assert caught.value.retry_after > 0
        # What never ends hands out nothing, which is no answer of the network.
        assert all(isinstance(search.exception(), SourceThrottled) for search in running)


def test_a_start_that_cannot_begin_is_throttled(slow: tuple[type[Slow], SlskdSource]) -> None:
    """While another search is being started, slowly."""
    slskd, source = slow
    slskd.started = threading.Event()
    with ThreadPoolExecutor(1) as pool:
        first = pool.submit(source.search_raw, "x y", limits=SearchLimits(seconds=30))
        while slskd.starting.inside < 1:
            time.sleep(0.01)
        with pytest.raises(SourceThrottled):
            source.search_raw("x y", limits=SearchLimits(seconds=0.2))
        slskd.started.set()
        assert first.result() == []
    assert slskd.starting.total == 1


def test_E11_two_requests_to_peers_at_most(slow: tuple[type[Slow], SlskdSource]) -> None:
    """A third waits here instead of being told 429."""
    slskd, source = slow
    requests = [
        BatchRequest(str(number), "bob", (OfferFile(f"m\\{number}", f"m\\{number}", 1),), "d")
        for number in range(5)
    ]
    with ThreadPoolExecutor(5) as pool:
        receipts = list(pool.map(source.download_raw, requests))
    assert [receipt.accepted[0].ref for receipt in receipts] == [f"m\\{n}" for n in range(5)]
    assert slskd.enqueueing.total == 5
    assert slskd.enqueueing.most == 2
