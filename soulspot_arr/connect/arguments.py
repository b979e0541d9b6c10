"""The options of `soulspot-arr connect` and `disconnect`. Imports nothing that takes time.

Exit status as in `docs/cli.md`: 0 done, 1 it did not work, 2 wrong usage, 78 (by way of
ConfigError) when the environment of the service contradicts.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable
from typing import TYPE_CHECKING

from soulspot_arr.errors import InvalidInput

if TYPE_CHECKING:
    from soulspot_arr.services import Services

PROGRAMS = ("lidarr", "prowlarr")
_COMMANDS = {
    "connect": "set this service up in Lidarr or Prowlarr",
    "disconnect": "take back what connect did there",
}


def add_commands(
    commands: argparse._SubParsersAction[argparse.ArgumentParser],
    boot_options: Callable[[argparse.ArgumentParser], None],
    look: Callable[[argparse.Namespace], Services],
) -> None:
    """Add both commands; `look` opens the running installation."""
    for name, words in _COMMANDS.items():
        sentence = f"{words[0].upper()}{words[1:]}."
        group = commands.add_parser(name, help=words, description=sentence)
        actions = group.add_subparsers(required=True, metavar="PROGRAM")
        for program in PROGRAMS:
            action = actions.add_parser(program, help=f"{name} {program}", description=sentence)
            _options(action, connecting=name == "connect")
            boot_options(action)
            action.set_defaults(run=_runner(program, look, connecting=name == "connect"))


def _options(parser: argparse.ArgumentParser, *, connecting: bool) -> None:
    parser.add_argument("--url", default="", help="its address, such as http://lidarr:8686")
    parser.add_argument("--api-key", default="", help="its key (Settings > General)")
    parser.add_argument("--dry-run", action="store_true", help="only show what would change")
    if connecting:
        parser.add_argument("--address", default="", help="how it reaches us; found out otherwise")
        parser.add_argument("--category", default="", help="category of our downloads there")


def _runner(
    program: str, look: Callable[[argparse.Namespace], Services], *, connecting: bool
) -> Callable[[argparse.Namespace], int]:
    def run(options: argparse.Namespace) -> int:
        from soulspot_arr.connect.command import Desk, Request

        options.log_level = options.log_level or "ERROR"  # a report is no place for a log
        services = look(options)
        request = Request(
            program,
            url=options.url,
            key=options.api_key,
            address=getattr(options, "address", ""),
            category=getattr(options, "category", ""),
            dry=options.dry_run,
        )
        try:
            desk = Desk(services, request)
            return desk.connect() if connecting else desk.disconnect()
        except InvalidInput as error:
            print(f"soulspot-arr: {error.message}", file=sys.stderr)
            return 2
        finally:
            services.close()

    return run
