"""What a file is to say: from the catalogue's values to tags."""

from __future__ import annotations

from dataclasses import replace

import pytest

from soulspot_arr.audio import TrackTags, tags_of
from soulspot_arr.wanted import Edition, Wanted, WantedTrack

FIRST = WantedTrack("One", 1, 1, 60.0, recording_id="rec", track_id="trk")
OTHER = WantedTrack("Two", 1, 2, 60.0)
LAST = WantedTrack("Three", 2, 1, 60.0, artist="Viola")
EDITION = Edition("rel", "Undertow (Deluxe)", (FIRST, OTHER, LAST), year=2004)
ALBUM = Wanted("Cello", "Undertow", 1994, artist_id="art", album_id="grp", editions=(EDITION,))


def test_everything_that_is_known() -> None:
    """The album's own title, numbers on the disc, and the ids of a proven file."""
    assert tags_of(ALBUM, EDITION, FIRST, proven=True) == TrackTags(
        title="One",
        artist="Cello",
        album="Undertow",
        album_artist="Cello",
        number=1,
        total=2,
        disc=1,
        discs=2,
        date="2004",
        release_id="rel",
        release_group_id="grp",
        recording_id="rec",
        track_id="trk",
        artist_id="art",
    )


def test_an_unproven_file_gets_no_ids() -> None:
    """And loses those that we would know better."""
    found = tags_of(ALBUM, EDITION, FIRST, proven=False)
    assert (found.release_id, found.recording_id, found.track_id) == ("", "", "")
    assert (found.release_group_id, found.artist_id) == ("", "")
    unknown = tags_of(ALBUM, EDITION, OTHER, proven=False)
    assert (unknown.recording_id, unknown.track_id) == (None, None)


def test_the_artist_of_a_track() -> None:
    """His own name; on a compilation an unknown one stays what the file says."""
    assert tags_of(ALBUM, EDITION, LAST, proven=True).artist == "Viola"
    sampler = replace(ALBUM, artist="Various Artists")
    found = tags_of(sampler, EDITION, FIRST, proven=True)
    assert (found.artist, found.album_artist) == ("", "Various Artists")


@pytest.mark.parametrize(
    ("media", "first", "last"),
    [
        (("CD", "Digital Media"), "CD", "Digital Media"),
        (("CD", "Unknown"), "CD", ""),
        (("CD",), "", ""),
        ((), "", ""),
    ],
)
def test_the_medium_is_that_of_the_disc(media: tuple[str, ...], first: str, last: str) -> None:
    """Where nobody knows it, or not whose it is, the file keeps what it says."""
    edition = replace(EDITION, media=media)
    assert tags_of(ALBUM, edition, FIRST, proven=True).media == first
    assert tags_of(ALBUM, edition, LAST, proven=True).media == last


def test_the_year_of_the_edition_or_the_album() -> None:
    """Lidarr takes either (contract lidarr §9.5); without both the file keeps its own."""
    plain = replace(EDITION, year=None)
    assert tags_of(ALBUM, plain, FIRST, proven=True).date == "1994"
    assert tags_of(replace(ALBUM, year=None), plain, FIRST, proven=True).date == ""
