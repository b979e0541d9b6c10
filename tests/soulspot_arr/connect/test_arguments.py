"""The commands as a person types them: exit status and what is printed."""

from __future__ import annotations

import logging
import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from soulspot_arr import cli
from tests.fakes.fake_servarr import KEY, FakeServarr


@pytest.fixture(autouse=True)
def surroundings(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[None]:
    """An environment without settings, a folder of its own, and the logging put back."""
    for name in list(os.environ):
        if name.startswith("SOULSPOT_"):
            monkeypatch.delenv(name)
    monkeypatch.setenv("SOULSPOT_DATA_DIR", str(tmp_path / "data"))
    root = logging.getLogger()
    handlers, level = list(root.handlers), root.level
    yield
    root.handlers[:] = handlers
    root.setLevel(level)


def account(server: FakeServarr) -> tuple[str, ...]:
    """Options that name a program."""
    return ("--url", server.url, "--api-key", KEY)


def test_from_connect_to_disconnect(
    lidarr: FakeServarr, capsys: pytest.CaptureFixture[str]
) -> None:
    """A rehearsal, in one line as the manual has it."""
    assert cli.main(["connect", "lidarr", *account(lidarr), "--dry-run"]) == 0
    assert "Nothing was changed" in capsys.readouterr().out
    assert cli.main(["disconnect", "lidarr"]) == 0
    assert "Nothing was ever set up" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("arguments", "status"),
    [
        (["connect", "lidarr"], 2),
        (["connect", "prowlarr", "--url", "http://prowlarr:9696"], 2),
        (["connect", "lidarr", "--url", "ftp://lidarr", "--api-key", "k"], 2),
        (["connect", "lidarr", "--url", "http://127.0.0.1:1", "--api-key", "k"], 1),
    ],
)
def test_exit_status(arguments: list[str], status: int, capsys: pytest.CaptureFixture[str]) -> None:
    """2 for wrong usage, 1 when it did not work, with one line that says why."""
    assert cli.main(arguments) == status
    told = capsys.readouterr()
    assert told.out == ""
    assert told.err.count("\n") == 1


def test_a_wrong_key_is_one_line(lidarr: FakeServarr, capsys: pytest.CaptureFixture[str]) -> None:
    """And nothing was changed."""
    assert cli.main(["connect", "lidarr", "--url", lidarr.url, "--api-key", "wrong"]) == 1
    assert "Settings > General" in capsys.readouterr().err
    assert lidarr.writes == []


def test_the_environment_of_the_service_contradicts(
    lidarr: FakeServarr, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """78: the configuration has to be mended."""
    monkeypatch.setenv("SOULSPOT_LIDARR_URL", "http://other:8686")
    assert cli.main(["connect", "lidarr", *account(lidarr)]) == 78
    assert "SOULSPOT_LIDARR_URL" in capsys.readouterr().err


def test_help_loads_nothing_that_takes_time() -> None:
    """The options are known without the program behind them."""
    import subprocess
    import sys

    code = (
        "import sys; from soulspot_arr import cli; cli._parser(); "
        "sys.exit('soulspot_arr.connect.command' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
