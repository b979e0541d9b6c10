"""Providers, their forms and Tests; path mappings, root folders, files as Lidarr sees them."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.soulspot_arr.demo.lidarr.stage import Stage, filled
from tests.soulspot_arr.demo.newznab_shapes import CAPS, item, rss
from tests.soulspot_arr.demo.scripted import Answer, Scripted, as_xml


def test_the_form_of_our_download_client(bare: Stage) -> None:
    """Names of fields as the contract lists them (§11.5)."""
    [form] = bare.get("downloadclient/schema")
    assert (form["implementation"], form["configContract"]) == ("Sabnzbd", "SabnzbdSettings")
    assert [field["name"] for field in form["fields"]] == [
        "host",
        "port",
        "useSsl",
        "urlBase",
        "apiKey",
        "username",
        "password",
        "musicCategory",
        "recentMusicPriority",
        "olderMusicPriority",
    ]
    assert (form["removeCompletedDownloads"], form["removeFailedDownloads"]) == (True, True)


def test_secrets_are_never_shown_again(bare: Stage) -> None:
    """Eight stars go out; eight stars coming back mean "as before"."""
    made = bare.add_client()
    key = next(field for field in made["fields"] if field["name"] == "apiKey")
    assert key["value"] == "********"
    body = made | {"name": "Renamed"}
    assert bare.call("PUT", f"downloadclient/{made['id']}", body).status_code == 202
    bare.refresh()
    assert bare.sabnzbd.log[-1].query["apikey"] == "K"
    assert [one["name"] for one in bare.get("downloadclient")] == ["Renamed"]


@pytest.mark.parametrize(
    ("changes", "fields", "expected"),
    [
        ({"name": ""}, {}, "Name"),
        ({"implementation": ""}, {}, "Implementation"),
        ({}, {"host": "http://x"}, "Host"),
        ({}, {"port": 0}, "Port"),
        ({}, {"apiKey": ""}, "ApiKey"),
        ({}, {"musicCategory": ""}, "MusicCategory"),
        ({}, {"musicCategory": "absent"}, "MusicCategory"),
        ({}, {"port": 1}, "Host"),
    ],
)
def test_a_refused_client_names_its_field(
    bare: Stage, changes: dict[str, object], fields: dict[str, object], expected: str
) -> None:
    """400 with a list of failures; nothing is kept."""
    [form] = bare.get("downloadclient/schema")
    port = int(bare.sabnzbd.url.rpartition(":")[2])
    values = {"host": "127.0.0.1", "port": port, "apiKey": "K", "musicCategory": "music", **fields}
    body = filled(form, values) | {"name": "SoulSpot", "enable": True, **changes}
    answer = bare.call("POST", "downloadclient", body)
    assert answer.status_code == 400
    assert expected in [one["propertyName"] for one in answer.json()]
    assert bare.get("downloadclient") == []


def test_warnings_give_way_to_force(bare: Stage) -> None:
    """An empty category is only a recommendation."""
    [form] = bare.get("downloadclient/schema")
    port = int(bare.sabnzbd.url.rpartition(":")[2])
    values = {"host": "127.0.0.1", "port": port, "apiKey": "K", "musicCategory": ""}
    body = filled(form, values) | {"name": "SoulSpot", "enable": True}
    assert bare.call("POST", "downloadclient", body, forceSave="true").status_code == 201
    assert (
        bare.call("POST", "downloadclient", body, forceSave="true").json()[0]["errorMessage"]
        == "Should be unique"
    )


def test_testall_reports_each_one(stage: Stage) -> None:
    """200 when all are well, else 400; both carry the list."""
    assert stage.call("POST", "downloadclient/testall").json() == [
        {"id": 1, "isValid": True, "validationFailures": []}
    ]
    stage.sabnzbd.broken = True
    answer = stage.call("POST", "downloadclient/testall")
    assert answer.status_code == 400
    assert answer.json()[0]["isValid"] is False


def test_an_indexer_is_tested_before_it_is_kept(bare: Stage, server: Scripted) -> None:
    """Caps and one item of the feed; bound to a client by number."""
    [form] = bare.get("indexer/schema")
    values = {"baseUrl": f"{server.url}/newznab", "apiKey": "K"}
    body = filled(form, values) | {
        "name": "SoulSpot",
        "enableRss": True,
        "enableAutomaticSearch": True,
        "enableInteractiveSearch": True,
        "downloadClientId": 0,
    }
    assert bare.call("POST", "indexer", body).status_code == 400
    server.on(as_xml(rss(item())), t="music")
    server.on(as_xml(CAPS), t="caps")
    made = bare.call("POST", "indexer", body)
    assert made.status_code == 201, made.text
    number = made.json()["id"]
    assert bare.call("POST", "indexer/test", made.json()).status_code == 200
    changed = made.json() | {"downloadClientId": 77}
    assert bare.call("PUT", f"indexer/{number}", changed).status_code == 202
    sources = {row["source"] for row in bare.get("health")}
    assert sources == {"DownloadClientCheck", "IndexerDownloadClientCheck"}
    assert bare.call("DELETE", f"indexer/{number}").status_code == 200
    assert bare.get("indexer") == []


def test_health_is_green_when_all_is_set_up(stage: Stage, server: Scripted) -> None:
    """Nothing to complain about (§10)."""
    server.on(as_xml(rss(item())), t="music")
    server.on(as_xml(CAPS), t="caps")
    [form] = stage.get("indexer/schema")
    body = filled(form, {"baseUrl": server.url}) | {"name": "SoulSpot", "enableRss": True}
    body |= {"enableAutomaticSearch": True, "enableInteractiveSearch": True}
    assert stage.call("POST", "indexer", body).status_code == 201
    assert stage.get("health") == []
    stage.control("disk", hidden=[str(stage.downloads)])
    [row] = stage.get("health")
    assert (row["source"], row["type"]) == ("RemotePathMappingCheck", "error")


def test_downloads_inside_the_library_are_complained_about(bare: Stage, tmp_path: Path) -> None:
    """The category's folder must not lie in a root folder (§10)."""
    root = {"path": str(bare.sabnzbd.complete)}
    assert bare.call("POST", "rootfolder", root).status_code == 201
    bare.add_client()
    assert "DownloadClientRootFolderCheck" in {row["source"] for row in bare.get("health")}


