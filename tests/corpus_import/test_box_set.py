"""Twenty discs in one grab: thought about in a moment, and imported whole."""

from __future__ import annotations

import time
from pathlib import Path

from soulspot_arr.rules.fitting import Piece, Plan, plan
from tests.corpus_import.box_set import DISCS, TRACKS, box_set
from tests.corpus_import.importing import tried

MOMENT = 5.0  # seconds of a slow machine's work


def test_thinking_takes_a_moment() -> None:
    """Three hundred files against two editions, some titles again and again."""
    box = box_set(tagged_by_hand=True)
    files = [
        Piece(key, file.tags, file.tags.path, file.tags.seconds)
        for key, file in enumerate(box.files)
    ]
    began = time.process_time()
    found = plan(files, box.album, box.circumstances, tags=True)
    assert time.process_time() - began < MOMENT
    assert isinstance(found, Plan)
    assert found.verdict.safe
    assert found.as_is
    assert [placed.track for placed in found.placed] == [file.truth for file in box.files]


def test_without_a_tag(tmp_path: Path) -> None:
    """Every file comes in as the track it is, and Lidarr has one album of twenty discs."""
    box = box_set(tagged_by_hand=False)
    found = tried(box, "ours", tmp_path)
    assert found.whole, found
    assert not found.wrong
    assert found.edition == box.album.editions[0].id
    assert len(list((tmp_path / "library").rglob("*.flac"))) == DISCS * TRACKS
