"""Small builders: an album as Lidarr knows it, and folders of files that carry its tags."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from typing import Any

from soulspot_arr.rules.rehearsal import Circumstances, FileTags, Verdict, rehearse
from soulspot_arr.wanted import Edition, Provider, Wanted, WantedTrack

YEAR = 2026
NOW = Circumstances(YEAR)
_WORDS = (
    *("Amber", "Birch", "Cedar", "Delta", "Ember", "Fjord", "Grove"),
    *("Haven", "Inlet", "Jetty", "Knoll", "Ledge", "Marsh", "North"),
)


def song(number: int) -> str:
    """A title that resembles no other one much."""
    word = _WORDS[(number - 1) % len(_WORDS)]
    return f"{word} {_WORDS[(number * 5 + number // 14) % len(_WORDS)]}"


def tracks(count: int, *, disc: int = 1, first: int = 1) -> tuple[WantedTrack, ...]:
    """So many tracks of one disc, `first` being the song its first track is."""
    return tuple(
        WantedTrack(
            song(n), disc, n - first + 1, 180.0 + n, recording_id=f"rec-{n}", track_id=f"track-{n}"
        )
        for n in range(first, first + count)
    )


def edition(found: Iterable[WantedTrack], **changes: Any) -> Edition:
    """An edition of the United States; `changes` are its fields."""
    made = Edition("edition-1", "Nevermind", tuple(found), "", "United States", 1991, True)
    return replace(made, **changes)


def album(*editions: Edition, **changes: Any) -> Wanted:
    """Nirvana's album with these editions; `changes` are its fields."""
    made = Wanted(
        "Nirvana",
        "Nevermind",
        1991,
        artist_id="artist-1",
        album_id="album-1",
        editions=editions,
        provider=Provider.LIDARR,
    )
    return replace(made, **changes)


def of(count: int, **changes: Any) -> Wanted:
    """The album with one edition of so many tracks."""
    return album(edition(tracks(count)), **changes)


def files(wanted: Wanted, *, which: int = 0, **changes: Any) -> tuple[FileTags, ...]:
    """A folder with well tagged files of one edition, without ids; `changes` go into each file."""
    pressing = wanted.editions[which]
    return tuple(
        replace(
            FileTags(
                f"{track.disc}-{track.number:02} {track.title}.flac",
                title=track.title,
                artist=wanted.artist,
                album_artist=wanted.artist,
                album=wanted.album,
                year=wanted.year or 0,
                disc=track.disc,
                discs=pressing.discs,
                track=track.number,
                seconds=float(int(track.seconds or 0)),
            ),
            **changes,
        )
        for track in pressing.tracks
    )


def with_ids(wanted: Wanted, *, which: int = 0, **changes: Any) -> tuple[FileTags, ...]:
    """The same with the ids of the edition and of its recordings."""
    pressing = wanted.editions[which]
    return tuple(
        replace(file, release_id=pressing.id, recording_id=track.recording_id, **changes)
        for file, track in zip(files(wanted, which=which), pressing.tracks, strict=True)
    )


def longer(found: Iterable[FileTags], seconds: float) -> tuple[FileTags, ...]:
    """The same files, each so many seconds longer."""
    return tuple(replace(file, seconds=file.seconds + seconds) for file in found)


def verdict(
    found: Iterable[FileTags], wanted: Wanted, circumstances: Circumstances = NOW
) -> Verdict:
    """What the rehearsal says of these files."""
    return rehearse(tuple(found), wanted, circumstances)
