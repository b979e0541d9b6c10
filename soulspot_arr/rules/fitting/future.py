"""The tags a file will have: what the writer makes of it, foretold for the rehearsal.

The audio room writes (`audio.tags.tags_of`); this must agree with it in every field, or a rehearsal
says nothing. Nothing is decided here.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import replace

from soulspot_arr.rules.rehearsal import FileTags
from soulspot_arr.wanted import Edition, Wanted, WantedTrack

WRITABLE = frozenset({"flac", "mp3", "m4a", "m4b", "m4p", "ogg", "oga", "opus"})
"""Kinds of file that can be tagged; all others keep what they have."""


def written(
    tags: FileTags, album: Wanted, edition: Edition, track: WantedTrack, *, proven: bool
) -> FileTags:
    """What Lidarr will read out of a file once it is tagged as this track.

    Ids are given to a `proven` file alone; any other loses those that the catalogue knows better.
    """
    _, dot, kind = tags.path.rpartition(".")
    if not dot or kind.lower() not in WRITABLE:
        return tags
    discs = Counter(one.disc for one in edition.tracks)
    various = album.artist.casefold() == "various artists"

    def known(value: str, there: str | None) -> str | None:
        return (value if proven else None) if value else there

    return replace(
        tags,
        title=track.title or tags.title,
        artist=track.artist or ("" if various else album.artist) or tags.artist,
        album_artist=album.artist or tags.album_artist,
        album=album.album or tags.album,
        year=edition.year or album.year or tags.year,
        disc=track.disc or tags.disc,
        discs=len(discs) or tags.discs,
        track=track.number or tags.track,
        tracks=discs[track.disc] or tags.tracks,
        media=edition.medium_of(track.disc) or tags.media,
        release_id=known(edition.id, tags.release_id),
        release_group_id=known(album.album_id, tags.release_group_id),
        recording_id=known(track.recording_id, tags.recording_id),
        track_id=known(track.track_id, tags.track_id),
        artist_id=known(album.artist_id, tags.artist_id),
    )
