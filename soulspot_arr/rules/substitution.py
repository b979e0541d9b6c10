"""Who stands in for a file that is lost: the same track of another offer, or the next offer as a whole.

Everything is decided from what is remembered with the grab; nobody is asked. Two files are the same
track only when their lengths agree, or, where a length is not known, when they are equal to the byte
and called alike: a wrong track in an album is worse than a failed grab.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field

from soulspot_arr.domain import DownloadState, Offer, OfferFile
from soulspot_arr.rules import failures, naming
from soulspot_arr.rules.lifecycle import LOST
from soulspot_arr.rules.spelling import likeness, normalise
from soulspot_arr.rules.tracks import (
    DASH,
    IMPORTABLE,
    TrackName,
    read_track,
    settle,
    split_extension,
)

SAME_LENGTH = 3  # seconds by which two copies of one track may differ
_AKIN = 0.5  # likeness of two titles of the same number: "(Remastered)", a slip of the pen

Place = tuple[str, str, str]
"""Source, peer and remote path: one file of one peer."""
Blocked = Callable[[str, str, str], bool]
"""Whether the blocklist refuses a place."""


def nothing_blocked(source: str, peer: str, path: str) -> bool:
    """The blocklist of somebody who has none."""
    return False


@dataclass(frozen=True, slots=True)
class Piece:
    """One of the files that make up a grab now."""

    file: OfferFile
    source: str
    peer: str
    state: DownloadState
    failure: str | None = None  # a FailureKind

    @property
    def place(self) -> Place:
        """Which file of whom it is."""
        return self.source, self.peer, self.file.path

    @property
    def lost(self) -> bool:
        """Whether it will not come from where it was asked for."""
        return self.state in LOST


@dataclass(frozen=True, slots=True)
class Chances:
    """What may be used instead: the offers of a grab, which of them it has, and what has failed."""

    offers: Sequence[Offer]
    index: int  # of the offer it has now
    failed: Collection[Place] = ()
    avoided: Collection[tuple[str, str]] = ()  # sources and peers that have failed as such
    blocked: Blocked = nothing_blocked
    single: bool = True  # whether files may be replaced one by one
    mixed: bool = True  # whether an album may be put together from several offers

    def usable(self, offer: Offer, file: OfferFile) -> bool:
        """Whether this file may be asked for."""
        place = (offer.source, offer.peer, file.path)
        known_bad = place in self.failed or place[:2] in self.avoided
        return not known_bad and not self.blocked(*place)


@dataclass(frozen=True, slots=True)
class StandIns:
    """Files that replace others, by the index of what they replace; `whole` when nothing is missing."""

    files: Mapping[int, tuple[Offer, OfferFile]]
    whole: bool


@dataclass(frozen=True, slots=True)
class Rotation:
    """Another offer takes over; `kept` says which piece fills which of its files already."""

    index: int
    kept: Mapping[int, int] = field(default_factory=dict)


def mend(pieces: Sequence[Piece], chances: Chances) -> StandIns | Rotation | None:
    """How a grab with lost files goes on; None when its offers are used up.

    Files are replaced one by one as long as anything of the present offer is left; what nobody can
    replace brings the next offer in. When there is none, `StandIns` that are not whole say what can
    be done at least.
    """
    lost = [at for at, piece in enumerate(pieces) if piece.lost]
    leaving = _leaving(pieces)
    rest = [at for at in range(len(pieces)) if at not in leaving]
    singly = _stand_ins(pieces, lost, leaving, chances) if chances.single else None
    if singly is not None and singly.whole and rest:
        return singly
    rotation = _next_offer(pieces, chances)
    if rotation is not None:
        return rotation
    return singly if singly is not None and singly.files else None


def _leaving(pieces: Sequence[Piece]) -> set[int]:
    """The lost files, and those that wait at a peer which will not be asked any more (house: fail fast).

    Who is not there serves no queue either: slskd lists what stands in it as queued for ever.
    """
    verdicts = [
        (piece.source, piece.peer, failures.consequence(piece.failure))
        for piece in pieces
        if piece.lost
    ]
    over = {(source, peer) for source, peer, follows in verdicts if follows.leaves_peer}
    away = {(source, peer) for source, peer, follows in verdicts if follows.absent}

    def leaves(piece: Piece) -> bool:
        at = (piece.source, piece.peer)
        waits = piece.state is DownloadState.WAITING and at in over
        return waits or (piece.state is DownloadState.QUEUED and at in away)

    return {at for at, piece in enumerate(pieces) if piece.lost or leaves(piece)}


def _stand_ins(
    pieces: Sequence[Piece], lost: Sequence[int], leaving: Collection[int], chances: Chances
) -> StandIns:
    album = [piece.file for piece in pieces]
    taken = {piece.place for piece in pieces}
    by_offer: list[tuple[Offer, dict[int, OfferFile]]] = []
    for offer in chances.offers:
        matches = match(album, offer.files)
        fits = {
            at: offer.files[found]
            for at, found in matches.items()
            if at in leaving
            and chances.usable(offer, offer.files[found])
            and (offer.source, offer.peer, offer.files[found].path) not in taken
        }
        by_offer.append((offer, fits))
    # One peer for all of them where there is one: an album comes from as few peers as possible.
    by_offer.sort(key=lambda entry: -sum(at in entry[1] for at in lost))
    files: dict[int, tuple[Offer, OfferFile]] = {}
    for offer, fits in by_offer:
        files |= {at: (offer, file) for at, file in fits.items() if at not in files}
    return StandIns(files, whole=all(at in files for at in lost))


def _next_offer(pieces: Sequence[Piece], chances: Chances) -> Rotation | None:
    here = [at for at, piece in enumerate(pieces) if piece.state is DownloadState.COMPLETED]
    album = [pieces[at].file for at in here]
    later = range(chances.index + 1, len(chances.offers))
    # An earlier one was left for what it had; that all of it may be asked for means it was busy.
    for index in (*later, *range(chances.index)):
        offer = chances.offers[index]
        matches = match(album, offer.files) if chances.mixed else {}
        kept = {found: here[at] for at, found in matches.items()}
        wanted = [file for at, file in enumerate(offer.files) if at not in kept]
        if all(chances.usable(offer, file) for file in wanted):
            return Rotation(index, kept)
    return None


def further(
    pieces: Sequence[Piece], found: Sequence[Offer], chances: Chances, *, most: int
) -> tuple[Offer, ...]:
    """The offers of a later search that help: from other peers, with what is lost or all of it."""
    lost = [at for at, piece in enumerate(pieces) if piece.lost]
    album = [piece.file for piece in pieces]
    known = {(offer.source, offer.peer) for offer in chances.offers}
    filling: list[Offer] = []
    whole: list[Offer] = []
    for offer in found:
        usable = all(chances.usable(offer, file) for file in offer.files)
        if (offer.source, offer.peer) in known or not usable:
            continue
        if chances.single and set(lost) <= set(match(album, offer.files)):
            filling.append(offer)
        elif len(offer.files) == len(album):
            whole.append(offer)
        else:
            continue
        known.add((offer.source, offer.peer))
    return (*filling, *whole)[:most]


# -- the same track --------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Track:
    codec: str
    disc: int
    number: int | None
    titles: tuple[str, str]  # as it stands, and without the artist in front
    size: int
    seconds: int | None


def match(album: Sequence[OfferFile], others: Sequence[OfferFile]) -> dict[int, int]:
    """Which file of another offer is the same track, by index; each is used once.

    What is called alike comes first. Lengths alone decide only where they leave no doubt.
    """
    ours, theirs = _read(album), _read(others)
    found: dict[int, int] = {}
    pairs = [
        (_distance(one, other), at, there)
        for at, one in enumerate(ours)
        for there, other in enumerate(theirs)
        if _fits(one, other) and _alike(one, other)
    ]
    for _, at, there in sorted(pairs):
        if at not in found and there not in found.values():
            found[at] = there
    return found | _by_length(ours, theirs, found)


def _by_length(
    ours: Sequence[_Track], theirs: Sequence[_Track], found: Mapping[int, int]
) -> dict[int, int]:
    """Files whose names say nothing, where only one of each side has that length."""
    free = [there for there in range(len(theirs)) if there not in found.values()]
    open_ones = [at for at in range(len(ours)) if at not in found]
    fits = {at: [there for there in free if _nameless(ours[at], theirs[there])] for at in open_ones}
    return {
        at: there[0]
        for at, there in fits.items()
        if len(there) == 1 and sum(there[0] in other for other in fits.values()) == 1
    }


def _nameless(one: _Track, other: _Track) -> bool:
    return (
        one.seconds is not None
        and other.seconds is not None
        and _fits(one, other)
        and _alike(one, other) is None
    )


def _fits(one: _Track, other: _Track) -> bool:
    """Same codec, and the same length; the same size where a length is not known."""
    if one.codec != other.codec:
        return False
    if one.seconds is None or other.seconds is None:
        return one.size == other.size
    return abs(one.seconds - other.seconds) <= SAME_LENGTH


def _alike(one: _Track, other: _Track) -> bool | None:
    """Whether they are called alike; None when the names have nothing to compare."""
    (whole, bare), (their_whole, their_bare) = one.titles, other.titles
    titled = bool(whole and their_whole)
    if titled and (whole in (their_whole, their_bare) or bare == their_whole):
        return True
    if one.number is None or other.number is None:
        return False if titled else None
    if (one.number, one.disc) != (other.number, other.disc):
        return False
    return not titled or likeness(tuple(whole.split()), tuple(their_whole.split())) >= _AKIN


def _distance(one: _Track, other: _Track) -> tuple[bool, int, bool]:
    """How far apart two names of one track are: the likeliest pair is smallest."""
    seconds = 0
    if one.seconds is not None and other.seconds is not None:
        seconds = abs(one.seconds - other.seconds)
    elsewhere = (one.number, one.disc) != (other.number, other.disc)
    return one.titles[0] != other.titles[0], seconds, elsewhere


def _read(files: Sequence[OfferFile]) -> list[_Track]:
    parts = [split_extension(naming.file_name(file.path)) for file in files]
    names = settle([read_track(stem) for stem, _ in parts])
    return [
        _Track(
            codec=IMPORTABLE.get(extension, extension),
            disc=file.disc or name.disc or 1,
            number=name.track,
            titles=_titles(name),
            size=file.size,
            seconds=file.seconds or None,
        )
        for file, name, (_, extension) in zip(files, names, parts, strict=True)
    ]


def _titles(name: TrackName) -> tuple[str, str]:
    whole = normalise(name.title)
    if not name.by:
        return whole, whole
    _, _, rest = name.title.partition(DASH.findall(name.title)[0])
    return whole, normalise(rest) or whole
