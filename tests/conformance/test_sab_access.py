"""SABnzbd rows about addresses, keys, errors, configuration and the small modes; nothing is queued.

Rows S01-S19, S31 and C-01…C-32, C-45, C-71, C-72, C-111, C-112 on a freshly installed service.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
import requests

from soulspot_arr.demo.sabnzbd_client import SabnzbdClient
from tests.arr_compat import readers
from tests.conformance.desk import Desk, json_object, open_desk

pytestmark = pytest.mark.xdist_group("conformance-sab-access")

LOGIN = {"SOULSPOT_AUTH_USER": "fennimore", "SOULSPOT_AUTH_PASSWORD": "rosewater"}
LEVEL_TWO = ("queue", "history", "fullstatus", "get_cats", "pause", "retry", "server_stats")
MODES = [
    "version",
    "auth",
    "get_config",
    "fullstatus",
    "status",
    "queue",
    "history",
    "get_cats",
    "get_scripts",
    "server_stats",
    "warnings",
    "get_files",
    "translate",
    "pause",
    "resume",
    "config",
    "switch",
    "change_cat",
    "retry",
    "retry_all",
    "cancel_pp",
    "addfile",
    "addurl",
    "shutdown",
    "restart",
    "disconnect",
    "browse",
    "nonsense",
]


@pytest.fixture(scope="module")
def desk(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Desk]:
    """A fresh service; every test leaves it as it was."""
    with open_desk(tmp_path_factory.mktemp("access"), settings=LOGIN) as opened:
        yield opened


def key(desk: Desk) -> str:
    return desk.service.api_key


# -- addresses -------------------------------------------------------------------------------------


def test_S01_C001_the_version_is_three_numbers(desk: Desk) -> None:
    """Lidarr needs at least 2.0 for `fullstatus`, decluttarr at least 4.0.0."""
    version = desk.call("version")["version"]
    assert re.fullmatch(r"\d+\.\d+\.\d+", version)
    assert tuple(map(int, version.split("."))) >= (4, 0, 0)


def test_S02_the_version_needs_no_key(desk: Desk) -> None:
    """Real SABnzbd asks for none either."""
    assert json_object(desk.get(mode="version", output="json"))["version"]


@pytest.mark.parametrize(
    "path",
    [
        pytest.param("/sabnzbd/api", id="S06 C003 as Lidarr writes it"),
        pytest.param("/sabnzbd/api/", id="S07 C002 with a trailing slash"),
        pytest.param("/api", id="C001 without a URL base"),
        pytest.param("/api/", id="C002 without a URL base and with a slash"),
    ],
)
def test_every_address_answers_without_a_redirect(desk: Desk, path: str) -> None:
    """Lidarr parses the body of a redirect as if it were the answer."""
    url = f"{desk.service.url}{path}"
    query = {"mode": "queue", "apikey": key(desk), "output": "json"}
    answer = requests.get(url, params=query, timeout=9, allow_redirects=False)
    assert json_object(answer)["queue"]["slots"] == []


def test_C001_the_version_at_the_root_needs_no_key(desk: Desk) -> None:
    """The row in its own words: `GET /api?mode=version`."""
    answer = requests.get(f"{desk.service.url}/api?mode=version", timeout=9)
    assert json_object(answer)["version"]


def test_the_root_still_knows_the_indexer_by_t(desk: Desk) -> None:
    """Both emulations may share `/api`: `t` belongs to Newznab (lidarr §1.1)."""
    answer = requests.get(f"{desk.service.url}/api?t=caps&apikey={key(desk)}", timeout=9)
    assert answer.status_code == 200
    assert b"<caps" in answer.content[:200]


@pytest.mark.parametrize("multipart", [False, True], ids=["C004 urlencoded", "C004 multipart"])
def test_C004_parameters_may_stand_in_the_body(desk: Desk, multipart: bool) -> None:
    """LunaSea and NZBHydra2 post forms."""
    form = {"mode": "queue", "apikey": key(desk), "output": "json"}
    if multipart:
        parts = {name: (None, value) for name, value in form.items()}
        answer = requests.post(desk.endpoint, files=parts, timeout=9)
    else:
        answer = requests.post(desk.endpoint, data=form, timeout=9)
    assert json_object(answer)["queue"]["slots"] == []


def test_C005_output_may_be_repeated(desk: Desk) -> None:
    """nzb360 sends it twice."""
    url = f"{desk.endpoint}?output=json&mode=queue&output=json&apikey={key(desk)}"
    assert "queue" in json_object(requests.get(url, timeout=9))


@pytest.mark.parametrize("output", ["", "text", "nonsense"])
def test_C006_anything_but_json_still_gives_json(desk: Desk, output: str) -> None:
    """SABnzbd's `text` is gone; it silently answers JSON."""
    query = {"mode": "queue", "apikey": key(desk), **({"output": output} if output else {})}
    assert "queue" in json_object(desk.get(**query))


