"""Keys, dates, safe names and path arithmetic: everything that must come out the same for ever.

Purely lexical: nothing here looks at a disk, a clock or the operating system it runs on.
"""

from __future__ import annotations

import hashlib
import re
import unicodedata
from collections.abc import Sequence
from datetime import datetime, timedelta

INCOMING = "soulspot-incoming"
"""Folder below the source's root in which each grab has one of its own."""

# Lidarr compares ages in buckets and counts whole days, so "older than seven days" begins at eight
# (contract lidarr §8.3). All offers lie between eight days and an hour and nine days before the
# epoch: one bucket from the first moment on, with an hour to spare for clocks that disagree.
_PUBLISHED_BEFORE = timedelta(days=9)
_PUBLISH_WINDOW = 23 * 60 * 60

_SEPARATORS = re.compile(r"[\\/]+")
_DRIVE = re.compile(r"[A-Za-z]:")
_BLANKS = re.compile(r"\s+")
_EXTENSION = re.compile(r"\.[A-Za-z0-9]{1,10}\Z")
_RESERVED = re.compile(r"(?:con|prn|aux|nul|conin\$|conout\$|com[0-9¹²³]|lpt[0-9¹²³])\Z")
_UNPACKING = re.compile(r"\A_+(?=(?:unpack|failed)_)", re.IGNORECASE)

# Sub-folders with these names are skipped by Lidarr's disk scan (contract lidarr §9.3).
_SKIPPED_BY_LIDARR = frozenset({"extras", "extrafanart", "@eadir", "plex versions"})

_SUBSTITUTES = str.maketrans(
    {"/": "-", "\\": "-", "|": "-", ":": "-", '"': "'", "<": "(", ">": ")", "?": "_", "*": "_"}
)
_UNPRINTABLE = frozenset({"Cc", "Cf", "Cn", "Cs"})


def is_incoming(folder: str) -> bool:
    """Whether this folder, relative to the source's root, is one that was made for a grab."""
    first, _, rest = folder.replace("\\", "/").strip("/").partition("/")
    return first == INCOMING and bool(rest)


def release_key(source: str, peer: str, root: str, tier: str, *part: str) -> str:
    """64 hex digits naming one album of one peer: its root folder and what it promises to be.

    `tier` are the quality words of its title; `part` tells apart what shares a folder. The files do
    not count: an answer is a sample, and another one may show more of them (contract slskd §11.1).
    """
    digest = hashlib.sha256()
    for word in (source, peer, root, tier, *part):
        data = word.encode("utf-8", "surrogatepass")
        # The length in front keeps ("ab", "c") apart from ("a", "bc").
        digest.update(b"%d:" % len(data))
        digest.update(data)
    return digest.hexdigest()


def publish_date(key: str, epoch: datetime) -> datetime:
    """The publish date of a release: the same whole second for ever, eight to nine days before
    `epoch` (an aware time that never changes: the moment of installation)."""
    digest = hashlib.sha256(b"published:" + key.encode("utf-8", "surrogatepass")).digest()
    offset = int.from_bytes(digest[:8], "big") % _PUBLISH_WINDOW
    return epoch.replace(microsecond=0) - _PUBLISHED_BEFORE + timedelta(seconds=offset)


def safe_component(name: str, limit: int = 251) -> str:
    """One folder or file name that Linux, SMB and Lidarr all accept, at most `limit` UTF-8 bytes.

    `limit` is at least 16; a short extension survives the cut. Never empty, `.` or `..`, and never
    one of the names that Lidarr skips.
    """
    text = _BLANKS.sub(" ", _printable(name)).translate(_SUBSTITUTES).strip(" ").rstrip(". ")
    # Lidarr takes a folder that starts so for an unfinished unpacking (contract lidarr §9.3).
    text = _UNPACKING.sub("", text)
    if text.startswith("."):
        text = "_" + text  # hidden names are skipped by Lidarr's scan
    stem, dot, rest = text.partition(".")
    if _RESERVED.match(stem.rstrip().casefold()) or text.casefold() in _SKIPPED_BY_LIDARR:
        text = stem.rstrip() + "_" + dot + rest
    return _shorten(text, limit) or "_"


