"""SABnzbd rows about looking at the queue: one service with six slots that do not change.

Rows S20-S30 and C-33…C-59, C-106, and how dashboards read all of it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal

import pytest

from tests.arr_compat import readers
from tests.conformance.desk import SLOW, STILL, Desk, Json, open_desk

pytestmark = pytest.mark.xdist_group("conformance-sab-queue")


@dataclass(frozen=True, slots=True)
class Busy:
    """The desk and what was queued."""

    desk: Desk
    moving: str
    waiting: str
    paused: str
    other: str
    forced: str
    low: str

    @property
    def music(self) -> set[str]:
        """Ids in the category Lidarr asks for."""
        return {self.moving, self.waiting, self.paused, self.forced, self.low}

    def slot(self, nzo_id: str) -> Json:
        """One slot, which is there."""
        found = self.desk.queued(nzo_id)
        assert found is not None
        return found


@pytest.fixture(scope="module")
def busy(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Busy]:
    """Six grabs: one that moves, one paused, one of another category, three that wait."""
    with open_desk(tmp_path_factory.mktemp("queue"), STILL, SLOW) as desk:
        opened = Busy(
            desk,
            moving=desk.add(SLOW),
            waiting=desk.add(STILL),
            paused=desk.add(STILL, priority=-2),
            other=desk.add(STILL, cat="Other Shelf"),
            forced=desk.add(STILL, priority=2),
            low=desk.add(STILL, priority=-1),
        )
        desk.wait_status(opened.moving, "Downloading")
        yield opened


def ids(queue: Json) -> list[str]:
    return [slot["nzo_id"] for slot in queue["slots"]]


# -- paging and filters ----------------------------------------------------------------------------


def test_S20_C033_C056_without_a_limit_everything_is_listed(busy: Busy) -> None:
    """Lidarr's own request: `start=0&limit=0&category=music`."""
    queue = busy.desk.queue(start=0, limit=0, category="music")
    assert set(ids(queue)) == busy.music
    assert len(ids(busy.desk.queue())) == 6


def test_S21_C057_a_limit_of_one_keeps_the_totals_of_all(busy: Busy) -> None:
    """exportarr asks so and shows the totals."""
    queue = busy.desk.queue(start=0, limit=1)
    assert len(queue["slots"]) == 1
    assert queue["noofslots"] == 6
    assert Decimal(queue["mb"]) > Decimal(queue["slots"][0]["mb"])


@pytest.mark.parametrize("limit", [2, 5, 100])
def test_C058_at_most_so_many_slots(busy: Busy, limit: int) -> None:
    """LunaSea and Homarr."""
    assert len(busy.desk.queue(limit=limit)["slots"]) == min(limit, 6)


def test_pages_follow_each_other(busy: Busy) -> None:
    """`start` with `limit`; `index` is the place in the whole queue."""
    whole = busy.desk.queue()
    first, second = busy.desk.queue(start=0, limit=4), busy.desk.queue(start=4, limit=4)
    assert ids(first) + ids(second) == ids(whole)
    assert [slot["index"] for slot in second["slots"]] == [4, 5]


def test_S30_another_category_shows_none_of_ours(busy: Busy) -> None:
    """Never an error, also for a category nobody has used."""
    assert ids(busy.desk.queue(category="Other Shelf")) == [busy.other]
    assert ids(busy.desk.queue(category="nobody")) == []


@pytest.mark.parametrize("name", ["cat", "category"])
def test_C059_categories_are_a_list_and_exact(busy: Busy, name: str) -> None:
    """Comma separated and case-sensitive."""
    assert len(ids(busy.desk.queue(**{name: "music,Other Shelf"}))) == 6
    assert ids(busy.desk.queue(**{name: "MUSIC"})) == []


def test_C059_search_looks_into_titles(busy: Busy) -> None:
    """Without regard to case; the header counts what matched."""
    queue = busy.desk.queue(search="glacier RADIO")
    assert ids(queue) == [busy.moving]
    assert queue["noofslots"] == 1


def test_C059_ids_are_a_list(busy: Busy) -> None:
    """`nzo_ids=a,b`; unknown ones do no harm."""
    queue = busy.desk.queue(nzo_ids=f"{busy.moving}, {busy.other},nonsense")
    assert set(ids(queue)) == {busy.moving, busy.other}
    assert queue["noofslots"] == 2


