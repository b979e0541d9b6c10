"""`soulspot-arr history`: what it prints, how wide, in which colours, and for which mistakes."""

from __future__ import annotations

import json
import logging
import os
import re
import sys
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from soulspot_arr import cli
from soulspot_arr.config import Config
from soulspot_arr.history_command import Page
from soulspot_arr.rules.columns import width
from soulspot_arr.rules.timeline import timeline
from soulspot_arr.rules.timeline_facts import Facts
from soulspot_arr.rules.timeline_words import ended_at, outcome, reason
from soulspot_arr.services import build
from soulspot_arr.timeline import Line, Told
from tests.fakes.fake_source import FakeSource
from tests.soulspot_arr.rules.timelines import (
    CANCELLED,
    FAILED,
    IMPORTED,
    REFUSED,
    TITLE,
    WAITING,
    event,
)
from tests.soulspot_arr.workshop import new_grab

Run = Callable[..., tuple[int, str, str]]
SHAPES = {
    "imported": IMPORTED,
    "failed": FAILED,
    "waiting": WAITING,
    "refused": REFUSED,
    "cancelled": CANCELLED,
}
_COLOURS = re.compile(r"\x1b\[\d+m")


def shown(facts: Facts, columns: int = 80, *, colours: bool = False) -> str:
    """The timeline as it is printed."""
    return Page(columns, colours=colours).timeline(Told(facts.grab, timeline(facts)))


def line(facts: Facts, **changes: Any) -> Line:
    """The line of a grab in the list."""
    grab = facts.grab
    values: dict[str, Any] = {
        "nzo_id": grab.nzo_id, "title": grab.title, "state": grab.status,
        "outcome": outcome(grab), "created_at": grab.created_at, "ended_at": ended_at(grab),
        "seconds": 192.0, "reason": reason(grab),
    }  # fmt: skip
    return Line(**(values | changes))


# -- one grab --------------------------------------------------------------------------------------


def test_the_timeline_in_full() -> None:
    """As a person sees it: the end first, then each step with the time since the one before."""
    assert shown(IMPORTED).splitlines() == [
        "(FLAC) Cello Ghosts - Undertow - 1994-slsk0123abcd",
        "SABnzbd_nzo_0123456789ab, FLAC, 3 files, 90 MiB",
        "",
        "Imported into Lidarr 3 min 12 s after it was grabbed; most of it waiting in a",
        "queue (2 min).",
        "Its time: waiting in a queue 2 min, being sent 59 s, waiting for Lidarr 8 s,",
        "being checked 4 s.",
        "",
        "2026-03-14 (UTC)",
        '11:59:52            asked       "Cello Ghosts - Undertow" (1994) was asked for.',
        "11:59:55       +3s  found       Surely found: 1 search, 9 peers, 2 releases",
        "                                offered.",
        "12:00:00       +5s  grabbed     Handed over: 3 files, 90 MiB, from anna, 1",
        "                                alternate, category music.",
        "12:00:01       +1s  requested   Asked anna for 3 of 3 files.",
        "12:00:02       +1s  queued      3 files wait in anna's queue.",
        "12:02:01   +1m 59s  sending     anna is sending.",
        "12:03:00      +59s  arrived     3 files, 90 MiB: all here.",
        "12:03:00            verified    3 of 3 files verified: FLAC 16/44.1, 10 min, 3",
        "                                heard to the end, 2 proven by their checksums.",
        "                                - 03 - Song.flac: the spectrum ends at 16 kHz,",
        "                                  as after a lossy encoder",
        '12:03:03       +3s  rehearsed   Lidarr will take it as "Undertow (UK)": distance',
        "                                0.02, worst track 0.08. 3 files tagged.",
        "                                - 2 files bore no title",
        "12:03:04       +1s  reported    Ready for Lidarr in",
        "                                /downloads/soulspot/music/Undertow.",
        "12:03:12       +8s  imported    Lidarr has imported 3 tracks.",
        "12:03:13       +1s  taken       Lidarr took the files.",
    ]


