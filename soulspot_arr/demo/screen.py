"""The look of the demo: 80 columns, calm, the same on a terminal, in a pipe and in a CI log.

Colour, the moving progress line and up to 100 columns exist only on a terminal that wants them;
everywhere else the text is plain and every line is final.
"""

from __future__ import annotations

import os
import textwrap
from collections.abc import Iterable, Mapping, Sequence
from typing import TextIO

WIDTH = 80
WIDEST = 100
NARROWEST = 60
_BAR = 24
_TITLE_END = 20  # " - 2014-slsk632cddbd": the year, and what tells two releases apart
_STYLES = {"bold": "1", "dim": "2", "green": "32", "red": "31", "yellow": "33", "cyan": "36"}
_PLAIN_GLYPHS = str.maketrans(
    {"✓": "+", "✗": "x", "•": "-", "→": ">", "█": "#", "░": ".", "─": "-", "└": "`", "…": "~"}
)


class Screen:
    """Prints to one stream; a reader that goes away silences it instead of ending the demo."""

    def __init__(self, stream: TextIO, environ: Mapping[str, str]) -> None:
        self._stream = stream
        self._live = stream.isatty() and environ.get("TERM", "") != "dumb"
        self._width = _columns(stream) if self._live else WIDTH
        self._colour = self._live and not environ.get("NO_COLOR")
        self._encoding = stream.encoding or "utf-8"
        self._glyphs = _can_encode("✓█─└…", self._encoding)
        self._pending = False
        self._last_step = ""

    # -- building blocks -------------------------------------------------------------------------

    def title(self, text: str, subtitle: str) -> None:
        """The first two lines of the show."""
        self.line()
        self.line(self._style(text, "bold"))
        self.paragraph(subtitle)

    def act(self, text: str, explanation: str = "") -> None:
        """The heading of a scene with a sentence about what is going to happen."""
        heading = f"── {shorten(text, self._width - 8)} "
        self.line()
        self.line(self._style(heading + "─" * (self._width - len(heading)), "cyan"))
        if explanation:
            self.paragraph(explanation)
        self.line()

    def paragraph(self, text: str) -> None:
        """Prose, wrapped."""
        for row in textwrap.wrap(text, self._width - 2):
            self.line(f"  {self._style(row, 'dim')}")

    def good(self, text: str) -> None:
        """Something that went well."""
        self._marked("✓", "green", text)

    def bad(self, text: str) -> None:
        """Something that did not."""
        self._marked("✗", "red", text)

    def note(self, text: str) -> None:
        """Something worth knowing."""
        self._marked("•", "yellow", text)

    def detail(self, text: str) -> None:
        """A remark that belongs to the line above."""
        room = self._width - 8
        for row in textwrap.wrap(text, room, subsequent_indent="  ", break_on_hyphens=False):
            self.line(f"      {self._style(row, 'dim')}")

    def entry(self, text: str, name: str) -> None:
        """A remark and a name in one row; of a name that is too long the end is kept."""
        row = f"      {text}  "
        room = self._width - len(row)
        if len(name) > room:
            name = f"…{name[len(name) - room + 1 :].lstrip()}"
        self.line(row + self._style(name, "dim"))

    def step(self, when: str, text: str) -> None:
        """A moment and what happened then, wrapped beside it."""
        room = self._width - len(when) - 4
        first, *rest = textwrap.wrap(text, room, break_on_hyphens=False) or [""]
        self.line(f"  {self._style(when, 'dim')}  {first}")
        for row in rest:
            self.line(f"  {' ' * len(when)}  {row}")

    def command(self, command: str, *rest: str, output: str) -> None:
        """A command line and what it printed; neither is cut, so that both can be copied."""
        self.line(f"  {self._style('$', 'cyan')} {self._style(command, 'bold')}")
        for row in rest:
            self.line(f"      {self._style(row, 'bold')}")
        for row in output.splitlines():
            self.line(f"    {self._style(row, 'dim')}")
        self.line()

    def pair(self, label: str, value: object) -> None:
        """A label and a value, aligned; the value is never cut, so that it can be copied."""
        self.line(f"  {self._style(f'{label:<18}', 'dim')}{value}")

    def table(self, rows: Sequence[tuple[str, str, str, str]], remarks: Mapping[int, str]) -> None:
        """Rows of mark, quality, size and title; a remark follows its row."""
        quality = max(len(row[1]) for row in (("", "quality"), *rows))
        size = max(len(row[2]) for row in (("", "", "size"), *rows))
        room = self._width - (quality + size + 8)
        head = f"    {'quality':<{quality}}  {'size':>{size}}  release title"
        self.line(self._style(head, "dim"))
        for number, (mark, *cells, title) in enumerate(rows):
            colour = "green" if mark == "✓" else "red"
            text = f"{cells[0]:<{quality}}  {cells[1]:>{size}}  {shorten_middle(title, room)}"
            self.line(f"  {self._style(mark, colour)} {text}")
            if number in remarks:
                remark = shorten(remarks[number], self._width - 6)
                self.line(self._style(f"    └ {remark}", "dim"))

    def progress(self, label: str, done: float, detail: str) -> None:
        """A bar that moves on a terminal and otherwise prints one line per quarter."""
        filled = round(max(0.0, min(1.0, done)) * _BAR)
        bar = "█" * filled + "░" * (_BAR - filled)
        text = f"  {label:<12} {bar} {done:>4.0%}  {detail}"
        step = f"{label}{int(done * 4)}"
        if self._live:
            self._write("\r\x1b[K" + shorten(text, self._width))
            self._pending = True
        elif step != self._last_step:
            self.line(shorten(text, self._width))
        self._last_step = step

    def failure(self, reason: str, log: str, rows: Iterable[str]) -> None:
        """The end of a show that went wrong."""
        self.line()
        self.bad(reason)
        rows = list(rows)
        if rows:
            self.line()
            self.line(self._style(f"  The last lines of {log}:", "dim"))
            for row in rows:
                self.line(f"  {row}")

    def line(self, text: str = "") -> None:
        """One finished line."""
        if self._pending:
            self._pending = False
            self._write("\n")
        self._write(text.rstrip() + "\n")

    def _marked(self, mark: str, colour: str, text: str) -> None:
        first, *rest = textwrap.wrap(text, self._width - 4, break_on_hyphens=False) or [""]
        self.line(f"  {self._style(mark, colour)} {first}")
        for row in rest:
            self.line(f"    {row}")

    def _style(self, text: str, name: str) -> str:
        return f"\x1b[{_STYLES[name]}m{text}\x1b[0m" if self._colour and text else text

    def _write(self, text: str) -> None:
        plain = text if self._glyphs else text.translate(_PLAIN_GLYPHS)
        safe = plain.encode(self._encoding, errors="replace").decode(self._encoding)
        try:
            self._stream.write(safe)
            self._stream.flush()
        except BrokenPipeError:
            # `soulspot-arr demo | head`: the rest of the show goes nowhere, quietly.
            os.dup2(os.open(os.devnull, os.O_WRONLY), self._stream.fileno())


