"""Questions over REST: asked as Lidarr would, listed, explained."""

from __future__ import annotations

from typing import Any

import pytest
from flask.testing import FlaskClient

from soulspot_arr.app import create_app
from soulspot_arr.domain import Query, RawFile
from soulspot_arr.search import _Flight
from soulspot_arr.services import Services
from tests.blueprints.conftest import Start, with_key
from tests.blueprints.world import problem
from tests.fakes.fake_source import FakeSource
from tests.fakes.threads import until

SEARCHES = "/api/v1/searches"
FOLDER = "Music\\The Examples\\The Examples - Second Sample (2001) [FLAC]"
ALONE = {"SOULSPOT_CATALOGUE_MUSICBRAINZ": "false", "SOULSPOT_SEARCH_DIG": "0"}


@pytest.fixture
def services(start: Start) -> Services:
    """Services that ask nobody outside, and a peer with one album."""
    found = start(ALONE)
    source = found.source
    assert isinstance(source, FakeSource)
    songs = [
        RawFile(path, path, 25_000_000, sample_rate=44_100, bit_depth=16, seconds=215)
        for path in (f"{FOLDER}\\{number:02} - Song {number}.flac" for number in range(1, 4))
    ]
    source.share("peer one", FOLDER, *songs)
    return found


def ask(client: FlaskClient, **body: Any) -> int:
    """Ask for an album and wait for the answer; the id of the question."""
    answer = client.post(SEARCHES, json=body)
    assert answer.status_code == 202, answer.get_data(as_text=True)
    id_ = answer.get_json()["id"]
    assert isinstance(id_, int)
    until(lambda: one(client, id_)["phase"] != "running")
    return id_


def one(client: FlaskClient, id_: int) -> dict[str, Any]:
    """One question in full."""
    answer = client.get(f"{SEARCHES}/{id_}")
    assert answer.status_code == 200
    body: dict[str, Any] = answer.get_json()
    return body


def test_an_album_is_asked_for_and_explained(client: FlaskClient) -> None:
    """202 with an id; then texts, counts, and the offer with its three numbers and reasons."""
    why = one(client, ask(client, artist="The Examples", album="Second Sample", year=2001))
    assert (why["artist"], why["album"], why["year"]) == ("The Examples", "Second Sample", 2001)
    assert (why["phase"], why["outcome"], why["provider"]) == ("finished", "found", "none")
    assert [(text["kind"], text["text"]) for text in why["rungs"]] == [
        ("plain", "examples second sample")
    ]
    assert why["counts"] == {
        "searches": 1, "peers": 1, "folders": 1, "candidates": 1, "accepted": 1, "offered": 1,
    }  # fmt: skip
    (offer,) = why["offers"]
    assert (offer["peer"], offer["folder"], offer["verdict"]) == ("peer one", FOLDER, "offered")
    assert (offer["files"], offer["size"], offer["format"]) == (3, 75_000_000, "FLAC 16/44.1")
    assert 0.6 < offer["identity"] <= 1
    assert offer["quality"] > 0
    assert 0 < offer["utility"] <= 1
    assert offer["reasons"]
    assert why["wanted"]["album"] == "Second Sample"
    assert why["finished_at"] is not None


def test_the_explanation_is_written_for_lidarrs_own_questions(
    client: FlaskClient, services: Services
) -> None:
    """Whoever asked."""
    assert len(services.search.find(Query("The Examples", "Second Sample"))) == 1
    until(lambda: client.get(SEARCHES).get_json()["items"][0]["phase"] == "finished")
    (listed,) = client.get(SEARCHES).get_json()["items"]
    assert listed["outcome"] == "found"
    assert "offers" not in listed


def test_the_same_question_is_not_asked_twice(client: FlaskClient) -> None:
    """As Lidarr would not search again either: the explanation is the one of the kept answer."""
    first = ask(client, artist="The Examples", album="Second Sample")
    assert ask(client, artist="the examples", album=" Second   Sample ") == first


def test_questions_are_listed_in_pages(client: FlaskClient) -> None:
    """Newest first through `before`, every question once."""
    ids = [ask(client, artist="The Examples", album=f"Number {n}") for n in range(3)]
    first = client.get(SEARCHES, query_string={"limit": 2}).get_json()
    assert [item["id"] for item in first["items"]] == [ids[2], ids[1]]
    rest = client.get(SEARCHES, query_string={"limit": 2, "before": first["next"]}).get_json()
    assert [item["id"] for item in rest["items"]] == [ids[0]]
    assert rest["next"] is None


def test_what_nobody_shares_is_explained_too(client: FlaskClient) -> None:
    """Every text that was tried, and that nothing came."""
    why = one(client, ask(client, artist="Nobody", album="Nothing Here"))
    assert why["outcome"] == "nothing"
    assert why["offers"] == []
    assert {text["outcome"] for text in why["rungs"]} == {"answered"}
    assert {text["folders"] for text in why["rungs"]} == {0}


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"artist": "", "album": "  "},
        {"artist": "x", "year": 12},
        {"artist": 5},
        {"artist": "x" * 301},
        {"artist": "a\0b"},
        {"artist": "x", "more": 1},
        [],
    ],
)
def test_what_cannot_be_asked_is_refused(client: FlaskClient, body: object) -> None:
    """With a sentence, before anything is searched."""
    problem(client.post(SEARCHES, json=body), 422, "invalid_input")
    assert client.get(SEARCHES).get_json()["items"] == []


@pytest.mark.parametrize("path", ["1", "999", str(2**63 - 1)])
def test_unknown_questions_are_not_found(client: FlaskClient, path: str) -> None:
    """Also when the id could have been one once."""
    problem(client.get(f"{SEARCHES}/{path}"), 404, "question_not_found")


@pytest.mark.parametrize("path", ["x", "-1", str(2**63), "1.5"])
def test_what_is_no_id_is_not_found(client: FlaskClient, path: str) -> None:
    """Before the database is asked."""
    problem(client.get(f"{SEARCHES}/{path}"), 404, "not_found")


def test_too_many_at_once_are_told_to_wait(start: Start) -> None:
    """503, as it will work in a minute."""
    services = start({**ALONE, "SOULSPOT_SEARCH_WAITING": "1"})
    client = with_key(create_app(services), services)
    services.search._flights["another question"] = _Flight(Query("Others"), ("another question",))
    problem(client.post(SEARCHES, json={"artist": "x y"}), 503, "too_many_questions")


def test_nobody_asks_without_the_key(stranger: FlaskClient) -> None:
    """Searching costs what is scarce."""
    problem(stranger.post(SEARCHES, json={"artist": "x"}), 401, "unauthorized")
    problem(stranger.get(SEARCHES), 401, "unauthorized")


def test_a_ban_shows_in_the_status(client: FlaskClient, services: Services) -> None:
    """With the moment it ends; null otherwise."""
    assert client.get("/api/v1/system/status").get_json()["banned_until"] is None
    until_ = services.search.bans.silent()
    assert client.get("/api/v1/system/status").get_json()["banned_until"] == until_.isoformat()
    why = one(client, ask(client, artist="The Examples", album="Second Sample"))
    assert why["outcome"] == "banned"
