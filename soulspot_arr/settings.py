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
from urllib.parse import urlsplit

from sqlalchemy import select
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from soulspot_arr import ledger
from soulspot_arr.config import parse_bool
from soulspot_arr.db import Database
from soulspot_arr.domain import Clock, EventRecord, SettingSpec
from soulspot_arr.errors import InvalidSetting, LockedByEnvironment
from soulspot_arr.models import SettingRow
from soulspot_arr.rules.lifecycle import RetryPolicy

log = logging.getLogger(__name__)

FRESH_SECONDS = 2.0
INSTALLED_AT = "_installed_at"
CATEGORIES = "_categories"
REVISION = "_revision"
_LARGEST = 999_999_999  # further on dates and durations overflow
_UNUSABLE = re.compile("[\x00-\x1f\x7f\ud800-\udfff]")  # PostgreSQL and HTTP refuse them
RESUMED_AT = "_resumed_at"


def _http_url(value: object) -> str | None:
    try:
        parts = urlsplit(str(value))
        sound = parts.scheme in {"http", "https"} and bool(parts.hostname) and parts.port != 0
    except ValueError:  # a port that is no number, a bracket that is never closed
        sound = False
    return None if sound or not value else "must look like http://host:port"


def _header_text(value: object) -> str | None:
    text = str(value)
    return None if text.isascii() and text.isprintable() else "may hold only ASCII characters"


def _absolute(value: object) -> str | None:
    return "must be an absolute path" if value and not str(value).startswith("/") else None


def _mapping_pairs(value: Any) -> str | None:
    pairs = value if isinstance(value, list) else []
    # In `report` mode ours is slskd's own path, which Windows writes with a drive or two slashes.
    pair = re.compile(r"\s*(/|\\\\|[A-Za-z]:)[^=]*=\s*[^=\s][^=]*")
    if all(pair.fullmatch(item) for item in pairs):
        return None
    return "must be pairs such as /downloads=/data/downloads"


def _seconds(value: Any) -> str | None:
    numeric = all(re.fullmatch(r"[0-9]{1,9}(\.[0-9]{1,9})?", item) for item in value)
    return None if value and numeric else "must be numbers of seconds"


def _moment(value: object) -> str | None:
    try:
        known = not value or datetime.fromisoformat(str(value)).tzinfo is not None
    except ValueError:
        known = False
    return None if known else "must be a moment with its zone such as 2026-01-31T12:00:00+00:00"


def _key(value: object) -> str | None:
    text = str(value)
    if len(text) < 8:
        return "needs at least 8 characters"
    # Clients send it in headers and addresses, which lose blanks and other scripts.
    plain = text.isascii() and text.isprintable() and " " not in text
    return None if plain else "may hold only ASCII characters without blanks"


