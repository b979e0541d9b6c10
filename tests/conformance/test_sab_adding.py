"""SABnzbd rows about handing grabs over: uploads and links.

Rows A01-A13, S17, S41 and C-73…C-83. The peer never sends, so what was added stays in the queue.
"""

from __future__ import annotations

import json
import time
from collections.abc import Iterator

import pytest
import requests

from soulspot_arr.demo.library import simple_album
from soulspot_arr.demo.newznab_client import NewznabClient
from soulspot_arr.demo.sabnzbd_client import SabnzbdClient, upload_name
from tests.conformance.desk import STILL, TRACKS, Desk, Json, json_object, open_desk

pytestmark = pytest.mark.xdist_group("conformance-sab-adding")

SLASHED = simple_album("Tide/Wrack", "Salt: A History?", 1987, TRACKS)
FOREIGN_NZB = (
    b'<?xml version="1.0" encoding="UTF-8"?>\n'
    b'<!DOCTYPE nzb PUBLIC "-//newzBin//DTD NZB 1.1//EN" "http://www.newzbin.com/DTD/nzb.dtd">\n'
    b'<nzb xmlns="http://www.newzbin.com/DTD/2003/nzb"><file poster="a@b" date="1" subject="x">'
    b'<groups><group>alt.binaries.sounds</group></groups><segments><segment bytes="9" number="1">'
    b"a@b</segment></segments></file></nzb>"
)


@pytest.fixture(scope="module")
def desk(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Desk]:
    """One service; its queue grows from test to test."""
    with open_desk(tmp_path_factory.mktemp("adding"), STILL, SLASHED) as opened:
        opened.behave(SLASHED, "never")
        yield opened


def slot_of(desk: Desk, nzo_id: str) -> Json:
    found = desk.queued(nzo_id)
    assert found is not None
    return found


def as_lidarr(desk: Desk) -> SabnzbdClient:
    return SabnzbdClient(desk.service.sabnzbd, desk.service.api_key, "music")


# -- uploads ---------------------------------------------------------------------------------------


def test_A01_C073_lidarrs_upload_returns_one_new_id(desk: Desk) -> None:
    """Options in the query, one part called `name` with the cleaned title as file name."""
    answer = desk.post(
        {"name": (upload_name(desk.title(STILL)), desk.nzb(STILL), "application/x-nzb")},
        cat="music",
        priority=-100,
    )
    assert answer["status"] is True
    (nzo_id,) = answer["nzo_ids"]
    assert nzo_id.startswith("SABnzbd_nzo_")


def test_A02_A03_the_answer_comes_at_once_and_the_slot_with_it(desk: Desk) -> None:
    """Before any transfer starts; a slow one would leave a job Lidarr does not know."""
    nzb, began = desk.nzb(STILL), time.monotonic()
    nzo_id = as_lidarr(desk).add(nzb, desk.title(STILL))
    assert time.monotonic() - began < 30  # its peer never sends anything
    assert desk.queued(nzo_id) is not None


def test_A04_the_title_comes_from_the_nzb_and_not_from_the_file_name(desk: Desk) -> None:
    """Lidarr cleans the file name: a slash arrives as a plus."""
    title = desk.title(SLASHED)
    assert upload_name(title) != f"{title}.nzb"
    nzo_id = as_lidarr(desk).add(desk.nzb(SLASHED), title)
    assert slot_of(desk, nzo_id)["filename"] == title
    assert "Tide/Wrack" in title


def test_A05_C080_the_same_nzb_twice_is_two_jobs(desk: Desk) -> None:
    """An id that is used again inherits Lidarr's cached final state."""
    first, second = desk.add(STILL), desk.add(STILL)
    assert first != second
    assert {first, second} <= {slot["nzo_id"] for slot in desk.queue()["slots"]}


