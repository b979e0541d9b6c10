"""`simulate-lidarr`: serve a simulated Lidarr until told to stop.

Prints what a person needs to connect to it; does nothing else.
"""

from __future__ import annotations

import argparse
import json
import signal
import threading
from pathlib import Path

from soulspot_arr.demo.lidarr.core import DoubleOptions
from soulspot_arr.demo.lidarr.double import LidarrDouble
from soulspot_arr.errors import ConfigError


def options_of(arguments: argparse.Namespace) -> DoubleOptions:
    """Options out of what `add_arguments` defined."""
    data = Path(arguments.data_dir).absolute()
    root = Path(arguments.root_folder).absolute() if arguments.root_folder else data / "music"
    base = str(arguments.url_base).strip("/")
    return DoubleOptions(
        root_folder=root,
        host=arguments.host,
        port=arguments.port,
        api_key=arguments.api_key,
        url_base=f"/{base}" if base else "",
        data_dir=data,
        version=arguments.version_shown,
        time_scale=arguments.time_scale,
        rename=arguments.rename,
    )


def fill(double: LidarrDouble, path: Path) -> None:
    """Add the artists of a file, once; ConfigError when it cannot be read."""
    core = double.life.core
    if len(core.library.artists):
        return
    try:
        artists = json.loads(path.read_text(encoding="utf-8"))
        for spec in artists:
            core.library.add_artist(spec, core.root_folders[0])
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise ConfigError(f"{path} is no list of artists: {error}") from error


def banner(double: LidarrDouble) -> str:
    """The lines printed at start; the first one is meant for programs."""
    options, core = double.options, double.life.core
    return "\n".join(
        [
            f"simulated Lidarr {core.version} listening on {double.url}",
            f"  API key    {double.api_key}",
            f"  library    {', '.join(core.root_folders)}",
            f"  albums     {len(core.library.albums)}",
            f"  time       x{options.time_scale:g}",
            f"  control    {double.url.removesuffix(options.url_base)}/__sim__/state",
            "Press Ctrl+C to stop.",
        ]
    )


def run(arguments: argparse.Namespace) -> int:
    """Serve until SIGINT or SIGTERM; 0, or 1 when the address is taken."""
    options = options_of(arguments)
    double = LidarrDouble(options)
    if arguments.library:
        fill(double, Path(arguments.library))
    try:
        double.start()
    except OSError as error:
        print(f"cannot listen on {options.host}:{options.port}: {error}", flush=True)
        return 1
    stop = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: stop.set())
    print(banner(double), flush=True)
    stop.wait()
    double.stop()
    return 0