CORE_SPECS: tuple[SettingSpec, ...] = (
    SettingSpec("auth.api_key", str, "", "Key that Lidarr, Prowlarr and the REST API have to show; generated at the first start.", secret=True, check=_key),
    SettingSpec("auth.user", str, "", "User name accepted instead of the key (Lidarr's username field)."),
    SettingSpec("auth.password", str, "", "Password that belongs to the user name.", secret=True),
    SettingSpec("server.public_url", str, "", "Address under which Lidarr reaches this service, if it differs from the one it searches through (for instance when Prowlarr stands between).", check=_http_url),
    SettingSpec("server.hook_secret", str, "", "Secret that slskd's webhook has to show in X-Hook-Secret; empty means the API key.", secret=True),
    SettingSpec("lidarr.url", str, "", "Address of Lidarr; optional, recommended: imports then start within seconds.", check=_http_url),
    SettingSpec("lidarr.api_key", str, "", "Lidarr's API key (Settings, General).", secret=True),
    SettingSpec("lidarr.categories", list, ["music", "lidarr", "audio", "prowlarr"], "Categories offered to download clients; those seen in requests are added by themselves."),
    SettingSpec("lidarr.version_reported", str, "4.5.1", "SABnzbd version this service claims to be."),
    SettingSpec("catalogue.musicbrainz", bool, True, "Whether MusicBrainz is asked for what Lidarr does not tell: albums it does not know and other names of artists; at most one request a second."),
    SettingSpec("catalogue.musicbrainz_url", str, "https://musicbrainz.org", "Address of MusicBrainz or of a mirror of it.", check=_http_url),
    SettingSpec("catalogue.contact", str, "", "Mail or web address of whoever runs this service; told to MusicBrainz as part of our user agent.", check=_header_text),
    SettingSpec("catalogue.fresh", float, 7.0, "Days the track lists of an album are used without asking for them again; what was not found is asked again after six hours.", minimum=0, maximum=365),
    SettingSpec("search.budget", float, 60.0, "Seconds a search may take before Lidarr gets what is there.", minimum=5, maximum=70),
    SettingSpec("search.first_answer", float, 25.0, "Seconds after which an offer that is not surely the album is answered instead of asking on; also the longest a single search may take.", minimum=1, maximum=70),
    SettingSpec("search.rungs", int, 5, "How many query texts are tried while Lidarr waits.", minimum=1, maximum=10),
    SettingSpec("search.dig", int, 10, "How many further texts are tried in the background when nothing sure was found; 0 turns it off.", minimum=0, maximum=30),
    SettingSpec("search.lookups", int, 4, "How many promising folders that an answer shows only in part are looked up at their peers; 0 turns it off.", minimum=0, maximum=20),
    SettingSpec("search.enough_peers", int, 60, "A single search ends early when this many peers answered and the flow has dried up.", minimum=1),
    SettingSpec("search.dry_after", float, 2.0, "Seconds without a further answer that count as dried up.", minimum=0.1),
    SettingSpec("search.enough_offers", int, 3, "No further query text is tried when so many offers are surely the album; a lossless one is enough alone.", minimum=1),
    SettingSpec("search.per_quality", int, 3, "Offers shown for each quality.", minimum=1, maximum=30),
    SettingSpec("search.cache", float, 1800.0, "Seconds an answer is given again without searching.", minimum=0),
    SettingSpec("search.empty_cache", list, ["21600", "86400", "604800"], "Seconds an album that no text has found is answered empty without searching: after the first time, the second time in a row, and every further one.", check=_seconds),
    SettingSpec("search.repeat_after", float, 600.0, "Seconds in which the same text is not asked again, at most those of search.cache; answers of that time are used instead.", minimum=0, maximum=86_400),
    SettingSpec("search.minimum_identity", float, 0.6, "How sure it must be that a folder is the album (0 to 1).", minimum=0, maximum=1),
    SettingSpec("search.rate", int, 30, "Searches allowed in each rate window; the Soulseek server bans faster clients for 30 minutes.", minimum=1, maximum=34),
    SettingSpec("search.rate_window", float, 220.0, "Length of the rate window in seconds.", minimum=1),
    SettingSpec("search.ban_after", int, 5, "Searches in a row without any answer after which one that used to be answered is asked: silence then means that Soulseek has banned us.", minimum=2, maximum=100),
    SettingSpec("search.ban_pause", float, 1800.0, "Seconds without any search when Soulseek has banned us.", minimum=1),
    SettingSpec("search.waiting", int, 4, "Questions that may wait for a search at the same time; further ones get an empty feed.", minimum=1, maximum=24),
    SettingSpec("quality.profile", str, "any", "Which formats are offered, and which of them first; Lidarr's own profile still judges every grab.", choices=("audiophile", "balanced", "space_saver", "any")),
    SettingSpec("quality.excluded_words", list, [], "Offers whose path holds one of these words or phrases are not shown."),
    SettingSpec("quality.excluded_peers", list, [], "Offers of these peers are not shown."),
    SettingSpec("queue.max_active", int, 100, "Files asked for at the same time.", minimum=1),
    SettingSpec("queue.max_per_peer", int, 1, "Grabs that one peer serves at the same time.", minimum=1),
    SettingSpec("queue.alternates", int, 3, "Further peers that may replace a failing one inside the same grab; 0 turns it off.", minimum=0, maximum=3),
    SettingSpec("queue.max_wait", float, 86400.0, "Seconds a file may wait to be asked for.", minimum=60),
    SettingSpec("queue.claim_ttl", float, 120.0, "Seconds after which an unconfirmed request is made again.", minimum=1),
    SettingSpec("queue.paused", bool, False, "Nothing new is asked for while this is on."),
    SettingSpec("queue.resume_at", str, "", "Moment at which a pause ends by itself (ISO 8601); empty for never.", check=_moment),
    SettingSpec("retry.attempts", int, 2, "How often a file is tried again at the same peer.", minimum=0, maximum=20),
    SettingSpec("retry.backoff", list, ["60", "300", "900"], "Seconds before each further attempt.", check=_seconds),
    SettingSpec("stall.queued", float, 21600.0, "Seconds in a peer's queue without any movement before the next attempt.", minimum=1),
    SettingSpec("stall.transfer", float, 1800.0, "Seconds without a new byte before the next attempt.", minimum=1),
    SettingSpec("paths.source_root", str, "", "slskd's download folder as slskd sees it; asked from slskd when empty."),
    SettingSpec("paths.local_root", str, "", "The same folder as this service sees it; empty when both see it alike.", check=_absolute),
    SettingSpec("paths.complete_dir", str, "", "Folder for finished grabs, as this service sees it; empty for <local root>/soulspot.", check=_absolute),
    SettingSpec("paths.mappings", list, [], "Pairs ours=lidarr for reported paths, when Lidarr sees the finished grabs elsewhere.", check=_mapping_pairs),
    SettingSpec("completion.mode", str, "verify", "verify: check and gather the files; report: trust slskd and report its folder.", choices=("verify", "report")),
    SettingSpec("completion.settle", float, 300.0, "Seconds to wait for a finished file to appear with its exact size.", minimum=1),
    SettingSpec("jobs.heartbeat", float, 10.0, "Seconds between two renewals of the lease.", minimum=0.1),
    SettingSpec("jobs.lease_ttl", float, 30.0, "Seconds after which another process may take over.", minimum=0.5),
    SettingSpec("jobs.dispatch", float, 5.0, "Seconds between two looks for files to ask for.", minimum=0.1),
    SettingSpec("jobs.poll", float, 5.0, "Seconds between two polls of slskd while bytes move.", minimum=0.1),
    SettingSpec("jobs.poll_queued", float, 30.0, "Seconds between two polls while everything is only queued at peers.", minimum=0.1),
    SettingSpec("jobs.complete", float, 5.0, "Seconds between two looks for finished grabs.", minimum=0.1),
    SettingSpec("jobs.dig", float, 10.0, "Seconds between two searches in the background.", minimum=0.1),
    SettingSpec("jobs.health", float, 60.0, "Seconds between two health checks (each asks slskd once).", minimum=1),
    SettingSpec("jobs.housekeeping", float, 3600.0, "Seconds between two clean-ups.", minimum=1),
    SettingSpec("retention.events", float, 30.0, "Days an event is kept.", minimum=1, maximum=36_500),
    SettingSpec("retention.searches", float, 7.0, "Days searches and the explanations of answers are kept.", minimum=1, maximum=36_500),
    SettingSpec("retention.releases", float, 14.0, "Days a release is kept after it was last seen.", minimum=1, maximum=36_500),
    SettingSpec("retention.archived", float, 90.0, "Days an archived grab is kept.", minimum=1, maximum=36_500),
)  # fmt: skip


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
        self._store(checked, told=True)

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
        insert = postgresql.insert if self._db.dialect == "postgresql" else sqlite.insert
        row = {"value": value, "updated_at": at}
        statement = insert(SettingRow).values(key=key, **row)
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
