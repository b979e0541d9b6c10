"""The habits: how folders come to be what they are, one function each.

A habit takes a target and gives the files, the edition they really are, and what Lidarr does with
them untouched; None when the target does not suit it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace

from soulspot_arr.rules.rehearsal import Circumstances, FileTags
from soulspot_arr.wanted import Edition, Wanted, WantedTrack
from tests.corpus.catalogue import chance
from tests.corpus_import.folders import (
    KINDS,
    File,
    file_name,
    foreign_id,
    identified,
    pick,
    tagged,
)


@dataclass(frozen=True, slots=True)
class Made:
    """What a habit makes of an album."""

    files: tuple[File, ...]
    edition: Edition | None
    imports: bool | None = None


@dataclass(frozen=True, slots=True)
class Album:
    """What a habit works on: the album, its surroundings, and the container everything comes in."""

    wanted: Wanted
    circumstances: Circumstances
    kind: str

    @property
    def chosen(self) -> Edition:
        """The edition Lidarr has chosen."""
        return next((one for one in self.wanted.editions if one.monitored), self.wanted.editions[0])

    @property
    def rest(self) -> tuple[Edition, ...]:
        """The other editions."""
        return tuple(one for one in self.wanted.editions if one is not self.chosen)

    def files(self, edition: Edition) -> tuple[File, ...]:
        """A carefully tagged copy of an edition."""
        return tuple(
            File(tagged(self.wanted, edition, track, kind=self.kind), track)
            for track in edition.tracks
        )

    def known(self, edition: Edition, files: Iterable[File]) -> tuple[File, ...]:
        """The same files with all the ids of an edition, by number where the tracks differ."""
        particulars = self.circumstances.particulars[edition.id]
        found = []
        for place, file in enumerate(files):
            track = edition.tracks[min(place, len(edition.tracks) - 1)]
            tags = identified(file.tags, self.wanted, edition, track, particulars)
            found.append(File(tags, file.truth))
        return tuple(found)


Habit = Callable[[Album], Made | None]


def _each(files: Iterable[File], change: Callable[[FileTags], FileTags]) -> tuple[File, ...]:
    return tuple(File(change(file.tags), file.truth) for file in files)


def _bare(tags: FileTags) -> FileTags:
    return FileTags(tags.path, seconds=tags.seconds)


# -- well tagged -----------------------------------------------------------------------------------


def picard(album: Album) -> Made | None:
    """Everything a database knows, ids included."""
    return Made(album.known(album.chosen, album.files(album.chosen)), album.chosen, True)


def careful(album: Album) -> Made | None:
    """By hand: all the words, no ids."""
    return Made(album.files(album.chosen), album.chosen)


def sloppy(album: Album) -> Made | None:
    """Decorated album titles, guests in track titles, a year of some reissue, no disc."""
    words = (album.wanted.album_id, "sloppy")
    decoration = pick((" (Deluxe Edition)", " [FLAC]", " (Remastered)", " CD", ""), *words)
    year = (album.wanted.year or 1990) + int(chance(*words, "year") * 12)

    def change(tags: FileTags) -> FileTags:
        guest = " (feat. Somebody)" if chance(tags.path, *words) < 0.2 else ""
        title = f"{tags.title}{guest}"
        return replace(
            tags,
            title=title.lower() if decoration == "" else title,
            album=f"{tags.album}{decoration}",
            album_artist=None,
            year=year,
            disc=0,
            discs=0,
        )

    return Made(_each(album.files(album.chosen), change), album.chosen)


def short_fields(album: Album) -> Made | None:
    """Old tags that hold thirty letters each."""
    return Made(
        _each(
            album.files(album.chosen),
            lambda tags: replace(
                tags,
                title=(tags.title or "")[:30].strip(),
                artist=(tags.artist or "")[:30].strip(),
                album_artist=None,
                album=(tags.album or "")[:30].strip(),
                disc=0,
                discs=0,
                tracks=0,
            ),
        ),
        album.chosen,
    )


# -- hardly tagged ---------------------------------------------------------------------------------


def untagged(album: Album) -> Made | None:
    """Not a tag in it; the names say everything."""
    return Made(_each(album.files(album.chosen), _bare), album.chosen, False)


def numbered(album: Album) -> Made | None:
    """Not a tag in it, and names that are numbers."""
    files = _each(album.files(album.chosen), _bare)
    named = [
        File(replace(file.tags, path=f"Track{n:02}.{album.kind}"), file.truth)
        for n, file in enumerate(files, start=1)
    ]
    return Made(tuple(named), album.chosen, False)


def titles_only(album: Album) -> Made | None:
    """Title and number, but neither album nor artist."""
    return Made(
        _each(
            album.files(album.chosen),
            lambda tags: replace(_bare(tags), title=tags.title, track=tags.track),
        ),
        album.chosen,
        False,
    )


def albums_only(album: Album) -> Made | None:
    """Artist and album, but no titles."""
    return Made(
        _each(album.files(album.chosen), lambda tags: replace(tags, title=None)),
        album.chosen,
        False,
    )


def one_broken(album: Album) -> Made | None:
    """One file in the middle that cannot be read."""
    files = list(album.files(album.chosen))
    if len(files) < 3:
        return None
    broken = files[len(files) // 2]
    files[len(files) // 2] = File(FileTags(broken.tags.path), None)
    return Made(tuple(files), None, False)


# -- the wrong ids and editions --------------------------------------------------------------------


def strange_ids(album: Album) -> Made | None:
    """The ids of an edition that Lidarr does not have; the recordings are right."""
    strange = foreign_id(album.wanted.album_id)
    files = album.known(album.chosen, album.files(album.chosen))
    return Made(
        _each(files, lambda tags: replace(tags, release_id=strange, country=None, label=None)),
        album.chosen,
    )


def strange_recordings(album: Album) -> Made | None:
    """Right but for one recording id in the middle."""
    files = list(album.known(album.chosen, album.files(album.chosen)))
    at = len(files) // 2
    wrong = replace(files[at].tags, recording_id=foreign_id(album.wanted.album_id, "recording"))
    files[at] = File(wrong, files[at].truth)
    return Made(tuple(files), album.chosen, False)


def ids_of_the_other(album: Album) -> Made | None:
    """The audio of one edition under the ids of another one with fewer or more tracks."""
    other = next((one for one in album.rest if len(one.tracks) != len(album.chosen.tracks)), None)
    if other is None:
        return None
    return Made(album.known(other, album.files(album.chosen)), album.chosen, False)


def other_edition(album: Album) -> Made | None:
    """A whole edition that is not the chosen one, well tagged."""
    if not album.rest:
        return None
    edition = album.rest[0]
    return Made(album.known(edition, album.files(edition)), edition, album.wanted.any_edition)


# -- several discs ---------------------------------------------------------------------------------


def _in_folders(album: Album, pattern: str) -> Made | None:
    edition = album.chosen
    if edition.discs < 2:
        return None
    files = album.files(edition)
    moved = _each(
        files, lambda tags: replace(tags, path=f"{pattern.format(tags.disc)}/{tags.path}")
    )
    return Made(moved, edition)


def disc_folders(album: Album) -> Made | None:
    """CD1, CD2: the layout Lidarr understands."""
    return _in_folders(album, "CD{}")


def disc_folders_with_names(album: Album) -> Made | None:
    """Folders with subtitles, which Lidarr takes for so many releases."""
    made = _in_folders(album, "CD{} - Somewhere")
    return replace(made, imports=False) if made else None


def discs_flat(album: Album) -> Made | None:
    """All discs in one folder, names with the disc in front."""
    edition = album.chosen
    if edition.discs < 2:
        return None
    files = [
        File(replace(file.tags, path=file_name(track, album.kind, "{disc}-{number:02} {title}")),
             track)
        for file, track in zip(album.files(edition), edition.tracks, strict=True)
    ]  # fmt: skip
    return Made(tuple(files), edition)


def discs_as_albums(album: Album) -> Made | None:
    """Each disc under an album title of its own and counted as the only one."""
    made = _in_folders(album, "Disc {}")
    if made is None:
        return None
    return replace(
        made,
        files=_each(
            made.files,
            lambda tags: replace(tags, album=f"{tags.album} (Disc {tags.disc})", disc=1, discs=1),
        ),
    )


# -- compilations ----------------------------------------------------------------------------------


def _is_compilation(wanted: Wanted) -> bool:
    return any(track.artist for track in wanted.editions[0].tracks)


def compilation(album: Album) -> Made | None:
    """Many artists, one album artist."""
    if not _is_compilation(album.wanted):
        return None
    return Made(album.files(album.chosen), album.chosen)


def compilation_without_album_artist(album: Album) -> Made | None:
    """Many artists and nothing that holds them together but the album title."""
    if not _is_compilation(album.wanted):
        return None
    files = _each(album.files(album.chosen), lambda tags: replace(tags, album_artist=None))
    return Made(files, album.chosen)


# -- too much, too little, something else ----------------------------------------------------------


def _extra(album: Album, title: str, number: int) -> File:
    track = WantedTrack(title, 1, number, 211.0)
    return File(tagged(album.wanted, album.chosen, track, kind=album.kind), None)


def bonus(album: Album) -> Made | None:
    """A song too many that no edition has."""
    if len({len(one.tracks) for one in album.wanted.editions}) > 1:
        return None
    extra = _extra(album, "Hidden Track", len(album.chosen.tracks) + 1)
    return Made((*album.files(album.chosen), extra), album.chosen, False)


def two_formats(album: Album) -> Made | None:
    """Everything twice, in two formats side by side."""
    again = _each(
        album.files(album.chosen),
        lambda tags: replace(tags, path=f"{tags.path.rpartition('.')[0]}.wma"),
    )
    copies = tuple(File(file.tags, None) for file in again)
    return Made((*album.files(album.chosen), *copies), album.chosen, False)


def incomplete(album: Album) -> Made | None:
    """A track is missing."""
    if len(album.wanted.editions) > 1 or len(album.chosen.tracks) < 3:
        return None
    files = album.files(album.chosen)
    return Made((*files[:1], *files[2:]), None, False)


def concert(album: Album) -> Made | None:
    """Another performance under the very tags of the album, ids included: the wrong audio."""
    files = album.known(album.chosen, album.files(album.chosen))

    def change(tags: FileTags) -> FileTags:
        return replace(tags, seconds=tags.seconds + 15 + 40 * chance(tags.path, "concert"))

    played = _each(files, change)
    return Made(tuple(File(file.tags, None) for file in played), None)


HABITS: Mapping[str, Habit] = {
    habit.__name__.replace("_", "-"): habit
    for habit in (
        *(picard, careful, sloppy, short_fields),
        *(untagged, numbered, titles_only, albums_only, one_broken),
        *(strange_ids, strange_recordings, ids_of_the_other, other_edition),
        *(disc_folders, disc_folders_with_names, discs_flat, discs_as_albums),
        *(compilation, compilation_without_album_artist),
        *(bonus, two_formats, incomplete, concert),
    )
}
"""Every habit by its name."""


def album_of(wanted: Wanted, circumstances: Circumstances) -> Album:
    """What the habits work on; the container hangs on the album alone."""
    return Album(wanted, circumstances, pick(KINDS, wanted.album_id, "kind"))
