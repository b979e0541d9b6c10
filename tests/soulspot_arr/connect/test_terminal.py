"""Words for the terminal."""

from __future__ import annotations

import pytest

from soulspot_arr.connect.terminal import doctor_report
from soulspot_arr.domain import Check

OK = Check("database", "ok", "The database answers.")
WARNING = Check("lidarr", "warning", "Lidarr is not set up.", "Set SOULSPOT_LIDARR_URL.")
ERROR = Check("slskd", "error", "slskd does not answer.", "Start it. " * 20)


@pytest.mark.parametrize(
    ("checks", "last"),
    [
        ([OK], "Everything is as it should be."),
        ([OK, WARNING], "It works; the warnings are worth a look."),
        ([OK, WARNING, ERROR], "1 thing to mend; start with the first."),
        ([ERROR, ERROR], "2 things to mend; start with the first."),
    ],
)
def test_the_last_line_says_how_it_stands(checks: list[Check], last: str) -> None:
    """A person reads the end first."""
    assert doctor_report(checks).splitlines()[-1] == last


def test_each_check_is_a_line_with_its_fix_below() -> None:
    """What is fine needs no advice; long advice is wrapped."""
    lines = doctor_report([OK, WARNING, ERROR]).splitlines()
    assert lines[0] == "  ok  The database answers."
    assert lines[1:3] == ["warn  Lidarr is not set up.", "      -> Set SOULSPOT_LIDARR_URL."]
    assert lines[3] == "FAIL  slskd does not answer."
    assert all(len(line) <= 100 for line in lines)
