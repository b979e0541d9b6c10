"""SABnzbd rows about looking at the history: completed, failed and archived grabs that stay.

Rows S32-S37 and C-84…C-98, and how dashboards and Lidarr read all of it.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.arr_compat import readers
from tests.conformance.desk import QUICK, REFUSED, STILL, Desk, Json, open_desk

pytestmark = pytest.mark.xdist_group("conformance-sab-history")


@dataclass(frozen=True, slots=True)
class Past:
    """The desk and what ended there, in this order."""

    desk: Desk
    queue_title: str
    done: str
    failed: str
    other: str
    archived: str

    def slot(self, nzo_id: str) -> Json:
        """One history slot, which is there."""
        found = self.desk.ended(nzo_id)
        assert found is not None
        return found


@pytest.fixture(scope="module")
def past(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Past]:
    """One completed grab, one failed, one failed of another category, one archived."""
    with open_desk(tmp_path_factory.mktemp("history"), QUICK, REFUSED, STILL) as desk:
        desk.add(STILL)  # something stays queued beside
        done = desk.add(QUICK)
        slot = desk.queued(done)
        assert slot is not None
        desk.wait_ended(done)
        failed, other, archived = desk.add(REFUSED), desk.add(REFUSED, cat="other"), ""
        desk.wait_ended(failed)
        desk.wait_ended(other)
        archived = desk.add(REFUSED)
        desk.wait_ended(archived)
        desk.call("history", name="delete", value=archived, del_files=1, archive=1)
        yield Past(desk, slot["filename"], done, failed, other, archived)


def ids(history: Json) -> list[str]:
    return [slot["nzo_id"] for slot in history["slots"]]


# -- slots -----------------------------------------------------------------------------------------


def test_S32_C093_C095_a_completed_slot_names_its_own_folder(past: Past) -> None:
    """Absolute, existing, below the category, with nothing but the finished tracks in it."""
    slot = past.slot(past.done)
    assert slot["status"] == "Completed"
    storage = Path(slot["storage"])
    assert storage.is_absolute()
    assert "\\" not in slot["storage"]
    assert storage.parent == past.desk.simulator.downloads_dir / "soulspot" / "music"
    assert sorted(path.name for path in storage.rglob("*")) == [
        "01 - Lantern.flac",
        "02 - Quarry.flac",
    ]


def test_S33_the_name_is_the_one_it_had_in_the_queue(past: Past) -> None:
    """And both are the title of the feed."""
    assert past.slot(past.done)["name"] == past.queue_title == past.desk.title(QUICK)
    assert past.slot(past.failed)["name"] == past.desk.title(REFUSED)


def test_S34_the_category_has_its_other_name_here(past: Past) -> None:
    """`category`, where the queue says `cat`."""
    slot = past.slot(past.done)
    assert slot["category"] == "music"
    assert "cat" not in slot
    assert past.slot(past.other)["category"] == "other"


def test_S35_C092_numbers_are_json_numbers(past: Past) -> None:
    """Whole ones; `bytes` is the size of the tracks."""
    for slot in past.desk.history(limit=60)["slots"]:
        for name in ("bytes", "completed", "download_time", "postproc_time", "time_added"):
            assert type(slot[name]) is int, name
    storage = Path(past.slot(past.done)["storage"])
    size = sum(path.stat().st_size for path in storage.rglob("*.flac"))
    assert past.slot(past.done)["bytes"] == size


def test_S36_C097_success_has_no_message(past: Past) -> None:
    """Lidarr shows it as an error also for completed items."""
    assert past.slot(past.done)["fail_message"] == ""


def test_S37_C096_a_failure_says_why_under_the_same_id_and_category(past: Past) -> None:
    """A sentence for people, never the disk-full literal."""
    slot = past.slot(past.failed)
    assert (slot["status"], slot["category"], slot["storage"]) == ("Failed", "music", "")
    assert "dorian_vale refuses to send the file" in slot["fail_message"]
    assert slot["fail_message"].lower() != readers.DISK_FULL


def test_C094_the_folder_is_called_like_the_title_and_no_parent_is(past: Past) -> None:
    """Lidarr's walk up the path takes the outermost folder of that name."""
    slot = past.slot(past.done)
    storage = Path(slot["storage"])
    assert storage.name == slot["name"]
    assert slot["name"] not in [parent.name for parent in storage.parents]


def test_C098_stages_action_line_loaded_and_retry(past: Past) -> None:
    """What LunaSea and Notifiarr show."""
    for slot in past.desk.history(limit=60)["slots"]:
        assert slot["action_line"] == ""
        assert slot["loaded"] is False
        assert slot["retry"] is (slot["status"] == "Failed")
        for stage in slot["stage_log"]:
            assert isinstance(stage["name"], str)
            assert all(isinstance(line, str) for line in stage["actions"])
    assert any(
        "marlow_fen" in line
        for stage in past.slot(past.done)["stage_log"]
        for line in stage["actions"]
    )


