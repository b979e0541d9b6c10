"""`connect lidarr`: everything is made once, found again, adopted, tested, and taken back."""

from __future__ import annotations

import copy

from tests.fakes.fake_servarr import KEY, FakeServarr, Json, failure
from tests.soulspot_arr.connect.conftest import OUR_KEY, Bureau, Open

OURS = "SoulSpot Arr"


def foreign(lidarr: FakeServarr) -> dict[str, list[Json]]:
    """Entries that are none of our business, some of them very like ours."""
    lidarr.keep("downloadclient", "Nzbget", "NZBGet", host="nzbget", enable=True)
    lidarr.keep(
        "downloadclient",
        "Sabnzbd",
        "SABnzbd",
        host="sab",
        port=8080,
        urlBase="/sabnzbd",
        apiKey="x",
    )
    lidarr.keep("indexer", "Newznab", "Usenet", baseUrl="https://indexer.example", apiKey="y")
    lidarr.keep("notification", "Webhook", "Mine", url="http://elsewhere/hooks/lidarr")
    return copy.deepcopy(lidarr.kept)


def test_everything_is_made(bureau: Bureau, lidarr: FakeServarr) -> None:
    """Client, indexer and webhook with our address and key, bound to each other."""
    assert bureau.connect(lidarr) == 0
    client = {
        name: lidarr.value("downloadclient", OURS, name)
        for name in (
            "enable", "host", "port", "useSsl", "urlBase", "apiKey", "musicCategory", "priority",
            "removeCompletedDownloads", "removeFailedDownloads",
        )
    }  # fmt: skip
    assert client == {
        "enable": True,
        "host": "soulspot",
        "port": 8585,
        "useSsl": False,
        "urlBase": "/sabnzbd",
        "apiKey": OUR_KEY,
        "musicCategory": "music",
        "priority": 50,
        "removeCompletedDownloads": True,
        "removeFailedDownloads": True,
    }
    assert lidarr.value("indexer", OURS, "baseUrl") == "http://soulspot:8585/newznab"
    assert lidarr.value("indexer", OURS, "apiKey") == OUR_KEY
    assert (
        lidarr.value("indexer", OURS, "downloadClientId") == lidarr.kept["downloadclient"][0]["id"]
    )
    assert lidarr.value("indexer", OURS, "earlyReleaseLimit") is None
    assert lidarr.value("indexer", OURS, "categories") == [3000, 3010, 3040, 3050]
    assert all(
        lidarr.value("indexer", OURS, f"enable{use}")
        for use in ("Rss", "AutomaticSearch", "InteractiveSearch")
    )
    assert lidarr.value("notification", OURS, "url") == "http://soulspot:8585/hooks/lidarr"
    assert lidarr.value("notification", OURS, "password") == OUR_KEY
    assert [
        lidarr.value("notification", OURS, f"on{event}")
        for event in (
            "Grab",
            "ReleaseImport",
            "Upgrade",
            "DownloadFailure",
            "ImportFailure",
            "Rename",
        )
    ] == [True, True, True, True, True, False]


def test_both_tests_are_pressed_and_the_health_is_read(bureau: Bureau, lidarr: FakeServarr) -> None:
    """Green means that Lidarr has reached us, not that we believe so."""
    assert bureau.connect(lidarr) == 0
    asked = [f"{each.method} {each.path}" for each in lidarr.log]
    for kind in ("downloadclient", "indexer", "notification"):
        assert f"POST /api/v1/{kind}/test" in asked
    assert asked.index("POST /api/v1/command") < asked.index("GET /api/v1/health")
    assert "green" in bureau.said


def test_the_service_can_talk_back(bureau: Bureau, lidarr: FakeServarr) -> None:
    """Address and key of Lidarr are settings of ours from then on; the key is not shown."""
    bureau.connect(lidarr)
    assert bureau.services.settings.get("lidarr.url") == lidarr.url
    assert bureau.services.settings.get("lidarr.api_key") == KEY
    assert bureau.services.lidarr.status() == lidarr.version
    assert KEY not in bureau.said
    assert OUR_KEY not in bureau.said


def test_twice_is_once(bureau: Bureau, lidarr: FakeServarr) -> None:
    """The second run changes nothing and says so; neither url nor key are needed for it."""
    foreign(lidarr)
    bureau.connect(lidarr)
    kept, lidarr.writes = copy.deepcopy(lidarr.kept), []
    assert bureau.connect(lidarr, url="", key="") == 0
    assert lidarr.writes == []
    assert lidarr.kept == kept
    assert "nothing had to be changed" in bureau.said
    assert bureau.said.count("as it should be") == 3


