"""The words of a timeline: lengths of time, ends, reasons, and what is waited for."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from soulspot_arr.rules import timeline_words
from soulspot_arr.rules.timeline_facts import Phase, Spent
from tests.soulspot_arr.rules.timelines import OFFLINE, at, files, grab


def test_where_no_phase_stands_out_none_is_named() -> None:
    """Most of it means at least half."""
    thirds = [Spent(Phase.TURN, 3), Spent(Phase.QUEUE, 3), Spent(Phase.SENDING, 3)]
    words = timeline_words.ending(grab("cancelled"), seconds=9, spent=thirds, peers=1)
    assert words == "Cancelled 9 s after it was grabbed."


@pytest.mark.parametrize(
    ("seconds", "words"),
    [
        (-3, "0 s"), (0, "0 s"), (0.04, "0 s"), (0.31, "0.3 s"), (5, "5 s"), (9.94, "9.9 s"),
        (9.96, "10 s"), (59.4, "59 s"), (59.6, "1 min"), (60, "1 min"), (192, "3 min 12 s"),
        (3599.6, "1 h"), (7500, "2 h 5 min"), (86_400, "1 d"), (273_600, "3 d 4 h"),
    ],
)  # fmt: skip
def test_lengths_of_time_in_words(seconds: float, words: str) -> None:
    """Two units at most, and nothing that is zero."""
    assert timeline_words.took(seconds) == words


@pytest.mark.parametrize(
    ("columns", "words"),
    [
        ({"paused": True}, "It is paused."),
        ({"not_before": at(9999)}, "It starts at 2026-03-14 14:46 UTC."),
        ({"note": "Waiting for anna to come online."}, "Waiting for anna to come online."),
        ({"status": "processing"}, "Its files are being checked."),
        ({"status": "completed"}, "Lidarr has not taken it up yet."),
        ({"status": "cancelled"}, None),
    ],
)
def test_what_a_grab_waits_for(columns: dict[str, Any], words: str | None) -> None:
    """The first of the reasons that holds it up."""
    held = replace(grab("queued"), **columns)
    assert timeline_words.waiting_for(held, files("waiting"), now=at(60)) == words


@pytest.mark.parametrize(
    ("rows", "words"),
    [
        (files("waiting"), "It waits for its turn to be asked for."),
        (files("queued"), "It waits in anna's queue."),
        (
            files("downloading", bytes_done=10 * 1024**2),
            "anna sends: 0 of 3 files and 33% of 90 MiB are here.",
        ),
        (
            [*files("downloading"), *files("downloading", "ben", 4), *files("completed", "ben", 7)],
            "anna and ben send: 3 of 9 files and 0% of 90 MiB are here.",
        ),
        (
            files("waiting", not_before=at(100), failure_message=OFFLINE),
            f"anna is asked again at 12:01:40 UTC ({OFFLINE}).",
        ),
    ],
)
def test_what_its_files_wait_for(rows: list[Any], words: str) -> None:
    """As the transfers stand."""
    assert timeline_words.waiting_for(grab("queued"), rows, now=at(60)) == words


@pytest.mark.parametrize(
    ("columns", "outcome", "ended", "said"),
    [
        ({"status": "imported", "archived_at": at(30)}, "imported", 30, "Taken by Lidarr 30 s"),
        ({"status": "imported", "imported_at": at(20)}, "imported", 20, "Imported into Lidarr 20 s"),
        ({"status": "removed", "archived_at": at(30)}, "removed", 30, "without an import"),
        ({"status": "removed", "failure_message": "lost", "completed_at": at(9)},
         "removed", 9, "Failed 9 s after it was grabbed: lost. It was deleted"),
        ({"status": "failed"}, "failed", 1, "nobody knows why"),
        ({"status": "completed"}, "completed", None, "it has not said anything yet"),
    ],
)  # fmt: skip
def test_every_end_has_its_sentence(
    columns: dict[str, Any], outcome: str, ended: int | None, said: str
) -> None:
    """And its moment, from the columns alone."""
    over = replace(grab("queued"), **columns)
    moment = timeline_words.ended_at(over)
    assert timeline_words.outcome(over) == outcome
    assert moment == (None if ended is None else at(ended))
    seconds = ((moment or over.created_at) - over.created_at) / timedelta(seconds=1)
    assert said in timeline_words.ending(over, seconds=seconds, spent=(), peers=1)


@pytest.mark.parametrize(
    ("columns", "words"),
    [
        ({"status": "failed", "failure_message": "It broke."}, "It broke."),
        ({"imported_at": at(9), "note": "x"}, ""),
        ({"status": "completed", "import_state": "blocked", "import_message": "\n Who?\nWhat?"},
         "Lidarr does not know which album it is. Who?"),
        ({"note": "Looking for another peer."}, "Looking for another peer."),
        ({"paused": True}, "It is paused."),
        ({"status": "cancelled", "note": "old"}, ""),
        ({}, ""),
    ],
)  # fmt: skip
def test_the_reason_in_a_list(columns: dict[str, Any], words: str) -> None:
    """Only where something holds it up or went wrong."""
    assert timeline_words.reason(replace(grab("queued"), **columns)) == words


def test_numbers_sizes_and_stops() -> None:
    """As people write them."""
    assert timeline_words.spelled(1, "peer") == "one peer"
    assert timeline_words.spelled(12, "peer") == "12 peers"
    assert timeline_words.size(3 * 1024**3) == "3.0 GiB"
    assert timeline_words.sentence("Done ") == "Done."
    assert timeline_words.sentence("Why?") == "Why?"
    assert timeline_words.sentence("") == ""
