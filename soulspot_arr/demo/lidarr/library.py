"""The library of the double: who and what is in it, and how Lidarr finds it by name.

Look-ups are Lidarr's: exact by clean name first, then by likeness with a gap to the next (contract
lidarr §7.3, §9.5). It reads and changes rows, nothing else.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from itertools import takewhile
from typing import TypeVar
from uuid import NAMESPACE_URL, uuid5

from soulspot_arr.demo.lidarr import likeness
from soulspot_arr.demo.lidarr.records import Album, Artist, Release, Track, TrackFile
from soulspot_arr.demo.lidarr.tables import Row, Store, Table
from soulspot_arr.rules.lidarr.text import clean_name

Named = TypeVar("Named", Artist, Album)


class SeveralArtists(Exception):
    """Two artists share one clean name: whoever asks by name gets none of them."""


class Library:
    """Artists, albums, releases, tracks and files."""

    def __init__(self, store: Store) -> None:
        self.artists = Table(store, "artist", Artist)
        self.albums = Table(store, "album", Album)
        self.releases = Table(store, "release", Release)
        self.tracks = Table(store, "track", Track)
        self.files = Table(store, "trackfile", TrackFile)
        # Neither changes its parent, and both are looked up all the time.
        self._releases: dict[int, list[Release]] = {}
        self._tracks: dict[int, list[Track]] = {}
        for release in self.releases:
            self._releases.setdefault(release.album_id, []).append(release)
        for track in self.tracks:
            self._tracks.setdefault(track.release_id, []).append(track)

    # -- relations -------------------------------------------------------------------------------

    def artist_of(self, album: Album) -> Artist:
        """The artist an album belongs to."""
        found = self.artists.get(album.artist_id)
        assert found is not None
        return found

    def album_of(self, release: Release) -> Album:
        """The album a release belongs to."""
        found = self.albums.get(release.album_id)
        assert found is not None
        return found

    def albums_of(self, artist_id: int) -> list[Album]:
        """All albums of an artist."""
        return [album for album in self.albums if album.artist_id == artist_id]

    def releases_of(self, album_id: int) -> list[Release]:
        """All releases of an album."""
        return list(self._releases.get(album_id, ()))

    def monitored(self, album_id: int) -> Release | None:
        """The monitored release of an album."""
        return next((one for one in self.releases_of(album_id) if one.monitored), None)

    def tracks_of(self, release_id: int) -> list[Track]:
        """The tracks of a release in their order."""
        return list(self._tracks.get(release_id, ()))

    def album_of_track(self, track: Track) -> Album:
        """The album a track belongs to."""
        release = self.releases.get(track.release_id)
        assert release is not None
        return self.album_of(release)

    def files_of(self, album_id: int) -> list[TrackFile]:
        """The files that an album has in the library."""
        return [file for file in self.files if file.album_id == album_id]

    def monitor(self, release: Release) -> None:
        """Make this the one monitored release of its album."""
        for other in self.releases_of(release.album_id):
            if other.monitored != (other.id == release.id):
                other.monitored = other.id == release.id
                self.releases.save(other)

    def forget_file(self, file: TrackFile) -> list[Track]:
        """Delete a file's row and unlink its tracks, which are returned."""
        linked = [track for track in self.tracks if track.file_id == file.id]
        for track in linked:
            track.file_id = 0
            self.tracks.save(track)
        self.files.delete(file.id)
        return linked

    # -- names -----------------------------------------------------------------------------------

    def artist_by_name(self, name: str) -> Artist | None:
        """The artist a parsed name means; SeveralArtists when two are equally good."""
        clean = clean_name(name)
        exact = [artist for artist in self.artists if clean_name(artist.name) == clean]
        if len(exact) > 1:
            raise SeveralArtists(", ".join(artist.name for artist in exact))
        return exact[0] if exact else self._artist_like(name, clean)

    def artist_candidates(self, name: str) -> list[Artist]:
        """Every artist that a tag may mean."""
        found: dict[int, Artist] = {}
        for artists in self._artists_like(name, clean_name(name)):
            found.update((artist.id, artist) for artist in artists)
        return list(found.values())

    def _artist_like(self, name: str, clean: str) -> Artist | None:
        for found in self._artists_like(name, clean):
            if len(found) == 1:
                return found[0]
        return None

    def _artists_like(self, name: str, clean: str) -> Iterable[list[Artist]]:
        without = name.lower().startswith("the ")
        other = clean_name(name[4:]) if without else f"the{clean}"
        tries: tuple[tuple[Callable[[Artist], str], str], ...] = (
            (lambda artist: clean_name(artist.name), clean),
            (lambda artist: artist.name, name),
            (lambda artist: clean_name(artist.name), other),
        )
        for own, sought in tries:
            yield _alike(self.artists, own, sought, score=likeness.fuzzy, least=0.8, gap=0.2)

    def album_by_title(self, artist_id: int, title: str) -> Album | None:
        """The album a parsed title means: the same title, else the only one that resembles it."""
        albums = self.albums_of(artist_id)
        clean = clean_name(title) or title
        exact = [one for one in albums if one.title == title or clean_name(one.title) == clean]
        if len(exact) == 1:
            return exact[0]
        for found in _resembling(albums, title):
            if len(found) == 1:
                return found[0]
        return None

    def album_candidates(self, artist_id: int, title: str) -> list[Album]:
        """Every album of the artist that the tag may mean (contract lidarr §9.5, step 2)."""
        found: dict[int, Album] = {}
        for albums in _resembling(self.albums_of(artist_id), title):
            found.update((album.id, album) for album in albums)
        return list(found.values())

    # -- filling ---------------------------------------------------------------------------------

    def add_artist(self, spec: Row, root: str) -> Artist:
        """Add what `spec` describes; see `control` for its shape. Missing ids are made up."""
        name = str(spec["name"])
        artist = self.artists.add(
            Artist(
                name,
                str(spec.get("foreignId") or _made_up("artist", name)),
                str(spec.get("path") or f"{root.rstrip('/')}/{likeness.file_name(name)}"),
                profile=str(spec.get("profile", "Any")),
            )
        )
        for album in spec.get("albums", ()):
            self.add_album(artist, album)
        return artist

    def add_album(self, artist: Artist, spec: Row) -> Album:
        """Add one album with its releases; the first is monitored unless one says it is."""
        title, disambiguation = str(spec["title"]), str(spec.get("disambiguation", ""))
        # Two albums of one name are told apart by it.
        made_up = _made_up("album", artist.name, title, *filter(None, (disambiguation,)))
        album = self.albums.add(
            Album(
                artist.id,
                title,
                str(spec.get("foreignId") or made_up),
                release_date=str(spec.get("date", "")),
                disambiguation=disambiguation,
                any_release_ok=bool(spec.get("anyReleaseOk", True)),
            )
        )
        releases = [
            self._add_release(album, one, at) for at, one in enumerate(spec["releases"], start=1)
        ]
        if releases and not any(release.monitored for release in releases):
            self.monitor(releases[0])
        return album

    def _add_release(self, album: Album, spec: Row, place: int) -> Release:
        media: list[list[Sequence[object]]] = spec["media"]
        kind = str(spec.get("format", "CD"))
        release = self.releases.add(
            Release(
                album.id,
                str(spec.get("foreignId") or _made_up(album.foreign_id, place)),
                str(spec.get("title") or album.title),
                disambiguation=str(spec.get("disambiguation", "")),
                countries=list(spec.get("country", ["[Worldwide]"])),
                labels=list(spec.get("label", [])),
                media=[
                    {"mediumNumber": at, "mediumName": "", "mediumFormat": kind}
                    for at in range(1, len(media) + 1)
                ],
                release_date=str(spec.get("date") or album.release_date),
                monitored=bool(spec.get("monitored", False)),
            )
        )
        self._releases.setdefault(album.id, []).append(release)
        for medium, songs in enumerate(media, start=1):
            for number, song in enumerate(songs, start=1):
                self._add_track(release, song, medium, number)
        return release

    def _add_track(
        self, release: Release, song: Sequence[object], medium: int, number: int
    ) -> None:
        title, seconds = str(song[0]), float(str(song[1]))
        recording = str(song[2]) if len(song) > 2 else _made_up(release.foreign_id, medium, number)
        track = self.tracks.add(
            Track(
                release.id,
                title,
                number,
                medium,
                round(seconds * 1000),
                _made_up("track", release.foreign_id, medium, number),
                recording,
            )
        )
        self._tracks.setdefault(release.id, []).append(track)