@pytest.mark.parametrize(
    "name", ["Björk – Début.nzb", "雨.nzb", "a\u202eb.nzb", "x" * 400 + ".nzb"]
)
def test_A06_the_file_name_may_be_raw_utf8(desk: Desk, name: str) -> None:
    """Lidarr escapes nothing; the name does not matter."""
    boundary = "-------------------------------0123456789abcdef"
    body = (
        f'--{boundary}\r\nContent-Disposition: form-data; name="name"; filename="{name}"\r\n'
        "Content-Type: application/x-nzb\r\n\r\n"
    ).encode() + desk.nzb(STILL)
    answer = requests.post(
        desk.endpoint,
        params={"mode": "addfile", "cat": "music", "apikey": desk.service.api_key},
        data=body + f"\r\n--{boundary}--\r\n".encode(),
        headers={"Content-Type": f"multipart/form-data; boundary={boundary}"},
        timeout=9,
    )
    (nzo_id,) = json_object(answer)["nzo_ids"]
    assert slot_of(desk, nzo_id)["filename"] == desk.title(STILL)


def test_A07_somebody_elses_nzb_is_refused_without_an_error(desk: Desk) -> None:
    """Lidarr takes its next candidate without a penalty; nothing is queued."""
    before = desk.queue()["noofslots"]
    answer = desk.post({"name": ("real.nzb", FOREIGN_NZB)}, cat="music")
    assert answer == {"status": True, "nzo_ids": []}
    assert desk.queue()["noofslots"] == before


def test_A08_C077_without_a_file_the_answer_says_so(desk: Desk) -> None:
    """HTTP 200 and an error."""
    answer = desk.post(None, cat="music")
    assert answer == {"status": False, "error": "expects one parameter"}


@pytest.mark.parametrize(
    ("priority", "word", "status"),
    [
        (-100, "Normal", "Queued"),
        (-2, "Normal", "Paused"),
        (-1, "Low", "Queued"),
        (0, "Normal", "Queued"),
        (1, "High", "Queued"),
        (2, "Force", "Queued"),
    ],
)
def test_A10_C079_every_priority_of_lidarr_is_accepted(
    desk: Desk, priority: int, word: str, status: str
) -> None:
    """-2 starts paused and shows Normal, as the real thing does."""
    slot = slot_of(desk, desk.add(STILL, priority=priority))
    assert (slot["priority"], slot["status"]) == (word, status)


@pytest.mark.parametrize("priority", ["", "High", "1.5", "99", "-7", "0x1"])
def test_an_odd_priority_is_the_default(desk: Desk, priority: str) -> None:
    """Never a reason to refuse a grab."""
    assert slot_of(desk, desk.add(STILL, priority=priority))["priority"] == "Normal"


def test_A11_no_nzbname_is_needed(desk: Desk) -> None:
    """Lidarr sends none."""
    assert slot_of(desk, desk.add(STILL))["filename"] == desk.title(STILL)


@pytest.mark.parametrize("cat", ["", "*", "None", "default"])
def test_A12_no_category_is_the_star(desk: Desk, cat: str) -> None:
    """As SABnzbd spells it."""
    assert slot_of(desk, desk.add(STILL, cat=cat))["cat"] == "*"


def test_A13_C107_a_restart_changes_nothing(desk: Desk) -> None:
    """Id, title, category, priority and pause are there again after a kill -9."""
    desk.add(STILL, cat="Keeps", priority=-2)
    desk.add(STILL, cat="Keeps", priority=1)

    def shown() -> list[tuple[str, ...]]:
        names = ("nzo_id", "filename", "cat", "priority", "status", "mb")
        slots = desk.queue(category="Keeps")["slots"]
        return [tuple(slot[name] for name in names) for slot in slots]

    before = shown()
    desk.service.kill()
    desk.service.start()
    assert shown() == before
    assert len(before) == 2


def test_S17_C078_an_unknown_category_is_kept_and_known_from_then_on(desk: Desk) -> None:
    """Real SABnzbd lets it fall to `*`, and Lidarr never sees the job again."""
    assert slot_of(desk, desk.add(STILL, cat="newCat"))["cat"] == "newCat"
    names = [entry["name"] for entry in desk.call("get_config")["config"]["categories"]]
    assert "newCat" in names


