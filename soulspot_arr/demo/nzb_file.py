"""The only questions Lidarr asks of an NZB file before handing it on (contract lidarr §5.3).

Pure.
"""

from __future__ import annotations

from soulspot_arr.demo.capabilities import parse_xml
from soulspot_arr.demo.faults import IndexerFault, InvalidNzb


def validate_nzb(content: bytes) -> None:
    """Accept a root `nzb` with a `file` child in its own namespace; InvalidNzb otherwise."""
    try:
        # A byte order mark is tolerated here, unlike in caps and feeds; a DTD is ignored.
        root = parse_xml(content.decode("utf-8-sig", errors="replace"))
    except IndexerFault as fault:
        raise InvalidNzb(f"Invalid NZB: {fault}") from fault
    namespace, _, name = root.tag.rpartition("}")
    if name == "error" and {"code", "description"} <= set(root.keys()):
        raise InvalidNzb(
            f"Invalid NZB: Contains indexer error: {root.get('code')} - {root.get('description')}"
        )
    if name != "nzb":
        raise InvalidNzb(f"Invalid NZB: Unexpected root element {name!r}")
    if root.find(f"{namespace}}}file" if namespace else "file") is None:
        raise InvalidNzb("Invalid NZB: No files")
