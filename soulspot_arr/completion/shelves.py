"""The last step before the report: into the library folder what no Lidarr takes.

Killed anywhere it is taken up again: by the note that `shelving` leaves beside the files, and then
by the rows, which say where each file is.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path

from soulspot_arr import audio, disk, shelving
from soulspot_arr.completion.covering import NAMES
from soulspot_arr.completion.gathering import NotYet
from soulspot_arr.completion.ground import Ground, Placed, held
from soulspot_arr.models import Download, Grab
from soulspot_arr.rules.shelving import ShelfTags


class Shelves:
    """Knows the library folder of a person; nothing that lies there is ever taken away."""

    def __init__(self, ground: Ground) -> None:
        self._db = ground.database
        self._settings = ground.settings
        self._paths = ground.paths

    def go_on(self, grab: Grab, files: Sequence[Download], home: Path) -> Path | None:
        """End what was begun before we were killed; None when nothing was."""
        folder = self._folder(grab)
        placed = [(file, Path(file.placed_path)) for file in files if file.placed_path]
        if folder is None or len(placed) < len(files):
            return None
        if all(_lies_in(folder, path, home) for _, path in placed):
            return self._tidied([path for _, path in placed], home, folder)
        begun = shelving.begun(home)
        if any(path not in begun for _, path in placed):
            return None
        # Where a place was taken meanwhile another one is looked for, by the same words.
        now = {path: path if path.is_file() else begun[path] for _, path in placed}
        tags = {path: (file, _tags(grab, now[path])) for file, path in placed}
        return self._move(grab, tags, home, folder)

    def finish(self, grab: Grab, placed: Placed, home: Path) -> Path:
        """Move the files if they are for the library; the folder that is reported."""
        folder = self._folder(grab)
        if folder is None:
            return home
        files = {path: (file, _tags(grab, path)) for file, path in placed}
        return self._move(grab, files, home, folder)

    def _folder(self, grab: Grab) -> Path | None:
        folder = str(self._settings.get("library.folder"))
        mine = (grab.category or "*") in self._settings.get("library.categories")
        return Path(folder) if folder and mine else None

    def _move(
        self, grab: Grab, files: dict[Path, tuple[Download, ShelfTags]], home: Path, folder: Path
    ) -> Path:
        template = str(self._settings.get("library.template"))
        tags = {path: known for path, (_, known) in files.items()}
        new = shelving.shelve(tags, folder, template)
        with self._db.write() as session:
            if held(session, grab) is None:
                raise NotYet("changed meanwhile")
            for (file, _), path in zip(files.values(), new, strict=True):
                if (moved := session.get(Download, file.id)) is not None:
                    moved.placed_path = str(path)
        return self._tidied(new, home, folder)

    def _tidied(self, places: Sequence[Path], home: Path, folder: Path) -> Path:
        """The folder to report; nothing is left in the one of before.

        Only the report puts the library folder down as the grab's own: until then whatever goes
        wrong is tidied up in the other one.
        """
        storage = Path(os.path.commonpath([path.parent for path in places]))
        for cover in (home / name for name in NAMES):
            if cover.is_file() and not os.path.lexists(storage / cover.name):
                disk.move_whole(cover, storage / cover.name, root=folder)
        complete = self._paths.complete_dir
        if complete is not None:
            disk.remove_tree(home, root=complete)
        return storage


def _lies_in(folder: Path, path: Path, home: Path) -> bool:
    """Whether it was moved there; the folder may be around the one of finished grabs."""
    return path.is_relative_to(folder) and not path.is_relative_to(home) and path.is_file()


def _tags(grab: Grab, path: Path) -> ShelfTags:
    there = audio.read_tags(path)
    return ShelfTags(
        title=there.title or "",
        artist=there.artist or grab.artist,
        album=there.album or grab.album,
        album_artist=there.album_artist or grab.artist,
        year=there.year or grab.year or 0,
        track=there.track,
        disc=there.disc,
        discs=there.discs,
        quality=grab.quality,
    )
