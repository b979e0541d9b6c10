"""`connect lidarr` when something is in the way: it waits, it finds out, or it says one sentence."""

from __future__ import annotations

import pytest

from soulspot_arr.errors import ConfigError, InvalidInput, ServarrError
from tests.fakes.fake_servarr import KEY, FakeServarr, Json, failure
from tests.fakes.http_double import Asked, Reply
from tests.soulspot_arr.connect.conftest import Bureau, Open

OURS = "SoulSpot Arr"


def test_the_address_that_works_is_found(bureau: Bureau, lidarr: FakeServarr) -> None:
    """Without `--address` Lidarr's own Test says where it reaches us."""
    tried: list[str] = []

    def judge(kind: str, row: Json) -> list[Json]:
        if kind != "downloadclient":
            return []
        host = next(field["value"] for field in row["fields"] if field["name"] == "host")
        tried.append(host)
        return [] if host == "127.0.0.1" else [failure("Unable to connect")]

    lidarr.judge = judge
    bureau.services.settings.patch({"server.public_url": "http://nowhere:8585"})
    assert bureau.connect(lidarr, address="") == 0
    assert tried[0] == "nowhere"
    assert lidarr.value("downloadclient", OURS, "host") == "127.0.0.1"
    assert lidarr.value("indexer", OURS, "baseUrl") == "http://127.0.0.1:8585/newznab"


def test_lidarr_that_cannot_reach_us_is_one_sentence(bureau: Bureau, lidarr: FakeServarr) -> None:
    """It is tried for a while; nothing is left behind, and the way out is named."""
    lidarr.judge = lambda kind, row: [failure("Unable to connect to SABnzbd")]
    with pytest.raises(ServarrError) as caught:
        bureau.connect(lidarr)
    assert "http://soulspot:8585: Unable to connect to SABnzbd" in caught.value.message
    assert "--address" in caught.value.message
    assert lidarr.names("downloadclient") == []
    assert len(bureau.waited) == 2


def test_a_service_that_is_just_starting_is_waited_for(bureau: Bureau, lidarr: FakeServarr) -> None:
    """The first Test may come too early."""
    answers = iter([[failure("Unable to connect")], [failure("Unable to connect")]])
    lidarr.judge = lambda kind, row: next(answers, [])
    assert bureau.connect(lidarr) == 0
    assert lidarr.names("indexer") == [OURS]


def test_warnings_do_not_stop_it(bureau: Bureau, lidarr: FakeServarr) -> None:
    """Through the API they block unless they are waved through."""
    lidarr.judge = lambda kind, row: [failure("A category is recommended", warning=True)]
    assert bureau.connect(lidarr) == 0
    assert [lidarr.names(kind) for kind in lidarr.kept] == [[OURS]] * 3


def test_a_red_indexer_names_itself_and_the_next_run_goes_on(
    bureau: Bureau, lidarr: FakeServarr
) -> None:
    """What was made is kept and found again: nothing is doubled."""
    lidarr.judge = lambda kind, row: [failure("No results")] if kind == "indexer" else []
    with pytest.raises(ServarrError) as caught:
        bureau.connect(lidarr)
    assert "No results." in caught.value.message
    assert 'indexer "SoulSpot Arr"' in caught.value.message
    assert lidarr.names("downloadclient") == [OURS]
    lidarr.judge = lambda kind, row: []
    assert bureau.connect(lidarr) == 0
    assert [lidarr.names(kind) for kind in lidarr.kept] == [[OURS]] * 3
    bureau.disconnect()
    assert [lidarr.names(kind) for kind in lidarr.kept] == [[]] * 3


