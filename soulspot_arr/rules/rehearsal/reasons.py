"""Why Lidarr would not import: its own words, by which its queue tells it, and ours for people."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum

from soulspot_arr.rules.rehearsal.distance import Distance, Kind, Pair
from soulspot_arr.rules.rehearsal.tags import FileTags
from soulspot_arr.wanted import WantedTrack

_SHOWN = 3  # names in one sentence


class Reason(StrEnum):
    """How Lidarr's message begins (contract lidarr §9.5, §9.6; TrackImport/Specifications)."""

    NOTHING = "No files found are eligible for import"
    NO_ALBUM = "Couldn't find similar album"
    ALBUM_FAR = "Album match is not close enough"
    NO_TRACKS = "No tracks matched"
    TRACK_FAR = "Worst track match"
    UNMATCHED = "Has unmatched tracks"
    MISSING = "Has missing tracks"
    NOT_REQUESTED = "Album release not requested"
    SEVERAL = "Multiple versions of an album not supported"
    UNPACKING = "File is still being unpacked"


@dataclass(frozen=True, slots=True)
class Rejection:
    """One reason, and a sentence about this case."""

    reason: Reason
    sentence: str


_WORDS = {
    Kind.ARTIST: "the artist",
    Kind.ALBUM: "the album title",
    Kind.MEDIA_COUNT: "the number of discs",
    Kind.MEDIA_FORMAT: "an unknown medium",
    Kind.YEAR: "the year",
    Kind.COUNTRY: "the country of the edition",
    Kind.LABEL: "the label",
    Kind.COMMENT: "the disambiguation",
    Kind.ALBUM_ID: "the MusicBrainz id of the edition",
    Kind.TRACKS: "the tracks",
    Kind.MISSING: "missing tracks",
    Kind.UNMATCHED: "files that are no track of it",
    Kind.LENGTH: "the length",
    Kind.TITLE: "the title",
    Kind.INDEX: "the track number",
    Kind.RECORDING_ID: "the MusicBrainz id of the recording",
}


def nothing() -> Rejection:
    """There is no audio that Lidarr would look at."""
    return Rejection(Reason.NOTHING, "The folder holds no audio file that Lidarr imports.")


def no_album(album_tag: str | None) -> Rejection:
    """No edition could be compared, or none agreed in anything."""
    if album_tag and album_tag.strip():
        text = f"Lidarr knows no album by this artist that is called like “{album_tag.strip()}”."
    else:
        text = "The files carry no album title, so Lidarr cannot tell which album they are."
    return Rejection(Reason.NO_ALBUM, text)


def album_far(distance: Distance, limit: float) -> Rejection:
    """The files as a whole are too far from the best edition."""
    text = f"The files agree with the album by {_percent(distance)} only, {_least(limit)}"
    return Rejection(Reason.ALBUM_FAR, f"{text}; what counts against them: {_why(distance)}.")


def no_tracks() -> Rejection:
    """Not one file is a track."""
    return Rejection(Reason.NO_TRACKS, "None of the files is a track of the album.")


def track_far(pair: Pair, limit: float) -> Rejection:
    """The worst pair of file and track is too bad."""
    agrees = f"agrees with “{pair.track.title}” by {_percent(pair.distance)} only"
    text = f"“{_name(pair.file)}” {agrees}, {_least(limit)}"
    return Rejection(Reason.TRACK_FAR, f"{text}; what counts against it: {_why(pair.distance)}.")


def unmatched(files: Sequence[FileTags]) -> Rejection:
    """There are more files than tracks."""
    return Rejection(
        Reason.UNMATCHED, f"No track of the album is left for {_list(map(_name, files))}."
    )


def missing(tracks: Sequence[WantedTrack]) -> Rejection:
    """There are more tracks than files."""
    titles = (f"{track.disc}-{track.number:02} {track.title}" for track in tracks)
    return Rejection(Reason.MISSING, f"There is no file for {_list(titles)}.")


def not_requested(title: str) -> Rejection:
    """The files are an edition that Lidarr was told not to take."""
    text = f"The files are an edition of “{title}” that is not the one chosen in Lidarr"
    return Rejection(Reason.NOT_REQUESTED, f"{text}, and it may take no other.")


def several() -> Rejection:
    """The folder holds the album twice."""
    return Rejection(
        Reason.SEVERAL, "The folder holds more than one copy of the album; Lidarr takes one only."
    )


def unpacking(folder: str) -> Rejection:
    """The name of a folder tells Lidarr to keep its hands off."""
    return Rejection(
        Reason.UNPACKING, f"Lidarr takes “{folder}” for a folder that is still being unpacked."
    )


def _percent(distance: Distance) -> str:
    # Rounded down: 79.96 % must not read as the 80 % that it misses.
    return f"{int((1 - distance.value) * 1000) / 10} %"


def _least(limit: float) -> str:
    return f"Lidarr wants {round((1 - limit) * 100)} %"


def _why(distance: Distance) -> str:
    worst = sorted(distance.reasons, key=distance.share, reverse=True)
    return ", ".join(_WORDS[kind] for kind in worst[:_SHOWN]) or "nothing"


def _name(file: FileTags) -> str:
    return file.path.rpartition("/")[2]


def _list(names: Iterable[str]) -> str:
    """“a”, “b”, “c” and 4 more."""
    all_ = list(names)
    shown = ", ".join(f"“{name}”" for name in all_[:_SHOWN])
    return f"{shown} and {len(all_) - _SHOWN} more" if len(all_) > _SHOWN else shown
