"""`make bench-import`: what Lidarr says to the corpus of folders, and how fast we are.

Every folder is rendered as real files, given to a tagger, and imported by a double of Lidarr: as it
was found, with the tags that soularr writes, and with what we make of it. The exit status is 1 when
one of the project's own promises is missed.
"""

from __future__ import annotations

import json
import os
import shutil
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path

from soulspot_arr import disk
from soulspot_arr.audio import TagMode, TrackTags, fingerprint, write_tags
from soulspot_arr.rules import fitting
from soulspot_arr.rules.rehearsal import rehearse
from soulspot_arr.simulator.audio import AudioSpec
from tests.bench.figures import Share
from tests.bench.measures import Figure
from tests.corpus_import.box_set import box_set
from tests.corpus_import.corpus import folders
from tests.corpus_import.folders import Folder
from tests.corpus_import.importing import Outcome, complete, lidarr, pieces, tried
from tests.corpus_import.rendering import render
from tests.corpus_import.taggers import TAGGERS

RESULT = Path("bench-import.json")
OURS = "ours"
WRONG_AUDIO = "concert"
_SONGS = 12
_SECONDS = 240.0
_ROUNDS = 3  # of which the best of each kind counts: the disk is not ours alone


@dataclass(frozen=True, slots=True)
class Row:
    """One folder by one tagger."""

    folder: Folder
    tagger: str
    outcome: Outcome


def outcomes() -> Iterator[Row]:
    """Every folder, with every tagger."""
    for folder in folders():
        for tagger in TAGGERS:
            with tempfile.TemporaryDirectory(prefix="soulspot-bench-") as scratch:
                yield Row(folder, tagger, tried(folder, tagger, Path(scratch)))


# -- tables ----------------------------------------------------------------------------------------


def success(rows: Sequence[Row], tagger: str) -> Share:
    """Of the folders whose sound is a whole edition that Lidarr may take, those that came in."""
    sound = [row for row in rows if row.tagger == tagger and row.folder.sound]
    return Share(sum(row.outcome.whole for row in sound), len(sound))


def wrong(rows: Sequence[Row], tagger: str) -> int:
    """Files that now are tracks that they are not."""
    return sum(len(row.outcome.wrong) for row in rows if row.tagger == tagger)


def table(rows: Sequence[Row]) -> Iterator[str]:
    """Imported folders of each habit by tagger."""
    yield f"{'habit':<34}{'folders':>8}{'sound':>7}" + "".join(f"{one:>10}" for one in TAGGERS)
    ordered = sorted(rows, key=lambda row: row.folder.habit)
    for habit, group in groupby(ordered, key=lambda row: row.folder.habit):
        mine = list(group)
        came = Counter(row.tagger for row in mine if row.outcome.whole)
        of_one = [row for row in mine if row.tagger == OURS]
        sound = sum(row.folder.sound for row in of_one)
        counts = "".join(f"{came[one]:>10}" for one in TAGGERS)
        yield f"{habit:<34}{len(of_one):>8}{sound:>7}{counts}"
    yield ""
    for tagger in TAGGERS:
        share = success(rows, tagger)
        yield f"{tagger:<10} imported {share.text(100, 1)} % of sound folders; {wrong(rows, tagger)} files wrong"


# -- figures ---------------------------------------------------------------------------------------


def promises(rows: Sequence[Row]) -> Iterator[Figure]:
    """What the corpus has to come to."""
    share = success(rows, OURS)
    yield Figure("import success, ours", share.value * 100, 98, "%", at_least=True)
    through = [row for row in rows if row.tagger == OURS and row.folder.habit == WRONG_AUDIO]
    let = sum(not row.outcome.refused for row in through)
    yield Figure("wrong versions with right titles let through", let, 0, f"of {len(through)}")
    yield Figure("files taken for another track", wrong(rows, OURS), 0, "files")
    late = sum(
        not row.outcome.whole and not row.outcome.refused for row in rows if row.tagger == OURS
    )
    yield Figure("refused by Lidarr and not by us", late, 0, "folders")


