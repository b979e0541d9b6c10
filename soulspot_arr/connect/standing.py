"""What Lidarr's own health page says about us after we were connected. Pure, but for one reader.

Lidarr checks everything, also what is none of our business: only the checks that look at download
clients and indexers count (contract lidarr §10), and of those not the ones that name somebody
else's entry.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from soulspot_arr.connect.connector import Patience
from soulspot_arr.errors import ServarrError
from soulspot_arr.servarr import Servarr

# Check of Lidarr's -> what to do about it.
WAYS: Mapping[str, str] = {
    "RemotePathMappingCheck": "Mount the folder of finished grabs into Lidarr's container at the "
    "same place as here, or set SOULSPOT_PATHS_MAPPINGS; `soulspot-arr doctor` shows which.",
    "DownloadClientRootFolderCheck": "Keep the folder of finished grabs outside Lidarr's library "
    "folders: set SOULSPOT_PATHS_COMPLETE_DIR.",
    "DownloadClientSortingCheck": "Update SoulSpot Arr: it should never say that it sorts.",
    "DownloadClientRemovesCompletedDownloadsCheck": "Update SoulSpot Arr: it keeps its history.",
    "DownloadClientStatusCheck": "Look whether SoulSpot Arr runs and Lidarr reaches it, then press "
    "Test in Lidarr.",
    "DownloadClientCheck": "Enable the download client in Lidarr.",
    "ImportMechanismCheck": "Turn on Settings > Download Clients > Completed Download Handling.",
    "IndexerRssCheck": "Turn on RSS for our indexer in Lidarr.",
    "IndexerSearchCheck": "Turn on both kinds of search for our indexer in Lidarr.",
    "IndexerStatusCheck": "Look whether SoulSpot Arr runs and Lidarr reaches it, then press Test.",
    "IndexerLongTermStatusCheck": "Press Test on our indexer in Lidarr.",
    "IndexerDownloadClientCheck": "Run `soulspot-arr connect lidarr` again: it binds our indexer "
    "to our download client.",
}


@dataclass(frozen=True, slots=True)
class Ailment:
    """One line of Lidarr's health that is about us."""

    source: str
    words: str
    grave: bool

    @property
    def fix(self) -> str:
        """What to do."""
        return WAYS[self.source]


def about_us(
    rows: Sequence[Mapping[str, Any]], *, ours: Collection[str], others: Collection[str]
) -> list[Ailment]:
    """The lines that are about us; `ours` and `others` are names of entries."""
    found = []
    for row in rows:
        source, words = str(row.get("source") or ""), str(row.get("message") or "")
        if source not in WAYS or row.get("type") not in {"warning", "error"}:
            continue
        named = any(name and name in words for name in ours)
        elsewhere = any(name and name in words for name in others)
        if named or not elsewhere:
            found.append(Ailment(source, words, row.get("type") == "error"))
    return found


def settle(
    lidarr: Servarr, *, ours: Collection[str], others: Collection[str], patience: Patience
) -> list[Ailment]:
    """Have Lidarr check itself until nothing is left about us, or patience is over."""
    left: list[Ailment] = []
    for _ in range(patience.rounds):
        with suppress(ServarrError):  # it also checks itself, some seconds after every change
            lidarr.call("POST", "/command", {"name": "CheckHealth"})
        patience.sleep(patience.pause)  # it runs beside us
        try:
            left = about_us(lidarr.rows("/health"), ours=ours, others=others)
        except ServarrError as error:
            if error.data.get("why") not in {"slow", "cut", "starting"}:
                raise
            continue
        if not left:
            break
    return left
