"""Failures of the tuning part, told so that an engineer can follow them. Frozen ones never come here."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from soulspot_arr.domain import RawFolder
from tests.corpus.shares import Shelf, World, holds
from tests.corpus.verdict import Pick, Verdict

_MOST_FILES = 40
_MOST_SHELVES = 4


@dataclass(frozen=True, slots=True)
class Failure:
    """A target for which a rule picked something else than right, or nothing although it could."""

    rule: str
    world: World
    pick: Pick | None
    verdict: Verdict | None

    def text(self) -> str:
        """The whole story in lines."""
        return "\n".join(self._lines())

    def _lines(self) -> Iterator[str]:
        target = self.world.target
        verdict = self.verdict.value.upper() if self.verdict else "MISSED"
        yield f"\n=== {self.rule}: {verdict}: {target.id} ({target.source})"
        for edition in target.wanted.editions:
            eligible = "" if edition in list(target.wanted.eligible()) else " (not eligible)"
            lengths = " ".join(f"{track.seconds or 0:.0f}" for track in edition.tracks)
            name = edition.disambiguation or "first edition"
            yield f"  {name}{eligible}: {len(edition.tracks)} tracks: {lengths}"
        if self.pick:
            named = self.pick.edition
            said = named.disambiguation or "first edition" if named else "no edition"
            yield f"  picked with {self.pick.identity:.4f} as {said}:"
            yield from self._picked(self.pick)
        else:
            possible = [shelf for shelf in self.world.shelves if holds(target, shelf)]
            yield f"  nothing was picked; possible were {len(possible)} shelves:"
            for shelf in possible[:_MOST_SHELVES]:
                yield from self._shelf(shelf, set())

    def _picked(self, pick: Pick) -> Iterator[str]:
        chosen = set(pick.files)
        peers = {peer for peer, _ in pick.files}
        for shelf in self.world.shelves:
            if shelf.peer in peers and any((shelf.peer, path) in chosen for path in shelf.truth):
                yield from self._shelf(shelf, {path for _, path in chosen})

    def _shelf(self, shelf: Shelf, chosen: set[str]) -> Iterator[str]:
        yield f"  [{shelf.kind}: {shelf.label.value}] {shelf.peer}"
        own = {key: track for key, track in self.world.target.recordings().items()}
        left = _MOST_FILES
        for folder in shelf.folders:
            for path, seconds in _music(folder, shelf):
                if left == 0:
                    yield "      …"
                    return
                left -= 1
                key = shelf.truth[path]
                track = own.get(key)
                truth = f"= {track.title} {track.seconds or 0:.0f}" if track else f"≠ {key[:40]}"
                yield f"    {'*' if path in chosen else ' '} {path} [{seconds}] {truth}"


def _music(folder: RawFolder, shelf: Shelf) -> list[tuple[str, int | None]]:
    return sorted((file.path, file.seconds) for file in folder.files if file.path in shelf.truth)
