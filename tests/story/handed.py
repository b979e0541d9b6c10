"""Small albums of one peer each, handed over as Lidarr does; and what slskd was asked for."""

from __future__ import annotations

import io

import requests

from arr_compat import nzb
from soulspot_arr.domain import Offer, OfferFile
from soulspot_arr.simulator import Simulator
from soulspot_arr.simulator.audio import AudioSpec
from tests.fakes.service_process import ServiceProcess
from tests.story.stage import SLSKD_KEY

FILES = 3
SECRET = "one-secret-for-all-0123456789"


def hand_over(service: ServiceProcess, number: int, *simulators: Simulator) -> None:
    """Let a peer share an album in each of these networks, and grab it."""
    peer, folder = f"peer{number}", f"Music\\Artist {number}\\Album {number}"
    shared = {
        f"{folder}\\{track:02d} - Track.flac": AudioSpec(4, "flac", seed=number * 10 + track)
        for track in range(1, FILES + 1)
    }
    for simulator in simulators:
        simulator.world.add_peer(peer, free_slots=1, speed=400_000)
        for path, audio in shared.items():
            simulator.world.share(peer, path, audio)
    files = tuple(OfferFile(path, path, audio.size, 0, 4) for path, audio in shared.items())
    sealed = nzb.SealedGrab(
        title=f"(FLAC) Artist {number} - Album {number} - 2001-slsk{number:08x}",
        release_key=f"{number:064x}",
        artist=f"Artist {number}",
        album=f"Album {number}",
        year=2001,
        quality="FLAC",
        score=1000,
        offers=(Offer("slskd", peer, files),),
    )
    upload = {"name": ("x.nzb", io.BytesIO(nzb.seal(sealed, SECRET.encode())))}
    query = {"mode": "addfile", "cat": "music", "apikey": service.api_key}
    answer = requests.post(f"{service.sabnzbd}/api", params=query, files=upload, timeout=30)
    assert answer.json()["status"] is True


def completed(service: ServiceProcess) -> list[str]:
    """Names of the grabs that Lidarr would import now; none has failed."""
    history = service.sab("history", limit="60")["history"]
    assert isinstance(history, dict)
    ended = {slot["name"]: slot["status"] for slot in history["slots"]}
    assert set(ended.values()) <= {"Completed"}, ended
    return list(ended)


def asked(simulator: Simulator) -> list[tuple[str, str, str]]:
    """Peer, path and state of everything that this slskd was ever asked for."""
    answer = requests.get(
        f"{simulator.url}/api/v0/transfers/downloads?includeRemoved=true",
        headers={"X-API-Key": SLSKD_KEY},
        timeout=9,
    )
    return [
        (user["username"], file["filename"], file["state"])
        for user in answer.json()
        for folder in user["directories"]
        for file in folder["files"]
    ]