def megabytes(size: int) -> str:
    """Bytes as whole or tenth megabytes."""
    value = size / 1_048_576
    return f"{value:.0f} MB" if value >= 10 else f"{value:.1f} MB"


def counted(number: int, noun: str) -> str:
    """`1 album`, `2 albums`."""
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"


def clock(seconds: float) -> str:
    """A length as `1:02`."""
    whole = round(seconds)
    return f"{whole // 60}:{whole % 60:02d}"


def shorten(text: str, width: int) -> str:
    """At most `width` characters, the cut marked."""
    return text if len(text) <= width else text[: width - 1].rstrip() + "…"


def shorten_middle(text: str, width: int, kept: int = _TITLE_END) -> str:
    """At most `width` characters; the last `kept` stay, because titles differ at their end."""
    return text if len(text) <= width else shorten(text[:-kept], width - kept) + text[-kept:]


def _columns(stream: TextIO) -> int:
    """How wide to write on this terminal."""
    try:
        columns = os.get_terminal_size(stream.fileno()).columns
    except (OSError, ValueError):
        return WIDTH
    return min(max(columns, NARROWEST), WIDEST) if columns else WIDTH


def _can_encode(text: str, encoding: str) -> bool:
    try:
        text.encode(encoding)
    except (LookupError, UnicodeEncodeError):
        return False
    return True
