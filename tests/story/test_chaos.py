"""The chaos run in small; `make chaos` is the long one."""

from __future__ import annotations

from pathlib import Path

from tests.chaos.run import Plan, play


def test_nothing_is_lost_when_everything_goes_wrong(tmp_path: Path) -> None:
    """Six grabs, six kills, a bad network: everything obtainable is imported once, nothing is left."""
    account = play(
        Plan(seed=3, grabs=6, kills=6, longest_life=0.8, pause=5.0, patience=100.0), tmp_path
    )
    assert account.broken == [], account.table()
