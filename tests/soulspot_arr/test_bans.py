"""A network that shuts us out: noticed by silence or a lost connection, kept quiet, told."""

from __future__ import annotations

from datetime import timedelta

import pytest

from soulspot_arr.bans import BanWatch, Doubt
from soulspot_arr.models import Ban, SearchRow
from tests.soulspot_arr.workshop import Bench


def searched(bench: Bench, *found: int, text: str = "", outcome: str = "completed") -> None:
    """Searches a minute apart, with so many folders in their answers."""
    for count in found:
        bench.clock.advance(60)
        with bench.db.write() as session:
            row = SearchRow(
                source="slskd",
                query_key="k",
                text=text or f"text {bench.clock()}",
                started_at=bench.clock(),
                finished_at=bench.clock(),
                outcome=outcome,
                found=count,
            )
            session.add(row)


def test_silence_where_there_were_answers_is_doubtful(both: Bench) -> None:
    """The control is the text that was answered best, longer than ten minutes ago."""
    searched(both, 3)
    searched(both, 40, text="best answered")
    searched(both, 0, 0, 0, 0)
    assert both.bans.doubt() is None
    searched(both, 0)
    both.clock.advance(300)
    assert both.bans.doubt() == Doubt("best answered")


def test_a_single_answer_ends_the_doubt(bench: Bench) -> None:
    """A ban lets nothing through."""
    searched(bench, 9, 0, 0, 0, 0, 1)
    assert bench.bans.doubt() is None


def test_failed_searches_say_nothing(bench: Bench) -> None:
    """slskd was away, not the network."""
    searched(bench, 9, 0, 0, 0, 0)
    searched(bench, 0, 0, 0, outcome="source_offline")
    assert bench.bans.doubt() is None


def test_where_nothing_was_ever_answered_there_is_no_ban(bench: Bench) -> None:
    """A port that is shut, a share that is empty: another trouble."""
    searched(bench, *[0] * 20)
    assert bench.bans.doubt() is None


def test_no_control_that_was_asked_a_moment_ago(bench: Bench) -> None:
    """The same text within ten minutes is what the server bans for."""
    searched(bench, 9, text="answered")
    bench.clock.advance(600)
    searched(bench, 0, 0, 0, 0)
    searched(bench, 0, text="answered")
    assert bench.bans.doubt() == Doubt("")
    bench.clock.advance(600)
    assert bench.bans.doubt() == Doubt("answered")


def test_what_one_peer_answered_is_no_control(bench: Bench) -> None:
    """It may have left; a network that has banned us is silent for everything."""
    searched(bench, 4, text="rare")
    bench.clock.advance(600)
    searched(bench, 0, 0, 0, 0, 0)
    assert bench.bans.doubt() == Doubt("")


def test_a_ban_lasts_its_time_and_is_told_at_both_ends(both: Bench) -> None:
    """Half an hour; one event each, however many processes look."""
    other = BanWatch(both.db, both.settings, "slskd", clock=both.clock)
    assert not both.bans.banned()
    until = both.bans.silent()
    assert until == both.clock() + timedelta(minutes=30)
    assert both.bans.until == other.until == until
    assert both.bans.banned()
    assert other.banned()
    assert other.silent() == until
    both.clock.advance(1_799)
    assert other.banned()
    both.clock.advance(1)
    assert not other.banned()
    assert not both.bans.banned()
    assert both.bans.until is None
    begun, ended = both.events("source.")
    assert (begun.kind, begun.level) == ("source.banned", "error")
    assert begun.data["until"] == until.isoformat()
    assert f"{until:%H:%M} UTC" in begun.message
    assert (ended.kind, ended.level) == ("source.unbanned", "info")


def test_it_can_happen_again(bench: Bench) -> None:
    """Each ban is told anew."""
    bench.bans.silent()
    bench.clock.advance(1_800)
    assert not bench.bans.banned()
    bench.bans.silent()
    assert bench.bans.banned()
    assert [event.kind for event in bench.events("source.")] == [
        "source.banned",
        "source.unbanned",
        "source.banned",
    ]


@pytest.mark.parametrize(("used", "banned"), [(0.79, False), (0.8, True), (1.2, True)])
def test_a_lost_connection_is_suspicious_after_many_searches(
    bench: Bench, used: float, banned: bool
) -> None:
    """The server hangs up on whom it bans (contract slskd §3.8)."""
    bench.bans.lost(used=used)
    assert bench.bans.banned() is banned


@pytest.mark.parametrize("back", [60, 86_400])
def test_a_clock_that_was_ahead_makes_no_longer_ban(bench: Bench, back: float) -> None:
    """When it is set back the pause is over, or as long as it would be from now at most."""
    bench.bans.silent()
    bench.clock.advance(-back)
    assert not bench.bans.banned()


def test_it_survives_a_restart(both: Bench) -> None:
    """The state is a row."""
    both.bans.silent()
    with both.db.read() as session:
        row = session.get(Ban, "slskd")
    assert row is not None
    assert row.reason.startswith("searches come back empty")
    assert BanWatch(both.db, both.settings, "slskd", clock=both.clock).banned()
    assert not BanWatch(both.db, both.settings, "another", clock=both.clock).banned()


def test_health_names_it_and_its_end(bench: Bench) -> None:
    """Red, with the moment it ends and what to do."""
    bench.bans.silent()
    (check,) = [c for c in bench.health.examine(thorough=False) if c.code == "soulseek_ban"]
    assert check.level == "error"
    assert "12:30 UTC" in check.message
    assert "search.rate" in check.fix
    bench.clock.advance(1_800)
    assert "soulseek_ban" not in [c.code for c in bench.health.examine(thorough=False)]
