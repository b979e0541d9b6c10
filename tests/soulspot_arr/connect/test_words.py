"""What a person reads."""

from __future__ import annotations

import pytest

from soulspot_arr.connect import command, words
from soulspot_arr.connect.entries import NOT_YET, Kind
from soulspot_arr.connect.plan import Action, Change, Step
from tests.soulspot_arr.connect.conftest import Bureau


@pytest.mark.parametrize(
    ("name", "value", "expected"),
    [
        ("enable", True, "on"),
        ("enable", False, "off"),
        (".earlyReleaseLimit", None, "empty"),
        (".categories", [3000, 3040], "3000, 3040"),
        (".categories", [], "empty"),
        (".method", 2, "PUT"),
        ("downloadClientId", 0, "any"),
        ("downloadClientId", NOT_YET, "the one above"),
        ("downloadClientId", 4, "SABnzbd"),
        ("downloadClientId", 5, "number 5"),
        (".port", 8585, "8585"),
    ],
)
def test_values_are_shown_as_their_form_does(name: str, value: object, expected: str) -> None:
    """Words of the page instead of JSON."""
    assert words.value_text(name, value, {4: "SABnzbd"}) == expected


def test_a_change_shows_both_sides() -> None:
    """An entry that is there already."""
    changes = (Change("priority", 50, 1), Change(".somethingNew", "x", None))
    step = Step(Action.UPDATE, Kind.CLIENT, "slsk", {}, changes)
    assert words.step_text(step, {}).splitlines() == [
        '~ download client "slsk"',
        "      Priority                  1 -> 50",
        "      somethingNew              empty -> x",
    ]


@pytest.mark.parametrize(
    ("host", "asked", "warned"),
    [
        ("10.0.0.1", "", True),
        ("10.0.0.1", "http://10.0.0.1:8585", False),
        ("127.0.0.1", "", False),
        ("127.1.2.3", "", False),
        ("soulspot-arr", "", False),
    ],
)
def test_an_address_that_will_not_last_is_told(
    bureau: Bureau, monkeypatch: pytest.MonkeyPatch, host: str, asked: str, warned: bool
) -> None:
    """The number of a container changes, loopback never; who names an address knows what he does."""
    monkeypatch.setattr(command, "in_container", lambda: True)
    said: list[str] = []
    desk = command.Desk(bureau.services, command.Request("lidarr", address=asked), said.append)
    entry = {"fields": [{"name": "host", "value": host}]}
    desk._warn_of_number([Step(Action.CREATE, Kind.CLIENT, "slsk", entry)])
    told = "--address http://<name of the container>:8585" in "".join(said)
    assert told == warned
    assert bool(said) == warned
