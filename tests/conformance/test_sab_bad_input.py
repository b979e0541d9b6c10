"""What nobody should send: broken uploads, forged tokens, odd parameters, crowds.

The answer is always clear JSON, never a page or a traceback; afterwards the service is alive and
nothing was queued. Rows S44 and C-109 among them.
"""

from __future__ import annotations

import base64
import gzip
import re
import socket
import sqlite3
import subprocess
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path
from urllib.parse import urlencode

import pytest
import requests

from tests.conformance.desk import STILL, Desk, Json, json_object, open_desk
from tests.fakes.service_process import ServiceProcess

pytestmark = pytest.mark.xdist_group("conformance-sab-bad-input")

REFUSED = {"status": False, "nzo_ids": []}
BOUNDARY = "----------------------------0123456789abcdef"
MULTIPART = f"multipart/form-data; boundary={BOUNDARY}"
BOMB = (
    b'<?xml version="1.0"?><!DOCTYPE nzb [<!ENTITY a "'
    + b"a" * 1000
    + b'">'
    + b"".join(
        f'<!ENTITY {name} "{f"&{of};" * 50}">'.encode()
        for name, of in zip("bcdefg", "abcdef", strict=True)
    )
    + b']><nzb xmlns="http://www.newzbin.com/DTD/2003/nzb"><head>'
    b'<meta type="x-soulspot-grab">&g;</meta></head><file/></nzb>'
)
EXTERNAL = (
    b'<?xml version="1.0"?><!DOCTYPE nzb [<!ENTITY x SYSTEM "file:///etc/passwd">]>'
    b'<nzb><head><meta type="x-soulspot-grab">&x;</meta></head><file/></nzb>'
)


@pytest.fixture(scope="module")
def started(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Desk]:
    """One service that is shown everything below."""
    with open_desk(tmp_path_factory.mktemp("bad-input"), STILL) as opened:
        opened.nzb(STILL)
        yield opened


@pytest.fixture
def desk(started: Desk) -> Iterator[Desk]:
    """The service with an empty queue; afterwards it is alive, and the queue still empty."""
    yield started
    assert started.call("version")["version"]
    assert started.queue()["slots"] == []
    assert started.history(limit=100)["slots"] == []


def upload(desk: Desk, body: bytes, content_type: str = MULTIPART) -> Json:
    """An `addfile` whose body is exactly this."""
    answer = requests.post(
        desk.endpoint,
        params={"mode": "addfile", "cat": "music", "apikey": desk.service.api_key},
        data=body,
        headers={"Content-Type": content_type},
        timeout=30,
    )
    return json_object(answer)


def part(name: str, content: bytes, *, file_name: str | None = "x.nzb") -> bytes:
    """One part of a multipart body, closed."""
    disposition = f'form-data; name="{name}"'
    if file_name is not None:
        disposition += f'; filename="{file_name}"'
    head = f"--{BOUNDARY}\r\nContent-Disposition: {disposition}\r\n\r\n".encode()
    return head + content + f"\r\n--{BOUNDARY}--\r\n".encode()


def clean(answer: requests.Response) -> str:
    """The text of an answer that shows nothing of the inside."""
    text = answer.text
    assert "Traceback" not in text
    assert "<html" not in text.lower()
    assert "/soulspot_arr/" not in text
    return text


# -- uploads ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("body", "content_type"),
    [
        (b"", MULTIPART),
        (b"--wrong\r\nnothing", MULTIPART),
        (part("name", b"x").replace(BOUNDARY.encode(), b"other"), MULTIPART),
        (part("name", b"x")[:60], MULTIPART),
        (b"abc", "multipart/form-data"),
        (b"abc", "multipart/form-data; boundary="),
        (b"abc", "application/octet-stream"),
        (b"abc", "nonsense"),
        (b"\xff\xfe\x00", MULTIPART),
    ],
    ids=[
        "empty",
        "no such boundary",
        "another boundary",
        "cut off in the head",
        "no boundary",
        "empty boundary",
        "no form",
        "no type",
        "bytes",
    ],
)
def test_a_malformed_upload_is_told_so(desk: Desk, body: bytes, content_type: str) -> None:
    """There is no file in any of them."""
    answer = upload(desk, body, content_type)
    assert answer == {"status": False, "error": "expects one parameter"}


