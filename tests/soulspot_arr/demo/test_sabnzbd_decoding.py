"""Lidarr's type tolerance, field by field: what is forgiven and what loses the whole poll."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal

import pytest

from soulspot_arr.demo.faults import (
    WholePollLost,
)
from soulspot_arr.demo.sabnzbd_client import SabnzbdClient
from tests.soulspot_arr.demo.sabnzbd_shapes import history_slot, lists, queue_slot
from tests.soulspot_arr.demo.scripted import Scripted, as_json


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("nzo_id", None),
        ("nzo_id", ""),
        ("nzo_id", ["a"]),
        ("filename", None),
        ("filename", {}),
        ("status", "Sleeping"),
        ("status", ""),
        ("status", True),
        ("status", 99),
        ("status", 4.0),
        ("mb", "12 MB"),
        ("mb", True),
        ("mb", []),
        ("mbleft", "unknown"),
        ("timeleft", ""),
        ("timeleft", "0:10"),
        ("timeleft", 10),
        ("timeleft", "1 day, 2:03:04"),
        ("timeleft", "0:00:01.5"),
        ("timeleft", "1:2:3:4:5"),
        ("percentage", 50.0),
        ("percentage", "50.5"),
        ("percentage", 2**31),
        ("index", "first"),
        ("priority", {}),
    ],
)
def test_1_4_R4_fatal_queue_values_lose_the_whole_poll(
    server: Scripted, client: SabnzbdClient, field: str, value: object
) -> None:
    """The loss names the slot, the field and the value, although the other slot is sound."""
    lists(server, [queue_slot(nzo_id="sound"), queue_slot(**{field: value})])
    with pytest.raises(WholePollLost) as lost:
        client.items()
    assert (lost.value.field, lost.value.value) == (field, value)
    assert lost.value.where == "queue.slots[1]"


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("nzo_id", None),
        ("name", None),
        ("status", "Done"),
        ("bytes", ""),
        ("bytes", "123.0"),
        ("bytes", True),
        ("fail_message", []),
        ("storage", {}),
        ("download_time", 1.5),
        ("download_time", 2**31),
        ("download_time", "1.5"),
    ],
)
def test_1_4_R5_fatal_history_values_lose_the_whole_poll(
    server: Scripted, client: SabnzbdClient, field: str, value: object
) -> None:
    """History is as unforgiving as the queue."""
    lists(server, [queue_slot()], [history_slot(**{field: value})])
    with pytest.raises(WholePollLost) as lost:
        client.items()
    assert (lost.value.where, lost.value.field) == ("history.slots[0]", field)


@pytest.mark.parametrize(
    ("mode", "body"),
    [
        ("queue", {}),
        ("queue", {"queue": None}),
        ("queue", {"queue": {"paused": False}}),
        ("queue", {"queue": {"slots": None}}),
        ("queue", {"queue": {"slots": {}}}),
        ("queue", {"queue": {"slots": [None]}}),
        ("queue", {"queue": {"slots": [], "paused": "1"}}),
        ("history", {}),
        ("history", {"history": False}),
        ("history", {"history": {"slots": None}}),
    ],
)
def test_1_4_missing_containers_lose_the_whole_poll(
    server: Scripted, client: SabnzbdClient, mode: str, body: object
) -> None:
    """Lists must be present and must be arrays."""
    lists(server)
    server.on(as_json(body), mode=mode)
    with pytest.raises(WholePollLost):
        client.items()


@pytest.mark.parametrize(
    ("field", "value", "attribute", "expected"),
    [
        ("filename", 1984, "title", "1984"),
        ("cat", None, "category", None),
        ("status", "dOwNlOaDiNg", "status", "Downloading"),
        ("status", 2, "status", "Paused"),
        ("status", "13", "status", "Failed"),
        ("status", None, "status", "Grabbing"),
        ("mb", "1,234.5", "mb", Decimal("1234.5")),
        ("mb", "1e3", "mb", Decimal("1e3")),
        ("mb", "", "mb", Decimal(0)),
        ("mb", 267.44, "mb", Decimal("267.44")),
        ("mb", None, "mb", Decimal(0)),
        ("timeleft", None, "time_left", timedelta()),
        ("timeleft", "49:00:00", "time_left", timedelta(hours=49)),
        ("timeleft", "1:02:03:04", "time_left", timedelta(days=1, hours=2, minutes=3, seconds=4)),
        ("percentage", "67", "percentage", 67),
        ("percentage", None, "percentage", 0),
        ("index", 3, "index", 3),
        ("priority", "Force", "priority", 2),
        ("priority", "-1", "priority", -1),
        ("priority", "Whatever", "priority", 0),
        ("priority", None, "priority", 0),
    ],
)
def test_1_4_R4_tolerated_queue_values(
    server: Scripted,
    client: SabnzbdClient,
    *,
    field: str,
    value: object,
    attribute: str,
    expected: object,
) -> None:
    """Values that Lidarr forgives arrive with the meaning Lidarr gives them."""
    lists(server, [queue_slot(**{field: value})])
    assert getattr(client.queue().slots[0], attribute) == expected


@pytest.mark.parametrize(
    ("field", "value", "attribute", "expected"),
    [
        ("bytes", "123", "size", 123),
        ("bytes", 12.6, "size", 13),
        ("bytes", 2**40, "size", 2**40),
        ("storage", None, "storage", None),
        ("fail_message", None, "fail_message", None),
        ("download_time", "12", "download_time", 12),
        ("download_time", None, "download_time", 0),
    ],
)
def test_1_4_R5_tolerated_history_values(
    server: Scripted,
    client: SabnzbdClient,
    *,
    field: str,
    value: object,
    attribute: str,
    expected: object,
) -> None:
    """The history's own tolerances, which differ from the queue's."""
    lists(server, (), [history_slot(**{field: value})])
    assert getattr(client.history()[0], attribute) == expected


def test_1_3_property_names_fall_back_to_any_case(server: Scripted, client: SabnzbdClient) -> None:
    """The exact name wins; without it any spelling of the case is found."""
    server.on(as_json({"Queue": {"SLOTS": [queue_slot(CAT="x", cat="music")]}}), mode="queue")
    assert client.queue().slots[0].category == "music"
