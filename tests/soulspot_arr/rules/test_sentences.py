"""Failures in words."""

from __future__ import annotations

import pytest

from soulspot_arr.domain import FailureKind
from soulspot_arr.rules.sentences import DISK_FULL, failure


@pytest.mark.parametrize("kind", list(FailureKind))
def test_every_kind_has_words_of_its_own(kind: FailureKind) -> None:
    """A person reads a sentence, never the name of a constant."""
    text = failure(kind, None, peer="anna")
    assert text.endswith(".")
    assert kind.value not in text
    assert text != failure("", None, peer="anna")


@pytest.mark.parametrize(
    ("kind", "detail", "peer", "path", "text"),
    [
        ("rejected", "File not shared.", "anna", "@@m\\A\\01 - B.flac", "01 - B.flac: anna refuses to send the file (File not shared)."),
        ("rejected", None, "anna", "m/A/01.mp3", "01.mp3: anna refuses to send the file."),
        ("stalled", "  ", "", "", "Nothing moved at the peer for too long."),
        (None, None, "anna", "", "The download failed."),
        ("of another version", "why", "anna", "", "The download failed (why)."),
        ("broken", None, "{peer}", "", "The transfer from {peer} failed."),
    ],
)  # fmt: skip
def test_the_sentence_names_file_peer_and_what_was_said(
    kind: str | None, detail: str | None, peer: str, path: str, text: str
) -> None:
    """Whatever of them is known."""
    assert failure(kind, detail, peer=peer, path=path) == text


def test_the_disk_sentence_is_the_one_lidarr_knows() -> None:
    """Lidarr compares it to the letter and warns instead of blaming the release."""
    assert DISK_FULL == "Unpacking failed, write error or disk is full?"
