"""Runtime settings: one registry, one store, and pins from the environment.

A setting is declared once, as a `SettingSpec`; the API, the documentation and `config show` follow.
Resolution: environment pin, else database row, else default. A change takes effect at the next job
or request of every process (the store is read again after `FRESH_SECONDS`).
"""

from __future__ import annotations

import difflib
import logging
import re
import secrets
import threading
import time
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from soulspot_arr import ledger
from soulspot_arr.config import parse_bool
from soulspot_arr.db import Database, insert_into
from soulspot_arr.domain import Clock, EventRecord, SettingSpec
from soulspot_arr.errors import InvalidSetting, LockedByEnvironment
from soulspot_arr.models import SettingRow
from soulspot_arr.rules.lifecycle import RetryPolicy
from soulspot_arr.specs import CORE_SPECS, contradiction

log = logging.getLogger(__name__)

FRESH_SECONDS = 2.0
INSTALLED_AT = "_installed_at"
CATEGORIES = "_categories"
REVISION = "_revision"
_LARGEST = 999_999_999  # further on dates and durations overflow
_UNUSABLE = re.compile("[\x00-\x1f\x7f\ud800-\udfff]")  # PostgreSQL and HTTP refuse them
RESUMED_AT = "_resumed_at"


@dataclass(frozen=True, slots=True)
class SettingView:
    """One setting with its value as people may see it (secrets masked)."""

    spec: SettingSpec
    value: Any
    pinned: bool
    changed: bool


class Settings:
    """The store. Every method is safe from several threads."""

    def __init__(
        self,
        database: Database,
        *,
        clock: Clock,
        pins: Mapping[str, str] | None = None,
        specs: Iterable[SettingSpec] = (),
    ) -> None:
        self._db = database
        self._clock = clock
        self.specs = {spec.key: spec for spec in (*CORE_SPECS, *specs)}
        self._pins = self._read_pins(pins or {})
        self._lock = threading.Lock()
        self._learning = threading.Lock()
        self._rows: dict[str, Any] = {}
        self._read_at = float("-inf")

    def _read_pins(self, pins: Mapping[str, str]) -> dict[str, Any]:
        by_variable = {spec.variable: spec for spec in self.specs.values()}
        values: dict[str, Any] = {}
        for variable, raw in pins.items():
            spec = by_variable.get(variable)
            if spec is None:
                near = difflib.get_close_matches(variable, by_variable, n=1)
                hint = f"; did you mean {near[0]}?" if near else ""
                log.warning("%s is not a setting and is ignored%s", variable, hint)
                continue
            values[spec.key] = check_value(spec, parse_text(spec, raw))
        return values

    # -- reading -----------------------------------------------------------------------------------

    def get(self, key: str) -> Any:
        """The value in force; unknown keys are a programming error (KeyError)."""
        spec = self.specs[key]
        if key in self._pins:
            return self._pins[key]
        value = self._stored().get(key, spec.default)
        return float(value) if spec.type is float else value  # SQLite gives 30.0 back as 30

    def group(self, *names: str) -> dict[str, Any]:
        """All values of these groups by key."""
        return {key: self.get(key) for key, spec in self.specs.items() if spec.group in names}

    def views(self) -> list[SettingView]:
        """Every setting for people, in the order of declaration."""
        stored = self._stored()
        return [
            SettingView(
                spec=spec,
                value="********" if spec.secret and self.get(key) else self.get(key),
                pinned=key in self._pins,
                changed=key in self._pins or key in stored,
            )
            for key, spec in self.specs.items()
        ]

    def internal(self, key: str, default: Any = None) -> Any:
        """A reserved row such as `_installed_at`."""
        return self._stored().get(key, default)

    def _stored(self) -> dict[str, Any]:
        with self._lock:
            if time.monotonic() - self._read_at > FRESH_SECONDS:
                with self._db.read() as session:
                    rows = session.execute(select(SettingRow.key, SettingRow.value)).all()
                self._rows = {key: value for key, value in rows}
                self._read_at = time.monotonic()
            return self._rows

    # -- writing -----------------------------------------------------------------------------------

    def patch(self, changes: Mapping[str, Any]) -> None:
        """Set several settings, all or none. Raises InvalidSetting or LockedByEnvironment."""
        checked: dict[str, Any] = {}
        for key, value in changes.items():
            spec = self.specs.get(key)
            if spec is None:
                near = difflib.get_close_matches(key, self.specs, n=1)
                hint = f" Did you mean {near[0]}?" if near else ""
                raise InvalidSetting(f"There is no setting {key!r}.{hint}", key=key)
            if key in self._pins:
                raise LockedByEnvironment(f"{key} is pinned by {spec.variable}.", key=key)
            checked[key] = check_value(spec, value)
        self._refuse_contradictions(checked)
        self._store(checked, told=True)

    def _refuse_contradictions(self, changes: Mapping[str, Any]) -> None:
        values = {key: changes[key] if key in changes else self.get(key) for key in self.specs}
        if broken := contradiction(values, changes):
            key, why = broken
            raise InvalidSetting(f"{why}.", key=key)

    def put_internal(self, values: Mapping[str, Any]) -> None:
        """Write reserved rows."""
        self._store(dict(values), told=False)

    def _store(self, values: dict[str, Any], *, told: bool) -> None:
        now = self._clock()
        with self._db.write() as session:
            revision = session.get(SettingRow, REVISION)
            number = int(revision.value) + 1 if revision else 1
            # in one order, so that two writers wait for each other instead of both giving up
            for key, value in sorted({**values, REVISION: number}.items()):
                self._insert(session, key, value, at=now, replace=True)
            if told:
                shown = {k: "********" if self.specs[k].secret else v for k, v in values.items()}
                event = EventRecord("settings.changed", "Settings changed.", data=shown)
                ledger.record(session, event, at=now)
        self.reread()

    def reread(self) -> None:
        """Forget what was read; the next `get` asks the database."""
        with self._lock:
            self._read_at = float("-inf")

    def prepare(self) -> None:
        """First start: the API key and the moment of installation come into being, once."""
        values = {key: self.get(key) for key in self.specs}
        if broken := contradiction(values, self._pins):  # nobody is there to be refused
            log.warning("settings contradict each other: %s", broken[1])
        with self._db.write() as session:
            now = self._clock()
            self._insert(session, INSTALLED_AT, now.isoformat(), at=now, replace=False)
            if "auth.api_key" not in self._pins:
                key = secrets.token_hex(16)
                self._insert(session, "auth.api_key", key, at=now, replace=False)
        self.reread()

    def _insert(
        self, session: Session, key: str, value: Any, *, at: datetime, replace: bool
    ) -> None:
        """One statement on both databases: two processes may write the same key at once."""
        row = {"value": value, "updated_at": at}
        statement = insert_into(session, SettingRow).values(key=key, **row)
        if replace:
            statement = statement.on_conflict_do_update(index_elements=["key"], set_=row)
        else:
            statement = statement.on_conflict_do_nothing()
        session.execute(statement)

    @property
    def installed_at(self) -> datetime:
        """When this database was first used: the anchor of every publish date."""
        return datetime.fromisoformat(str(self.internal(INSTALLED_AT)))

    def retry_policy(self) -> RetryPolicy:
        """The retry settings as a frozen policy."""
        return RetryPolicy(
            attempts=self.get("retry.attempts"),
            backoff=tuple(float(seconds) for seconds in self.get("retry.backoff")),
        )

    def pause_left(self) -> float | None:
        """Seconds until a pause ends by itself, 0 when it is open-ended, None when not paused."""
        if not self.get("queue.paused"):
            return None
        until = str(self.get("queue.resume_at"))
        if not until:
            return 0.0
        left = (datetime.fromisoformat(until) - self._clock()).total_seconds()
        return left if left > 0 else None

    @property
    def repeat_after(self) -> float:
        """Seconds in which no text is asked twice: never longer than answers are kept at all."""
        return float(min(self.get("search.repeat_after"), self.get("search.cache")))

    # -- categories --------------------------------------------------------------------------------

    def categories(self) -> list[str]:
        """Configured categories and those that clients have used, in that order."""
        known = [*self.get("lidarr.categories"), *self.internal(CATEGORIES, [])]
        return list(dict.fromkeys(known))

    def learn_category(self, name: str) -> None:
        """Remember a category a client used, so that its next Test finds it."""
        if not name or name == "*" or name in self.categories() or len(name) > 80:
            return
        with self._learning:
            self.reread()
            learnt = list(self.internal(CATEGORIES, []))
            self.put_internal({CATEGORIES: [*learnt[-49:], name]})


