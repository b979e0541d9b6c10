"""Writes tags so that nothing can be lost: a copy is changed, proven and put in the old one's place.

Killed at any moment, the folder holds the old file or the new one under its name, whole. The sound
of the two is compared byte for byte before the old one goes. Raises DiskFull for what is ours to
mend, TagsNotWritten for what is the file's fault; both leave the old file as it was.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import BinaryIO, ClassVar

from mutagen import MutagenError

from soulspot_arr import disk
from soulspot_arr.audio import applying, opening, reading, streams
from soulspot_arr.audio.tags import Cover, TagMode, TrackTags, Written, missed, needed, sparing
from soulspot_arr.audio.values import Container, Finding, Unfit
from soulspot_arr.errors import CompletionError, DiskFull
from soulspot_arr.rules import naming

TAGGED = (Container.FLAC, Container.MP3, Container.MP4, Container.VORBIS, Container.OPUS)
LARGEST_COVER = 4 * 1024 * 1024
LARGEST_REST = 64 * 1024 * 1024
"""Bytes beside the sound, pictures mostly, up to which a file is changed: all of it is in memory."""


class TagsNotWritten(CompletionError):
    """The file's tags cannot be changed as they should be; the file is as it was."""

    code: ClassVar[str] = "tags_not_written"


def write_tags(
    path: Path,
    tags: TrackTags,
    mode: TagMode = TagMode.WHEN_NEEDED,
    *,
    cover: Cover | None = None,
) -> Written:
    """Give the file these tags; the ids in them only for a sound that was verified.

    With `when_needed` only when Lidarr would stumble over what is there; then all are written. A
    cover is embedded where none is. Raises DiskFull or TagsNotWritten.
    """
    if mode is TagMode.NEVER:
        return Written(False, "Tags are not to be written.")
    if cover is not None and (not cover.mime or len(cover.data) > LARGEST_COVER):
        raise TagsNotWritten("The cover is no JPEG or PNG of at most 4 MB.")
    with disk.told(f"write the tags of {path.name}"):
        try:
            return _Change(path, tags, mode, cover).make()
        except Unfit as unfit:
            ours = unfit.finding in (Finding.UNREADABLE, Finding.MISSING)
            raise (DiskFull if ours else TagsNotWritten)(unfit.reason) from unfit
        except (MutagenError, streams.Unmappable) as error:
            if isinstance(error, MutagenError) and (cause := opening.system_error(error)):
                raise cause from error
            words = f"The tags of {path.name} cannot be written: {error}."
            raise TagsNotWritten(words) from error


class _Change:
    """One file on its way from the old tags to the new ones."""

    def __init__(self, path: Path, tags: TrackTags, mode: TagMode, cover: Cover | None) -> None:
        self._path = path
        self._tags = tags
        self._mode = mode
        self._cover = cover

    def make(self) -> Written:
        """Look, decide, write."""
        with self._draft() as draft:
            with opening.opened(self._path) as (file, size):
                container = opening.container_of(file)
                if container not in TAGGED:
                    kind = container or "unknown"
                    return Written(False, f"{self._path.name} is not tagged: its kind is {kind}.")
                stream = self._mapped(file, container, size)
                there = reading.tags_in(file, container, self._path.name)
                fields = needed(there, self._tags)
                if self._mode is TagMode.WHEN_NEEDED and not fields:
                    return Written(False, "What is there will do.")
                _copy(file, draft)
                applying.apply(draft, container, sparing(there, self._tags), self._cover)
                self._prove(draft, container, (file, stream))
            self._replace(draft)  # network disks refuse it while the old file is open
        return Written(True, fields=fields or missed(there, self._tags))

    def _mapped(self, file: BinaryIO, container: Container, size: int) -> streams.Stream:
        stream = streams.stream_of(file, container, size)
        rest = size - stream.length
        if rest > LARGEST_REST:
            words = f"{self._path.name} carries {rest / 1e6:.0f} MB beside its sound"
            raise TagsNotWritten(f"{words}, pictures probably: its tags are left alone.")
        return stream

    @contextmanager
    def _draft(self) -> Iterator[Path]:
        """The place of the copy, under a name Lidarr does not look at; empty at the end."""
        name = naming.safe_component(self._path.name, 240) + disk.PARTIAL
        draft = self._path.with_name(name)
        try:
            yield draft
        finally:
            with suppress(OSError):
                draft.unlink(missing_ok=True)

    def _prove(
        self, draft: Path, container: Container, before: tuple[BinaryIO, streams.Stream]
    ) -> None:
        """The same sound byte for byte, and every value read back."""
        with opening.opened(draft) as (file, size):
            after = streams.stream_of(file, container, size)
            if not streams.same(before, (file, after)):
                words = f"Writing tags would have changed the sound of {self._path.name}."
                raise TagsNotWritten(words)
            lost = missed(reading.tags_in(file, container, self._path.name), self._tags)
        if lost:
            words = f"{self._path.name} did not take the tags: {', '.join(lost)}."
            raise TagsNotWritten(words)

    def _replace(self, draft: Path) -> None:
        status = self._path.stat()
        with suppress(OSError):  # some network disks refuse modes and owners
            shutil.copymode(self._path, draft)
            os.chown(draft, status.st_uid, status.st_gid)
        with draft.open("rb+") as file:
            os.fsync(file.fileno())
        os.replace(draft, self._path)
        with suppress(OSError):  # the new name has to survive a power cut as well
            folder = os.open(self._path.parent, os.O_RDONLY)
            try:
                os.fsync(folder)
            finally:
                os.close(folder)


def _copy(file: BinaryIO, draft: Path) -> None:
    draft.unlink(missing_ok=True)  # somebody was killed here
    with draft.open("xb") as copy:
        file.seek(0)
        shutil.copyfileobj(file, copy, 1024 * 1024)
