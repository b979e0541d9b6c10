"""The table of the indexer's conformance is complete, and names tests that exist."""

from __future__ import annotations

import re
from collections import Counter

from tests.house.test_conformance import CITED, ROOT, table, written

COUNTS = {"N": 36, "G": 6, "T": 18, "W": 7, "NP-": 50}
CARRIED = re.compile(r"(?<![A-Za-z0-9])(?:[NGTW]|NP[-_])\d\d(?!\d)")
SLSKD = re.compile(r"^\| slskd ([A-L]\d\d) \| (.+) \|$", re.MULTILINE)


def test_no_row_of_the_indexer_is_left_out() -> None:
    """All 117 of them, each once."""
    wanted = {
        f"{letters}{number:02d}"
        for letters, count in COUNTS.items()
        for number in range(1, count + 1)
    }
    listed = Counter(row for row, _ in table() if re.fullmatch(r"(?:[NGTW]|NP-)\d\d", row))
    assert set(listed) == wanted
    assert set(listed.values()) == {1}


def test_no_test_of_the_indexer_is_missing_in_the_table() -> None:
    """What carries a row is named for it; rows of slskd have the same letters."""
    cells = dict(table())
    missing = [
        f"{row}: {file}::{name}"
        for (file, name), text in written().items()
        if not name.startswith("test_slskd_")
        for row in dict.fromkeys(CARRIED.findall(text))
        if f"{file}::{name}" not in cells.get(row.replace("_", "-"), "")
    ]
    assert missing == []


def test_every_row_of_slskd_names_tests_that_carry_it() -> None:
    """Their names begin with `test_slskd_`, as other contracts have the same letters."""
    text = (ROOT / "docs" / "conformance.md").read_text(encoding="utf-8")
    tests = written()
    rows = SLSKD.findall(text)
    assert len(rows) >= 20
    for row, cell in rows:
        cited = CITED.findall(cell)
        assert cited, row
        for file, name in cited:
            assert (file, name) in tests
            assert name.startswith("test_slskd_")
            assert f"_{row}_" in name
