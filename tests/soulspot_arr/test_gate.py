"""Secrets are compared in one place, as the bytes that were sent."""

from __future__ import annotations

import pytest
from flask import Flask

from soulspot_arr import gate
from tests.soulspot_arr.workshop import Bench

APP = Flask("gate")


@pytest.mark.parametrize(
    ("given", "known", "fits"),
    [
        ("secret", "secret", True),
        ("secre", "secret", False),
        ("Secret", "secret", False),
        ("secret ", "secret", False),
        ("schlüssel", "schlüssel", True),
        ("schlu\u0308ssel", "schlüssel", False),  # another spelling is another secret
        ("\udcfc", "ü", False),
        ("", "", False),
        ("anything", "", False),
        ("", "secret", False),
    ],
)
def test_only_the_same_secret_fits(given: str, known: str, fits: bool) -> None:
    """And an empty one lets nobody in."""
    assert gate.same(given, known) is fits


@pytest.mark.parametrize("sent", ["plain", "schlüssel", "鍵 🎵"])
def test_a_header_is_read_as_it_was_sent(sent: str) -> None:
    """A client that sends UTF-8 is understood; a missing header is empty."""
    raw = sent.encode().decode("latin-1")
    with APP.test_request_context("/", environ_base={"HTTP_X_API_KEY": raw}):
        assert gate.header("X-Api-Key") == sent
        assert gate.header("X-Hook-Secret") == ""


def test_a_header_that_is_no_text_fits_nothing() -> None:
    """And breaks nothing."""
    with APP.test_request_context("/", environ_base={"HTTP_X_API_KEY": "\xfc\xff"}):
        shown = gate.header("X-Api-Key")
    assert not gate.same(shown, "üÿ")
    assert not gate.same(shown, "\ufffd\ufffd")


def test_the_key_is_the_setting(bench: Bench) -> None:
    """Also the moment after it was changed."""
    key = bench.settings.get("auth.api_key")
    assert gate.is_key(key, bench.settings)
    bench.settings.patch({"auth.api_key": "another-key"})
    assert not gate.is_key(key, bench.settings)
    assert gate.is_key("another-key", bench.settings)
