"""Which files are asked for now, and under which key: tables over pure functions."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from dataclasses import replace

import pytest

from soulspot_arr.dispatch import BATCH_FILES, Batch, Waiting, plan
from soulspot_arr.domain import OfferFile


def waiting(*files: tuple[int, str, str], disc: int = 0, offer_index: int = 0) -> list[Waiting]:
    """Waiting files given as (grab id, peer, path)."""
    return [
        Waiting(
            id=number,
            grab_id=grab,
            nzo_id=f"nzo{grab}",
            offer_index=offer_index,
            disc=disc,
            peer=peer,
            path=path,
            attempts=0,
            file=OfferFile(path, path, 10, disc),
        )
        for number, (grab, peer, path) in enumerate(files)
    ]


def shown(batches: Sequence[Batch]) -> list[str]:
    """Batches as `peer: path path`."""
    return [f"{batch.peer}: {' '.join(file.path for file in batch.files)}" for batch in batches]


Row = tuple[int, str, str]


@pytest.mark.parametrize(
    ("files", "live", "limits", "expected"),
    [
        pytest.param([], [], {}, [], id="nothing"),
        pytest.param([(1, "a", "x"), (1, "a", "y")], [], {}, ["a: x y"], id="one album"),
        pytest.param(
            [(1, "a", "x"), (2, "a", "y"), (3, "b", "z")], [], {}, ["a: x", "b: z"], id="one-a-peer"
        ),
        pytest.param([(2, "a", "y")], [(1, "a", "x")], {}, [], id="peer serves another album"),
        pytest.param([(1, "a", "y")], [(1, "a", "x")], {}, ["a: y"], id="peer serves this album"),
        pytest.param(
            [(2, "a", "y")], [(1, "a", "x")], {"max_per_peer": 2}, ["a: y"], id="two albums allowed"
        ),
        pytest.param([(1, "a", "x"), (1, "a", "y")], [], {"max_active": 1}, ["a: x"], id="slots"),
        pytest.param(
            [(1, "a", "x")], [(9, "b", "p"), (9, "b", "q")], {"max_active": 2}, [], id="slots taken"
        ),
        pytest.param(
            [(2, "a", "x")], [(1, "a", "x")], {"max_per_peer": 2}, [], id="same file live"
        ),
        pytest.param(
            [(1, "a", "x"), (2, "a", "x")], [], {"max_per_peer": 2}, ["a: x"], id="same file twice"
        ),
        pytest.param([(1, "a", "x"), (2, "b", "x")], [], {}, ["a: x", "b: x"], id="another peer's"),
    ],
)
def test_plan(
    files: list[Row], live: list[Row], limits: dict[str, int], expected: list[str]
) -> None:
    """One album a peer at a time, within the slots, and never a file twice."""
    batches = plan(waiting(*files), live, **({"max_active": 100, "max_per_peer": 1} | limits))
    assert shown(batches) == expected


def test_plan_asks_for_each_disc_by_itself() -> None:
    """Discs land in folders of their own, so they are separate batches (slskd §6.4)."""
    discs = [
        *waiting((1, "a", "1/x"), disc=1),
        *waiting((1, "a", "2/x"), disc=2),
        *waiting((1, "a", "1/y"), disc=1),
    ]
    batches = plan(discs, [], max_active=9, max_per_peer=1)
    assert shown(batches) == ["a: 1/x 1/y", "a: 2/x"]
    places = [batch.request().destination for batch in batches]
    assert places == ["soulspot-incoming/nzo1/0/CD1", "soulspot-incoming/nzo1/0/CD2"]


def test_plan_cuts_long_albums_into_batches() -> None:
    """slskd asks for five at a time when more than 30 come in one request (slskd §5.2)."""
    files = waiting(*[(1, "a", str(number)) for number in range(70)])
    sizes = [len(batch.files) for batch in plan(files, [], max_active=99, max_per_peer=1)]
    assert sizes == [BATCH_FILES, BATCH_FILES, 10]


def test_batch_key_is_the_same_for_the_same_claim() -> None:
    """The key is a UUID that follows from the files, in any order."""
    files = waiting((1, "a", "x"), (1, "a", "y"))
    key = Batch(tuple(files)).key
    assert str(uuid.UUID(key)) == key
    assert Batch(tuple(reversed(files))).key == key


@pytest.mark.parametrize(
    "other",
    [
        {"nzo_id": "nzo2"},
        {"offer_index": 1},
        {"disc": 1},
        {"path": "z"},
        {"peer": "b"},
        {"attempts": 1},
        {"spent": "a transfer that is over"},
    ],
    ids=str,
)
def test_batch_key_is_fresh_for_anything_else(other: dict[str, int | str]) -> None:
    """Another grab, offer, disc, peer, file or attempt is another request."""
    (file,) = waiting((1, "a", "x"))
    changed: Waiting = replace(file, **other)  # type: ignore[arg-type]
    assert Batch((changed,)).key != Batch((file,)).key


def test_batch_key_is_fresh_when_any_of_its_files_failed_again() -> None:
    """A second attempt of one file and then of its neighbour are two different requests."""
    first, second = waiting((1, "a", "x"), (1, "a", "y"))
    one = Batch((first, replace(second, attempts=1))).key
    both = Batch((replace(first, attempts=1), replace(second, attempts=1))).key
    assert one != both
