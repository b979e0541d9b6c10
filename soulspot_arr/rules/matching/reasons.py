"""Why a candidate is or is not the album, in sentences for people, the weightiest first.

Out of what was measured, never out of what was decided: a sentence names tracks, seconds and
names. Nothing here changes a verdict.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import chain, islice
from statistics import median

from soulspot_arr.rules.matching.align import SAME, Pair
from soulspot_arr.rules.matching.candidates import Candidate
from soulspot_arr.rules.matching.editions import Fit, Glance
from soulspot_arr.rules.matching.features import BY_SIZE
from soulspot_arr.rules.matching.testimony import Claim, Names
from soulspot_arr.wanted import Edition, WantedTrack

MOST = 3
"""Sentences that are worth reading."""
_NAMED = 5  # tracks that a sentence lists
_UNLIKE = 0.7


def against(candidate: Candidate, names: Names, fit: Fit | None) -> tuple[str, ...]:
    """What speaks against it, at most three sentences."""
    return tuple(islice(chain(_by_tracks(candidate, fit), _by_names(candidate, names)), MOST))


def in_favour(names: Names, fit: Fit) -> tuple[str, ...]:
    """What speaks for it, at most three sentences."""
    return tuple(_agreements(names, fit))[:MOST]


def incomplete(fit: Fit) -> Iterator[str]:
    """Which tracks have another length, and which have no file at all."""
    alignment, tracks = fit.alignment, fit.edition.tracks
    strayed = {pair.track for pair in alignment.strayed}
    if strayed:
        yield _stray(alignment.strayed, alignment.tracks)
    titles = [tracks[at].title for at in alignment.missing if at not in strayed]
    if titles:
        yield f"{len(titles)} of {alignment.tracks} tracks missing: {_listed(titles)}"


def misfit(candidate: Candidate, seen: Glance) -> str:
    """Why a glance was enough."""
    if not seen.named:
        return f'another album: "{candidate.name}"'
    if not seen.misfits:
        return f'no edition fits: "{candidate.name}", {len(candidate.raws)} files'
    text = f"at least {seen.misfits} of {seen.tracks} tracks have another length"
    if abs(seen.longer) < 1:
        return text
    kind = "longer: a live version?" if seen.longer > 0 else "shorter: an edited version?"
    return f"{text}, the whole is {abs(seen.longer):.0f} s {kind}"


def other_edition(fit: Fit, chosen: Edition | None) -> str:
    """Only an edition that Lidarr would not import."""
    text = f"only fits another edition: {_called(fit.edition)}"
    return f"{text}; Lidarr wants {_called(chosen)}" if chosen is not None else text


def _by_tracks(candidate: Candidate, fit: Fit | None) -> Iterator[str]:
    if fit is None:
        return
    alignment, tracks = fit.alignment, fit.edition.tracks
    yield from incomplete(fit)
    yield from _unlike(candidate, alignment.pairs, tracks)
    loose = [pair.gap for pair in alignment.pairs if pair.gap is not None and abs(pair.gap) > SAME]
    if loose:
        yield (
            f"{len(loose)} of {alignment.tracks} tracks differ by up to "
            f"{max(map(abs, loose)):.0f} s: another master or another recording?"
        )
    if alignment.pairs and all(pair.gap is None for pair in alignment.pairs):
        yield "no lengths to compare"


def _stray(strayed: Sequence[Pair], tracks: int) -> str:
    """The same titles with other lengths."""
    gaps = [pair.gap for pair in {pair.track: pair for pair in strayed}.values() if pair.gap]
    start = f"{len(gaps)} of {tracks} tracks {'is' if len(gaps) == 1 else 'are'}"
    if all(gap > 0 for gap in gaps):
        return f"{start} {median(gaps):.0f} s longer: a live version?"
    if all(gap < 0 for gap in gaps):
        return f"{start} {-median(gaps):.0f} s shorter: an edited version?"
    low, high = min(map(abs, gaps)), max(map(abs, gaps))
    return f"{start} {low:.0f} to {high:.0f} s longer or shorter: another recording?"


def _unlike(
    candidate: Candidate, pairs: Sequence[Pair], tracks: Sequence[WantedTrack]
) -> Iterator[str]:
    unlike = [pair for pair in pairs if pair.title is not None and pair.title < _UNLIKE]
    if unlike:
        worst = min(unlike, key=lambda pair: pair.title or 0.0)
        called = candidate.files[worst.file].title
        yield (
            f"{len(unlike)} of {len(tracks)} titles do not agree: "
            f'"{called}" is hardly "{tracks[worst.track].title}"'
        )


def _by_names(candidate: Candidate, names: Names) -> Iterator[str]:
    if names.claim is Claim.NOBODY:
        yield "the artist is named nowhere"
    elif names.claim is not Claim.ITSELF:
        artist = candidate.reading.artist or candidate.by
        yield f'another name where the artist should be: "{artist}"'
    if names.unnamed:
        yield "the folder names no album"
    elif not names.named:
        yield f'another album: "{candidate.reading.album or candidate.name}"'
    if names.lacking:
        yield f"not called {', '.join(sorted(names.lacking))} as the album is"


def _agreements(names: Names, fit: Fit) -> Iterator[str]:
    alignment = fit.alignment
    timed = [pair for pair in alignment.pairs if pair.gap is not None]
    same = BY_SIZE if alignment.by_size else SAME
    close = sum(abs(pair.gap or 0.0) <= same for pair in timed)
    how = "title" if alignment.pairs and fit.features.titles >= 0.9 else "number"
    if not timed:
        yield f"{len(alignment.pairs)} of {alignment.tracks} tracks agree in {how}"
    else:
        what = "size" if alignment.by_size else "length"
        yield f"{close} of {alignment.tracks} tracks agree in {how} and {what}"
    yield f"fits {_called(fit.edition)}"
    for at in sorted(fit.tracks.corrected):
        told, found = fit.edition.tracks[at], fit.tracks.seconds[at]
        yield f'"{told.title}" is {found:.0f} s long at several peers, not {told.seconds:.0f}'
    if fit.features.agreement:
        others = f"{fit.features.agreement:.0f} other peers have"
        yield f"{'1 other peer has' if others.startswith('1 ') else others} the same recording"
    if alignment.extras:
        more = "1 other file is" if alignment.extras == 1 else f"{alignment.extras} other files are"
        yield f"{more} left where {'it is' if alignment.extras == 1 else 'they are'}"
    if names.named:
        yield "artist and album are named" if names.claim is Claim.ITSELF else "the album is named"


def _called(edition: Edition) -> str:
    notes = [edition.disambiguation, edition.country, str(edition.year or "")]
    notes.append(f"{len(edition.tracks)} tracks")
    return f'"{edition.title}" ({", ".join(note for note in notes if note)})'


def _listed(titles: Sequence[str]) -> str:
    shown = ", ".join(f'"{title}"' for title in titles[:_NAMED])
    return f"{shown} and {len(titles) - _NAMED} more" if len(titles) > _NAMED else shown
