"""Which text is asked next, when it is enough, and what is learned about an artist."""

from __future__ import annotations

from dataclasses import replace

import pytest

from soulspot_arr.domain import Query, RawFolder
from soulspot_arr.rules import matching
from soulspot_arr.rules.planning.climbing import (
    Lessons,
    Outcome,
    found_by,
    is_enough,
    learned,
    next_rung,
)
from soulspot_arr.rules.planning.ladder import Kind, Rung
from soulspot_arr.rules.profiles import PROFILES
from tests.soulspot_arr.rules.shares import RADIOHEAD, folder

PLAIN = Rung(Kind.PLAIN, "pink floyd animals", named=True)
FOLDED = Rung(Kind.FOLDED, "pinc floyd animals", named=True)
STARRED = Rung(Kind.STARRED, "*loyd pink animals")
ALBUM = Rung(Kind.ALBUM, "animals")
TITLES = Rung(Kind.TRACK_TITLES, "wing sheep")
FORMAT = Rung(Kind.FORMAT, "pink floyd animals flac", named=True)
LADDER = (PLAIN, FOLDED, STARRED, ALBUM, TITLES, FORMAT)


NOTHING = Lessons()


def climb(lessons: Lessons = NOTHING, **answers: int) -> list[str]:
    """The kinds that are asked when each answers with so many folders (1) and nothing is enough."""
    outcomes: list[Outcome] = []
    while (rung := next_rung(LADDER, outcomes, lessons)) is not None:
        outcomes.append(Outcome(rung, answers.get(rung.kind.value, 1)))
    return [outcome.rung.kind.value for outcome in outcomes]


def test_the_star_is_for_silence_only() -> None:
    """It finds nothing at slskd's own shares, so it is no first choice (peers §3.5, 3)."""
    assert "starred" not in climb()
    assert "starred" in climb(plain=0)


def test_a_narrower_text_than_a_silent_one_is_not_asked() -> None:
    """Every word has to be in the path, so it could only be silent too."""
    assert "format" not in climb(plain=0)
    assert climb()[-1] == "format"


def test_unknown_answers_are_no_silence() -> None:
    """A rung that another process has just asked says nothing about the name."""
    outcomes = [Outcome(PLAIN), Outcome(FOLDED, 4)]
    kinds = []
    while (rung := next_rung(LADDER, outcomes)) is not None:
        outcomes.append(Outcome(rung, 1))
        kinds.append(rung.kind.value)
    assert kinds == ["album", "track_titles", "format"]


def test_what_worked_before_goes_first() -> None:
    """The latest success before the earlier one, then the usual order."""
    kinds = climb(Lessons(worked=("track_titles", "album")))
    assert kinds == ["track_titles", "album", "plain", "folded", "format"]


def test_a_filtered_name_is_asked_last() -> None:
    """It is not given up: lists of the server change."""
    kinds = climb(Lessons(filtered=True))
    assert kinds == ["starred", "album", "track_titles", "plain", "folded", "format"]


def test_enough_is_the_end() -> None:
    """Whatever is left costs one of few searches."""
    assert next_rung(LADDER, [Outcome(PLAIN, 5, sure=True, enough=True)]) is None
    assert next_rung(LADDER, [Outcome(PLAIN, 5, sure=True)]) == FOLDED
    assert next_rung((), []) is None


@pytest.mark.parametrize(
    ("before", "outcomes", "after"),
    [
        (Lessons(), [Outcome(PLAIN, 9, sure=True)], Lessons(("plain",))),
        (Lessons(("plain",)), [Outcome(ALBUM, 9, sure=True)], Lessons(("album", "plain"))),
        (Lessons(("a", "b", "c")), [Outcome(ALBUM, 1, sure=True)], Lessons(("album", "a", "b"))),
        (Lessons(), [Outcome(PLAIN, 0), Outcome(STARRED, 3)], Lessons(filtered=True)),
        (Lessons(), [Outcome(PLAIN, 0), Outcome(STARRED, 0)], Lessons()),
        (Lessons(), [Outcome(PLAIN, 0), Outcome(ALBUM, 60)], Lessons()),
        (Lessons(), [Outcome(PLAIN, 0), Outcome(ALBUM, 60, likely=True)], Lessons(filtered=True)),
        (Lessons(), [Outcome(PLAIN), Outcome(STARRED, 3)], Lessons()),
        (Lessons(filtered=True), [Outcome(STARRED, 3)], Lessons(filtered=True)),
        (Lessons(filtered=True), [Outcome(STARRED, 3), Outcome(PLAIN, 1)], Lessons()),
        (Lessons(filtered=True), [], Lessons(filtered=True)),
    ],
)
def test_what_a_climb_teaches(before: Lessons, outcomes: list[Outcome], after: Lessons) -> None:
    """What was sure moves to the front; silence counts only where the same album answers otherwise."""
    assert learned(before, outcomes) == after


# -- enough ----------------------------------------------------------------------------------------


def judged(*folders: RawFolder, query: Query = RADIOHEAD) -> tuple[matching.Judged, ...]:
    """The verdicts without a catalogue."""
    return matching.appraise(query, matching.group(folders))


FLAC = folder(r"Music\Radiohead\OK Computer (1997) [FLAC]", peer="ann")
MP3 = folder(r"Music\Radiohead\OK Computer (1997) [MP3 320]", peer="ben", ext="mp3")


@pytest.mark.parametrize(
    ("folders", "profile", "expected"),
    [
        ((FLAC,), "any", True),
        ((FLAC,), "audiophile", True),
        ((MP3,), "any", False),
        ((MP3,), "space_saver", True),
        ((MP3, replace(MP3, peer="cleo"), replace(MP3, peer="dan")), "any", True),
        ((), "any", False),
        ((folder(r"Music\Radiohead\Kid A (2000) [FLAC]"),), "any", False),
    ],
)
def test_one_good_sure_offer_is_enough(
    folders: tuple[RawFolder, ...], profile: str, expected: bool
) -> None:
    """Lossless, or the best class of the profile; of others it takes three."""
    assert is_enough(judged(*folders), profile=PROFILES[profile], several=3) is expected


def test_what_the_profile_refuses_is_never_enough() -> None:
    """A sure offer that is not shown helps nobody."""
    found = matching.appraise(RADIOHEAD, matching.group((FLAC,)), profile=PROFILES["space_saver"])
    assert [item.decision.accepted for item in found] == [False]
    assert not is_enough(found, profile=PROFILES["space_saver"], several=1)
    assert not found_by(found, sure=False)


def test_likely_is_less_than_sure() -> None:
    """What only sounds like the album is no reason to stop."""
    likely = judged(folder(r"Shared\Radiohead - OK Computer", 3))
    assert found_by(judged(FLAC), sure=True)
    assert found_by(judged(FLAC), sure=False)
    assert found_by(likely, sure=False)
