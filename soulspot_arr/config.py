"""Boot configuration: what must be known before the database can be opened. Frozen.

Precedence: built-in defaults < `soulspot.toml` in the data directory < environment `SOULSPOT_*`
< command line. This is the only module of the project that is handed the environment; everything
that can change at run time is a setting (`settings.py`), and a `SOULSPOT_*` variable that is not a
boot option pins the setting of that name.
"""

from __future__ import annotations

import os
import secrets
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from soulspot_arr.errors import ConfigError

PREFIX = "SOULSPOT_"
FILE_NAME = "soulspot.toml"
KEY_FILE = "secret.key"
DEFAULT_PORT = 8585

# option -> (parser name, default); the data directory itself is found first and is not in the table
_OPTIONS: dict[str, tuple[str, Any]] = {
    "database_url": ("text", ""),
    "host": ("text", "0.0.0.0"),  # noqa: S104 - a container has to listen on all its addresses
    "port": ("port", DEFAULT_PORT),
    "url_base": ("url_base", ""),
    "threads": ("threads", 32),
    "log_level": ("log_level", "INFO"),
    "log_format": ("log_format", "text"),
    "auto_migrate": ("bool", True),
    "trusted_proxies": ("proxies", 0),
    "slskd_instances": ("instances", 1),
}
_LEVELS = ("DEBUG", "INFO", "WARNING", "ERROR")


@dataclass(frozen=True, slots=True)
class Config:
    """Everything fixed at start. `pins` are raw texts of settings pinned by the environment."""

    data_dir: Path
    database_url: str
    secret_key: str = field(repr=False)
    host: str = "127.0.0.1"
    port: int = DEFAULT_PORT
    url_base: str = ""
    threads: int = 32
    log_level: str = "INFO"
    log_format: str = "text"
    auto_migrate: bool = True
    trusted_proxies: int = 0
    slskd_instances: int = 1
    pins: Mapping[str, str] = field(default_factory=dict, repr=False)
    sources: Mapping[str, str] = field(default_factory=dict)  # option -> where its value came from

    @property
    def sqlite_path(self) -> Path | None:
        """The database file, or None for another database."""
        prefix = "sqlite:///"
        return (
            Path(self.database_url[len(prefix) :]) if self.database_url.startswith(prefix) else None
        )

    @classmethod
    def load(
        cls,
        environ: Mapping[str, str],
        arguments: Mapping[str, object] | None = None,
        *,
        create: bool = True,
    ) -> Config:
        """Build the configuration from its world, which is handed in.

        With `create` the data directory and the secret key are made when missing.
        Raises ConfigError with one sentence that names the option and where it came from.
        """
        given = {key: value for key, value in (arguments or {}).items() if value is not None}
        data_dir = Path(str(given.get("data_dir") or environ.get(f"{PREFIX}DATA_DIR") or "data"))
        data_dir = data_dir.expanduser().absolute()
        if create:
            _make_directory(data_dir)
        from_file = _read_toml(data_dir / FILE_NAME)
        values: dict[str, Any] = {}
        sources = {"data_dir": _data_dir_origin(given, environ)}
        for name, (parser, default) in _OPTIONS.items():
            raw, origin = _pick(name, default, from_file=from_file, environ=environ, given=given)
            values[name] = _parse(parser, raw, name=name, origin=origin)
            sources[name] = origin
        if not values["database_url"]:
            values["database_url"] = f"sqlite:///{data_dir / 'soulspot.db'}"
        return cls(
            data_dir=data_dir,
            secret_key=_secret(environ, data_dir, create=create),
            pins=_pins(environ),
            sources=sources,
            **values,
        )


def _data_dir_origin(given: Mapping[str, object], environ: Mapping[str, str]) -> str:
    if given.get("data_dir"):
        return "command line"
    return "environment" if environ.get(f"{PREFIX}DATA_DIR") else "default"


def environment() -> Mapping[str, str]:
    """The process environment; the one place where it is read."""
    return os.environ


def _pick(
    name: str,
    default: object,
    *,
    from_file: Mapping[str, object],
    environ: Mapping[str, str],
    given: Mapping[str, object],
) -> tuple[object, str]:
    if name in given:
        return given[name], "command line"
    variable = PREFIX + name.upper()
    # An empty variable is no variable: compose files pass on what was never set that way.
    if environ.get(f"{variable}_FILE", "") != "":
        return _read_secret_file(environ[f"{variable}_FILE"], f"{variable}_FILE"), "environment"
    if environ.get(variable, "") != "":
        return environ[variable], "environment"
    if name in from_file:
        return from_file[name], FILE_NAME
    return default, "default"


def _pins(environ: Mapping[str, str]) -> dict[str, str]:
    """Variables that are no boot option: `SOULSPOT_SLSKD_URL` -> {"SOULSPOT_SLSKD_URL": …}."""
    boot = {PREFIX + name.upper() for name in _OPTIONS} | {
        f"{PREFIX}DATA_DIR",
        f"{PREFIX}SECRET_KEY",
    }
    pins: dict[str, str] = {}
    for variable, value in environ.items():
        if not variable.startswith(PREFIX) or value == "":
            continue
        plain = variable.removesuffix("_FILE")
        if variable in boot or plain in boot:
            continue
        if variable.endswith("_FILE"):
            pins[plain] = _read_secret_file(value, variable)
        else:
            pins.setdefault(variable, value)
    return pins


