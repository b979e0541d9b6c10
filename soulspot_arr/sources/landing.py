"""Where a fetched file lies on a source's disk: pure rules about names, for sources and completion.

Together with a placement (the folder relative to the source's root, as the source told it) these
functions say which file to look for. They know no source's API and touch no disk.
"""

from __future__ import annotations

import re
import unicodedata

# What Windows forbids in a name; Linux and macOS forbid only NUL (contract slskd §6.2).
_FORBIDDEN_ON_WINDOWS = re.compile(r'["<>|:*?\x00-\x1f/\\]')
_FORBIDDEN_ELSEWHERE = re.compile(r"[\x00/\\]")
_SEPARATORS = re.compile(r"[/\\]")
_DRIVE = re.compile(r"[A-Za-z]:")
_TICKS = re.compile(r"_\d{18}\Z")  # 100-ns ticks since year 1 (contract slskd §6.2, point 4)


def looks_like_windows(root: str) -> bool:
    """Whether an absolute folder was named by Windows: a drive letter or a network share."""
    return bool(_DRIVE.match(root)) or root.startswith("\\\\")


def segments(path: str) -> list[str]:
    """The parts of a path written with either separator, or both; empty parts are dropped."""
    return [part for part in _SEPARATORS.split(path) if part]


def safe_segment(segment: str, windows: bool) -> str:
    """One part of a path as the source's host can store it; nothing is trimmed or shortened."""
    forbidden = _FORBIDDEN_ON_WINDOWS if windows else _FORBIDDEN_ELSEWHERE
    name = forbidden.sub("_", segment)
    return "_" if name in {".", ".."} else name


def safe_folder(path: str, windows: bool) -> str:
    """A relative folder as the source's host stores it, "/" between its parts."""
    return "/".join(safe_segment(part, windows) for part in segments(path))


def stored_folder(folder: str, windows: bool) -> str:
    """A cleaned folder as it is found on disk: Windows drops dots and spaces at the end of names."""
    if not windows:
        return folder
    return "/".join(part.rstrip(". ") or part for part in folder.split("/"))


def landing_name(path: str, windows: bool = False) -> str:
    """Name on disk of the file with this remote path; empty when the path names no file."""
    name = _SEPARATORS.split(path)[-1]
    return safe_segment(name, windows) if name else ""


def landed_as(name: str, found: str) -> bool:
    """Whether a file called `found` may be the one expected as `name`.

    True for the same name in any Unicode form (macOS peers send NFD), and for the copy that gets
    a time stamp because the name was taken: `stem_<18 digits>.ext`.
    """
    wanted, here = unicodedata.normalize("NFC", name), unicodedata.normalize("NFC", found)
    if wanted == here:
        return True
    stem, dot, extension = wanted.rpartition(".")
    if not dot:
        stem, extension = wanted, ""
    ending = dot + extension
    if not here.startswith(stem) or not here.endswith(ending):
        return False
    return bool(_TICKS.fullmatch(here[len(stem) : len(here) - len(ending)]))
