"""Indexers, download clients, notifications: kept, tested, listed, as Lidarr's API does it.

One set of rules for all families (contract lidarr §2, §6.5, §11.5): a definition that is switched on
is tested before it is kept, and warnings refuse it as well unless the save is forced.
"""

from __future__ import annotations

from soulspot_arr.demo.lidarr.clients import BackOff, newznab, sabnzbd
from soulspot_arr.demo.lidarr.core import CLIENT, INDEXER, Core
from soulspot_arr.demo.lidarr.records import Provider
from soulspot_arr.demo.lidarr.schemas import complaints, failure, shown, stored, templates
from soulspot_arr.demo.lidarr.serving import Refused, Reply, Request, Router, answer
from soulspot_arr.demo.lidarr.tables import Row
from soulspot_arr.demo.lidarr.webhooks import Webhooks

_SWITCHES = {
    INDEXER: ("enableRss", "enableAutomaticSearch", "enableInteractiveSearch"),
    CLIENT: ("enable",),
}


class Providers:
    """The endpoints of one family."""

    def __init__(self, core: Core, family: str, webhooks: Webhooks, back_off: BackOff) -> None:
        self._core = core
        self._family = family
        self._table = core.providers[family]
        self._webhooks = webhooks
        self._back_off = back_off

    def register(self, router: Router) -> None:
        """Add the routes."""
        base = self._family
        router.add("GET", base, lambda _: answer(self._all()))
        router.add("GET", f"{base}/schema", lambda _: answer(templates(self._family)))
        router.add("GET", f"{base}/{{id}}", lambda request: answer(self._one(request.id)))
        router.add("POST", base, self._create)
        router.add("PUT", f"{base}/{{id}}", self._update)
        router.add("DELETE", f"{base}/{{id}}", self._delete)
        router.add("POST", f"{base}/test", self._test)
        router.add("POST", f"{base}/testall", lambda _: self._test_all())

    # -- rows ------------------------------------------------------------------------------------

    def _all(self) -> list[Row]:
        rows = [self._shown(one) for one in self._core.of_providers(self._family)]
        return sorted(rows, key=lambda row: str(row["name"]))

    def _one(self, number: int) -> Row:
        return self._shown(self._find(number))

    def _find(self, number: int) -> Provider:
        found = self._table.get(number)
        if found is None:
            raise Refused(404)
        return found

    def _shown(self, provider: Provider) -> Row:
        return shown(self._family, provider.body | {"id": provider.id})

    # -- changes ---------------------------------------------------------------------------------

    def _create(self, request: Request) -> Reply:
        force = request.flag("forceSave")
        provider = self._definition(request.json(), None)
        if self._is_on(provider):
            self._verify(list(complaints(provider.body)), warnings=not force)
            self._verify(self._try(provider), warnings=not force)
        provider.id = 0
        self._table.add(provider)
        return answer(self._shown(provider), 201)

    def _update(self, request: Request) -> Reply:
        body = request.json()
        existing = self._table.get(request.id) or self._find(int(body.get("id") or 0))
        provider = self._definition(body, existing)
        if self._is_on(provider) and not request.flag("forceSave"):
            self._verify(list(complaints(provider.body)), warnings=True)
            if provider.body != existing.body:
                self._verify(self._try(provider), warnings=True)
        existing.body = provider.body
        self._table.save(existing)
        return answer(self._shown(existing), 202)

    def _delete(self, request: Request) -> Reply:
        self._table.delete(self._find(request.id).id)
        return answer({})

    def _definition(self, body: Row, existing: Provider | None) -> Provider:
        problems = []
        name = str(body.get("name") or "")
        if not name:
            problems.append(failure("Name", "'Name' must not be empty."))
        others = [
            one
            for one in self._core.of_providers(self._family)
            if existing is None or one.id != existing.id
        ]
        if any(str(one.body["name"]).lower() == name.lower() for one in others):
            problems.append(failure("Name", "Should be unique"))
        for part in ("implementation", "configContract"):
            if not body.get(part):
                title = f"{part[0].upper()}{part[1:]}"
                problems.append(failure(title, f"'{title}' must not be empty."))
        if existing is None and body.get("fields") is None:
            problems.append(failure("Fields", "'Fields' must not be empty."))
        self._verify(problems, warnings=True)
        kept = stored(self._family, body, existing.body if existing is not None else None)
        if kept is None:
            raise Refused(500, {"message": "Sequence contains no matching element"})
        return Provider(self._family, kept, existing.id if existing is not None else 0)

    def _is_on(self, provider: Provider) -> bool:
        switches = _SWITCHES.get(self._family)
        if switches is None:
            wanted = [name for name in provider.body if name.startswith("on")]
            return any(provider.body[name] for name in wanted)
        return any(provider.body[name] for name in switches)

    # -- tests -----------------------------------------------------------------------------------

    def _test(self, request: Request) -> Reply:
        body = request.json()
        existing = self._table.get(int(body.get("id") or 0))
        provider = self._definition(body, existing)
        warnings = not request.flag("forceTest")
        self._verify(list(complaints(provider.body)), warnings=warnings)
        self._verify(self._try(provider), warnings=True)
        return answer("{}")

    def _test_all(self) -> Reply:
        rows = []
        for provider in self._core.of_providers(self._family):
            invalid = [one for one in complaints(provider.body) if not one["isWarning"]]
            if invalid or not self._is_on(provider):
                continue
            errors = [one for one in self._try(provider) if not one["isWarning"]]
            rows.append({"id": provider.id, "isValid": not errors, "validationFailures": errors})
        return answer(rows, 200 if all(row["isValid"] for row in rows) else 400)

    def _try(self, provider: Provider) -> list[Row]:
        """Ask the program behind a definition; a good answer of a saved one lifts its back-off."""
        if self._family == CLIENT:
            findings = sabnzbd(self._core, provider).test()
        elif self._family == INDEXER:
            findings = newznab(self._core, provider).test()
        else:
            trouble = self._webhooks.test(provider)
            return [failure("Url", trouble)] if trouble else []
        problems = [failure(one.field, one.message, warning=one.is_warning) for one in findings]
        well = all(one["isWarning"] for one in problems)
        if provider.id and self._family == CLIENT and well:
            self._back_off.succeeded(provider.id)
        return problems

    def _verify(self, problems: list[Row], *, warnings: bool) -> None:
        if warnings and problems:
            raise Refused(400, problems)
        errors = [one for one in problems if not one["isWarning"]]
        if errors:
            raise Refused(400, errors)