def test_foreign_entries_stay_as_they_are(bureau: Bureau, lidarr: FakeServarr) -> None:
    """Neither connect nor disconnect touches what is not ours."""
    before = foreign(lidarr)
    bureau.connect(lidarr)
    for kind, rows in before.items():
        assert lidarr.kept[kind][: len(rows)] == rows
    assert bureau.disconnect() == 0
    assert lidarr.kept == before


def test_a_rehearsal_only_reads(bureau: Bureau, lidarr: FakeServarr) -> None:
    """`--dry-run` shows every change as a person reads it, and makes none, not even here."""
    assert bureau.connect(lidarr, dry=True) == 0
    assert {asked.method for asked in lidarr.log} == {"GET"}
    assert lidarr.names("downloadclient") == []
    assert bureau.services.settings.get("lidarr.url") == ""
    for words in (
        '+ download client "SoulSpot Arr"',
        '+ indexer "SoulSpot Arr"',
        '+ webhook "SoulSpot Arr"',
        "Url Base                  /sabnzbd",
        "Download Client           the one above",
        "lidarr.url",
        "Nothing was changed",
    ):
        assert words in bureau.said
    assert KEY not in bureau.said
    assert OUR_KEY not in bureau.said


def test_entries_made_by_hand_are_adopted(bureau: Bureau, lidarr: FakeServarr) -> None:
    """What leads to us is used and mended; name, category and priority stay a person's choice."""
    lidarr.keep(
        "downloadclient", "Sabnzbd", "by hand", host="SoulSpot", port=8585, urlBase="sabnzbd",
        apiKey=OUR_KEY, musicCategory="lidarr", priority=7, enable=True,
    )  # fmt: skip
    lidarr.keep(
        "indexer", "Newznab", "slsk", baseUrl="http://soulspot:8585/newznab/", apiKey="old",
        earlyReleaseLimit=5, enableRss=True, enableAutomaticSearch=True,
    )  # fmt: skip
    assert bureau.connect(lidarr) == 0
    assert lidarr.names("downloadclient") == ["by hand"]
    assert lidarr.names("indexer") == ["slsk"]
    assert lidarr.value("downloadclient", "by hand", "musicCategory") == "lidarr"
    assert lidarr.value("downloadclient", "by hand", "priority") == 7
    assert lidarr.value("indexer", "slsk", "downloadClientId") == 1
    assert lidarr.value("indexer", "slsk", "earlyReleaseLimit") is None
    assert lidarr.value("indexer", "slsk", "apiKey") == OUR_KEY
    assert "any -> by hand" in bureau.said
    assert "5 -> empty" in bureau.said


def test_adopted_entries_are_given_back_as_they_were(bureau: Bureau, lidarr: FakeServarr) -> None:
    """Disconnecting never deletes what a person made; a second run takes nothing back twice."""
    lidarr.keep(
        "indexer", "Newznab", "slsk", baseUrl="http://soulspot:8585/newznab", apiKey=OUR_KEY,
        earlyReleaseLimit=5,
    )  # fmt: skip
    before = copy.deepcopy(lidarr.kept)
    bureau.connect(lidarr)
    bureau.connect(lidarr)
    assert lidarr.kept != before
    assert bureau.disconnect() == 0
    assert lidarr.kept == before
    assert bureau.services.settings.get("lidarr.url") == ""
    lidarr.writes = []
    assert bureau.disconnect() == 0
    assert lidarr.writes == []
    assert "Nothing" in bureau.said


def test_disconnect_can_be_rehearsed(bureau: Bureau, lidarr: FakeServarr) -> None:
    """It names what would go and leaves it."""
    bureau.connect(lidarr)
    kept = copy.deepcopy(lidarr.kept)
    assert bureau.disconnect(dry=True) == 0
    assert lidarr.kept == kept
    assert bureau.said.count(": removed") == 3
    assert bureau.services.settings.get("lidarr.url") == lidarr.url


def test_disconnect_leaves_what_is_not_ours_any_more(bureau: Bureau, lidarr: FakeServarr) -> None:
    """A Lidarr that was set up anew may use our numbers for other entries."""
    bureau.connect(lidarr)
    lidarr.kept = {kind: [] for kind in lidarr.kept}
    lidarr._number = 0
    before = foreign(lidarr)
    assert bureau.disconnect() == 0
    assert lidarr.kept == before


