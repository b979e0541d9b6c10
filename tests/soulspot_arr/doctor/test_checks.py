"""What each finding means: a table of facts, and the line that a person gets."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from soulspot_arr.doctor.checks import judge
from soulspot_arr.doctor.facts import (
    Budget,
    Door,
    Entry,
    Facts,
    Folder,
    LidarrView,
    Owner,
    PathMapping,
    PathWay,
    Peerage,
)

FOLDER = Folder(
    "/downloads", "/app/downloads", "/downloads/soulspot", "", True, True, "/downloads/x", True
)
OWNER = Owner(1000, 1000, 0o022, 1000)
CLIENT = Entry('download client "SoulSpot Arr"', "keep")
INDEXER = Entry('indexer "SoulSpot Arr"', "keep")
HOOK = Entry('webhook "SoulSpot Arr"', "create")
WAY = PathWay("soulspot-arr", "/downloads/soulspot", (), ())
VIEW = LidarrView((CLIENT, INDEXER), (), WAY)
WELL = Facts(
    peerage=Peerage("0.26.0.0", 50300, True),
    folder=FOLDER,
    owner=OWNER,
    clocks={"slskd": 0.4, "Lidarr": -1.0},
    database="",
    data_free=10**12,
    budget=Budget(0.5, 30, 220.0),
    lidarr=VIEW,
    door=Door("http://127.0.0.1:8585", True, "", ("found in the feed", "deleted")),
)
FITTING = PathMapping("SoulSpot-Arr", "/downloads/", "/data/downloads/")
STRANGE = PathMapping("soulspot-arr", "/other", "/data")


def lidarr(**changes: Any) -> Facts:
    """All is well but for this in Lidarr."""
    return replace(WELL, lidarr=replace(VIEW, **changes))


def way(*mappings: PathMapping, ours: tuple[str, ...] = ()) -> Facts:
    """All is well but for these mappings."""
    return lidarr(paths=replace(WAY, theirs=mappings, ours=ours))


def test_all_is_well() -> None:
    """Only good news, each code once, no fix needed."""
    checks = judge(WELL)
    assert {check.level for check in checks} == {"ok"}
    assert len({check.code for check in checks}) == len(checks)
    assert not any(check.fix for check in checks)


def test_nothing_is_known() -> None:
    """Then nothing is said."""
    assert judge(Facts()) == []


@pytest.mark.parametrize(
    ("facts", "code", "level", "words", "fix"),
    [
        (replace(WELL, database="page 3 is never used"), "database_sound", "error", "page 3", "backup"),
        (replace(WELL, data_free=10**6), "database_sound", "error", "MiB are free", "df -h"),
        (replace(WELL, peerage=Peerage("0.21.4", None, None)), "slskd_version", "error", "too old", "Update slskd"),
        (replace(WELL, peerage=Peerage("0.24.1.0", None, None)), "slskd_version", "warning", "0.26", "Update slskd"),
        (replace(WELL, peerage=Peerage("0.26.0", 50300, False)), "slskd_port", "warning", "50300", '["50300:50300"]'),
        (replace(WELL, folder=replace(FOLDER, trouble="Permission denied")), "downloads_writable", "error", "Permission denied", "chown -R 1000:1000 /downloads"),
        (replace(WELL, folder=replace(FOLDER, trouble="Read-only"), owner=None), "downloads_writable", "error", "Read-only", "write permission"),
        (replace(WELL, folder=replace(FOLDER, slskd_sees=False)), "same_folder_slskd", "error", "two folders", "unset SOULSPOT_PATHS_LOCAL_ROOT"),
        (replace(WELL, folder=replace(FOLDER, unplaced="Not a directory")), "downloads_writable", "error", "/downloads/soulspot: Not a directory", "chown -R 1000:1000 /downloads/soulspot,"),
        (replace(WELL, folder=replace(FOLDER, one_disk=False)), "same_disk", "warning", "copied", "./data:/data"),
        (replace(WELL, folder=replace(FOLDER, lidarr_sees=False)), "same_folder_lidarr", "error", "/downloads/x", "volumes"),
        (replace(WELL, folder=replace(FOLDER, lidarr_sees=False, elsewhere=("/downloads", "/data/downloads"))), "same_folder_lidarr", "error", "/downloads/x", "SOULSPOT_PATHS_MAPPINGS=/downloads=/data/downloads"),
        (replace(WELL, folder=replace(FOLDER, lidarr_sees=False, elsewhere=("/downloads", "/downloads"))), "same_folder_lidarr", "error", "/downloads/x", "Unset SOULSPOT_PATHS_MAPPINGS"),
        (replace(WELL, owner=Owner(1000, 1000, 0o022, 911, ("/downloads/a", "/downloads/b"), 911)), "permissions", "error", "2 folders", 'user: "911:911"'),
        (replace(WELL, owner=Owner(0, 0, 0o022, 1000)), "permissions", "warning", "root", 'user: "1000:1000"'),
        (replace(WELL, owner=replace(OWNER, wished={"PUID": "568", "PGID": "569"})), "permissions", "warning", "PUID is 568", 'user: "568:569"'),
        (replace(WELL, clocks={"slskd": 90.0, "Lidarr": 0.0}), "clock", "warning", "slskd is 90 s ahead", "timedatectl"),
        (replace(WELL, clocks={"the disk": -4000.0}), "clock", "error", "4000 s behind", "timedatectl"),
        (replace(WELL, budget=Budget(1.1, 30, 220.0)), "search_budget", "warning", "110% of 30", "Wait"),
        (replace(WELL, door=Door("http://127.0.0.1:8585", False)), "round_trip", "warning", "8585", "docker compose up"),
        (replace(WELL, door=Door("x", True, "it was not accepted: full")), "round_trip", "error", "not accepted", "environment"),
        (lidarr(trouble="Lidarr is too old.", too_old=True), "lidarr_version", "error", "too old", "docker compose pull lidarr"),
        (lidarr(trouble="A proxy stands there."), "lidarr_entries", "warning", "proxy", "connect lidarr"),
        (lidarr(slowest=5.2), "lidarr_slow", "warning", "5 s for one answer", "System > Tasks"),
        (lidarr(slowest=20.0, unasked=("its health", "its path mappings"), complaints=None), "lidarr_slow", "warning", "its health; its path mappings", "network drive"),
        (lidarr(tested=False), "lidarr_entries", "warning", "did not end in time", "Press Test"),
        (lidarr(entries=(replace(CLIENT, action="create"), INDEXER)), "lidarr_entries", "error", "no download client", "connect lidarr"),
        (lidarr(entries=(replace(CLIENT, action="create"), replace(INDEXER, action="create"))), "lidarr_entries", "error", "no download client and no indexer", "connect lidarr"),
        (lidarr(entries=(CLIENT, replace(INDEXER, action="create"))), "lidarr_entries", "error", "no indexer", "connect lidarr"),
        (lidarr(entries=(CLIENT, INDEXER, HOOK)), "lidarr_entries", "warning", "no webhook", "connect lidarr"),
        (lidarr(entries=(CLIENT, replace(INDEXER, action="update"))), "lidarr_entries", "warning", 'indexer "SoulSpot Arr"', "--dry-run"),
        (lidarr(entries=(replace(CLIENT, red="Unable to connect"), INDEXER)), "lidarr_entries", "error", "red: Unable to connect", "connect lidarr"),
        (lidarr(complaints=(("No indexers", "Turn it on.", False),)), "lidarr_health", "warning", "No indexers", "Turn it on."),
        (lidarr(complaints=(("A", "x", False), ("B", "x", True))), "lidarr_health", "error", "Lidarr says: B", "x"),
        (way(FITTING, ours=("/downloads=/x",)), "path_mappings", "warning", "twice", "SOULSPOT_PATHS_MAPPINGS"),
        (way(STRANGE), "path_mappings", "warning", "does not fit", "/downloads/soulspot/"),
    ],
)  # fmt: skip
def test_what_is_wrong_is_told_with_a_fix(
    facts: Facts, code: str, level: str, words: str, fix: str
) -> None:
    """The sentence says what is wrong, the fix is something to copy."""
    found = {check.code: check for check in judge(facts)}
    assert found[code].level == level
    assert words in found[code].message
    assert fix in found[code].fix
    others = {name: check.level for name, check in found.items() if name != code}
    assert set(others.values()) <= {"ok"}


@pytest.mark.parametrize(
    ("facts", "code", "words"),
    [
        (replace(WELL, peerage=Peerage("0.0.0.0", None, None)), "slskd_version", "build of its own"),
        (way(FITTING), "path_mappings", "translates /downloads/ to /data/downloads/"),
        (replace(WELL, owner=Owner(0, 0, None, 0)), "permissions", "0:0"),
        (replace(WELL, owner=replace(OWNER, wished={"PUID": "1000"})), "permissions", "1000:1000 with umask 022"),
    ],
)  # fmt: skip
def test_what_is_no_fault(facts: Facts, code: str, words: str) -> None:
    """Unusual, but right."""
    found = {check.code: check for check in judge(facts)}
    assert found[code].level == "ok"
    assert words in found[code].message


NOWHERE = PathMapping("soulspot-arr", "/downloads/", "/nowhere/")


@pytest.mark.parametrize(
    ("found_at", "ours", "fix"),
    [
        ("/downloads/soulspot/x", (), "remove it; Lidarr sees the files without it"),
        ("/downloads/soulspot/x", ("/a=/b",), "remove it; Lidarr sees the files without it"),
        ("/mnt/dl/soulspot/x", (), "set its local path to /mnt/dl/"),
        ("/mnt/dl/x", (), "correct its local path. Lidarr sees the files at /mnt/dl/x."),
        ("", (), "mount the folder into Lidarr's container at /nowhere/"),
    ],
)
def test_a_wrong_mapping_in_lidarr_is_mended_there(
    found_at: str, ours: tuple[str, ...], fix: str
) -> None:
    """One finding, about that row; a setting of ours would only translate once more."""
    blind = replace(
        FOLDER,
        lidarr_sees=False,
        lidarr_path="/nowhere/soulspot/x",
        elsewhere=("/downloads", "/downloads"),
        found_at=found_at,
    )
    wrong = [each for each in judge(replace(way(NOWHERE, ours=ours), folder=blind)) if each.fix]
    assert [(each.code, each.level) for each in wrong] == [("path_mappings", "error")]
    assert "host soulspot-arr, remote path /downloads/, local path /nowhere/" in wrong[0].fix
    assert fix in wrong[0].fix
    assert "SOULSPOT_PATHS" not in wrong[0].fix


def test_a_mapping_that_nobody_has_tried_is_not_called_right() -> None:
    """Lidarr was not asked what it sees."""
    unknown = replace(way(NOWHERE), folder=replace(FOLDER, lidarr_sees=None))
    assert "path_mappings" not in {check.code for check in judge(unknown)}


def test_the_mount_that_is_printed_is_the_one_of_the_compose_file() -> None:
    """Whoever copies the line ends where the README does."""
    facts = replace(WELL, folder=replace(FOLDER, slskd_sees=False))
    (check,) = [each for each in judge(facts) if each.code == "same_folder_slskd"]
    compose = (Path(__file__).parents[3] / "docker-compose.yml").read_text(encoding="utf-8")
    line = next(word for word in check.fix.split() if word.startswith("./")).rstrip(",;")
    assert compose.count(f"- {line}\n") >= 3
    assert "SLSKD_DOWNLOADS_DIR: /data/downloads" in check.fix
    assert "SLSKD_DOWNLOADS_DIR: /data/downloads\n" in compose
    inside = replace(facts, folder=replace(FOLDER, slskd_sees=False, source_root="/data/downloads"))
    (check,) = [each for each in judge(inside) if each.code == "same_folder_slskd"]
    assert "SLSKD_DOWNLOADS_DIR" not in check.fix


@pytest.mark.parametrize(
    ("mappings", "expected"),
    [
        ((), "/downloads/soulspot"),
        ((FITTING,), "/data/downloads/soulspot"),
        ((STRANGE, FITTING), "/data/downloads/soulspot"),
        ((PathMapping("other", "/downloads", "/data"),), "/downloads/soulspot"),
        ((PathMapping("soulspot-arr", "/down", "/data"),), "/downloads/soulspot"),
        ((PathMapping("soulspot-arr", "/downloads/soulspot", "/x"),), "/x"),
    ],
)
def test_mappings_apply_as_in_lidarr(mappings: tuple[PathMapping, ...], expected: str) -> None:
    """The first one of our host whose whole folders fit (contract lidarr §3.4)."""
    assert replace(WAY, theirs=mappings).looked_at == expected