def test_several_peers_are_listed_with_their_reasons() -> None:
    """One peer alone is told by the steps."""
    text = shown(FAILED)
    assert re.search(r"^peer  asked  came  why not$", text, re.MULTILINE)
    assert re.search(
        r"^anna      3     0  The peer could not be reached \(User", text, re.MULTILINE
    )
    assert re.search(r"^cleo      3     2  What the peer sent cannot be", text, re.MULTILINE)
    assert "why not" not in shown(IMPORTED)


def test_what_is_going_on_is_told() -> None:
    """Only for what is not over."""
    assert "\nNow: It waits in anna's queue, place 14.\n" in shown(WAITING)
    assert "Now:" not in shown(CANCELLED)


@pytest.mark.parametrize("facts", SHAPES.values(), ids=SHAPES)
@pytest.mark.parametrize(("columns", "widest"), [(20, 80), (80, 80), (101, 101), (400, 120)])
def test_no_line_is_wider_than_the_terminal(facts: Facts, columns: int, widest: int) -> None:
    """Whatever strangers call themselves and their files."""
    wild = "音" * 200 + "\x1b[2J\r\n" + "x" * 300
    files = [replace(file, peer=wild, failure_message=wild) for file in facts.files]
    grab = replace(facts.grab, title=wild, failure_message=wild, note=wild, storage_path=wild)
    more = [*facts.events, event(9000, "grab.sneezed", wild, data={"peer": wild})]
    text = shown(replace(facts, grab=grab, files=files, events=more), columns)
    assert max(map(width, text.splitlines())) <= widest
    assert "\x1b" not in text
    assert "\r" not in text


@pytest.mark.parametrize("facts", SHAPES.values(), ids=SHAPES)
def test_colours_change_nothing_but_the_colour(facts: Facts) -> None:
    """The same columns with and without."""
    coloured = shown(facts, colours=True)
    assert _COLOURS.sub("", coloured) == shown(facts)
    assert _COLOURS.search(coloured)


def test_each_day_has_its_heading() -> None:
    """A grab may wait for days."""
    late = replace(WAITING, events=[*WAITING.events, event(200_000, "grab.started", "anna sends.")])
    days = [text for text in shown(late).splitlines() if text.endswith("(UTC)")]
    assert days == ["2026-03-14 (UTC)", "2026-03-16 (UTC)"]


# -- the list --------------------------------------------------------------------------------------


def test_the_list_has_one_line_for_each() -> None:
    """And a reason below it where there is one."""
    text = Page(80).list([line(IMPORTED), line(REFUSED)])
    assert text.splitlines() == [
        "grabbed (UTC)     id       took  state       title",
        "2026-03-14 12:00  89ab   3m 12s  imported    (FLAC) Cello Ghosts - Undertow - 1…",
        "2026-03-14 12:00  89ab   3m 12s  refused     (FLAC) Cello Ghosts - Undertow - 1…",
        "                  Lidarr refused it. Album match is not close enough: 61.2% vs",
        "                  80%",
    ]
    assert Page(120).list([line(IMPORTED)]).endswith(f"  {TITLE}".strip())
    assert Page().list([]) == "No grabs."


def test_the_state_is_coloured() -> None:
    """Green for what went well, red for what did not."""
    good, bad = Page(colours=True).list([line(IMPORTED), line(FAILED)]).splitlines()[1:3]
    assert "\x1b[32mimported" in good
    assert "\x1b[31mfailed" in bad


# -- the command -----------------------------------------------------------------------------------