def _made_up(*parts: object) -> str:
    return str(uuid5(NAMESPACE_URL, "/".join(str(part) for part in parts)))


def _resembling(albums: Sequence[Album], title: str) -> Iterable[list[Album]]:
    """Seven ways to compare, each with its own hits, in Lidarr's order."""
    clean = clean_name(title)
    bare, before = likeness.without_brackets(title), likeness.before_dash(title)
    both = likeness.before_dash(bare)

    def cleaned(album: Album) -> str:
        return clean_name(album.title)

    def written(album: Album) -> str:
        return album.title

    fuzzy, within = likeness.fuzzy, likeness.within
    for own, sought, score in (
        (cleaned, clean, fuzzy),
        (written, title, fuzzy),
        (cleaned, clean_name(bare), fuzzy),
        (cleaned, clean_name(before), fuzzy),
        (cleaned, clean_name(both), fuzzy),
        (cleaned, clean, within),
        (written, title, within),
    ):
        yield _alike(albums, own, sought, score=score, least=0.7, gap=0.4)


def _alike(
    entries: Iterable[Named],
    own: Callable[[Named], str],
    sought: str,
    *,
    score: Callable[[str, str], float],
    least: float,
    gap: float,
) -> list[Named]:
    """The best entries down to the first wide gap; one below the limit may ride along."""
    ranked = sorted(
        ((score(own(entry), sought), entry) for entry in entries), key=lambda pair: -pair[0]
    )
    places = range(len(ranked))
    close = takewhile(lambda at: at == 0 or ranked[at - 1][0] - ranked[at][0] < gap, places)
    kept = takewhile(
        lambda at: ranked[at][0] > least or (at > 0 and ranked[at - 1][0] > least), close
    )
    return [ranked[at][1] for at in kept]
