"""Nothing that a peer can make slskd say breaks a database, a disk or a terminal."""

from __future__ import annotations

import pytest

from soulspot_arr.sources.slskd_http import Reply
from soulspot_arr.sources.slskd_records import record
from soulspot_arr.sources.slskd_wire import as_message, as_text
from tests.soulspot_arr.sources.conftest import transfer


@pytest.mark.parametrize(
    ("value", "text", "message"),
    [
        ("plain", "plain", "plain"),
        ("Dvořák 🎻", "Dvořák 🎻", "Dvořák 🎻"),
        ("no\0pe", "", "no pe"),
        ("half \ud800 pair", "", "half ? pair"),
        ("\x1b[2Jtwo\r\nlines\x85", "\x1b[2Jtwo\r\nlines\x85", "[2Jtwo lines"),
        ("x" * 5_000, "x" * 5_000, "x" * 1_000),
        (None, "", ""),
        (7, "", ""),
    ],
)
def test_texts_can_be_stored_and_messages_be_read(value: object, text: str, message: str) -> None:
    """A name is refused as a whole when no database takes it; words for people are cleaned."""
    assert (as_text(value), as_message(value)) == (text, message)


def test_numbers_and_words_of_a_record_can_be_stored() -> None:
    """Whatever a peer makes slskd say fits the columns."""
    found = record(
        transfer(
            size=2**63 - 1,
            bytesTransferred=2**80,
            averageSpeed=1e300,
            placeInQueue=2**31,
            exception="peer says \0 no \ud800",
        )
    )
    assert found is not None
    assert (found.size, found.bytes_done, found.place_in_queue) == (2**63 - 1, 0, None)
    assert int(found.speed) < 2**63
    assert found.exception == "peer says   no ?"


@pytest.mark.parametrize(
    "body", ["peer\0says\ud800", {"detail": "\0", "message": "peer\0says\ud800"}]
)
def test_refusals_are_clean(body: object) -> None:
    """An error's text in either shape; one that holds nothing to read is passed over."""
    assert Reply(500, body).message == "peer says?"
