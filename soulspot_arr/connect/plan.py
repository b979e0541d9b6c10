"""Which entry is ours, and what has to be changed in it. Pure: rows in, steps out.

Ours is what we made (by the number we kept, while it still looks like ours), what leads to us, and
what bears our name and our path. Nothing else is ever touched.
"""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from soulspot_arr.connect.address import OurAddress
from soulspot_arr.connect.entries import (
    MASK,
    NAME,
    NOUNS,
    PASSED_ON,
    Kind,
    Row,
    Wish,
    address_of,
    value_of,
    with_values,
)

_PATHS = {Kind.CLIENT: "/sabnzbd", Kind.INDEXER: "/newznab", Kind.HOOK: "/hooks/lidarr"}


class Action(StrEnum):
    """What happens to an entry."""

    CREATE = "create"
    UPDATE = "update"
    KEEP = "keep"
    REMOVE = "remove"
    RESTORE = "restore"


@dataclass(frozen=True, slots=True)
class Mark:
    """What we remember of an entry: enough to know it again and to take it back."""

    number: int  # 0 between the decision to make it and the answer
    name: str
    url: str  # our address as it was entered
    made: bool  # by us; otherwise somebody else's that we have adopted
    proof: str = ""  # a fingerprint of the secrets that were entered; they are never shown again
    before: Mapping[str, object] = field(default_factory=dict)  # of an adopted entry


@dataclass(frozen=True, slots=True)
class Change:
    """One line for a person; `before` is None for a new entry."""

    name: str
    after: object
    before: object = None


@dataclass(frozen=True, slots=True)
class Step:
    """What is done with one entry, and the body that does it."""

    action: Action
    kind: Kind
    name: str
    body: Row
    changes: tuple[Change, ...] = ()
    before: Mapping[str, object] = field(default_factory=dict)

    @property
    def title(self) -> str:
        """As a person calls it."""
        return f'{NOUNS[self.kind]} "{self.name}"'


def fingerprint(secret: str) -> str:
    """Tells a secret from another one without giving it away."""
    return hashlib.sha256(f"soulspot-arr:{secret}".encode()).hexdigest()[:16]


# -- finding ---------------------------------------------------------------------------------------


def ours(
    wish: Wish, rows: Sequence[Row], *, mark: Mark | None, homes: Collection[OurAddress]
) -> list[Row]:
    """The entries that are ours, the surest first; more than one when somebody doubled it."""
    own = [
        row
        for row in rows
        if row.get("implementation") == wish.implementation
        and not str(row.get("name") or "").endswith(PASSED_ON)
    ]
    made = [row for row in own if mark is not None and is_marked(wish.kind, row, mark)]
    here = [row for row in own if _leads(wish.kind, row, homes)]
    named = [row for row in own if row.get("name") == NAME and _has_path(wish.kind, row)]
    found: dict[int, Row] = {}
    for row in (*made, *here, *named):
        found.setdefault(int(row.get("id") or 0), row)
    return list(found.values())


def passed_on(rows: Sequence[Row]) -> Row | None:
    """Our indexer as Prowlarr has passed it on: by its name, the address is Prowlarr's."""
    for row in rows:
        name = str(row.get("name") or "")
        if name.startswith(NAME) and name.endswith(PASSED_ON):
            return row
    return None


def is_marked(kind: Kind, row: Mapping[str, Any], mark: Mark) -> bool:
    """Whether this entry is the one that the mark is about.

    A number alone proves nothing: the other program may have been set up anew since.
    """
    address = address_of(kind, row)
    same_address = address is not None and address.url == mark.url
    same_name = row.get("name") == mark.name
    if mark.number == 0:  # we were stopped before we heard the number
        return same_name and same_address
    return row.get("id") == mark.number and (same_name or same_address)


def _leads(kind: Kind, row: Row, homes: Collection[OurAddress]) -> bool:
    address = address_of(kind, row)
    return address is not None and address.is_home(homes)


def _has_path(kind: Kind, row: Row) -> bool:
    name = {Kind.CLIENT: ".urlBase", Kind.INDEXER: ".baseUrl", Kind.HOOK: ".url"}[kind]
    return f"/{str(value_of(row, name) or '').strip('/')}".endswith(_PATHS[kind])


# -- planning --------------------------------------------------------------------------------------


def make(wish: Wish, template: Row, *, taken: Collection[str]) -> Step:
    """A new entry from the program's own template."""
    name = NAME
    number = 2
    while name.lower() in {other.lower() for other in taken}:  # names are unique there
        name, number = f"{NAME} {number}", number + 1
    values = {**wish.first, **wish.always}
    base = {key: value for key, value in template.items() if key not in {"id", "presets"}}
    base |= {
        "name": name,
        "implementation": wish.implementation,
        "configContract": wish.contract,
        "tags": base.get("tags") or [],
    }
    changes = tuple(Change(key, _shown(wish, key, value)) for key, value in values.items())
    return Step(Action.CREATE, wish.kind, name, with_values(base, values), changes)


def adjust(wish: Wish, row: Row, *, mark: Mark | None, everything: bool = False) -> Step:
    """An entry that is there, brought to what it has to be.

    `everything` writes secrets anew, even those that seem to be right.
    """
    known = mark.proof if mark is not None else ""
    wanted = {**_unchosen(wish, row), **wish.always}
    values: dict[str, object] = {}
    for name, value in wanted.items():
        current = value_of(row, name)
        if name in wish.secrets and current == MASK:
            fits = known == fingerprint(str(value)) and not everything
        else:
            fits = alike(current, value)
        if not fits:
            values[name] = value
    title = str(row.get("name") or "")
    if not values:
        return Step(Action.KEEP, wish.kind, title, row)
    changes = tuple(
        Change(name, _shown(wish, name, value), _shown(wish, name, value_of(row, name)))
        for name, value in values.items()
    )
    before = {name: value_of(row, name) for name in values if name not in wish.secrets}
    return Step(Action.UPDATE, wish.kind, title, with_values(row, values), changes, before)


def _unchosen(wish: Wish, row: Row) -> dict[str, object]:
    return {
        name: value
        for name, value in wish.first.items()
        if value_of(row, name) in (None, "", [], *wish.unchosen.get(name, ()))
    }


def take_back(wish: Wish, rows: Sequence[Row], mark: Mark) -> Step | None:
    """Undo what we did to an entry; None when it is gone, or is not ours any more."""
    row = next((row for row in rows if is_marked(wish.kind, row, mark)), None)
    if row is None:
        return None
    name = str(row.get("name") or "")
    if mark.made:
        return Step(Action.REMOVE, wish.kind, name, row)
    values = {key: old for key, old in mark.before.items() if not alike(value_of(row, key), old)}
    if not values:
        return Step(Action.KEEP, wish.kind, name, row)
    changes = tuple(Change(key, old, value_of(row, key)) for key, old in values.items())
    return Step(Action.RESTORE, wish.kind, name, with_values(row, values), changes)


def alike(one: object, other: object) -> bool:
    """Whether two values mean the same to the other program: empty is nothing, order is none."""
    if isinstance(one, list) and isinstance(other, list):
        return sorted(map(str, one)) == sorted(map(str, other))
    if isinstance(one, bool) or isinstance(other, bool):
        return bool(one) is bool(other)
    return _plain(one) == _plain(other)


def _plain(value: object) -> str:
    return "" if value is None else str(value).strip("/")


def _shown(wish: Wish, name: str, value: object) -> object:
    """As a person may see it."""
    if name not in wish.secrets:
        return value
    return "(empty)" if value in (None, "") else "(ours)" if value != MASK else "(not shown)"
