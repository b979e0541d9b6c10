"""The state machines and the failure table in `docs/architecture.md` are those of the code."""

from __future__ import annotations

import re
from pathlib import Path

from soulspot_arr.domain import FailureKind
from soulspot_arr.rules import failures
from soulspot_arr.rules.lifecycle import GRAB_TRANSITIONS, TRANSITIONS

PAGE = (Path(__file__).parents[2] / "docs" / "architecture.md").read_text(encoding="utf-8")
STATE = re.compile(r"[A-Z]{5,}")


def chapter(title: str) -> str:
    """What stands below a heading."""
    return PAGE.partition(f"\n## {title}\n")[2].partition("\n## ")[0]


def rows(title: str, *, columns: int) -> list[list[str]]:
    """The rows of the tables of a chapter that have so many columns, without their heads."""
    lines = [line for line in chapter(title).splitlines() if line.startswith("| ")]
    cells = [[cell.strip() for cell in line.strip("|").split("|")] for line in lines]
    return [row for row in cells if len(row) == columns]


def steps(rows_: list[list[str]]) -> set[tuple[str, str]]:
    """Every step that such rows name; "and back" is two of them."""
    named = set()
    for row in rows_:
        pairs = [(a, b) for a in STATE.findall(row[0]) for b in STATE.findall(row[1])]
        named |= {*pairs, *((b, a) for a, b in pairs if "and back" in row[1])}
    return named


def test_the_states_of_a_download() -> None:
    """Every step that is allowed is told with its reason, and no other."""
    wanted = {(seen.name, to.name) for seen, tos in TRANSITIONS.items() for to in tos}
    assert steps(rows("States of a download (one file)", columns=3)) == wanted


def test_the_states_of_a_grab() -> None:
    """The second table of the chapter says where a grab may go."""
    both = rows("States of a grab (one album)", columns=2)
    told = steps(both[[row[0] for row in both].index("from") :])
    assert told == {(seen.name, to.name) for seen, tos in GRAB_TRANSITIONS.items() for to in tos}


def test_the_failure_table() -> None:
    """Every kind is told, and whether it uses up an attempt."""
    table = {
        kind: row[2]
        for row in rows("Failures", columns=4)
        for kind in re.findall(r"`([a-z_]+)`", row[0])
    }
    words = {
        kind: "final"
        if follows.then is not failures.Then.AGAIN
        else ("counted" if follows.counted else "not counted")
        for kind, follows in failures.CONSEQUENCES.items()
    }
    assert table == {str(kind): words[kind] for kind in FailureKind}
