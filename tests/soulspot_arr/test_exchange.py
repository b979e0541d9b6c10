"""Lists that are read entry by entry, however the network cuts them."""

from __future__ import annotations

import json
from collections.abc import Iterator

import pytest

from soulspot_arr import exchange
from soulspot_arr.exchange import entries, limited

ROWS = [{"n": n, "name": f"Ærøskøbing {n} \N{MUSICAL SYMBOL G CLEF}"} for n in range(40)]


def cut(body: bytes, size: int) -> Iterator[bytes]:
    """The body in parts of so many bytes."""
    for at in range(0, len(body), size):
        yield body[at : at + size]


@pytest.mark.parametrize("size", [1, 2, 7, 64, 100_000])
@pytest.mark.parametrize("indent", [None, 2])
def test_however_it_is_cut(size: int, indent: int | None) -> None:
    """In the middle of a letter, too."""
    body = json.dumps(ROWS, ensure_ascii=False, indent=indent).encode()
    assert entries(cut(body, size), lambda row: row) == ROWS


@pytest.mark.parametrize(
    ("body", "found"),
    [
        (b"", []),
        (b"null", []),
        (b'{"records": [{}]}', []),
        (b" [ ] ", []),
        (b'[12, "x", null, [1], {"a": 12}, true]', [{"a": 12}]),
        (b"\xef\xbb\xbf[{}]", [{}]),
    ],
)
def test_only_objects_of_a_list_count(body: bytes, found: list[object]) -> None:
    """Whatever else is there."""
    for size in (1, 100):
        assert entries(cut(body, size), lambda row: row) == found


@pytest.mark.parametrize("body", [b"[", b"[{}", b"[{} {}]", b"[{}, ", b"<html>", b"\xff", b"[{]"])
def test_what_is_no_list(body: bytes) -> None:
    """A list that was cut off is none."""
    with pytest.raises(ValueError, match=r"."):
        entries(cut(body, 1), lambda row: row)


def test_an_entry_has_a_largest_size(monkeypatch: pytest.MonkeyPatch) -> None:
    """Or one text without an end would be read into memory."""
    monkeypatch.setattr(exchange, "LARGEST_VALUE", 1_000)
    with pytest.raises(ValueError, match="without an end"):
        entries(cut(b'["' + b"x" * 100_000, 500), lambda row: row)


def test_parts_have_a_largest_size_and_an_end() -> None:
    """Both are told as an answer that does not come."""
    far = float("inf")
    assert list(limited([b"ab", b"cd"], largest=4, until=far)) == [b"ab", b"cd"]
    with pytest.raises(TimeoutError):
        list(limited([b"ab", b"cd"], largest=3, until=far))
    with pytest.raises(TimeoutError):
        list(limited([b"ab"], largest=4, until=-far))
