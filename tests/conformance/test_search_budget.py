"""The search budget over real HTTP: shared with everybody who uses the same slskd, never overdrawn.

Contract slskd §11.1 and rows C27, L05 of §13.3. The simulated clock runs in real time here, because
the budget compares slskd's dates with its own.
"""

from __future__ import annotations

import time
from collections.abc import Iterator

import pytest

from soulspot_arr.simulator.world import World
from tests.conformance.indexer import Indexer, Setting, open_indexer, share_folder

pytestmark = pytest.mark.xdist_group(name="conformance-search-behaviour")

WINDOW = 300.0  # seconds; longer than anybody waits here
PINS = {
    "SOULSPOT_SLSKD_IDLE_TIMEOUT": "0.3",
    "SOULSPOT_SEARCH_RATE_WINDOW": "",
    "SOULSPOT_SEARCH_BUDGET": "",
}
LIMITS: dict[str, Setting] = {
    "search.rate": 4,
    "search.rate_window": WINDOW,
    "search.budget": 5,
}
IN_TIME = 30.0


def build(world: World) -> None:
    """Five albums, each by a peer of its own."""
    for number, name in enumerate(("Amber", "Birch", "Cobalt", "Dune", "Ember")):
        world.add_peer(f"peer{number}", free_slots=1, speed=5_000_000, response_delay=0.05)
        share_folder(world, f"peer{number}", rf"Music\Tessa Holm\{name} Letters (2010)")


@pytest.fixture
def indexer(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Indexer]:
    """Four searches are allowed, and no more for minutes."""
    root = tmp_path_factory.mktemp("budget")
    with (
        open_indexer(root, build, settings=PINS, time_scale=1.0) as opened,
        opened.changed(LIMITS),
    ):
        yield opened


def test_slskd_C27_L05_foreign_searches_count_and_the_limit_is_kept(indexer: Indexer) -> None:
    """Three of somebody else and one of ours; the next one waits, and is empty in time."""
    indexer.simulator.world.search_budget(4, WINDOW)
    indexer.simulator.world.foreign_search("somebody else's question", count=3)
    assert len(indexer.album("Tessa Holm", "Amber Letters")) == 1
    began = time.monotonic()
    assert indexer.album("Tessa Holm", "Birch Letters") == []
    assert time.monotonic() - began < IN_TIME
    assert indexer.searches() == 1
    # The empty answer was none of the network's, so it is not remembered.
    indexer.simulator.world.network.search_budget = None
    with indexer.changed({"search.rate": 5}):
        assert len(indexer.album("Tessa Holm", "Birch Letters")) == 1
    assert indexer.searches() == 2


def test_slskd_C27_our_own_searches_survive_a_restart_in_the_count(indexer: Indexer) -> None:
    """A process that forgot them would bring a ban of half an hour."""
    for name in ("Amber", "Birch", "Cobalt", "Dune"):
        assert len(indexer.album("Tessa Holm", f"{name} Letters")) == 1
    indexer.service.kill()
    indexer.service.start()
    before = indexer.searches()
    assert indexer.album("Tessa Holm", "Ember Letters") == []
    assert indexer.searches() == before
    with indexer.changed({"search.rate": 8}):
        assert len(indexer.album("Tessa Holm", "Ember Letters")) == 1


def test_a_list_of_searches_that_takes_long_delays_no_answer(indexer: Indexer) -> None:
    """slskd never prunes it by default; who cannot count in time searches all the same."""
    fault = indexer.simulator.world.fault
    fault("slow", "*/searches", method="GET", times=None, delay=60.0)
    with indexer.changed({"search.budget": 30}):
        began = time.monotonic()
        assert len(indexer.album("Tessa Holm", "Amber Letters")) == 1
        assert len(indexer.album("Tessa Holm", "Birch Letters")) == 1
        assert time.monotonic() - began < IN_TIME
