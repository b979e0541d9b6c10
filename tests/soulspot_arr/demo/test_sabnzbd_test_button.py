"""Lidarr's Test button and health page for a download client."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from soulspot_arr.demo.sabnzbd_client import SabnzbdClient
from tests.soulspot_arr.demo.sabnzbd_shapes import config
from tests.soulspot_arr.demo.scripted import Scripted, as_json


def test_2_the_test_button_is_green_with_four_requests(
    server: Scripted, client: SabnzbdClient
) -> None:
    """An absolute complete_dir costs one R1 and three R2."""
    server.on(as_json({"version": "4.3.3"}), mode="version")
    server.on(as_json(config()), mode="get_config")
    assert client.test() == []
    modes = [asked.value("mode") for asked in server.asked]
    assert modes == ["version", "get_config", "get_config", "get_config"]


@pytest.mark.parametrize(
    ("version", "field", "warning"),
    [
        ("4.3", "Version", False),
        (None, "Version", False),
        ("0.6.9", "Version", False),
        ("develop", "Version", True),
        ("4.3.x", None, None),
        ("4.3.3RC1", None, None),
        ("0.7.0", None, None),
    ],
)
def test_2_versions_the_button_accepts(
    server: Scripted,
    client: SabnzbdClient,
    *,
    version: str | None,
    field: str | None,
    warning: bool | None,
) -> None:
    """Three dotted parts are needed; develop only warns."""
    server.on(as_json({"version": version}), mode="version")
    server.on(as_json(config()), mode="get_config")
    findings = client.test()
    assert [(entry.field, entry.is_warning) for entry in findings] == (
        [] if field is None else [(field, warning)]
    )


@pytest.mark.parametrize(
    ("misc", "message"),
    [
        ({"pre_check": 1}, None),
        ({"enable_tv_sorting": "true", "tv_categories": []}, "Disable TV Sorting"),
        ({"enable_tv_sorting": True, "tv_categories": ["tv"]}, None),
        ({"enable_movie_sorting": 1, "movie_categories": ["music"]}, "Disable Movie Sorting"),
        ({"enable_date_sorting": True, "date_categories": "music"}, "Disable Date Sorting"),
        ({"enable_date_sorting": True, "date_categories": "tv"}, None),
        ({"enable_tv_sorting": "0"}, "aborted"),
        ({"tv_categories": "music"}, "aborted"),
        ({"history_retention_number": "ten"}, "aborted"),
        ({"history_retention_number": ""}, None),
    ],
)
def test_2_misc_settings_and_the_button(
    server: Scripted, client: SabnzbdClient, misc: dict[str, object], message: str | None
) -> None:
    """Sorting switches without a list, and values of fatal types, turn the button red."""
    server.on(as_json({"version": "4.3.3"}), mode="version")
    server.on(as_json(config(**misc)), mode="get_config")
    findings = client.test()
    if message is None:
        assert findings == []
    else:
        assert len(findings) == 1
        assert message in findings[0].message


@pytest.mark.parametrize(
    ("categories", "message"),
    [
        ([{"name": "*", "dir": ""}], "Category does not exist"),
        ([{"name": "Music", "dir": ""}], "Category does not exist"),
        ([{"name": "music", "dir": "music*"}], "Enable Job folders"),
        ([{"name": "music", "dir": "m"}, {"name": "x", "dir": None}], "aborted"),
        ({}, "aborted"),
        (None, "Category does not exist"),
    ],
)
def test_2_categories_and_the_button(
    server: Scripted, client: SabnzbdClient, categories: object, message: str
) -> None:
    """The category must exist in the same case, with a string folder and job folders."""
    body: dict[str, Any] = config()
    body["config"]["categories"] = categories
    server.on(as_json({"version": "4.3.3"}), mode="version")
    server.on(as_json(body), mode="get_config")
    assert message in client.test()[0].message


@pytest.mark.parametrize("text", ["API Key Incorrect", "API Key Required"])
def test_2_key_errors_reach_the_key_field_only_with_http_200(
    server: Scripted, client: SabnzbdClient, text: str
) -> None:
    """The 200 envelope gives a field message, a 403 a generic failure."""
    server.on(as_json({"version": "4.3.3"}), mode="version")
    server.on(as_json({"status": False, "error": text}), mode="get_config")
    assert (client.test()[0].field, client.test()[0].message) == ("APIKey", text)
    server.on(as_json({"status": False, "error": text}, 403), mode="get_config")
    assert client.test()[0].field == ""


def test_2_a_relative_complete_dir_costs_version_and_full_status(
    server: Scripted, client: SabnzbdClient
) -> None:
    """R1 and R3 follow when complete_dir is relative."""
    server.on(as_json({"version": "4.3.3"}), mode="version")
    server.on(as_json(config(complete_dir="complete")), mode="get_config")
    server.on(as_json({"status": {"completedir": "/abs"}}), mode="fullstatus")
    assert client.test() == []
    assert server.queries()[-1] == "mode=fullstatus&skip_dashboard=1&apikey=K&output=json"


@pytest.mark.parametrize(
    ("misc", "removes"),
    [
        ({"history_retention_option": "all"}, False),
        ({"history_retention_option": "number-delete"}, True),
        ({"history_retention_option": "days-archive", "history_retention_number": 13}, True),
        ({"history_retention_option": "days-archive", "history_retention_number": "14"}, False),
        ({"history_retention_option": None, "history_retention": ""}, False),
        ({"history_retention_option": None, "history_retention": "0"}, False),
        ({"history_retention_option": None, "history_retention": 5}, True),
        ({"history_retention_option": None, "history_retention": "7d"}, True),
        ({"history_retention_option": None, "history_retention": "30d"}, False),
    ],
)
def test_10_retention_settings_and_the_health_page(
    server: Scripted,
    client: SabnzbdClient,
    tmp_path: Path,
    misc: dict[str, object],
    *,
    removes: bool,
) -> None:
    """Only the health page looks at retention; a folder that exists is no complaint."""
    (tmp_path / "music").mkdir()
    server.on(as_json(config(complete_dir=str(tmp_path), **misc)), mode="get_config")
    expected = ["the client removes completed downloads"] if removes else []
    assert client.health_warnings() == expected


def test_10_a_missing_download_folder_is_a_health_error(
    server: Scripted, client: SabnzbdClient, tmp_path: Path
) -> None:
    """complete_dir joined with the category folder must exist for Lidarr."""
    server.on(as_json(config(complete_dir=str(tmp_path))), mode="get_config")
    assert client.health_warnings() == [f"the download folder {tmp_path / 'music'} does not exist"]
