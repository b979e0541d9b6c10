"""Who goes with whom at the least cost: the assignment problem.

Pure, and knows nothing about music.
"""

from __future__ import annotations

from collections.abc import Sequence


def assign(costs: Sequence[Sequence[float]]) -> list[tuple[int, int]]:
    """The cheapest one-to-one pairing of rows and columns (Hungarian method), sorted by row."""
    if not costs or not costs[0]:
        return []
    if len(costs) > len(costs[0]):
        turned = [list(column) for column in zip(*costs, strict=True)]
        return sorted((col, row) for row, col in assign(turned))
    height, width = len(costs), len(costs[0])
    row_potential, column_potential = [0.0] * (height + 1), [0.0] * (width + 1)
    owner = [0] * (width + 1)
    for row in range(1, height + 1):
        owner[0] = row
        _augment(costs, owner, row_potential, column_potential)
    return sorted(
        (owner[column] - 1, column - 1) for column in range(1, width + 1) if owner[column]
    )


def _augment(
    costs: Sequence[Sequence[float]],
    owner: list[int],
    row_potential: list[float],
    column_potential: list[float],
) -> None:
    """One shortest augmenting path; columns and rows are counted from 1, column 0 is the start."""
    width = len(owner)
    slack, came_from, used = [float("inf")] * width, [0] * width, [False] * width
    column = 0
    while owner[column]:
        used[column] = True
        row = owner[column]
        for other in range(1, width):
            if used[other]:
                continue
            reduced = costs[row - 1][other - 1] - row_potential[row] - column_potential[other]
            if reduced < slack[other]:
                slack[other], came_from[other] = reduced, column
        nearest = min(
            (other for other in range(1, width) if not used[other]), key=slack.__getitem__
        )
        delta = slack[nearest]
        for other in range(width):
            if used[other]:
                row_potential[owner[other]] += delta
                column_potential[other] -= delta
            else:
                slack[other] -= delta
        column = nearest
    while column:
        owner[column] = owner[came_from[column]]
        column = came_from[column]
