"""Small builders of what a source answers, and the question most tests ask."""

from __future__ import annotations

from collections.abc import Iterable

from soulspot_arr.domain import Query, RawFile, RawFolder

RADIOHEAD = Query("Radiohead", "OK Computer")
SECONDS = 240
_BYTES_PER_SECOND = {"flac": 110_000, "mp3": 40_000, "m4a": 32_000}


def file(path: str, **changes: object) -> RawFile:
    """One shared file, described as its kind usually is."""
    extension = path.rpartition(".")[2].lower()
    attributes: dict[str, object] = {
        "size": _BYTES_PER_SECOND.get(extension, 1000) * SECONDS,
        "seconds": SECONDS,
        "bit_depth": 16 if extension == "flac" else None,
        "bitrate": 320 if extension == "mp3" else None,
    }
    attributes.update(changes)
    return RawFile(locator=f"id:{path}", path=path, **attributes)  # type: ignore[arg-type]


def folder(
    path: str,
    names: Iterable[str] | int = 10,
    *,
    peer: str = "ann",
    ext: str = "flac",
    **hints: object,
) -> RawFolder:
    """One remote folder: the named files, or so many numbered ones."""
    if isinstance(names, int):
        names = [f"{n:02d} - Song {chr(64 + n % 26)}{n}.{ext}" for n in range(1, names + 1)]
    slash = "/" if "/" in path and "\\" not in path else "\\"
    files = tuple(file(f"{path}{slash}{name}") for name in names)
    return RawFolder(peer, path, files, **hints)  # type: ignore[arg-type]
