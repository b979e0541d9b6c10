"""After an outage of ours everything rests a while, but never longer than what caused it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from soulspot_arr.config import Config
from soulspot_arr.domain import FailureKind, Offer, OfferFile
from soulspot_arr.services import Services, build
from soulspot_arr.simulator import SimOptions, Simulator
from tests.soulspot_arr.workshop import Bench, new_grab

KEY = "the-right-key-0123456789"
PATH = "Music\\Marlow Finch\\Harbour Lights\\01 - Low Tide.flac"


def test_a_refused_key_rests_everything(both: Bench) -> None:
    """Nothing is asked for a minute: a person has to act."""
    nzo_id = both.add()
    both.source.locked_out = True
    assert both.dispatcher.run() == 1
    both.source.locked_out = False
    both.clock.advance(59)
    assert both.dispatcher.run() == 0
    assert both.states(nzo_id) == ["waiting"] * 3
    both.clock.advance(2)
    assert both.dispatcher.run() == 1


@pytest.mark.parametrize("trouble", ["locked_out", "down"])
def test_other_settings_of_the_source_end_the_rest_at_once(both: Bench, trouble: str) -> None:
    """A person has acted; the dispatcher is woken, and the files of every grab are due."""
    first, second = both.add(), both.add(category="other")
    setattr(both.source, trouble, True)
    both.dispatcher.run()
    setattr(both.source, trouble, False)
    both.wakes.clear()
    both.dispatcher.source_changed()
    assert both.wakes == ["dispatch"]
    assert both.dispatcher.run() == 1  # the second one wants the same files: its turn comes later
    assert (both.states(first), both.states(second)) == (["pending"] * 3, ["waiting"] * 3)
    assert {row.attempts for row in both.files(first)} == {0}


def test_only_rests_end(both: Bench) -> None:
    """A peer that was busy is left alone until its time has come."""
    nzo_id = both.asked()
    both.source.fail(both.files(nzo_id)[0].remote_path, FailureKind.PEER_BUSY, "Too many files")
    both.look()
    before = both.files(nzo_id)[0].not_before
    assert before is not None
    both.dispatcher.source_changed()
    both.dispatcher.run()
    assert both.files(nzo_id)[0].not_before == before


def test_a_restart_ends_the_rest(both: Bench) -> None:
    """A key that is pinned by the environment can be mended in no other way."""
    nzo_id = both.add()
    both.source.locked_out = True
    both.dispatcher.run()
    both.source.locked_out = False
    assert both.new_dispatcher().run() == 1
    assert both.states(nzo_id) == ["pending"] * 3


# -- with the real source over HTTP ----------------------------------------------------------------

Open = Callable[[str], Services]


@pytest.fixture
def slskd(tmp_path: Path) -> Iterator[Simulator]:
    """A slskd that knows one key, and a peer that shares one file."""
    options = SimOptions(api_key=KEY, data_dir=tmp_path / "slskd", time_scale=20, world="empty")
    with Simulator(options) as simulator:
        simulator.world.add_peer("anna", response_delay=0.1)
        simulator.world.share("anna", PATH, 20_000)
        simulator.world.script("anna", PATH, outcome="never")
        yield simulator


@pytest.fixture
def start(slskd: Simulator, sqlite_url: str, tmp_path: Path) -> Iterator[Open]:
    """Start services that show slskd a key."""
    started: list[Services] = []

    def open_(key: str) -> Services:
        pins = {"SOULSPOT_SLSKD_URL": slskd.url}
        config = Config(tmp_path, sqlite_url, secret_key="0" * 64, pins=pins)
        services = build(config)
        services.settings.patch({"slskd.api_key": key})
        started.append(services)
        return services

    yield open_
    for services in started:
        services.close()


def grab(services: Services) -> str:
    """Hand one file of the peer over."""
    offer = Offer("slskd", "anna", (OfferFile(PATH, PATH, 20_000),))
    return services.queue_manager.add(new_grab(offer))


def asked(slskd: Simulator) -> int:
    """How many requests for files came in."""
    return sum(
        request.method == "POST" and "/transfers/downloads" in request.path
        for request in slskd.requests
    )


def state(services: Services, nzo_id: str) -> str:
    """The state of the only file of a grab."""
    (row,) = services.queue_manager.files(nzo_id)
    return row.status


def test_a_mended_key_is_used_by_the_very_next_run(slskd: Simulator, start: Open) -> None:
    """The wrong one rests the queue; nobody waits for its minute to pass."""
    services = start("a-wrong-key-0123456789")
    woken: list[str] = []
    services.waker.connect(woken.append)
    nzo_id = grab(services)
    services.dispatcher.run()
    services.dispatcher.run()
    assert (asked(slskd), state(services, nzo_id)) == (0, "waiting")
    woken.clear()
    services.settings.patch({"slskd.api_key": KEY})
    services.reload_source()
    assert "dispatch" in woken
    assert services.dispatcher.run() == 1
    assert (asked(slskd), state(services, nzo_id)) == (1, "pending")


def test_the_dispatcher_looks_for_other_settings_itself(slskd: Simulator, start: Open) -> None:
    """Its run is sooner than the next heartbeat."""
    services = start("a-wrong-key-0123456789")
    nzo_id = grab(services)
    services.dispatcher.run()
    services.settings.patch({"slskd.api_key": KEY})
    assert services.dispatcher.run() == 1
    assert (asked(slskd), state(services, nzo_id)) == (1, "pending")


def test_equal_settings_change_nothing(start: Open) -> None:
    """A heartbeat every ten seconds must not end what has to rest."""
    services = start("a-wrong-key-0123456789")
    woken: list[str] = []
    grab(services)
    services.dispatcher.run()
    services.waker.connect(woken.append)
    services.settings.patch({"search.rungs": 3, "slskd.api_key": "a-wrong-key-0123456789"})
    services.reload_source()
    assert services.dispatcher.run() == 0
    assert woken == []
