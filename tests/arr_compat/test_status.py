"""What the emulated SABnzbd says about itself."""

from __future__ import annotations

from datetime import date

import pytest

from arr_compat import status
from arr_compat.slots import ServerView
from arr_compat.status import ConfigView, DayStats, StatusView
from tests.arr_compat import readers

TODAY = date(2026, 11, 20)  # a Friday
CONFIG = ConfigView(
    api_key="K",
    complete_dir="/downloads/soulspot",
    download_dir="/downloads",
    categories={"music": "music", "Readarr": "readarr", "odd": "odd*"},
    sources=("slskd",),
)
STATUS = StatusView(
    server=ServerView(version="4.5.5", warnings=1),
    api_key="K",
    complete_dir="/downloads/soulspot",
    download_dir="/downloads",
    uptime=3 * 86_400.0,
    warnings=(("WARNING", "slskd is offline", 1_795_166_475, "health"),),
    sources=("slskd",),
)


# -- get_config ------------------------------------------------------------------------------------


def test_C15_to_C20_C23_S10_to_S15_config_passes_lidarrs_test() -> None:
    """Real booleans, lists where lists are read, every category with a folder."""
    root, folders = readers.lidarr_config(status.config_document(CONFIG))
    assert root == "/downloads/soulspot"
    assert folders == {"*": "", "music": "music", "Readarr": "readarr", "odd": "odd"}


def test_C16_C17_categories_have_the_shape_of_the_real_ones() -> None:
    """The default one first, whether it was named or not."""
    config = readers.obj(status.config_document(CONFIG)["config"])
    star, music = readers.array(config["categories"])[:2]
    assert star == {
        "name": "*",
        "order": 0,
        "pp": "3",
        "script": "None",
        "dir": "",
        "newzbin": "",
        "priority": 0,
    }
    assert music == {
        "name": "music",
        "order": 1,
        "pp": "",
        "script": "Default",
        "dir": "music",
        "newzbin": "",
        "priority": -100,
    }


def test_C17_a_folder_of_the_default_category_is_kept() -> None:
    """`*` is listed once, and first, even when the caller names it last."""
    view = ConfigView(
        api_key="K", complete_dir="/c", download_dir="/d", categories={"music": "m", "*": "rest"}
    )
    _, folders = readers.lidarr_config(status.config_document(view))
    assert list(folders.items()) == [("*", "rest"), ("music", "m")]


def test_S11_flags_are_json_false() -> None:
    """The text "0" would be fatal, and `null` would leave a client to guess."""
    misc = readers.obj(readers.obj(status.config_document(CONFIG)["config"])["misc"])
    for key in ("pre_check", "enable_tv_sorting", "enable_movie_sorting", "enable_date_sorting"):
        assert misc[key] is False


MUSIC = {
    "name": "music",
    "order": 1,
    "pp": "",
    "script": "Default",
    "dir": "music",
    "newzbin": "",
    "priority": -100,
}


@pytest.mark.parametrize(
    ("section", "keyword", "expected"),
    [
        ("misc", "complete_dir", {"misc": {"complete_dir": "/downloads/soulspot"}}),
        ("categories", "music", {"categories": [MUSIC]}),
        ("categories", "none", {}),
        ("misc", "none", {}),
        ("nope", None, {}),
        ("nope", "complete_dir", {}),
    ],
)
def test_C21_C22_narrowing(section: str, keyword: str | None, expected: object) -> None:
    """One section, one key of it, or nothing at all."""
    document = status.config_document(CONFIG, section=section, keyword=keyword)
    assert document == {"config": expected}


@pytest.mark.parametrize("section", ["misc", "categories", "servers"])
def test_C21_a_section_alone(section: str) -> None:
    """Exactly that section, as it stands in the whole."""
    whole = readers.obj(status.config_document(CONFIG)["config"])
    assert status.config_document(CONFIG, section=section) == {"config": {section: whole[section]}}


def test_C21_keyword_without_section_is_ignored() -> None:
    """As in the real thing, everything is listed."""
    everything = status.config_document(CONFIG)
    assert status.config_document(CONFIG, keyword="complete_dir") == everything
    assert list(readers.obj(everything["config"])) == ["misc", "categories", "servers"]


# -- fullstatus ------------------------------------------------------------------------------------


def test_C24_C25_C26_S18_fullstatus() -> None:
    """An absolute folder, and the statistics LunaSea shows as text."""
    shown = readers.obj(readers.over_the_wire(status.fullstatus(STATUS))["status"])
    assert shown["completedir"] == "/downloads/soulspot"
    assert shown["uptime"] == "3d"
    for key in ("version", "speedlimit", "speedlimit_abs", "diskspace1", "diskspace2", "uptime"):
        readers.text(shown[key])
    assert readers.array(shown["warnings"]) == [
        {
            "type": "WARNING",
            "text": "slskd is offline",
            "time": 1_795_166_475,
            "origin": "health",
        }
    ]
    assert [server["servername"] for server in readers.array(shown["servers"])] == ["slskd"]
    for absent in ("speed", "kbpersec", "mbleft", "dnslookup"):
        assert absent not in shown


def test_C24_dashboard_adds_the_five_network_keys() -> None:
    """Between the bandwidth and the servers, as in the real order."""
    plain = readers.obj(status.fullstatus(STATUS)["status"])
    full = readers.obj(status.fullstatus(STATUS, dashboard=True)["status"])
    added = [key for key in full if key not in plain]
    assert added == ["active_socks5_proxy", "localipv4", "publicipv4", "ipv6", "dnslookup"]
    keys = list(full)
    assert keys[keys.index("internetbandwidth") + 1] == added[0]
    assert keys[-1] == "servers"


def test_C31_no_warnings_is_an_empty_list() -> None:
    """The list is always there."""
    assert status.warnings_list([]) == []


# -- server_stats ----------------------------------------------------------------------------------


def test_C29_C30_server_stats() -> None:
    """Sums by calendar, and date maps for everything that is counted per day."""
    history = {
        TODAY: DayStats(100, 12, 11),
        date(2026, 11, 16): DayStats(20, 3, 3),  # Monday of this week
        date(2026, 11, 15): DayStats(4),  # Sunday before
        date(2026, 10, 31): DayStats(1),
    }
    document = status.server_stats({"slskd": history, "other": {TODAY: DayStats(7)}}, today=TODAY)
    readers.exportarr_stats(document)
    assert document == {
        "total": 132,
        "month": 131,
        "week": 127,
        "day": 107,
        "servers": {
            "slskd": {
                "total": 125,
                "month": 124,
                "week": 120,
                "day": 100,
                "daily": {
                    "2026-10-31": 1,
                    "2026-11-15": 4,
                    "2026-11-16": 20,
                    "2026-11-20": 100,
                },
                "articles_tried": {
                    "2026-10-31": 0,
                    "2026-11-15": 0,
                    "2026-11-16": 3,
                    "2026-11-20": 12,
                },
                "articles_success": {
                    "2026-10-31": 0,
                    "2026-11-15": 0,
                    "2026-11-16": 3,
                    "2026-11-20": 11,
                },
            },
            "other": {
                "total": 7,
                "month": 7,
                "week": 7,
                "day": 7,
                "daily": {"2026-11-20": 7},
                "articles_tried": {"2026-11-20": 0},
                "articles_success": {"2026-11-20": 0},
            },
        },
    }


def test_C29_server_stats_before_the_first_download() -> None:
    """Zeros and an empty map, never missing keys."""
    document = status.server_stats({"slskd": {}}, today=TODAY)
    readers.exportarr_stats(document)
    assert (document["total"], document["day"]) == (0, 0)
