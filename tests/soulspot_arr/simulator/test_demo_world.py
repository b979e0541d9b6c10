"""The demo world, the command that serves it, and a whole download in scaled time."""

from __future__ import annotations

import io
import os
import signal
import subprocess
import sys
import unicodedata
from pathlib import Path

import mutagen
import pytest
import requests

from soulspot_arr.simulator.albums import HARBOUR, NORTHBOUND
from soulspot_arr.simulator.network import Network
from soulspot_arr.simulator.worlds import populate
from tests.soulspot_arr.simulator.conftest import Make
from tests.soulspot_arr.simulator.rig import KEY, eventually

ROOT = Path(__file__).parents[3]


@pytest.fixture
def world() -> Network:
    """A populated network."""
    network = Network()
    populate(network)
    return network


def test_it_is_varied(world: Network) -> None:
    """Peers, habits and faults that a bridge has to cope with."""
    paths = [path for peer in world.peers.values() for path in peer.files]
    files = [file for peer in world.peers.values() for file in peer.files.values()]
    assert 12 <= len(world.peers) <= 20
    assert any(path.startswith("@@") for path in paths)
    assert any(path.startswith("C:\\") for path in paths)
    assert any(path.startswith("/home/") for path in paths)
    assert any(path != unicodedata.normalize("NFC", path) for path in paths)
    assert any("\\CD1\\" in path or "\\Disc 1\\" in path for path in paths)
    assert any(file.locked for file in files)
    assert any(
        path.endswith(".flac") and not file.shown for path, file in zip(paths, files, strict=True)
    )
    assert {path.rpartition(".")[2] for path in paths} >= {
        "flac",
        "mp3",
        "jpg",
        "cue",
        "log",
        "m3u",
    }
    assert any(peer.leaves_after for peer in world.peers.values())
    assert any(peer.queue_length > 100 for peer in world.peers.values())
    assert any(peer.speed < 50_000 for peer in world.peers.values())


def test_it_is_the_same_every_time(world: Network) -> None:
    """Names and sizes."""
    other = Network(seed=9)
    populate(other)
    assert {
        (name, path, file.size)
        for name, peer in world.peers.items()
        for path, file in peer.files.items()
    } == {
        (name, path, file.size)
        for name, peer in other.peers.items()
        for path, file in peer.files.items()
    }


@pytest.mark.parametrize("album", [HARBOUR, NORTHBOUND], ids=lambda album: str(album.title))
def test_the_main_albums_exist_whole_in_both_formats(make: Make, album: object) -> None:
    """Found over the API from several peers."""
    rig = make(world="demo")
    wanted = HARBOUR if album is HARBOUR else NORTHBOUND
    whole: dict[str, set[str]] = {"flac": set(), "mp3": set()}
    for response in rig.found(f"{wanted.artist} {wanted.title}".replace("&", "")):
        for codec, peers in whole.items():
            own = [f for f in response["files"] if f["filename"].endswith(codec)]
            if len(own) >= len(wanted.tracks):
                peers.add(response["username"])
    assert len(whole["mp3"]) >= 2
    assert len(whole["flac"]) >= (2 if wanted is HARBOUR else 1)


def test_a_disc_folder_per_disc(make: Make) -> None:
    """The two-disc album has them."""
    rig = make(world="demo")
    (mine,) = [r for r in rig.found("kestrel vane northbound") if r["username"] == "vinylvault"]
    folders = {f["filename"].rpartition("\\")[0].rpartition("\\")[2] for f in mine["files"]}
    assert folders == {"Disc 1", "Disc 2"}


def test_a_whole_album_in_scaled_time(make: Make) -> None:
    """Searched, fetched and readable, without touching the clock."""
    rig = make(world="demo", time_scale=60.0)
    id_ = rig.search("marlow finch harbour lights", searchTimeout=8000)["id"]
    eventually(lambda: "endedAt" in rig.state(id_))
    responses = rig.get(f"searches/{id_}/responses").json()
    (mine,) = [r for r in responses if r["username"] == "vinylvault"]
    audio = [f for f in mine["files"] if f["filename"].endswith(".flac")]
    reply = rig.post(
        "transfers/downloads/batches",
        {
            "username": "vinylvault",
            "files": [{"filename": f["filename"], "size": f["size"]} for f in audio],
            "options": {"destination": "harbour"},
        },
    )
    assert reply.status_code == 201
    eventually(lambda: len(rig.events("DownloadFileComplete")) == len(audio), seconds=20)
    landed = sorted((rig.sim.downloads_dir / "harbour").iterdir())
    assert len(landed) == len(HARBOUR.tracks)
    for track, path in zip(HARBOUR.tracks, landed, strict=True):
        file = mutagen.File(io.BytesIO(path.read_bytes()), easy=True)
        assert file["title"] == [track.title]
        assert file.info.length == track.seconds


