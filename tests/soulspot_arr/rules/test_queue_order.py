"""Where grabs stand after some were moved: a table, and what holds for any queue and any move."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from soulspot_arr.rules.queue_order import Place, changes, in_order, moved


def queue_of(text: str) -> list[Place]:
    """`a1 b0` is two grabs in this order, with priorities 1 and 0."""
    return [
        Place(ord(word[0]), int(word[1:]), position)
        for position, word in enumerate(text.split(), start=1)
    ]


def shown(queue: list[Place]) -> str:
    """The same the other way round."""
    return " ".join(f"{chr(place.id)}{place.priority}" for place in queue)


@pytest.mark.parametrize(
    ("before", "who", "index", "after"),
    [
        pytest.param("a0 b0 c0", "c", 0, "c0 a0 b0", id="to the front"),
        pytest.param("a0 b0 c0", "a", 2, "b0 c0 a0", id="to the end"),
        pytest.param("a0 b0 c0", "a", 99, "b0 c0 a0", id="beyond the end"),
        pytest.param("a0 b0 c0", "c", -9, "c0 a0 b0", id="before the front"),
        pytest.param("a0 b0 c0", "b", 1, "a0 b0 c0", id="where it is"),
        pytest.param("a0", "a", 5, "a0", id="alone"),
        pytest.param("a0 b0", "x", 0, "a0 b0", id="unknown"),
        pytest.param("", "x", 0, "", id="empty"),
        pytest.param("a1 b0 c-1", "c", 0, "c1 a1 b0", id="takes what stands behind it"),
        pytest.param("a1 b0 c-1", "a", 2, "b0 c-1 a-1", id="takes what stands before it"),
        pytest.param("a1 b1 c0", "a", 1, "b1 a1 c0", id="keeps its own where it fits"),
        pytest.param("a1 b0 c0", "c", 1, "a1 c0 b0", id="keeps its own at the border"),
        pytest.param("a1 b-1 c0", "c", 1, "a1 c0 b-1", id="between two others"),
        pytest.param("a2 b0", "b", 0, "a2 b0", id="not before a forced one"),
        pytest.param("a2 b2 c1 d0", "d", 1, "a2 b2 d1 c1", id="high at most"),
        pytest.param("a2 b2 c0", "b", 0, "b2 a2 c0", id="forced among forced"),
        pytest.param("a2 b2 c0", "bc", 0, "a2 b2 c0", id="one of two is not forced"),
        pytest.param("a0 b0 c0 d0", "db", 0, "d0 b0 a0 c0", id="two together"),
        pytest.param("a0 b0 c0 d0", "ac", 1, "b0 a0 c0 d0", id="two into the middle"),
        pytest.param("a0 b1 c-1", "cb", 1, "a0 c-1 b-1", id="two that would cross"),
        pytest.param("a0 b0", "ba", 0, "b0 a0", id="everybody"),
        pytest.param("a0 b0", "bb", 0, "b0 a0", id="named twice"),
    ],
)
def test_moved(before: str, who: str, index: int, after: str) -> None:
    """The place counts among those who stay, and priorities never rise towards the end."""
    start = in_order(queue_of(before))
    assert shown(moved(start, [ord(name) for name in who], index)) == after


@pytest.mark.parametrize(
    ("index", "after"),
    [(0, "a2 c1 b1 d0"), (1, "a2 c1 b1 d0"), (2, "a2 b1 c1 d0"), (9, "a2 b1 c1 d0")],
)
def test_moved_among_its_own_priority(index: int, after: str) -> None:
    """Who was just given a priority keeps it, whatever place was asked for."""
    start = queue_of("a2 b1 c1 d0")
    assert shown(moved(start, [ord("c")], index, keep_priority=True)) == after


def test_nobody_is_forced_by_the_one_that_leads_him() -> None:
    """A forced grab and a calm one are moved together: behind all who are forced."""
    start = queue_of("a2 b2 c0")
    order = [ord("b"), ord("c")]
    assert shown(moved(start, order, 0, keep_priority=True)) == "a2 b2 c0"


def test_only_those_in_between_are_written() -> None:
    """Two neighbours in a queue of a thousand change places: two rows."""
    start = [Place(number, 0, number) for number in range(1000)]
    assert {place.id for place in changes(start, moved(start, [500], 501))} == {500, 501}


places = st.lists(st.tuples(st.integers(-1, 2), st.integers(0, 6)), min_size=1, max_size=12).map(
    lambda rows: [Place(number, *row) for number, row in enumerate(rows)]
)


@given(
    queue=places,
    ids=st.lists(st.integers(0, 14), max_size=4),
    index=st.integers(-2, 15),
    keep=st.booleans(),
)
def test_a_moved_queue_is_a_queue(
    queue: list[Place], ids: list[int], index: int, keep: bool
) -> None:
    """Nobody is lost, no two share a place, the others keep their order and their priorities."""
    after = moved(queue, ids, index, keep_priority=keep)
    assert sorted(place.id for place in after) == sorted(place.id for place in queue)
    assert in_order(after) == after
    others = [place.id for place in in_order(queue) if place.id not in ids]
    assert [place.id for place in after if place.id not in ids] == others
    old = {place.id: place for place in queue}
    assert all(place.priority == old[place.id].priority for place in after if place.id not in ids)
    chosen = list(dict.fromkeys(each for each in ids if each in old))
    if not chosen:
        return
    assert len({place.position for place in after}) == len(after)
    at = [place.id for place in after].index(chosen[0])
    assert [place.id for place in after][at : at + len(chosen)] == chosen
    assert all(place.priority < 2 for place in after if old[place.id].priority < 2)
    if not keep:
        forced = [each for each in others if old[each].priority == 2]
        calm = any(old[each].priority < 2 for each in chosen)
        assert at == max(len(forced) if calm else 0, min(index, len(others)))
    elif len(chosen) == 1:
        assert after[at].priority == old[chosen[0]].priority
