"""The stage: children that never outlive the demo, and clear reasons when one cannot start."""

from __future__ import annotations

import argparse
import io
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from soulspot_arr.demo import add_arguments, demo_options
from soulspot_arr.demo import stage as stage_module
from soulspot_arr.demo.options import FAST_SCALE
from soulspot_arr.demo.play import own_folder, run
from soulspot_arr.demo.sabnzbd_client import SabnzbdClient
from soulspot_arr.demo.stage import Recipe, Stage, StageFailure, free_port, tail

GUARD = Path(stage_module.__file__).with_name("guard.py")


def parse(*arguments: str) -> argparse.Namespace:
    """The command line as the real command parses it."""
    parser = argparse.ArgumentParser()
    add_arguments(parser)
    return parser.parse_args(arguments)


def is_alive(pid: int) -> bool:
    """Whether the process still runs (a zombie does not)."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False


def test_options_come_from_the_command_line() -> None:
    """Defaults, the fast switch and a scale of one's own."""
    options = demo_options(parse(), {"A": "b"})
    assert (options.keep, options.data_dir, options.profile) == (False, None, "0.26")
    assert options.environ == {"A": "b"}
    assert demo_options(parse("--fast"), {}).time_scale == FAST_SCALE
    assert demo_options(parse("--time-scale", "7.5"), {}).time_scale == 7.5
    assert demo_options(parse("--keep", "--data-dir", "x"), {}).data_dir == Path("x")


@pytest.mark.parametrize("scale", ["0", "-1", "inf", "nan", "much"])
def test_senseless_scales_are_refused(scale: str, capsys: pytest.CaptureFixture[str]) -> None:
    """A usage error, not a traceback."""
    with pytest.raises(SystemExit):
        parse("--time-scale", scale)
    assert "--time-scale" in capsys.readouterr().err


def test_a_used_data_folder_is_left_alone(tmp_path: Path) -> None:
    """A second run goes beside the first one."""
    first = own_folder(tmp_path / "demo")
    (first / "library").mkdir()
    second = own_folder(tmp_path / "demo")
    assert (first, second) == (tmp_path / "demo", tmp_path / "demo" / "run-2")


def test_free_ports_are_usable_numbers() -> None:
    """The system hands them out."""
    assert 1024 < free_port() < 65536


def test_the_tail_of_a_log(tmp_path: Path) -> None:
    """The last lines, or none without a log."""
    log = tmp_path / "log"
    log.write_text("\n".join(map(str, range(100))))
    assert tail(log, 2) == ["98", "99"]
    assert tail(tmp_path / "none") == []


def test_a_program_that_ends_early_is_named_with_its_log(tmp_path: Path) -> None:
    """An impossible profile ends the simulator; the reason points at its log."""
    stage = Stage(Recipe(tmp_path, profile="9.99", environ=dict(os.environ)))
    with pytest.raises(StageFailure, match="simulated slskd ended") as failure, stage:
        pass
    assert failure.value.log == stage.simulator_log
    assert tail(stage.simulator_log)


def test_the_curtain_rises_when_lidarrs_folder_is_there(tmp_path: Path) -> None:
    """Lidarr's health page complains while the folder of its category is missing."""
    with Stage(Recipe(tmp_path, time_scale=FAST_SCALE, environ=dict(os.environ))) as stage:
        assert (stage.downloads / "soulspot" / "music").is_dir()
        assert SabnzbdClient(f"{stage.service_url}/sabnzbd", stage.api_key).health_warnings() == []


def test_an_unusable_data_folder_is_a_reason_not_a_traceback(tmp_path: Path) -> None:
    """Exit status 1 and one sentence."""
    (tmp_path / "file").touch()
    options = demo_options(parse("--data-dir", str(tmp_path / "file" / "below")), {})
    stream = io.StringIO()
    assert run(options, stream) == 1
    assert "data folder cannot be used" in stream.getvalue()


def test_a_guarded_program_dies_with_its_parent(tmp_path: Path) -> None:
    """Even when the parent is killed without a chance to clean up."""
    note = tmp_path / "pid"
    child = f"import os, time; open({str(note)!r}, 'w').write(str(os.getpid())); time.sleep(60)"
    parent = (
        "import os, subprocess, sys, time;"
        f"subprocess.Popen([sys.executable, {str(GUARD)!r}, str(os.getpid()),"
        f" sys.executable, '-c', {child!r}], start_new_session=True);"
        "time.sleep(60)"
    )
    process = subprocess.Popen([sys.executable, "-c", parent])
    try:
        wait_for(lambda: note.exists() and note.read_text() != "")
    finally:
        process.send_signal(signal.SIGKILL)
        process.wait()
    pid = int(note.read_text())
    wait_for(lambda: not is_alive(pid))


def test_a_guard_whose_parent_is_gone_starts_nothing() -> None:
    """The request to the kernel came too late."""
    command = [sys.executable, str(GUARD), "1", sys.executable, "-c", "print('started')"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout) == (1, "")


def wait_for(condition: object, seconds: float = 60.0) -> None:
    """Poll until the condition holds."""
    assert callable(condition)
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "the condition never held"
        time.sleep(0.02)