def test_a_repeated_parameter_counts_the_first_time(desk: Desk) -> None:
    """SABnzbd §1.1: the first `mode` wins."""
    url = f"{desk.endpoint}?mode=version&mode=queue&apikey={key(desk)}"
    assert "version" in json_object(requests.get(url, timeout=9))


def test_head_is_answered_without_a_body(desk: Desk) -> None:
    """SABnzbd accepts GET, POST and HEAD."""
    answer = requests.head(desk.endpoint, params={"mode": "version"}, timeout=9)
    assert (answer.status_code, answer.content) == (200, b"")


# -- keys and errors -------------------------------------------------------------------------------


@pytest.mark.parametrize("mode", ["get_config", *LEVEL_TWO])
def test_S03_C007_a_wrong_key_is_told_in_json(desk: Desk, mode: str) -> None:
    """Lidarr's Test looks for these words, and only in a 200."""
    answer = json_object(desk.get(mode=mode, apikey="wrong", output="json"))
    assert answer["status"] is False
    assert "API Key Incorrect" in answer["error"]


@pytest.mark.parametrize("mode", ["get_config", *LEVEL_TWO])
def test_S04_C009_a_missing_key_is_told_in_json(desk: Desk, mode: str) -> None:
    """The other of the two texts."""
    answer = json_object(desk.get(mode=mode, output="json"))
    assert answer["status"] is False
    assert "API Key Required" in answer["error"]


@pytest.mark.parametrize(
    ("user", "password", "accepted"),
    [
        ("fennimore", "rosewater", True),
        ("fennimore", "test-key-0123456789abcdef", True),
        ("fennimore", "wrong", False),
        ("somebody", "rosewater", False),
        ("fennimore", "", False),
    ],
)
def test_S05_a_user_name_and_password_count_like_a_key(
    desk: Desk, user: str, password: str, accepted: bool
) -> None:
    """Lidarr sends them when its API key field is empty."""
    answer = json_object(
        desk.get(mode="get_config", ma_username=user, ma_password=password, output="json")
    )
    assert ("config" in answer) is accepted
    if not accepted:
        assert answer == {"status": False, "error": "API Key Incorrect"}


@pytest.mark.parametrize("given", ["wrong", ""])
def test_C008_a_wrong_key_of_a_ping_is_not_a_success(desk: Desk, given: str) -> None:
    """Homarr saves a wrong key as right otherwise."""
    answer = desk.get(mode="translate", value="ping", apikey=given, output="json")
    assert answer.status_code == 403
    assert "API Key" in json_object(answer, status=403)["error"]


def test_C008_a_right_key_of_a_ping_is_one(desk: Desk) -> None:
    """The echo of Homarr's connection test."""
    assert desk.call("translate", value="ping") == {"value": "ping"}


@pytest.mark.parametrize("mode", ["nonsense", "qstatus", "QUEUE", "del_config"])
def test_S09_C010_an_unknown_mode_is_a_json_error(desk: Desk, mode: str) -> None:
    """Never an HTML page."""
    assert desk.call(mode) == {"status": False, "error": "not implemented"}


def test_C011_no_mode_is_like_an_unknown_one(desk: Desk) -> None:
    """With the key, as in C-10."""
    answer = json_object(desk.get(apikey=key(desk), output="json"))
    assert answer == {"status": False, "error": "not implemented"}


@pytest.mark.parametrize("mode", MODES)
def test_S08_C012_C013_every_mode_answers_json_that_a_browser_may_read(
    desk: Desk, mode: str
) -> None:
    """A JSON object with its content type, and CORS for Homer, which runs in the browser."""
    answer = desk.get(mode=mode, apikey=key(desk), output="json")
    json_object(answer)
    assert not answer.content.startswith(b"\xef\xbb\xbf")
    assert answer.headers["Access-Control-Allow-Origin"] == "*"
    desk.call("resume")