@pytest.mark.parametrize(
    "body",
    [
        part("name", b""),
        part("name", b"", file_name=""),
        part("other", b"garbage"),
        part("name", b"garbage", file_name=None),
        part("name", b"garbage")[:-40],
    ],
    ids=["empty file", "empty name", "wrong field", "no file name", "no end"],
)
def test_an_upload_without_an_nzb_is_refused(desk: Desk, body: bytes) -> None:
    """Whatever exactly is missing."""
    answer = upload(desk, body)
    assert answer["status"] is False
    assert not answer.get("nzo_ids")


@pytest.mark.parametrize("share", [0.2, 0.5, 0.9, 0.99])
def test_a_truncated_nzb_is_refused(desk: Desk, share: float) -> None:
    """Wherever the connection broke off."""
    whole = desk.nzb(STILL)
    answer = upload(desk, part("name", whole[: int(len(whole) * share)]))
    assert (answer["status"], answer["nzo_ids"]) == (False, [])


@pytest.mark.parametrize("document", [BOMB, EXTERNAL], ids=["entity bomb", "external entity"])
def test_entities_are_not_resolved(desk: Desk, document: bytes) -> None:
    """Refused at once: no memory, no time, and nothing of a file on this disk."""
    answer = upload(desk, part("name", document))
    assert (answer["status"], answer["nzo_ids"]) == (False, [])
    assert "root:" not in str(answer)


def test_a_compression_bomb_is_refused(desk: Desk) -> None:
    """Gzip is taken, but not without an end."""
    before = memory(desk)
    answer = upload(desk, part("name", gzip.compress(b" " * 300_000_000, 1)))
    assert (answer["status"], answer["nzo_ids"]) == (False, [])
    assert memory(desk) - before < 60_000


def token(nzb: bytes) -> bytes:
    """The signed text in an NZB of ours."""
    found = re.search(rb'<meta type="x-soulspot-grab">([^<]+)</meta>', nzb)
    assert found is not None
    return found.group(1)


def changed(nzb: bytes, place: int) -> bytes:
    """The NZB with one bit of its token turned over."""
    old = token(nzb)
    raw = bytearray(base64.urlsafe_b64decode(old + b"=" * (-len(old) % 4)))
    raw[place] ^= 1
    return nzb.replace(old, base64.urlsafe_b64encode(bytes(raw)).rstrip(b"="))


@pytest.mark.parametrize("place", [0, 1, 20, -33, -1])
def test_a_changed_token_is_refused_with_a_reason(desk: Desk, place: int) -> None:
    """Version, content and signature are all covered."""
    answer = upload(desk, part("name", changed(desk.nzb(STILL), place)))
    assert (answer["status"], answer["nzo_ids"]) == (False, [])
    assert "NZB" in answer["error"]


@pytest.mark.parametrize("text", [b"", b"!!!", b"AAAA", b"A" * 400], ids=len)
def test_a_forged_token_is_refused(desk: Desk, text: bytes) -> None:
    """Not even looked into."""
    nzb = desk.nzb(STILL)
    answer = upload(desk, part("name", nzb.replace(token(nzb), text)))
    assert (answer["status"], answer["nzo_ids"]) == (False, [])


def test_the_token_of_another_installation_is_refused(desk: Desk, tmp_path: Path) -> None:
    """Two installations on one Lidarr must not download for each other."""
    with ServiceProcess(tmp_path / "other") as other:
        answer = requests.post(
            f"{other.sabnzbd}/api",
            params={"mode": "addfile", "apikey": other.api_key},
            files={"name": ("x.nzb", desk.nzb(STILL))},
            timeout=9,
        )
        refused = json_object(answer)
        assert (refused["status"], refused["nzo_ids"]) == (False, [])
        assert "another installation" in refused["error"]
        assert other.sab("queue")["queue"]["slots"] == []  # type: ignore[index]


def memory(desk: Desk) -> int:
    """Resident kilobytes of the service."""
    pid = desk.service.pid
    status = Path(f"/proc/{pid}/status")
    if not status.exists():  # not Linux
        command = ["ps", "-o", "rss=", "-p", str(pid)]
        return int(subprocess.run(command, check=True, capture_output=True).stdout)
    found = re.search(r"VmRSS:\s+(\d+)", status.read_text())
    assert found is not None
    return int(found.group(1))


def test_fifty_megabytes_are_refused_without_filling_the_memory(desk: Desk) -> None:
    """Spooled to disk by the server, then told in JSON."""
    before = memory(desk)
    answer = upload(desk, part("name", b"x" * 50_000_000))
    assert (answer["status"], answer["nzo_ids"]) == (False, [])
    assert "too large" in answer["error"]
    assert memory(desk) - before < 60_000


