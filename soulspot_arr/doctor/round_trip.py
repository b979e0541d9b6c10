"""A self-test release on its way through our own front doors, as Lidarr takes it.

Found in the feed, fetched as an NZB, handed over paused, seen in the queue, deleted again: nobody
on the network is ever asked, and nothing is left behind but lines in the event log. Its category
is one that Lidarr does not look at.
"""

from __future__ import annotations

import hashlib
import json
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import requests
from sqlalchemy import delete, func, select
from sqlalchemy.exc import SQLAlchemyError

from soulspot_arr.db import Database
from soulspot_arr.doctor.facts import Door
from soulspot_arr.domain import Clock, GrabState, Offer, OfferFile
from soulspot_arr.errors import DatabaseTrouble
from soulspot_arr.models import Grab, ReleaseRow
from soulspot_arr.rules import offers

TITLE = "SoulSpot Arr self test entry"
KEY = hashlib.sha256(b"soulspot-arr self-test release").hexdigest()
_GUID = "soulspot-self-test"
_CATEGORY = "prowlarr"
_PAUSED = -2  # SABnzbd's priority
_SECONDS = 20.0
_CLEANED_WITHIN = 2.0
_OFFER = Offer("slskd", _GUID, (OfferFile("self-test", "self-test\\01.flac", 1),))


_ONE_AT_A_TIME = threading.Lock()


class _Ended(Exception):
    """The trip cannot go on; the text says why."""


def travel(url: str, api_key: str, *, database: Database, clock: Clock) -> Door:
    """Make the trip; never raises for what the service answers. `url` is our own address."""
    trip = _Trip(url, api_key)
    if not trip.listening():
        return Door(url, listening=False)
    try:
        with _ONE_AT_A_TIME, _release(database, clock):
            trip.go()
    except (DatabaseTrouble, SQLAlchemyError) as error:
        reason = getattr(error, "orig", None) or error
        return Door(url, listening=True, trouble=f"the database cannot be written: {reason}")
    except _Ended as error:
        return Door(url, listening=True, trouble=str(error), steps=tuple(trip.done))
    except (requests.RequestException, ValueError):  # not quoted: it may hold the key
        last = trip.done[-1] if trip.done else "begun"
        words = f"after it was {last}, no usable answer came."
        return Door(url, listening=True, trouble=words, steps=tuple(trip.done))
    return Door(url, listening=True, steps=tuple(trip.done))


@contextmanager
def _release(database: Database, clock: Clock) -> Iterator[None]:
    """The release is there meanwhile; afterwards neither it nor its grab is."""
    now = clock()
    _tidy(database)
    with database.write() as session:
        session.merge(
            ReleaseRow(
                id=KEY,
                title=TITLE,
                artist="SoulSpot Arr",
                album="Self test",
                year=None,
                quality="FLAC",
                size=1,
                score=0,
                offers=offers.to_json([_OFFER]),
                published_at=now,
                last_seen_at=now,
            )
        )
    try:
        yield
    finally:
        until = time.monotonic() + _CLEANED_WITHIN
        while _tidy(database) and time.monotonic() < until:
            time.sleep(0.1)


def _tidy(database: Database) -> int:
    """Remove the release, and its grabs as soon as the worker is done with them; how many it is not.

    Where no worker runs, the next examination removes them.
    """
    own = Grab.release_key == KEY
    over = Grab.status.in_((GrabState.REMOVED, GrabState.CANCELLED))
    with database.write() as session:
        session.execute(delete(ReleaseRow).where(ReleaseRow.id == KEY))
        session.execute(delete(Grab).where(own, over, Grab.cleaned_at.is_not(None)))
        return session.scalar(select(func.count()).select_from(Grab).where(own)) or 0


class _Trip:
    """The requests, one after the other; `done` names what worked."""

    def __init__(self, url: str, api_key: str) -> None:
        self._url = url
        self._key = api_key
        self.done: list[str] = []
        self._session = requests.Session()
        self._session.trust_env = False  # no proxy stands between us and ourselves

    def listening(self) -> bool:
        """Whether it is us who answer there."""
        try:
            answer = self._session.get(f"{self._url}/ping", timeout=_SECONDS)
            return bool(answer.json().get("name") == "SoulSpot Arr")
        except (requests.RequestException, ValueError, AttributeError):
            return False

    def go(self) -> None:
        """From the feed to the end; raises _Ended."""
        feed = self._ask("newznab", {"t": "search", "extended": "1"})
        if _GUID.encode() not in feed:
            raise _Ended(f"the feed holds no self-test entry: {_excerpt(feed)}")
        self.done.append("found in the feed")
        nzb = self._ask("newznab", {"t": "get", "id": KEY[:32]})
        if b"<nzb" not in nzb:
            raise _Ended(f"its NZB cannot be fetched: {_excerpt(nzb)}")
        self.done.append("fetched")
        added = self._sabnzbd(
            {"mode": "addfile", "cat": _CATEGORY, "priority": str(_PAUSED)}, upload=nzb
        )
        numbers = added.get("nzo_ids") or []
        if not numbers:
            raise _Ended(f"it was not accepted: {added.get('error') or 'no reason given'}")
        self.done.append("accepted")
        try:
            self._look_for(str(numbers[0]))
        finally:
            self._sabnzbd(
                {"mode": "queue", "name": "delete", "value": str(numbers[0]), "del_files": "1"}
            )
        self.done.append("deleted")

    def _look_for(self, nzo_id: str) -> None:
        queue = self._sabnzbd({"mode": "queue", "start": "0", "limit": "0"}).get("queue")
        slots = queue.get("slots") if isinstance(queue, dict) else None
        if nzo_id not in {slot.get("nzo_id") for slot in slots or () if isinstance(slot, dict)}:
            raise _Ended("it was accepted, but is not in the queue.")
        self.done.append("seen in the queue")

    def _sabnzbd(self, asked: Mapping[str, str], upload: bytes | None = None) -> dict[str, Any]:
        found = json.loads(self._ask("sabnzbd", {**asked, "output": "json"}, upload))
        return found if isinstance(found, dict) else {}

    def _ask(self, door: str, asked: Mapping[str, str], upload: bytes | None = None) -> bytes:
        files = None if upload is None else {"name": (f"{TITLE}.nzb", upload, "application/x-nzb")}
        answer = self._session.request(
            "GET" if upload is None else "POST",
            f"{self._url}/{door}/api",
            params={**asked, "apikey": self._key},
            files=files,
            timeout=_SECONDS,
        )
        return answer.content


def _excerpt(answer: bytes) -> str:
    return " ".join(answer[:160].decode("utf-8", "replace").split())
