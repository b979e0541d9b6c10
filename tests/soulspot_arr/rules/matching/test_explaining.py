"""Explanations as documents: what they hold, how two become one, how large they get."""

from __future__ import annotations

import json
from typing import Any

import pytest

from soulspot_arr.domain import Quality
from soulspot_arr.rules import matching
from soulspot_arr.rules.matching import explaining
from tests.soulspot_arr.rules.shares import RADIOHEAD, folder


def entry(peer: str, identity: float = 0.5, *, verdict: int = 3, **more: Any) -> dict[str, Any]:
    """An offer as it is kept."""
    return {
        "peer": peer, "folder": "f", "part": [], "format": "FLAC", "identity": identity,
        "standing": [verdict, -identity], "map": [1], **more,
    }  # fmt: skip


@pytest.mark.parametrize(
    ("quality", "words"),
    [
        (Quality("FLAC", bit_depth=16, sample_rate=44_100), "FLAC 16/44.1"),
        (Quality("FLAC", bit_depth=24, sample_rate=96_000), "FLAC 24/96"),
        (Quality("FLAC", bit_depth=24), "FLAC 24"),
        (Quality("FLAC"), "FLAC"),
        (Quality("MP3", bitrate=320), "MP3 320"),
        (Quality("MP3", bitrate=245, vbr=True), "MP3 V 245"),
        (Quality("OPUS"), "OPUS"),
        (None, "mixed or unknown"),
    ],
)
def test_a_format_in_a_few_words(quality: Quality | None, words: str) -> None:
    """For people; the title has words of its own."""
    assert explaining.described(quality) == words


def explain(*folders: Any) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    """The documents of an answer without a catalogue."""
    judged = matching.appraise(RADIOHEAD, matching.group(folders))
    return explaining.explained(judged, matching.select(judged, per_quality=1, alternates=1))


def test_each_offer_has_its_verdict() -> None:
    """Shown, ready to replace it, as good but not needed, refused: in this order."""
    album = r"Music\Radiohead\OK Computer (1997) [FLAC]"
    shares = [folder(album, peer=peer) for peer in ("ann", "ben", "cleo")]
    offers, others = explain(*shares, folder(r"Music\Radiohead\Kid A (2000)", peer="dan"))
    assert [offer["verdict"] for offer in offers] == ["offered", "alternate", "spare", "refused"]
    assert offers[-1]["reasons"]
    assert others == []


def test_it_is_json_and_small() -> None:
    """Two hundred offers of forty files: the best fifty, the rest counted."""
    shares = [
        folder(rf"Music\Radiohead\OK Computer (1997) {number}", 40, peer=f"peer{number}")
        for number in range(200)
    ]
    offers, others = explain(*shares)
    assert len(offers) == explaining.MOST_OFFERS == 50
    assert sum(entry["count"] for entry in others) == 150
    assert len(json.dumps([offers, others])) < 100_000


def test_later_looks_replace_earlier_ones() -> None:
    """Of one offer the last verdict counts; the order is that of the standings."""
    older = [entry("ann", 0.9), entry("ben", 0.4)]
    newer = [entry("ben", 0.95, verdict=0), entry("cleo", 0.2)]
    assert [found["peer"] for found in explaining.merged(older, newer)] == ["ben", "ann", "cleo"]


def test_merged_lists_stay_small() -> None:
    """Fifty offers, ten maps."""
    merged = explaining.merged(
        [entry(f"a{n}", n / 100) for n in range(50)], [entry(f"b{n}", n / 100) for n in range(50)]
    )
    assert len(merged) == 50
    assert sum(bool(found["map"]) for found in merged) == 10


def test_counted_reasons_are_not_counted_twice() -> None:
    """What is remembered of the first answer is judged again with the second."""
    older = [{"reason": "another album", "count": 20, "example": "x"}]
    newer = [
        {"reason": "another artist", "count": 3, "example": "y"},
        {"reason": "another album", "count": 25, "example": "z"},
    ]
    assert [(e["reason"], e["count"]) for e in explaining.counted_together(older, newer)] == [
        ("another album", 25),
        ("another artist", 3),
    ]
