"""The table of conformance names tests that exist and that carry the row they are named for."""

from __future__ import annotations

import ast
import re
from collections import Counter
from pathlib import Path

ROOT = Path(__file__).parents[2]
ROWS = re.compile(r"^\| ([A-Z]+-?\d+) \| (.+) \|$", re.MULTILINE)
CITED = re.compile(r"`(test_\w+\.py)::(test_\w+)`")
SAB = re.compile(r"(?<![A-Za-z0-9])([SADL]\d\d|C\d{3})(?!\d)")
COUNTS = {"S": 44, "A": 13, "D": 9, "L": 15, "C": 112}


def table() -> list[tuple[str, str]]:
    """Row id and its cell, in the order of the page."""
    return ROWS.findall((ROOT / "docs" / "conformance.md").read_text(encoding="utf-8"))


def written() -> dict[tuple[str, str], str]:
    """By file and function: the name and the texts of the decorators, where row ids stand."""
    found = {}
    for path in sorted((ROOT / "tests" / "conformance").glob("test_*.py")):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.FunctionDef) and node.name.startswith("test_"):
                parts = [part for each in node.decorator_list for part in ast.walk(each)]
                texts = [part.value for part in parts if isinstance(part, ast.Constant)]
                found[path.name, node.name] = " ".join((node.name, *map(str, texts)))
    return found


def names_row(text: str, row: str) -> bool:
    """Whether an id stands there, `NP-01` as `NP_01` or `NP-01`."""
    letters, number = re.match(r"([A-Z]+)-?(\d+)", row).groups()  # type: ignore[union-attr]
    return re.search(rf"(?<![A-Za-z0-9]){letters}[-_]?{number}(?!\d)", text) is not None


def test_every_row_names_tests_that_exist_and_carry_it() -> None:
    """Or says in words why there is none."""
    tests = written()
    wrong = []
    for row, cell in table():
        cited = CITED.findall(cell)
        if not cited and not re.match(r"not covered: \w.{20,}", cell):
            wrong.append(f"{row}: neither a test nor a reason")
        wrong += [
            f"{row}: {file}::{name}"
            for file, name in cited
            if not names_row(tests.get((file, name), ""), row)
        ]
    assert wrong == []


def test_no_row_of_sabnzbd_is_left_out() -> None:
    """All 193 of them, each once."""
    listed = Counter(row for row, _ in table() if row[0] in COUNTS and SAB.fullmatch(row))
    wanted = {
        f"{letter}{number:0{3 if letter == 'C' else 2}}"
        for letter, count in COUNTS.items()
        for number in range(1, count + 1)
    }
    assert set(listed) == wanted
    assert set(listed.values()) == {1}


def test_no_test_of_sabnzbd_is_missing_in_the_table() -> None:
    """What carries a row is named for it."""
    cells = dict(table())
    missing = [
        f"{row}: {file}::{name}"
        for (file, name), text in written().items()
        if file.startswith("test_sab_")
        for row in dict.fromkeys(SAB.findall(text))
        if f"{file}::{name}" not in cells.get(row, "")
    ]
    assert missing == []
