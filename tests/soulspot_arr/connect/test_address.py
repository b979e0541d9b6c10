"""Where we are: as a form takes it apart, as people type it, and what surely means us."""

from __future__ import annotations

import pytest

from soulspot_arr.config import Config
from soulspot_arr.connect import address as address_room
from soulspot_arr.connect.address import OurAddress, candidates, homes
from soulspot_arr.errors import InvalidInput

CONFIG = Config.load({"SOULSPOT_HOST": "10.1.2.3"}, {"data_dir": "unused"}, create=False)


@pytest.mark.parametrize(
    ("typed", "expected", "url"),
    [
        ("http://soulspot-arr:8585", OurAddress("soulspot-arr", 8585), "http://soulspot-arr:8585"),
        ("soulspot-arr:8585/", OurAddress("soulspot-arr", 8585), "http://soulspot-arr:8585"),
        (
            "https://music.example.org/soulspot/newznab",
            OurAddress("music.example.org", 443, True, "/soulspot"),
            "https://music.example.org/soulspot",
        ),
        ("http://[fd00::1]:8585", OurAddress("fd00::1", 8585), "http://[fd00::1]:8585"),
        ("http://host", OurAddress("host", 80), "http://host"),
    ],
)
def test_addresses(typed: str, expected: OurAddress, url: str) -> None:
    """There and back."""
    assert OurAddress.parse(typed) == expected
    assert expected.url == url


@pytest.mark.parametrize(
    "typed", ["", "http://", "http://a b", "http://x:y", "http://u@x", "http://x?y=z"]
)
def test_what_is_no_address(typed: str) -> None:
    """The sentence shows one."""
    with pytest.raises(InvalidInput, match="http://soulspot-arr:8585"):
        OurAddress.parse(typed)


def test_the_likeliest_address_comes_first() -> None:
    """What a person has set, then the same machine, then where we listen, then the way there."""
    found = candidates(CONFIG, "https://music.example.org", "http://localhost:8686")
    assert [address.url for address in found] == [
        "https://music.example.org",
        "http://localhost:8585",
        "http://10.1.2.3:8585",
        "http://127.0.0.1:8585",
    ]


@pytest.mark.parametrize(
    ("partner", "host", "port", "base", "expected"),
    [
        ("http://127.0.0.1:8686", "localhost", 8585, "", True),
        ("http://127.0.0.1:8686", "LOCALHOST", 8585, "", True),
        ("http://127.0.0.1:8686", "localhost", 8080, "", False),
        ("http://127.0.0.1:8686", "localhost", 8585, "/other", False),
        ("http://192.0.2.7:8686", "localhost", 8585, "", False),
        ("http://192.0.2.7:8686", "soulspot-arr", 8585, "", True),
        ("http://192.0.2.7:8686", "10.1.2.3", 8585, "", True),
        ("http://192.0.2.7:8686", "10.1.2.4", 8585, "", False),
    ],
)
def test_what_surely_means_us(
    partner: str, host: str, port: int, base: str, expected: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    """On another machine `localhost` is somebody else."""
    monkeypatch.setattr(address_room, "_towards", lambda url: "")  # no way leads there from here
    address = OurAddress(host, port, base=base)
    assert address.is_home(homes(CONFIG, [], partner)) is expected
