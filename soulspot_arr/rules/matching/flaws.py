"""What makes a candidate useless whatever its name: locked, incomplete, unfetchable, unnameable.

Each flaw is one sentence for people. Lidarr takes a new album whole or not at all
(contract lidarr §9.3), so a hole in the numbers is a reason to refuse.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator

from soulspot_arr.domain import Rejection
from soulspot_arr.rules.matching.candidates import Candidate, CandidateFile
from soulspot_arr.rules.matching.track_titles import key_of
from soulspot_arr.rules.quality import token
from soulspot_arr.rules.reading import SEPARATORS

_MAX_NAME = 255  # bytes; longer components can never be created (contract slskd §6.5, row 19)
_MAX_FILE = 8 * 1024**3
_MAX_DISC = 150  # tracks; nothing that fits one disc has more
_EDITION = 70  # per cent of the usual number of files that another edition may have
_IMAGE_SECONDS = 15 * 60
_IMAGE_BYTES = 60 * 1024**2


def flaws(candidate: Candidate, *, mapped: bool = False) -> tuple[Rejection, ...]:
    """Every reason against the files of a candidate that the candidate itself shows.

    When each of its files is `mapped` to a track, numbers and copies have nothing more to say.
    """
    of_files = (_quality, _locked, _paths, _sizes)
    of_folder = () if mapped else (_repeated, _numbering, _image)
    return tuple(flaw for check in (*of_files, *of_folder) for flaw in check(candidate))


def too_few(candidate: Candidate, usual: int | None) -> tuple[Rejection, ...]:
    """The reason that only the others show: less than 70 % of what most of them have.

    A smaller difference may be one between editions.
    """
    count = len(candidate.files)
    if usual is None or count * 100 >= usual * _EDITION:
        return ()
    return (Rejection(f"only {count} of the {usual} files that others have", permanent=False),)


def _quality(candidate: Candidate) -> Iterator[Rejection]:
    quality = candidate.quality
    if quality is None:
        yield Rejection("the format cannot be told or is mixed")
    elif token(quality) is None:
        rate = f" at {quality.bitrate} kbit/s" if quality.bitrate else " of unknown bitrate"
        yield Rejection(f"Lidarr has no quality for {quality.codec}{rate}")


def _locked(candidate: Candidate) -> Iterator[Rejection]:
    locked = candidate.locked
    if locked:
        # A peer may unlock them for somebody, so this one can change.
        yield Rejection(
            f"{locked} of {len(candidate.raws)} files are locked by the peer",
            permanent=False,
        )


def _paths(candidate: Candidate) -> Iterator[Rejection]:
    folders: set[str] = set()
    parts: set[str] = set()
    for raw in candidate.raws:
        cut = max(raw.path.rfind("\\"), raw.path.rfind("/")) + 1
        folders.add(raw.path[:cut])
        parts.add(raw.path[cut:])
    parts.update(part for folder in folders for part in SEPARATORS.split(folder))
    if ".." in parts or "." in parts:
        yield Rejection("a path with `.` or `..` in it, which the source refuses")
    if any(
        len(part) > _MAX_NAME // 4 and len(part.encode("utf-8", "surrogatepass")) > _MAX_NAME
        for part in parts
    ):
        yield Rejection(f"a name longer than {_MAX_NAME} bytes, which no disk can hold")


def _sizes(candidate: Candidate) -> Iterator[Rejection]:
    sizes = [raw.size for raw in candidate.raws]
    if not sizes:
        yield Rejection("no audio files")
    elif min(sizes) <= 0:
        yield Rejection("a file without content")
    elif max(sizes) > _MAX_FILE:
        yield Rejection("a file too large to be one track")


def _repeated(candidate: Candidate) -> Iterator[Rejection]:
    places = Counter(
        (file.disc, file.track, "" if file.track is not None else key_of(file.title))
        for file in candidate.files
    )
    again = [place for place, count in places.items() if count > 1]
    if again:
        disc, track, title = min(again, key=str)
        which = f"track {track}" if track is not None else f'"{title}"'
        where = f" of disc {disc}" if disc else ""
        yield Rejection(f"several albums or copies in one folder: {which}{where} is there twice")
    per_disc = Counter(file.disc for file in candidate.files)
    if per_disc and max(per_disc.values()) > _MAX_DISC:
        yield Rejection(f"{max(per_disc.values())} files in one folder are no single album")


def _numbering(candidate: Candidate) -> Iterator[Rejection]:
    """Holes in the numbers. The search answer may have been cut short, so these can change."""
    discs = sorted({file.disc for file in candidate.files})
    missing = sorted(set(range(1, max(discs, default=0) + 1)) - set(discs))
    if missing:
        yield Rejection(f"disc {_listed(missing)} is missing", permanent=False)
    numbered = [file for file in candidate.files if file.track is not None]
    # One number in a folder of titles is part of a title.
    if len(numbered) * 2 <= len(candidate.files) and len(candidate.files) > 1:
        return
    counted_through = _counts_through(numbered)
    for disc in [0] if counted_through else discs:
        found = {file.track or 0 for file in numbered if counted_through or file.disc == disc}
        holes = sorted(set(range(1, max(found, default=0) + 1)) - found)
        if holes:
            where = f" of disc {disc}" if disc else ""
            yield Rejection(f"track {_listed(holes)}{where} is missing", permanent=False)


def _counts_through(numbered: Iterable[CandidateFile]) -> bool:
    """Whether the second disc goes on where the first one ended."""
    tracks = [file.track for file in numbered]
    later = [file.track for file in numbered if file.disc > 1]
    return len(set(tracks)) == len(tracks) and 1 not in later


def _listed(numbers: list[int]) -> str:
    shown = ", ".join(map(str, numbers[:5]))
    return f"{shown} and {len(numbers) - 5} more" if len(numbers) > 5 else shown


def _image(candidate: Candidate) -> Iterator[Rejection]:
    if candidate.image:
        raw = candidate.files[0].raw
        if (raw.seconds or 0) > _IMAGE_SECONDS or raw.size > _IMAGE_BYTES:
            yield Rejection("the whole album as one file with a cue sheet")