def test_simultaneous_clients_are_served(make: Make) -> None:
    """Several threads polling while downloads run."""
    rig = make(world="demo", time_scale=200.0)
    peer = rig.world.peers["nighttrain88"]
    files = [{"filename": f.path, "size": f.size} for f in peer.files.values()][:20]
    rig.post("transfers/downloads/batches", {"username": peer.name, "files": files})
    pollers = [rig.begin("GET", "transfers/downloads") for _ in range(12)]
    assert {p.result().status_code for p in pollers} == {200}
    eventually(lambda: len(rig.events("DownloadFileComplete")) == len(files), seconds=20)


def test_the_command_serves_until_told_to_stop(tmp_path: Path) -> None:
    """The first line names the address; SIGTERM ends it cleanly."""
    code = (
        "import sys, pathlib\n"
        "from soulspot_arr.simulator import SimOptions\n"
        "from soulspot_arr.simulator.command import run\n"
        f"options = SimOptions(data_dir=pathlib.Path(sys.argv[1]), api_key='{KEY}', world='demo')\n"
        "sys.exit(run(options))\n"
    )
    process = subprocess.Popen(
        [sys.executable, "-c", code, str(tmp_path)],
        stdout=subprocess.PIPE,
        text=True,
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
    )
    assert process.stdout is not None
    first = process.stdout.readline()
    assert first.startswith("simulated slskd 0.26.0 listening on http://127.0.0.1:")
    url = first.split()[-1]
    assert requests.get(f"{url}/health", timeout=5).text == "Healthy"
    process.send_signal(signal.SIGTERM)
    rest = process.stdout.read()
    assert process.wait(timeout=10) == 0
    process.stdout.close()
    assert KEY in rest
    assert str(tmp_path / "downloads") in rest
    assert "vinylvault" in rest


def test_killing_the_command_is_a_hard_restart(tmp_path: Path) -> None:
    """H01 across real processes: the next one resumes what was under way."""
    code = (
        "import sys, pathlib\n"
        "from soulspot_arr.simulator import SimOptions\n"
        "from soulspot_arr.simulator.command import run\n"
        f"options = SimOptions(data_dir=pathlib.Path(sys.argv[1]), api_key='{KEY}', world='demo', time_scale=5)\n"
        "sys.exit(run(options))\n"
    )

    def launch() -> tuple[subprocess.Popen[str], str]:
        process = subprocess.Popen(
            [sys.executable, "-c", code, str(tmp_path)],
            stdout=subprocess.PIPE,
            text=True,
            cwd=ROOT,
            env={**os.environ, "PYTHONPATH": str(ROOT)},
        )
        assert process.stdout is not None
        url = process.stdout.readline().split()[-1]
        eventually(lambda: get(url, "server")["isLoggedIn"])
        return process, url

    def get(url: str, path: str) -> dict[str, object]:
        headers = {"X-API-Key": KEY}
        return dict(requests.get(f"{url}/api/v0/{path}", headers=headers, timeout=5).json())

    process, url = launch()
    folder = "Music\\Marlow Finch - 2014 - Harbour Lights [FLAC]"
    peer = requests.get(f"{url}/__sim__/peers", timeout=5).json()
    assert "dialup" in {p["name"] for p in peer}
    body = requests.get(
        f"{url}/api/v0/users/dialup/browse", headers={"X-API-Key": KEY}, timeout=5
    ).json()
    (found,) = [d for d in body["directories"] if d["name"] == folder]
    file = {
        "filename": f"{folder}\\{found['files'][0]['filename']}",
        "size": found["files"][0]["size"],
    }
    reply = requests.post(
        f"{url}/api/v0/transfers/downloads/batches",
        json={"username": "dialup", "files": [file]},
        headers={"X-API-Key": KEY},
        timeout=5,
    )
    old = reply.json()["batch"]["transfers"][0]["id"]
    eventually(lambda: get(url, f"transfers/downloads/x/{old}")["state"] == "InProgress")
    process.kill()
    process.communicate(timeout=10)
    process, url = launch()
    assert get(url, f"transfers/downloads/x/{old}")["exception"] == "Application shut down"
    eventually(lambda: get(url, f"transfers/downloads/x/{old}")["removed"])
    process.terminate()
    process.communicate(timeout=10)
    assert process.returncode == 0


def test_the_simulator_looks_at_no_other_room() -> None:
    """It implements the contract independently; its sockets know no room of the product either."""
    house = ROOT / "soulspot_arr"
    allowed = (
        "soulspot_arr.simulator",
        "soulspot_arr.listener",
        "soulspot_arr.errors",
        "soulspot_arr.log",
    )
    assert "soulspot_arr" not in (house / "listener.py").read_text()
    for path in (house / "simulator").glob("*.py"):
        for line in path.read_text().splitlines():
            if line.lstrip().startswith(("from soulspot_arr", "import soulspot_arr")):
                assert line.split()[1].startswith(allowed), f"{path.name}: {line}"
