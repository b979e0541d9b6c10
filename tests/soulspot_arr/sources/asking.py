"""One request for two files, and what slskd has to say about it, on its new route and its old one."""

from __future__ import annotations

from typing import Any

import requests

from soulspot_arr.domain import BatchRequest, OfferFile
from tests.soulspot_arr.sources.conftest import DOWNLOADS

PEER = DOWNLOADS + "/peer%20one"
KEY = "5c1f0000-0000-4000-8000-000000000001"
FOLDER = "@@abcde\\Music\\Artist\\Album [FLAC]"
ONE, TWO = f"{FOLDER}\\01 - One.flac", f"{FOLDER}\\02 - Two.flac"
DESTINATION = "soulspot/SABnzbd_nzo_abc/CD1"
RUNNING = "Skipped: Already in progress"


def ask(*paths: str, peer: str = "peer one", **fields: Any) -> BatchRequest:
    """A request for these files, ten bytes each."""
    files = tuple(OfferFile(path, path, 10) for path in paths or (ONE, TWO))
    return BatchRequest(KEY, peer, files, fields.get("destination", DESTINATION))


def transfer(path: str, ref: str, state: str = "Queued, Locally", **fields: Any) -> dict[str, Any]:
    """A transfer as slskd shows it."""
    return {
        "id": ref,
        "username": "peer one",
        "direction": "Download",
        "filename": path,
        "size": 10,
        "state": state,
        "requestedAt": "2026-08-22T18:10:00.2",
        **fields,
    }


def batch(*transfers: dict[str, Any]) -> dict[str, Any]:
    """A batch as slskd shows it."""
    return {
        "id": KEY,
        "username": "peer one",
        "transfers": list(transfers),
        "options": {"destination": DESTINATION},
    }


def user(*transfers: dict[str, Any], peer: str = "peer one") -> dict[str, Any]:
    """One user's downloads as slskd groups them."""
    return {"username": peer, "directories": [{"directory": "d", "files": list(transfers)}]}


T1, T2 = transfer(ONE, "t1", batchId=KEY), transfer(TWO, "t2", batchId=KEY)

LOST: list[dict[str, Any]] = [
    {"exc": requests.exceptions.ReadTimeout},
    {"exc": requests.exceptions.ConnectionError},
    {"status_code": 504, "text": "<html>gateway time-out"},
    {"status_code": 201, "content": b'{"batch": {"id": "5c'},
]