@pytest.mark.parametrize(
    ("query", "level"),
    [({}, "apikey"), ({"key": "right"}, "apikey"), ({"key": "wrong"}, "badkey")],
    ids=["C014 none", "C014 right", "C014 wrong"],
)
def test_C014_auth_names_the_kind_of_key(desk: Desk, query: dict[str, str], level: str) -> None:
    """It looks at `key`, not at `apikey`."""
    sent = {name: key(desk) if value == "right" else value for name, value in query.items()}
    assert json_object(desk.get(mode="auth", **sent)) == {"auth": level}


# -- get_config ------------------------------------------------------------------------------------


def test_S10_C015_the_folder_is_absolute(desk: Desk) -> None:
    """`config.misc.complete_dir`, as slskd's own folder was found."""
    folder = desk.call("get_config")["config"]["misc"]["complete_dir"]
    assert folder == str(desk.simulator.downloads_dir / "soulspot")


def test_S11_S12_S13_C018_C019_C023_nothing_in_the_configuration_makes_lidarr_warn(
    desk: Desk,
) -> None:
    """Sorting and pre-check off as booleans, lists as lists, retention `all`, servers a list."""
    misc = desk.call("get_config")["config"]["misc"]
    for name in ("enable_tv_sorting", "enable_movie_sorting", "enable_date_sorting", "pre_check"):
        assert misc[name] is False
    assert misc["tv_categories"] == misc["movie_categories"] == []
    assert (misc["history_retention_option"], misc["history_retention"]) == ("all", "")
    assert type(misc["history_retention_number"]) is int
    assert isinstance(desk.call("get_config")["config"]["servers"], list)


def test_S14_S15_C016_C017_C020_categories_are_what_lidarr_can_use(desk: Desk) -> None:
    """Objects with text `name` and `dir` and integer `priority`; no `dir` ends with a star."""
    categories = desk.call("get_config")["config"]["categories"]
    for entry in categories:
        assert isinstance(entry["name"], str)
        assert isinstance(entry["dir"], str)
        assert not entry["dir"].endswith("*")
        assert type(entry["priority"]) is int
    assert {"*", "music", "lidarr", "audio", "prowlarr"} <= {entry["name"] for entry in categories}


def test_S16_the_folder_of_the_category_exists(desk: Desk) -> None:
    """Lidarr's health check looks for it on disk."""
    complete_dir, folders = readers.lidarr_config(desk.call("get_config"))
    assert (Path(complete_dir) / folders["music"]).is_dir()


@pytest.mark.parametrize("poll", ["queue", "history"])
def test_a_poll_teaches_nothing(desk: Desk, poll: str) -> None:
    """Looking changes nothing: categories are learnt from grabs only (S17)."""
    before = desk.call("get_config")["config"]["categories"]
    desk.call(poll, start=0, limit=0, category="Only Looked For")
    assert desk.call("get_config")["config"]["categories"] == before


def test_C021_a_section_can_be_asked_for(desk: Desk) -> None:
    """Scripts do."""
    whole = desk.call("get_config")["config"]
    assert desk.call("get_config", section="categories") == {
        "config": {"categories": whole["categories"]}
    }
    assert desk.call("get_config", section="misc", keyword="complete_dir") == {
        "config": {"misc": {"complete_dir": whole["misc"]["complete_dir"]}}
    }


def test_C022_an_unknown_section_is_empty(desk: Desk) -> None:
    """As in the real thing."""
    assert desk.call("get_config", section="nope") == {"config": {}}


# -- Test buttons ----------------------------------------------------------------------------------


def test_lidarrs_test_button_is_green_and_its_health_page_empty(desk: Desk) -> None:
    """lidarr §2 and §10, played by a stock client."""
    client = SabnzbdClient(desk.service.sabnzbd, key(desk), "music")
    assert client.test() == []
    assert client.health_warnings() == []


@pytest.mark.parametrize("wrong", ["API Key Incorrect", "API Key Required"])
def test_lidarrs_test_button_names_the_key_field(desk: Desk, wrong: str) -> None:
    """The reason for answering wrong keys with 200."""
    given = "wrong-key" if wrong == "API Key Incorrect" else ""
    findings = SabnzbdClient(desk.service.sabnzbd, given, "music").test()
    assert ("APIKey", wrong) in [(finding.field, finding.message) for finding in findings]


def test_lidarrs_test_button_works_with_user_and_password(desk: Desk) -> None:
    """The form has fields for both."""
    login = ("fennimore", "rosewater")
    assert SabnzbdClient(desk.service.sabnzbd, "", "music", login=login).test() == []


# -- status and small modes ------------------------------------------------------------------------


