"""Quiet hours by the clock on the wall: tables, the two odd days of a year, and what always holds."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from soulspot_arr.rules.quiet_hours import Span, is_quiet, parse, quiet_until, waited

PRAGUE = ZoneInfo("Europe/Prague")


def wall(text: str) -> datetime:
    """A time of an ordinary day."""
    return datetime.fromisoformat(f"2026-06-10T{text}")


def prague(moment: datetime) -> datetime:
    """What the wall shows in a zone with summer time."""
    return moment.astimezone(PRAGUE)


def test_parse() -> None:
    """The texts of the setting, in minutes of the day."""
    assert parse(["23:00-07:30", "12:05-13:00"]) == (Span(1380, 450), Span(725, 780))
    assert parse([]) == ()


@pytest.mark.parametrize(
    ("spans", "time", "quiet"),
    [
        pytest.param("", "03:00", False, id="none"),
        pytest.param("12:00-13:00", "11:59:59", False, id="before"),
        pytest.param("12:00-13:00", "12:00", True, id="its first moment"),
        pytest.param("12:00-13:00", "12:59:59.999999", True, id="its last moment"),
        pytest.param("12:00-13:00", "13:00", False, id="its end is over"),
        pytest.param("23:00-07:00", "23:00", True, id="before midnight"),
        pytest.param("23:00-07:00", "00:00", True, id="midnight"),
        pytest.param("23:00-07:00", "06:59", True, id="after midnight"),
        pytest.param("23:00-07:00", "07:00", False, id="the morning"),
        pytest.param("23:00-07:00", "22:59", False, id="the evening"),
        pytest.param("22:00-00:00", "23:59", True, id="up to midnight"),
        pytest.param("22:00-00:00", "00:00", False, id="not beyond"),
        pytest.param("00:00-06:00", "00:00", True, id="from midnight"),
        pytest.param("08:00-09:00 20:00-21:00", "20:30", True, id="the second of two"),
        pytest.param("08:00-09:00 20:00-21:00", "12:00", False, id="between two"),
        pytest.param("08:00-10:00 09:00-11:00", "10:30", True, id="overlapping"),
        pytest.param("07:01-07:00", "07:00", False, id="one minute a day is awake"),
    ],
)
def test_is_quiet(spans: str, time: str, quiet: bool) -> None:
    """Begin belongs to the span, end does not."""
    assert is_quiet(parse(spans.split()), wall(time)) is quiet


@pytest.mark.parametrize(
    ("spans", "now", "until"),
    [
        pytest.param("23:00-07:00", "2026-06-10T12:00:00+02:00", None, id="awake"),
        pytest.param(
            "23:00-07:00", "2026-06-10T23:30:15+02:00", "2026-06-11T07:00+02:00", id="over midnight"
        ),
        pytest.param(
            "23:00-07:00", "2026-06-10T06:59:59+02:00", "2026-06-10T07:00+02:00", id="a second left"
        ),
        pytest.param(
            "08:00-09:00 09:00-10:00",
            "2026-06-10T08:30:00+02:00",
            "2026-06-10T10:00+02:00",
            id="two in a row",
        ),
        pytest.param(
            "23:00-07:00", "2026-03-28T23:30:00+01:00", "2026-03-29T07:00+02:00", id="a short night"
        ),
        pytest.param(
            "23:00-07:00", "2026-10-24T23:30:00+02:00", "2026-10-25T07:00+01:00", id="a long night"
        ),
        pytest.param(
            "01:00-02:30",
            "2026-03-29T01:30:00+01:00",
            "2026-03-29T03:00+02:00",
            id="its end is skipped",
        ),
        pytest.param(
            "02:10-02:50", "2026-03-29T01:59:00+01:00", None, id="all of it is skipped that day"
        ),
        pytest.param(
            "02:10-02:50",
            "2026-10-25T02:20:00+02:00",
            "2026-10-25T02:50+02:00",
            id="an hour that comes twice, the first time",
        ),
        pytest.param(
            "02:10-02:50",
            "2026-10-25T02:20:00+01:00",
            "2026-10-25T02:50+01:00",
            id="and the second",
        ),
        pytest.param(
            "01:30-01:29",
            "2026-10-25T01:30:00+02:00",
            "2026-10-26T01:29+01:00",
            id="nearly all of a day of 25 hours",
        ),
    ],
)
def test_quiet_until(spans: str, now: str, until: str | None) -> None:
    """The wall decides, also in the nights in which it is changed."""
    expected = None if until is None else datetime.fromisoformat(until)
    assert quiet_until(parse(spans.split()), datetime.fromisoformat(now), prague) == expected


def test_quiet_until_of_a_day_without_an_end() -> None:
    """Pinned by the environment such settings are only warned of."""
    spans = parse(["00:00-12:00", "12:00-00:00"])
    assert quiet_until(spans, wall("03:00").replace(tzinfo=UTC), prague) is None


@pytest.mark.parametrize(
    ("spans", "now", "seconds", "ago"),
    [
        pytest.param("", "12:00", 3600, timedelta(hours=1), id="no quiet hours"),
        pytest.param("", "12:00", 200_000, timedelta(seconds=200_000), id="days without any"),
        pytest.param("23:00-07:00", "12:00", 3600, timedelta(hours=1), id="none of it quiet"),
        pytest.param("23:00-07:00", "07:30", 3600, timedelta(hours=9), id="over the night"),
        pytest.param("23:00-07:00", "03:00", 3600, timedelta(hours=5), id="in the night"),
        pytest.param(
            "23:00-07:00", "12:00", 24 * 3600, timedelta(hours=40), id="a day, a night and a half"
        ),
        pytest.param("12:00-13:00", "13:00:30", 60, timedelta(minutes=61), id="half a minute"),
    ],
)
def test_waited(spans: str, now: str, seconds: float, ago: timedelta) -> None:
    """A wait that is still shorter began later."""
    assert waited(parse(spans.split()), wall(now), seconds) == ago


def test_waited_when_it_is_always_quiet() -> None:
    """Nobody ever waits long enough."""
    assert waited(parse(["00:00-12:00", "12:00-00:00"]), wall("12:00"), 60) is None


minutes = st.integers(0, 1439)
spans_ = st.lists(
    st.tuples(minutes, minutes).filter(lambda pair: pair[0] != pair[1]).map(lambda p: Span(*p)),
    max_size=3,
)
moments = st.datetimes(datetime(2026, 1, 1), datetime(2026, 12, 31), timezones=st.just(UTC))


@given(spans=spans_, now=moments)
def test_quiet_hours_last_until_their_end(spans: list[Span], now: datetime) -> None:
    """It is quiet up to the minute before, and not at the end."""
    end = quiet_until(spans, now, prague)
    if end is None:
        assume(not all(any(s.holds(m) for s in spans) for m in range(1440)))
        assert not is_quiet(spans, prague(now))
        return
    assert now < end <= now + timedelta(hours=25)
    assert not is_quiet(spans, prague(end))
    assert is_quiet(spans, prague(end - timedelta(microseconds=1)))


@given(spans=spans_, now=moments, seconds=st.integers(60, 400_000))
def test_waited_counts_waking_minutes(spans: list[Span], now: datetime, seconds: int) -> None:
    """Counted minute by minute, what lies between is as long as was said."""
    now, seconds = now.replace(second=0, microsecond=0), seconds // 60 * 60
    back = waited(spans, now, seconds)
    if back is None:
        assert all(is_quiet(spans, now + timedelta(minutes=m)) for m in range(1440))
        return
    began = now - back
    assume(back < timedelta(days=20))
    awake = sum(
        not is_quiet(spans, began + timedelta(minutes=minute))
        for minute in range(round(back.total_seconds() / 60))
    )
    assert awake * 60 == seconds
