"""What became of the grabs, for the terminal: the latest as a list, or one as a timeline.

It shows what `history` tells and judges nothing. Eighty to a hundred and twenty columns wide;
colours only where somebody looks.
"""

from __future__ import annotations

import argparse
import json
import shutil
import sys
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict
from datetime import date, datetime
from typing import TYPE_CHECKING, Any

from soulspot_arr.config import environment
from soulspot_arr.domain import GrabState
from soulspot_arr.rules import columns
from soulspot_arr.rules.timeline_facts import Asked, GrabFacts, Step, Timeline
from soulspot_arr.rules.timeline_words import PHASES, counted, outcome, size, took

if TYPE_CHECKING:
    from soulspot_arr.services import Services
    from soulspot_arr.timeline import Line, Told

NARROWEST, WIDEST = 80, 120
_BOLD, _DIM, _GREEN, _YELLOW, _RED, _PLAIN = (
    f"\x1b[{code}m" for code in ("1", "2", "32", "33", "31", "0")
)
_OUTCOMES = {
    "imported": _GREEN,
    "completed": _GREEN,
    "failed": _RED,
    "refused": _RED,
    "gone": _YELLOW,
    "removed": _YELLOW,
    "cancelled": _YELLOW,
}
_LEVELS = {"warning": _YELLOW, "error": _RED}
_GOOD = {"imported", "taken", "reported", "verified", "rehearsed"}
_WHEN, _GAP, _WHAT = 8, 10, 12  # columns of a moment, a length of time, and the name of a step
_TEXT = _WHEN + _GAP + 2 + _WHAT  # where the text of a step begins
_TITLE = 44  # where the title of a line begins
_REASON = 18  # where the reason below it begins
_SHORT = 4  # letters of an id, which nearly always tell it
_BRIEFLY = ((" min", "m"), (" h", "h"), (" d", "d"), (" s", "s"))
_MOMENT = 0.05  # seconds; shorter is at once
_SHARE = 0.02  # of the whole time; shorter phases are not worth a word


def add_command(
    commands: argparse._SubParsersAction[argparse.ArgumentParser],
    boot_options: Callable[[argparse.ArgumentParser], None],
    look: Callable[[argparse.Namespace], Services],
) -> None:
    """Add `history`; `look` opens the running installation."""
    words = "show what became of the latest grabs, or of one of them step by step"
    parser = commands.add_parser(
        "history", help=words, description=f"{words[0].upper()}{words[1:]}. Nothing is changed."
    )
    parser.add_argument("grab", metavar="GRAB", nargs="?", help="its id, or the end of it")
    parser.add_argument("--limit", type=_limit, default=20, help="how many (default: 20)")
    parser.add_argument(
        "--state",
        action="append",
        choices=[state.value for state in GrabState],
        help="only grabs in this state; may be repeated",
    )
    parser.add_argument("--json", action="store_true", help="for programs")
    boot_options(parser)
    parser.set_defaults(run=lambda options: _run(options, look))


def _limit(text: str) -> int:
    number = int(text)
    if not 1 <= number <= 10_000:
        raise argparse.ArgumentTypeError("from 1 to 10000")
    return number


def _run(options: argparse.Namespace, look: Callable[[argparse.Namespace], Services]) -> int:
    options.log_level = options.log_level or "ERROR"  # a table is no place for a log
    services = look(options)
    page = Page(
        shutil.get_terminal_size((NARROWEST, 24)).columns,
        colours=sys.stdout.isatty() and not environment().get("NO_COLOR"),
    )
    try:
        if options.grab is not None:
            told = services.history.timeline(options.grab)
            print(as_json(_whole(told)) if options.json else page.timeline(told))
            return 0
        states = [GrabState(state) for state in options.state or ()]
        lines = services.history.newest(limit=options.limit, states=states)
        print(as_json([asdict(line) for line in lines]) if options.json else page.list(lines))
        return 0
    finally:
        services.close()


def _whole(told: Told) -> dict[str, Any]:
    grab = {name: value for name, value in asdict(told.grab).items() if name != "offers"}
    return grab | {"outcome": outcome(told.grab), "timeline": asdict(told.timeline)}


def as_json(value: object) -> str:
    """Times in ISO 8601 with a zone, lengths of time in seconds."""
    return json.dumps(value, indent=2, ensure_ascii=False, default=_iso)


def _iso(value: object) -> str:
    return value.isoformat() if isinstance(value, datetime) else str(value)


def _briefly(seconds: float) -> str:
    """As `took` says it, in at most seven letters: "0.3s", "3m 12s", "2h 5m"."""
    text = took(seconds)
    for words, letter in _BRIEFLY:
        text = text.replace(words, letter)
    return text


