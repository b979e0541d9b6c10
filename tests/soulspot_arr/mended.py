"""What tests of mending look at: one grab in a database, its files, and what is told of them."""

from __future__ import annotations

from typing import Any

from sqlalchemy import select

from soulspot_arr import ledger
from soulspot_arr.blocklist import Blocklist
from soulspot_arr.db import Database
from soulspot_arr.domain import DownloadState, GrabState
from soulspot_arr.mending import Mender
from soulspot_arr.models import Download, Event, Grab
from soulspot_arr.rules import offers
from soulspot_arr.settings import Settings
from tests.fakes.clock import NOON
from tests.soulspot_arr.rows import new_download, new_grab

D = DownloadState
G = GrabState


def mender(database: Database, **pins: str) -> Mender:
    """As the settings say; `pins` are environment variables without SOULSPOT_."""
    named = {f"SOULSPOT_{name}": value for name, value in pins.items()}
    settings = Settings(database, clock=lambda: NOON, pins=named)
    return Mender(settings, Blocklist(database, settings, clock=lambda: NOON))


def grab_of(database: Database) -> Grab:
    """The row as it is stored now."""
    with database.read() as session:
        return session.get_one(Grab, 1)


def rows_of(database: Database) -> list[Download]:
    """All files there ever were, oldest first."""
    with database.read() as session:
        return list(session.scalars(select(Download).order_by(Download.id)))


def events(database: Database) -> list[Event]:
    """Everything that was recorded, oldest first."""
    with database.read() as session:
        return ledger.tail(session)


def rolled(
    database: Database,
    *states: D,
    peers: tuple[str, ...] = ("anna",),
    settings: dict[str, str] | None = None,
    **columns: Any,
) -> G:
    """A grab with files in these states, rolled up; the state that comes out."""
    with database.write() as session:
        grab = new_grab(session, *peers, count=len(states), **columns)
        album = offers.from_json(grab.offers)[0].files
        for position, (state, file) in enumerate(zip(states, album, strict=True)):
            lost = {"failure_kind": "rejected"} if state is D.FAILED else {}
            new_download(
                session,
                grab,
                state,
                position=position,
                remote_path=file.path,
                seconds=file.seconds,
                **lost,
            )
        result = mender(database, **(settings or {})).roll_up(session, grab, at=NOON).state
    assert grab_of(database).status == result
    return result


def now_current(database: Database) -> list[tuple[int, str, str]]:
    """Place, peer and state of the files that make up the grab now."""
    with database.read() as session:
        grab = session.get_one(Grab, 1)
        return [(row.position, row.peer, row.status) for row in ledger.current_files(session, grab)]
