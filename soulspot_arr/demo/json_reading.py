"""JSON as Lidarr's serializer reads it: which types each field tolerates and which lose the answer.

Pure. The tolerances were measured (contract lidarr §1.4); where a value was not measured this
reader refuses it, because a service should not lean on unmeasured kindness.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from datetime import timedelta
from decimal import Decimal, InvalidOperation

from soulspot_arr.demo.faults import WholePollLost

STATUS_WORDS = (
    "Grabbing",
    "Queued",
    "Paused",
    "Checking",
    "Downloading",
    "QuickCheck",
    "Verifying",
    "Repairing",
    "Fetching",
    "Extracting",
    "Moving",
    "Running",
    "Completed",
    "Failed",
    "Deleted",
    "Propagating",
)
_STATUS_BY_LOWER = {word.lower(): word for word in STATUS_WORDS}
PRIORITIES = {"Default": -100, "Paused": -2, "Low": -1, "Normal": 0, "High": 1, "Force": 2}

_INTEGER = re.compile(r"\s*[+-]?\d+\s*")
_DECIMAL = re.compile(r"\s*[+-]?(?=[\d.])[\d,]*(?:\.\d*)?(?:[eE][+-]?\d+)?\s*")
_INT32 = range(-(2**31), 2**31)
_INT64 = range(-(2**63), 2**63)


def parse_object(text: str, where: str) -> JsonObject:
    """The body as one JSON object; WholePollLost when it is anything else."""
    try:
        value = json.loads(text)
    except ValueError:
        raise WholePollLost(where, "body", text[:80], "not JSON") from None
    if not isinstance(value, dict):
        raise WholePollLost(where, "body", value, "a JSON object was expected")
    return JsonObject(value, where)


class JsonObject:
    """One JSON object whose fields are read by Lidarr's types; every misfit is WholePollLost."""

    def __init__(self, data: Mapping[str, object], where: str) -> None:
        self._data = data
        self.where = where

    def raw(self, key: str) -> object:
        """The value under the exact name, else under the name in any case; None when absent."""
        if key in self._data:
            return self._data[key]
        wanted = key.lower()
        return next((value for name, value in self._data.items() if name.lower() == wanted), None)

    def text(self, key: str) -> str | None:
        """A string; numbers and booleans become text, null and absence None."""
        value = self.raw(key)
        if value is None or isinstance(value, str):
            return value
        if isinstance(value, bool):
            return str(value)
        if isinstance(value, int | float):
            return json.dumps(value)
        raise self._misfit(key, value, "a string was expected")

    def required_text(self, key: str) -> str:
        """A string that Lidarr dereferences without looking: null or absence is fatal."""
        value = self.text(key)
        if value is None:
            raise self._misfit(key, None, "null, and Lidarr uses it unchecked")
        return value

    def int32(self, key: str) -> int:
        """A 32-bit integer; an integer in a string and the empty string are fine, floats are not."""
        value = self.raw(key)
        if value is None or value == "":
            return 0
        if isinstance(value, str) and _INTEGER.fullmatch(value):
            value = int(value)
        if isinstance(value, bool) or not isinstance(value, int):
            raise self._misfit(key, value, "a 32-bit integer was expected")
        if value not in _INT32:
            raise self._misfit(key, value, "larger than a 32-bit integer")
        return value

    def int64(self, key: str) -> int:
        """A 64-bit integer; floats are rounded here, but the empty string is fatal."""
        value = self.raw(key)
        if value is None:
            return 0
        if isinstance(value, str) and _INTEGER.fullmatch(value):
            value = int(value)
        if isinstance(value, float):
            value = round(value)
        if isinstance(value, bool) or not isinstance(value, int):
            raise self._misfit(key, value, "an integer was expected")
        if value not in _INT64:
            raise self._misfit(key, value, "larger than a 64-bit integer")
        return value

    def decimal(self, key: str) -> Decimal:
        """A decimal as number or string, thousands separators and exponents included."""
        value = self.raw(key)
        if value is None or value == "":
            return Decimal(0)
        if isinstance(value, str) and _DECIMAL.fullmatch(value):
            value = value.replace(",", "").strip()
        elif isinstance(value, bool) or not isinstance(value, int | float):
            raise self._misfit(key, value, "a decimal number was expected")
        try:
            number = Decimal(str(value))
        except InvalidOperation:
            raise self._misfit(key, value, "a decimal number was expected") from None
        if not number.is_finite():
            raise self._misfit(key, value, "a finite number was expected")
        return number

    def boolean(self, key: str) -> bool:
        """A boolean, a number, or the words true/false; the strings "0" and "1" are fatal."""
        value = self.raw(key)
        if value is None or value == "":
            return False
        if isinstance(value, bool | int):
            return bool(value)
        if isinstance(value, str) and value.strip().lower() in ("true", "false"):
            return value.strip().lower() == "true"
        raise self._misfit(key, value, "a boolean was expected")

    def timeleft(self, key: str) -> timedelta:
        """`H:M:S` or `D:H:M:S` in whole numbers, hours beyond 24 allowed; null is zero."""
        value = self.raw(key)
        if value is None:
            return timedelta()
        if not isinstance(value, str):
            raise self._misfit(key, value, "H:M:S was expected")
        parts = value.split(":")
        if len(parts) not in (3, 4) or not all(_INTEGER.fullmatch(part) for part in parts):
            raise self._misfit(key, value, "H:M:S or D:H:M:S in whole numbers was expected")
        numbers = [int(part) for part in parts]
        if any(number not in _INT32 for number in numbers):
            raise self._misfit(key, value, "a part is larger than a 32-bit integer")
        days = numbers.pop(0) if len(numbers) == 4 else 0
        return timedelta(days=days, hours=numbers[0], minutes=numbers[1], seconds=numbers[2])

    def status(self, key: str) -> str:
        """One of the sixteen words in any case, or its index; absent means Grabbing."""
        value = self.raw(key)
        if value is None:
            return STATUS_WORDS[0]
        if isinstance(value, str):
            word = _STATUS_BY_LOWER.get(value.strip().lower())
            if word is not None:
                return word
        number = int(value) if isinstance(value, str) and _INTEGER.fullmatch(value) else value
        if type(number) is int and 0 <= number < len(STATUS_WORDS):
            return STATUS_WORDS[number]
        raise self._misfit(key, value, "not a status word")

    def priority(self, key: str) -> int:
        """A priority by name or number; an unknown name is Normal (0)."""
        value = self.raw(key)
        if value is None:
            return 0
        if isinstance(value, str):
            if _INTEGER.fullmatch(value):
                return int(value)
            return PRIORITIES.get(value, 0)
        if isinstance(value, int | float):
            return int(value)
        raise self._misfit(key, value, "a priority was expected")

    def text_list(self, key: str, *, single_allowed: bool = False) -> tuple[str, ...]:
        """An array of strings; null and "" are empty; a lone string only where it is allowed."""
        value = self.raw(key)
        if value is None or value == "":
            return ()
        if isinstance(value, str) and single_allowed:
            return (value,)
        if not isinstance(value, list):
            raise self._misfit(key, value, "an array was expected")
        if any(isinstance(entry, dict | list) for entry in value):
            raise self._misfit(key, value, "an array of strings was expected")
        return tuple(str(entry) for entry in value)

    def child(self, key: str, where: str | None = None) -> JsonObject:
        """The object under `key`; its absence is fatal."""
        value = self.raw(key)
        if not isinstance(value, dict):
            raise self._misfit(key, value, "an object was expected")
        return JsonObject(value, where or f"{self.where}.{key}")

    def children(self, key: str, *, required: bool = True) -> Iterator[JsonObject]:
        """The objects of the array under `key`, each named by its position."""
        value = self.raw(key)
        if value is None and not required:
            return
        if not isinstance(value, list):
            raise self._misfit(key, value, "an array was expected")
        for index, entry in enumerate(value):
            if not isinstance(entry, dict):
                raise self._misfit(f"{key}[{index}]", entry, "an object was expected")
            yield JsonObject(entry, f"{self.where}.{key}[{index}]")

    def _misfit(self, key: str, value: object, why: str) -> WholePollLost:
        return WholePollLost(self.where, key, value, why)
