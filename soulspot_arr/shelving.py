"""Moves finished files into the library folder of a person, for grabs that Lidarr does not import.

The house does not own that folder: nothing in it is ever overwritten or deleted. Where each file
goes is written down beside the files before the first one moves, so whoever is killed on the way
ends the same when he is run again; the note goes with the folder of the grab.
"""

from __future__ import annotations

import filecmp
import json
import os
from collections.abc import Mapping
from pathlib import Path

from soulspot_arr import disk
from soulspot_arr.errors import DiskFull
from soulspot_arr.rules.naming import contained
from soulspot_arr.rules.shelving import ShelfTags, shelf_path, spellings

NOTE = ".shelving~"
"""Name of the note in the deepest folder that all the files share."""

_Plan = dict[Path, Path]


def shelve(files: Mapping[Path, ShelfTags], folder: Path, template: str) -> list[Path]:
    """Move the files below `folder`; returns their new paths, in the order of the files.

    Run again with the same files it ends what was begun. Where another file has the name already,
    " (2)" is put behind it. Raises DiskFull or OutsideRoot; files that were moved by then stay.
    """
    if not files:
        return []
    home = Path(os.path.commonpath([source.parent for source in files]))
    with disk.told(f"plan the way to {folder}"):
        before = _read(home)
        plan = _plan(files, folder, template, before)
        if plan != before:
            _write(home, plan)
    for source, target in plan.items():
        if _moved(source, target):
            continue
        with disk.told(f"look at {target}"):
            if not _holds(source, target, folder):
                raise DiskFull(f"{target} has been taken meanwhile.")  # the next run finds another
        disk.move_whole(source, target, root=folder)
    return list(plan.values())


def begun(home: Path) -> _Plan:
    """Where the files below this folder were on their way to; empty when nothing was begun."""
    with disk.told(f"read the note in {home.name}"):
        # Files of a single disc share a folder below the grab's own.
        return {
            source: target
            for note in sorted(home.rglob(NOTE))
            for source, target in _read(note.parent).items()
        }


def _plan(
    files: Mapping[Path, ShelfTags], folder: Path, template: str, begun: Mapping[Path, Path]
) -> _Plan:
    kept = {
        source: begun[source]
        for source in files
        if source in begun and _holds(source, begun[source], folder)
    }
    taken = {str(target).casefold() for target in kept.values()}
    plan = {}
    for source, tags in files.items():
        if source not in kept:
            path = shelf_path(template, tags, name=source.name)
            kept[source] = next(
                target
                for target in map(folder.joinpath, spellings(path))
                if str(target).casefold() not in taken and not os.path.lexists(target)
            )
            taken.add(str(kept[source]).casefold())
        plan[source] = kept[source]
    return plan


def _moved(source: Path, target: Path) -> bool:
    return not os.path.lexists(source) and target.is_file()


def _holds(source: Path, target: Path, folder: Path) -> bool:
    """Whether what was planned can be kept to: nobody else has taken the place meanwhile."""
    if _moved(source, target):
        return True
    if not contained(str(folder), str(target)):
        return False  # the folder was set anew in between
    # Both are there when a copy to another disk was whole and its source not yet removed.
    return not os.path.lexists(target) or filecmp.cmp(source, target, shallow=False)


def _read(home: Path) -> _Plan:
    try:
        found = json.loads((home / NOTE).read_text("utf-8"))
    except (FileNotFoundError, ValueError):
        return {}
    if not isinstance(found, dict):
        return {}
    return {home / name: Path(target) for name, target in found.items() if isinstance(target, str)}


def _write(home: Path, plan: _Plan) -> None:
    note = {str(source.relative_to(home)): str(target) for source, target in plan.items()}
    draft = home / (NOTE + disk.PARTIAL)
    with draft.open("w", encoding="utf-8") as writer:
        json.dump(note, writer)
        writer.flush()
        os.fsync(writer.fileno())
    draft.replace(home / NOTE)
