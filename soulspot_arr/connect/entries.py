"""What has to stand in Lidarr and in Prowlarr so that they use us. Pure.

Field names are those of their forms (contract lidarr §11.5, sabnzbd §3.1, §3.9). `always` is what
cannot be otherwise without breaking something; `first` is a good beginning, which a person may
have changed since: it is written into a new entry, and into one that still has the form's own
default.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from soulspot_arr.connect.address import CLIENT_PATH, HOOK_PATH, INDEXER_PATH, OurAddress
from soulspot_arr.errors import InvalidInput

NAME = "SoulSpot Arr"
MASK = "********"  # what both programs show instead of a key or a password
NOT_YET = -1  # the number of a client that a rehearsal would make
PASSED_ON = " (Prowlarr)"  # the end of the name that Prowlarr gives an indexer in Lidarr

Row = dict[str, Any]


class Kind(StrEnum):
    """Which list of the API an entry is in."""

    CLIENT = "downloadclient"
    INDEXER = "indexer"
    HOOK = "notification"


NOUNS: Mapping[Kind, str] = {
    Kind.CLIENT: "download client",
    Kind.INDEXER: "indexer",
    Kind.HOOK: "webhook",
}

# Beside a real Usenet client ours comes last: grabs of other indexers are not for us.
CLIENT_PRIORITY = 50
# MP3, lossless and everything else, as our capabilities have them (all carry 3000 too).
CATEGORIES = [3000, 3010, 3040, 3050]


@dataclass(frozen=True, slots=True)
class Wish:
    """What an entry has to be. Names with a leading dot are fields of its form, others its own."""

    kind: Kind
    implementation: str
    always: Mapping[str, object]
    first: Mapping[str, object] = field(default_factory=dict)
    # Values that count as "nobody has chosen yet" for names of `first`, besides nothing at all.
    unchosen: Mapping[str, tuple[object, ...]] = field(default_factory=dict)
    secrets: frozenset[str] = frozenset()

    @property
    def contract(self) -> str:
        """How both programs call the form of an implementation."""
        return f"{self.implementation}Settings"


@dataclass(frozen=True, slots=True)
class Terms:
    """Everything that a wish depends on."""

    address: OurAddress
    key: str
    category: str
    category_asked: bool = False  # by the person at the command line
    client_id: int = 0  # 0 while there is no client
    profile_id: int = 1  # Prowlarr only


def client(terms: Terms, *, category_field: str) -> Wish:
    """The SABnzbd download client of either program."""
    address = terms.address
    always: dict[str, object] = {
        "enable": True,
        ".host": address.host,
        ".port": address.port,
        ".useSsl": address.tls,
        ".urlBase": f"{address.base}{CLIENT_PATH}",
        ".apiKey": terms.key,
    }
    first: dict[str, object] = {"priority": CLIENT_PRIORITY}
    (always if terms.category_asked else first)[category_field] = terms.category
    return Wish(
        Kind.CLIENT,
        "Sabnzbd",
        always=always,
        first=first,
        unchosen={"priority": (0, 1)},
        secrets=frozenset({".apiKey", ".password"}),
    )


def lidarr_client(terms: Terms) -> Wish:
    """Our download client in Lidarr, which also clears up what it has imported."""
    wish = client(terms, category_field=".musicCategory")
    always = {**wish.always, "removeCompletedDownloads": True, "removeFailedDownloads": True}
    return Wish(wish.kind, wish.implementation, always, wish.first, wish.unchosen, wish.secrets)


def _newznab(terms: Terms) -> dict[str, object]:
    return {
        ".baseUrl": f"{terms.address.url}{INDEXER_PATH}",
        ".apiPath": "/api",
        ".apiKey": terms.key,
        "downloadClientId": terms.client_id,
    }


def lidarr_indexer(terms: Terms) -> Wish:
    """Our indexer in Lidarr, bound to our client."""
    return Wish(
        Kind.INDEXER,
        "Newznab",
        always={
            **_newznab(terms),
            # Our publish dates say nothing about age.
            ".earlyReleaseLimit": None,
            "enableRss": True,
            "enableAutomaticSearch": True,
            "enableInteractiveSearch": True,
        },
        first={".categories": CATEGORIES, "priority": 25},
        unchosen={"priority": (0,)},
        secrets=frozenset({".apiKey"}),
    )


def passed_on_indexer(terms: Terms) -> Wish:
    """Our indexer as Prowlarr has passed it on to Lidarr: only what Prowlarr leaves alone."""
    always: dict[str, object] = {
        ".earlyReleaseLimit": None,
        "downloadClientId": terms.client_id,
    }
    return Wish(Kind.INDEXER, "Newznab", always, secrets=frozenset({".apiKey"}))


def lidarr_hook(terms: Terms) -> Wish:
    """Lidarr tells us of grabs, imports and failures; what else it tells does no harm."""
    return Wish(
        Kind.HOOK,
        "Webhook",
        always={
            ".url": f"{terms.address.url}{HOOK_PATH}",
            ".password": terms.key,
            "onGrab": True,
            "onReleaseImport": True,
            "onUpgrade": True,
            "onDownloadFailure": True,
            "onImportFailure": True,
        },
        first={".method": 1, ".username": "lidarr"},
        unchosen={".method": (0,)},
        secrets=frozenset({".password"}),
    )


def prowlarr_client(terms: Terms) -> Wish:
    """Our download client in Prowlarr, for grabs on its own search page."""
    return client(terms, category_field=".category")


def prowlarr_indexer(terms: Terms) -> Wish:
    """Our indexer in Prowlarr; it refuses a Usenet indexer without redirect."""
    return Wish(
        Kind.INDEXER,
        "Newznab",
        always={**_newznab(terms), "enable": True, "redirect": True},
        first={"priority": 25, "appProfileId": terms.profile_id},
        unchosen={"priority": (0,), "appProfileId": (0,)},
        secrets=frozenset({".apiKey"}),
    )


Make = Callable[[Terms], Wish]
# In the order in which they are made; taken back in the opposite one.
LIDARR_WISHES: tuple[Make, ...] = (lidarr_client, lidarr_indexer, lidarr_hook)
PROWLARR_WISHES: tuple[Make, ...] = (prowlarr_client, prowlarr_indexer)


# -- reading entries -------------------------------------------------------------------------------


def value_of(row: Mapping[str, Any], name: str) -> Any:
    """A value of an entry by its name in a wish; None when it is not there."""
    if not name.startswith("."):
        return row.get(name)
    for entry in row.get("fields") or ():
        if isinstance(entry, dict) and entry.get("name") == name[1:]:
            return entry.get("value")
    return None


def with_values(row: Row, values: Mapping[str, object]) -> Row:
    """A copy of an entry with these values in place."""
    fields = [dict(entry) for entry in row.get("fields") or () if isinstance(entry, dict)]
    copy = {**row, "fields": fields}
    for name, value in values.items():
        if not name.startswith("."):
            copy[name] = value
            continue
        known = [entry for entry in fields if entry.get("name") == name[1:]]
        if not known:
            known = [{"name": name[1:]}]
            fields += known
        known[0]["value"] = value
    return copy


def address_of(kind: Kind, row: Mapping[str, Any]) -> OurAddress | None:
    """Where an entry leads, without the path that is ours; None when that is no address."""
    path = {Kind.CLIENT: CLIENT_PATH, Kind.INDEXER: INDEXER_PATH, Kind.HOOK: HOOK_PATH}[kind]
    try:
        if kind is not Kind.CLIENT:
            url = str(value_of(row, ".baseUrl" if kind is Kind.INDEXER else ".url") or "")
            if kind is Kind.HOOK and not url.rstrip("/").endswith(path):
                return None
            return OurAddress.parse(url)
        base = "/" + str(value_of(row, ".urlBase") or "").strip("/")
        return OurAddress(
            str(value_of(row, ".host") or ""),
            int(value_of(row, ".port") or 0),
            tls=value_of(row, ".useSsl") is True,
            base=base.removesuffix(path).rstrip("/"),
        )
    except (InvalidInput, ValueError):
        return None
