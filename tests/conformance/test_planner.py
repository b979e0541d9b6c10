"""The query planner over real HTTP: digging through a kill, two processes, a ban, explanations.

What contract slskd §11.1 asks of whoever searches, seen from the simulated slskd's side.
"""

from __future__ import annotations

import os
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
import requests

from soulspot_arr.simulator.matching import Query as SearchText
from soulspot_arr.simulator.network import Network, Peer, SharedFile
from soulspot_arr.simulator.world import World
from tests.conformance.indexer import Indexer, open_indexer, share_folder
from tests.conformance.running import SLSKD_KEY, until
from tests.fakes.service_process import API_KEY, ServiceProcess

pytestmark = pytest.mark.xdist_group(name="conformance-planner")

PINS = {"SOULSPOT_JOBS_DIG": "0.3", "SOULSPOT_SEARCH_BAN_AFTER": "2"}


def build(world: World) -> None:
    """One album that five peers share, one with a name that the server does not like."""
    for number in range(5):
        share_folder(world, f"peer{number}", r"Music\Anna Lund\Common Ground (2018)")
    share_folder(world, "lone", r"Music\Ida Foss\Quiet Engines (2012)")
    share_folder(world, "lone", r"Music\Ida Foss\Loud Engines (2014)")
    world.block_phrase("ida foss")


@pytest.fixture
def indexer(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Indexer]:
    """A service of its own: these tests end it, or get it banned."""
    with open_indexer(tmp_path_factory.mktemp("planner"), build, settings=PINS) as opened:
        yield opened


@pytest.fixture
def heard(indexer: Indexer) -> list[str]:
    """The texts that the network hears."""
    return listen(indexer.simulator.world.network)


def listen(network: Network) -> list[str]:
    """Every text that reaches the network, in order."""
    heard: list[str] = []
    real = network.replies

    def replies(query: SearchText) -> Iterator[tuple[Peer, list[SharedFile]]]:
        heard.append(query.text)
        return real(query)

    network.replies = replies  # type: ignore[method-assign]
    return heard


def question(indexer: Indexer, number: int = 0) -> dict[str, Any]:
    """The latest question, with its explanation."""
    listed = indexer.service.rest("/searches")
    assert isinstance(listed, dict)
    found = indexer.service.rest(f"/searches/{listed['items'][number]['id']}")
    assert isinstance(found, dict)
    return found


def finished(indexer: Indexer) -> dict[str, Any] | None:
    """The latest question once nothing is asked for it any more."""
    found = question(indexer)
    return found if found["phase"] == "finished" else None


def test_digging_goes_on_after_kill_9_and_its_find_is_there_the_next_time(
    indexer: Indexer, heard: list[str]
) -> None:
    """No text twice, the answer from memory, all of it explained."""
    with indexer.changed({"search.rungs": 1}):
        assert indexer.album("Ida Foss", "Quiet Engines") == []
        assert question(indexer)["phase"] == "digging"
        indexer.service.kill()
        indexer.service.start()
        found = until(lambda: finished(indexer), "it has been dug for", seconds=60)
        asked = list(heard)
        (item,) = indexer.album("Ida Foss", "Quiet Engines")
    assert item.quality == "FLAC"
    assert heard == asked
    assert max(Counter(asked).values()) == 1
    assert found["outcome"] == "found"  # nobody here knows tracks, so nothing is sure
    assert [rung["text"] for rung in found["rungs"] if rung["kind"] != "lookup"] == asked
    assert found["offers"][0]["peer"] == "lone"


def test_a_filtered_name_is_learned(indexer: Indexer, heard: list[str]) -> None:
    """The second album of the artist does not begin with the text that is never answered."""
    assert len(indexer.album("Ida Foss", "Quiet Engines")) == 1
    before = len(heard)
    assert len(indexer.album("Ida Foss", "Loud Engines")) == 1
    assert heard[0] == "ida foss quiet engines"
    assert heard[before:] == ["loud engines"]


def test_two_processes_ask_no_text_twice(indexer: Indexer, heard: list[str]) -> None:
    """Both are asked for the same at the same moment."""
    other = ServiceProcess(
        indexer.service.data_dir,
        slskd_url=indexer.simulator.url,
        slskd_key=SLSKD_KEY,
        settings=PINS,
        command="web",
    )
    with other, ThreadPoolExecutor(2) as pool:
        both = Indexer(other, indexer.simulator)
        answers = [
            pool.submit(one.album, "Nobody Known", "Never Recorded") for one in (indexer, both)
        ]
        assert [answer.result(60) for answer in answers] == [[], []]
    asked = list(heard)
    assert asked
    assert max(Counter(asked).values()) == 1


