"""Where the files of a grab are, and where they go: found, waited for, moved into one folder.

Every step can be killed and run again: what was already moved is found at its new place. Nothing
here opens a file as audio.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from datetime import timedelta
from pathlib import Path

from sqlalchemy import select

from soulspot_arr import disk
from soulspot_arr.completion.ground import Ground, held
from soulspot_arr.domain import FailureKind
from soulspot_arr.errors import DiskFull, FilesMissing
from soulspot_arr.models import Download, Grab
from soulspot_arr.paths import destination
from soulspot_arr.rules import naming


class NotYet(Exception):  # not an error: come back at the next run
    """A file has not settled yet; `soon` when it is a matter of a second."""

    def __init__(self, words: str, *, soon: bool = False) -> None:
        super().__init__(words)
        self.soon = soon


class Gathering:
    """Knows the folders; writes nothing but where things were put."""

    def __init__(self, ground: Ground) -> None:
        self._db = ground.database
        self._settings = ground.settings
        self._paths = ground.paths
        self._clock = ground.clock

    def as_told(self, grab: Grab, files: Sequence[Download]) -> str:
        """`report` mode: the files cannot be seen; the folder slskd was told is reported."""
        if not self._paths.told_root:
            raise DiskFull("slskd's download folder is not known yet.")
        wanted = destination(grab.nzo_id, grab.offer_index, 0)
        for file in files:
            placement = (file.placement or "").replace("\\", "/")
            if placement == wanted or placement.startswith(wanted + "/"):
                continue
            if file.batch_key is None:  # no other peer would change that
                raise FilesMissing(
                    "slskd did not put the files into a folder of their own; mode 'report' needs "
                    "slskd 0.26 or newer."
                )
            raise FilesMissing(  # slskd forgets the folder when it is restarted (slskd §5.9)
                f"slskd did not put {naming.file_name(file.remote_path)} into its folder.",
                download_id=file.id,
                kind=FailureKind.VANISHED,
            )
        return self._paths.told_folder(wanted)

    def target(self, grab: Grab) -> Path:
        """The folder of this grab alone, named like its title; remembered before it is made."""
        complete = self._paths.complete_dir
        if complete is None:
            raise DiskFull("The folder for finished grabs is not known: slskd was never reached.")
        if grab.storage_path and naming.contained(str(complete), grab.storage_path):
            return _no_link(Path(grab.storage_path))
        parent = complete / self._paths.category_folder(grab.category)
        name = naming.safe_component(grab.title, 230)
        names = (name, *(f"{name}.{grab.nzo_id[-digits:]}" for digits in (4, 12)))
        free = [str(parent / name) for name in names if not (parent / name).exists()]
        with self._db.write() as session:
            taken = set(
                session.scalars(select(Grab.storage_path).where(Grab.storage_path.in_(free)))
            )
            storage = next((parent / Path(path).name for path in free if path not in taken), None)
            row = held(session, grab)
            if row is None or storage is None:
                raise NotYet("changed meanwhile")
            row.storage_path = str(storage)
        grab.storage_path = str(storage)
        return storage

    def arrived(
        self, grab: Grab, files: Sequence[Download], places: Mapping[int, Path]
    ) -> list[tuple[Download, Path]]:
        """Where each file is now, whole and quiet. Raises NotYet, DiskFull or FilesMissing."""
        # What was placed for an earlier peer and lies elsewhere now goes out of the way first.
        ordered = sorted(files, key=lambda file: file.placed_path is None)
        taken = {file.placed_path: file.id for file in files if file.placed_path}
        found = []
        missing: list[FilesMissing] = []
        for file in ordered:
            place = places[file.id]
            spots = [Path(file.placed_path)] if file.placed_path else []
            spots += [place] if taken.get(str(place), file.id) == file.id else []
            try:
                found.append((file, self._spot(grab, file, spots)))
            except FilesMissing as error:
                missing.append(error)
        if missing:  # all at once: where a folder has vanished nobody asks for one after the other
            missing[0].data["others"] = missing[1:]
            raise missing[0]
        return found

    def _spot(self, grab: Grab, file: Download, spots: Sequence[Path]) -> Path:
        for placed in spots:
            if _is_placed(file, placed):
                return placed  # moved before we were killed, or kept from an earlier peer
        root = self._paths.local_root
        if not self._paths.visible():
            raise DiskFull(
                f"slskd's download folder is not visible here as {root}. Mount it at the same "
                "place in both containers, or set paths.local_root."
            )
        found = self._paths.landed(file)
        if found is not None:
            if not disk.is_quiet(found, now=self._clock().timestamp()):
                raise NotYet(f"Waiting for {found.name} to settle.", soon=True)
            return found
        since = grab.transferred_at or grab.updated_at
        patience = timedelta(seconds=self._settings.get("completion.settle"))
        name = naming.file_name(file.remote_path)
        if self._clock() - since < patience:
            raise NotYet(f"Waiting for {name} to appear.")
        raise FilesMissing(
            f"{name} did not appear in {root} with its exact size.",
            download_id=file.id,
            kind=FailureKind.VANISHED,
        )

    def place(self, file: Download, path: Path, place: Path) -> None:
        """Put one file where it belongs; somebody else's is copied."""
        complete = self._paths.complete_dir
        assert complete is not None
        if path != place:
            ours = not file.adopted or str(path) == file.placed_path
            disk.move_whole(path, place, root=complete, keep=not ours)
        if file.placed_path != str(place):
            with self._db.write() as session:
                row = session.get(Download, file.id)
                if row is not None:
                    row.placed_path = str(place)
            file.placed_path = str(place)


def places_of(files: Sequence[Download], target: Path) -> dict[int, Path]:
    """Final path of each file: all in one folder, discs told apart by their names, no two alike.

    Folders of discs would be joined by Lidarr only under some paths: it looks for the word in the
    whole of it, and takes `CD20` for a part of `CD2` (contract lidarr §9.4).
    """
    places: dict[int, Path] = {}
    taken: set[str] = set()
    digits = len(str(max((file.disc for file in files), default=0)))
    # What has its name already keeps it, also when another peer's file of that name joins it.
    for file in sorted(files, key=lambda file: file.placed_path is None):
        name = _with_disc(naming.file_name(file.remote_path), file.disc, digits)
        name = naming.safe_component(name)
        while name.casefold() in taken:
            name = naming.safe_component(f"{file.position:03d} {name}")
        taken.add(name.casefold())
        places[file.id] = target / name
    return places


def _no_link(folder: Path) -> Path:
    """The folder, unless somebody has put a link in its place: what lies behind it is not ours."""
    if folder.is_symlink():
        raise DiskFull(f"{folder} is a link, where only our own folder may be.")
    return folder


def _with_disc(name: str, disc: int, digits: int) -> str:
    if not disc or re.match(rf"0*{disc}-", name):
        return name
    return f"{disc:0{digits}d}-{name}"


def _is_placed(file: Download, spot: Path) -> bool:
    """Whether it lies there already: whole, or with other tags than it came with."""
    if not spot.is_file():
        return False
    heard = file.verified or {}
    known = heard.get("bytes") == spot.stat().st_size and heard.get("mtime") == _modified(spot)
    retagged = bool(heard) and file.placed_path == str(spot)
    return known or retagged or spot.stat().st_size == file.size


def _modified(path: Path) -> int:
    return path.stat().st_mtime_ns
