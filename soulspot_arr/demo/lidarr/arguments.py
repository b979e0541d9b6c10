"""The arguments of `simulate-lidarr`. Cheap to import: every start of the program reads it."""

from __future__ import annotations

import argparse

VERSION = "2.14.5.4836"
"""What a double says it is when nothing else is said: the version that was read for the contract."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Define the command's own arguments."""
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, default=8686)
    parser.add_argument("--api-key", default="simulated-lidarr-key")
    parser.add_argument("--url-base", default="", help="such as /lidarr")
    parser.add_argument("--data-dir", default="simulated-lidarr", help="where its state goes")
    parser.add_argument("--root-folder", help="the library (default: below the data folder)")
    parser.add_argument("--library", help="JSON file with a list of artists to begin with")
    parser.add_argument("--version-shown", default=VERSION)
    parser.add_argument("--time-scale", type=float, default=1.0, help="10 = ten times as fast")
    parser.add_argument("--rename", action="store_true", help="switch Rename Tracks on")
