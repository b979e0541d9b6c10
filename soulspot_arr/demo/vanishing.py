"""The trouble of `demo --faults`: a peer who leaves in the middle of an album, and what came of it.

It speaks to the simulated network alone: whom to take away, and who sent which file in the end.
What the service makes of it is told by the service.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass

from soulspot_arr.demo.wire import open_session

SENDER = "vinylvault"
LEAVES_AT = "Music\\The Paper Lanterns\\Slow Cartography (2019)\\04 - Unmapped.flac"
UNKIND = "no_strangers"  # refuses everybody, which is the story of another act
_SECONDS = 10.0


@dataclass(frozen=True, slots=True)
class Delivery:
    """How many files of the album each peer has sent, and how many of them came more than once."""

    senders: dict[str, int]
    again: int


class NetworkHand:
    """Arranges the simulated network; raises `requests.RequestException` when it cannot be reached."""

    def __init__(self, url: str, key: str) -> None:
        self._url = url
        self._session = open_session("soulspot-arr demo")
        self._session.headers["X-API-Key"] = key

    def arrange(self) -> None:
        """The fastest peer will leave in the middle of its fourth file, for good."""
        away = {"online": False}
        script = {"peer": SENDER, "path": LEAVES_AT, "outcome": "offline_mid"}
        for method, route, body in (
            ("PATCH", f"peers/{UNKIND}", away),
            ("POST", "script", script),
        ):
            answer = self._session.request(
                method, f"{self._url}/__sim__/{route}", json=body, timeout=_SECONDS
            )
            answer.raise_for_status()

    def delivery(self) -> Delivery:
        """Who sent what, as slskd remembers it, with what it was told to forget."""
        answer = self._session.get(
            f"{self._url}/api/v0/transfers/downloads",
            params={"includeRemoved": "true"},
            timeout=_SECONDS,
        )
        answer.raise_for_status()
        sent = [
            (user["username"], _track(file["filename"]))
            for user in answer.json()
            for folder in user["directories"]
            for file in folder["files"]
            if "Succeeded" in file["state"]
        ]
        tracks = Counter(track for _, track in sent)
        again = sum(number - 1 for number in tracks.values())
        return Delivery(dict(Counter(peer for peer, _ in sent)), again)


def _track(path: str) -> str:
    """The number in front of a file's name: two peers call one track differently."""
    name = path.replace("/", "\\").rpartition("\\")[2]
    return "".join(character for character in name if character.isdigit())[:2]
