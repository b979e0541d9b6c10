"""Text in columns of a terminal: cut and filled by what it shows, not by how many characters.

Names come from strangers: they may be very long, take two columns a letter, or try to move the
cursor.
"""

from __future__ import annotations

import unicodedata
from itertools import accumulate


def width(text: str) -> int:
    """How many columns a terminal takes for it: Chinese takes two each, combining marks none."""
    return sum(map(_width_of, text))


def _width_of(char: str) -> int:
    # Decomposed Korean, as macOS shares it: what follows the first letter is drawn into it.
    if unicodedata.category(char) in {"Mn", "Me"} or "\u1160" <= char <= "\u11ff":
        return 0
    return 2 if unicodedata.east_asian_width(char) in "WF" else 1


def printable(text: str) -> str:
    """What would move the cursor is shown as a blank."""
    return "".join(char if char.isprintable() else " " for char in text)


def cut(text: str, room: int) -> str:
    """At most so many columns of it."""
    text = printable(text)
    return text if width(text) <= room else f"{_beginning(text, room - 1)}…"


def cut_left(text: str, room: int) -> str:
    """The last columns of it: the end of a path tells more than its beginning."""
    text = printable(text)
    return text if width(text) <= room else f"…{_beginning(text[::-1], room - 1)[::-1]}"


def fit(text: str, room: int) -> str:
    """Exactly so many columns of it."""
    shown = cut(text, room)
    return shown + " " * (room - width(shown))


def wrapped(text: str, room: int) -> list[str]:
    """Lines of at most so many columns, broken between words where there are any."""
    lines: list[str] = []
    line = ""
    for word in printable(text).split():
        joined = f"{line} {word}" if line else word
        if width(joined) <= room:
            line = joined
            continue
        lines += [line] if line else []
        line = word
        while width(line) > room:
            lines.append(_broken(line, room))
            line = line[len(lines[-1]) :]
    return [*lines, line] if line or not lines else lines


def _broken(word: str, room: int) -> str:
    """The first part of a word that is too long; a path is broken behind one of its folders."""
    part = _beginning(word, room) or word[:1]
    folder = max(part.rfind("/"), part.rfind("\\")) + 1
    return part[:folder] if folder > 1 else part


def _beginning(text: str, room: int) -> str:
    """As much as fits of what is wider than the room."""
    ends = accumulate(map(_width_of, text))
    return text[: next(at for at, taken in enumerate(ends) if taken > room)]
