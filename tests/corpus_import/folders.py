"""A folder of the corpus, and the album as Lidarr would know it. Everything is drawn by hashing."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, replace

from soulspot_arr.rules.rehearsal import Circumstances, FileTags, Particulars
from soulspot_arr.rules.rehearsal.distance import VARIOUS_ARTISTS
from soulspot_arr.wanted import Edition, Wanted, WantedTrack
from tests.corpus.catalogue import Target, chance, made_id

YEAR = 2026
KINDS = ("flac", "flac", "mp3", "mp3", "m4a", "ogg", "opus")
_COUNTRIES = (
    *("United States", "United States", "United Kingdom", "Europe", "[Worldwide]"),
    *("Japan", "Germany", ""),
)
_LABELS = ("Parlophone", "Columbia", "Sub Pop", "Warp", "4AD")
_NOT_IN_A_NAME = re.compile(r'[/\\:*?"<>|\x00-\x1f]+')


@dataclass(frozen=True, slots=True)
class File:
    """One file: its tags, and the recording its audio really is (None for none of the album)."""

    tags: FileTags
    truth: WantedTrack | None


@dataclass(frozen=True, slots=True)
class Folder:
    """One folder. `edition` is the one its audio completely holds, None when no edition is whole.

    `imports` says what Lidarr does with it untouched, None where that hangs on the album.
    """

    id: str  # "habit/target"
    habit: str
    album: Wanted
    circumstances: Circumstances
    files: tuple[File, ...]
    edition: Edition | None
    imports: bool | None = None

    @property
    def tags(self) -> tuple[FileTags, ...]:
        """The tags of all files, as the rehearsal takes them."""
        return tuple(file.tags for file in self.files)

    @property
    def sound(self) -> bool:
        """Whether the audio is right: a whole edition that Lidarr would take if it saw it."""
        return self.edition is not None and self.edition in tuple(self.album.eligible())


def pick(choices: Iterable[str], *words: str) -> str:
    """One of the choices, by hashing the words."""
    found = tuple(choices)
    return found[int(chance(*words) * len(found))]


def dressed(target: Target) -> tuple[Wanted, Circumstances]:
    """The album with countries, labels and media, which the album texts mostly lack."""
    wanted = target.wanted
    editions = tuple(
        replace(edition, country=edition.country or pick(_COUNTRIES, edition.id, "country"))
        for edition in wanted.editions
    )
    particulars = {
        edition.id: Particulars(
            media=("CD",) * edition.discs, labels=(pick(_LABELS, edition.id, "label"),)
        )
        for edition in editions
    }
    if wanted.artist == "Various Artists":
        wanted = replace(wanted, artist_id=VARIOUS_ARTISTS)
    circumstances = Circumstances(YEAR, root="/downloads/job", particulars=particulars)
    return replace(wanted, editions=editions), circumstances


def file_name(track: WantedTrack, kind: str, pattern: str = "{number:02} - {title}") -> str:
    """The name of a track's file, with signs that no disk takes replaced."""
    name = pattern.format(number=track.number, title=track.title, disc=track.disc)
    return f"{_NOT_IN_A_NAME.sub('_', name)[:120].strip()}.{kind}"


def tagged(wanted: Wanted, edition: Edition, track: WantedTrack, *, kind: str) -> FileTags:
    """A file as a careful person without a database tags it; the length is that of the audio."""
    return FileTags(
        file_name(track, kind),
        title=track.title,
        artist=track.artist or wanted.artist,
        album_artist=wanted.artist,
        album=wanted.album,
        year=wanted.year or 0,
        disc=track.disc,
        discs=edition.discs,
        track=track.number,
        tracks=sum(other.disc == track.disc for other in edition.tracks),
        seconds=round(heard_seconds(edition, track), 2),
    )


def identified(
    tags: FileTags,
    wanted: Wanted,
    edition: Edition,
    track: WantedTrack,
    particulars: Particulars,
) -> FileTags:
    """The same file as Picard leaves it: with ids and all that belongs to the edition."""
    return replace(
        tags,
        media="CD",
        country=edition.country or None,
        label=particulars.labels[0],
        comment=edition.disambiguation or None,
        release_id=edition.id,
        release_group_id=wanted.album_id,
        recording_id=track.recording_id,
        track_id=track.track_id,
        artist_id=wanted.artist_id,
    )


def heard_seconds(edition: Edition, track: WantedTrack) -> float:
    """How long the file plays: a rip is a little off what the catalogue says."""
    off = (chance(edition.id, track.track_id or track.title, "rip") - 0.5) * 3
    return max(1.0, (track.seconds or 0.0) + off)


def foreign_id(*words: str) -> str:
    """An id that belongs to nothing Lidarr knows."""
    return made_id("foreign", *words)
