"""Timelines: what the steps are, how long everything took, how it ended, what is missing when purged."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from soulspot_arr.rules import timeline_events
from soulspot_arr.rules.timeline import timeline
from soulspot_arr.rules.timeline_facts import Facts, Phase, Spent, Step, StepKind, Timeline
from tests.soulspot_arr.rules.timelines import (
    CANCELLED,
    FAILED,
    HEARD,
    IMPORTED,
    OFFLINE,
    REFUSED,
    WAITING,
    at,
    event,
    files,
    grab,
    of_files,
)


def kinds(story: Timeline) -> list[str]:
    """The names of its steps."""
    return [step.kind.value for step in story.steps]


def the(story: Timeline, kind: str) -> Step:
    """Its only step of a kind."""
    (found,) = [step for step in story.steps if step.kind == kind]
    return found


# -- the whole way ---------------------------------------------------------------------------------


def test_an_import_is_told_from_the_question_on() -> None:
    """Every station in its order, with the time since the one before."""
    story = timeline(IMPORTED)
    assert kinds(story) == [
        "asked", "found", "grabbed", "requested", "queued", "sending", "arrived", "verified",
        "rehearsed", "reported", "imported", "taken",
    ]  # fmt: skip
    assert [step.after for step in story.steps] == [None, 3, 5, 1, 1, 119, 59, 0, 3, 1, 8, 1]
    assert (story.over, story.seconds, story.waiting_for) == (True, 192, None)
    assert story.end == (
        "Imported into Lidarr 3 min 12 s after it was grabbed; most of it waiting in a queue (2 min)."
    )
    assert story.spent == (
        Spent(Phase.QUEUE, 120),
        Spent(Phase.SENDING, 59),
        Spent(Phase.LIDARR, 8),
        Spent(Phase.CHECKING, 4),
        Spent(Phase.TURN, 1),
    )


def test_what_was_measured_and_rehearsed_is_told() -> None:
    """Figures, the edition, what was written, and each doubt with its file."""
    story = timeline(IMPORTED)
    verified, rehearsed = the(story, "verified"), the(story, "rehearsed")
    assert verified.message == (
        "3 of 3 files verified: FLAC 16/44.1, 10 min, 3 heard to the end, 2 proven by their checksums."
    )
    assert verified.level == "warning"
    assert verified.reasons == (
        "03 - Song.flac: the spectrum ends at 16 kHz, as after a lossy encoder",
    )
    assert rehearsed.message == (
        'Lidarr will take it as "Undertow (UK)": distance 0.02, worst track 0.08. 3 files tagged.'
    )
    assert rehearsed.reasons == ("2 files bore no title",)


def test_a_failure_names_every_peer_and_its_reason() -> None:
    """What happened to three files at once is one step."""
    story = timeline(FAILED)
    assert kinds(story) == [
        "grabbed", "asked_again", "lost", "next_peer", "requested", "lost", "blocked", "next_peer",
        "requested", "arrived", "lost", "failed",
    ]  # fmt: skip
    assert the(story, "asked_again").message == f"3 files of anna: {OFFLINE}."
    assert the(story, "asked_again").reasons == ("2 times, the last at 12:05:01",)
    assert the(story, "blocked").message == "3 files of ben will not be asked for again."
    assert [step.message for step in story.steps if step.kind == "lost"][-1] == (
        "01 - Song.flac ends in the middle."
    )
    assert [(asked.peer, asked.files, asked.arrived) for asked in story.peers] == [
        ("anna", 3, 0), ("ben", 3, 0), ("cleo", 3, 2),
    ]  # fmt: skip
    assert story.peers[2].reason == "What the peer sent cannot be played (it ends in the middle)."
    assert story.end == (
        "Failed 25 min after it was grabbed, with three peers asked. 01 - Song.flac: what cleo sent "
        "cannot be played (it ends in the middle)."
    )
    assert (story.over, story.seconds) == (True, 1500)
    assert story.spent[0] == Spent(Phase.RETRYING, 1200)


def test_what_is_waited_for_is_told() -> None:
    """A grab on its way counts until now."""
    story = timeline(WAITING)
    assert (story.over, story.seconds) == (False, 4000)
    assert story.waiting_for == "It waits in anna's queue, place 14."
    assert story.end == "On its way for 1 h 6 min; most of it waiting in a queue (1 h 6 min)."
    assert the(story, "queued").message == "3 files wait in anna's queue."


def test_a_refusal_of_lidarr_is_told_with_its_reasons() -> None:
    """It is not over: the grab still lies in Lidarr's queue."""
    story = timeline(REFUSED)
    assert not story.over
    assert the(story, "lidarr").reasons == (
        "Album match is not close enough: 61.2% vs 80%",
        "Has missing tracks",
        "It was tried to mend that two times.",
    )
    assert the(story, "rehearsed").message == (
        'Lidarr may refuse it as "Undertow": distance 0.39, worst track 0.50.'
    )
    assert story.end.endswith("Lidarr refused it. Album match is not close enough: 61.2% vs 80%.")
    assert story.waiting_for == "It stays in Lidarr's queue."