def parse_text(spec: SettingSpec, raw: str) -> Any:
    """Read a value from text (environment, command line); raises InvalidSetting."""
    try:
        if spec.type is bool:
            return parse_bool(raw)
        if spec.type is list:
            return [part.strip() for part in raw.split(",") if part.strip()]
        return spec.type(raw.strip())
    except ValueError as error:
        raise InvalidSetting(
            f"{spec.key} ({spec.variable}): {_shown(spec, raw)} is not {_NOUN[spec.type]}.",
            key=spec.key,
        ) from error


def check_value(spec: SettingSpec, value: Any) -> Any:
    """The value in its proper type; raises InvalidSetting with a sentence that names the key."""
    if spec.type is float and isinstance(value, int) and not isinstance(value, bool):
        value = float(value)
    complaint = _complaint(spec, value)
    if complaint:
        raise InvalidSetting(f"{spec.key} {complaint} (got {_shown(spec, value)}).", key=spec.key)
    return value


def _complaint(spec: SettingSpec, value: Any) -> str | None:
    if not _is_exactly(value, spec.type):
        return f"must be {_NOUN[spec.type]}"
    if spec.type is list and not all(isinstance(item, str) for item in value):
        return "must be a list of texts"
    texts = value if spec.type is list else [value] if spec.type is str else []
    if any(_UNUSABLE.search(text) for text in texts):
        return "must not contain control characters"
    if spec.choices and value not in spec.choices:
        return f"must be one of {', '.join(spec.choices)}"
    if spec.type in {int, float} and abs(value) > _LARGEST:
        return f"must be at most {_LARGEST}"
    # "not >=" and not "<": NaN compares false with everything and must not pass
    if spec.minimum is not None and not value >= spec.minimum:
        return f"must be at least {spec.minimum:g}"
    if spec.maximum is not None and not value <= spec.maximum:
        return f"must be at most {spec.maximum:g}"
    return spec.check(value) if spec.check else None


def _is_exactly(value: object, kind: type) -> bool:
    return type(value) is kind  # True is an int to isinstance


def _shown(spec: SettingSpec, value: object) -> str:
    return "a secret" if spec.secret else repr(value)


_NOUN: Mapping[type, str] = {
    str: "a text",
    int: "a whole number",
    float: "a number",
    bool: "true or false",
    list: "a list",
}
