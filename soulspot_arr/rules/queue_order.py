"""The order of the queue: where grabs stand after some of them were moved. Pure; writes nothing.

The queue is sorted by priority, then by position. So who is put between others takes a priority that
fits between theirs, and its own is kept where it fits. Force is the exception: it asks for a grab in
quiet hours and while everything pauses, so nobody gets it by being moved.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace

from soulspot_arr.domain import Priority


@dataclass(frozen=True, slots=True)
class Place:
    """One grab in the queue: higher priority first, then the lower position."""

    id: int
    priority: int
    position: int


def in_order(queue: Collection[Place]) -> list[Place]:
    """The queue as it is worked on."""
    return sorted(queue, key=lambda place: (-place.priority, place.position, place.id))


def moved(
    queue: Sequence[Place], ids: Sequence[int], index: int, *, keep_priority: bool = False
) -> list[Place]:
    """The whole queue, in order, with these grabs together at a place and in the order given.

    `index` is the place of the first of them afterwards; one outside is the nearest end. Ids that are
    not in the queue are left out. With `keep_priority` they stay among those of their own priority.
    Who is not forced stays behind those who are.
    """
    known = {place.id: place for place in queue}
    chosen = [known[each] for each in dict.fromkeys(ids) if each in known]
    rest = [place for place in in_order(queue) if place not in chosen]
    if not chosen:
        return rest
    lowest, highest = 0, len(rest)
    if keep_priority:
        level = chosen[0].priority
        lowest = sum(place.priority > level for place in rest)
        highest = sum(place.priority >= level for place in rest)
    if any(place.priority < Priority.FORCE for place in chosen):
        lowest = max(lowest, sum(place.priority >= Priority.FORCE for place in rest))
    at = max(lowest, min(index, highest))
    fitted = _fitted(chosen, rest[:at], rest[at:])
    return _numbered([*rest[:at], *fitted, *rest[at:]])


def changes(before: Collection[Place], after: Collection[Place]) -> list[Place]:
    """Those of `after` that are not what they were: all that has to be written."""
    old = {place.id: place for place in before}
    return [place for place in after if old.get(place.id) != place]


def _fitted(
    chosen: Sequence[Place], ahead: Sequence[Place], behind: Sequence[Place]
) -> list[Place]:
    """With priorities that do not rise from one to the next, nor against their neighbours."""
    ceiling = ahead[-1].priority if ahead else None
    floor = behind[0].priority if behind else None
    fitted = []
    for place in chosen:
        level = place.priority if floor is None else max(place.priority, floor)
        level = level if ceiling is None else min(level, ceiling)
        ceiling = level
        fitted.append(replace(place, priority=level))
    return fitted


def _numbered(queue: Sequence[Place]) -> list[Place]:
    """With rising positions, the old ones used again: only those between here and there change."""
    numbered: list[Place] = []
    last: int | None = None
    for place, old in zip(queue, sorted(each.position for each in queue), strict=True):
        last = old if last is None else max(old, last + 1)
        numbered.append(replace(place, position=last))
    return numbered