def test_C059_priorities_are_numbers(busy: Busy) -> None:
    """Text such as `High` becomes 0 and so matches Normal."""
    assert ids(busy.desk.queue(priority="2")) == [busy.forced]
    assert set(ids(busy.desk.queue(priority="2,-1"))) == {busy.forced, busy.low}
    assert busy.waiting in ids(busy.desk.queue(priority="High"))


def test_C059_status_is_a_list(busy: Busy) -> None:
    """The words of the slots."""
    assert ids(busy.desk.queue(status="Paused")) == [busy.paused]
    assert set(ids(busy.desk.queue(status="Paused,Downloading"))) == {busy.paused, busy.moving}


def test_C067_an_unknown_name_is_the_plain_listing(busy: Busy) -> None:
    """As in the real thing."""
    assert len(busy.desk.queue(name="unknown")["slots"]) == 6


# -- slots -----------------------------------------------------------------------------------------


def test_S22_C046_ids_are_unique_texts(busy: Busy) -> None:
    """A duplicate makes Lidarr throw; grabs of one release are two jobs."""
    found = ids(busy.desk.queue())
    assert len(set(found)) == 6
    assert all(re.fullmatch(r"SABnzbd_nzo_[a-z0-9_]{8,}", nzo_id) for nzo_id in found)


def test_S23_C047_the_title_is_the_one_of_the_feed(busy: Busy) -> None:
    """Not the name of the uploaded file."""
    assert busy.slot(busy.moving)["filename"] == busy.desk.title(SLOW)
    assert busy.slot(busy.other)["filename"] == busy.desk.title(STILL)


def test_S24_C048_the_category_comes_back_in_its_own_case(busy: Busy) -> None:
    """Lidarr compares exactly; an unknown category does not fall to `*` (C-78)."""
    assert busy.slot(busy.moving)["cat"] == "music"
    assert busy.slot(busy.other)["cat"] == "Other Shelf"


def test_S25_C049_every_status_is_one_of_the_sixteen_words(busy: Busy) -> None:
    """Any other word loses the whole poll."""
    words = {slot["nzo_id"]: slot["status"] for slot in busy.desk.queue()["slots"]}
    assert {word.lower() for word in words.values()} <= readers.LIDARR_WORDS
    assert words[busy.moving] == "Downloading"
    assert words[busy.waiting] == "Queued"
    assert words[busy.paused] == "Paused"


def test_S26_C050_the_time_left_has_three_or_four_whole_parts(busy: Busy) -> None:
    """Also when nobody knows: then it is `0:00:00`."""
    for slot in busy.desk.queue()["slots"]:
        readers.time_parts(slot["timeleft"])
    assert busy.slot(busy.waiting)["timeleft"] == "0:00:00"


def test_S27_C051_sizes_are_texts_in_mebibytes(busy: Busy) -> None:
    """Two decimals, never more left than there is, and the size the feed promised."""
    size = sum(file.size for file in busy.desk.simulator.world.peers["ansel_rook"].files.values())
    for slot in busy.desk.queue()["slots"]:
        assert re.fullmatch(r"\d+\.\d\d", slot["mb"])
        assert re.fullmatch(r"\d+\.\d\d", slot["mbleft"])
        assert 0 <= Decimal(slot["mbleft"]) <= Decimal(slot["mb"])
    assert abs(float(busy.slot(busy.waiting)["mb"]) - size / 1048576) < 0.01


def test_S28_C051_C052_percentage_and_index_are_whole(busy: Busy) -> None:
    """`percentage` is text, `index` a number; `50.0` would be fatal."""
    for place, slot in enumerate(busy.desk.queue()["slots"]):
        assert re.fullmatch(r"\d{1,2}", slot["percentage"])
        assert slot["index"] == place
        assert type(slot["index"]) is int


def test_S29_C053_the_priority_is_a_word(busy: Busy) -> None:
    """Force, High, Normal or Low; a paused one is Normal."""
    assert busy.slot(busy.forced)["priority"] == "Force"
    assert busy.slot(busy.low)["priority"] == "Low"
    assert busy.slot(busy.paused)["priority"] == "Normal"
    assert busy.slot(busy.moving)["priority"] == "Normal"


def test_C054_labels_are_a_list_and_there_is_no_eta(busy: Busy) -> None:
    """Notifiarr cannot read the `eta` of a modern version."""
    for slot in busy.desk.queue()["slots"]:
        assert slot["labels"] == []
        assert "eta" not in slot