def test_a_cancelled_grab_says_by_what() -> None:
    """The event knows it, the columns do not."""
    story = timeline(CANCELLED)
    assert the(story, "cancelled").message == "Cancelled through the API."
    assert story.end == "Cancelled 1 min 30 s after it was grabbed."


# -- when less is kept -----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("facts", "expected"),
    [
        (IMPORTED, ["grabbed", "sending", "arrived", "verified", "rehearsed", "reported",
                    "imported", "cleared"]),
        (FAILED, ["grabbed", "failed"]),
        (WAITING, ["grabbed"]),
        (REFUSED, ["grabbed", "arrived", "verified", "rehearsed", "reported", "lidarr"]),
        (CANCELLED, ["grabbed", "cancelled"]),
    ],
    ids=["imported", "failed", "waiting", "refused", "cancelled"],
)  # fmt: skip
def test_without_events_the_columns_tell_the_milestones(facts: Facts, expected: list[str]) -> None:
    """Events are deleted after a month, questions after a week; the end stays as it was."""
    bare = timeline(replace(facts, events=(), question=None, offered_at=None))
    assert kinds(bare) == expected
    assert bare.over == timeline(facts).over
    assert bare.seconds == timeline(facts).seconds
    assert bare.peers == timeline(facts).peers


def test_columns_tell_where_the_time_went() -> None:
    """Our queue and the peer's are not told apart there."""
    bare = timeline(replace(IMPORTED, events=()))
    assert bare.spent == (
        Spent(Phase.QUEUE, 121),
        Spent(Phase.SENDING, 59),
        Spent(Phase.LIDARR, 8),
        Spent(Phase.CHECKING, 4),
    )


@pytest.mark.parametrize(
    "rehearsal",
    [
        {},
        {"distance": None, "worst": "?", "reasons": None, "at": 5},
        {"at": "yesterday", "tagged": "many", "reasons": "one"},
        {"edition": None, "safe": None, "files": {}},
    ],
)
def test_a_rehearsal_may_lack_anything(rehearsal: dict[str, Any]) -> None:
    """It was written by another version, or for another purpose."""
    facts = replace(IMPORTED, grab=replace(IMPORTED.grab, rehearsal=rehearsal))
    found = [step for step in timeline(facts).steps if step.kind == "rehearsed"]
    assert len(found) == bool(rehearsal)
    assert all(step.at == at(184) for step in found)


@pytest.mark.parametrize(
    ("verified", "said"),
    [
        ({"bytes": 5}, "3 of 3 files verified."),
        ({"codec": "MP3", "bitrate": 320, "bit_depth": None}, "3 of 3 files verified: MP3 320."),
        ({"codec": "OPUS", "doubts": None}, "3 of 3 files verified: OPUS."),
        ({**HEARD, "decoded": False, "proven": False}, "3 of 3 files verified: FLAC 16/44.1, 10 min."),
    ],
)  # fmt: skip
def test_a_verification_may_lack_anything(verified: dict[str, Any], said: str) -> None:
    """Without a decoder less is measured."""
    facts = replace(IMPORTED, files=files("completed", verified=verified))
    assert the(timeline(facts), "verified").message == said


def test_a_time_without_a_zone_is_utc() -> None:
    """Whoever wrote it meant that."""
    bare = at(183).replace(tzinfo=None).isoformat()
    facts = replace(IMPORTED, grab=replace(IMPORTED.grab, rehearsal={"at": bare, "as_is": True}))
    step = the(timeline(facts), "rehearsed")
    assert step.at == at(183)
    assert step.message.endswith("Nothing had to be tagged.")


def test_a_question_after_the_offer_has_its_own_step() -> None:
    """A release of an earlier answer is offered again by a later look."""
    assert "offered" not in kinds(timeline(IMPORTED))
    again = timeline(replace(IMPORTED, offered_at=at(-2)))
    assert kinds(again)[:4] == ["asked", "found", "offered", "grabbed"]
    assert "offered" not in kinds(timeline(replace(IMPORTED, offered_at=at(5))))


def test_a_clock_that_was_set_back_makes_nothing_negative() -> None:
    """The end may seem to lie before the start."""
    facts = replace(CANCELLED, grab=replace(CANCELLED.grab, completed_at=at(-50)), events=())
    story = timeline(facts)
    assert story.seconds == 0
    assert all((step.after or 0) >= 0 for step in story.steps)


def test_an_import_without_lidarrs_word_is_told_as_what_it_is() -> None:
    """It deleted the grab and took the files: nobody said that it imported them."""
    taken = grab("imported", transferred_at=at(4), completed_at=at(5), archived_at=at(9))
    story = timeline(Facts(grab=taken, now=at(99)))
    assert kinds(story) == ["grabbed", "arrived", "reported", "taken"]
    assert story.end == "Taken by Lidarr 9 s after it was grabbed."


