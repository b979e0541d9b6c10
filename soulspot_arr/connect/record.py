"""What we made in Lidarr and Prowlarr, kept so that it is found again and can be taken back.

One reserved row of the settings holds it. It is written after every single step, so a stop in
between leaves nothing behind that nobody knows of.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, replace
from typing import Any

from soulspot_arr.connect.entries import Kind
from soulspot_arr.connect.plan import Mark
from soulspot_arr.settings import Settings

ROW = "_connected"


class Record:
    """The marks in one program."""

    def __init__(self, settings: Settings, program: str) -> None:
        self._settings = settings
        self._program = program

    def _all(self) -> dict[str, Any]:
        self._settings.reread()
        kept = self._settings.internal(ROW, {})
        return dict(kept) if isinstance(kept, dict) else {}

    def _own(self) -> dict[str, Any]:
        own = self._all().get(self._program)
        return dict(own) if isinstance(own, dict) else {}

    def _keep(self, **changes: object) -> None:
        self._settings.put_internal(
            {ROW: {**self._all(), self._program: {**self._own(), **changes}}}
        )

    @property
    def url(self) -> str:
        """Where the program was when we were connected; empty when we never were."""
        return str(self._own().get("url") or "")

    @property
    def previous(self) -> Mapping[str, object]:
        """Settings of ours as they were before."""
        kept = self._own().get("settings")
        return kept if isinstance(kept, dict) else {}

    def began(self, url: str, previous: Mapping[str, object]) -> None:
        """Remember where we are connecting, and once what our settings were before."""
        kept = self.previous if self._own().get("settings") is not None else previous
        self._keep(url=url, settings=dict(kept))

    def mark(self, kind: Kind) -> Mark | None:
        """What we know of the entry of this kind."""
        entries = self._own().get("entries")
        kept = entries.get(kind.value) if isinstance(entries, dict) else None
        return Mark(**kept) if isinstance(kept, dict) else None

    def put(self, kind: Kind, mark: Mark) -> None:
        """Remember an entry; what an adopted one was at first is never forgotten."""
        known = self.mark(kind)
        if known is not None and known.number == mark.number:
            before = {**mark.before, **known.before}
            mark = replace(mark, made=known.made or mark.made, before=before)
        entries = dict(self._own().get("entries") or {})
        self._keep(entries={**entries, kind.value: asdict(mark)})

    def drop(self, kind: Kind) -> None:
        """Forget an entry."""
        entries = dict(self._own().get("entries") or {})
        entries.pop(kind.value, None)
        self._keep(entries=entries)

    def clear(self) -> None:
        """Forget the program."""
        self._settings.put_internal({ROW: {**self._all(), self._program: {}}})
