"""The whole demo with its three programs: what the programme promises is what is shown."""

from __future__ import annotations

import io
import os
from pathlib import Path

from soulspot_arr.demo.options import DemoOptions
from soulspot_arr.demo.play import run

SCALE = 40.0


def test_the_demo_shows_what_its_programme_promises(tmp_path: Path) -> None:
    """Connected by our command; peers replaced in one act, tags written in the next; all imported."""
    screen = io.StringIO()
    options = DemoOptions(data_dir=tmp_path, time_scale=SCALE, environ=dict(os.environ))
    assert run(options, screen) == 0, screen.getvalue()
    text = screen.getvalue()
    _, setup, harbour, northbound, lumiere, way, library, summary = text.split("\n── ")
    assert "$ soulspot-arr connect lidarr --url http://127.0.0.1:" in setup
    assert "Lidarr is connected. Its Tests are green." in setup
    assert (setup.count("✓"), setup.count("•"), setup.count("✗")) == (6, 1, 0)
    told = " ".join(harbour.split())
    first, second = told.index("Trying no_strangers instead."), told.index("Trying 0daydreamer")
    assert told.index("gone_fishing could not be reached") < first < second
    assert first < told.index("no_strangers does not share the file") < second
    for act in (northbound, lumiere):
        assert "instead." not in act
    assert "✗ FLAC" in northbound
    assert "✗" not in lumiere
    for act in (harbour, northbound, lumiere):
        assert act.count("Lidarr will take it as") == 1
    assert "Tags written into 12 of 12 files." in " ".join(northbound.split())
    assert "Tags written" not in " ".join((harbour + lumiere).split())
    assert "Lidarr has imported it" in way
    assert library.count("MusicBrainz ids in 6 of 6") == 2
    assert (library.count(".mp3"), library.count(".flac")) == (12, 15)
    assert "3 albums, 27 tracks, in the library" in summary
    assert "2 failing peers replaced" in summary
    assert len(list((tmp_path / "library").rglob("*.*"))) == 27
    own = (str(tmp_path), "connect lidarr --url")
    assert max(len(row) for row in text.splitlines() if not any(o in row for o in own)) <= 80


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