def test_a_question_that_is_still_answered_and_a_rehearsal_in_no_time() -> None:
    """A grab can come from the answer to an earlier question, and a row can say anything."""
    late = replace(IMPORTED.question, answered_at=at(5)) if IMPORTED.question else None
    odd = grab("processing", rehearsal={"distance": 0.1}, import_state="pending")
    facts = Facts(grab=odd, now=at(99), question=late)
    assert kinds(timeline(facts)) == ["asked", "grabbed"]


# -- events ----------------------------------------------------------------------------------------


def test_an_unknown_event_is_told_in_its_own_words() -> None:
    """New kinds need no new code here; those about the import stand under Lidarr's name."""
    events = [event(1, "grab.sneezed", "It sneezed."), event(2, "import.blocked", "Blocked.")]
    found = list(timeline_events.steps(events, {}))
    assert [(step.kind, step.message) for step in found] == [
        (StepKind.NOTE, "It sneezed."),
        (StepKind.LIDARR, "Blocked."),
    ]


def test_a_rehearsal_is_told_once() -> None:
    """In the words of its event, with the reasons of the column; one that refused comes before."""
    events = [
        event(170, "grab.refused", "Another edition.", level="warning"),
        event(183, "grab.rehearsed", "Rehearsed: Lidarr will take it as Undertow."),
    ]
    story = timeline(replace(IMPORTED, events=events))
    assert the(story, "refused").message == "Another edition."
    assert the(story, "rehearsed").message == "Lidarr will take it as Undertow."
    assert the(story, "rehearsed").reasons == ("2 files bore no title",)


def test_lidarrs_word_is_told_once() -> None:
    """By the event when there is one, else by the columns."""
    events = [event(75, "import.failed", "Lidarr refused it.", level="warning")]
    story = timeline(replace(REFUSED, events=events))
    assert the(story, "lidarr").reasons == ()


@pytest.mark.parametrize(
    ("state", "word", "over"),
    [
        (None, "not imported yet", False),
        ("pending", "has it in its queue", False),
        ("importing", "is importing it", False),
        ("blocked", "does not know which album", False),
        ("failed", "refused it", False),
        ("gone", "without an import", True),
        ("a new one", "Ready for Lidarr", False),
    ],
)
def test_every_word_of_lidarr_has_a_sentence(state: str | None, word: str, over: bool) -> None:
    """Whatever it says, the end and the steps can be told."""
    facts = replace(REFUSED, grab=replace(REFUSED.grab, import_state=state, import_attempts=0))
    story = timeline(facts)
    assert word in story.end
    assert story.over is over
    assert (story.waiting_for is None) is over
    assert ("lidarr" in kinds(story)) is (state is not None)


def test_a_stand_in_is_one_step_for_all_its_files() -> None:
    """With the reason of the first; what it sends is told as well."""
    data = {"peer": "ben", "instead_of": "anna", "kind": "peer_offline"}
    events = [
        *of_files(1, "download.completed", "The file has arrived."),
        *of_files(2, "download.substituted", "01: offline. ben is asked for it.", 4, data=data),
        event(3, "download.dispatched", "Asked ben for 3 of 6 files."),
        *of_files(4, "download.completed", "The file has arrived.", 4),
    ]
    by_id = {file.id: file for file in (*files("completed"), *files("completed", "ben", 4))}
    found = list(timeline_events.steps(events, by_id))
    assert [(step.kind.value, step.message) for step in found] == [
        ("sending", "anna is sending."),
        ("stand_in", "ben is asked for 3 files instead of anna."),
        ("requested", "Asked ben for 3 of 6 files."),
        ("sending", "ben is sending."),
    ]
    assert found[1].reasons == ("01: offline. ben is asked for it.",)


def test_files_behind_one_that_is_sent_are_not_told_as_waiting() -> None:
    """A peer sends one after the other; only the queue of others is worth a word."""
    by_id = {file.id: file for file in files("queued")}
    queued = event(1, "download.queued", download_id=2)
    started = event(1, "download.started", download_id=1)
    found = [step.message for step in timeline_events.steps([started, queued], by_id)]
    assert found == ["anna is sending."]
    found = [step.message for step in timeline_events.steps([queued], by_id)]
    assert found == ["02 - Song.flac waits in anna's queue."]


def test_a_further_request_does_not_stop_what_is_sent() -> None:
    """A box of many discs is asked for disc by disc."""
    events = [
        event(0, "grab.added"),
        event(1, "download.dispatched"),
        event(2, "download.started", download_id=1),
        event(3, "download.dispatched"),
        event(9, "grab.processing"),
    ]
    assert [phase for _, phase in timeline_events.phases(events)] == [
        Phase.TURN, Phase.QUEUE, Phase.SENDING, Phase.CHECKING,
    ]  # fmt: skip
