"""How the demo is to be played, and the command line that says so. Cheap to import."""

from __future__ import annotations

import argparse
import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

CALM_SCALE = 4.0
FAST_SCALE = 20.0


@dataclass(frozen=True, slots=True)
class DemoOptions:
    """One performance; `environ` is what the two programs inherit."""

    keep: bool = False
    faults: bool = False
    data_dir: Path | None = None
    profile: str = "0.26"
    time_scale: float = CALM_SCALE
    environ: Mapping[str, str] = field(default_factory=dict, repr=False)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Define the command's own arguments."""
    parser.add_argument(
        "--keep", action="store_true", help="leave everything running afterwards, until Ctrl-C"
    )
    parser.add_argument(
        "--faults",
        action="store_true",
        help="instead: an album whose peer vanishes in the middle, and arrives all the same",
    )
    parser.add_argument(
        "--data-dir", type=Path, metavar="DIR", help="where everything goes (default: a new folder)"
    )
    parser.add_argument(
        "--profile", default="0.26", help="version of slskd to simulate (default: %(default)s)"
    )
    speed = parser.add_mutually_exclusive_group()
    speed.add_argument("--fast", action="store_true", help="hurry, for scripts and tests")
    speed.add_argument(
        "--time-scale",
        type=_positive,
        default=CALM_SCALE,
        metavar="N",
        help="how many times faster than life the network runs (default: %(default)g)",
    )


def demo_options(
    arguments: argparse.Namespace, environ: Mapping[str, str] | None = None
) -> DemoOptions:
    """Options out of what `add_arguments` defined; without `environ` this process's own is used."""
    return DemoOptions(
        keep=bool(arguments.keep),
        faults=bool(arguments.faults),
        data_dir=arguments.data_dir,
        profile=str(arguments.profile),
        time_scale=FAST_SCALE if arguments.fast else float(arguments.time_scale),
        environ=dict(os.environ if environ is None else environ),
    )


def _positive(text: str) -> float:
    value = float(text)
    if not 0 < value < float("inf"):
        raise argparse.ArgumentTypeError("must be a number above 0")
    return value
