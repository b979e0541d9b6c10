"""Our paraphrase of other programs' rules does what the report on them says."""

from __future__ import annotations

from dataclasses import replace
from random import Random

import pytest

from soulspot_arr.domain import RawFile, RawFolder
from tests.bench.peer_rules import RULES, Rule
from tests.corpus.catalogue import Target, parse
from tests.corpus.media import Rip, raw

TEXT = """@ Radiohead | OK Computer | 1997 | album
Airbag | 4:44
Paranoid Android | 6:23
Subterranean Homesick Alien | 4:27
Exit Music (for a Film) | 4:24
"""


def target() -> Target:
    """Four songs of one album."""
    return parse(TEXT, stratum="mainstream", name="x.txt")[0]


def folder(path: str, *, peer: str = "p", count: int = 4, off: float = 0.0) -> RawFolder:
    """A folder of the album, or of its first songs."""
    files: list[RawFile] = []
    for track in target().first.tracks[:count]:
        name = f"{path}\\{track.number:02d} - {track.title}.flac"
        files.append(raw(name, (track.seconds or 0) + off, Rip("FLAC", 850), Random(1)))
    return RawFolder(peer, path, tuple(files), free_slot=True, speed=1_000_000)


GOOD = folder("Music\\Radiohead\\OK Computer")


@pytest.mark.parametrize("rule", RULES.values(), ids=RULES)
def test_every_rule_takes_a_plain_copy(rule: Rule) -> None:
    """Otherwise the comparison would be worth nothing."""
    pick = rule(target().wanted, [GOOD])
    assert pick is not None
    assert len(pick.files) == 4


@pytest.mark.parametrize("rule", RULES.values(), ids=RULES)
def test_no_rule_takes_something_else_altogether(rule: Rule) -> None:
    """Nor do they fall over nothing."""
    strange = RawFolder("p", "Music\\Nobody\\Nothing", (RawFile("x", "x\\x.mp3", 9),))
    assert rule(target().wanted, [strange]) is None
    assert rule(target().wanted, []) is None


@pytest.mark.parametrize(
    ("name", "takes"),
    [
        ("soularr", False),
        ("bridge", True),
        ("tubifarry", True),
        ("sldl", False),
        ("soulsync", True),
    ],
)
def test_incomplete_copies(name: str, takes: bool) -> None:
    """Counts are exact for two of them and soft or absent for the others (report §3.1)."""
    pick = RULES[name](target().wanted, [folder("Music\\Radiohead\\OK Computer", count=3)])
    assert (pick is not None) is takes


@pytest.mark.parametrize("rule", RULES.values(), ids=RULES)
def test_none_of_them_looks_at_lengths(rule: Rule) -> None:
    """A concert under the album's name is as good as the album to all of them."""
    assert rule(target().wanted, [folder("Music\\Radiohead\\OK Computer", off=40.0)]) is not None


def test_soularr_takes_the_discs_of_an_album_from_several_peers() -> None:
    """When no folder holds the whole."""
    wanted = target().wanted
    tracks = tuple(
        replace(track, disc=1 + place // 2, number=1 + place % 2)
        for place, track in enumerate(wanted.editions[0].tracks)
    )
    two = replace(wanted, editions=(replace(wanted.editions[0], tracks=tracks),))
    one = folder("A\\CD1", peer="one", count=2)
    files = tuple(
        raw(f"B\\CD2\\{track.title}.flac", 200, Rip("FLAC", 850), Random(1)) for track in tracks[2:]
    )
    other = RawFolder("two", "B\\CD2", files)
    pick = RULES["soularr"](two, [one, other])
    assert pick is not None
    assert {peer for peer, _ in pick.files} == {"one", "two"}


def test_the_bridge_takes_the_fastest_with_the_right_names() -> None:
    """Identity is left to Lidarr's reading of the title."""
    slow = replace(GOOD, speed=10)
    fast = replace(folder("Music\\Radiohead - OK Computer Live", peer="fast"), speed=9_000_000)
    pick = RULES["bridge"](target().wanted, [slow, fast])
    assert pick is not None
    assert pick.files[0][0] == "fast"