def _read_secret_file(path: str, variable: str) -> str:
    try:
        return Path(path).read_text(encoding="utf-8").strip()
    except (OSError, UnicodeDecodeError) as error:
        reason = getattr(error, "strerror", None) or "not text"
        raise ConfigError(f"{variable} points to {path}, which cannot be read: {reason}") from error


def _read_toml(path: Path) -> Mapping[str, object]:
    try:
        with path.open("rb") as stream:
            values = tomllib.load(stream)
    except FileNotFoundError:
        return {}
    except (OSError, tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise ConfigError(f"{path} cannot be used: {error}") from error
    unknown = sorted(set(values) - set(_OPTIONS))
    if unknown:
        raise ConfigError(
            f"{path}: unknown option {unknown[0]!r}; known are {', '.join(sorted(_OPTIONS))}. "
            "Settings such as slskd.url are set in the environment or through the API."
        )
    return values


def _make_directory(path: Path) -> None:
    try:
        path.mkdir(mode=0o700, parents=True, exist_ok=True)  # keys and passwords lie in it
        probe = path / f".write-test-{os.getpid()}"
        probe.touch()
        probe.unlink()
    except OSError as error:
        raise ConfigError(
            f"The data directory {path} cannot be written ({error.strerror}). Give the service a "
            "folder it may write to with --data-dir or SOULSPOT_DATA_DIR."
        ) from error


def _secret(environ: Mapping[str, str], data_dir: Path, *, create: bool) -> str:
    raw, origin = _pick("secret_key", "", from_file={}, environ=environ, given={})
    if origin != "default":
        if len(str(raw)) < 16:
            raise ConfigError("SOULSPOT_SECRET_KEY needs at least 16 characters.")
        return str(raw)
    path = data_dir / KEY_FILE
    try:
        if not path.exists():
            if not create:
                return ""
            _write_once(path, secrets.token_hex(32))
        key = path.read_text(encoding="utf-8").strip()
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError(f"The secret key {path} cannot be read or made: {error}") from error
    if len(key) < 16:
        raise ConfigError(
            f"The secret key {path} is empty or cut off. Restore it from a backup, or delete it to "
            "get a new one (links that Lidarr still holds then stop working)."
        )
    return key


def _write_once(path: Path, text: str) -> None:
    """Create the file whole or not at all: two processes may start in the same empty folder."""
    # Not the process id: two containers on one volume are often both process 1.
    draft = path.with_name(f"{path.name}.{secrets.token_hex(4)}")
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8") as stream:
        stream.write(text + "\n")
        stream.flush()
        os.fsync(stream.fileno())
    try:
        os.link(draft, path)  # fails if another process was first; its key then counts
    except FileExistsError:
        pass
    except OSError:  # file systems without hard links
        if not path.exists():
            draft.replace(path)
            return
    draft.unlink(missing_ok=True)


def _parse(parser: str, raw: object, *, name: str, origin: str) -> object:
    text = str(raw).strip()
    try:
        if not isinstance(raw, str | int):  # TOML also knows lists, tables, dates and fractions
            raise ValueError("is not a single text, number or flag")
        return _PARSERS[parser](raw if isinstance(raw, bool) else text)
    except ValueError as error:
        raise ConfigError(f"{name} ({origin}): {text!r} {error}.") from error


def parse_bool(raw: object) -> bool:
    """Read a yes/no text; raises ValueError."""
    if isinstance(raw, bool):
        return raw
    text = str(raw).strip().lower()
    if text in {"1", "true", "yes", "on"}:
        return True
    if text in {"0", "false", "no", "off", ""}:
        return False
    raise ValueError("is neither true nor false")


def _parse_port(raw: object) -> int:
    if not str(raw).isdecimal() or not 0 <= int(str(raw)) <= 65535:
        raise ValueError("is not a port number (0 to 65535)")
    return int(str(raw))


def _parse_threads(raw: object) -> int:
    if not str(raw).isdecimal() or not 4 <= int(str(raw)) <= 256:
        raise ValueError("is not a number of threads (4 to 256)")
    return int(str(raw))


def _parse_url_base(raw: object) -> str:
    text = str(raw).strip("/")
    if any(character in text for character in "?#\\ ") or "//" in text:
        raise ValueError("is not a path such as /soulspot")
    return f"/{text}" if text else ""


def _parse_level(raw: object) -> str:
    text = str(raw).upper()
    if text not in _LEVELS:
        raise ValueError(f"is not one of {', '.join(_LEVELS)}")
    return text


def _parse_format(raw: object) -> str:
    text = str(raw).lower()
    if text not in {"text", "json"}:
        raise ValueError("is not one of text, json")
    return text


def _parse_proxies(raw: object) -> int:
    if not str(raw).isdecimal() or int(str(raw)) > 10:
        raise ValueError("is not the number of reverse proxies in front (0 to 10)")
    return int(str(raw))


def _parse_instances(raw: object) -> int:
    if not str(raw).isdecimal() or not 1 <= int(str(raw)) <= 8:
        raise ValueError("is not a number of slskd instances (1 to 8)")
    return int(str(raw))


_PARSERS: dict[str, Any] = {
    "text": str,
    "bool": parse_bool,
    "port": _parse_port,
    "threads": _parse_threads,
    "url_base": _parse_url_base,
    "log_level": _parse_level,
    "log_format": _parse_format,
    "proxies": _parse_proxies,
    "instances": _parse_instances,
}
