"""Parameters as both emulations read them; keys and links are tested over HTTP."""

from __future__ import annotations

import pytest
from flask import Flask

from arr_compat import access

APP = Flask("parameters")


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("0", 0),
        ("60", 60),
        (" 7 ", 7),
        ("-1", -1),
        ("-100", -100),
        ("99999999999", 99_999_999_999),
        ("999999999999", 5),
        ("9" * 5000, 5),
        ("", 5),
        ("-", 5),
        ("--5", 5),
        ("+5", 5),
        ("1.5", 5),
        ("1e3", 5),
        ("0x10", 5),
        ("1_000", 5),
        ("٣", 5),  # a digit to Python, not to a database
        ("²", 5),
        ("- 5", 5),
        ("High", 5),
    ],
)
def test_whole_numbers_only(text: str, number: int) -> None:
    """Anything else is the default, which is 5 here."""
    assert access.whole(text, 5) == number


@pytest.mark.parametrize(
    ("text", "kept"),
    [
        ("music", "music"),
        ("  music  ", "music"),
        ("Vinyl  Rips", "Vinyl  Rips"),
        ("a\tb\nc\x00d\x1fe", "a b c d e"),
        ("\x00\x01", ""),
        ("Björk 雨 🎵", "Björk 雨 🎵"),
        ("eleven sign and more", "eleven sign"),  # cut at twelve and trimmed again
        ("\u202eevil\u200b", "evil"),
        ("x" * 50, "x" * 12),
    ],
)
def test_a_line_is_printable_and_short(text: str, kept: str) -> None:
    """What is sent ends up in folder names, logs and JSON; case and inner blanks stay."""
    assert access.line(text, 12) == kept


@pytest.mark.parametrize(
    ("query", "names"),
    [
        ("cat=a,b", ["a", "b"]),
        ("cat=a,,%20b%20,", ["a", "b"]),
        ("category=c", ["c"]),
        ("cat=a&category=c", ["a"]),
        ("cat=&category=c", ["c"]),
        ("cat=%00,a%00b", ["a b"]),
        ("", []),
    ],
)
def test_names_come_from_the_first_parameter_that_is_given(query: str, names: list[str]) -> None:
    """Comma separated, trimmed, empties dropped (contract sabnzbd §1.3)."""
    with APP.test_request_context(f"/?{query}"):
        assert access.names("cat", "category") == names


def test_a_list_has_an_end() -> None:
    """A database takes only so many values in one question."""
    with APP.test_request_context("/", method="POST", data={"value": "id," * 100_000}):
        assert len(access.names("value")) == 5_000


def test_the_query_comes_before_the_body_and_the_first_value_before_others() -> None:
    """As SABnzbd merges them (contract sabnzbd §1.1)."""
    with APP.test_request_context("/?mode=a&mode=b", method="POST", data={"mode": "c", "x": "1"}):
        assert access.parameter("mode") == "a"
        assert access.parameter("x") == "1"
        assert access.parameter("nothing", "default") == "default"
        assert access.number("x") == 1


@pytest.mark.parametrize(("query", "asked"), [("t=", True), ("t=caps", True), ("mode=t", False)])
def test_a_parameter_counts_as_asked_when_it_is_named(query: str, asked: bool) -> None:
    """Whatever its value."""
    with APP.test_request_context(f"/?{query}"):
        assert access.asked("t") is asked
