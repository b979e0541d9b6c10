"""Which disc a folder holds, and the disc mark in the name of an album.

One name at a time, with the folder above where a name could be an album's as well; which folders
belong together is decided in `matching.grouping`.
"""

from __future__ import annotations

import re

_DISC_WORD = r"(?:cd|dis[ck]|диск)"
_DISC_NUMBER = r"(?P<disc>\d{1,2}|one|two|three|four|five|six|iii|ii|iv|i)(?![^\W_])"
_DISC_OF = r"(?:\s*(?:of|/|von|de)\s*\d{1,2})?"
_DISC_FOLDER = re.compile(
    rf"[\s\[(]*{_DISC_WORD}[\s._\-#]*{_DISC_NUMBER}{_DISC_OF}(?:[\s._\-:,(\[\])].*)?\Z",
    re.IGNORECASE | re.DOTALL,
)
# `{Medium Format} {medium:00}`, as Lidarr and Picard name the folders of an album with several media
_MEDIUM_FOLDER = re.compile(
    r"""(?:\d{1,2}\s?["”'´]{0,2}\s?)?(?:(?:enhanced|hybrid|shm|blu-?spec)[\s-]?){0,2}
    (?:cd(?:-?rw?)?|sacd|hdcd|dvd(?:-?(?:audio|video|a|v))?|blu-?ray|digital\ media|cassette|vinyl|disque)
    \s*(?P<disc>0?[1-9]|1[0-5])\s*\Z""",
    re.IGNORECASE | re.VERBOSE,
)
# "LP2" and "Disco 2" are albums too: discs only below a folder that is dated or marked as an album
_DOUBTFUL_FOLDER = re.compile(r"\s*(?:lp|disco)[\s._-]*(?P<disc>\d)\s*\Z", re.IGNORECASE)
_ALBUM_ABOVE = re.compile(r"[\[(]|\b(?:19|20)\d\d\b|\s-\s")
_SIDE_FOLDER = re.compile(r"\s*side[\s._-]*(?P<disc>[a-h]|\d)\s*\Z", re.IGNORECASE)
_DISC_MARK = re.compile(
    rf"(?:[\s._,\-:]*[\[(]\s*{_DISC_WORD}[\s._#-]*{_DISC_NUMBER}[^)\]]*[)\]]"
    rf"|(?<=[\s._,\-:]){_DISC_WORD}[\s._#-]*{_DISC_NUMBER.replace('disc', 'bare')}{_DISC_OF}"
    r"(?:\s+-\s+[^\[({]*)?)",
    re.IGNORECASE,
)
_SPELT_DISCS = {
    word: value
    for value, row in enumerate(("one i", "two ii", "three iii", "four iv", "five", "six"), start=1)
    for word in row.split()
}


def _may_be_disc(name: str) -> bool:
    """Whether a closer look is worth the while; most names hold none of these letters."""
    low = name.lower()
    return "cd" in low or "dis" in low or "side" in low or "диск" in low


def disc_of_folder(name: str, above: str = "") -> int:
    """The disc a folder holds when it is named for nothing else ("CD1", "Disc 2 - Live"); or 0.

    `above` is the folder that holds it; without it a name that may be an album's is no disc.
    """
    match = None
    if _may_be_disc(name):
        match = _SIDE_FOLDER.match(name) or _DISC_FOLDER.match(name)
    if match is None and name[-1:].isdecimal():
        match = _MEDIUM_FOLDER.match(name)
        if match is None and _ALBUM_ABOVE.search(above):
            match = _DOUBTFUL_FOLDER.match(name)
    return _disc_number(match["disc"]) if match else 0


def split_disc(name: str) -> tuple[str, int]:
    """An album name without its disc mark ("Album (Disc 2)", "Album CD1"), and the disc or 0."""
    match = _DISC_MARK.search(name) if _may_be_disc(name) else None
    if match is None or not name[: match.start()].strip(" -_.,["):
        return name, 0
    rest = f"{name[: match.start()].rstrip(' -_.,:')} {name[match.end() :].strip()}".strip()
    return rest, _disc_number(match["disc"] or match["bare"])


def _disc_number(text: str) -> int:
    text = text.lower()
    if text.isdecimal():
        return int(text)
    return _SPELT_DISCS.get(text) or ord(text[0]) - ord("a") + 1
