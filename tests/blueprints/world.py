"""Albums to hand over, and what every answer of the REST API has to keep."""

from __future__ import annotations

from typing import Any

from werkzeug.test import TestResponse

from soulspot_arr.domain import NewGrab, Offer, OfferFile

PEER = "peer one"


def remote_path(album: str, track: int = 1) -> str:
    """How the peer names a file."""
    return f"@@share\\Music\\The Examples\\{album}\\{track:02} - Song {track}.flac"


def new_grab(album: str = "Second Sample", *, tracks: int = 2, offers: int = 1) -> NewGrab:
    """An album of one or more peers, as a client hands it over."""
    files = tuple(
        OfferFile(f"locator {number}", remote_path(album, number), 1_000)
        for number in range(1, tracks + 1)
    )
    peers = [PEER, *(f"peer {number}" for number in range(2, offers + 1))]
    return NewGrab(
        release_key="ab" * 32,
        title=f"The Examples - {album} (2001) [FLAC]",
        artist="The Examples",
        album=album,
        year=2001,
        quality="FLAC",
        score=100,
        offers=tuple(Offer("slskd", peer, files) for peer in peers),
        category="music",
    )


def problem(response: TestResponse, status: int, error_code: str) -> dict[str, Any]:
    """Check the one shape of every error and return it."""
    assert response.status_code == status, response.get_data(as_text=True)
    assert response.mimetype == "application/json"
    body: dict[str, Any] = response.get_json()
    assert body["code"] == status
    assert body["error_code"] == error_code
    assert body["status"]
    assert body["message"]
    assert len(body["ref"]) == 8
    assert "Traceback" not in response.get_data(as_text=True)
    return body