@pytest.fixture
def grabs(
    tmp_path: Path, migrated_sqlite: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[list[str]]:
    """An installation with two grabs, of which the first was cancelled; their ids."""
    for name in [name for name in os.environ if name.startswith("SOULSPOT_")]:
        monkeypatch.delenv(name)
    folder = tmp_path / "data"
    monkeypatch.setenv("SOULSPOT_DATA_DIR", str(folder))
    monkeypatch.setenv("COLUMNS", "80")
    folder.mkdir()
    (folder / "soulspot.db").write_bytes(migrated_sqlite.read_bytes())
    services = build(Config.load({}, {"data_dir": folder}), source=FakeSource())
    ids = [services.queue_manager.add(new_grab()) for _ in range(2)]
    services.queue_manager.cancel(ids[:1], reason="Cancelled by hand.")
    services.close()
    root = logging.getLogger()
    handlers, level = list(root.handlers), root.level
    yield ids
    root.handlers[:] = handlers
    root.setLevel(level)


@pytest.fixture
def run(capsys: pytest.CaptureFixture[str]) -> Run:
    """Run `history` in this process: exit status, stdout, stderr."""

    def call(*arguments: str) -> tuple[int, str, str]:
        status = cli.main(["history", *arguments])
        written = capsys.readouterr()
        return status, written.out, written.err

    return call


def test_the_latest_grabs(run: Run, grabs: list[str]) -> None:
    """Newest first, without a colour where nobody looks."""
    status, out, err = run()
    head, newest, oldest = out.splitlines()
    assert (status, err) == (0, "")
    assert head.split() == ["grabbed", "(UTC)", "id", "took", "state", "title"]
    assert newest.split()[2] == grabs[1][-4:]
    assert " queued " in newest
    assert " cancelled " in oldest


def test_the_list_is_cut_and_filtered(run: Run, grabs: list[str]) -> None:
    """By number and by state."""
    (found,) = json.loads(run("--json", "--limit", "1")[1])
    assert found["nzo_id"] == grabs[1]
    (found,) = json.loads(run("--json", "--state", "cancelled")[1])
    assert (found["nzo_id"], found["state"], found["reason"]) == (grabs[0], "cancelled", "")
    assert len(json.loads(run("--json", "--state", "cancelled", "--state", "queued")[1])) == 2
    assert run("--state", "failed")[1] == "No grabs.\n"
    assert json.loads(run("--state", "failed", "--json")[1]) == []


def test_one_grab_by_the_end_of_its_id(run: Run, grabs: list[str]) -> None:
    """As the list shows it."""
    status, out, _ = run(grabs[0][-6:])
    assert status == 0
    assert grabs[0] in out
    assert "Cancelled by hand." in out


def test_one_grab_for_programs(run: Run, grabs: list[str]) -> None:
    """The same as numbers and ISO times."""
    found = json.loads(run(grabs[0], "--json")[1])
    assert (found["nzo_id"], found["outcome"]) == (grabs[0], "cancelled")
    assert "offers" not in found
    steps = found["timeline"]["steps"]
    assert [step["kind"] for step in steps] == ["grabbed", "cancelled"]
    assert steps[0]["at"] == found["created_at"]
    assert steps[0]["at"].endswith("+00:00")
    assert isinstance(steps[1]["after"], float)


def test_a_grab_that_nobody_knows(run: Run, grabs: list[str]) -> None:
    """One line, status 1."""
    assert grabs
    assert run("nobody") == (1, "", "soulspot-arr: There is no grab 'nobody'.\n")


@pytest.mark.parametrize("arguments", [["--limit", "0"], ["--limit", "x"], ["--state", "lost"]])
def test_wrong_usage(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    """As every program answers."""
    with pytest.raises(SystemExit) as ended:
        cli.main(["history", *arguments])
    assert ended.value.code == 2
    assert "usage:" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("terminal", "no_colour", "coloured"),
    [(True, None, True), (True, "1", False), (True, "", True), (False, None, False)],
)
def test_colours_only_where_somebody_looks(
    run: Run,
    grabs: list[str],
    monkeypatch: pytest.MonkeyPatch,
    *,
    terminal: bool,
    no_colour: str | None,
    coloured: bool,
) -> None:
    """And never where NO_COLOR asks for none."""
    assert grabs
    monkeypatch.setattr(sys.stdout, "isatty", lambda: terminal)
    monkeypatch.delenv("NO_COLOR", raising=False)
    if no_colour is not None:
        monkeypatch.setenv("NO_COLOR", no_colour)
    assert ("\x1b[" in run()[1]) is coloured