def test_C055_nothing_in_the_queue_is_done(busy: Busy) -> None:
    """Neither the word nor 100 %."""
    for slot in busy.desk.queue()["slots"]:
        assert slot["status"] not in {"Completed", "Failed"}
        assert int(slot["percentage"]) < 100


def test_C106_get_files_lists_the_files_of_a_slot(busy: Busy) -> None:
    """An unknown id has none; `bytes` is a text with decimals."""
    files = busy.desk.call("get_files", value=busy.moving)["files"]
    assert [file["filename"] for file in files] == ["01 - Lantern.flac", "02 - Quarry.flac"]
    for file in files:
        assert re.fullmatch(r"\d+\.\d\d", file["bytes"])
        assert file["status"] in {"finished", "active", "queued"}
        assert ("set" in file) is (file["status"] == "queued")
    for value in ("SABnzbd_nzo_unknown", "", "\0", "a\0b", ","):
        assert busy.desk.call("get_files", value=value) == {"files": []}


# -- header ----------------------------------------------------------------------------------------


def test_C034_C035_the_header_names_the_version_and_pauses_as_booleans(busy: Busy) -> None:
    """nzb360 needs the version, exportarr real booleans."""
    queue = busy.desk.queue()
    assert queue["version"] == busy.desk.call("version")["version"]
    assert queue["paused"] is False
    assert queue["paused_all"] is False


def test_C036_C037_the_speed_is_text_with_a_unit(busy: Busy) -> None:
    """Homepage splits it at the blank; `kbpersec` is the number of it."""
    queue = busy.desk.queue()
    assert re.fullmatch(r"(\d+(\.\d)? [BKMGTP]|0)", queue["speed"])
    assert re.fullmatch(r"\d+\.\d\d", queue["kbpersec"])
    assert float(queue["kbpersec"]) > 0


def test_C038_the_sizes_of_the_header_are_texts(busy: Busy) -> None:
    """Two decimals; paused jobs are left out (§1.4.2)."""
    queue = busy.desk.queue()
    assert re.fullmatch(r"\d+\.\d\d", queue["mb"])
    assert re.fullmatch(r"\d+\.\d\d", queue["mbleft"])
    unpaused = [slot for slot in queue["slots"] if slot["status"] != "Paused"]
    assert abs(sum(float(slot["mb"]) for slot in unpaused) - float(queue["mb"])) < 0.1


def test_C039_C040_both_counts_are_numbers(busy: Busy) -> None:
    """The names mislead: `_total` is the smaller one, without paused jobs."""
    queue = busy.desk.queue()
    assert (queue["noofslots"], queue["noofslots_total"]) == (6, 5)


def test_C041_the_time_left_of_all(busy: Busy) -> None:
    """`H:MM:SS` or `D:HH:MM:SS`."""
    assert readers.time_parts(busy.desk.queue()["timeleft"]) > 0


def test_C042_disk_space_is_text_in_gibibytes(busy: Busy) -> None:
    """And positive: it is a real disk."""
    queue = busy.desk.queue()
    for name in ("diskspace1", "diskspace2", "diskspacetotal1", "diskspacetotal2"):
        assert re.fullmatch(r"\d+\.\d\d", queue[name])
        assert float(queue[name]) > 0


def test_C043_C044_the_rest_of_the_header_has_the_types_of_the_real_thing(busy: Busy) -> None:
    """Texts, sizes with unit, booleans and one null."""
    queue = busy.desk.queue()
    for name in ("speedlimit", "speedlimit_abs", "have_warnings", "cache_art", "pause_int"):
        assert re.fullmatch(r"\d+", queue[name]), name
    for name in ("quota", "left_quota", "cache_size"):
        assert re.fullmatch(r"\d+ B", queue[name]), name
    assert queue["finishaction"] is None
    assert queue["have_quota"] is False


def test_C045_the_status_of_all_is_one_of_three(busy: Busy) -> None:
    """Bytes are moving."""
    assert busy.desk.queue()["status"] == "Downloading"


def test_every_dashboard_reads_the_busy_queue(busy: Busy) -> None:
    """§6: Lidarr, Homarr, Notifiarr, exportarr; one bad slot would fail each of them."""
    document = busy.desk.call("queue")
    items = {item.download_id: item for item in readers.lidarr_queue(document)}
    assert items[busy.moving].status == "Downloading"
    assert items[busy.waiting].status == "Queued"
    assert items[busy.paused].status == "Paused"
    for reader in (readers.homarr_queue, readers.notifiarr_queue, readers.exportarr_queue):
        reader(document)
