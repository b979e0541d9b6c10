"""The clips: real files that decode to their end and play for as long as was asked."""

from __future__ import annotations

from pathlib import Path

import pytest

from soulspot_arr.audio import Expected, Strictness, read_tags, verify
from tests.corpus_import.clips import clip


@pytest.mark.parametrize("kind", ["flac", "mp3", "m4a", "ogg", "opus"])
def test_decodes_to_its_end(tmp_path: Path, kind: str) -> None:
    """Every frame of some minutes, and not a second less."""
    path = tmp_path / f"clip.{kind}"
    path.write_bytes(clip(kind, 307.3))
    found = verify(path, Expected(seconds=307.3), Strictness(reject_silence=False))
    assert found.ok, found.reason
    assert found.facts is not None
    assert found.facts.decoded
    assert found.facts.heard == pytest.approx(307.3, abs=0.15)


@pytest.mark.parametrize("kind", ["flac", "mp3", "m4a", "ogg", "opus", "wma"])
@pytest.mark.parametrize("seconds", [0.4, 4.1, 262.1, 2757.0])
def test_says_how_long_it_is(tmp_path: Path, kind: str, seconds: float) -> None:
    """The container claims what was asked, and is whole."""
    path = tmp_path / f"clip.{kind}"
    path.write_bytes(clip(kind, seconds))
    assert read_tags(path).seconds == pytest.approx(seconds, abs=0.15)
    assert verify(path, Expected(seconds=seconds), Strictness(decode=False)).ok
