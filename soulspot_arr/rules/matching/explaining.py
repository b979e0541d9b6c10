"""Why an answer is what it is, as a document that is kept and shown.

Out of verdicts that have been made; nothing here judges. The size is bounded: the best offers with
all that was measured, the file-to-track map of the very best, the rest as counted reasons.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from soulspot_arr.domain import Quality
from soulspot_arr.rules.matching import Choice, standing
from soulspot_arr.rules.matching.features import contributions
from soulspot_arr.rules.matching.verdicts import Judged
from soulspot_arr.wanted import Edition, Wanted

Entry = dict[str, Any]

MOST_OFFERS = 50
_MOST_MAPS = 10
_MOST_PAIRS = 40
_MOST_REASONS = 30
_MOST_EDITIONS = 30
_DULL = ("another album", "another artist")  # reasons that nobody asks about

OFFERED, ALTERNATE, SPARE, REFUSED = "offered", "alternate", "spare", "refused"
"""Verdicts: shown to Lidarr; ready to replace a shown one; as good, but not needed; refused."""


def explained(
    judged: Sequence[Judged], choices: Sequence[Choice]
) -> tuple[list[Entry], list[Entry]]:
    """The best offers with their verdicts, best first, and the counted reasons against the rest."""
    verdicts = _verdicts(choices)
    ordered = sorted(judged, key=lambda item: _place(item, verdicts))
    listed, rest = ordered[:MOST_OFFERS], ordered[MOST_OFFERS:]
    offers = [_offer(item, verdicts, mapped=at < _MOST_MAPS) for at, item in enumerate(listed)]
    return offers, _counted(rest)


def merged(older: Sequence[Entry], newer: Sequence[Entry]) -> list[Entry]:
    """Two lists of offers as one: what was seen again is as it was seen last."""
    found = {_identity_of(entry): entry for entry in (*older, *newer)}
    kept = sorted(found.values(), key=lambda entry: entry["standing"])[:MOST_OFFERS]
    for entry in kept[_MOST_MAPS:]:
        entry["map"] = []
    return kept


def counted_together(older: Sequence[Entry], newer: Sequence[Entry]) -> list[Entry]:
    """Two lists of counted reasons as one; both may have counted the same offers."""
    total: dict[str, Entry] = {}
    for entry in (*older, *newer):
        known = total.setdefault(entry["reason"], dict(entry))
        known["count"] = max(known["count"], entry["count"])
    return sorted(total.values(), key=lambda entry: -int(entry["count"]))[:_MOST_REASONS]


def summary(wanted: Wanted) -> Entry:
    """What the catalogue said, without the titles of the tracks."""
    return {
        "artist": wanted.artist,
        "album": wanted.album,
        "year": wanted.year,
        "disambiguation": wanted.disambiguation,
        "artist_id": wanted.artist_id,
        "album_id": wanted.album_id,
        "kind": wanted.kind,
        "styles": sorted(wanted.styles),
        "aliases": list(wanted.aliases[:_MOST_EDITIONS]),
        "titles": list(wanted.titles[:_MOST_EDITIONS]),
        "any_edition": wanted.any_edition,
        "editions": [_edition(edition) for edition in wanted.editions[:_MOST_EDITIONS]],
    }


def _verdicts(choices: Sequence[Choice]) -> dict[int, str]:
    found = {id(other): ALTERNATE for choice in choices for other in choice.alternates}
    return found | {id(choice.main): OFFERED for choice in choices}


def _verdict(item: Judged, verdicts: Mapping[int, str]) -> str:
    return verdicts.get(id(item), SPARE if item.decision.accepted else REFUSED)


_TURNS = (OFFERED, ALTERNATE, SPARE, REFUSED)


def _place(item: Judged, verdicts: Mapping[int, str]) -> tuple[float, ...]:
    turn = _TURNS.index(_verdict(item, verdicts))
    if turn < _TURNS.index(REFUSED):
        return (turn, *standing(item))
    return (turn, -item.decision.identity, any(r.startswith(_DULL) for r in item.reasons))


def _offer(item: Judged, verdicts: Mapping[int, str], *, mapped: bool) -> Entry:
    candidate, decision = item.candidate, item.decision
    return {
        "peer": candidate.peer,
        "folder": candidate.root,
        "part": list(candidate.part),
        "files": len(candidate.raws),
        "size": candidate.size,
        "format": described(candidate.quality),
        "verdict": _verdict(item, verdicts),
        "identity": decision.identity,
        "quality": decision.quality,
        "utility": round(decision.utility, 3),
        "reasons": list(item.reasons),
        "edition": _edition(item.edition) if item.edition is not None else None,
        "features": _features(item),
        "map": _map(item) if mapped else [],
        "standing": list(_place(item, verdicts)),
    }


def _identity_of(entry: Mapping[str, Any]) -> tuple[object, ...]:
    return entry["peer"], entry["folder"], tuple(entry["part"]), entry["format"]


def described(quality: Quality | None) -> str:
    """A format in a few words: "FLAC 24/96", "MP3 320", "MP3 V 245"."""
    if quality is None:
        return "mixed or unknown"
    if quality.lossless:
        rate = f"/{quality.sample_rate / 1000:g}" if quality.sample_rate else ""
        return f"{quality.codec} {quality.bit_depth}{rate}" if quality.bit_depth else quality.codec
    rate = f" {quality.bitrate}" if quality.bitrate else ""
    return f"{quality.codec}{' V' if quality.vbr else ''}{rate}"


def _edition(edition: Edition) -> Entry:
    return {
        "id": edition.id,
        "title": edition.title,
        "disambiguation": edition.disambiguation,
        "country": edition.country,
        "year": edition.year,
        "discs": edition.discs,
        "tracks": len(edition.tracks),
        "monitored": edition.monitored,
    }


def _features(item: Judged) -> list[Entry]:
    """What speaks for and against it in numbers; what adds nothing is left out."""
    if item.features is None:
        return []
    return [
        {"name": name, "value": round(float(getattr(item.features, name)), 3), "adds": adds}
        for name, adds in contributions(item.features).items()
        if adds
    ]


def _map(item: Judged) -> list[Entry]:
    if item.alignment is None or item.edition is None:
        return []
    tracks, files = item.edition.tracks, item.candidate.files
    found = []
    for pair in item.alignment.pairs[:_MOST_PAIRS]:
        track = tracks[pair.track]
        found.append(
            {
                "file": _name(files[pair.file].raw.path),
                "disc": track.disc,
                "number": track.number,
                "track": track.title,
                "gap": None if pair.gap is None else round(pair.gap, 1),
                "likeness": None if pair.title is None else round(pair.title, 2),
            }
        )
    return found


def _name(path: str) -> str:
    return path[max(path.rfind("\\"), path.rfind("/")) + 1 :]


def _counted(rest: Sequence[Judged]) -> list[Entry]:
    """How many were refused for which kind of reason, each with an example."""
    found: dict[str, Entry] = {}
    for item in rest:
        reason = next(iter(item.reasons), "as good as those shown")
        kind = reason.partition(":")[0]
        known = found.setdefault(kind, {"reason": kind, "count": 0, "example": reason})
        known["count"] += 1
    return sorted(found.values(), key=lambda entry: -int(entry["count"]))[:_MOST_REASONS]
