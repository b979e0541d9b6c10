"""The whole examination: real services, real HTTP, a real disk; only the network is a double."""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

import pytest
from sqlalchemy import create_engine, select

from soulspot_arr import doctor
from soulspot_arr.config import Config
from soulspot_arr.connect.command import Desk, Request
from soulspot_arr.connect.connector import Patience
from soulspot_arr.doctor import asking, checks, round_trip
from soulspot_arr.doctor.asking import Hurried
from soulspot_arr.domain import Check
from soulspot_arr.models import Grab, ReleaseRow
from soulspot_arr.services import Services, build
from soulspot_arr.sources.slskd_files import Inspection
from tests.blueprints.world import new_grab
from tests.fakes.fake_servarr import KEY, FakeServarr, failure
from tests.fakes.fake_source import FakeSource
from tests.fakes.http_double import Asked
from tests.fakes.serving import serving

OUR_KEY = "0123456789abcdef0123456789abcdef"


class TellingSource(FakeSource):
    """A source that also tells what a person who mends something wants to know."""

    version = "0.26.0.0"
    port: int | None = None
    ahead: float | None = 0.0
    sees: Path | None = None

    def inspect_raw(self) -> Inspection:
        """As slskd does."""
        names = frozenset(os.listdir(self.sees)) if self.sees is not None else None
        return Inspection(self.version, "127.0.0.1", self.port, names, self.ahead)


Start = Callable[..., Services]


@pytest.fixture
def source(tmp_path: Path) -> TellingSource:
    """A slskd that downloads into a folder that we see as well."""
    root = tmp_path / "downloads"
    root.mkdir()
    found = TellingSource(root=root)
    found.sees = root
    return found


@pytest.fixture
def start(tmp_path: Path, sqlite_url: str, source: TellingSource) -> Iterator[Start]:
    """An installation; `environ` pins settings."""
    started: list[Services] = []

    def start_(environ: Mapping[str, str] | None = None) -> Services:
        pins = {"SOULSPOT_AUTH_API_KEY": OUR_KEY, **(environ or {})}
        config = Config.load(pins, {"data_dir": tmp_path / "data", "database_url": sqlite_url})
        started.append(build(config, source=source))
        return started[-1]

    yield start_
    for services in started:
        services.close()


@pytest.fixture(autouse=True)
def no_worker(monkeypatch: pytest.MonkeyPatch) -> None:
    """No job runs here that the end of a trip could wait for."""
    monkeypatch.setattr(round_trip, "_CLEANED_WITHIN", 0.0)


@pytest.fixture
def lidarr() -> Iterator[FakeServarr]:
    """A Lidarr that sees our disk as we do."""
    with FakeServarr() as server:
        server.sees = lambda path: Path(path).is_file()
        yield server


def examined(services: Services, url: str = "http://127.0.0.1:1") -> dict[str, Check]:
    """What the doctor says, by code; codes are unique."""
    lines = doctor.examine(services, own_url=url)
    found = {check.code: check for check in lines}
    assert len(found) == len(lines)
    return found


def connect(services: Services, lidarr: FakeServarr) -> None:
    """Set us up there."""
    request = Request("lidarr", lidarr.url, KEY, "http://soulspot:8585")
    patience = Patience(rounds=1, sleep=lambda seconds: None)
    assert Desk(services, request, lambda line: None, patience).connect() == 0


def test_a_healthy_installation(start: Start, lidarr: FakeServarr, source: TellingSource) -> None:
    """Connected, running, everybody sees the same folder: nothing but good news."""
    services = start()
    connect(services, lidarr)
    with serving(services) as url:
        found = examined(services, url)
    assert {check.level for check in found.values()} == {"ok"}
    assert set(found) >= {
        "slskd_version", "downloads_writable", "same_folder_slskd", "same_disk", "permissions",
        "clock", "database_sound", "search_budget", "round_trip", "lidarr_entries",
        "path_mappings", "same_folder_lidarr", "lidarr_health",
    }  # fmt: skip
    assert [path for path in source.root.rglob("*") if path.is_file()] == []  # type: ignore[union-attr]


def test_the_round_trip_leaves_nothing_in_the_queue(start: Start) -> None:
    """Nobody is asked for the self-test release; the next trip clears up what the last one left."""
    services = start()
    with serving(services) as url:
        for _ in range(2):
            assert examined(services, url)["round_trip"].level == "ok"
            services.cleanup.run()
    assert services.queue_manager.queue() == []
    with services.db.read() as session:
        assert session.scalars(select(ReleaseRow)).all() == []
        grabs = session.scalars(select(Grab)).all()
    assert len(grabs) <= 1
    assert services.source.requests == []  # type: ignore[attr-defined]