def tagging(folder: Path) -> Iterator[Figure]:
    """Twelve FLACs of four minutes: tagging beside copying and syncing the same bytes."""
    first = folder / "00.flac"
    first.write_bytes(AudioSpec(_SECONDS, "flac", seed=7).content())
    paths = [folder / f"{number:02}.flac" for number in range(1, _SONGS + 1)]
    for path in paths:
        shutil.copy(first, path)
    before = fingerprint(first)
    rounds = [_tagged(paths) for _ in range(_ROUNDS)]
    spent, copying = min(one for one, _ in rounds), min(other for _, other in rounds)
    changed = sum(fingerprint(path) != before for path in paths)
    size = sum(path.stat().st_size for path in paths)
    detail = f"{spent:.2f} s, copying {copying:.2f} s, {size / 1e6:.0f} MB"
    yield Figure("tagging 12 FLACs beyond a copy", spent - copying, 1, "s", detail)
    yield Figure("files whose sound was changed by tagging", changed, 0, "files")


def _tagged(paths: Sequence[Path]) -> tuple[float, float]:
    """Seconds for tagging all of them, and for copying all of them."""
    os.sync()
    clock = Clock()
    for path in paths:
        disk.move_whole(path, path.with_suffix(".copy"), root=path.parent, keep=True)
    copying = clock.lap()
    for path in paths:
        path.with_suffix(".copy").unlink()
    os.sync()
    clock.lap()
    for number, path in enumerate(paths, start=1):
        write_tags(path, TrackTags(title="Song", album="Album", number=number), TagMode.ALWAYS)
    return clock.lap(), copying


def box(folder: Path) -> Iterator[Figure]:
    """Twenty discs, three hundred tracks: thinking, tagging, and the double's import."""
    for by_hand in (True, False):
        made = box_set(tagged_by_hand=by_hand)
        name = made.id.replace("box/", "box set, ")
        home = folder / name
        render(home, made.tags)
        there = pieces(home, made)
        clock = Clock()
        rehearse([piece.tags for piece in there], made.album, made.circumstances)
        yield Figure(f"{name}: rehearsed", clock.lap(), 5, "s")
        fitting.plan(there, made.album, made.circumstances, tags=True)
        yield Figure(f"{name}: fitted", clock.lap(), 5, "s")
        complete(home, made)
        yield Figure(f"{name}: read, fitted, tagged", clock.lap(), 30, "s")
        with lidarr(folder / f"library {name}", made) as take:
            clock.lap()
            results = take(home)
            yield Figure(f"{name}: imported by the double", clock.lap(), 30, "s")
        came = sum(result.imported for result in results)
        yield Figure(f"{name}: files imported", came, len(made.files), "files", at_least=True)


class Clock:
    """Seconds between one question and the next."""

    def __init__(self) -> None:
        self._at = time.perf_counter()

    def lap(self) -> float:
        """Since the last time."""
        last, self._at = self._at, time.perf_counter()
        return self._at - last


def main() -> int:
    """Run, print, write the result file."""
    rows = list(outcomes())
    print("\n".join(table(rows)), end="\n\n")
    figures = list(promises(rows))
    for measure in (tagging, box):
        with tempfile.TemporaryDirectory(prefix="soulspot-bench-") as folder:
            figures += measure(Path(folder))
    print(f"{'measure':<46} {'measured':>12} {'promised':>12}")
    print("\n".join(figure.row() for figure in figures))
    told = {
        "success": {tagger: success(rows, tagger).as_json() for tagger in TAGGERS},
        "wrong_files": {tagger: wrong(rows, tagger) for tagger in TAGGERS},
        "figures": [figure.as_json() for figure in figures],
    }
    RESULT.write_text(json.dumps(told, indent=1))
    return 1 if any(not figure.kept for figure in figures) else 0


if __name__ == "__main__":
    sys.exit(main())
