"""Values of other programs' answers: what is sure is taken, everything else is unknown."""

from __future__ import annotations

import pytest

from soulspot_arr.catalogue import fields


@pytest.mark.parametrize(
    ("value", "read"),
    [
        (" Airbag ", "Airbag"),
        ("a\0b", "ab"),
        ("a\ud800b", "ab"),
        ("x" * 900, "x" * 500),
        (None, ""),
        (5, ""),
        (["a"], ""),
    ],
)
def test_texts(value: object, read: str) -> None:
    """Whatever comes out can be kept by PostgreSQL."""
    assert fields.text(value) == read


@pytest.mark.parametrize(
    ("value", "read"),
    [("b1392450-e666-3926-a536-22c65f834433",) * 2, ("x" * 65, ""), ("a\nb", ""), (7, "")],
)
def test_identities(value: object, read: str) -> None:
    """An id fits its column or is none; half of one would be another id."""
    assert fields.identity(value) == read


@pytest.mark.parametrize(
    ("value", "read"),
    [
        (284_000, 284.0),
        ("284000", 284.0),
        (284_000.5, 284.0005),
        (0, None),
        (-5, None),
        ("", None),
        ("long", None),
        (True, None),
        (None, None),
        ([1], None),
        (float("nan"), None),
        (float("inf"), None),
        (10**400, None),
        (86_400_001, None),
    ],
)
def test_lengths(value: object, read: float | None) -> None:
    """Zero is unknown, and no track lasts longer than a day."""
    assert fields.seconds(value) == read


@pytest.mark.parametrize(
    ("value", "read"),
    [(1, 1), ("12", 12), ("A1", None), (0, None), (-1, None), (2**40, None), (True, None)],
)
def test_counts(value: object, read: int | None) -> None:
    """Numbers from 1 on that fit a column."""
    assert fields.count(value) == read


@pytest.mark.parametrize(
    ("value", "read"),
    [
        ("1997-06-16T00:00:00Z", 1997),
        ("1997", 1997),
        ("0001-01-01T00:00:00Z", None),
        ("", None),
        ("soon", None),
        ("١٩٩٧", None),
        (1997, None),
    ],
)
def test_years(value: object, read: int | None) -> None:
    """Lidarr writes year 1 for an unknown date."""
    assert fields.year(value) == read


def test_lists_hold_what_they_should() -> None:
    """Strays in a list are passed over, and what is no list is empty."""
    assert fields.rows([{"a": 1}, None, "x", [2]]) == [{"a": 1}]
    assert fields.rows({"a": 1}) == []
    assert fields.texts(["a", " ", 5, None, "b"]) == ("a", "b")
    assert fields.texts("ab") == ()
    assert fields.row(["a"]) == {}


def test_other_names_are_each_there_once() -> None:
    """Spelled alike is the same; the known name is none of them."""
    assert fields.others(("B", "b", "", "A", "C"), "a") == ("B", "C")
