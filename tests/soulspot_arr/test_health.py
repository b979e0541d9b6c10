"""Checks with stable codes; each trouble comes with a way to mend it."""

from __future__ import annotations

import logging
import os
from pathlib import Path

import pytest
from sqlalchemy import create_engine

from soulspot_arr import health
from soulspot_arr.domain import Check, SourceStatus
from soulspot_arr.errors import LidarrError
from soulspot_arr.health import source_checks, tell_source_change
from tests.soulspot_arr.workshop import Bench


def levels(checks: list[Check]) -> dict[str, str]:
    """Level by code; codes are unique."""
    assert len({check.code for check in checks}) == len(checks)
    return {check.code: check.level for check in checks}


def test_all_is_well(bench: Bench) -> None:
    """A healthy installation has only good news."""
    checks = bench.health.examine(thorough=True)
    assert set(levels(checks).values()) == {"ok"}
    assert list(levels(checks)) == [
        "database",
        "slskd_reachable",
        "slskd_key",
        "soulseek_login",
        "shares",
        "downloads_visible",
        "complete_writable",
        "lidarr",
    ]


@pytest.mark.parametrize(
    ("status", "expected"),
    [
        (
            SourceStatus(False, "No answer.", "Start it.", code="unreachable"),
            {"slskd_reachable": "error"},
        ),
        (SourceStatus(False, "Odd.", "Check it.", code="not_slskd"), {"slskd_reachable": "error"}),
        (SourceStatus(False, "Something.", "Do it."), {"slskd_reachable": "error"}),
        (
            SourceStatus(False, "Key refused.", "Enter it.", code="auth"),
            {"slskd_reachable": "ok", "slskd_key": "error"},
        ),
        (
            SourceStatus(False, "Logged out.", "Look there.", code="offline", version="0.26.0"),
            {"slskd_reachable": "ok", "slskd_key": "ok", "soulseek_login": "error"},
        ),
        (
            SourceStatus(True, "Shares nothing.", "Share.", shared_files=0, code="no_shares"),
            {
                "slskd_reachable": "ok",
                "slskd_key": "ok",
                "soulseek_login": "ok",
                "shares": "warning",
            },
        ),
        (
            SourceStatus(True, "Pattern {}.", "Change it.", shared_files=5, code="pattern"),
            {
                "slskd_reachable": "ok",
                "slskd_key": "ok",
                "soulseek_login": "ok",
                "shares": "ok",
                "slskd_pattern": "warning",
            },
        ),
        (
            SourceStatus(True, "Slots.", "Remove it.", code="slots"),
            {
                "slskd_reachable": "ok",
                "slskd_key": "ok",
                "soulseek_login": "ok",
                "slskd_slots": "warning",
            },
        ),
        (
            SourceStatus(False, "New trouble.", "Mend it.", code="brand_new"),
            {
                "slskd_reachable": "ok",
                "slskd_key": "ok",
                "soulseek_login": "ok",
                "slskd_brand_new": "error",
            },
        ),
    ],
    ids=lambda value: value.code if isinstance(value, SourceStatus) else "",
)
def test_every_answer_of_the_source_is_a_chain(
    status: SourceStatus, expected: dict[str, str]
) -> None:
    """The chain ends at the first broken link; what is wrong says how to mend it."""
    checks = source_checks(status)
    assert levels(checks) == expected
    assert all(check.message for check in checks)
    assert all(check.fix for check in checks if check.level != "ok")


def test_unconfigured_source(bench: Bench) -> None:
    """Before anything is set up the first thing to do is named."""
    bench.source.configured = False
    found = {check.code: check for check in bench.health.examine(thorough=False)}
    assert found["slskd_configured"].level == "error"
    assert "SOULSPOT_SLSKD_URL" in found["slskd_configured"].fix


def test_root_is_learnt_from_the_answer(bench: Bench) -> None:
    """The health job is what keeps the download folder known while slskd is down."""
    bench.settings.put_internal({"_source_root": ""})
    bench.health.examine(thorough=False)
    assert bench.paths.local_root == bench.root


def test_unknown_folder_is_a_warning(bench: Bench) -> None:
    """Nothing is wrong yet when slskd was never reached."""
    bench.settings.put_internal({"_source_root": ""})
    bench.source.down = True
    found = {check.code: check for check in bench.health.examine(thorough=False)}
    assert (found["folders"].level, bool(found["folders"].fix)) == ("warning", True)