@pytest.mark.parametrize("part", ["name", "nzbfile"])
def test_C074_the_part_may_be_called_nzbfile(desk: Desk, part: str) -> None:
    """Other tools do; options may stand in the form, too."""
    form = {"mode": "addfile", "apikey": desk.service.api_key, "cat": "shelf", "priority": "1"}
    files = {part: ("x.nzb", desk.nzb(STILL))}
    answer = json_object(requests.post(desk.endpoint, data=form, files=files, timeout=9))
    (nzo_id,) = answer["nzo_ids"]
    assert (slot_of(desk, nzo_id)["cat"], slot_of(desk, nzo_id)["priority"]) == ("shelf", "High")


def test_C075_nzbname_becomes_the_title(desk: Desk) -> None:
    """Without its ending."""
    assert slot_of(desk, desk.add(STILL, nzbname="Chosen Name.nzb"))["filename"] == "Chosen Name"


TITLES = {
    "emoji": "🎵 Night 🎶",
    "quotes": 'He said "so" & \\ / <tag>',
    "control": "tab\there\nline\x00nul\x1f",
    "direction": "\u202eevil\u200b",
    "long": "y" * 5000,
}


@pytest.mark.parametrize("title", TITLES.values(), ids=TITLES.keys())
def test_S41_any_title_stays_valid_json(desk: Desk, title: str) -> None:
    """Never null, never a control character, never endless."""
    nzo_id = desk.add(STILL, nzbname=title)
    shown = slot_of(desk, nzo_id)["filename"]
    assert shown
    assert len(shown) <= 400
    assert not [sign for sign in shown if ord(sign) < 32]
    assert json.loads(json.dumps(shown)) == shown


@pytest.mark.parametrize(
    "content",
    [b"", b"garbage", b"<html><body>no</body></html>", b'{"nzb": 1}', b"<nzb></nzb>", b"\x00" * 99],
    ids=["empty", "text", "html", "json", "no file in it", "zeros"],
)
def test_C076_garbage_is_refused(desk: Desk, content: bytes) -> None:
    """HTTP 200, no id, nothing queued."""
    before = desk.queue()["noofslots"]
    assert desk.post({"name": ("x.nzb", content)}) == {"status": False, "nzo_ids": []}
    assert desk.queue()["noofslots"] == before


# -- links -----------------------------------------------------------------------------------------


def link_of(desk: Desk) -> str:
    client = NewznabClient(desk.service.newznab, "/api", desk.service.api_key, pacing=0.0)
    return client.search_album(STILL.artist, STILL.title)[0].url


def test_C081_our_own_link_is_taken(desk: Desk) -> None:
    """GET, as autobrr and LunaSea do it; the category may be missing."""
    answer = desk.call("addurl", name=link_of(desk), cat="music")
    assert answer["status"] is True
    (nzo_id,) = answer["nzo_ids"]
    slot = slot_of(desk, nzo_id)
    assert (slot["filename"], slot["cat"]) == (desk.title(STILL), "music")


def test_C082_a_posted_link_is_taken(desk: Desk) -> None:
    """NZBHydra2 and Prowlarr post it, with a name of their own."""
    form = {
        "mode": "addurl",
        "apikey": desk.service.api_key,
        "name": link_of(desk),
        "nzbname": "Hydra's name",
        "cat": "hydra",
        "priority": "-100",
    }
    (nzo_id,) = json_object(requests.post(desk.endpoint, data=form, timeout=9))["nzo_ids"]
    assert slot_of(desk, nzo_id)["filename"] == "Hydra's name"


@pytest.mark.parametrize(
    "link",
    [
        "",
        "ftp://example.org/x.nzb",
        "file:///etc/passwd",
        "not a link",
        "http://[",
        "http://127.0.0.1:1/x.nzb",
        "http://127.0.0.1:1/newznab/api?t=get&id=0123&r=0123",
        "http://127.0.0.1:1/newznab/api?t=caps",
    ],
)
def test_C083_other_links_are_refused(desk: Desk, link: str) -> None:
    """Nothing is fetched for anybody."""
    assert desk.call("addurl", name=link, cat="music") == {"status": False, "nzo_ids": []}


def test_a_link_with_a_forged_signature_is_refused(desk: Desk) -> None:
    """The signature is what makes a link ours."""
    link = link_of(desk)
    forged = link[:-4] + ("0000" if not link.endswith("0000") else "1111")
    assert desk.call("addurl", name=forged) == {"status": False, "nzo_ids": []}
