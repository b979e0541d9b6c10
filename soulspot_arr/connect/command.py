"""`soulspot-arr connect` and `disconnect`: do what a person asked for, and say what was done.

What it returns is the exit status: 0 done, 1 it did not work. It raises InvalidInput for wrong
usage, and ConfigError when the environment of the service contradicts.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from soulspot_arr.connect import entries, standing, words
from soulspot_arr.connect.address import OurAddress, candidates, homes
from soulspot_arr.connect.connector import Connector, Home, Patience
from soulspot_arr.connect.entries import Kind, Terms
from soulspot_arr.connect.plan import Action, Step
from soulspot_arr.connect.record import Record
from soulspot_arr.connect.terminal import in_container
from soulspot_arr.errors import ConfigError, InvalidInput
from soulspot_arr.servarr import LIDARR, PROWLARR, Program, Servarr, tidy

if TYPE_CHECKING:
    from soulspot_arr.services import Services

URL, KEY = "lidarr.url", "lidarr.api_key"
_PROGRAMS = {"lidarr": LIDARR, "prowlarr": PROWLARR}


@dataclass(frozen=True, slots=True)
class Request:
    """What a person asked for; empty texts mean "as it is known"."""

    program: str
    url: str = ""
    key: str = ""
    address: str = ""
    category: str = ""
    dry: bool = False


@dataclass(slots=True)
class Desk:
    """One run of one command."""

    services: Services
    request: Request
    tell: Callable[[str], None] = print
    patience: Patience = field(default_factory=Patience)
    _clients: dict[int, str] = field(default_factory=dict)

    @property
    def program(self) -> Program:
        """Which program it is about."""
        return _PROGRAMS[self.request.program]

    @property
    def record(self) -> Record:
        """What we made there."""
        return Record(self.services.settings, self.request.program)

    # -- the commands ------------------------------------------------------------------------------

    def connect(self) -> int:
        """Make the program use us; the exit status."""
        request = self.request
        url, key = self._account()
        self._refuse_pinned(url, key)
        servarr = Servarr(self.program, url, key, pause=self.patience.sleep)
        self.tell(f"{self.program.name} {servarr.greet()} at {servarr.base}\n")
        settings = self._own_settings(servarr.base, key)
        if not request.dry:
            before = {name: self.services.settings.get(name) for name in settings}
            self.record.began(servarr.base, before)
            self._change(settings)
            self.services.settings.learn_category(self._category())
            # slskd is asked for its folder: Lidarr looks whether that of the category is there.
            self.services.health.examine(thorough=False)
            self.services.paths.prepare_folders()
        self._know_clients(servarr)
        connector = self._connector(servarr)
        steps = connector.connect(self._terms(servarr), self._home(servarr.base), dry=request.dry)
        if settings:
            self.tell(words.settings_text(settings, secret=KEY))
        self._warn_of_number(steps)
        if connector.doubles:
            self.tell(words.doubles_text(self.program.name, connector.doubles))
        if request.dry:
            self.tell("\nNothing was changed (--dry-run).")
            return 0
        return self._look_back(servarr, steps)

    def rehearse(self, make: Callable[..., Servarr] = Servarr) -> list[Step]:
        """What connect would do there now, asked through what `make` makes; reads only.

        Raises ServarrError.
        """
        servarr = make(self.program, *self._account(), pause=self.patience.sleep)
        servarr.greet()
        connector = self._connector(servarr)
        home = self._home(servarr.base)
        return connector.connect(self._terms(servarr), home, dry=True)

    def disconnect(self) -> int:
        """Take back what connect did; the exit status."""
        if not self.record.url:
            self.tell(f"Nothing was ever set up in {self.program.name} from here.")
            return 0
        url, key = self._account()
        servarr = Servarr(self.program, url, key, pause=self.patience.sleep)
        self.tell(f"{self.program.name} {servarr.greet()} at {servarr.base}\n")
        self._know_clients(servarr)
        steps = self._connector(servarr).disconnect(self._terms(servarr), dry=self.request.dry)
        settings = self._restored(servarr.base, key)
        if settings:
            self.tell(words.settings_text(settings, secret=KEY))
        if not (steps or settings):
            self.tell("Nothing of ours is there any more.")
        if self.request.dry:
            self.tell("\nNothing was changed (--dry-run).")
            return 0
        self._change(settings)
        self.record.clear()
        self.tell(f"\n{self.program.name} does not use this service any more.")
        return 0

    # -- what is known -----------------------------------------------------------------------------

    def _account(self) -> tuple[str, str]:
        settings, request = self.services.settings, self.request
        url, key = request.url, request.key
        if request.program == "lidarr":
            url, key = url or str(settings.get(URL)), key or str(settings.get(KEY))
        url = url or self.record.url
        if not (url and key):
            missing = "--url" if not url else "--api-key"
            raise InvalidInput(
                f"Name {self.program.name} with --url and --api-key; {missing} is missing."
            )
        return tidy(url, self.program), key.strip()

    def _refuse_pinned(self, url: str, key: str) -> None:
        """The environment wins over what is stored: nothing is set up that could not last."""
        if self.request.program != "lidarr":
            return
        for view in self.services.settings.views():
            if not view.pinned or view.spec.key not in {URL, KEY}:
                continue
            value = str(self.services.settings.get(view.spec.key))
            same = value.rstrip("/") == url if view.spec.key == URL else value.strip() == key
            if value and not same:
                raise ConfigError(
                    f"{view.spec.variable} in the environment of this service names another one. "
                    "Change it there (and restart), or leave it out."
                )

    def _own_settings(self, url: str, key: str) -> dict[str, object]:
        """What has to be changed here, so that the service can talk back."""
        if self.request.program != "lidarr":
            return {}
        settings = self.services.settings
        pinned = {view.spec.key for view in settings.views() if view.pinned}
        wanted = {URL: url, KEY: key}
        return {
            name: value
            for name, value in wanted.items()
            if name not in pinned and str(settings.get(name)).rstrip("/") != value
        }

    def _restored(self, url: str, key: str) -> dict[str, object]:
        """Settings as they were, of those that still are as connect left them."""
        settings = self.services.settings
        pinned = {view.spec.key for view in settings.views() if view.pinned}
        ours = {URL: url, KEY: key}
        return {
            name: value
            for name, value in self.record.previous.items()
            if name in ours and name not in pinned and settings.get(name) == ours[name] != value
        }

    def _change(self, settings: Mapping[str, object]) -> None:
        if settings:  # every change is an event
            self.services.settings.patch(settings)

    def _category(self) -> str:
        if self.request.category:
            return self.request.category
        if self.request.program == "prowlarr":
            return "prowlarr"  # the form's own default (contract sabnzbd §3.9)
        return self.services.settings.categories()[0]

    def _terms(self, servarr: Servarr) -> Terms:
        profile = 1
        if self.program is PROWLARR:
            profiles = servarr.rows("/appprofile")
            profile = int(profiles[0].get("id") or 1) if profiles else 1
        return Terms(
            address=self._home(servarr.base).candidates[0],
            key=str(self.services.settings.get("auth.api_key")),
            category=self._category(),
            category_asked=bool(self.request.category),
            profile_id=profile,
        )

    def _home(self, partner: str) -> Home:
        config = self.services.config
        public = str(self.services.settings.get("server.public_url"))
        if self.request.address:
            named = [OurAddress.parse(self.request.address)]
            return Home(named, homes(config, named, partner), settled=True)
        found = candidates(config, public, partner)
        return Home(found, homes(config, found, partner))

    def _connector(self, servarr: Servarr) -> Connector:
        wishes = entries.LIDARR_WISHES if self.program is LIDARR else entries.PROWLARR_WISHES
        return Connector(servarr, self.record, wishes, told=self._told, patience=self.patience)

    def _know_clients(self, servarr: Servarr) -> None:
        self._clients = {
            int(row.get("id") or 0): str(row.get("name") or "")
            for row in servarr.rows(f"/{Kind.CLIENT}")
        }

    # -- telling -----------------------------------------------------------------------------------

    def _told(self, step: Step) -> None:
        if step.kind is Kind.CLIENT and step.body.get("id"):
            self._clients[int(step.body["id"])] = step.name
        self.tell(words.step_text(step, self._clients))

    def _warn_of_number(self, steps: list[Step]) -> None:
        """The number of a container lasts until it is made anew; its name stays."""
        host = str(entries.value_of(steps[0].body, ".host") or "")
        loopback = host.startswith("127.")  # the same in every container
        if loopback or not (in_container() and host.replace(".", "").isdecimal()):
            return
        if self.request.address:
            return
        self.tell(words.number_text(self.program.name, host, self.services.config.port))

    def _look_back(self, servarr: Servarr, steps: list[Step]) -> int:
        ailments = self._ailments(servarr, steps) if self.program is LIDARR else []
        if ailments:
            self.tell("\n" + words.ailments_text(self.program.name, ailments))
        if any(ailment.grave for ailment in ailments):
            self.tell(f"\n{self.program.name} is set up, but will not work like this.")
            return 1
        changed = any(step.action is not Action.KEEP for step in steps)
        done = "is connected" if changed else "is connected; nothing had to be changed"
        self.tell(f"\n{self.program.name} {done}. Its Tests are green.")
        if self.program is PROWLARR:
            self.tell(
                "Prowlarr passes the indexer on to Lidarr by itself, when Lidarr is one of its "
                "apps.\nThen run `soulspot-arr connect lidarr`: it binds it to our download client."
            )
        return 0

    def _ailments(self, servarr: Servarr, steps: list[Step]) -> list[standing.Ailment]:
        ours = {step.name for step in steps}
        rows = [*servarr.rows(f"/{Kind.CLIENT}"), *servarr.rows(f"/{Kind.INDEXER}")]
        others = {str(row.get("name") or "") for row in rows} - ours
        return standing.settle(servarr, ours=ours, others=others, patience=self.patience)
