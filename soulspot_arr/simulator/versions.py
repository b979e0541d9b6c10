"""What each slskd release does differently for a client (contract slskd §10).

Facts per release only; the rooms that behave differently ask these properties.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from soulspot_arr.errors import ConfigError

_SHORT = {
    "0.21": (0, 21, 4),
    "0.22": (0, 22, 1),
    "0.23": (0, 23, 2),
    "0.24": (0, 24, 1),
    "0.25": (0, 25, 1),
    "0.26": (0, 26, 0),
    "master": (0, 26, 0),
}


@dataclass(frozen=True, slots=True)
class Profile:
    """One release; `master` is 0.26.0 plus the changed enqueue limit."""

    release: tuple[int, int, int]
    master: bool = False

    @classmethod
    def parse(cls, name: str) -> Profile:
        """`0.26.0`, `0.26` or `master`; raises ConfigError otherwise."""
        if name in _SHORT:
            return cls(_SHORT[name], name == "master")
        found = re.fullmatch(r"0\.(2[1-6])\.(\d+)", name)
        if not found:
            raise ConfigError(f"unknown slskd version '{name}'; known: {', '.join(_SHORT)}")
        return cls((0, int(found[1]), int(found[2])))

    @property
    def name(self) -> str:
        return "master" if self.master else ".".join(map(str, self.release))

    @property
    def version(self) -> str:
        """Four parts; canary builds carry revision 65534 (contract slskd §2.2)."""
        return ".".join(map(str, self.release)) + (".65534" if self.master else ".0")

    def since(self, *release: int) -> bool:
        """Whether this release is that one or later."""
        return self.release[: len(release)] >= release

    @property
    def events(self) -> bool:
        return self.since(0, 22)

    @property
    def problem_details(self) -> bool:
        return not self.since(0, 22)

    @property
    def directory_array(self) -> bool:
        return self.since(0, 22, 3)

    @property
    def message_events(self) -> bool:
        return self.since(0, 23, 2)

    @property
    def connection_events(self) -> bool:
        return self.since(0, 24, 4)

    @property
    def concurrent_searches(self) -> int:
        """0.22.3 to 0.23 used the library's default of ten; before, there was no limit."""
        if self.since(0, 24):
            return 2
        return 10 if self.since(0, 22, 3) else 1_000_000

    @property
    def throttles_posts(self) -> bool:
        return self.since(0, 24)

    @property
    def async_enqueue(self) -> bool:
        return self.since(0, 24)

    @property
    def validates_numbers(self) -> bool:
        return self.since(0, 24, 4)

    @property
    def batches(self) -> bool:
        return self.since(0, 26)

    @property
    def retries(self) -> bool:
        return self.since(0, 26)

    @property
    def destinations(self) -> bool:
        """Patterns, batch destinations, root stripping and the long incomplete path."""
        return self.since(0, 26)

    @property
    def failed_as_objects(self) -> bool:
        """The legacy enqueue lists failures as empty objects (value tuples) instead of names."""
        return self.since(0, 26)

    @property
    def nested_transfer_options(self) -> bool:
        return self.since(0, 25)

    @property
    def enqueue_limit_cancels(self) -> bool:
        return self.master