def test_lidarr_that_restarts_in_the_middle_loses_nothing(
    bureau: Bureau, lidarr: FakeServarr
) -> None:
    """The entry was made, its answer was lost: the next run knows it as its own."""

    def lost(asked: Asked) -> Reply | None:
        if asked.method == "POST" and asked.path == "/api/v1/indexer":
            lidarr.reply(asked)
            return Reply(502, b"<html>bad gateway</html>", "text/html")
        return None

    lidarr.mood = lost
    with pytest.raises(ServarrError):
        bureau.connect(lidarr)
    lidarr.mood = lambda asked: None
    assert bureau.connect(lidarr) == 0
    assert lidarr.names("indexer") == [OURS]
    bureau.disconnect()
    assert [lidarr.names(kind) for kind in lidarr.kept] == [[]] * 3


def test_health_about_us_is_told_and_repeated(bureau: Bureau, lidarr: FakeServarr) -> None:
    """An error of Lidarr's about us is a failure with a way out; others' are not our business."""
    lidarr.keep("downloadclient", "Nzbget", "NZBGet", host="nzbget")
    lidarr.health = [
        {"source": "IndexerRssCheck", "type": "notice", "message": "No matter"},
        {"source": "UpdateCheck", "type": "error", "message": "New update is available"},
        {"source": "DownloadClientStatusCheck", "type": "warning", "message": "Away: NZBGet"},
        {
            "source": "RemotePathMappingCheck",
            "type": "error",
            "message": "download client SoulSpot Arr places downloads in /downloads/soulspot/music",
        },
    ]
    assert bureau.connect(lidarr) == 1
    assert "places downloads in" in bureau.said
    assert "SOULSPOT_PATHS_MAPPINGS" in bureau.said
    assert "NZBGet" not in bureau.said
    assert "New update" not in bureau.said
    assert "No matter" not in bureau.said
    assert len(lidarr.asked("/health")) == 3
    lidarr.health = [{"source": "IndexerStatusCheck", "type": "warning", "message": "All failed"}]
    assert bureau.connect(lidarr) == 0
    assert "warn  Lidarr says: All failed" in bureau.said


def test_it_also_goes_without_forms_and_commands(bureau: Bureau, lidarr: FakeServarr) -> None:
    """What is not sent has its default there; its health is read even if it cannot be hastened."""

    def lacking(asked: Asked) -> Reply | None:
        if asked.path.endswith("/schema"):
            return Reply(404, b'{"message": "NotFound"}')
        return Reply(500, b"{}") if asked.path.endswith("/command") else None

    lidarr.mood = lacking
    assert bureau.connect(lidarr) == 0
    assert lidarr.value("indexer", OURS, "baseUrl") == "http://soulspot:8585/newznab"
    assert lidarr.kept["notification"][0]["configContract"] == "WebhookSettings"
    lidarr.writes = []
    assert bureau.connect(lidarr) == 0
    assert lidarr.writes == []


def test_an_own_category_is_entered_and_known_here(bureau: Bureau, lidarr: FakeServarr) -> None:
    """Lidarr's Test asks us whether it exists, and its health whether its folder does."""
    assert bureau.connect(lidarr, category="vinyl") == 0
    assert lidarr.value("downloadclient", OURS, "musicCategory") == "vinyl"
    assert "vinyl" in bureau.services.settings.categories()


@pytest.mark.parametrize(
    ("variable", "value", "fine"),
    [
        ("SOULSPOT_LIDARR_URL", "http://other:8686", False),
        ("SOULSPOT_LIDARR_API_KEY", "another-key", False),
        ("SOULSPOT_LIDARR_API_KEY", KEY, True),
    ],
)
def test_the_environment_wins(
    open_bureau: Open, lidarr: FakeServarr, variable: str, value: str, fine: bool
) -> None:
    """What could not last is not begun; what is the same anyway is no contradiction."""
    bureau = open_bureau({variable: value})
    if fine:
        assert bureau.connect(lidarr) == 0
        return
    with pytest.raises(ConfigError, match=variable):
        bureau.connect(lidarr)
    assert lidarr.log == []


def test_url_and_key_are_needed_once(bureau: Bureau) -> None:
    """Without any knowledge the person is asked for both."""
    with pytest.raises(InvalidInput, match="--url"):
        bureau.desk("lidarr").connect()
    assert bureau.disconnect() == 0
