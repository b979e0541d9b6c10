"""How slskd writes values: dates, durations, GUIDs, omitted nulls (contract slskd §0.1).

Pure functions; no HTTP, no state.
"""

from __future__ import annotations

import json
import re
from datetime import datetime, timedelta

Json = None | bool | int | float | str | list["Json"] | dict[str, "Json"]

_GUID = re.compile(
    r"^\s*(?:[{(])?([0-9a-f]{8})-?([0-9a-f]{4})-?([0-9a-f]{4})-?([0-9a-f]{4})-?([0-9a-f]{12})[})]?\s*$",
    re.IGNORECASE,
)
EMPTY_GUID = "00000000-0000-0000-0000-000000000000"


def date(moment: datetime | None, *, zone: bool = True) -> str | None:
    """ISO-8601 in UTC, trailing zeros of the fraction dropped, `Z` only when `zone`."""
    if moment is None:
        return None
    text = moment.strftime("%Y-%m-%dT%H:%M:%S")
    if moment.microsecond:
        text += f".{moment.microsecond:06d}".rstrip("0")
    return text + ("Z" if zone else "")


def duration(span: timedelta | None) -> str | None:
    """A .NET TimeSpan: `[-][d.]hh:mm:ss[.fffffff]`."""
    if span is None:
        return None
    sign = "-" if span < timedelta(0) else ""
    span = abs(span)
    hours, rest = divmod(span.seconds, 3600)
    minutes, seconds = divmod(rest, 60)
    days = f"{span.days}." if span.days else ""
    fraction = f".{span.microseconds:06d}0" if span.microseconds else ""
    return f"{sign}{days}{hours:02d}:{minutes:02d}:{seconds:02d}{fraction}"


def parse_guid(text: object) -> str | None:
    """The lower-case hyphenated form, or None when `text` is no GUID."""
    found = _GUID.match(text) if isinstance(text, str) else None
    return "-".join(found.groups()).lower() if found else None


def without_nulls(value: Json) -> Json:
    """REST bodies leave every null property out; nulls inside arrays stay."""
    if isinstance(value, dict):
        return {key: without_nulls(item) for key, item in value.items() if item is not None}
    if isinstance(value, list):
        return [without_nulls(item) for item in value]
    return value


def encode(value: Json, *, ascii_only: bool = False) -> bytes:
    """JSON as it goes over the wire."""
    return json.dumps(value, ensure_ascii=ascii_only, separators=(",", ":")).encode()


def ticks(moment: datetime) -> int:
    """100-ns ticks since year 1, as used in collision suffixes."""
    since = moment.replace(tzinfo=None) - datetime(1, 1, 1)
    return (since.days * 86400 + since.seconds) * 10_000_000 + since.microseconds * 10


def separator(filename: str) -> str:
    """slskd guesses `/` whenever the name contains one, else a backslash (contract slskd §5.5)."""
    return "/" if "/" in filename else "\\"


def directory_of(filename: str) -> str:
    """The part before the last guessed separator, empty when there is none."""
    head, found, _ = filename.rpartition(separator(filename))
    return head if found else ""


def has_traversal(path: str) -> bool:
    """Whether any segment is `.` or `..`."""
    return any(part in {".", ".."} for part in re.split(r"[\\/]", path))
