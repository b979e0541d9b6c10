"""What `connect` and `disconnect` tell a person, as text for the terminal. Pure."""

from __future__ import annotations

import textwrap
from collections.abc import Mapping, Sequence

from soulspot_arr.connect.entries import NOT_YET
from soulspot_arr.connect.plan import Action, Change, Step
from soulspot_arr.connect.standing import Ailment

_SIGNS: Mapping[Action, str] = {
    Action.CREATE: "+",
    Action.UPDATE: "~",
    Action.KEEP: "=",
    Action.REMOVE: "-",
    Action.RESTORE: "~",
}
# As the forms call them; anything else is shown by its own name.
_LABELS: Mapping[str, str] = {
    "enable": "Enable",
    "priority": "Priority",
    "removeCompletedDownloads": "Remove Completed",
    "removeFailedDownloads": "Remove Failed",
    "downloadClientId": "Download Client",
    "enableRss": "Enable RSS",
    "enableAutomaticSearch": "Enable Automatic Search",
    "enableInteractiveSearch": "Enable Interactive Search",
    "appProfileId": "Sync Profile",
    "redirect": "Redirect",
    "onGrab": "On Grab",
    "onReleaseImport": "On Release Import",
    "onUpgrade": "On Upgrade",
    "onDownloadFailure": "On Download Failure",
    "onImportFailure": "On Import Failure",
    ".host": "Host",
    ".port": "Port",
    ".useSsl": "Use SSL",
    ".urlBase": "Url Base",
    ".apiKey": "API Key",
    ".musicCategory": "Category",
    ".category": "Default Category",
    ".baseUrl": "URL",
    ".apiPath": "API Path",
    ".earlyReleaseLimit": "Early Download Limit",
    ".categories": "Categories",
    ".url": "URL",
    ".method": "Method",
    ".username": "Username",
    ".password": "Password",
}


def step_text(step: Step, clients: Mapping[int, str]) -> str:
    """A step with its changes; `clients` are names of download clients by number."""
    head = f"{_SIGNS[step.action]} {step.title}"
    if step.action is Action.KEEP:
        return f"{head}: as it should be"
    if step.action is Action.REMOVE:
        return f"{head}: removed"
    fresh = step.action is Action.CREATE
    lines = [_change(change, clients, fresh=fresh) for change in step.changes]
    return "\n".join([head, *(line for line in lines if line)])


def _change(change: Change, clients: Mapping[int, str], *, fresh: bool) -> str:
    label = _LABELS.get(change.name, change.name.removeprefix("."))
    after = value_text(change.name, change.after, clients)
    if not fresh:
        before = value_text(change.name, change.before, clients)
        return f"      {label:<26}{before} -> {after}"
    return f"      {label:<26}{after}" if after != "empty" else ""


def value_text(name: str, value: object, clients: Mapping[int, str]) -> str:
    """A value as its form shows it."""
    if name == "downloadClientId":
        number = value if isinstance(value, int) else 0
        other = {0: "any", NOT_YET: "the one above"}
        return clients.get(number) or other.get(number, f"number {number}")
    if name == ".method":
        return "PUT" if value == 2 else "POST"
    if isinstance(value, bool):
        return "on" if value else "off"
    if isinstance(value, list):
        return ", ".join(map(str, value)) or "empty"
    return "empty" if value in (None, "") else str(value)


def doubles_text(program: str, names: Sequence[str]) -> str:
    """A word about entries that are there twice."""
    shown = ", ".join(f'"{name}"' for name in names)
    return _wrapped(
        f"! {program} has more than one entry that leads to us. Delete the others there: {shown}."
    )


def number_text(program: str, host: str, port: int) -> str:
    """A word about an address that will not last."""
    return _wrapped(
        f"! {program} reaches us at {host}, which changes when the container is made anew. Better "
        f"run it again with --address http://<name of the container>:{port}."
    )


def ailments_text(program: str, ailments: Sequence[Ailment]) -> str:
    """What the other program's health says about us, with the way out."""
    lines = []
    for ailment in ailments:
        sign = "FAIL" if ailment.grave else "warn"
        lines += [f"{sign}  {program} says: {ailment.words}", _fix(ailment.fix)]
    return "\n".join(lines)


def settings_text(changes: Mapping[str, object], *, secret: str) -> str:
    """What is changed in our own settings."""
    lines = ["~ settings of this service"]
    for key, value in changes.items():
        lines.append(
            f"      {key:<26}{'(as given)' if key == secret and value else value or 'empty'}"
        )
    return "\n".join(lines)


def _fix(words: str) -> str:
    return textwrap.fill(words, 88, initial_indent="      -> ", subsequent_indent="         ")


def _wrapped(words: str) -> str:
    return textwrap.fill(words, 92, subsequent_indent="  ")
