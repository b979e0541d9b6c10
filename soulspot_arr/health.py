"""Is everything as it should be? Checks with stable codes, each with a way to mend it.

The health job runs them for the page and the API and keeps the result; `doctor` runs them for a
person. A check never raises. All it changes is what it remembers about the source; to learn whether
the folder for finished grabs can be written, it makes that folder and a file for a moment.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import asdict, replace
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import text
from sqlalchemy.exc import SQLAlchemyError

from soulspot_arr import disk, instances, ledger
from soulspot_arr.bans import BanWatch
from soulspot_arr.breakers import Breakers
from soulspot_arr.db import Database
from soulspot_arr.domain import BreakerState, Check, Clock, EventRecord, SourceStatus
from soulspot_arr.errors import DatabaseTrouble, LidarrError
from soulspot_arr.lidarr import Lidarr
from soulspot_arr.paths import Paths
from soulspot_arr.settings import Settings
from soulspot_arr.sources import DownloadSource

log = logging.getLogger(__name__)

RESULT = "_health"
LOW_DISK = 2 * 1024**3
OUTAGE = timedelta(minutes=5)  # after which Lidarr begins to leave a download client alone
# Only follows from slskd being away, which is told by itself: no news of its own.
_REMEMBERED = ("downloads_visible", "warning")
_HALF_SET_UP = {
    "lidarr.api_key": (
        "Lidarr: the URL is set, the API key is missing.",
        "Set SOULSPOT_LIDARR_API_KEY to the key that Lidarr shows under Settings > General.",
    ),
    "lidarr.url": (
        "Lidarr: the API key is set, the URL is missing.",
        "Set SOULSPOT_LIDARR_URL, in Docker for instance http://lidarr:8686.",
    ),
}


class Health:
    """Runs the checks and keeps what they said."""

    def __init__(
        self,
        database: Database,
        settings: Settings,
        paths: Paths,
        source: DownloadSource,
        lidarr: Lidarr,
        *,
        bans: BanWatch,
        breakers: Breakers,
        clock: Clock,
    ) -> None:
        self._db = database
        self._settings = settings
        self._paths = paths
        self._source = source
        self._lidarr = lidarr
        self._breakers = breakers
        self._clock = clock
        self._watches = {source.name: bans}
        self._further: list[DownloadSource] = []
        self._checked_at: datetime | None = None
        self._owes_greeting = False

    def add_instance(self, instance: DownloadSource, bans: BanWatch) -> None:
        """Check one more instance of the source as well."""
        self._further.append(instance)
        self._watches[instance.name] = bans

    def check(self) -> list[Check]:
        """The health job: make missing folders, run every check, tell the news, keep it all.

        A change is told with its fix; what stays wrong is named in one line at every run.
        """
        self._paths.prepare_folders()  # Lidarr's Test may come before slskd has answered
        self._greet_again()
        checks = self.examine(thorough=False)
        self._paths.prepare_folders()  # slskd may just have told its folder for the first time
        before = {entry["code"]: _news(entry["code"], entry["level"]) for entry in self.last()[1]}
        still = []
        for check in checks:
            if before.get(check.code, "ok") == _news(check.code, check.level):
                still += [check.message] if check.level == "error" else []
                continue
            if check.level == "ok":
                log.info("health: %s", check.message)
            else:
                log.warning("health: %s %s", check.message, check.fix)
        if still:
            log.warning("health: still wrong: %s", " ".join(still))
        self._settings.put_internal(
            {RESULT: {"at": self._clock().isoformat(), "checks": [asdict(c) for c in checks]}}
        )
        return checks

    def greet_lidarr(self) -> None:
        """Have Lidarr test us: after an outage of ours it waits up to an hour (contract lidarr §4).

        When it does not answer, as after a start of the whole machine, the health job goes on trying.
        """
        self._owes_greeting = True
        try:
            self._lidarr.forget_backoff()
        except LidarrError as error:
            log.info("Lidarr could not be told that we are back: %s", error.message)
        else:
            self._owes_greeting = False

    def _greet_again(self) -> None:
        """Also after a time in which this process did not run: a container or a machine asleep."""
        now, before = self._clock(), self._checked_at
        self._checked_at = now
        if self._owes_greeting or (before is not None and now - before > OUTAGE):
            self.greet_lidarr()

    def last(self) -> tuple[datetime | None, list[dict[str, Any]]]:
        """When the job last ran and what it found, from whichever process ran it."""
        kept = self._settings.internal(RESULT)
        if not isinstance(kept, dict):
            return None, []
        return datetime.fromisoformat(kept["at"]), kept["checks"]

    def examine(self, *, thorough: bool) -> list[Check]:
        """Every check in the order in which a person would mend things.

        `thorough` also asks Lidarr; the job leaves that out to stay quiet.
        """
        database = self._database()
        if database.level == "error":
            return [database]  # every other check needs the settings
        status = self._source.check_connection() if self._source.is_configured() else None
        if status is not None and status.root:
            self._paths.remember_root(status.root)
        if status is not None and status.ok:
            self._breakers.alive(self._source.name)
        folders = self._folder_checks(asked=status is not None and bool(status.root))
        checks = [
            database,
            *_source_chain(status),
            *(check for each in self._further for check in self._instance_checks(each)),
            *self._left_alone(),
            *self._taken_out(),
            *self._bans_known(),
            *folders,
        ]
        if thorough or self._lidarr.missing:
            checks.append(self._lidarr_check())
        return checks

    def _instance_checks(self, instance: DownloadSource) -> list[Check]:
        """What a further instance says; its folder has to be the one of the first."""
        status = instance.check_connection()
        if status.ok:
            self._breakers.alive(instance.name)
        checks = [
            replace(
                check,
                code=_code_of(instance.name, check.code),
                message=f"{instance.name}: {check.message}",
            )
            for check in source_checks(status)
        ]
        root = self._paths.told_root
        if status.root and root and status.root != root:
            words = f"{instance.name} puts files into {status.root}, but slskd into {root}."
            fix = "Give all instances of slskd the same download folder, at the same place."
            checks.append(Check(f"{instance.name}_folder", "error", words, fix))
        return checks

    def _left_alone(self) -> list[Check]:
        """A source that failed several times in a row; while all is well there is no line."""
        return [
            Check(
                "source_breaker" if view.name == self._source.name else f"{view.name}_breaker",
                "warning",
                f"{view.name} failed {view.failures} times in a row ({view.detail}); it is left "
                f"alone until {view.retry_at:%H:%M:%S} UTC.",
                "Nothing is lost: open grabs go on by themselves when it is back.",
            )
            for view in self._breakers.views()
            if view.breaker is not BreakerState.CLOSED and view.name in self._watches
        ]

    def _taken_out(self) -> list[Check]:
        """For a day after an instance was taken out while files were asked for through it."""
        with self._db.read() as session:
            gone = instances.lately_removed(session, self._watches, at=self._clock())
        if not gone:
            return []
        told = ", ".join(f"{name} ({files})" for name, files in sorted(gone.items()))
        return [
            Check(
                "instance_removed",
                "warning",
                f"Taken out of the configuration with open files, which {self._source.name} has "
                f"taken over: {told}.",
                "If it still runs, cancel its downloads there: it would fetch them a second time.",
            )
        ]

    def _bans_known(self) -> list[Check]:
        """Nobody can say that there is no ban, so there is no line that says so."""
        first = self._source.name
        known = [(name, watch.until) for name, watch in self._watches.items()]
        return [
            Check(
                "soulseek_ban" if name == first else f"{name}_soulseek_ban",
                "error",
                f"Soulseek seems to have banned {'us' if name == first else name}; no searches "
                f"until {until:%Y-%m-%d %H:%M} UTC.",
                "Wait: searching goes on by itself. If it happens again, lower search.rate, and "
                "look for other programs that search with the same Soulseek account.",
            )
            for name, until in known
            if until is not None
        ]

    def _database(self) -> Check:
        try:
            with self._db.read() as session:
                session.execute(text("SELECT 1"))
        except (SQLAlchemyError, DatabaseTrouble) as error:
            reason = str(getattr(error, "orig", error))
            return Check(
                "database",
                "error",
                f"The database does not answer: {reason}.",
                "Check that the data folder exists and can be written, or that PostgreSQL runs.",
            )
        kind = "PostgreSQL" if self._db.dialect == "postgresql" else "SQLite"
        return Check("database", "ok", f"The database answers ({kind}).")

    def _folder_checks(self, *, asked: bool) -> list[Check]:
        """`asked`: slskd has just said where its folder is, so nothing is from memory."""
        told = self._paths.told_root
        settled = self._settings.get("paths.local_root") or self._settings.get("paths.source_root")
        remembered = not (asked or settled)
        if told and self._settings.get("completion.mode") == "report":
            return [_reported(told, remembered=remembered)]
        root, complete = self._paths.local_root, self._paths.complete_dir
        if root is None or complete is None:
            return [
                Check(
                    "folders",
                    "warning",
                    "The download folder is not known yet.",
                    "It is asked from slskd as soon as slskd answers; or set paths.local_root.",
                )
            ]
        visible = self._paths.visible()
        checks = [_visibility(str(root), visible=visible, remembered=remembered)]
        if visible:
            checks.append(self._writable(complete))
        return checks

    def _writable(self, complete: Any) -> Check:
        why = disk.can_write(complete)
        if why is not None:
            return Check(
                "complete_writable",
                "error",
                f"The folder for finished grabs, {complete}, cannot be written: {why}.",
                "Run the container as the user that owns the folder, or change its owner.",
            )
        free, _ = disk.free_bytes(complete)
        if free < LOW_DISK:
            return Check(
                "complete_writable",
                "warning",
                f"Only {free / 1024**3:.1f} GiB are free in {complete}.",
                "Make room: finished grabs cannot be placed on a full disk.",
            )
        return Check("complete_writable", "ok", f"Finished grabs go to {complete}.")

    def _lidarr_check(self) -> Check:
        if half := _HALF_SET_UP.get(self._lidarr.missing):
            return Check("lidarr", "warning", *half)
        if not self._lidarr.configured:
            return Check(
                "lidarr",
                "ok",
                "Lidarr's own API is not set up (optional).",
                "With SOULSPOT_LIDARR_URL and SOULSPOT_LIDARR_API_KEY imports start within seconds.",
            )
        try:
            version = self._lidarr.status()
        except LidarrError as error:
            return Check(
                "lidarr",
                "error",
                error.message,
                "Check SOULSPOT_LIDARR_URL (in Docker the name of Lidarr's container, "
                "http://lidarr:8686) and SOULSPOT_LIDARR_API_KEY (Lidarr: Settings > General).",
            )
        return Check("lidarr", "ok", f"Lidarr {version} answers.")


def _code_of(instance: str, code: str) -> str:
    return f"{instance}_{code.removeprefix('slskd_')}"


def _news(code: str, level: str) -> str:
    return "ok" if (code, level) == _REMEMBERED else level


def _reported(told: str, *, remembered: bool) -> Check:
    words = f"Files are reported where slskd puts them ({told})."
    if not remembered:
        return Check("folders", "ok", words)
    return Check(
        "folders",
        "warning",
        f"{words} That is remembered: slskd could not be asked whether it still holds.",
        "Mend the connection to slskd first.",
    )


def _visibility(root: str, *, visible: bool, remembered: bool) -> Check:
    memory = "That place is remembered: slskd could not be asked whether it still holds."
    if not visible:
        words = f"slskd's download folder is not visible here at {root}."
        return Check(
            "downloads_visible",
            "error",
            f"{words} {memory}" if remembered else words,
            "Mount the same folder into both containers at the same place, or set "
            "SOULSPOT_PATHS_LOCAL_ROOT to where this service sees it.",
        )
    if remembered:
        return Check(
            *_REMEMBERED,
            f"A folder is visible at {root}, where slskd's downloads were. {memory}",
            "Mend the connection to slskd first.",
        )
    return Check("downloads_visible", "ok", f"slskd's download folder is visible at {root}.")


def _source_chain(status: SourceStatus | None) -> list[Check]:
    if status is not None:
        return source_checks(status)
    return [
        Check(
            "slskd_configured",
            "error",
            "slskd is not set up yet.",
            "Set SOULSPOT_SLSKD_URL (for instance http://slskd:5030) and SOULSPOT_SLSKD_API_KEY "
            "(a key of at least 16 characters from slskd.yml, web.authentication.api_keys).",
        )
    ]


def source_checks(status: SourceStatus) -> list[Check]:
    """What one answer of slskd means, one line for each link of the chain."""
    if status.code in {"unreachable", "not_slskd"} or not (status.ok or status.code):
        return [Check("slskd_reachable", "error", status.detail, status.fix)]
    checks = [Check("slskd_reachable", "ok", f"slskd {status.version} answers.".replace("  ", " "))]
    if status.code == "auth":
        return [*checks, Check("slskd_key", "error", status.detail, status.fix)]
    checks.append(Check("slskd_key", "ok", "slskd accepts our API key."))
    if status.code == "offline":
        return [*checks, Check("soulseek_login", "error", status.detail, status.fix)]
    who = f" as {status.account}" if status.account else ""
    checks.append(Check("soulseek_login", "ok", f"slskd is logged in to Soulseek{who}."))
    if status.shared_files == 0:
        checks.append(
            Check(
                "shares",
                "warning",
                "slskd shares no files: many peers refuse to send to you.",
                "Add a folder to shares.directories in slskd.yml.",
            )
        )
    elif status.shared_files is not None:
        checks.append(Check("shares", "ok", f"slskd shares {status.shared_files} files."))
    if status.code and status.code not in {"no_shares"}:
        level = "warning" if status.ok else "error"
        checks.append(Check(f"slskd_{status.code}", level, status.detail, status.fix))
    return checks


def tell_source_change(
    database: Database, *, clock: Clock, name: str
) -> Callable[[bool, str], None]:
    """A callback for `Guard`: one event and one log line when a source is lost or back."""

    def on_change(ok: bool, detail: str) -> None:
        kind = "source.recovered" if ok else "source.lost"
        words = f"{name} answers again." if ok else f"{name} is lost: {detail}"
        (log.info if ok else log.warning)("%s", words)
        try:
            with database.write() as session:
                level = "info" if ok else "error"
                ledger.record(session, EventRecord(kind, words, level), at=clock())
        except (SQLAlchemyError, DatabaseTrouble) as error:
            log.warning("that could not be written down: %s", error)

    return on_change