def test_renamed_and_moved_entries_are_found_again(bureau: Bureau, lidarr: FakeServarr) -> None:
    """A person may rename ours; we may move. Neither doubles anything."""
    bureau.connect(lidarr)
    for kind in lidarr.kept:
        lidarr.kept[kind][0]["name"] = "Soulseek"
    assert bureau.connect(lidarr) == 0
    assert [lidarr.names(kind) for kind in lidarr.kept] == [["Soulseek"]] * 3
    assert bureau.connect(lidarr, address="https://music.example.org/soulspot") == 0
    assert [lidarr.names(kind) for kind in lidarr.kept] == [["Soulseek"]] * 3
    assert lidarr.value("downloadclient", "Soulseek", "host") == "music.example.org"
    assert lidarr.value("downloadclient", "Soulseek", "port") == 443
    assert lidarr.value("downloadclient", "Soulseek", "useSsl") is True
    assert lidarr.value("downloadclient", "Soulseek", "urlBase") == "/soulspot/sabnzbd"
    assert (
        lidarr.value("indexer", "Soulseek", "baseUrl")
        == "https://music.example.org/soulspot/newznab"
    )
    bureau.disconnect()
    assert [lidarr.names(kind) for kind in lidarr.kept] == [[]] * 3


def test_entries_of_an_earlier_installation_are_found_by_name(
    bureau: Bureau, lidarr: FakeServarr
) -> None:
    """With a new database and a new address only our name and our path are left."""
    lidarr.keep(
        "downloadclient",
        "Sabnzbd",
        OURS,
        host="10.0.0.9",
        port=1234,
        urlBase="/sabnzbd",
        apiKey="x",
    )
    assert bureau.connect(lidarr) == 0
    assert lidarr.names("downloadclient") == [OURS]
    assert lidarr.value("downloadclient", OURS, "host") == "soulspot"


def test_a_name_that_is_taken_gets_a_number(bureau: Bureau, lidarr: FakeServarr) -> None:
    """Names are unique in Lidarr, whatever the entry is."""
    lidarr.keep("downloadclient", "Nzbget", "soulspot arr", host="nzbget")
    assert bureau.connect(lidarr) == 0
    assert lidarr.names("downloadclient") == ["soulspot arr", f"{OURS} 2"]


def test_doubled_entries_are_told(bureau: Bureau, lidarr: FakeServarr) -> None:
    """One is used; the other is named, and left to the person."""
    for name in ("one", "two"):
        lidarr.keep("indexer", "Newznab", name, baseUrl="http://soulspot:8585/newznab")
    assert bureau.connect(lidarr) == 0
    assert lidarr.value("indexer", "two", "downloadClientId") == 0
    assert '"two"' in bureau.said


def test_the_indexer_that_prowlarr_passed_on_is_bound_and_not_doubled(
    bureau: Bureau, lidarr: FakeServarr
) -> None:
    """Its address and key are Prowlarr's and stay."""
    name = f"{OURS} (Prowlarr)"
    lidarr.keep(
        "indexer", "Newznab", name, baseUrl="http://prowlarr:9696/5/", apiKey="prowlarr's",
        earlyReleaseLimit=3,
    )  # fmt: skip
    before = copy.deepcopy(lidarr.kept["indexer"])
    assert bureau.connect(lidarr) == 0
    assert bureau.connect(lidarr) == 0
    assert lidarr.names("indexer") == [name]
    assert lidarr.value("indexer", name, "baseUrl") == "http://prowlarr:9696/5/"
    assert lidarr.value("indexer", name, "apiKey") == "prowlarr's"
    assert (
        lidarr.value("indexer", name, "downloadClientId") == lidarr.kept["downloadclient"][0]["id"]
    )
    bureau.disconnect()
    assert lidarr.kept["indexer"] == before


def test_a_key_of_ours_that_has_changed_is_written_anew(
    open_bureau: Open, lidarr: FakeServarr
) -> None:
    """Lidarr never shows the key, so what was entered is remembered by a fingerprint."""
    open_bureau().connect(lidarr)
    fresh = "f" * 32
    bureau = open_bureau({"SOULSPOT_AUTH_API_KEY": fresh})
    assert bureau.connect(lidarr) == 0
    assert lidarr.value("downloadclient", OURS, "apiKey") == fresh
    assert lidarr.value("indexer", OURS, "apiKey") == fresh
    assert lidarr.value("notification", OURS, "password") == fresh


def test_a_key_that_was_changed_there_is_written_anew(bureau: Bureau, lidarr: FakeServarr) -> None:
    """It cannot be seen, but the Test is red."""
    bureau.connect(lidarr)
    next(field for field in lidarr.kept["indexer"][0]["fields"] if field["name"] == "apiKey")[
        "value"
    ] = "mistyped"

    def judge(kind: str, row: Json) -> list[Json]:
        keys = [field.get("value") for field in row["fields"] if field["name"] == "apiKey"]
        return [failure("Invalid API key")] if keys not in ([], [OUR_KEY]) else []

    lidarr.judge = judge
    assert bureau.connect(lidarr) == 0
    assert lidarr.value("indexer", OURS, "apiKey") == OUR_KEY
