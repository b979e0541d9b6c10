"""Suspicion of fake lossless: a spectrum that falls off a cliff where lossy encoders cut.

Pure: gets the levels of frequency bands, gives a frequency. A master that rolls off gently, a quiet
recording and a tape have no cliff; what a cliff means is a suspicion, never a proof.
"""

from __future__ import annotations

from collections.abc import Sequence
from statistics import fmean

_CLIFF = 20.0  # decibels
_LOWEST = 10_000.0
# Masters for CD are cut from about 20 kHz on as well; LAME at 320 kbit/s cuts at 20.1 kHz, at
# 256 at 19.7 kHz, at 192 at 18.6 kHz, at 128 at 16 to 17 kHz.
_HIGHEST = 19_900.0
_CD_EDGE = 24_200.0  # half of 48 kHz: above it a file of a higher rate should hold something
_NEAR, _FAR = 5, 2


def cutoff(bands: Sequence[float], rate: int) -> float | None:
    """The frequency (Hz) of the cliff; None when there is none, or none that tells anything.

    `bands` are decibels, evenly from 0 Hz to half the rate.
    """
    if len(bands) < 4 * _NEAR or rate <= 0:
        return None
    width = rate / 2 / len(bands)
    top = _CD_EDGE if rate > 50_000 else _HIGHEST
    best: tuple[float, float] | None = None
    for place in range(_NEAR, len(bands) - _FAR - 1):
        frequency = place * width
        if not _LOWEST <= frequency <= top:
            continue
        drop = fmean(bands[place - _NEAR : place]) - max(bands[place + _FAR :])
        if drop >= _CLIFF and (best is None or drop >= best[0]):
            best = (drop, frequency)
    return best[1] if best else None
