"""What a person has to type where, and what the checks found, as text for the terminal."""

from __future__ import annotations

import socket
import textwrap
from collections.abc import Sequence
from datetime import timedelta
from pathlib import Path

from soulspot_arr import __version__
from soulspot_arr.domain import Check
from soulspot_arr.services import Services

_FIRST_START = timedelta(minutes=1)
_MARKS = {"ok": "ok", "warning": "warn", "error": "FAIL"}


def welcome(services: Services) -> str:
    """Printed when the service has started; the key only the first time, for it stays in logs."""
    config = services.config
    lines = [f"SoulSpot Arr {__version__} is running on port {config.port}{config.url_base}."]
    if services.clock() - services.settings.installed_at < _FIRST_START:
        lines += ["", connection_card(services)]
    else:
        lines += ["`soulspot-arr keys` shows what to type into Lidarr and Prowlarr."]
    if not services.source.is_configured():
        lines += [
            "",
            "slskd is not set up yet: set SOULSPOT_SLSKD_URL and SOULSPOT_SLSKD_API_KEY, then run",
            "`soulspot-arr doctor`.",
        ]
    return "\n".join(lines)


def connection_card(services: Services) -> str:
    """The exact values for Lidarr and Prowlarr."""
    config = services.config
    key = services.settings.get("auth.api_key")
    host, hint = host_to_type(config.host)
    category = services.settings.categories()[0]
    base = f"http://{host}:{config.port}{config.url_base}"
    return "\n".join(
        [
            "In Lidarr, Settings > Download Clients > + > SABnzbd",
            f"    Host        {host}{hint}",
            f"    Port        {config.port}",
            f"    Url Base    {config.url_base}/sabnzbd",
            f"    API Key     {key}",
            f"    Category    {category}",
            "",
            "In Lidarr, Settings > Indexers > + > Newznab (or in Prowlarr: Generic Newznab)",
            f"    URL         {base}/newznab",
            "    API Path    /api",
            f"    API Key     {key}",
            "",
            "`soulspot-arr connect lidarr --url ... --api-key ...` types all this for you.",
            "",
            f"Swagger UI  {base}/api/docs",
        ]
    )


def host_to_type(listening: str) -> tuple[str, str]:
    """What to type as host, and a hint when another place needs another name."""
    if listening not in {"0.0.0.0", "::"}:  # noqa: S104
        return listening, ""
    if in_container():
        return "soulspot-arr", "    (from another network: your server's address)"
    return _address(), ""


def _address() -> str:
    """The address other machines reach this one under; nothing is sent to find it out."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        try:
            probe.connect(("192.0.2.1", 9))  # an address for documentation; only a route is chosen
            return str(probe.getsockname()[0])
        except OSError:
            return "localhost"


def in_container() -> bool:
    """Whether this runs in a container, whose address changes when it is made anew."""
    return Path("/.dockerenv").exists() or Path("/run/.containerenv").exists()


def doctor_report(checks: Sequence[Check]) -> str:
    """One line for each check, with the fix below it."""
    lines = []
    for check in checks:
        lines.append(f"{_MARKS[check.level]:>4}  {check.message}")
        if check.level != "ok" and check.fix:
            lines += textwrap.wrap(
                check.fix, 88, initial_indent="      -> ", subsequent_indent="         "
            )
    bad = sum(check.level == "error" for check in checks)
    odd = sum(check.level == "warning" for check in checks)
    lines.append("")
    if bad:
        lines.append(f"{bad} thing{'s' if bad > 1 else ''} to mend; start with the first.")
    elif odd:
        lines.append("It works; the warnings are worth a look.")
    else:
        lines.append("Everything is as it should be.")
    return "\n".join(lines)


def config_report(services: Services) -> str:
    """Boot options and settings with their origin."""
    config = services.config
    lines = ["Boot options"]
    shown = {"data_dir": config.data_dir, "database_url": _without_password(services)}
    for name, origin in config.sources.items():
        value = shown.get(name, getattr(config, name))
        lines.append(f"    {name:<18} {value!s:<40} {origin}")
    group = ""
    for view in services.settings.views():
        if view.spec.group != group:
            group = view.spec.group
            lines += ["", group]
        origin = "environment" if view.pinned else "database" if view.changed else "default"
        value = ", ".join(view.value) if isinstance(view.value, list) else view.value
        lines.append(f"    {view.spec.key:<26} {value!s:<40} {origin}")
    return "\n".join(lines)


def _without_password(services: Services) -> str:
    return services.db.url.render_as_string(hide_password=True)
