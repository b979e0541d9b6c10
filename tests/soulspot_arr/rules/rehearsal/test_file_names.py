"""What Lidarr learns from file names when tags are missing (contract lidarr §9.5)."""

from __future__ import annotations

import time
from dataclasses import replace

import pytest

from soulspot_arr.rules.rehearsal import FileTags
from soulspot_arr.rules.rehearsal.file_names import complete

Told = tuple[str | None, int, int]  # artist, disc, track


def _read(*names: str, **tags: object) -> list[Told]:
    files = [FileTags(f"x/{name}.mp3", **tags) for name in names]  # type: ignore[arg-type]
    return [(file.by, file.disc, file.track) for file in complete(files)]


@pytest.mark.parametrize(
    ("names", "expected"),
    [
        pytest.param(
            ["01 - One", "02 - Two"], [(None, 0, 1), (None, 0, 2)], id="track-title"
        ),
        pytest.param(
            ["01 - Air - One", "02 - Air - Two"], [("Air", 0, 1), ("Air", 0, 2)], id="with-artist"
        ),
        pytest.param(
            ["01 - One - Air", "02 - Two - Air"], [("Air", 0, 1), ("Air", 0, 2)], id="artist-last"
        ),
        pytest.param(
            ["Air - 01 - One", "Air - 02 - Two"], [("Air", 0, 1), ("Air", 0, 2)], id="artist-first"
        ),
        pytest.param(
            ["Air - Safari - 01 - One", "Air - Safari - 02 - Two"],
            [("Air", 0, 1), ("Air", 0, 2)],
            id="artist-and-album",
        ),
        pytest.param(["Air - One", "Air - Two"], [("Air", 0, 0), ("Air", 0, 0)], id="no-number"),
        pytest.param(["One", "Two"], [(None, 0, 0), (None, 0, 0)], id="title-only"),
        pytest.param(
            ["101 - One", "203 - Two"], [(None, 1, 1), (None, 2, 3)], id="disc-by-hundreds"
        ),
        pytest.param(["100 - One", "99 - Two"], [(None, 0, 100), (None, 0, 99)], id="hundred"),
        pytest.param(
            ["01_air_one", "02_air_two"], [("air", 0, 1), ("air", 0, 2)], id="underscores"
        ),
        pytest.param(
            ["01 - Moby - One", "02 - Air - Two"], [(None, 0, 0)] * 2, id="both-vary"
        ),
        pytest.param(["01 - Äir - One", "02 - Air - Two"], [("Air", 0, 1), ("Air", 0, 2)],
                     id="accents"),
        pytest.param(["01 - One!", "02 - Two"], [(None, 0, 0)] * 2, id="sign-nobody-expects"),
        pytest.param(["01 - 漢", "02 - 字"], [(None, 0, 0)] * 2, id="other-letters"),
        pytest.param(["01 - One", "Two"], [(None, 0, 0)] * 2, id="not-all-fit"),
        pytest.param(["99999999999 - One"], [("99999999999", 0, 0)], id="larger-than-a-number"),
    ],
)  # fmt: skip
def test_untagged(names: list[str], expected: list[Told]) -> None:
    """An order of fields counts when every name has it and artist or title is the same in all."""
    assert _read(*names) == expected


def test_tags_stay() -> None:
    """Only what is missing is filled in."""
    found = _read("07 - Moby - One", artist="Air", track=3, disc=0, title="One")
    assert found == [("Air", 0, 3)]


def test_complete_tags_are_not_looked_at() -> None:
    """Nothing missing, nothing read: not even an artist."""
    found = _read("07 - Moby - One", track=3, disc=1, title="One")
    assert found == [(None, 1, 3)]


def test_album_artist_of_blanks_gives_way() -> None:
    """A blank album artist is none."""
    file = FileTags("01 - Air - One.mp3", album_artist=" ", artist=None)
    (found,) = complete([file])
    assert found.by == "Air"
    assert replace(found, artist=None, track=0) == replace(file, album_artist=None)


def test_long_names_take_no_time() -> None:
    """Names full of dividers that fit nowhere are done with quickly."""
    hard = ["1 " + "a - " * 60 + "b", "1 " + "a a-" * 60 + "b", "1" * 250, "a " * 120 + "!"]
    began = time.perf_counter()
    for name in hard:
        _read(name)
    assert time.perf_counter() - began < 2