def test_the_round_trip_names_where_it_ended(start: Start) -> None:
    """A full queue, for instance, takes nothing from Lidarr either."""
    services = start({"SOULSPOT_QUEUE_MAX_LENGTH": "1"})
    services.queue_manager.add(new_grab())
    with serving(services) as url:
        check = examined(services, url)["round_trip"]
    assert check.level == "error"
    assert "not accepted" in check.message


def test_a_service_that_is_not_running_is_a_warning(start: Start) -> None:
    """Whoever examines before the first start is not told that everything is broken."""
    assert examined(start())["round_trip"].level == "warning"


def test_another_program_at_our_port(start: Start, lidarr: FakeServarr) -> None:
    """It is not us who answer."""
    assert examined(start(), lidarr.url)["round_trip"].level == "warning"


def test_slskd_that_sees_another_folder(
    start: Start, source: TellingSource, tmp_path: Path
) -> None:
    """Its folder is called alike and is another one."""
    (tmp_path / "other").mkdir()
    source.sees = tmp_path / "other"
    assert examined(start())["same_folder_slskd"].level == "error"


def test_what_slskd_does_not_tell_is_left_out(start: Start, source: TellingSource) -> None:
    """No line is better than a guess."""
    source.sees = None
    source.ahead = None
    found = examined(start())
    assert "same_folder_slskd" not in found
    assert "slskd_port" not in found
    assert "slskd" not in found["clock"].message


def test_an_old_slskd_with_a_wrong_clock(start: Start, source: TellingSource) -> None:
    """Both are told, with a way out."""
    source.version, source.ahead = "0.24.3.0", 700.0
    found = examined(start())
    assert (found["slskd_version"].level, found["clock"].level) == ("warning", "error")


def test_lidarr_that_sees_our_files_elsewhere(
    start: Start, lidarr: FakeServarr, source: TellingSource
) -> None:
    """The mapping that mends it is found out, ready to be copied."""
    services = start()
    connect(services, lidarr)
    assert source.root is not None
    here, there = str(source.root), "/data/torrents"
    lidarr.folders = {"/": ["/config/", "/data/"], "/data/": ["/data/torrents/"]}
    lidarr.sees = lambda path: (
        path.startswith(f"{there}/") and Path(here + path.removeprefix(there)).is_file()
    )
    check = examined(services)["same_folder_lidarr"]
    assert check.level == "error"
    pair = check.fix.split("SOULSPOT_PATHS_MAPPINGS=")[1].split(" ")[0]
    services.settings.patch({"paths.mappings": [pair]})
    assert examined(services)["same_folder_lidarr"].level == "ok"


def test_lidarr_with_a_mapping_of_its_own(
    start: Start, lidarr: FakeServarr, source: TellingSource
) -> None:
    """What Lidarr looks at is what the mapping says."""
    services = start()
    connect(services, lidarr)
    here = f"{source.root}/"
    lidarr.mappings = [{"host": "soulspot", "remotePath": here, "localPath": "/media/dl/"}]
    lidarr.sees = lambda path: Path(path.replace("/media/dl/", here)).is_file()
    found = examined(services)
    assert found["path_mappings"].level == "ok"
    assert "/media/dl/soulspot/music" in found["same_folder_lidarr"].message


def test_a_wrong_mapping_in_lidarr_and_the_fix_that_is_printed(
    start: Start, lidarr: FakeServarr, source: TellingSource
) -> None:
    """Lidarr would see our files, were it not for its own mapping: with that removed all is well."""
    services = start()
    connect(services, lidarr)
    here = f"{source.root}/"
    lidarr.mappings = [{"host": "soulspot", "remotePath": here, "localPath": "/nowhere/"}]
    found = examined(services)
    assert found["path_mappings"].level == "error"
    assert f"remote path {here}, local path /nowhere/): remove it" in found["path_mappings"].fix
    assert "same_folder_lidarr" not in found
    lidarr.mappings = []
    found = examined(services)
    assert (found["path_mappings"].level, found["same_folder_lidarr"].level) == ("ok", "ok")


def test_an_unwritable_folder_for_finished_grabs_is_the_only_one_blamed(
    start: Start, tmp_path: Path
) -> None:
    """slskd's folder is fine."""
    (tmp_path / "file").touch()
    found = examined(start({"SOULSPOT_PATHS_COMPLETE_DIR": str(tmp_path / "file" / "done")}))
    bad = {code for code, check in found.items() if check.level == "error"}
    assert bad == {"complete_writable"}
    assert found["downloads_writable"].level == "ok"
    assert found["same_folder_slskd"].level == "ok"


