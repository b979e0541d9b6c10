"""The command line. Imports late, so that `--help` and `config show` answer at once.

Exit status: 0 done, 1 it did not work, 2 wrong usage, 78 the configuration must be mended.
"""

from __future__ import annotations

import argparse
import gc
import os
import shutil
import signal
import sys
import time
from collections.abc import Sequence
from contextlib import suppress
from types import FrameType
from typing import TYPE_CHECKING

from soulspot_arr import __version__, log
from soulspot_arr.config import Config, environment
from soulspot_arr.errors import ConfigError, InvalidQuery, InvalidSetting, SoulSpotError

if TYPE_CHECKING:
    from soulspot_arr.scheduler import Scheduler
    from soulspot_arr.services import Services

EX_CONFIG = 78
_FIRST_JOBS = 0.3  # seconds; whoever waits for the start gets the first answer before they begin
# Seconds a busy job may keep an answer waiting for its turn; Python's own are five milliseconds,
# and an answer that reads hundreds of rows has to wait for more than one turn.
_TURN = 0.001
_ARENA_MAX = -8  # the number of this option in glibc's malloc.h
_HEAPS = 2


def main(arguments: Sequence[str] | None = None) -> int:
    """Entry point of the console script; returns the exit status."""
    options = _parser().parse_args(arguments)
    try:
        status = options.run(options)
    except (ConfigError, InvalidSetting) as error:
        print(f"soulspot-arr: {error.message}", file=sys.stderr)
        return EX_CONFIG
    except SoulSpotError as error:
        print(f"soulspot-arr: {error.message}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 130
    except BrokenPipeError:
        return 0
    return int(status)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="soulspot-arr",
        description="Soulseek as an indexer and download client for Lidarr and Prowlarr.",
    )
    parser.add_argument("--version", action="version", version=f"soulspot-arr {__version__}")
    commands = parser.add_subparsers(title="commands", required=True, metavar="COMMAND")
    for name, words, run in (
        ("serve", "run everything in one process (what the container does)", _serve),
        ("web", "run only the web side; needs a worker beside it", _web),
        ("worker", "run only the jobs", _worker),
        ("keys", "show what to type into Lidarr and Prowlarr", _keys),
        ("doctor", "check the whole chain and say how to mend it", _doctor),
    ):
        command = commands.add_parser(name, help=words, description=_sentence(words))
        _boot_options(command)
        command.set_defaults(run=run)
    _add_connect(commands)
    _add_explain(commands)
    _add_history(commands)
    _add_db(commands)
    _add_config(commands)
    _add_demo(commands)
    _add_simulator(commands)
    _add_lidarr(commands)
    return parser


def _sentence(words: str) -> str:
    return f"{words[0].upper()}{words[1:]}."


