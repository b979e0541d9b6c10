"""Small builders: an album, and the files of a job that was fetched for it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import Any

from soulspot_arr.rules.fitting import Piece, Plan, Refusal, plan
from soulspot_arr.rules.rehearsal import Circumstances, FileTags, Particulars
from soulspot_arr.wanted import Edition, Wanted, WantedTrack

SONGS = (
    *("Amber Light", "Birch Grove", "Cedar Smoke", "Delta Mud", "Ember Days"),
    *("Fjord Crossing", "Granite", "Harbour Wall", "Inlet", "Jetty Song"),
)
PEER = "@@share\\Nirvana\\Nevermind"


def tracks(count: int = 6, **changes: Any) -> tuple[WantedTrack, ...]:
    """So many songs, each more than ten seconds longer than the one before."""
    return tuple(
        replace(
            WantedTrack(
                SONGS[n % len(SONGS)],
                1,
                n + 1,
                180.0 + 11 * n,
                recording_id=f"rec-{n + 1}",
                track_id=f"track-{n + 1}",
            ),
            **changes,
        )
        for n in range(count)
    )


def edition(found: Iterable[WantedTrack], name: str = "first", **changes: Any) -> Edition:
    """An edition of the United States, the one Lidarr has chosen."""
    made = Edition(name, "Nevermind", tuple(found), "", "United States", 1991, monitored=True)
    return replace(made, **changes)


def album(*editions: Edition, **changes: Any) -> Wanted:
    """Nirvana's album with these editions."""
    made = Wanted(
        "Nirvana", "Nevermind", 1991, artist_id="artist-1", album_id="album-1", editions=editions
    )
    return replace(made, **changes)


def around(wanted: Wanted, **changes: Any) -> Circumstances:
    """What Lidarr decides by besides: every medium is a CD."""
    known = {one.id: Particulars(("CD",) * one.discs) for one in wanted.editions}
    return replace(Circumstances(2026, "/downloads/job", particulars=known), **changes)


def tagged(wanted: Wanted, of: Edition, track: WantedTrack, **changes: Any) -> FileTags:
    """The tags of a careful person without a database."""
    made = FileTags(
        f"{track.number:02} - {track.title}.flac",
        track.title,
        track.artist or wanted.artist,
        wanted.artist,
        wanted.album,
        wanted.year or 0,
        track.disc,
        of.discs,
        track.number,
        seconds=(track.seconds or 200.0) + 0.4,
    )
    return replace(made, **changes)


def piece(key: int, tags: FileTags, **changes: Any) -> Piece:
    """A file as it comes from the peer, decoded."""
    name = f"{PEER}\\" + tags.path.replace("/", "\\")
    return replace(Piece(key, tags, name, tags.seconds or None), **changes)


def job(wanted: Wanted, of: Edition | None = None, **changes: Any) -> list[Piece]:
    """All files of an edition, well tagged; `changes` are those of their tags."""
    chosen = of or wanted.editions[0]
    return [
        piece(10 + n, tagged(wanted, chosen, track, **changes))
        for n, track in enumerate(chosen.tracks)
    ]


def bare(pieces: Sequence[Piece]) -> list[Piece]:
    """The same without a single tag."""
    return [replace(one, tags=FileTags(one.tags.path, seconds=one.tags.seconds)) for one in pieces]


def named(one: Piece, name: str, **changes: Any) -> Piece:
    """The file under another name, its tags changed with it."""
    tags = replace(one.tags, path=name.replace("\\", "/"), **changes)
    return replace(one, name=f"{PEER}\\{name}", tags=tags)


def lasting(one: Piece, seconds: float) -> Piece:
    """The same with another length, measured and announced."""
    return replace(one, seconds=seconds, tags=replace(one.tags, seconds=seconds))


def planned(pieces: Sequence[Piece], wanted: Wanted, *, tags: bool = True, **changes: Any) -> Plan:
    """The plan, which there has to be."""
    found = plan(pieces, wanted, around(wanted, **changes), tags=tags)
    assert isinstance(found, Plan), found.reason
    return found


def refused(
    pieces: Sequence[Piece], wanted: Wanted, *, tags: bool = True, **changes: Any
) -> Refusal:
    """The refusal, which there has to be; its reason is a sentence."""
    found = plan(pieces, wanted, around(wanted, **changes), tags=tags)
    assert isinstance(found, Refusal), found
    assert found.reason.endswith(".")
    return found


def numbers(found: Plan) -> list[tuple[int, int]]:
    """Disc and number of each piece's track, in the order of the pieces."""
    return [(one.track.disc, one.track.number) for one in found.placed]
