"""Numbers the way SABnzbd writes them: sizes, waits and ages as text, times as Unix seconds.

Dashboards and Lidarr parse these texts strictly (SABnzbd contract §1.3). Pure: no clock.
"""

from __future__ import annotations

from datetime import datetime

_MIB = 1024 * 1024
_GIB = 1024 * _MIB
_INT32_MAX = 2**31 - 1
_DAY = 86_400
_LONGEST_WAIT = 365 * _DAY  # every client reads this as "very long"; none of them overflows
_UNITS = ("", "K", "M", "G", "T", "P")


def to_units(size: float, suffix: str = "") -> str:
    """Return 1024-based text such as "57.2 MB", "879 KB", "0 B", or "616 K" and "0" unsuffixed."""
    value, power = max(float(size), 0.0), 0
    while value >= 1024 and power < len(_UNITS) - 1:
        value, power = value / 1024, power + 1
    number = f"{value:.1f}" if power >= 2 else f"{value:.0f}"
    if power or suffix:
        return f"{number} {_UNITS[power]}{suffix}"
    return "0" if number == "0" else f"{number} B"  # Homepage splits off the unit (C-36)


def time_left(seconds: float) -> str:
    """Return "H:MM:SS", or "D:HH:MM:SS" from a day up; "0:00:00" when nobody can tell."""
    whole = int(min(seconds, _LONGEST_WAIT)) if seconds > 0 else 0  # also for not-a-number
    days, rest = divmod(whole, _DAY)
    hours, minutes, left = rest // 3600, rest // 60 % 60, rest % 60
    clock = f"{minutes:02}:{left:02}"
    return f"{days}:{hours:02}:{clock}" if days else f"{hours}:{clock}"


def age(seconds: float | None) -> str:
    """Return whole days, hours or minutes ("104d", "2h", "5m"), "-" when unknown."""
    if seconds is None or seconds < 0:
        return "-"
    minutes = int(seconds) // 60
    if minutes >= 1440:
        return f"{minutes // 1440}d"
    return f"{minutes // 60}h" if minutes >= 60 else f"{minutes}m"


def mebibytes(size: int) -> str:
    """Return MiB with two decimals, the unit of `mb` and `mbleft`."""
    return f"{max(size, 0) / _MIB:.2f}"


def gibibytes(size: int) -> str:
    """Return GiB with two decimals, the unit of `diskspace1`."""
    return f"{max(size, 0) / _GIB:.2f}"


def epoch(moment: datetime) -> int:
    """Return whole Unix seconds of an aware time."""
    return int(moment.timestamp())


def int32(number: float) -> int:
    """Return a whole number from 0 up that fits 32 bits: Lidarr reads `download_time` so."""
    return min(max(int(number), 0), _INT32_MAX)