def test_root_folders(bare: Stage, tmp_path: Path) -> None:
    """Shown with space and access; refused when absent, doubled or protected."""
    [row] = bare.get("rootfolder")
    assert row["accessible"]
    assert row["freeSpace"] > 0
    for path in (str(bare.library), str(tmp_path / "absent"), "music"):
        assert bare.call("POST", "rootfolder", {"path": path}).status_code == 400
    protected = tmp_path / "protected"
    protected.mkdir()
    bare.control("disk", denied=[str(protected)])
    assert bare.call("POST", "rootfolder", {"path": str(protected)}).status_code == 400


def test_path_mappings(bare: Stage) -> None:
    """Created, changed, deleted; the local side must exist."""
    body = {"host": "soulspot", "remotePath": "/downloads", "localPath": "/does/not/exist"}
    assert bare.call("POST", "remotepathmapping", body).status_code == 400
    body["localPath"] = str(bare.downloads)
    made = bare.call("POST", "remotepathmapping", body).json()
    assert (made["remotePath"], made["localPath"]) == ("/downloads/", f"{bare.downloads}/")
    number = made["id"]
    changed = made | {"host": "other"}
    assert bare.call("PUT", f"remotepathmapping/{number}", changed).json()["host"] == "other"
    assert bare.call("DELETE", f"remotepathmapping/{number}").status_code == 200
    assert bare.get("remotepathmapping") == []


def test_tags_are_lower_case(bare: Stage) -> None:
    """One row per label."""
    assert bare.call("POST", "tag", {"label": "Lossless"}).json()["label"] == "lossless"
    assert [one["label"] for one in bare.get("tag")] == ["lossless"]
    assert bare.call("POST", "tag", {"label": ""}).status_code == 400


def test_the_folder_chooser(bare: Stage) -> None:
    """What lies before the last slash; files on demand (doctor's marker is seen this way)."""
    (bare.downloads / "inner").mkdir()
    (bare.downloads / "marker.txt").write_text("here")
    found = bare.get("filesystem", path=f"{bare.downloads}/", includeFiles="true")
    assert [one["path"] for one in found["directories"]] == [f"{bare.downloads}/inner/"]
    assert [(one["name"], one["size"]) for one in found["files"]] == [("marker.txt", 4)]
    assert found["parent"] == f"{bare.downloads.parent}/"
    beside = bare.get("filesystem", path=str(bare.downloads), includeFiles="true")
    assert beside["files"] == []
    bare.control("disk", hidden=[str(bare.downloads)])
    hidden = bare.get("filesystem", path=f"{bare.downloads}/", includeFiles="true")
    assert (hidden["directories"], hidden["files"]) == ([], [])
    kind = bare.get("filesystem/type", path=str(bare.downloads / "marker.txt"))
    assert kind == {"type": "folder"}


def test_config_pages_keep_what_they_know(bare: Stage) -> None:
    """Changed by PUT with or without number; unknown keys are dropped."""
    page = bare.get("config/mediamanagement")
    assert page["copyUsingHardlinks"] is True
    changed = bare.call(
        "PUT", "config/mediamanagement/1", page | {"recycleBin": "/bin", "nonsense": 1}
    )
    assert changed.status_code == 202
    after = bare.get("config/mediamanagement")
    assert after["recycleBin"] == "/bin"
    assert "nonsense" not in after


def test_lists_that_are_there_for_completeness(bare: Stage) -> None:
    """Profiles, disk space, import lists."""
    assert bare.get("qualityprofile")[0]["name"] == "Any"
    assert bare.get("importlist") == []
    assert bare.get("diskspace")[0]["path"] == str(bare.library)
    assert bare.get("metadataprofile")[0]["id"] == 1


def test_every_family_counts_for_itself(stage: Stage, server: Scripted) -> None:
    """The first client and the first webhook are both number 1."""
    server.on(Answer(b"", 200))
    assert stage.add_webhook(server.url, "onGrab").json()["id"] == 1
    assert [one["id"] for one in stage.get("downloadclient")] == [1]
    assert stage.call("GET", "indexer/1").status_code == 404