def test_S40_no_id_is_in_both_lists(past: Past) -> None:
    """Also not in neither."""
    queue = {slot["nzo_id"] for slot in past.desk.queue()["slots"]}
    history = set(ids(past.desk.history(limit=60)))
    assert queue & history == set()
    assert history == {past.done, past.failed, past.other}


# -- filters ---------------------------------------------------------------------------------------


def test_C085_lidarrs_own_request_gets_its_category_newest_first(past: Past) -> None:
    """What still has to be imported stands before what failed."""
    history = past.desk.history(start=0, limit=60, category="music")
    assert ids(history) == [past.done, past.failed]
    assert ids(past.desk.history(start=0, limit=60)) == [past.done, past.other, past.failed]
    assert history["noofslots"] == 2


def test_C085_failures_of_another_category_do_not_push_ours_out(past: Past) -> None:
    """The category is looked at before the limit."""
    assert ids(past.desk.history(limit=1, category="music", failed_only=1)) == [past.failed]
    assert past.desk.history(limit=1)["noofslots"] == 3


def test_C087_a_limit_of_one_and_the_sizes_of_all(past: Past) -> None:
    """Home Assistant reads every key that ends in `size`."""
    history = past.desk.history(limit=1)
    assert ids(history) == [past.done]
    for name in ("total_size", "month_size", "week_size", "day_size"):
        readers.size_text(history[name])  # summed up once a minute, so it may still be zero


def test_C088_an_unchanged_history_is_false_for_the_exact_counter_only(past: Past) -> None:
    """The counter is not one that clients may still hold from before a restart."""
    counter = past.desk.history()["last_history_update"]
    assert counter > 1
    unchanged = past.desk.call("history", last_history_update=counter)
    assert unchanged == {"history": False}
    for other in (0, 1, counter - 1, counter + 1):
        assert "slots" in past.desk.history(last_history_update=other)


def test_C089_the_archive_lists_what_was_deleted_into_it(past: Past) -> None:
    """Notifiarr asks for nothing else."""
    archive = past.desk.history(archive=1)
    assert ids(archive) == [past.archived]
    assert archive["slots"][0]["archive"] is True
    assert archive["slots"][0]["status"] == "Failed"


def test_C090_without_the_archive_it_is_the_normal_list(past: Past) -> None:
    """NZBHydra2 says so explicitly."""
    assert past.archived not in ids(past.desk.history(archive=0, limit=60))
    assert past.done in ids(past.desk.history(archive=0, limit=60))


def test_C091_only_failures(past: Past) -> None:
    """`failed_only` wins over `status`."""
    assert set(ids(past.desk.history(failed_only=1))) == {past.failed, past.other}
    assert set(ids(past.desk.history(failed_only=1, status="Completed"))) == {
        past.failed,
        past.other,
    }


@pytest.mark.parametrize(
    ("parameters", "names"),
    [
        ({"status": "Completed"}, ["done"]),
        ({"status": "Failed"}, ["other", "failed"]),
        ({"search": "copper"}, ["done"]),
        ({"category": "other"}, ["other"]),
        ({"cat": "OTHER"}, []),
    ],
    ids=["status completed", "status failed", "search", "category", "exact case"],
)
def test_other_filters(past: Past, parameters: dict[str, str], names: list[str]) -> None:
    """SABnzbd §1.4.4."""
    expected = [getattr(past, name) for name in names]
    assert ids(past.desk.history(limit=60, **parameters)) == expected


def test_an_unknown_name_is_the_plain_listing(past: Past) -> None:
    """As in the real thing."""
    assert past.done in ids(past.desk.history(name="unknown"))


# -- readers ---------------------------------------------------------------------------------------


def test_every_client_reads_the_history(past: Past) -> None:
    """§6; Lidarr sees one completed and one failed item of its category."""
    document = past.desk.call("history", start=0, limit=60, category="music")
    items = {item.download_id: item for item in readers.lidarr_history(document)}
    assert items[past.done].status == "Completed"
    assert items[past.failed].status == "Failed"
    for reader in (readers.homarr_history, readers.notifiarr_history):
        reader(document)
        reader(past.desk.call("history", archive=1))


def test_the_statistics_count_what_arrived(past: Past) -> None:
    """C-29 with something in it."""
    stats = past.desk.call("server_stats")
    readers.exportarr_stats(stats)
    assert stats["day"] == stats["total"] == past.slot(past.done)["bytes"]