class Page:
    """Lines of one width, kept between 80 and 120 columns."""

    def __init__(self, width: int = NARROWEST, *, colours: bool = False) -> None:
        self._width = max(NARROWEST, min(width, WIDEST))
        self._colours = colours

    def _in(self, colour: str, text: str) -> str:
        return f"{colour}{text}{_PLAIN}" if self._colours and colour else text

    def _wrap(self, text: str, *, indent: int = 0, colour: str = "") -> Iterator[str]:
        for line in columns.wrapped(text, self._width - indent):
            yield " " * indent + self._in(colour, line)

    # -- the list ----------------------------------------------------------------------------------

    def list(self, lines: Sequence[Line]) -> str:
        """One line for each grab, and its reason below where there is one."""
        if not lines:
            return "No grabs."
        head = f"{'grabbed (UTC)':<16}  {'id':<{_SHORT}}  {'took':>7}  {'state':<11} title"
        return "\n".join(
            [self._in(_DIM, head), *(text for line in lines for text in self._of(line))]
        )

    def _of(self, line: Line) -> Iterator[str]:
        state = self._in(_OUTCOMES.get(line.outcome, ""), f"{line.outcome:<11}")
        yield (
            f"{line.created_at:%Y-%m-%d %H:%M}  {line.nzo_id[-_SHORT:]:<{_SHORT}}  "
            f"{_briefly(line.seconds):>7}  {state} "
            f"{columns.cut(line.title, self._width - _TITLE - 1)}"
        )
        if line.reason:
            yield from self._wrap(line.reason, indent=_REASON, colour=_DIM)

    # -- one grab ----------------------------------------------------------------------------------

    def timeline(self, told: Told) -> str:
        """What it is, how it ended, what happened when, and who was asked."""
        return "\n".join(self._timeline(told.grab, told.timeline))

    def _timeline(self, grab: GrabFacts, story: Timeline) -> Iterator[str]:
        yield self._in(_BOLD, columns.cut(grab.title, self._width))
        about = [grab.quality, counted(grab.file_count, "file"), size(grab.total_bytes)]
        yield from self._wrap(f"{grab.nzo_id}, {', '.join(filter(None, about))}", colour=_DIM)
        yield ""
        yield from self._wrap(story.end, colour=_OUTCOMES.get(outcome(grab), ""))
        if story.waiting_for:
            yield from self._wrap(f"Now: {story.waiting_for}", colour=_BOLD)
        least = story.seconds * _SHARE
        worth = [part for part in story.spent if part.seconds >= least]
        spent = [f"{PHASES[part.phase]} {took(part.seconds)}" for part in worth]
        if len(spent) > 1:
            yield from self._wrap(f"Its time: {', '.join(spent)}.", colour=_DIM)
        day: date | None = None
        for step in story.steps:
            if step.at.date() != day:
                day = step.at.date()
                yield ""
                yield self._in(_DIM, f"{day.isoformat()} (UTC)")
            yield from self._step(step)
        if len(story.peers) > 1:
            yield ""
            yield from self._peers(story.peers)

    def _step(self, step: Step) -> Iterator[str]:
        after = step.after or 0.0
        gap = f"+{_briefly(after)}" if after >= _MOMENT else ""
        colour = _LEVELS.get(step.level) or (_GREEN if step.kind in _GOOD else "")
        name = self._in(colour, columns.fit(step.kind.replace("_", " "), _WHAT))
        first, *rest = columns.wrapped(step.message, self._width - _TEXT)
        yield f"{step.at:%H:%M:%S}{self._in(_DIM, f'{gap:>{_GAP}}')}  {name}{first}"
        yield from (" " * _TEXT + line for line in rest)
        for reason in step.reasons:
            first, *rest = columns.wrapped(reason, self._width - _TEXT - 2)
            yield " " * _TEXT + self._in(_DIM, f"- {first}")
            yield from (" " * (_TEXT + 2) + self._in(_DIM, line) for line in rest)

    def _peers(self, peers: Sequence[Asked]) -> Iterator[str]:
        room = min(24, max(columns.width(columns.printable(asked.peer)) for asked in peers))
        room = max(room, len("peer"))
        yield self._in(_DIM, f"{'peer':<{room}}  asked  came  why not")
        for asked in peers:
            start = f"{columns.fit(asked.peer, room)}  {asked.files:>5}  {asked.arrived:>4}  "
            first, *rest = columns.wrapped(asked.reason, self._width - room - 15)
            yield (start + first).rstrip()
            yield from (" " * (room + 15) + line for line in rest)
