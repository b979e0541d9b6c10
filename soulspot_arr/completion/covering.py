"""The front cover of a finished album, where a person has asked for it."""

from __future__ import annotations

import logging
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

from soulspot_arr import disk
from soulspot_arr.audio import Cover
from soulspot_arr.settings import Settings
from soulspot_arr.wanted import Edition, Wanted

log = logging.getLogger(__name__)

NAMES = ("cover.jpg", "cover.png")

FindCover = Callable[[str, str], Cover | None]
"""Asks for the front cover of a release, else of its album (MusicBrainz ids); None for none."""


class Covering:
    """Asks once for each album; a cover is never worth a failure."""

    def __init__(self, settings: Settings, find: FindCover) -> None:
        self._settings = settings
        self._find = find
        self._last: tuple[tuple[str, str], Cover | None] | None = None

    def to_embed(self, album: Wanted, edition: Edition) -> Cover | None:
        """The cover to put into files that have none; None when that is not wanted."""
        if self._settings.get("completion.cover") != "embed":
            return None
        return self._front(edition.id, album.album_id)

    def beside(self, album: Wanted, edition: Edition, folder: Path) -> None:
        """Put the cover into the folder, if it is wanted there and there is one."""
        if self._settings.get("completion.cover") != "file":
            return
        cover = self._front(edition.id, album.album_id)
        if cover is not None:
            name = f"cover.{'png' if cover.mime == 'image/png' else 'jpg'}"
            draft = folder / (name + disk.PARTIAL)
            try:
                draft.write_bytes(cover.data)
                draft.replace(folder / name)
            except OSError as error:
                log.info("the cover was not written: %s", error.strerror or error)
                with suppress(OSError):
                    draft.unlink(missing_ok=True)

    def _front(self, release_id: str, album_id: str) -> Cover | None:
        """The last one is remembered: what follows may have to wait, and begins again then."""
        asked = (release_id, album_id)
        if self._last is None or self._last[0] != asked:
            self._last = (asked, self._find(*asked))
        return self._last[1]