def test_a_slow_lidarr_is_told_and_asked_no_question_twice(
    start: Start, lidarr: FakeServarr, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its lists are asked for at once, and so are its Tests: each waits here for the others."""
    services = start()
    connect(services, lidarr)
    monkeypatch.setattr(checks, "_SLOW", 0.05)
    lidarr.log.clear()
    lidarr.pause = 0.06
    lists, tests = threading.Barrier(5, timeout=10), threading.Barrier(3, timeout=10)

    def together(asked: Asked) -> None:
        if asked.path.endswith("/test"):
            tests.wait()
        elif asked.path.count("/") == 3:
            lists.wait()

    lidarr.mood = together
    found = examined(services)
    assert found["lidarr_slow"].level == "warning"
    assert found["lidarr_slow"].fix
    assert found["lidarr_entries"].level == "ok"
    assert found["same_folder_lidarr"].level == "ok"
    asked = [f"{each.method} {each.address}" for each in lidarr.log]
    asked.remove("GET /api/v1/system/status")  # health has asked that on its own account
    assert len(asked) == len(set(asked))


@pytest.mark.parametrize(
    ("held", "unknown", "told"),
    [
        ("/test", set(), "lidarr_entries"),
        ("/filesystem", {"same_folder_lidarr"}, "lidarr_slow"),
        ("/health", {"lidarr_health", "same_folder_lidarr"}, "lidarr_slow"),
        ("/indexer", {"lidarr_entries", "lidarr_health", "path_mappings"}, "lidarr_slow"),
    ],
)
def test_an_answer_that_does_not_come_holds_nobody_up(
    start: Start,
    lidarr: FakeServarr,
    monkeypatch: pytest.MonkeyPatch,
    held: str,
    unknown: set[str],
    told: str,
) -> None:
    """It ends in time, says what was not looked at, and calls none of that right."""
    services = start()
    connect(services, lidarr)
    monkeypatch.setattr(Hurried, "SECONDS", 1.0)
    monkeypatch.setattr(asking, "_LEAST", 0.05)
    lidarr.hold(held)
    began = time.monotonic()
    found = examined(services)
    assert time.monotonic() - began < 4
    assert found[told].level == "warning"
    assert not unknown & set(found)
    assert "error" not in {found[code].level for code in found if "lidarr" in code}


@pytest.mark.parametrize(
    ("case", "code", "level"),
    [
        ("away", "lidarr", "error"),
        ("refused", "lidarr", "error"),
        ("old", "lidarr_version", "error"),
        ("unconnected", "lidarr_entries", "error"),
        ("red", "lidarr_entries", "error"),
    ],
)
def test_lidarr_in_trouble(
    start: Start, lidarr: FakeServarr, case: str, code: str, level: str
) -> None:
    """Each is one line with its own sentence; nothing raises, nothing is told twice."""
    services = start()
    connect(services, lidarr)
    if case == "unconnected":
        for rows in lidarr.kept.values():
            rows.clear()
    elif case == "red":
        lidarr.judge = lambda kind, row: [failure("Unable to connect")]
    elif case == "refused":
        lidarr.key = "another"
    elif case == "old":
        lidarr.version = "1.0.0.1"
    else:
        services.settings.patch({"lidarr.url": "http://127.0.0.1:1"})
    found = examined(services)
    assert found[code].level == level
    assert found[code].fix
    bad = [name for name, check in found.items() if check.level != "ok" and "lidarr" in name]
    assert bad == [code]


def test_only_lidarr_knows_of_lidarr(start: Start) -> None:
    """Whoever does without its API is not bothered."""
    assert not {code for code in examined(start()) if code.startswith("lidarr_")}


def test_report_mode_looks_at_no_disk(start: Start) -> None:
    """Where the files cannot be seen there is nothing to prove."""
    found = examined(start({"SOULSPOT_COMPLETION_MODE": "report"}))
    assert not {"same_disk", "permissions", "downloads_writable"} & set(found)


def test_a_broken_database_is_one_line(start: Start, tmp_path: Path) -> None:
    """Without it nothing else can be known."""
    services = start()
    services.db.engine.dispose()
    services.db.engine = create_engine(f"sqlite:///{tmp_path / 'missing' / 'x.db'}")
    assert [check.code for check in doctor.examine(services)] == ["database"]
