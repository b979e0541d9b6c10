"""From raw folders to candidates: what one peer shares as one album in one format.

Disc folders are joined, formats side by side are parted, and nothing but importable audio is kept.
Whether a candidate is the wanted album is not asked here.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from soulspot_arr.domain import Offer, OfferFile, Quality, RawFile, RawFolder
from soulspot_arr.rules.quality import codec_of, measure
from soulspot_arr.rules.reading import (
    PathReading,
    disc_of_folder,
    is_format,
    is_root,
    read_folder,
    segments,
    split_disc,
)
from soulspot_arr.rules.spelling import normalise
from soulspot_arr.rules.tracks import (
    IMPORTABLE,
    TrackName,
    read_track,
    settle,
    split_extension,
    title_key,
)


@dataclass(frozen=True, slots=True)
class CandidateFile:
    """One audio file of a candidate; `disc` is 0 when there is one disc, `track` None if untold."""

    raw: RawFile
    disc: int = 0
    track: int | None = None
    title: str = ""


@dataclass(frozen=True, slots=True)
class Candidate:
    """One album of one peer in one format, not judged yet.

    `root` is the remote folder above its discs, `name` that folder's own name; `by` is the artist
    that most file names claim. `image` tells that a cue sheet lies beside a single file. `part`
    tells candidates of one format apart that share a root; empty where one has it for itself.
    """

    peer: str
    root: str
    name: str
    files: tuple[CandidateFile, ...]
    quality: Quality | None
    free_slot: bool = False
    speed: int = 0
    queue_length: int = 0
    locked: int = 0
    reading: PathReading = field(default_factory=PathReading)
    folders: tuple[str, ...] = ()
    by: str = ""
    image: bool = False
    part: tuple[str, ...] = ()

    @property
    def size(self) -> int:
        """Bytes of all its audio files."""
        return sum(file.raw.size for file in self.files)


@dataclass(slots=True)
class _Folder:
    """The audio files that one peer keeps in one remote folder."""

    path: str
    parts: tuple[str, ...]
    hints: RawFolder
    audio: dict[str, tuple[RawFile, str]] = field(default_factory=dict)
    cue: bool = False


@dataclass(slots=True)
class _Member:
    """One file on its way into a candidate."""

    raw: RawFile
    codec: str
    disc: int
    name: TrackName

    @property
    def place(self) -> tuple[int, int | None, str]:
        """Two files of one format at one place are the same track twice."""
        if self.name.track is None:
            return self.disc, None, title_key(self.name.title)
        return self.disc, self.name.track, ""


def group(folders: Sequence[RawFolder]) -> tuple[Candidate, ...]:
    """Every album in every format that these folders hold, in the order of their paths."""
    albums: dict[tuple[str, str, str], list[tuple[int, _Folder]]] = {}
    # In whatever order an answer comes, the same folder has to become the same candidate.
    for folder in sorted(_by_directory(folders), key=lambda folder: folder.path):
        root, disc = _album_root(folder.parts)
        peer, style = folder.hints.peer, folder.path.rstrip("0123456789")
        # "CD1" beside "Disc 1" is one album twice, and two share roots may hold one path each.
        key = (peer, root, "")
        if any(disc == known for known, _ in albums.get(key, ())):
            key = (peer, root, style)
        albums.setdefault(key, []).append((disc, folder))
    return tuple(
        candidate
        for (_, root, style), discs in albums.items()
        for beside, belonging in enumerate(_belonging(discs))
        for candidate in _candidates(
            root, belonging, _part(style, "beside discs" if beside else "")
        )
    )


def _part(*names: str) -> tuple[str, ...]:
    return tuple(name for name in names if name)


def _by_directory(folders: Iterable[RawFolder]) -> list[_Folder]:
    """Importable audio by peer and remote folder; the same file told twice counts once."""
    found: dict[tuple[str, str], _Folder] = {}
    for folder in folders:
        for file in folder.files:
            cut = max(file.path.rfind("\\"), file.path.rfind("/"))
            directory = file.path[:cut] if cut >= 0 else folder.path
            name = file.path[cut + 1 :]
            extension = name.rpartition(".")[2].lower() if "." in name else ""
            if extension not in IMPORTABLE and extension != "cue":
                continue
            key = (folder.peer, directory)
            known = found.get(key)
            if known is None:
                known = found[key] = _Folder(directory, segments(directory), folder)
            if extension == "cue":
                known.cue = True
            elif name.strip() and not name.startswith("._"):  # macOS shadows of the real files
                known.audio.setdefault(file.path, (file, name))
    return [folder for folder in found.values() if folder.audio]


def _album_root(parts: tuple[str, ...]) -> tuple[str, int]:
    """The folder that holds the whole album, and which disc of it lies here (0: all of it)."""
    upper, layers = parts, ""
    while len(upper) > 1 and is_format(upper[-1]) and not disc_of_folder(upper[-1]):
        layers = f"\\{upper[-1]}{layers}"  # copies in two formats are two albums
        upper = upper[:-1]
    if len(upper) > 1:
        disc = disc_of_folder(upper[-1])
        if disc and not is_root(upper[-2]):
            return "\\".join(upper[:-1]) + layers, disc
        name, disc = split_disc(upper[-1])
        if disc:
            return "\\".join((*upper[:-1], name)) + layers, disc
    return "\\".join(parts), 0


def _belonging(discs: list[tuple[int, _Folder]]) -> list[list[tuple[int, _Folder]]]:
    """Files beside disc folders are the missing first disc, or an album of their own."""
    numbers = {disc for disc, _ in discs}
    if 0 not in numbers or len(numbers) == 1:
        return [discs]
    if 1 not in numbers:
        return [[(disc or 1, folder) for disc, folder in discs]]
    return [
        [(disc, folder) for disc, folder in discs if disc],
        [(disc, folder) for disc, folder in discs if not disc],
    ]


def _candidates(
    root: str, discs: list[tuple[int, _Folder]], part: tuple[str, ...]
) -> list[Candidate]:
    members = [member for disc, folder in discs for member in _members(disc, folder)]
    by_codec: dict[str, list[_Member]] = {}
    for member in members:
        by_codec.setdefault(member.codec, []).append(member)
    found: list[Candidate] = []
    for copies in by_codec.values():
        if len({member.place for member in copies}) == len(copies):
            found.append(_candidate(root, discs, copies, part))
        else:
            for copy in _part_copies(copies):
                found.extend(_one_per_album(root, discs, copy, part))
    return found


def _members(disc: int, folder: _Folder) -> list[_Member]:
    """The audio of one folder; the numbers of each format are read together."""
    rows: dict[str, list[tuple[RawFile, str]]] = {}
    for file, name in folder.audio.values():
        rows.setdefault(codec_of(file) or "", []).append((file, name))
    found: list[_Member] = []
    for codec, files in rows.items():
        names = settle([read_track(split_extension(name)[0]) for _, name in files])
        found.extend(
            _Member(file, codec, disc or track.disc, track)
            for (file, _), track in zip(files, names, strict=True)
        )
    return found


def _part_copies(copies: list[_Member]) -> list[list[_Member]]:
    """16 and 24 bit copies of the same tracks apart; anything else together."""
    by_depth: dict[bool, list[_Member]] = {}
    for member in copies:
        by_depth.setdefault((member.raw.bit_depth or 16) > 16, []).append(member)
    parts = list(by_depth.values())
    if len(parts) == 2 and all(len({m.place for m in part}) == len(part) for part in parts):
        return parts
    return [copies]


def _one_per_album(
    root: str,
    discs: list[tuple[int, _Folder]],
    members: list[_Member],
    part: tuple[str, ...],
) -> list[Candidate]:
    """Several albums in one folder apart, when every single file says which one it is of."""
    if len({member.place for member in members}) < len(members):
        albums: dict[tuple[str, str], list[_Member]] = {}
        for member in members:
            claim = (normalise(member.name.by), normalise(member.name.of))
            albums.setdefault(claim, []).append(member)
        if len(albums) > 1 and all(of for _, of in albums):
            return [
                _candidate(root, discs, tracks, (*part, *claim), split=True)
                for claim, tracks in albums.items()
            ]
    return [_candidate(root, discs, members, part)]


def _candidate(
    root: str,
    discs: list[tuple[int, _Folder]],
    members: list[_Member],
    part: tuple[str, ...],
    *,
    split: bool = False,
) -> Candidate:
    folder = discs[0][1]
    parts = tuple(part for part in root.split("\\") if part)
    reading = read_folder(parts)
    if split:
        first = members[0].name
        reading = PathReading(artist=first.by, album=first.of, year=reading.year, tags=reading.tags)
    several = any(member.disc > 1 for member in members)
    files = tuple(
        CandidateFile(m.raw, (m.disc or 1) if several else 0, m.name.track, m.name.title)
        for m in sorted(members, key=_position)
    )
    return Candidate(
        peer=folder.hints.peer,
        root=root,
        name=parts[-1] if parts else "",
        files=files,
        quality=measure([member.raw for member in members]),
        free_slot=folder.hints.free_slot,
        speed=folder.hints.speed,
        queue_length=folder.hints.queue_length,
        locked=sum(member.raw.locked for member in members),
        reading=reading,
        folders=() if split else parts,
        by=_common_claim(members),
        image=len(members) == 1 and folder.cue,
        part=part,
    )


def _position(member: _Member) -> tuple[int, int, str]:
    track = member.name.track
    return member.disc, track if track is not None else 10_000, member.raw.path


def _common_claim(members: list[_Member]) -> str:
    """The artist whose name stands in at least two thirds of the file names."""
    counts: dict[str, list[str]] = {}
    for member in members:
        if member.name.by:
            counts.setdefault(normalise(member.name.by), []).append(member.name.by)
    best = max(counts.values(), key=len, default=[])
    return best[0] if len(best) * 3 >= len(members) * 2 else ""


def to_offer(candidate: Candidate, source: str) -> Offer:
    """The candidate as exactly the files that would be fetched from `source`."""
    return Offer(
        source=source,
        peer=candidate.peer,
        files=tuple(
            OfferFile(
                locator=file.raw.locator,
                path=file.raw.path,
                size=file.raw.size,
                disc=file.disc,
                seconds=file.raw.seconds,
            )
            for file in candidate.files
        ),
    )