def _printable(name: str) -> str:
    """Composed letters of the basic plane; blanks of any kind become plain ones."""
    # Composing first turns some compatibility ideographs into letters beyond the basic plane.
    composed = unicodedata.normalize("NFC", name)
    kept = (
        " " if char.isspace() else char
        for char in composed
        if char.isspace() or (char <= "\uffff" and unicodedata.category(char) not in _UNPRINTABLE)
    )
    return unicodedata.normalize("NFC", "".join(kept))


def _shorten(text: str, limit: int) -> str:
    """Cut to `limit` bytes between characters; a file extension survives the cut."""
    if len(text.encode()) <= limit:
        return text
    match = _EXTENSION.search(text)
    extension = match.group() if match and len(match.group()) < limit else ""
    stem = text[: len(text) - len(extension)].encode()[: max(limit - len(extension), 0)]
    return (stem.decode("utf-8", "ignore").rstrip(". ") or "_"[:limit]) + extension


def file_name(path: str) -> str:
    """The last part of a remote path, whichever slash it is written with; empty after a slash."""
    return path[max(path.rfind("\\"), path.rfind("/")) + 1 :]


def remap(path: str, mappings: Sequence[tuple[str, str]]) -> str:
    """`path` as seen from here: the first (theirs, ours) whose whole leading segments it has.

    Trailing slashes and the kind of slash do not matter; without a fitting mapping the path comes
    back unchanged.
    """
    for theirs, ours in mappings:
        rest = _below(path, theirs) if theirs.strip() and ours.strip() else None
        if rest is not None:
            slash = "\\" if "\\" in ours and "/" not in ours else "/"
            if _is_windows(path):
                rest = rest.replace("\\", "/").replace("/", slash)
            root = ours.rstrip("\\/")
            return f"{root}{slash}{rest}" if rest else root or slash
    return path


def _below(path: str, prefix: str) -> str | None:
    """What follows `prefix` in `path`, without leading slashes; None when it does not lead."""
    wanted = [part for part in _SEPARATORS.split(prefix) if part]
    if prefix[:1] in "\\/" and path[:1] not in ("\\", "/"):
        return None
    fold = _is_windows(prefix)
    rest = path.lstrip("\\/") if prefix[:1] in "\\/" else path
    for part in wanted:
        head, tail = _split_first(rest)
        if head != part and not (fold and head.casefold() == part.casefold()):
            return None
        rest = tail
    return rest


def _split_first(path: str) -> tuple[str, str]:
    match = _SEPARATORS.search(path)
    return (path[: match.start()], path[match.end() :]) if match else (path, "")


def _is_windows(path: str) -> bool:
    return bool(_DRIVE.match(path)) or path.startswith("\\") or ("\\" in path and "/" not in path)


def contained(root: str, path: str) -> bool:
    """Whether `path` lies below `root` by its text alone; the root itself does not.

    Never true for something outside: `..` anywhere, NUL and two ways of reading a backslash all
    count as outside, even where a disk would have resolved them to the inside.
    """
    if not root or "\0" in path or "\0" in root:
        return False
    if any(part == ".." for text in (root, path) for part in _SEPARATORS.split(text)):
        return False
    windows = _is_windows(root)
    anchor, above = _anatomy(root, windows=windows)
    other, below = _anatomy(path, windows=windows)
    inside = below[len(above) :]
    if windows and any(":" in part or not part.strip(". ") for part in inside):
        return False  # Windows drops trailing dots and blanks, and a drive starts afresh
    return bool(anchor or above) and anchor == other and bool(inside) and below == above + inside


def _anatomy(path: str, *, windows: bool) -> tuple[str, list[str]]:
    """Leading slashes in canonical form, and the segments that count."""
    text = path.replace("\\", "/") if windows else path
    bare = text.lstrip("/")
    slashes = len(text) - len(bare)
    anchor = "/" * min(slashes, 2 if windows else 1)
    return anchor, [part for part in bare.split("/") if part not in ("", ".")]


def disc_folder(disc: int) -> str:
    """Sub-folder of a disc, spelled so that Lidarr joins its siblings; empty for disc 0."""
    # Lidarr merges only folders that are nothing but the word and a number (contract lidarr §9.4).
    return f"CD{disc}" if disc > 0 else ""