def status(indexer: Indexer) -> dict[str, Any]:
    """What runs here."""
    found = indexer.service.rest("/system/status")
    assert isinstance(found, dict)
    return found


def test_slskd_C27_a_ban_is_noticed_kept_and_told(indexer: Indexer, heard: list[str]) -> None:
    """Silence, one control, silence: nothing is asked until it is over; then it works again."""
    with indexer.changed({"search.cache": 0, "search.ban_pause": 6, "search.rungs": 2}):
        assert len(indexer.album("Anna Lund", "Common Ground")) == 3
        assert status(indexer)["banned_until"] is None
        network = indexer.simulator.world.network
        allowed, network.blocked_phrases[:] = list(network.blocked_phrases), [" "]
        assert indexer.album("Marlow Finch", "Harbour Lights") == []
        asked = list(heard)
        assert asked[-1] == "anna lund common ground"
        assert question(indexer)["outcome"] == "banned"
        until_ = status(indexer)["banned_until"]
        assert until_ is not None
        until(
            lambda: True if indexer.health().get("soulseek_ban") == "error" else None,
            "health says so",
        )
        assert indexer.album("Tessa Holm", "Amber Letters") == []
        assert heard == asked
        network.blocked_phrases[:] = allowed
        until(
            lambda: True if status(indexer)["banned_until"] is None else None,
            "the pause is over",
        )
        assert len(indexer.album("Anna Lund", "Common Ground")) == 3
        events = indexer.service.rest("/events?kind=source.banned&kind=source.unbanned")
        assert isinstance(events, dict)
        assert [event["kind"] for event in events["items"]] == ["source.unbanned", "source.banned"]
        assert "soulseek_ban" not in indexer.health() or until(
            lambda: True if "soulseek_ban" not in indexer.health() else None, "health is green"
        )


def test_a_search_over_rest_is_one_as_lidarr_makes_it(indexer: Indexer, heard: list[str]) -> None:
    """202 with an id; what Lidarr asks afterwards is answered from memory."""
    answer = requests.post(
        f"{indexer.service.url}/api/v1/searches",
        json={"artist": "Anna Lund", "album": "Common Ground", "year": 2018},
        headers={"X-Api-Key": API_KEY},
        timeout=20,
    )
    assert answer.status_code == 202
    assert answer.json()["phase"] == "running"
    found = until(lambda: finished(indexer), "it is answered")
    assert found["id"] == answer.json()["id"]
    assert [offer["verdict"] for offer in found["offers"]].count("offered") == 3
    asked = list(heard)
    assert len(indexer.album("Anna Lund", "Common Ground", year=2018)) == 3
    assert heard == asked


def test_explain_shares_the_running_installation(indexer: Indexer, heard: list[str]) -> None:
    """Same database, same slskd, same answer; it grabs nothing."""
    environment = {
        **{key: value for key, value in os.environ.items() if not key.startswith("SOULSPOT_")},
        "SOULSPOT_DATA_DIR": str(indexer.service.data_dir),
        "SOULSPOT_SLSKD_URL": indexer.simulator.url,
        "SOULSPOT_SLSKD_API_KEY": SLSKD_KEY,
        "SOULSPOT_SLSKD_IDLE_TIMEOUT": "2",
        "SOULSPOT_CATALOGUE_MUSICBRAINZ": "false",
        "COLUMNS": "100",
    }
    command = [sys.executable, "-m", "soulspot_arr", "explain", "Anna Lund", "Common Ground"]
    ended = subprocess.run(
        command, check=False, env=environment, capture_output=True, text=True, timeout=120
    )
    assert (ended.returncode, ended.stderr) == (0, "")
    assert ended.stdout.startswith("Anna Lund - Common Ground\n")
    assert ended.stdout.count("\noffered ") == 3
    assert max(len(line) for line in ended.stdout.splitlines()) <= 100
    asked = list(heard)
    assert len(indexer.album("Anna Lund", "Common Ground")) == 3
    assert heard == asked
    grabs = indexer.service.rest("/grabs")
    assert grabs == {"items": [], "next": None}