def test_twelve_megabytes_of_somebody_elses_nzb_are_refused(desk: Desk) -> None:
    """Below the limit of an upload, above that of an NZB."""
    answer = upload(desk, part("name", b"<nzb>" + b"<file/>" * 1_800_000 + b"</nzb>"))
    assert (answer["status"], answer["nzo_ids"]) == (False, [])


# -- parameters ------------------------------------------------------------------------------------

NOISE = {
    "not utf-8": "%ff%fe%c3%28",
    "nul": "a%00b",
    "surrogate": "%ed%a0%80",
    "control": "%01%02%0a%0d%1b",
    "long": "x" * 100_000,
    "many": "a," * 30_000,
    "number": "9" * 5_000,
    "minus": "--5",
    "float": "1e999",
    "digits": "%d9%a1%d9%a2",  # decimal to Python, but not ASCII
    "sql": "%27%20OR%201%3D1--",
    "path": "..%2F..%2F..%2Fetc%2Fpasswd",
    "format": "%25s%25n{0}{key}",
    "nothing": "",
}
ASKED = (
    "mode=queue&start=N&limit=N&search=N&cat=N&priority=N&status=N&nzo_ids=N",
    "mode=history&start=N&limit=N&search=N&category=N&status=N&last_history_update=N&archive=N",
    "mode=queue&name=delete&value=N&search=N",
    "mode=queue&name=pause&value=N",
    "mode=queue&name=priority&value=N&value2=N",
    "mode=queue&name=rename&value=N&value2=N",
    "mode=history&name=delete&value=N&archive=N&search=N",
    "mode=retry&value=N",
    "mode=switch&value=N&value2=N",
    "mode=change_cat&value=N&value2=music",
    "mode=get_files&value=N",
    "mode=get_config&section=N&keyword=N",
    "mode=addurl&name=N&cat=music&priority=N&nzbname=N",
    "mode=config&name=N&value=N",
    "mode=translate&value=N",
    "mode=warnings&name=N",
    "mode=N",
    "mode=auth&key=N",
)


@pytest.mark.parametrize("noise", NOISE.values(), ids=NOISE.keys())
@pytest.mark.parametrize("asked", ASKED, ids=lambda text: text[:40])
def test_odd_parameters_never_break_a_mode(desk: Desk, asked: str, noise: str) -> None:
    """Each where a number, an id, a name or a text is expected; in the body where it is long."""
    query = "&".join(
        f"{name}={noise}" if value == "N" else f"{name}={value}"
        for name, value in (pair.split("=") for pair in asked.split("&"))
    )
    answer = requests.post(
        f"{desk.endpoint}?apikey={desk.service.api_key}",
        data=query.encode(),
        headers={"Content-Type": "application/x-www-form-urlencoded"},
        timeout=20,
    )
    document = json_object(answer)
    assert "internal error" not in str(document.get("error", "")), document
    clean(answer)


@pytest.mark.parametrize("minutes", ["99999999999", "-5", "x", ""])
def test_an_odd_pause_is_no_error(desk: Desk, minutes: str) -> None:
    """Further than dates reach, or nothing at all."""
    try:
        assert desk.call("config", name="set_pause", value=minutes) == {"status": True}
    finally:
        assert desk.call("resume") == {"status": True}


@pytest.mark.parametrize(
    "sent",
    ["apikey=%ff", "apikey=", "apikey=" + "x" * 5000, "ma_username=%00&ma_password=%ff", ""],
    ids=["bytes", "empty", "long", "login", "none"],
)
def test_odd_keys_are_wrong_or_missing(desk: Desk, sent: str) -> None:
    """And nothing else."""
    answer = requests.get(f"{desk.endpoint}?mode=queue&{sent}", timeout=9)
    assert json_object(answer)["error"] in {"API Key Incorrect", "API Key Required"}


def test_an_url_that_is_too_long_is_refused_by_the_server(desk: Desk) -> None:
    """A quarter of a megabyte: the status is the server's, the text is no page."""
    answer = requests.get(f"{desk.endpoint}?mode=queue&search={'x' * 300_000}", timeout=9)
    assert answer.status_code in {414, 431}
    clean(answer)


