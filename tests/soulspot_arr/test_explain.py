"""The table of `soulspot-arr explain`: what it says, how wide it is, what strangers may write in it."""

from __future__ import annotations

import re
import time
import unicodedata
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from soulspot_arr import explain
from soulspot_arr.rules import columns
from soulspot_arr.search.questions import Explanation, Outcome, Phase
from tests.fakes.clock import NOON
from tests.soulspot_arr.search.scene import ASKED, TRACKS, UNDERTOW, latest, make_search, share
from tests.soulspot_arr.workshop import Bench

RUNG = {
    "kind": "plain", "text": "cello ghosts undertow", "outcome": "answered", "note": "",
    "folders": 12, "files": 90, "offers": 2, "seconds": 8.25,
}  # fmt: skip
OFFER: dict[str, Any] = {
    "peer": "anna", "folder": "Music\\Cello Ghosts\\Undertow (1994) [FLAC]", "files": 12,
    "size": 330 * 1024**2, "format": "FLAC 16/44.1", "verdict": "offered", "identity": 0.998,
    "quality": 90, "utility": 0.83, "reasons": ["12 of 12 tracks agree"],
    "edition": {"title": "Undertow", "disambiguation": "", "country": "GB", "year": 1994},
    "map": [
        {"file": "01 - Opening.flac", "disc": 1, "number": 1, "track": "Opening", "gap": 1.0, "likeness": 1.0},
        {"file": "02.flac", "disc": 1, "number": 2, "track": "Knots", "gap": None, "likeness": None},
    ],
}  # fmt: skip
WHY = Explanation(
    id=7,
    artist="Cello Ghosts",
    album="Undertow",
    year=1994,
    term="",
    phase=Phase.FINISHED,
    outcome=Outcome.SURE.value,
    provider="lidarr",
    counts={
        "searches": 1, "peers": 9, "folders": 12, "candidates": 14, "accepted": 3, "offered": 2,
    },
    started_at=NOON,
    answered_at=NOON,
    finished_at=NOON,
    wanted={
        "artist": "Cello Ghosts", "album": "Undertow", "year": 1994, "kind": "album",
        "styles": ["live"], "any_edition": True,
        "editions": [{"tracks": 12}, {"tracks": 14}],
    },
    rungs=[RUNG],
    offers=[OFFER, OFFER | {"verdict": "refused", "identity": 0.31, "reasons": ["a live version?"]}],
    others=[{"reason": "another album", "count": 20, "example": 'another album: "X"'}],
)  # fmt: skip


def test_it_tells_everything_worth_reading() -> None:
    """The album, the texts, the offers with three numbers and reasons, the map, the rest."""
    text = explain.report(WHY)
    for part in (
        "Cello Ghosts - Undertow (1994)",
        "Lidarr knows it: Cello Ghosts - Undertow (1994), album, live, 2 editions of 12 to 14 tracks.",
        "1 search: 9 peers, 12 folders, 14 offers, 3 acceptable, 2 shown to Lidarr.",
        f"Outcome: surely found ({NOON:%Y-%m-%d} 12:00 UTC).",
        "cello ghosts undertow",
        "12 folders",
        "8.2 s",
        "330 MiB",
        "12 of 12 tracks agree",
        "a live version?",
        "20 another album",
        '"Undertow" (GB, 1994)',
        "01 - Opening.flac",
        "+1 s",
    ):
        assert part in text
    assert re.search(r"offered +99% FLAC 16/44.1 +90 +83% +12 ", text)
    assert re.search(r"refused +31% ", text)


@pytest.mark.parametrize(
    ("width", "expected"), [(40, 80), (80, 80), (93, 93), (100, 100), (120, 120), (300, 120)]
)
def test_it_is_as_wide_as_the_terminal_within_reason(width: int, expected: int) -> None:
    """Eighty to a hundred and twenty columns, whatever the names are."""
    long = OFFER | {"peer": "x" * 40, "folder": "y" * 300, "reasons": ["word " * 60]}
    why = replace(
        WHY,
        artist="Very " * 40,
        offers=[long],
        rungs=[RUNG | {"text": "z" * 200}],
        others=[{"reason": "another " * 30, "count": 1, "example": ""}],
    )
    widths = [columns.width(line) for line in explain.report(why, width=width).splitlines()]
    assert max(widths) <= expected
    assert max(widths) > expected - 12


def test_colours_only_when_somebody_looks() -> None:
    """A pipe gets plain text, and the same text."""
    plain, painted = explain.report(WHY), explain.report(WHY, colours=True)
    assert "\x1b" not in plain
    assert "\x1b[32m" in painted
    assert re.sub(r"\x1b\[\d+m", "", painted) == plain


def test_names_of_strangers_move_no_cursor() -> None:
    """A folder called like an escape sequence is shown, not carried out."""
    nasty = OFFER | {"peer": "a\x1b[2Jb\nc", "folder": "d\re\x07f", "reasons": []}
    text = explain.report(replace(WHY, offers=[nasty], artist="g\x1bh"))
    assert not set(text) & set("\x1b\r\x07")
    assert "a [2Jb c" in text


