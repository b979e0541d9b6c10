"""One-to-one assignment: always the greatest total, whatever the graph looks like."""

from __future__ import annotations

from itertools import product

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from soulspot_arr.rules.matching.assignment import Edge, assign

EDGES = st.dictionaries(
    st.tuples(st.integers(0, 4), st.integers(0, 4)),
    st.sampled_from([0.6, 0.65, 0.7, 0.8, 0.95, 1.0]),
    max_size=16,
).map(lambda table: [(row, column, score) for (row, column), score in table.items()])


def greatest(edges: list[Edge]) -> float:
    """The best total by trying everything."""
    rows = sorted({row for row, _, _ in edges})
    columns: list[int | None] = [*sorted({column for _, column, _ in edges}), None]
    scores = {(row, column): score for row, column, score in edges}
    best = 0.0
    for choice in product(columns, repeat=len(rows)):
        taken = [column for column in choice if column is not None]
        if len(set(taken)) == len(taken):
            pairs = zip(rows, choice, strict=True)
            best = max(best, sum(scores.get((r, c), 0.0) for r, c in pairs if c is not None))
    return best


@settings(deadline=None, max_examples=150)
@given(EDGES)
def test_no_other_assignment_is_better(edges: list[Edge]) -> None:
    """Every row and every column once, only along edges, and the total is the greatest."""
    chosen = assign(edges)
    scores = {(row, column): score for row, column, score in edges}
    assert len(set(chosen.values())) == len(chosen)
    assert sum(scores[pair] for pair in chosen.items()) == pytest.approx(greatest(edges))


@pytest.mark.parametrize(
    ("edges", "chosen"),
    [
        ([], {}),
        ([(3, 7, 0.8)], {3: 7}),
        ([(0, 0, 0.9), (0, 1, 0.8)], {0: 0}),
        ([(0, 0, 0.9), (1, 0, 1.0)], {1: 0}),
        ([(0, 0, 1.0), (0, 1, 0.9), (1, 0, 0.9)], {0: 1, 1: 0}),  # two good pairs beat a better one
        ([(0, 0, 1.0), (1, 1, 1.0), (0, 1, 0.6), (1, 0, 0.6)], {0: 0, 1: 1}),
    ],
)
def test_small_graphs(edges: list[Edge], chosen: dict[int, int]) -> None:
    """Known answers."""
    assert assign(edges) == chosen


def test_hundreds_of_equal_titles_are_served_greedily() -> None:
    """Beyond the bound the best pairs come first, and everybody gets one."""
    edges = [(r, c, 1.0 if r == c else 0.6) for r in range(60) for c in range(60)]
    assert assign(edges) == {at: at for at in range(60)}


def test_the_bound_may_be_lifted() -> None:
    """Where it has to be exact, and most rows have a partner of their own anyway."""
    edges = [(r, c, 1.0 if r == c else 0.9) for r in range(60) for c in range(60)]
    edges[0] = (0, 0, 0.95)
    edges[1 * 60] = (1, 0, 1.0)
    edges[1] = (0, 1, 0.1)
    edges[1 * 60 + 1] = (1, 1, 0.99)
    assert assign(edges)[1] == 0
    assert assign(edges, hardest=None) == {at: at for at in range(60)}
    assert assign(edges, hardest=60**3) == assign(edges, hardest=None)