def _boot_options(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--data-dir", help="folder for database and keys (SOULSPOT_DATA_DIR)")
    parser.add_argument("--database-url", help="SQLite or PostgreSQL (SOULSPOT_DATABASE_URL)")
    parser.add_argument("--host", help="address to listen on (SOULSPOT_HOST)")
    parser.add_argument("--port", help="port to listen on, 8585 (SOULSPOT_PORT)")
    parser.add_argument("--url-base", help="path below which everything is served")
    parser.add_argument("--log-level", help="DEBUG, INFO, WARNING or ERROR")


def _config(options: argparse.Namespace, *, create: bool = True) -> Config:
    names = ("data_dir", "database_url", "host", "port", "url_base", "log_level")
    given = {name: getattr(options, name, None) for name in names}
    config = Config.load(environment(), given, create=create)
    log.configure(config.log_level, config.log_format)
    return config


def _services(options: argparse.Namespace) -> Services:
    from soulspot_arr.services import build

    return build(_config(options))


def _existing(options: argparse.Namespace) -> Config:
    """The configuration of an installation; a look into the wrong folder must not make a new one."""
    if options.data_dir or environment().get("SOULSPOT_DATA_DIR"):
        return _config(options)
    config = _config(options, create=False)
    if config.sqlite_path is not None and not config.sqlite_path.exists():
        raise ConfigError(
            f"There is no installation in {config.data_dir}. Name the data folder of the running "
            "service with --data-dir or SOULSPOT_DATA_DIR, or start the service first."
        )
    return _config(options)


def _look(options: argparse.Namespace) -> Services:
    from soulspot_arr.services import build

    return build(_existing(options))


# -- running ---------------------------------------------------------------------------------------


def _serve(options: argparse.Namespace) -> int:
    return _start_server(options, with_jobs=True)


def _web(options: argparse.Namespace) -> int:
    return _start_server(options, with_jobs=False)


def _start_server(options: argparse.Namespace, *, with_jobs: bool) -> int:
    _share_heaps()
    gc.disable()  # until it runs: what start-up makes lives as long as the process
    try:
        return _run_server(_services(options), with_jobs=with_jobs)
    finally:
        gc.enable()


def _share_heaps() -> None:
    """Two heaps for all threads, where glibc would make eight for each processor.

    Jobs change their threads, so each heap would grow to the size of the largest look at the
    transfers: with 10,000 of them 268 MiB instead of 165. Other C libraries do not know the option.
    """
    import ctypes

    with suppress(OSError, TypeError, AttributeError):
        ctypes.CDLL(None).mallopt(_ARENA_MAX, _HEAPS)


def _run_server(services: Services, *, with_jobs: bool) -> int:
    from waitress.server import create_server

    from soulspot_arr.app import create_app
    from soulspot_arr.connect.terminal import welcome
    from soulspot_arr.scheduler import Scheduler

    config = services.config
    try:
        server = create_server(
            create_app(services),
            host=config.host,
            port=config.port,
            threads=config.threads,
            ident=None,
            max_request_body_size=64 * 1024 * 1024,
            send_bytes=256 * 1024,  # a long queue at once, not in a dozen turns of its loop
            channel_timeout=120,
            # Host and scheme that a proxy tells are taken only when the configuration trusts one.
            clear_untrusted_proxy_headers=not config.trusted_proxies,
        )
    except (OSError, ValueError) as error:  # in use, not allowed, or a host that does not exist
        services.close()
        reason = str(getattr(error, "strerror", None) or error).rstrip(".")
        raise ConfigError(
            f"Cannot listen on {config.host}:{config.port}: {reason}. Choose another port with "
            "--port or SOULSPOT_PORT, another address with --host or SOULSPOT_HOST."
        ) from error
    scheduler = Scheduler(services) if with_jobs else None
    signal.signal(signal.SIGTERM, _interrupt)
    try:
        if scheduler is not None:
            scheduler.start(after=_FIRST_JOBS)
        print(welcome(services), flush=True)
        gc.freeze()  # no collection has to look at it again
        gc.enable()
        sys.setswitchinterval(_TURN)
        server.run()
    except (KeyboardInterrupt, SystemExit):
        pass
    finally:
        server.close()
        _end(services, scheduler)
    return 0


def _interrupt(_number: int, _frame: FrameType | None) -> None:
    signal.signal(signal.SIGTERM, signal.SIG_IGN)  # once is enough; the end takes seconds
    raise KeyboardInterrupt


def _end(services: Services, scheduler: Scheduler | None) -> None:
    """Stop the jobs and close; a job that hangs in a request is not waited for."""
    ended = scheduler is None or scheduler.stop()
    services.close()
    if not ended:
        sys.stdout.flush()
        os._exit(0)  # the interpreter would join the thread of the job


def _worker(options: argparse.Namespace) -> int:
    from soulspot_arr.scheduler import Scheduler

    _share_heaps()
    services = _services(options)
    scheduler = Scheduler(services)
    signal.signal(signal.SIGTERM, _interrupt)
    try:
        scheduler.start()
        print("SoulSpot Arr worker is running.", flush=True)
        while True:
            # A signal that arrives just before a wait without an end would be seen never.
            time.sleep(1)
    except KeyboardInterrupt:
        pass
    finally:
        _end(services, scheduler)
    return 0


# -- looking ---------------------------------------------------------------------------------------


def _keys(options: argparse.Namespace) -> int:
    from soulspot_arr.connect.terminal import connection_card

    services = _look(options)
    print(connection_card(services))
    services.close()
    return 0


def _doctor(options: argparse.Namespace) -> int:
    from soulspot_arr.connect.terminal import doctor_report
    from soulspot_arr.doctor import examine

    services = _look(options)
    checks = examine(services)
    print(doctor_report(checks))
    services.close()
    return 1 if any(check.level == "error" for check in checks) else 0


def _add_connect(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    from soulspot_arr.connect.arguments import add_commands

    add_commands(commands, _boot_options, _look)


def _add_explain(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    words = "search for an album as Lidarr would, and say why the answer is what it is"
    explain = commands.add_parser(
        "explain", help=words, description=f"{_sentence(words)} Nothing is grabbed."
    )
    explain.add_argument("artist", metavar="ARTIST")
    explain.add_argument("album", metavar="ALBUM")
    explain.add_argument("--year", type=int, help="tells albums of one name apart")
    _boot_options(explain)
    explain.set_defaults(run=_explain)


def _explain(options: argparse.Namespace) -> int:
    from soulspot_arr.domain import Query
    from soulspot_arr.explain import report, wait_for
    from soulspot_arr.search.questions import Outcome

    options.log_level = options.log_level or "ERROR"  # a table is no place for a log
    services = _look(options)
    query = Query(" ".join(options.artist.split()), " ".join(options.album.split()), options.year)
    if not (query.artist and query.album and f"{query.artist}{query.album}".isprintable()):
        raise InvalidQuery("Name an artist and an album, in letters that can be shown.")
    patience = services.settings.get("search.budget") + 10.0
    why = wait_for(services.search, services.search.ask(query), seconds=patience)
    columns = shutil.get_terminal_size((100, 24)).columns
    print(report(why, width=columns, colours=sys.stdout.isatty()))
    services.close()
    return 0 if why.outcome in {Outcome.SURE, Outcome.FOUND, Outcome.NOTHING} else 1


def _add_history(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    from soulspot_arr.history_command import add_command

    add_command(commands, _boot_options, _look)


def _add_db(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    group = commands.add_parser("db", help="look after the database")
    actions = group.add_subparsers(required=True, metavar="ACTION")
    for name, words, run in (
        ("upgrade", "bring the schema to this version", _db_upgrade),
        ("check", "say whether the schema fits this version", _db_check),
    ):
        action = actions.add_parser(name, help=words, description=_sentence(words))
        _boot_options(action)
        action.set_defaults(run=run)


def _db_upgrade(options: argparse.Namespace) -> int:
    from soulspot_arr import db

    database = db.Database(_config(options).database_url)
    changed = db.upgrade(database)
    print("The database was upgraded." if changed else "The database is up to date.")
    database.close()
    return 0


def _db_check(options: argparse.Namespace) -> int:
    from soulspot_arr import db

    database = db.Database(_existing(options).database_url)
    current, head = db.current_revision(database), db.head_revision()
    database.close()
    if current == head:
        print(f"The database is up to date (schema {head}).")
        return 0
    print(f"The database has schema {current or 'none'}, this version needs {head}.")
    print("Run: soulspot-arr db upgrade")
    return 1


def _add_config(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    group = commands.add_parser("config", help="look at the configuration")
    actions = group.add_subparsers(required=True, metavar="ACTION")
    words = "show every option and setting, where it comes from, secrets masked"
    show = actions.add_parser("show", help=words, description=_sentence(words))
    _boot_options(show)
    show.set_defaults(run=_config_show)


def _config_show(options: argparse.Namespace) -> int:
    from soulspot_arr.connect.terminal import config_report

    services = _look(options)
    print(config_report(services))
    services.close()
    return 0


# -- demo and simulator ----------------------------------------------------------------------------


def _add_demo(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    from soulspot_arr.demo import add_arguments, demo_options, run

    words = "play a stock Lidarr against this service and a simulated slskd"
    demo = commands.add_parser("demo", help=words, description=_sentence(words))
    add_arguments(demo)
    demo.set_defaults(run=lambda options: run(demo_options(options)))


def _add_simulator(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    words = "run a simulated slskd with a small network of peers"
    simulator = commands.add_parser("simulate-slskd", help=words, description=_sentence(words))
    simulator.add_argument("--host", default="127.0.0.1")
    simulator.add_argument("--port", type=int, default=5030)
    simulator.add_argument(
        "--api-key", default="simulated-slskd-key", help="at least 16 characters"
    )
    simulator.add_argument("--data-dir", default="simulated-slskd", help="where files and state go")
    simulator.add_argument("--profile", default="0.26.0", help="0.22, 0.25, 0.26 or master")
    simulator.add_argument("--time-scale", type=float, default=1.0, help="10 = ten times as fast")
    simulator.add_argument("--world", default="demo", choices=("demo", "empty"))
    simulator.add_argument("--seed", type=int, default=1)
    simulator.set_defaults(run=_simulate)


def _simulate(options: argparse.Namespace) -> int:
    from pathlib import Path

    from soulspot_arr.simulator import SimOptions
    from soulspot_arr.simulator.command import run

    return run(
        SimOptions(
            host=options.host,
            port=options.port,
            api_key=options.api_key or None,
            data_dir=Path(options.data_dir).absolute(),
            profile=options.profile,
            time_scale=options.time_scale,
            world=options.world,
            seed=options.seed,
        )
    )


def _add_lidarr(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    from soulspot_arr.demo.lidarr.arguments import add_arguments

    words = "run a simulated Lidarr with a library of its own"
    lidarr = commands.add_parser("simulate-lidarr", help=words, description=_sentence(words))
    add_arguments(lidarr)
    lidarr.set_defaults(run=_simulate_lidarr)


def _simulate_lidarr(options: argparse.Namespace) -> int:
    from soulspot_arr.demo.lidarr.command_line import run

    return run(options)
