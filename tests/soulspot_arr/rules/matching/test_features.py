"""The evidence in numbers: what each feature says, what it adds up to, how it is calibrated."""

from __future__ import annotations

import random
from math import exp

import pytest

from soulspot_arr.rules.matching import features
from soulspot_arr.rules.matching.align import Alignment, Pair
from soulspot_arr.rules.matching.features import (
    Circumstances,
    Features,
    contributions,
    fit,
    logit,
    measure,
)
from soulspot_arr.rules.matching.testimony import Claim, Names

SURE_NAMES = Names(1.0, Claim.ITSELF, 1.0)


def alignment(*gaps: float | None, title: float | None = 1.0, missing: int = 0) -> Alignment:
    """Pairs with these gaps."""
    pairs = tuple(Pair(at, at, title, gap, 1.0, 1.0) for at, gap in enumerate(gaps))
    lost = tuple(range(len(gaps), len(gaps) + missing))
    return Alignment(pairs, len(gaps) + missing, lost)


def measured(found: Alignment, names: Names = SURE_NAMES, **place: object) -> Features:
    """The features of an alignment."""
    circumstances = Circumstances(**place)  # type: ignore[arg-type]
    return measure(found, names, files=len(found.pairs) + found.extras, place=circumstances)


def probability(found: Features) -> float:
    """How sure these features make."""
    return features.probability(logit(found))


def test_every_feature_has_a_weight_in_the_table() -> None:
    """One visible table, nothing hidden."""
    assert set(features.WEIGHTS) == set(Features._fields)


def test_the_right_album_is_sure() -> None:
    """Names, titles and lengths agree."""
    assert probability(measured(alignment(*[0.4] * 12))) > 0.99


@pytest.mark.parametrize(
    ("found", "names"),
    [
        (alignment(*[0.4] * 9, missing=3), SURE_NAMES),
        (alignment(*[None] * 12), SURE_NAMES),  # nobody knows the lengths
        (alignment(*[None] * 12, title=None), SURE_NAMES),
        (alignment(*[7.0] * 12), SURE_NAMES),  # each a little longer: played again
        (alignment(0.4, title=None), SURE_NAMES),  # one nameless file
        (alignment(*[None] * 12), Names(0.0, Claim.NOBODY, 1.0)),
    ],
    ids=["holes", "no lengths", "nothing", "longer", "blind single", "no artist"],
)
def test_doubtful_ones_are_not_sure(found: Alignment, names: Names) -> None:
    """Each of these was wrong often enough."""
    assert probability(measured(found, names)) < 0.9


@pytest.mark.parametrize(
    "names",
    [
        Names(0.0, Claim.NOBODY, 1.0),
        Names(0.0, Claim.SHELF, 1.0),
        Names(1.0, Claim.ITSELF, 0.0, unnamed=True),
        Names(1.0, Claim.ITSELF, 0.3),
    ],
)
def test_twelve_equal_tracks_need_no_name(names: Names) -> None:
    """Titles and lengths together prove what names do not say."""
    assert probability(measured(alignment(*[0.4] * 12), names)) > 0.9


def test_one_other_title_among_equal_ones_is_another_song() -> None:
    """The worst title counts by itself."""
    pairs = alignment(*[0.4] * 12).pairs
    odd = (*pairs[:11], pairs[11]._replace(title=0.1))
    assert probability(measured(Alignment(odd, 12))) < 0.9


def test_sizes_stand_in_for_lengths() -> None:
    """Wide of the truth by a few seconds, and still a proof; one outlier refutes."""
    found = alignment(*[None] * 12).sized([5.0] * 12)
    assert found.by_size
    assert probability(measured(found)) > 0.9
    odd = alignment(*[None] * 12).sized([1.0] * 11 + [40.0])
    assert measured(odd).outlier == 1.0
    assert probability(measured(odd)) < 0.9


def test_circumstances_are_kept() -> None:
    """Year, discs and the chosen edition come as they are; strange words need unknown lengths."""
    found = measured(alignment(None, None), year=-1.0, discs=1.0, monitored=True, strange=True)
    assert (found.year, found.discs, found.monitored, found.strange) == (-1.0, 1.0, 1.0, 1.0)
    assert measured(alignment(0.1), strange=True).strange == 0.0


def test_nothing_paired_is_nothing() -> None:
    """No pair, no file, no division by zero."""
    found = measured(Alignment((), 5, (0, 1, 2, 3, 4)))
    assert (found.coverage, found.incomplete, found.titles) == (0.0, 1.0, 0.0)
    assert probability(found) < 0.01


def test_extras_in_a_strange_folder_weigh_more() -> None:
    """An EP whose four songs lie on an album with another name."""
    pairs = alignment(*[0.4] * 4).pairs
    inside = Alignment(pairs, 4, extras=8)
    stranger = measure(inside, Names(1.0, Claim.ITSELF, 0.2), files=12, place=Circumstances())
    bonus = measure(inside, SURE_NAMES, files=12, place=Circumstances())
    assert [stranger.buried, stranger.extras] == pytest.approx([8 / 12, 0.0])
    assert [bonus.buried, bonus.extras] == pytest.approx([0.0, 8 / 12])
    assert probability(bonus) > 0.9 > probability(stranger)


def test_contributions_add_up_to_the_logit() -> None:
    """What people are shown is what was counted."""
    found = measured(alignment(0.4, 2.0, 5.0), year=1.0)
    assert sum(contributions(found).values()) + features.INTERCEPT == pytest.approx(
        logit(found), abs=0.01
    )


def test_probability_is_bounded() -> None:
    """Absurd sums neither overflow nor leave 0 … 1."""
    assert features.probability(1e9) <= 1.0
    assert features.probability(-1e9) >= 0.0


# -- calibration -----------------------------------------------------------------------------------


@pytest.mark.parametrize(("slope", "shift"), [(1.0, 0.0), (0.5, 1.0), (2.0, -1.5)])
def test_fit_finds_the_curve_that_made_the_labels(slope: float, shift: float) -> None:
    """Labels drawn from a known curve give it back."""
    chance = random.Random(7)
    rows = []
    for _ in range(8_000):
        score = chance.uniform(-6, 6)
        rows.append((score, chance.random() < 1 / (1 + exp(-(slope * score + shift)))))
    assert list(fit(rows)) == pytest.approx([slope, shift], abs=0.15)


def test_fit_may_be_cut_short() -> None:
    """One round comes nearer, many find it."""
    rows = [(float(at), at > 2) for at in range(-20, 20)]
    assert fit(rows, rounds=1) != fit(rows) != (1.0, 0.0)


@pytest.mark.parametrize("rows", [[], [(1.0, True)], [(1.0, False), (2.0, False)]])
def test_fit_needs_both_labels(rows: list[tuple[float, bool]]) -> None:
    """One label alone calibrates nothing."""
    assert fit(rows) == (1.0, 0.0)


@pytest.mark.parametrize(
    "rows",
    [
        [(float(at), at > 0) for at in range(-50, 50)],  # cleanly separated
        [(3.0, True), (3.0, False)],  # a single score
        [(1000.0, True), (-1000.0, False), (0.0, True)],
    ],
)
def test_fit_stays_finite(rows: list[tuple[float, bool]]) -> None:
    """Softened labels keep the curve from running away."""
    slope, shift = fit(rows)
    assert abs(slope) < 1e4
    assert abs(shift) < 1e4
