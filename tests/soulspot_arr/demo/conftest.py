"""Fixtures of the demo room: a scripted server and folders of tiny, properly tagged audio."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from soulspot_arr.demo.sabnzbd_client import SabnzbdClient
from tests.soulspot_arr.demo.scripted import Scripted, scripted_server


@pytest.fixture
def server() -> Iterator[Scripted]:
    """A scripted HTTP server that lives for one test."""
    with scripted_server() as running:
        yield running


@pytest.fixture
def client(server: Scripted) -> SabnzbdClient:
    """A client that talks to the scripted server."""
    return SabnzbdClient(f"{server.url}/sabnzbd", "K", "music")