def test_endless_names_are_cut_at_once() -> None:
    """A path of a megabyte is one line, like every other."""
    long = OFFER | {"folder": "坂本" * 500_000, "peer": "x" * 1_000_000, "reasons": []}
    began = time.monotonic()
    lines = explain.report(replace(WHY, offers=[long])).splitlines()
    assert time.monotonic() - began < 10
    assert max(map(columns.width, lines)) <= 120


@pytest.mark.parametrize(
    "peer",
    ["坂本龍一坂本龍一坂本龍一", unicodedata.normalize("NFD", "화양연화" * 3), "กำลังใจที่ฉันมีให้เธอ"],
    ids=["chinese", "decomposed korean", "thai"],
)
def test_names_take_the_columns_that_a_terminal_gives_them(peer: str) -> None:
    """The table stays a table."""
    wide = OFFER | {"peer": peer}
    plain, other = (
        next(
            line
            for line in explain.report(replace(WHY, offers=[offer])).splitlines()
            if "330 MiB" in line
        )
        for offer in (OFFER, wide)
    )
    assert columns.width(plain.partition("Music")[0]) == columns.width(other.partition("Music")[0])


@pytest.mark.parametrize("outcome", Outcome)
def test_every_outcome_has_a_sentence(outcome: Outcome) -> None:
    """Nobody reads a code."""
    why = replace(
        WHY,
        outcome=outcome.value,
        counts={},
        offers=[],
        others=[],
        rungs=[],
        wanted=None,
        provider="none",
    )
    text = explain.report(why)
    assert re.search(r"^Outcome: [a-z].*[a-z`] \(.* UTC\)\.$", text, re.MULTILINE)
    assert "Nobody was asked what the album is." in text
    assert "shown to Lidarr" not in text


@pytest.mark.parametrize(
    ("wanted", "said"),
    [
        (WHY.wanted, "Neither Lidarr nor MusicBrainz knows the album"),
        ({**(WHY.wanted or {}), "settled": False}, "did not answer in time"),
    ],
)
def test_names_alone_are_told_apart_from_a_silent_catalogue(
    wanted: dict[str, Any], said: str
) -> None:
    """Nobody knows the album, or nobody could be asked: one of them can be mended."""
    text = explain.report(replace(WHY, provider="none", wanted=wanted))
    assert said in text
    assert "only names to go by" in text


def test_why_a_text_failed_stands_below_it() -> None:
    """A wrong key and a dead line look alike otherwise."""
    note = "slskd refuses the API key"
    failed = RUNG | {"outcome": "failed", "note": note}
    text = explain.report(replace(WHY, rungs=[failed], offers=[], others=[]))
    assert re.search(rf"plain +failed .*\n +{note}$", text, re.MULTILINE)


def test_names_that_cannot_be_asked_for_are_told() -> None:
    """ "A" by "B" holds no word of two letters."""
    why = replace(WHY, counts={}, rungs=[], offers=[], others=[], outcome="nothing")
    assert "no word that could be asked for" in explain.report(why)


def test_a_narrow_terminal_shows_the_folder_whole() -> None:
    """In a line of its own; where there is room it stands beside the peer."""
    folder = OFFER["folder"]
    assert isinstance(folder, str)
    narrow = next(line for line in explain.report(WHY, width=80).splitlines() if folder in line)
    assert narrow == " " * 11 + folder
    wide = next(line for line in explain.report(WHY, width=120).splitlines() if folder in line)
    assert wide.startswith("offered ")


def test_what_still_runs_is_told() -> None:
    """The command gives up waiting before a search that hangs does."""
    assert "still searching" in explain.report(replace(WHY, phase=Phase.RUNNING, outcome=""))
    assert "in the background" in explain.report(replace(WHY, phase=Phase.DIGGING))


def test_a_real_question_becomes_a_table(bench: Bench) -> None:
    """From the question to the text, as the command does it; nothing is grabbed."""
    share(bench, "anna")
    share(bench, "ben", longer=30)
    search = make_search(bench, UNDERTOW)
    why = explain.wait_for(search, search.ask(ASKED), seconds=20)
    assert why == latest(search)
    text = explain.report(why, width=100)
    assert all(track in text for track in TRACKS)
    assert "surely found" in text
    assert bench.source.requests == []


def test_it_does_not_wait_for_ever(bench: Bench) -> None:
    """The question is shown as it stands."""
    search = make_search(bench, UNDERTOW)
    id_ = search.questions.begin("k" * 64, ASKED)
    assert explain.wait_for(search, id_, seconds=0.1).phase is Phase.RUNNING
    bench.clock.now += timedelta(minutes=6)
    assert explain.wait_for(search, id_, seconds=5).outcome == "lost"
