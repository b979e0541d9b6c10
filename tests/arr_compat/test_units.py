"""Numbers as SABnzbd writes them."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from arr_compat.units import age, epoch, gibibytes, int32, mebibytes, time_left, to_units
from tests.arr_compat.readers import size_text, time_parts

MIB = 1024 * 1024


@pytest.mark.parametrize(
    ("size", "suffixed", "bare"),
    [
        (0, "0 B", "0"),
        (-5, "0 B", "0"),
        (1, "1 B", "1 B"),
        (1023, "1023 B", "1023 B"),
        (1024, "1 KB", "1 K"),
        (900_000, "879 KB", "879 K"),
        (MIB, "1.0 MB", "1.0 M"),
        (59_978_547, "57.2 MB", "57.2 M"),
        (4 * MIB, "4.0 MB", "4.0 M"),
        (3 * 1024 * MIB, "3.0 GB", "3.0 G"),
        (1024**4 * 1.8, "1.8 TB", "1.8 T"),
        (1024**5, "1.0 PB", "1.0 P"),
        (1024**6, "1024.0 PB", "1024.0 P"),
    ],
)
def test_C36_to_units(size: float, suffixed: str, bare: str) -> None:
    """One decimal from M upward, none below, and always a unit that clients can split off."""
    assert to_units(size, "B") == suffixed
    assert to_units(size) == bare


@given(st.integers(0, 2**62))
def test_C36_every_size_has_the_form_clients_split(size: int) -> None:
    """No size at all makes exportarr fail its scrape."""
    size_text(to_units(size))
    size_text(to_units(size, "B"))


@pytest.mark.parametrize(
    ("seconds", "expected"),
    [
        (0, "0:00:00"),
        (-1, "0:00:00"),
        (float("nan"), "0:00:00"),
        (float("inf"), "365:00:00:00"),
        (0.9, "0:00:00"),
        (59.9, "0:00:59"),
        (156, "0:02:36"),
        (3600, "1:00:00"),
        (36_000, "10:00:00"),
        (86_399, "23:59:59"),
        (86_400, "1:00:00:00"),
        (97_445, "1:03:04:05"),
        (10**12, "365:00:00:00"),
    ],
)
def test_C41_C50_S26_time_left(seconds: float, expected: str) -> None:
    """Three or four integer parts whatever comes in; never unknown, never negative."""
    assert time_left(seconds) == expected


@given(st.floats())
def test_C50_every_time_has_the_form_lidarr_splits(seconds: float) -> None:
    """One odd estimate must not cost Lidarr the whole poll."""
    assert time_parts(time_left(seconds)) >= 0


@pytest.mark.parametrize(
    ("seconds", "expected"),
    [
        (None, "-"),
        (-1, "-"),
        (0, "0m"),
        (59, "0m"),
        (300, "5m"),
        (3599, "59m"),
        (3600, "1h"),
        (7200.5, "2h"),
        (86_399, "23h"),
        (86_400, "1d"),
        (104 * 86_400, "104d"),
    ],
)
def test_age(seconds: float | None, expected: str) -> None:
    """A whole number with d, h or m, or a dash."""
    assert age(seconds) == expected


def test_C38_C42_fixed_units_have_two_decimals() -> None:
    """MiB and GiB without a unit, never negative."""
    assert [mebibytes(n) for n in (0, -1, MIB, 432_013_312)] == ["0.00", "0.00", "1.00", "412.00"]
    assert [gibibytes(n) for n in (0, -1, 80_992_346_890)] == ["0.00", "0.00", "75.43"]


def test_epoch_is_whole_seconds_of_the_same_moment() -> None:
    """Fractions are cut and zones do not matter."""
    moment = datetime(2026, 11, 20, 9, 31, 57, 900_000, tzinfo=UTC)
    assert epoch(moment) == 1_795_167_117
    assert epoch(moment.astimezone(timezone(timedelta(hours=5)))) == 1_795_167_117


@pytest.mark.parametrize(
    ("number", "expected"),
    [(0, 0), (-3, 0), (812.9, 812), (2**31 - 1, 2**31 - 1), (2**40, 2**31 - 1)],
)
def test_S35_int32(number: float, expected: int) -> None:
    """Lidarr reads `download_time` into 32 bits."""
    assert int32(number) == expected
