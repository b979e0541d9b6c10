"""The doctor: walks the whole chain once, for a person, and says how to mend what is wrong.

`health` looks at the links every minute and stays quiet; this asks everybody, tries everything and
takes seconds, with a slow Lidarr up to about a minute. `gathering` finds facts out, `checks` says what they mean.
"""

from __future__ import annotations

from soulspot_arr.config import Config
from soulspot_arr.doctor.checks import judge
from soulspot_arr.doctor.gathering import Gatherer
from soulspot_arr.domain import Check
from soulspot_arr.services import Services


def examine(services: Services, *, own_url: str = "") -> list[Check]:
    """Every check, in the order in which a person would mend things; never raises.

    `own_url` is where this service listens, as it reaches itself.
    """
    checks = services.health.examine(thorough=True)
    wrong = {check.code for check in checks if check.level == "error"}
    if "database" in wrong:
        return checks  # nothing else can be known
    gatherer = Gatherer(services, own_url or _own_url(services.config))
    facts = gatherer.gather(
        ask_lidarr="lidarr" not in wrong, place="complete_writable" not in wrong
    )
    return [*checks, *judge(facts)]


def _own_url(config: Config) -> str:
    here = {"0.0.0.0": "127.0.0.1", "::": "[::1]"}  # noqa: S104 - compared, not bound
    host = here.get(config.host, f"[{config.host}]" if ":" in config.host else config.host)
    return f"http://{host}:{config.port}{config.url_base}"
