"""One-to-one assignment of the greatest total score: which file is which track.

The graph is sparse, because most pairs score nothing. So it falls apart into small components,
most of them a single pair; only what is left is solved, exactly, by augmenting paths. Nothing here
knows what rows and columns stand for.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import inf

Edge = tuple[int, int, float]  # row, column, score above 0

HARDEST = 60_000
"""Steps (rows² · columns) that an exact solution may take; beyond, the best pairs come first."""


def assign(edges: Sequence[Edge], *, hardest: int | None = HARDEST) -> dict[int, int]:
    """Column of each row that gets one, so that the scores of the chosen edges add up to the most.

    Exact for every component within the bound of `hardest` steps, for all when that is None; a
    larger one, which only hundreds of equal titles can make, is served greedily. Equal totals are
    decided by the order of the edges.
    """
    chosen: dict[int, int] = {}
    for component in _components(edges):
        if len(component) == 1:
            row, column, _ = component[0]
            chosen[row] = column
        else:
            chosen.update(_solve(component, hardest))
    return chosen


def _components(edges: Sequence[Edge]) -> list[list[Edge]]:
    """Edges that hang together, by walking from row to column and back."""
    by_row: dict[int, list[Edge]] = {}
    by_column: dict[int, list[int]] = {}
    for edge in edges:
        by_row.setdefault(edge[0], []).append(edge)
        by_column.setdefault(edge[1], []).append(edge[0])
    found: list[list[Edge]] = []
    seen: set[int] = set()
    for start in by_row:
        if start in seen:
            continue
        seen.add(start)
        waiting, component = [start], []
        columns: set[int] = set()
        while waiting:
            for edge in by_row[waiting.pop()]:
                component.append(edge)
                if edge[1] not in columns:
                    columns.add(edge[1])
                    fresh = [row for row in by_column[edge[1]] if row not in seen]
                    seen.update(fresh)
                    waiting.extend(fresh)
        found.append(component)
    return found


def _solve(component: list[Edge], hardest: int | None) -> dict[int, int]:
    rows = list(dict.fromkeys(edge[0] for edge in component))
    columns = list(dict.fromkeys(edge[1] for edge in component))
    turned = len(rows) > len(columns)  # the smaller side looks for partners on the larger one
    if turned:
        rows, columns = columns, rows
        component = [(column, row, score) for row, column, score in component]
    if len(rows) == 1:
        row, column, _ = max(component, key=lambda edge: edge[2])
        pairs = {row: column}
    elif hardest is not None and len(rows) ** 2 * len(columns) > hardest:
        pairs = _greedy(component)
    else:
        pairs = _optimal(component, rows, columns)
    return {column: row for row, column in pairs.items()} if turned else pairs


def _greedy(component: list[Edge]) -> dict[int, int]:
    pairs: dict[int, int] = {}
    taken: set[int] = set()
    for row, column, _ in sorted(component, key=lambda edge: -edge[2]):
        if row not in pairs and column not in taken:
            pairs[row] = column
            taken.add(column)
    return pairs


def _optimal(component: list[Edge], rows: list[int], columns: list[int]) -> dict[int, int]:
    """Shortest augmenting paths over prices; a pair without an edge costs as much as no pair."""
    row_at = {row: at for at, row in enumerate(rows)}
    column_at = {column: at for at, column in enumerate(columns)}
    best = max(edge[2] for edge in component)
    cost = [[best] * len(columns) for _ in rows]
    for row, column, score in component:
        at = row_at[row]
        cost[at][column_at[column]] = min(cost[at][column_at[column]], best - score)
    owner = _cheapest(cost)
    return {
        rows[row]: columns[column]
        for column, row in enumerate(owner)
        if row is not None and cost[row][column] < best
    }


def _cheapest(cost: list[list[float]]) -> list[int | None]:
    """For each column the row that owns it when every row owns one and all cost least together."""
    width = len(cost[0])
    prices = _Prices([0.0] * len(cost), [0.0] * width)
    owner: list[int | None] = [None] * width
    for newcomer in range(len(cost)):
        came_from, ended = _cheapest_way(cost, prices, owner, newcomer)
        while ended is not None:  # along the way back everybody moves on by one column
            before = came_from[ended]
            owner[ended] = newcomer if before is None else owner[before]
            ended = before
    return owner


@dataclass(slots=True)
class _Prices:
    """What rows and columns add to a cost; along chosen pairs the rest is nothing."""

    rows: list[float]
    columns: list[float]


def _cheapest_way(
    cost: list[list[float]], prices: _Prices, owner: list[int | None], newcomer: int
) -> tuple[list[int | None], int | None]:
    """The cheapest way from a new row to a free column, pushing owners aside.

    Returns the column before each column on the way, and the column where it ends.
    """
    reached = [inf] * len(owner)
    came_from: list[int | None] = [None] * len(owner)
    passed: list[tuple[int, int]] = []  # columns on the way and the rows that own them
    rest = list(range(len(owner)))
    row: int | None = newcomer
    last: int | None = None  # the column that `row` owns until now
    while row is not None:
        costs, paid = cost[row], prices.rows[row]
        for column in rest:
            spare = costs[column] - paid - prices.columns[column]
            if spare < reached[column]:
                reached[column], came_from[column] = spare, last
        nearest = min(rest, key=reached.__getitem__)
        distance = reached[nearest]
        prices.rows[newcomer] += distance
        for column, pushed in passed:
            prices.columns[column] -= distance
            prices.rows[pushed] += distance
        for column in rest:
            reached[column] -= distance
        rest.remove(nearest)
        last, row = nearest, owner[nearest]
        if row is not None:
            passed.append((nearest, row))
    return came_from, last
