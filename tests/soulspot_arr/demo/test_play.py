"""The whole demo with its two real programs: what the programme promises is what is shown."""

from __future__ import annotations

import io
import os
from pathlib import Path

from soulspot_arr.demo.options import DemoOptions
from soulspot_arr.demo.play import run

SCALE = 40.0


def test_the_demo_shows_what_its_programme_promises(tmp_path: Path) -> None:
    """Both fast peers are replaced in the second act, nobody in the others; no warning anywhere."""
    screen = io.StringIO()
    options = DemoOptions(data_dir=tmp_path, time_scale=SCALE, environ=dict(os.environ))
    assert run(options, screen) == 0, screen.getvalue()
    text = screen.getvalue()
    _, buttons, harbour, northbound, lumiere, summary = text.split("\n── ")
    assert (buttons.count("✓"), buttons.count("•")) == (5, 0)
    told = " ".join(harbour.split())
    first, second = told.index("Trying no_strangers instead."), told.index("Trying 0daydreamer")
    assert told.index("gone_fishing could not be reached") < first < second
    assert first < told.index("no_strangers does not share the file") < second
    for act in (northbound, lumiere):
        assert "instead." not in act
    assert "✗ FLAC" in northbound
    assert "✗" not in lumiere
    assert "3 albums, 27 tracks, in the library" in summary
    assert "2 failing peers replaced" in summary
    assert len(list((tmp_path / "library").rglob("*.*"))) == 27
    assert max(len(line) for line in text.splitlines() if str(tmp_path) not in line) <= 80


def test_an_album_survives_a_peer_that_vanishes(tmp_path: Path) -> None:
    """Only what is missing comes from somebody else, once, under the same id."""
    screen = io.StringIO()
    options = DemoOptions(
        faults=True, data_dir=tmp_path, time_scale=SCALE, environ=dict(os.environ)
    )
    assert run(options, screen) == 0, screen.getvalue()
    told = " ".join(screen.getvalue().split())
    assert "vinylvault could not be reached" in told
    assert "vinylvault sent 3 files, and was never seen again." in told
    assert "tuxedo-fm sent 6 files." in told
    assert "No file was fetched twice." in told
    assert "1 album, 9 tracks, in the library" in told
    assert len(list((tmp_path / "library").rglob("*.flac"))) == 9