def test_S18_C024_the_full_status_names_the_folder(desk: Desk) -> None:
    """What Lidarr asks when `complete_dir` is relative."""
    status = desk.call("fullstatus", skip_dashboard=1)["status"]
    assert isinstance(status, dict)
    assert status["completedir"].startswith("/")


def test_C025_lunasea_reads_its_statistics(desk: Desk) -> None:
    """Texts, parsed by a phone."""
    status = desk.call("fullstatus", skip_dashboard=1)["status"]
    for name in ("uptime", "version", "speedlimit", "speedlimit_abs", "diskspace1", "diskspace2"):
        assert isinstance(status[name], str), name
    assert float(status["diskspace1"]) > 0


def test_C026_status_is_an_object_below_status(desk: Desk) -> None:
    """decluttarr asks for it."""
    assert isinstance(desk.call("status")["status"], dict)


def test_C027_get_cats_lists_texts(desk: Desk) -> None:
    """The default category first."""
    categories = desk.call("get_cats")["categories"]
    assert categories[0] == "*"
    assert "music" in categories
    assert all(isinstance(name, str) for name in categories)


def test_C028_get_scripts_is_a_list(desk: Desk) -> None:
    """There are none."""
    assert desk.call("get_scripts") == {"scripts": []}


def test_C029_C030_the_server_statistics_suit_exportarr(desk: Desk) -> None:
    """Integers and date maps; one violation fails the scrape."""
    stats = desk.call("server_stats")
    readers.exportarr_stats(stats)
    assert stats["servers"]


def test_C031_C032_warnings_are_a_list_that_can_be_cleared(desk: Desk) -> None:
    """Each is an object with type, text, time and origin."""
    for warning in desk.call("warnings")["warnings"]:
        assert {"type", "text", "time", "origin"} <= set(warning)
        assert type(warning["time"]) is int
    assert desk.call("warnings", name="clear") == {"status": True}
    assert desk.call("warnings", name="other")["error"] == "not implemented"


def test_S19_C045_an_empty_queue_has_an_empty_list(desk: Desk) -> None:
    """Missing slots would lose the whole poll."""
    queue = desk.queue(start=0, limit=0, category="music")
    assert queue["slots"] == []
    assert queue["paused"] is False
    assert queue["status"] == "Idle"


def test_S31_an_empty_history_has_an_empty_list(desk: Desk) -> None:
    """The same."""
    assert desk.history(start=0, limit=60, category="music")["slots"] == []


def test_every_dashboard_reads_the_empty_service(desk: Desk) -> None:
    """§6: Homarr, Notifiarr, exportarr, and Lidarr itself."""
    queue, history = desk.call("queue"), desk.call("history", archive=1)
    for reader in (readers.homarr_queue, readers.notifiarr_queue, readers.exportarr_queue):
        reader(queue)
    readers.homarr_history(history)
    readers.notifiarr_history(history)
    assert readers.lidarr_queue(queue) == readers.lidarr_history(history) == []


def test_C071_a_timed_pause_counts_down(desk: Desk) -> None:
    """`config&name=set_pause`; 0 resumes."""
    try:
        assert desk.call("config", name="set_pause", value=5) == {"status": True}
        queue = desk.queue()
        assert queue["paused"] is True
        assert re.fullmatch(r"(4:5\d|5:00)", queue["pause_int"])
    finally:
        assert desk.call("config", name="set_pause", value=0) == {"status": True}
    assert (desk.queue()["paused"], desk.queue()["pause_int"]) == (False, "0")


@pytest.mark.parametrize("value", ["50", "50%", "0", "", "800K"])
def test_C072_a_speed_limit_is_accepted(desk: Desk, value: str) -> None:
    """slskd has its own limits; the answer keeps Home Assistant's slider working."""
    assert desk.call("config", name="speedlimit", value=value) == {"status": True}


@pytest.mark.parametrize("mode", ["shutdown", "restart"])
def test_C111_a_stray_call_does_not_stop_the_service(desk: Desk, mode: str) -> None:
    """Yes is said and nothing done."""
    assert desk.call(mode) == {"status": True}
    assert desk.call("version")["version"]


def test_C112_set_config_changes_nothing(desk: Desk) -> None:
    """Set-up scripts call it."""
    before = desk.call("get_config")
    answer = desk.call("set_config", section="misc", keyword="complete_dir", value="/etc")
    assert answer == {"status": False, "error": "not implemented"}
    assert desk.call("get_config") == before
