"""What Lidarr's health page complains about as far as our service can be the reason.

Asks the programs that are configured, changes nothing (contract lidarr §10).
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import PurePosixPath

from soulspot_arr.demo.download_items import is_rooted, local_path
from soulspot_arr.demo.faults import LidarrFault
from soulspot_arr.demo.lidarr.clients import BackOff, enabled_clients, sabnzbd
from soulspot_arr.demo.lidarr.core import CLIENT, INDEXER, Core
from soulspot_arr.demo.lidarr.records import Provider
from soulspot_arr.demo.lidarr.tables import Row

_WIKI = "https://wiki.servarr.com/lidarr/system#"


def examine(core: Core, back_off: BackOff) -> list[Row]:
    """Every complaint of this moment."""
    return [
        *_clients(core, back_off),
        *_indexers(core),
        *(row for client in enabled_clients(core) for row in _one_client(core, client)),
    ]


def _complaint(source: str, message: str, *, error: bool = False) -> Row:
    kind = "error" if error else "warning"
    return {"source": source, "type": kind, "message": message, "wikiUrl": f"{_WIKI}{source}"}


def _clients(core: Core, back_off: BackOff) -> Iterator[Row]:
    clients = enabled_clients(core)
    if not clients:
        yield _complaint("DownloadClientCheck", "No download client is available")
    blocked = [one for one in clients if back_off.blocked(one.id)]
    if blocked:
        names = ", ".join(str(one.body["name"]) for one in blocked)
        every = len(blocked) == len(clients)
        text = (
            "All download clients are unavailable due to failures"
            if every
            else f"Download clients unavailable due to failures: {names}"
        )
        yield _complaint("DownloadClientStatusCheck", text, error=every)
    if not core.config("downloadclient")["enableCompletedDownloadHandling"]:
        yield _complaint("ImportMechanismCheck", "Enable Completed Download Handling")


def _indexers(core: Core) -> Iterator[Row]:
    indexers = core.of_providers(INDEXER)
    if not any(one.body["enableRss"] for one in indexers):
        text = "No indexers available with RSS sync enabled, Lidarr will not grab new releases"
        yield _complaint("IndexerRssCheck", f"{text} automatically", error=True)
    for switch, word in (
        ("enableAutomaticSearch", "Automatic"),
        ("enableInteractiveSearch", "Interactive"),
    ):
        if not any(one.body[switch] for one in indexers):
            text = f"No indexers available with {word} Search enabled, Lidarr will not provide any"
            yield _complaint("IndexerSearchCheck", f"{text} {word.lower()} search results")
    known = {one.id for one in core.of_providers(CLIENT) if one.body["enable"]}
    for one in indexers:
        bound = int(one.body["downloadClientId"] or 0)
        if bound and bound not in known:
            text = f"Indexers with invalid download clients: {one.body['name']}."
            yield _complaint("IndexerDownloadClientCheck", text)


def _one_client(core: Core, provider: Provider) -> Iterator[Row]:
    client, name = sabnzbd(core, provider), provider.body["name"]
    try:
        config = client.config()
        root = client.complete_dir(config)
    except LidarrFault as fault:
        core.note(f"health: {name} does not answer: {fault}")
        return
    for sorting in config.sortings:
        if sorting.covers(client.category):
            text = (
                f"Download client {name} has {sorting.name} sorting enabled for Lidarr's category"
            )
            yield _complaint("DownloadClientSortingCheck", text)
    if config.removes_completed():
        text = f"Download client {name} is set to remove completed downloads"
        yield _complaint("DownloadClientRemovesCompletedDownloadsCheck", text)
    category = config.category(client.category) or config.category("*")
    if category is None:
        return
    joined = str(PurePosixPath(root) / category.folder.rstrip("*"))
    folder = local_path(joined, client.host, core.mappings)
    if not is_rooted(folder) or not core.disk.is_folder(folder):
        text = (
            f"Remote download client {name} places downloads in {folder} but this directory does "
            "not appear to exist. Likely missing or incorrect remote path mapping."
        )
        yield _complaint("RemotePathMappingCheck", text, error=True)
    for path in core.root_folders:
        if f"{folder}/".startswith(path.rstrip("/") + "/"):
            text = f"Download client {name} places downloads in the root folder {path}."
            yield _complaint("DownloadClientRootFolderCheck", text)
