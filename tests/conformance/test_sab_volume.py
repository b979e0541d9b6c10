"""SABnzbd rows about many jobs, with slskd switched off: everything is answered from the database.

Rows S38, S39, S42, S43, C-86 and C-110. The database is filled before the service starts.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy.orm import Session

from soulspot_arr import db
from soulspot_arr.db import Database
from soulspot_arr.domain import DownloadState, GrabState, Offer, OfferFile
from soulspot_arr.models import Download, Grab
from soulspot_arr.rules import offers
from tests.arr_compat import readers
from tests.conformance.desk import Json, json_object
from tests.conformance.running import until
from tests.fakes.service_process import ServiceProcess

pytestmark = pytest.mark.xdist_group("conformance-sab-volume")

PATIENT = {"SOULSPOT_SLSKD_READ_TIMEOUT": "30"}
SIZE = 30_000_000
TRACKS = 12
NOW = datetime.now(UTC)


def offer_of(name: str) -> Offer:
    paths = [f"music\\{name}\\{number:02d}.flac" for number in range(1, TRACKS + 1)]
    return Offer("slskd", f"peer of {name}", tuple(OfferFile(p, p, SIZE) for p in paths))


def grab(name: str, status: GrabState, *, category: str = "music", hours: float = 1.0) -> Grab:
    """A grab that was added, and ended if it did, so many hours ago."""
    offer, at = offer_of(name), NOW - timedelta(hours=hours)
    over = status in {GrabState.COMPLETED, GrabState.FAILED}
    failed = status is GrabState.FAILED
    return Grab(
        nzo_id=f"SABnzbd_nzo_{name}",
        source="slskd",
        peer=offer.peer,
        release_key=name,
        title=f"(FLAC) Volume - {name} - 2000",
        category=category,
        priority=0,
        status=status,
        failure_kind="rejected" if failed else None,
        failure_message="The peer refuses to send the file." if failed else None,
        storage_path=f"/downloads/soulspot/music/{name}" if over and not failed else None,
        total_bytes=offer.size,
        file_count=TRACKS,
        offers=offers.to_json([offer]),
        created_at=at,
        updated_at=at,
        started_at=at,
        transferred_at=at if status is not GrabState.QUEUED else None,
        completed_at=at if over else None,
    )


def add(session: Session, row: Grab, state: DownloadState, bytes_done: int = 0) -> None:
    """The grab with a row for each of its files."""
    session.add(row)
    session.flush()
    session.add_all(
        Download(
            grab_id=row.id,
            position=place,
            source="slskd",
            peer=row.peer,
            locator=file.locator,
            remote_path=file.path,
            size=file.size,
            bytes_done=bytes_done,
            status=state,
            claimed_at=row.created_at if state is not DownloadState.WAITING else None,
            created_at=row.created_at,
            updated_at=row.created_at,
        )
        for place, file in enumerate(offer_of(row.release_key).files)
    )


def fill(session: Session) -> None:
    """500 queued, one half done, 120 failed, 90 completed, and a parked one."""
    for number in range(499):
        add(session, grab(f"q{number:03d}", GrabState.QUEUED), DownloadState.WAITING)
    half = grab("half", GrabState.DOWNLOADING)
    add(session, half, DownloadState.QUEUED, bytes_done=SIZE // 2)
    for number in range(120):
        add(session, grab(f"f{number:03d}", GrabState.FAILED), DownloadState.FAILED, SIZE)
    for number in range(89):
        row = grab(f"c{number:03d}", GrabState.COMPLETED, hours=2 + number)
        add(session, row, DownloadState.COMPLETED, SIZE)
    oldest = grab("oldest", GrabState.COMPLETED, hours=2_000)
    add(session, oldest, DownloadState.COMPLETED, SIZE)
    for number in range(300):
        row = grab(f"o{number:03d}", GrabState.FAILED, category="other")
        add(session, row, DownloadState.FAILED, SIZE)
    parked = grab("parked", GrabState.PROCESSING, category="parked", hours=25)
    add(session, parked, DownloadState.COMPLETED, SIZE)


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ServiceProcess]:
    """The service over that database; slskd refuses connections."""
    folder = tmp_path_factory.mktemp("volume") / "data"
    folder.mkdir()
    database = Database(f"sqlite:///{folder / 'soulspot.db'}")
    db.upgrade(database)
    with database.write() as session:
        fill(session)
    database.close()
    offline = ServiceProcess(folder, slskd_url="http://127.0.0.1:1", slskd_key="x" * 16)
    with offline as started:
        yield started


def lists(service: ServiceProcess, mode: str, **parameters: str) -> Json:
    found = service.sab(mode, **parameters)[mode]
    assert isinstance(found, dict)
    return found


def ids(listing: Json) -> list[str]:
    return [slot["nzo_id"].removeprefix("SABnzbd_nzo_") for slot in listing["slots"]]


def test_S38_a_full_disk_is_parked_as_a_warning(service: ServiceProcess) -> None:
    """What waits a day for our own disk is told with the literal that blames nobody."""

    def look() -> Json | None:
        slots: list[Json] = lists(service, "history", category="parked", limit="60")["slots"]
        return slots[0] if slots else None

    slot = until(look, "the grab is parked")
    assert slot["status"] == "Failed"
    assert slot["fail_message"] == "Unpacking failed, write error or disk is full?"
    document = service.sab("history", category="parked", limit="60")
    assert [item.status for item in readers.lidarr_history(document)] == ["Warning"]


def test_S39_the_unimported_job_is_inside_the_answer(service: ServiceProcess) -> None:
    """Lidarr asks for 60 and never pages; 209 jobs ended after the oldest completed one."""
    history = lists(service, "history", start="0", limit="60", category="music")
    found = ids(history)
    assert "oldest" in found
    assert [name for name in found if name.startswith("c")] == [f"c{n:03d}" for n in range(89)]
    assert len(found) == 90
    assert history["noofslots"] == 210


def test_C086_without_a_limit_ten_rows(service: ServiceProcess) -> None:
    """The opposite of the queue; only what nobody waits for is cut."""
    assert len(ids(lists(service, "history", category="other"))) == 10
    assert len(ids(lists(service, "history", category="other", limit="0"))) == 10
    assert len(ids(lists(service, "history", category="other", limit="200"))) == 200
    assert len(ids(lists(service, "history", category="music"))) == 90


def test_S43_the_last_known_state_is_shown_without_slskd(service: ServiceProcess) -> None:
    """Half of the bytes had arrived when it went away."""
    (slot,) = lists(service, "queue", nzo_ids="SABnzbd_nzo_half")["slots"]
    assert slot["percentage"] == "50"
    assert slot["status"] == "Downloading"
    readers.lidarr_queue(service.sab("queue"))
    readers.lidarr_history(service.sab("history", limit="60"))


@pytest.mark.parametrize(
    ("mode", "parameters", "count"),
    [
        ("queue", {"start": "0", "limit": "0", "category": "music"}, 500),
        ("history", {"start": "0", "limit": "500", "category": "music"}, 210),
        ("history", {"start": "0", "limit": "1000"}, 510),
    ],
    ids=["S42 C110 queue", "S42 C110 history of Lidarr", "S42 C110 whole history"],
)
def test_S42_C110_five_hundred_jobs_are_complete(
    service: ServiceProcess, mode: str, parameters: dict[str, str], count: int
) -> None:
    """Nothing is cut; how long it takes is shown by `make bench`."""
    assert len(lists(service, mode, **parameters)["slots"]) >= count


def test_S42_no_request_waits_for_slskd(tmp_path_factory: pytest.TempPathFactory) -> None:
    """A slskd that accepts connections and never answers does not hold up a poll."""
    import socket

    with socket.socket() as deaf:
        deaf.bind(("127.0.0.1", 0))
        deaf.listen(64)
        url = f"http://127.0.0.1:{deaf.getsockname()[1]}"
        folder = tmp_path_factory.mktemp("deaf") / "data"
        with ServiceProcess(folder, slskd_url=url, slskd_key="x" * 16, settings=PATIENT) as service:
            for mode in ("queue", "history", "get_config", "fullstatus", "version"):
                began = time.monotonic()
                service.sab(mode)
                assert time.monotonic() - began < 15, mode  # slskd would be waited for for 30 s


def test_S22_five_hundred_slots_are_valid_for_every_client(service: ServiceProcess) -> None:
    """One odd slot would lose all of them."""
    import requests

    query = {"mode": "queue", "apikey": service.api_key, "output": "json"}
    document = json_object(requests.get(f"{service.sabnzbd}/api", params=query, timeout=9))
    assert len(readers.lidarr_queue(document)) >= 500
    for reader in (readers.homarr_queue, readers.notifiarr_queue, readers.exportarr_queue):
        reader(document)