@pytest.mark.parametrize("method", ["PUT", "DELETE", "PATCH", "OPTIONS", "TRACE", "BREW"])
def test_other_methods_are_refused_without_a_page(desk: Desk, method: str) -> None:
    """GET, POST and HEAD are all there is."""
    query = {"mode": "queue", "name": "delete", "value": "all", "apikey": desk.service.api_key}
    answer = requests.request(method, desk.endpoint, params=query, timeout=9)
    assert answer.status_code in {200, 400, 405, 501}
    assert not clean(answer) or "json" in answer.headers["Content-Type"]


@pytest.mark.parametrize("path", ["/sabnzbd", "/sabnzbd/", "/sabnzbd/nonsense", "/tapi", "/api/x"])
def test_other_paths_are_not_found_in_json(desk: Desk, path: str) -> None:
    """Not a page either."""
    answer = requests.get(f"{desk.service.url}{path}?mode=queue", timeout=9)
    json_object(answer, status=404)
    clean(answer)


def test_garbage_instead_of_http_is_survived(desk: Desk) -> None:
    """Sockets that talk nonsense, hang up half-way or say nothing."""
    for text in (b"\x00\xff\n\n", b"GET\r\n\r\n", b"POST /sabnzbd/api HTTP/1.1\r\nContent-Le", b""):
        with socket.create_connection(("127.0.0.1", desk.service.port), timeout=5) as peer:
            peer.sendall(text)
    assert desk.call("version") == {"version": "4.5.1"}


# -- inside ----------------------------------------------------------------------------------------


def test_C109_whatever_breaks_inside_is_told_in_json(desk: Desk) -> None:
    """A row nobody can have written: a sentence with a reference, in HTTP 200, and no trace."""
    nzo_id = desk.add(STILL)
    with database_of(desk) as database:
        write = "UPDATE grabs SET created_at = ? WHERE nzo_id = ?"
        database.execute(write, ("long ago", nzo_id))
        document = broken(desk, "queue")
        assert re.fullmatch(r"internal error, see the log for [0-9a-f]{8}", document["error"])
        database.execute(write, ("2026-01-31 12:00:00.000000", nzo_id))
    desk.call("queue", name="delete", value=nzo_id)


def test_C109_a_database_that_fails_is_told_in_json(desk: Desk) -> None:
    """A table is missing for a moment; afterwards everything works again."""
    with database_of(desk) as database:
        database.execute("PRAGMA legacy_alter_table = ON")
        database.execute("ALTER TABLE grabs RENAME TO away")
        try:
            for mode in ("queue", "history", "retry_all"):
                assert "database" in broken(desk, mode)["error"]
        finally:
            database.execute("ALTER TABLE away RENAME TO grabs")


def database_of(desk: Desk) -> closing[sqlite3.Connection]:
    """The database of the running service."""
    path = desk.root / "data" / "soulspot.db"
    return closing(sqlite3.connect(path, isolation_level=None, timeout=20))


def broken(desk: Desk, mode: str) -> Json:
    """The answer of a mode that cannot work at the moment, at both of its addresses."""
    query = {"mode": mode, "apikey": desk.service.api_key, "output": "json"}
    for url in (desk.endpoint, f"{desk.service.url}/api"):
        answer = requests.get(url, params=query, timeout=20)
        clean(answer)
        document = json_object(answer)
        assert document["status"] is False
    return document


def test_S44_two_hundred_polls_and_forty_uploads_at_once(desk: Desk) -> None:
    """Consistent JSON, no 5xx, every upload exactly once in the queue."""
    nzb, key = desk.nzb(STILL), desk.service.api_key

    def poll(number: int) -> int:
        mode = ("queue", "history", "get_config", "version")[number % 4]
        query = urlencode({"mode": mode, "apikey": key, "output": "json"})
        answer = requests.get(f"{desk.endpoint}?{query}", timeout=60)
        document = json_object(answer)
        if mode == "queue":
            ids = [slot["nzo_id"] for slot in document["queue"]["slots"]]
            assert len(ids) == len(set(ids)) == document["queue"]["noofslots"]
        return answer.status_code

    def hand_over(_number: int) -> str:
        answer = desk.post({"name": ("x.nzb", nzb)}, cat="music")
        (nzo_id,) = answer["nzo_ids"]
        assert isinstance(nzo_id, str)
        return nzo_id

    with ThreadPoolExecutor(60) as pool:
        polls = pool.map(poll, range(200))
        added = list(pool.map(hand_over, range(40)))
        assert set(polls) == {200}
    assert len(set(added)) == 40
    assert {slot["nzo_id"] for slot in desk.queue()["slots"]} == set(added)
    desk.call("queue", name="delete", value=",".join(added))
