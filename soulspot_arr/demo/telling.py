"""How the acts' facts are put on the screen: choices, progress, imports, the library, a timeline.

It draws what it is given and asks nobody, except for the library folder, which it reads.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from pathlib import Path

from soulspot_arr.demo import shelf
from soulspot_arr.demo.events import Choice, Imported, Progress
from soulspot_arr.demo.rest_client import Timeline
from soulspot_arr.demo.screen import Screen, clock, counted, megabytes

_SHOWN_AS_BAR = frozenset({"queued", "downloading", "paused", "completed"})


def choices(screen: Screen, found: Sequence[Choice]) -> None:
    """The table of an interactive search, with the reasons of what was refused."""
    approved = sum(choice.approved for choice in found)
    screen.good(f"{len(found)} releases found, {approved} approved, best first:")
    screen.line()
    rows = [
        (
            "✓" if choice.approved else "✗",
            choice.quality,
            megabytes(choice.size),
            choice.title,
        )
        for choice in found
    ]
    remarks = {
        number: "; ".join(choice.rejections)
        for number, choice in enumerate(found)
        if choice.rejections
    }
    screen.table(rows, remarks)
    screen.line()


def progress(screen: Screen, event: Progress) -> None:
    """How far a download is."""
    if event.status not in _SHOWN_AS_BAR:
        return
    # A finished transfer that is still being checked is listed with nothing remaining.
    done = 1 - event.size_left / event.size if event.size else 0.0
    left = f", {clock(event.seconds_left)} left" if event.seconds_left > 0 else ""
    screen.progress(event.status.capitalize(), done, f"{megabytes(event.size)}{left}")


def imported(screen: Screen, event: Imported, library: Path) -> None:
    """What came into the library, and where."""
    screen.good(f"Lidarr imports {counted(len(event.files), 'track')}.")
    folders = Counter(path.parent.relative_to(library) for path in event.files)
    for folder, files in folders.items():
        screen.detail(f"{folder}  ({counted(files, 'file')})")


def timeline(screen: Screen, told: Timeline) -> None:
    """One download from the question to the library, as the service remembers it."""
    for step in told.steps:
        screen.step(f"{step.seconds:7.1f} s", step.message)
    if told.end:
        screen.line()
        screen.good(told.end)


def library(screen: Screen, root: Path) -> None:
    """The tree of the library folder: what all tags of a folder say, then tags and name per file."""
    for folder, files in shelf.shelves(root):
        tags = [file.tags for file in files]
        album = [
            shelf.common([one.artist for one in tags]),
            shelf.common([one.album for one in tags]),
            shelf.common([one.year for one in tags]),
        ]
        identified = sum(bool(one.recording_id) for one in tags)
        if identified:
            album.append(f"MusicBrainz ids in {identified} of {len(tags)}")
        screen.good(f"{folder}/")
        screen.detail(f"tags: {' · '.join(album)}")
        widest = max(len(one.title or "") for one in tags)
        for file, one in zip(files, tags, strict=True):
            song = f"{one.number:>2} {one.title or '':<{widest}} {clock(one.seconds):>5}"
            screen.entry(song, Path(file.path).name)