def test_folder_from_memory_is_not_called_fine(bench: Bench) -> None:
    """While slskd is away nobody knows whether it still downloads to where it did."""
    assert levels(bench.health.examine(thorough=False))["downloads_visible"] == "ok"
    bench.source.down = True
    found = {check.code: check for check in bench.health.examine(thorough=False)}
    assert found["downloads_visible"].level == "warning"
    assert str(bench.root) in found["downloads_visible"].message
    assert "remembered" in found["downloads_visible"].message
    assert found["downloads_visible"].fix
    assert found["complete_writable"].level == "ok"


def test_folder_from_memory_that_is_not_there_is_an_error_from_memory(bench: Bench) -> None:
    """It may be the mount, or slskd may have been given another folder."""
    bench.settings.put_internal({"_source_root": "/nowhere/at/all"})
    bench.source.configured = False
    found = {check.code: check for check in bench.health.examine(thorough=False)}
    assert found["downloads_visible"].level == "error"
    assert "remembered" in found["downloads_visible"].message


@pytest.mark.parametrize("key", ["paths.local_root", "paths.source_root"])
def test_folder_that_a_person_has_set_is_no_memory(bench: Bench, key: str) -> None:
    """Whoever sets it answers for it; whether it is there can be seen without slskd."""
    bench.settings.patch({key: str(bench.root)})
    bench.source.down = True
    assert levels(bench.health.examine(thorough=False))["downloads_visible"] == "ok"


def test_report_mode_tells_what_is_from_memory(bench: Bench) -> None:
    """The folder that would be reported may have changed at slskd."""
    bench.settings.patch({"completion.mode": "report"})
    bench.source.down = True
    found = {check.code: check for check in bench.health.examine(thorough=False)}
    assert (found["folders"].level, bool(found["folders"].fix)) == ("warning", True)
    assert "remembered" in found["folders"].message


def test_invisible_folder_is_an_error_with_a_way_out(bench: Bench) -> None:
    """The most common mistake of all: the volume is not mounted at the same place."""
    bench.settings.patch({"paths.local_root": "/nowhere/at/all"})
    found = {check.code: check for check in bench.health.examine(thorough=False)}
    assert found["downloads_visible"].level == "error"
    assert "SOULSPOT_PATHS_LOCAL_ROOT" in found["downloads_visible"].fix
    assert not Path("/nowhere").exists()


def test_unwritable_folder_is_an_error(bench: Bench, tmp_path: Path) -> None:
    """A file in the way stands for any reason why nothing can be written."""
    (tmp_path / "done").write_text("a file")
    bench.settings.patch({"paths.complete_dir": str(tmp_path / "done" / "x")})
    found = {check.code: check for check in bench.health.examine(thorough=False)}
    assert found["complete_writable"].level == "error"
    assert found["complete_writable"].fix


