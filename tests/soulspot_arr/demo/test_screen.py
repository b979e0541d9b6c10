"""The screen: eighty columns, no control codes outside a terminal, never a crash."""

from __future__ import annotations

import io
import os
import pty
import re
import termios

import pytest

from soulspot_arr.demo.screen import (
    NARROWEST,
    WIDEST,
    WIDTH,
    Screen,
    clock,
    counted,
    megabytes,
    shorten,
    shorten_middle,
)

ESCAPE = "\x1b"


class FakeTerminal(io.StringIO):
    """A stream that claims to be a terminal."""

    encoding = "utf-8"

    def isatty(self) -> bool:
        """Claim it."""
        return True


class NarrowStream(io.TextIOWrapper):
    """An ASCII stream, as in a container without a locale."""

    def __init__(self) -> None:
        super().__init__(io.BytesIO(), encoding="ascii", write_through=True)

    def text(self) -> str:
        """What arrived."""
        raw = self.buffer
        assert isinstance(raw, io.BytesIO)
        return raw.getvalue().decode("ascii")


class PlainStream(io.StringIO):
    """A UTF-8 pipe."""

    encoding = "utf-8"


def everything(screen: Screen) -> None:
    """Print one of each, with texts that are far too long."""
    screen.title("Title", "word " * 60)
    screen.act("1. Act", "explanation " * 20)
    for show in (screen.good, screen.bad, screen.note, screen.detail):
        show("some text " * 25)
    rows = [("✓", "FLAC", "312 MB", "t" * 200), ("✗", "MP3-320", "100 MB", "Édith 椎名林檎")]
    screen.table(rows, {1: "reason " * 40})
    screen.step("  12.5 s", "what happened then " * 20)
    screen.command("soulspot-arr connect", "--more", output="it worked\nvery well")
    for step in range(5):
        screen.progress("downloading", step / 4, "d" * 90)
    screen.failure("went wrong " * 20, "/log", ["last line"])


@pytest.mark.parametrize("environ", [{}, {"NO_COLOR": "1"}])
def test_a_pipe_gets_plain_lines_of_eighty_columns(environ: dict[str, str]) -> None:
    """No control codes, nothing wider than the screen."""
    stream = PlainStream()
    everything(Screen(stream, environ))
    assert ESCAPE not in stream.getvalue()
    assert "\r" not in stream.getvalue()
    assert max(map(len, stream.getvalue().splitlines())) <= WIDTH


def test_a_terminal_gets_colour_and_a_moving_line() -> None:
    """Visible width stays within the screen."""
    stream = FakeTerminal()
    everything(Screen(stream, {"TERM": "xterm"}))
    assert f"{ESCAPE}[32m" in stream.getvalue()
    assert f"\r{ESCAPE}[K" in stream.getvalue()
    visible = re.sub(r"\x1b\[[\dK;]*m?", "", stream.getvalue())
    assert max(map(len, re.split(r"[\r\n]", visible))) <= WIDTH


@pytest.mark.parametrize(
    ("columns", "width"),
    [(0, WIDTH), (20, NARROWEST), (80, 80), (90, 90), (100, WIDEST), (250, WIDEST)],
)
def test_a_terminal_is_used_up_to_its_edge(columns: int, width: int) -> None:
    """Wide ones give the titles more room; none is written beyond a hundred columns."""
    ours, theirs = pty.openpty()
    termios.tcsetwinsize(theirs, (50, columns))
    with open(ours, encoding="utf-8") as reader, open(theirs, "w", encoding="utf-8") as stream:
        Screen(stream, {"NO_COLOR": "1"}).act("Act")
        _, heading = reader.readline(), reader.readline()
    assert len(heading.rstrip()) == width


