"""The command line: help, exit status, one line for each mistake, and a start and a stop."""

from __future__ import annotations

import argparse
import logging
import os
import re
import sqlite3
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from soulspot_arr import __version__, cli

Run = Callable[..., tuple[int, str, str]]


@pytest.fixture(autouse=True)
def surroundings(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[None]:
    """An environment without settings, a folder of its own, and the logging put back."""
    for name in list(os.environ):
        if name.startswith("SOULSPOT_"):
            monkeypatch.delenv(name)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("SOULSPOT_DATA_DIR", str(tmp_path / "data"))
    root = logging.getLogger()
    handlers, level = list(root.handlers), root.level
    yield
    root.handlers[:] = handlers
    root.setLevel(level)


@pytest.fixture
def run(capsys: pytest.CaptureFixture[str]) -> Run:
    """Run a command in this process: exit status, stdout, stderr."""

    def call(*arguments: str) -> tuple[int, str, str]:
        status = cli.main(list(arguments))
        written = capsys.readouterr()
        return status, written.out, written.err

    return call


# -- help ------------------------------------------------------------------------------------------


def commands(parser: argparse.ArgumentParser, *before: str) -> Iterator[tuple[str, ...]]:
    """Every command with its actions, as a person would type them."""
    for action in parser._actions:
        if isinstance(action, argparse._SubParsersAction):
            for name, below in action.choices.items():
                yield (*before, name)
                yield from commands(below, *before, name)


COMMANDS = sorted(commands(cli._parser()))


@pytest.mark.parametrize("command", [(), *COMMANDS], ids=" ".join)
def test_every_command_explains_itself(
    command: tuple[str, ...], capsys: pytest.CaptureFixture[str]
) -> None:
    """`--help` works everywhere, without touching anything."""
    with pytest.raises(SystemExit) as ended:
        cli.main([*command, "--help"])
    assert ended.value.code == 0
    assert "usage: soulspot-arr" in capsys.readouterr().out
    assert list(Path.cwd().iterdir()) == []


def test_the_commands_that_are_there() -> None:
    """Documentation, container and units name them."""
    assert {" ".join(command) for command in COMMANDS} >= {
        "serve", "web", "worker", "keys", "doctor", "explain", "demo", "simulate-slskd",
        "db", "db upgrade", "db check", "config", "config show",
    }  # fmt: skip


@pytest.mark.parametrize("arguments", [[], ["nonsense"], ["serve", "--nonsense"], ["db"]])
def test_wrong_usage_is_status_two(
    arguments: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    """As every program answers."""
    with pytest.raises(SystemExit) as ended:
        cli.main(arguments)
    assert ended.value.code == 2
    assert "usage:" in capsys.readouterr().err


def test_the_version_is_told(capsys: pytest.CaptureFixture[str]) -> None:
    """For bug reports."""
    with pytest.raises(SystemExit):
        cli.main(["--version"])
    assert capsys.readouterr().out == f"soulspot-arr {__version__}\n"


# -- mistakes --------------------------------------------------------------------------------------


def in_the_way(path: Path) -> str:
    """A file where a folder is needed."""
    path.write_text("")
    return str(path)


def garbage(path: Path) -> str:
    """A database that is none."""
    path.write_text("no database " * 200)
    return f"sqlite:///{path}"


def newer(path: Path) -> str:
    """A database of a later version."""
    connection = sqlite3.connect(path)
    connection.execute("CREATE TABLE alembic_version (version_num VARCHAR(32))")
    connection.execute("INSERT INTO alembic_version VALUES ('9999')")
    connection.commit()
    connection.close()
    return f"sqlite:///{path}"


MISTAKES: list[tuple[str, dict[str, str | Callable[[Path], str]], str]] = [
    ("port", {"PORT": "abc"}, "is not a port number"),
    ("log level", {"LOG_LEVEL": "loud"}, "is not one of DEBUG"),
    ("data folder", {"DATA_DIR": in_the_way}, "cannot be written"),
    ("secret", {"SECRET_KEY": "short"}, "needs at least 16 characters"),
    ("secret file", {"SECRET_KEY_FILE": "/nowhere"}, "cannot be read"),
    ("setting file", {"SLSKD_API_KEY_FILE": "/nowhere"}, "cannot be read"),
    ("setting type", {"SEARCH_RUNGS": "many"}, "is not a whole number"),
    ("setting limit", {"SEARCH_RUNGS": "1000"}, "must be at most 10"),
    ("lidarr address", {"LIDARR_URL": "lidarr:8686"}, "must look like http://host:port"),
    ("database words", {"DATABASE_URL": "my database"}, "is not understood"),
    ("database kind", {"DATABASE_URL": "mysql://u:p@h/x"}, "not installed"),
    ("database memory", {"DATABASE_URL": "sqlite://"}, "in memory"),
    ("database garbage", {"DATABASE_URL": garbage}, "file is not a database"),
    ("database newer", {"DATABASE_URL": newer}, "newer version"),
    ("database folder", {"DATABASE_URL": "sqlite:////nowhere/x.db"}, "unable to open"),
    ("database away", {"DATABASE_URL": "postgresql:///x?host=/nowhere"}, "cannot be used"),
    ("no schema", {"AUTO_MIGRATE": "no"}, "Run `soulspot-arr db upgrade`"),
]  # fmt: skip


@pytest.mark.parametrize(
    ("variables", "words"), [row[1:] for row in MISTAKES], ids=[row[0] for row in MISTAKES]
)
def test_a_mistake_in_the_configuration_is_one_line_and_status_78(
    run: Run,
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
    variables: dict[str, str | Callable[[Path], str]],
    words: str,
) -> None:
    """The last thing a container prints before it stops has to say what to mend."""
    for name, value in variables.items():
        raw = value if isinstance(value, str) else value(tmp_path / "thing")
        monkeypatch.setenv(f"SOULSPOT_{name}", raw)
    status, out, err = run("keys")
    assert status == 78
    assert out == ""
    assert err.startswith("soulspot-arr: ")
    assert words in err
    assert err.count("\n") == 1


@pytest.mark.parametrize(
    "command", ["serve", "web", "worker", "keys", "doctor", "db upgrade", "db check", "config show"]
)
def test_every_command_that_reads_the_configuration_answers_alike(run: Run, command: str) -> None:
    """Also on the command line itself."""
    status, _, err = run(*command.split(), "--port", "abc")
    assert status == 78
    assert err == ("soulspot-arr: port (command line): 'abc' is not a port number (0 to 65535).\n")


def test_a_broken_file_of_options_is_told(run: Run) -> None:
    """With its path."""
    Path("data").mkdir()
    Path("data/soulspot.toml").write_text("port = ")
    status, _, err = run("keys")
    assert status == 78
    assert f"{Path.cwd()}/data/soulspot.toml cannot be used" in err


def test_a_truncated_key_is_told(run: Run) -> None:
    """A copy that broke off must not become a new key silently."""
    Path("data").mkdir()
    Path("data/secret.key").write_text("abc")
    status, _, err = run("keys")
    assert status == 78
    assert "is empty or cut off" in err


def test_db_check_of_something_that_is_no_database(run: Run) -> None:
    """It opens the file without migrating it."""
    status, _, err = run("db", "check", "--database-url", garbage(Path.cwd() / "notes"))
    assert (status, err.count("\n")) == (78, 1)


# -- looking ---------------------------------------------------------------------------------------


def test_keys_prints_what_has_to_be_typed_where(run: Run) -> None:
    """Host, port, URL base, key and category; the same key every time."""
    status, out, _ = run("keys", "--port", "9001", "--url-base", "/music", "--host", "10.0.0.5")
    assert status == 0
    [key] = set(re.findall(r"API Key +(\w+)", out))
    assert len(key) == 32
    assert "Host        10.0.0.5" in out
    assert "Port        9001" in out
    assert "Url Base    /music/sabnzbd" in out
    assert "Category    music" in out
    assert "URL         http://10.0.0.5:9001/music/newznab" in out
    assert "API Path    /api" in out
    assert key in run("keys")[1]


def test_config_show_masks_every_secret(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    """Neither keys nor passwords, wherever they came from; and the origin of each value."""
    monkeypatch.setenv("SOULSPOT_SLSKD_API_KEY", "very-private-key-of-slskd")
    monkeypatch.setenv("SOULSPOT_AUTH_PASSWORD", "very-private-password")
    monkeypatch.setenv("SOULSPOT_SEARCH_RUNGS", "7")
    key = re.findall(r"API Key +(\w+)", run("keys")[1])[0]
    status, out, err = run("config", "show", "--port", "9001")
    assert status == 0
    assert "very-private" not in out + err
    assert key not in out
    assert (Path("data/secret.key").read_text().strip()) not in out
    assert re.search(r"^    port +9001 +command line$", out, re.MULTILINE)
    assert re.search(r"^    search.rungs +7 +environment$", out, re.MULTILINE)
    assert re.search(r"^    auth.api_key +\*{8} +database$", out, re.MULTILINE)
    assert re.search(r"^    slskd.api_key +\*{8} +environment$", out, re.MULTILINE)
    assert re.search(r"^    search.cache +1800.0 +default$", out, re.MULTILINE)


def test_config_show_hides_the_password_of_the_database(
    run: Run, migrated_postgres_url: str
) -> None:
    """The URL is shown, its password is not."""
    url = migrated_postgres_url.replace("postgres:@", "postgres:hunter2@")
    assert "hunter2" in url
    status, out, err = run("config", "show", "--database-url", url)
    assert status == 0
    assert "hunter2" not in out + err
    assert "postgres:***@" in out


@pytest.mark.parametrize(
    "command", [["keys"], ["doctor"], ["config", "show"], ["db", "check"], ["explain", "A", "B"]]
)
def test_a_look_into_the_wrong_folder_makes_no_second_installation(
    run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, command: list[str]
) -> None:
    """Whoever forgets --data-dir is told so, and gets no fresh and wrong API key."""
    monkeypatch.delenv("SOULSPOT_DATA_DIR")
    status, out, err = run(*command)
    assert (status, out) == (78, "")
    assert "There is no installation in" in err
    assert not (tmp_path / "data").exists()


def test_db_check_and_upgrade(run: Run) -> None:
    """An empty database does not fit, an upgraded one does."""
    status, out, _ = run("db", "check")
    assert status == 1
    assert "has schema none" in out
    assert "soulspot-arr db upgrade" in out
    assert run("db", "upgrade")[:2] == (0, "The database was upgraded.\n")
    assert run("db", "upgrade")[:2] == (0, "The database is up to date.\n")
    status, out, _ = run("db", "check")
    assert status == 0
    assert "is up to date" in out


def test_doctor_fails_while_something_has_to_be_mended(run: Run) -> None:
    """A new installation: slskd is not set up, and the report says how to do it."""
    status, out, _ = run("doctor")
    assert status == 1
    assert "FAIL  slskd is not set up yet." in out
    assert "SOULSPOT_SLSKD_URL" in out
    assert "ok  The database answers (SQLite)." in out


def test_explain_says_when_slskd_is_missing(run: Run) -> None:
    """The question is kept and explained all the same."""
    status, out, err = run("explain", "Marlow Finch", "Harbour Lights", "--year", "2014")
    assert status == 1
    assert out.startswith("Marlow Finch - Harbour Lights (2014)\n")
    assert "slskd is not set up; see `soulspot-arr doctor`" in out
    assert "\x1b" not in out
    assert "answering empty" not in out + err


@pytest.mark.parametrize(
    "names", [("", "Album"), ("Artist", " "), ("Artist", "\udce9"), ("\x1b", "A")]
)
def test_explain_wants_both_names(run: Run, names: tuple[str, str]) -> None:
    """An empty one is a slip of the shell, and some bytes are no letters."""
    status, out, err = run("explain", *names)
    assert (status, out) == (1, "")
    assert "Name an artist and an album" in err


def test_no_traceback_reaches_the_terminal(tmp_path: Path) -> None:
    """The same through the real entry point, in a process of its own."""
    command = [sys.executable, "-m", "soulspot_arr", "serve"]
    environment = {**os.environ, "SOULSPOT_DATA_DIR": in_the_way(tmp_path / "data")}
    ended = subprocess.run(
        command, check=False, env=environment, capture_output=True, text=True, timeout=60
    )
    assert ended.returncode == 78
    assert ended.stdout == ""
    assert ended.stderr.count("\n") == 1
