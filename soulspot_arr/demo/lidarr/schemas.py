"""What Lidarr's forms for providers look like: fields, defaults, and what makes them invalid.

Pure data and checks (contract lidarr §1.1, §6.1, §11.5). Secrets are shown as eight stars, and
eight stars sent back mean "as before".
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from urllib.parse import urlsplit

from soulspot_arr.demo.lidarr.core import CLIENT, IMPORT_LIST, INDEXER, NOTIFICATION
from soulspot_arr.demo.lidarr.tables import Row

STARS = "********"
_SECRET = frozenset({"apiKey", "password"})


@dataclass(frozen=True, slots=True)
class Field:
    """One setting of a provider."""

    name: str
    label: str
    kind: str = "textbox"
    value: object = None
    privacy: str = "normal"
    advanced: bool = False


@dataclass(frozen=True, slots=True)
class Kind:
    """One implementation with its fields and the switches beside them."""

    implementation: str
    name: str
    contract: str
    fields: Sequence[Field]
    switches: Mapping[str, object]


_SABNZBD = Kind(
    "Sabnzbd",
    "SABnzbd",
    "SabnzbdSettings",
    (
        Field("host", "Host", value="localhost"),
        Field("port", "Port", value=8080),
        Field("useSsl", "Use SSL", "checkbox", False),
        Field("urlBase", "Url Base", advanced=True),
        Field("apiKey", "API Key", privacy="apiKey"),
        Field("username", "Username", privacy="userName"),
        Field("password", "Password", "password", privacy="password"),
        Field("musicCategory", "Category", value="music"),
        Field("recentMusicPriority", "Recent Priority", "select", -100),
        Field("olderMusicPriority", "Older Priority", "select", -100),
    ),
    {
        "enable": False,
        "protocol": "usenet",
        "priority": 1,
        "removeCompletedDownloads": True,
        "removeFailedDownloads": True,
    },
)
_NEWZNAB = Kind(
    "Newznab",
    "Newznab",
    "NewznabSettings",
    (
        Field("baseUrl", "URL"),
        Field("apiPath", "API Path", value="/api", advanced=True),
        Field("apiKey", "API Key", privacy="apiKey"),
        Field("categories", "Categories", "select", [3000, 3010, 3030, 3040]),
        Field("earlyReleaseLimit", "Early Download Limit", "number", advanced=True),
        Field("additionalParameters", "Additional Parameters", advanced=True),
    ),
    {
        "enableRss": False,
        "enableAutomaticSearch": False,
        "enableInteractiveSearch": False,
        "supportsRss": True,
        "supportsSearch": True,
        "protocol": "usenet",
        "priority": 25,
        "downloadClientId": 0,
    },
)
_EVENTS = (
    "OnGrab",
    "OnReleaseImport",
    "OnUpgrade",
    "OnRename",
    "OnArtistAdd",
    "OnArtistDelete",
    "OnAlbumDelete",
    "OnHealthIssue",
    "OnHealthRestored",
    "OnDownloadFailure",
    "OnImportFailure",
    "OnTrackRetag",
    "OnApplicationUpdate",
)
_WEBHOOK = Kind(
    "Webhook",
    "Webhook",
    "WebhookSettings",
    (
        Field("url", "URL", "url"),
        Field("method", "Method", "select", 1),
        Field("username", "Username", privacy="userName"),
        Field("password", "Password", "password", privacy="password"),
        Field("headers", "Headers", "keyValueList", [], advanced=True),
    ),
    {
        **{f"o{event[1:]}": False for event in _EVENTS},
        **{f"supports{event}": True for event in _EVENTS},
        "includeHealthWarnings": False,
    },
)
KINDS: Mapping[str, Sequence[Kind]] = {
    INDEXER: (_NEWZNAB,),
    CLIENT: (_SABNZBD,),
    NOTIFICATION: (_WEBHOOK,),
    IMPORT_LIST: (),
}


def kind_of(family: str, implementation: str) -> Kind | None:
    """The implementation of this name."""
    return next((one for one in KINDS[family] if one.implementation == implementation), None)


def templates(family: str) -> list[Row]:
    """The answer of `/schema`."""
    return [{**_shown(kind, {}, {"name": ""}), "presets": []} for kind in KINDS[family]]


def shown(family: str, body: Row) -> Row:
    """A definition as the API shows it, secrets starred."""
    kind = kind_of(family, str(body["implementation"]))
    assert kind is not None
    values = {field["name"]: field.get("value") for field in body["fields"]}
    return _shown(kind, values, body)


def stored(family: str, body: Row, before: Row | None) -> Row | None:
    """A definition as it is kept, out of what was sent; None for an unknown implementation."""
    kind = kind_of(family, str(body.get("implementation", "")))
    if kind is None:
        return None
    sent = {field["name"]: field.get("value") for field in body.get("fields") or ()}
    old = {field["name"]: field.get("value") for field in (before or {}).get("fields", ())}
    values = []
    for field in kind.fields:
        value = sent.get(field.name, field.value)
        if field.privacy in _SECRET and value == STARS and before is not None:
            value = old.get(field.name)
        values.append({"name": field.name, "value": value})
    switches = {name: body.get(name, default) for name, default in kind.switches.items()}
    return {
        "name": body.get("name", ""),
        "implementation": kind.implementation,
        "implementationName": kind.name,
        "configContract": kind.contract,
        "tags": body.get("tags") or [],
        "fields": values,
        **switches,
    }


def _shown(kind: Kind, values: Mapping[str, object], body: Row) -> Row:
    fields = []
    for order, field in enumerate(kind.fields):
        value = values.get(field.name, field.value)
        if value not in (None, "") and field.privacy in _SECRET:
            value = STARS
        fields.append(
            {
                "order": order,
                "name": field.name,
                "label": field.label,
                "value": value,
                "type": field.kind,
                "advanced": field.advanced,
                "privacy": field.privacy,
                "isFloat": False,
            }
        )
    return {
        **{name: body.get(name, default) for name, default in kind.switches.items()},
        "name": body.get("name", ""),
        "fields": fields,
        "implementationName": kind.name,
        "implementation": kind.implementation,
        "configContract": kind.contract,
        "infoLink": f"https://wiki.servarr.com/lidarr/supported#{kind.implementation.lower()}",
        "tags": body.get("tags", []),
        "id": body.get("id", 0),
    }


def failure(field: str, message: str, *, warning: bool = False) -> Row:
    """One line of a refused form."""
    return {
        "isWarning": warning,
        "propertyName": field,
        "errorMessage": message,
        "severity": "warning" if warning else "error",
        "infoLink": "",
        "detailedDescription": "",
    }


def complaints(body: Row) -> Iterator[Row]:
    """What is wrong with the settings themselves, before anything is asked."""
    values = {field["name"]: field.get("value") for field in body["fields"]}
    yield from _CHECKS[str(body["implementation"])](values)


def _check_sabnzbd(values: Row) -> Iterator[Row]:
    if not re.fullmatch(r"[A-Za-z0-9_.:\[\]-]+", str(values["host"] or "")):
        yield failure("Host", "must be valid Host without http://")
    port = values["port"]
    if not str(port).isdecimal() or not 1 <= int(str(port)) <= 65535:
        yield failure("Port", "'Port' must be between 1 and 65535.")
    if not values["apiKey"] and not (values["username"] and values["password"]):
        yield failure("ApiKey", "API Key is required when username/password are not configured")
    if not values["musicCategory"]:
        yield failure("MusicCategory", "A category is recommended", warning=True)


def _check_newznab(values: Row) -> Iterator[Row]:
    if not re.match(r"https?://.", str(values["baseUrl"] or "")):
        yield failure("BaseUrl", "Invalid URL: must start with http or https")
    if not str(values["apiPath"] or "").startswith("/"):
        yield failure("ApiPath", "Must be a valid URL path (ie: '/api')")
    extra = values["additionalParameters"]
    if extra and not re.fullmatch(r"(&.+?=.+?)+", str(extra)):
        yield failure(
            "AdditionalParameters", "'Additional Parameters' is not in the correct format."
        )


def _check_webhook(values: Row) -> Iterator[Row]:
    parts = urlsplit(str(values["url"] or ""))
    if parts.scheme not in ("http", "https") or not parts.netloc:
        yield failure("Url", f"Invalid Url: '{values['url'] or ''}'")


_CHECKS = {"Sabnzbd": _check_sabnzbd, "Newznab": _check_newznab, "Webhook": _check_webhook}