def test_the_table_leaves_the_title_what_the_other_columns_do_not_need() -> None:
    """A usual title is shown whole; the end of a long one stays readable."""
    stream = PlainStream()
    usual = "(FLAC) Marlow Finch - Harbour Lights - 2014-slsk632cddbd"
    long = f"(FLAC) {'Godspeed ' * 9}- 2012-slsk11112222"
    Screen(stream, {}).table([("✓", "FLAC", "20 MB", usual), ("✗", "FLAC", "9.0 MB", long)], {})
    head, first, second = stream.getvalue().splitlines()
    assert first.endswith(usual)
    assert second.endswith("… - 2012-slsk11112222")
    assert {len(head) - len("release title"), first.index("(FLAC)"), second.index("(FLAC)")} == {21}


def test_no_color_keeps_the_moving_line_but_no_colour() -> None:
    """NO_COLOR is about colour only."""
    stream = FakeTerminal()
    everything(Screen(stream, {"NO_COLOR": "1"}))
    assert not re.search(r"\x1b\[\d+m", stream.getvalue())


def test_a_dumb_terminal_is_treated_like_a_pipe() -> None:
    """No control codes at all."""
    stream = FakeTerminal()
    everything(Screen(stream, {"TERM": "dumb"}))
    assert ESCAPE not in stream.getvalue()


def test_an_ascii_stream_gets_replacements_instead_of_an_error() -> None:
    """Marks, bars and names are replaced, nothing raises."""
    stream = NarrowStream()
    everything(Screen(stream, {}))
    assert "  + some text" in stream.text()
    assert "#####" in stream.text()
    assert "?dith" in stream.text()


def test_a_pipe_shows_one_progress_line_per_quarter() -> None:
    """A hundred polls do not make a hundred lines."""
    stream = PlainStream()
    screen = Screen(stream, {})
    for step in range(101):
        screen.progress("downloading", step / 100, "")
    assert len(stream.getvalue().splitlines()) == 5


def test_a_reader_that_went_away_silences_the_screen() -> None:
    """`| head` must not end in a traceback."""
    reading, writing = os.pipe()
    os.close(reading)
    with os.fdopen(writing, "w", encoding="utf-8") as stream:
        screen = Screen(stream, {})
        for _ in range(3):
            screen.good("more")


@pytest.mark.parametrize(
    ("size", "text"), [(0, "0.0 MB"), (1_572_864, "1.5 MB"), (400 * 1_048_576, "400 MB")]
)
def test_megabytes(size: int, text: str) -> None:
    """One decimal below ten."""
    assert megabytes(size) == text


def test_an_entry_keeps_the_end_of_a_long_name() -> None:
    """Where files of one album differ; one row, whatever comes."""
    stream = PlainStream()
    screen = Screen(stream, {})
    screen.entry(" 1 Knots  0:24", "short.flac")
    screen.entry(" 1 Knots  0:24", "a" * 80 + " - 06 - Knots.flac")
    first, second = stream.getvalue().splitlines()
    assert first == "       1 Knots  0:24  short.flac"
    assert second.startswith("       1 Knots  0:24  …aaa")
    assert second.endswith(" - 06 - Knots.flac")
    assert len(second) == WIDTH


def test_a_command_can_be_copied() -> None:
    """Neither it nor what it printed is cut or wrapped."""
    stream = PlainStream()
    address, printed = "http://127.0.0.1:49605/" + "a" * 80, "b" * 100
    Screen(stream, {}).command("soulspot-arr connect \\", f"--address {address}", output=printed)
    first, second, third = stream.getvalue().splitlines()[:3]
    assert first.strip() == "$ soulspot-arr connect \\"
    assert second.strip() == f"--address {address}"
    assert third.strip() == printed


def test_clock_and_shorten() -> None:
    """Small forms used in the progress line."""
    assert (clock(62), clock(0), clock(59.6)) == ("1:02", "0:00", "1:00")
    assert shorten_middle("a" * 40 + "the end", 20, 7) == "a" * 12 + "…the end"
    assert shorten_middle("short", 20) == "short"
    assert (counted(1, "album"), counted(2, "album")) == ("1 album", "2 albums")
    assert (shorten("abcdef", 4), shorten("abcd", 4)) == ("abc…", "abcd")
