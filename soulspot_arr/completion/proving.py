"""Listens to arrived files: is the sound whole, and what was offered?

Files are heard as they land, so that nothing is left to do when the last one has come; completion
asks again and hears only what is new or changed. What was measured is kept with the file.
"""

from __future__ import annotations

import threading
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import asdict
from pathlib import Path
from typing import Any

from sqlalchemy import select

from soulspot_arr import audio, disk, ledger
from soulspot_arr.audio import Expected, Facts, FakeLossless, Strictness, Verification
from soulspot_arr.completion.gathering import NotYet
from soulspot_arr.completion.ground import Ground, Placed
from soulspot_arr.completion.returning import Returning
from soulspot_arr.domain import DownloadState, EventRecord, FailureKind
from soulspot_arr.errors import CompletionError, DiskFull, FileCorrupt
from soulspot_arr.log import about
from soulspot_arr.models import IS_OPEN, Download, Grab
from soulspot_arr.rules import quality

_SIDE_BY_SIDE = 2  # decoding takes a whole core
_AT_ONCE = 20


class Prover:
    """The prove job."""

    def __init__(self, ground: Ground, returning: Returning) -> None:
        self._db = ground.database
        self._settings = ground.settings
        self._paths = ground.paths
        self._clock = ground.clock
        self._returning = returning
        self._busy = threading.Lock()  # the same file is not heard twice at once

    def run(self) -> int:
        """Listen to what has landed since; returns how many files were heard."""
        if self._settings.get("completion.mode") == "report":
            return 0
        heard = 0
        for grab, files in self._waiting():
            with about(grab.nzo_id):
                try:
                    heard += self.prove(grab, files)
                except (DiskFull, NotYet):
                    continue  # completion tells it, and waits
                except CompletionError as error:
                    self._returning.send_back(grab, error)
        return heard

    def prove(self, grab: Grab, files: Placed) -> int:
        """Hear the files that nobody has heard as they are now; returns how many those were.

        Raises FileCorrupt for the first bad one, DiskFull, or NotYet for one that is still being
        written; the good ones are noted before.
        """
        with self._busy, ThreadPoolExecutor(_SIDE_BY_SIDE) as pool:
            new = [(file, path) for file, path in files if not self._known(file, path)]
            with disk.told("read the files"):
                before = [_print(path) for _, path in new]
            strictness = self._strictness()
            verdicts = pool.map(
                lambda item: audio.verify(item[1], expected(grab, item[1]), strictness), new
            )
            trouble: CompletionError | None = None
            restless = None
            for (file, path), verdict, seen in zip(new, verdicts, before, strict=True):
                if not self._is_last(path, seen, sure=not verdict.ok):
                    restless = path
                elif verdict.ok:
                    self._note(grab, file, verdict, seen)
                else:
                    trouble = trouble or _trouble(file, path, verdict)
        if trouble is not None:
            raise trouble
        if restless is not None:
            raise NotYet(f"Waiting for {restless.name} to settle.", soon=True)
        return len(new)

    def keep(self, file: Download, path: Path) -> None:
        """Its tags were changed and its sound was not: what was measured goes on to hold."""
        if file.verified is not None:
            self._store(file, {**file.verified, **_print(path)})

    def _waiting(self) -> list[tuple[Grab, Placed]]:
        query = (
            select(Download)
            .join(Grab)
            .where(IS_OPEN, Download.current, Download.status == DownloadState.COMPLETED)
            .where(Download.verified.is_(None), Download.placed_path.is_(None))
            .order_by(Grab.id, Download.id)
        )
        with self._db.read() as session:
            rows = session.scalars(query).all() if self._paths.visible() else []
        found: dict[int, list[tuple[Download, Path]]] = {}
        for file in rows:
            path = self._paths.landed(file)
            if path is not None:
                found.setdefault(file.grab_id, []).append((file, path))
                if sum(map(len, found.values())) >= _AT_ONCE:
                    break  # the others have their turn at the next run, a moment later
        # Read apart: beside each file there would be all that is known of its album.
        grabs = select(Grab).where(Grab.id.in_(found)).order_by(Grab.id)
        with self._db.read() as session:
            return [(grab, found[grab.id]) for grab in session.scalars(grabs)]

    def _is_last(self, path: Path, seen: Mapping[str, int], *, sure: bool) -> bool:
        """Whether what was heard are its last bytes; what is good may change and is heard again."""
        with suppress(OSError):
            quiet = not sure or disk.is_quiet(path, now=self._clock().timestamp())
            return quiet and _print(path) == seen
        return False

    def _known(self, file: Download, path: Path) -> bool:
        """Whether somebody has heard these very bytes; looks at the row as it is now."""
        with self._db.read() as session:
            row = session.get(Download, file.id)
            file.verified = row.verified if row is not None else None
        with disk.told(f"read {path.name}"):
            try:
                now = _print(path)
            except FileNotFoundError:  # it has gone back meanwhile, or was moved
                raise NotYet("changed meanwhile") from None
        return file.verified is not None and file.verified.items() >= now.items()

    def _strictness(self) -> Strictness:
        return Strictness(
            decode=bool(self._settings.get("completion.decode")),
            reject_silence=False,  # one silent file says nothing: see `rehearsing`
            fake_lossless=FakeLossless(self._settings.get("completion.fake_lossless")),
        )

    def _note(
        self, grab: Grab, file: Download, verdict: Verification, seen: Mapping[str, int]
    ) -> None:
        assert verdict.facts is not None  # there is no good verdict without
        odd = [doubt for doubt in verdict.doubts if verdict.facts.decoded]
        self._store(file, {**facts_to_json(verdict.facts), "doubts": odd, **seen})
        if not odd:
            return
        event = EventRecord("download.doubtful", odd[0], "warning", {"path": file.remote_path})
        with self._db.write() as session:
            ledger.record(session, event, at=self._clock(), grab_id=grab.id, download_id=file.id)

    def _store(self, file: Download, values: dict[str, Any]) -> None:
        file.verified = values
        with self._db.write() as session:
            ledger.hold(session, [file.grab_id])
            row = session.get(Download, file.id)
            if row is not None and row.status == DownloadState.COMPLETED:
                row.verified = values


def expected(grab: Grab, path: Path) -> Expected:
    """What was promised for the file; its length is compared when its track is known."""
    quality_ = quality.promised(grab.quality, path.suffix)
    if quality_ is None:
        return Expected()
    return Expected(
        codec=quality_.codec,
        bitrate=quality_.bitrate,
        vbr=quality_.vbr,
        bit_depth=quality_.bit_depth,
    )


def facts_to_json(facts: Facts) -> dict[str, Any]:
    """The measured values by their names."""
    return {**asdict(facts), "container": facts.container.value}


def _print(path: Path) -> dict[str, int]:
    """By what the same bytes are known again: moving keeps it, any change does not."""
    status = path.stat()
    return {"bytes": status.st_size, "mtime": status.st_mtime_ns}


def _trouble(file: Download, path: Path, verdict: Verification) -> CompletionError:
    kind = verdict.kind or FailureKind.CORRUPT
    if kind is FailureKind.DISK_FULL:
        return DiskFull(verdict.reason)
    error = FileCorrupt(verdict.reason, download_id=file.id, kind=kind)
    # Somebody else's file is left where it is; a copy of ours is not.
    if not file.adopted or str(path) == file.placed_path:
        error.data["path"] = path
    return error
