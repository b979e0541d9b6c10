"""Family K: listing and deleting below the downloads and incomplete folders."""

from __future__ import annotations

import base64
from urllib.parse import quote

from tests.soulspot_arr.simulator.conftest import Make
from tests.soulspot_arr.simulator.rig import Rig

DIRECTORIES = "files/downloads/directories"


def b64(path: str) -> str:
    return base64.b64encode(path.encode()).decode()


def filled(rig: Rig) -> Rig:
    """Two files in nested folders."""
    folder = rig.sim.downloads_dir / "Artist" / "Album"
    folder.mkdir(parents=True)
    (folder / "01.flac").write_bytes(b"x" * 10)
    (folder.parent / "note.txt").write_bytes(b"y")
    return rig


def test_K01_listing(rig: Rig) -> None:
    """Flat when recursive; names relative to what was asked for."""
    filled(rig)
    flat = rig.get(DIRECTORIES, params={"recursive": "true"}).json()
    assert (flat["name"], flat["fullName"], flat["attributes"]) == ("downloads", "", "Directory")
    assert [d["fullName"] for d in flat["directories"]] == ["Artist", "Artist/Album"]
    assert [(f["fullName"], f["length"]) for f in flat["files"]] == [
        ("Artist/Album/01.flac", 10),
        ("Artist/note.txt", 1),
    ]
    assert flat["files"][0]["modifiedAt"].endswith("Z")
    top = rig.get(DIRECTORIES).json()
    assert [d["name"] for d in top["directories"]] == ["Artist"]
    assert top["files"] == []
    inner = rig.get(f"{DIRECTORIES}/{b64('Artist')}", params={"recursive": "true"}).json()
    assert [f["fullName"] for f in inner["files"]] == ["Album/01.flac", "note.txt"]
    assert rig.get(f"{DIRECTORIES}/{b64('Nope')}").status_code == 404
    assert rig.get("files/incomplete/directories").json()["name"] == "incomplete"


def test_K02_deleting_needs_the_flag(rig: Rig) -> None:
    """403 empty by default."""
    filled(rig)
    for path in ("files/downloads/files", DIRECTORIES):
        reply = rig.delete(f"{path}/{b64('Artist')}")
        assert (reply.status_code, reply.content) == (403, b"")


def test_K02_deleting(make: Make) -> None:
    """204 also for a missing file; 500 for its missing folder; 404 for a missing directory."""
    rig = filled(make(options_overrides={"remoteFileManagement": True}))
    files = "files/downloads/files"
    assert rig.delete(f"{files}/{b64('Artist/Album/01.flac')}").status_code == 204
    assert not (rig.sim.downloads_dir / "Artist/Album/01.flac").exists()
    assert rig.delete(f"{files}/{b64('Artist/Album/01.flac')}").status_code == 204
    assert rig.delete(f"{files}/{b64('Nope/01.flac')}").status_code == 500
    assert rig.delete(f"{DIRECTORIES}/{b64('Nope')}").status_code == 404
    assert rig.delete(f"{DIRECTORIES}/{b64('Artist')}").status_code == 204
    assert not (rig.sim.downloads_dir / "Artist").exists()


def test_K02_outside_and_the_root_itself_are_500(make: Make) -> None:
    """Not the 403 one would expect."""
    rig = make(options_overrides={"remoteFileManagement": True})
    for path in ("../incomplete", ".", "../../etc"):
        assert rig.delete(f"{DIRECTORIES}/{b64(path)}").status_code == 500


def test_K03_base64_with_a_slash_cannot_be_routed(rig: Rig) -> None:
    """Prefixing `./` moves the letters; here once is enough."""
    name = "Where?"
    (rig.sim.downloads_dir / name).mkdir()
    assert rig.get(f"{DIRECTORIES}/{quote(b64(name), safe='')}").status_code == 500
    assert rig.get(f"{DIRECTORIES}/{quote('not base64!', safe='')}").status_code == 500
    assert "/" in b64(name)
    padded = quote(b64(f"./{name}"), safe="")
    assert rig.get(f"{DIRECTORIES}/{padded}").status_code == 200
