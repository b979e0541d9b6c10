"""A folder on its way into the library: what we do to it, and what Lidarr's double makes of it.

Everything is real but Lidarr: files are read, tagged and moved; the double reads them by itself.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from soulspot_arr import audio
from soulspot_arr.audio import Expected, Strictness, TagMode
from soulspot_arr.demo.lidarr.core import Core, DoubleOptions, Moods
from soulspot_arr.demo.lidarr.importing import ImportResult
from soulspot_arr.demo.lidarr.life import Life
from soulspot_arr.demo.lidarr.records import Track
from soulspot_arr.demo.lidarr.tables import Store
from soulspot_arr.rules import fitting
from soulspot_arr.rules.fitting import Piece, Plan, Refusal
from soulspot_arr.wanted import WantedTrack
from tests.corpus_import.folders import Folder
from tests.corpus_import.rendering import render
from tests.corpus_import.stocking import stock
from tests.corpus_import.taggers import TAGGERS

STRUCTURE = Strictness(decode=False)
"""Lengths are read from the containers: hundreds of hours are not listened to."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What the double did with a folder: the edition it took the files for, and why some stayed.

    `whole` says that every file came in as the album that was wanted, `wrong` which of them are now
    tracks that they are not, `refused` what we had to say before it was even asked.
    """

    whole: bool
    edition: str = ""
    wrong: tuple[str, ...] = ()
    reasons: tuple[str, ...] = ()
    refused: str = ""


@dataclass(frozen=True, slots=True)
class Completed:
    """What we made of a folder: the plan, and under which path each file came to it."""

    plan: Plan
    origins: Mapping[str, str]


def pieces(home: Path, folder: Folder) -> list[Piece]:
    """The files as they lie there; what cannot be measured has no length."""
    found = []
    paths = sorted(path for path in home.rglob("*") if path.is_file())
    for key, path in enumerate(paths):
        tags = audio.read_tags(path, below=home)
        seen = audio.verify(path, Expected(), STRUCTURE)
        parts = ("@@share", folder.album.artist, folder.album.album, *tags.path.split("/"))
        seconds = seen.facts.seconds if seen.ok and seen.facts else None
        found.append(Piece(key, tags, "\\".join(parts), seconds))
    return found


def complete(home: Path, folder: Folder) -> Completed | Refusal:
    """Make a folder such that Lidarr takes it, as the service does; files too many are left out."""
    while True:
        there = pieces(home, folder)
        found = fitting.plan(there, folder.album, folder.circumstances, tags=True)
        if isinstance(found, Plan):
            break
        if not found.spare:
            return found
        for piece in there:
            if piece.key in found.spare:
                (home / piece.tags.path).unlink()
    origins = {placed.path: there[placed.key].tags.path for placed in found.placed}
    for placed in found.placed:
        path = home / origins[placed.path]
        if not found.as_is:
            told = audio.tags_of(folder.album, found.edition, placed.track, proven=placed.proven)
            audio.write_tags(path, told, TagMode.ALWAYS)
        target = home / placed.path
        target.parent.mkdir(parents=True, exist_ok=True)
        path.rename(target)
    return Completed(found, origins)


@contextmanager
def lidarr(root: Path, folder: Folder) -> Iterator[Callable[[Path], list[ImportResult]]]:
    """The double, with the folder's album in its library and its files going below `root`."""
    store = Store()
    try:
        artist = stock(store, folder.album, folder.circumstances, root=str(root))
        life = Life(Core(store, DoubleOptions(root, manual=True, rename=True), Moods()))
        root.mkdir(exist_ok=True)
        yield lambda home: life.importer.process_path(str(home), artist=artist)
    finally:
        store.close()


def tried(folder: Folder, tagger: str, scratch: Path) -> Outcome:
    """Render a folder below an empty one, let the tagger have it, and hand it to the double.

    "ours" is what the service does; any other tagger's tags are rendered as they are.
    """
    home, root = scratch / "job", scratch / "library"
    render(home, folder.tags if tagger == "ours" else TAGGERS[tagger](folder))
    origins: Mapping[str, str] = {}
    if tagger == "ours":
        found = complete(home, folder)
        if isinstance(found, Refusal):
            return Outcome(False, refused=found.reason)
        origins = found.origins
    with lidarr(root, folder) as take:
        return _outcome(folder, take(home), lambda path: origins.get(path, path), home)


def _outcome(
    folder: Folder, results: Sequence[ImportResult], origin: Callable[[str], str], home: Path
) -> Outcome:
    # A copy in another format is the same sound, though the corpus counts it as one too many.
    truth = {_stem(file.tags.path): file.truth for file in reversed(folder.files)}
    wrong, albums, editions = [], set(), set()
    for result in results:
        found = result.verdict
        if found is None or not found.album or not found.release:
            continue
        albums.add(found.album.foreign_id)
        editions.add(found.release.foreign_id)
        path = origin(Path(found.file.path).relative_to(home).as_posix())
        real = truth[_stem(path)]
        if result.imported and not (found.track and real and _same(real, found.track)):
            wrong.append(path)
    return Outcome(
        bool(results)
        and all(result.imported for result in results)
        and albums == {folder.album.album_id},
        editions.pop() if len(editions) == 1 else "",
        tuple(wrong),
        tuple(sorted({reason for result in results for reason in result.errors})),
    )


def _stem(path: str) -> str:
    return path.rpartition(".")[0]


def _same(real: WantedTrack, taken: Track) -> bool:
    return real.recording_id == taken.recording_id