def test_low_disk_is_a_warning(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    """A nearly full disk is told before it stops anything."""
    monkeypatch.setattr(health, "LOW_DISK", 2**60)
    found = {check.code: check for check in bench.health.examine(thorough=False)}
    assert found["complete_writable"].level == "warning"
    assert "free" in found["complete_writable"].message


def test_S16_category_folders_exist(bench: Bench) -> None:
    """Lidarr complains when the folder of its category is missing; the job makes it, no check."""
    complete = bench.root / "soulspot"
    bench.health.examine(thorough=True)
    assert list(complete.iterdir()) == []
    bench.add(category="used/once")
    bench.health.check()
    assert {"music", "used-once"} <= {folder.name for folder in complete.iterdir()}
    assert list((complete / "music").iterdir()) == []
    (complete / "music").rmdir()
    bench.settings.patch({"completion.mode": "report"})
    bench.health.check()
    assert not (complete / "music").exists()


def test_S16_category_folders_do_not_wait_for_slskd(bench: Bench) -> None:
    """Lidarr's Test may come while the first check after a start still waits for slskd."""
    seen: list[str] = []
    bench.during("check", lambda: seen.extend(os.listdir(bench.root / "soulspot")))
    bench.health.check()
    assert "music" in seen


def test_report_mode_does_not_look_for_files(bench: Bench) -> None:
    """Where the files cannot be seen, not seeing them is fine."""
    bench.settings.patch({"completion.mode": "report", "paths.local_root": "/not/here"})
    assert levels(bench.health.examine(thorough=False))["folders"] == "ok"


def test_broken_database_is_one_line(bench: Bench, tmp_path: Path) -> None:
    """Without a database nothing else can be said, but that is said."""
    bench.db.engine.dispose()
    bench.db.engine = create_engine(f"sqlite:///{tmp_path / 'missing' / 'x.db'}")
    (check,) = bench.health.examine(thorough=True)
    assert (check.code, check.level, bool(check.fix)) == ("database", "error", True)


class SickLidarr:
    """Set up, but it does not answer."""

    configured = True
    missing = ""

    def status(self) -> str:
        """As `Lidarr` does when nobody listens."""
        raise LidarrError("Lidarr does not answer at http://lidarr:8686.")


class Greeted:
    """Stands in for Lidarr's own API: counts the greetings, and is deaf for a while."""

    configured = True
    missing = ""

    def __init__(self, deaf: int = 0) -> None:
        self.calls = 0
        self.deaf = deaf

    def forget_backoff(self) -> None:
        """As `Lidarr` does."""
        self.calls += 1
        if self.calls <= self.deaf:
            raise LidarrError("Lidarr does not answer.")


def test_L15_a_greeting_that_was_not_heard_is_repeated(bench: Bench) -> None:
    """The whole machine was started, and Lidarr is later: it still leaves us alone."""
    lidarr = bench.health._lidarr = Greeted(deaf=2)  # type: ignore[assignment]
    bench.health.greet_lidarr()
    for calls in (2, 3, 3, 3):
        bench.health.check()
        assert lidarr.calls == calls


@pytest.mark.parametrize(("seconds", "calls"), [(60, 0), (299, 0), (301, 1)])
def test_L15_who_was_asleep_greets_anew(bench: Bench, seconds: float, calls: int) -> None:
    """A container or a machine that stood still was as good as away (contract lidarr §4)."""
    lidarr = bench.health._lidarr = Greeted()  # type: ignore[assignment]
    bench.health.check()
    bench.clock.advance(seconds)
    bench.health.check()
    bench.health.check()
    assert lidarr.calls == calls


def test_lidarr_is_asked_only_when_thorough(bench: Bench) -> None:
    """The job stays quiet; the doctor asks, and an error says what to check."""
    bench.health._lidarr = SickLidarr()  # type: ignore[assignment]
    assert "lidarr" not in levels(bench.health.examine(thorough=False))
    found = {check.code: check for check in bench.health.examine(thorough=True)}
    assert (found["lidarr"].level, bool(found["lidarr"].fix)) == ("error", True)


@pytest.mark.parametrize(
    ("values", "words", "fix"),
    [
        (
            {"lidarr.url": "http://lidarr:8686"},
            "the URL is set, the API key is missing",
            "SOULSPOT_LIDARR_API_KEY",
        ),
        (
            {"lidarr.api_key": "0123456789abcdef"},
            "the API key is set, the URL is missing",
            "SOULSPOT_LIDARR_URL",
        ),
    ],
)
@pytest.mark.parametrize("thorough", [True, False])
def test_half_a_lidarr_is_told_and_not_asked(
    bench: Bench, values: dict[str, str], words: str, fix: str, thorough: bool
) -> None:
    """Who sets one of the two wanted both; the job says so as well as the doctor."""
    bench.settings.patch(values)
    found = {check.code: check for check in bench.health.examine(thorough=thorough)}
    assert found["lidarr"].level == "warning"
    assert words in found["lidarr"].message
    assert fix in found["lidarr"].fix


def test_job_keeps_the_result_and_tells_changes_once(
    bench: Bench, caplog: pytest.LogCaptureFixture
) -> None:
    """A line with the fix when something breaks, one at each run while it stays wrong, one at last."""
    assert bench.health.last() == (None, [])
    with caplog.at_level(logging.INFO, logger="soulspot_arr.health"):
        bench.health.check()
        assert caplog.records == []
        bench.source.down = True
        for _ in range(3):
            bench.health.check()
        broke, *still = caplog.messages
        assert "Mend it." in broke
        assert still == ["health: still wrong: The fake is down."] * 2
        caplog.clear()
        bench.source.down = False
        for _ in range(3):
            bench.health.check()
        assert [record.levelname for record in caplog.records] == ["INFO"]
    at, checks = bench.health.last()
    assert at == bench.clock()
    assert {check["level"] for check in checks} == {"ok"}


def test_loss_and_return_of_the_source_become_events(both: Bench) -> None:
    """What the guard tells is written down once each."""
    tell = tell_source_change(both.db, clock=both.clock, name="Soulseek (slskd)")
    tell(False, "no answer")
    tell(True, "")
    lost, back = both.events("source.")
    assert (lost.kind, lost.level) == ("source.lost", "error")
    assert "no answer" in lost.message
    assert (back.kind, back.level) == ("source.recovered", "info")
