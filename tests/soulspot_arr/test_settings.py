"""Runtime settings: where a value comes from, what is refused, and what others get to see."""

from __future__ import annotations

import logging
import subprocess
import sys
import time
from collections.abc import Callable
from typing import Any

import pytest

from soulspot_arr import ledger
from soulspot_arr.db import Database
from soulspot_arr.domain import SettingSpec
from soulspot_arr.errors import InvalidSetting, LockedByEnvironment
from soulspot_arr.models import SettingRow
from soulspot_arr.settings import FRESH_SECONDS, Settings
from soulspot_arr.specs import CORE_SPECS
from tests.fakes.clock import NOON, FakeClock
from tests.fakes.threads import together

Make = Callable[..., Settings]


@pytest.fixture
def make(database: Database, clock: FakeClock) -> Make:
    """Settings objects over one database, as several processes would have them."""

    def build(**pins: str) -> Settings:
        return Settings(database, clock=clock, pins=pins)

    return build


@pytest.fixture
def settings(sqlite_database: Database, clock: FakeClock) -> Settings:
    """One store for tests to which the dialect does not matter."""
    return Settings(sqlite_database, clock=clock)


def events(database: Database) -> list[dict[str, Any]]:
    """What the ledger tells about settings."""
    with database.read() as session:
        return [dict(event.data) for event in ledger.tail(session, kinds=["settings.changed"])]


# -- where a value comes from ----------------------------------------------------------------------


def test_default_then_database_then_environment(make: Make) -> None:
    """A pin beats what was stored, what was stored beats the default."""
    assert make().get("search.rungs") == 5
    make().patch({"search.rungs": 7})
    assert make().get("search.rungs") == 7
    assert make(SOULSPOT_SEARCH_RUNGS="9").get("search.rungs") == 9


@pytest.mark.parametrize(
    ("variable", "raw", "key", "value"),
    [
        ("SOULSPOT_SLSKD_URL", "", "lidarr.url", ""),
        ("SOULSPOT_QUEUE_MAX_ACTIVE", " 7 ", "queue.max_active", 7),
        ("SOULSPOT_SEARCH_BUDGET", "30", "search.budget", 30.0),
        ("SOULSPOT_QUEUE_PAUSED", "yes", "queue.paused", True),
        ("SOULSPOT_LIDARR_CATEGORIES", "music, other ,", "lidarr.categories", ["music", "other"]),
        ("SOULSPOT_LIDARR_URL", "http://lidarr:8686", "lidarr.url", "http://lidarr:8686"),
    ],
)
def test_pins_are_read_as_text(
    sqlite_database: Database, clock: FakeClock, variable: str, raw: str, key: str, value: object
) -> None:
    """Each type is read the way people write it into a compose file."""
    settings = Settings(sqlite_database, clock=clock, pins={variable: raw})
    assert settings.get(key) == value
    assert type(settings.get(key)) is type(value)


@pytest.mark.parametrize(
    ("variable", "raw", "sentence"),
    [
        (
            "SOULSPOT_SEARCH_RUNGS",
            "many",
            "search.rungs (SOULSPOT_SEARCH_RUNGS): 'many' is not a whole number.",
        ),
        (
            "SOULSPOT_QUEUE_PAUSED",
            "perhaps",
            "queue.paused (SOULSPOT_QUEUE_PAUSED): 'perhaps' is not true or false.",
        ),
        ("SOULSPOT_SEARCH_RUNGS", "99", "search.rungs must be at most 10 (got 99)."),
        ("SOULSPOT_SEARCH_BUDGET", "nan", "search.budget must be at least 5 (got nan)."),
        (
            "SOULSPOT_AUTH_API_KEY",
            "short",
            "auth.api_key needs at least 8 characters (got a secret).",
        ),
    ],
)
def test_a_bad_pin_is_told_in_one_sentence(
    sqlite_database: Database, clock: FakeClock, variable: str, raw: str, sentence: str
) -> None:
    """The start fails with the name of the variable, and never with the secret itself."""
    with pytest.raises(InvalidSetting) as caught:
        Settings(sqlite_database, clock=clock, pins={variable: raw})
    assert caught.value.message == sentence


def test_an_unknown_variable_is_told_and_ignored(
    make: Make, caplog: pytest.LogCaptureFixture
) -> None:
    """A typing mistake must not stop the service, nor pass unnoticed."""
    with caplog.at_level(logging.WARNING):
        make(SOULSPOT_SERCH_RUNGS="7")
    assert caplog.messages == [
        "SOULSPOT_SERCH_RUNGS is not a setting and is ignored; did you mean SOULSPOT_SEARCH_RUNGS?"
    ]


def test_settings_of_a_source_are_settings_like_others(
    sqlite_database: Database, clock: FakeClock
) -> None:
    """What a source declares is stored, checked and pinned by the same code."""
    spec = SettingSpec("other.depth", int, 3, "Depth.", minimum=1)
    settings = Settings(sqlite_database, clock=clock, specs=[spec])
    assert settings.get("other.depth") == 3
    settings.patch({"other.depth": 4})
    assert settings.group("other") == {"other.depth": 4}
    with pytest.raises(InvalidSetting):
        settings.patch({"other.depth": 0})


def test_a_key_nobody_declared_is_a_programming_error(settings: Settings) -> None:
    """A typing mistake in the code must not read as "not set"."""
    with pytest.raises(KeyError):
        settings.get("search.rung")


# -- patching --------------------------------------------------------------------------------------


def test_a_patch_holds_as_a_whole_or_not_at_all(make: Make, database: Database) -> None:
    """One bad value keeps the good ones beside it from being stored, and nothing is told."""
    settings = make()
    with pytest.raises(InvalidSetting):
        settings.patch({"search.rungs": 7, "search.per_quality": 0})
    assert settings.get("search.rungs") == 5
    assert events(database) == []


def test_a_patch_is_told_with_its_secrets_masked(make: Make, database: Database) -> None:
    """The event carries what changed, and of a secret only that it did."""
    make().patch({"lidarr.api_key": "very-private", "search.rungs": 7})
    assert events(database) == [{"lidarr.api_key": "********", "search.rungs": 7}]


BAD = [
    ("search.rungs", True, "must be a whole number (got True)"),
    ("search.rungs", 5.0, "must be a whole number (got 5.0)"),
    ("search.rungs", "5", "must be a whole number (got '5')"),
    ("search.rungs", None, "must be a whole number (got None)"),
    ("search.rungs", 0, "must be at least 1 (got 0)"),
    ("search.rungs", 11, "must be at most 10 (got 11)"),
    ("queue.max_active", 10**30, "must be at most 999999999"),
    ("search.budget", float("nan"), "must be at least 5 (got nan)"),
    ("search.budget", float("inf"), "must be at most 999999999 (got inf)"),
    ("search.cache", float("inf"), "must be at most 999999999 (got inf)"),
    ("search.cache", float("-inf"), "must be at most 999999999 (got -inf)"),
    ("search.budget", True, "must be a number (got True)"),
    ("queue.paused", 1, "must be true or false (got 1)"),
    ("queue.paused", "true", "must be true or false (got 'true')"),
    ("lidarr.url", 5, "must be a text (got 5)"),
    ("lidarr.url", "lidarr:8686", "must look like http://host:port (got 'lidarr:8686')"),
    ("lidarr.url", "http://", "must look like http://host:port (got 'http://')"),
    ("lidarr.url", "ftp://x", "must look like http://host:port (got 'ftp://x')"),
    ("lidarr.url", "http://[::1", "must look like http://host:port (got 'http://[::1')"),
    ("lidarr.url", "http://x:port", "must look like http://host:port (got 'http://x:port')"),
    ("lidarr.url", "http://x:99999", "must look like http://host:port (got 'http://x:99999')"),
    ("lidarr.url", "http://x\n", "must not contain control characters (got 'http://x\\n')"),
    ("auth.user", "a\x00b", "must not contain control characters (got 'a\\x00b')"),
    ("auth.user", "\ud800", "must not contain control characters (got '\\ud800')"),
    ("auth.api_key", "short", "needs at least 8 characters (got a secret)"),
    ("auth.api_key", 12345678, "must be a text (got a secret)"),
    ("lidarr.categories", "music", "must be a list (got 'music')"),
    ("lidarr.categories", [1], "must be a list of texts (got [1])"),
    ("lidarr.categories", ["a\x00"], "must not contain control characters (got ['a\\x00'])"),
    ("completion.mode", "maybe", "must be one of verify, report (got 'maybe')"),
    ("paths.local_root", "music", "must be an absolute path (got 'music')"),
    ("paths.mappings", ["/a= "], "must be pairs such as /downloads=/data/downloads (got ['/a= '])"),
    ("paths.mappings", ["a=b"], "must be pairs such as /downloads=/data/downloads (got ['a=b'])"),
    ("retry.backoff", [], "must be numbers of seconds (got [])"),
    ("retry.backoff", ["soon"], "must be numbers of seconds (got ['soon'])"),
    ("retry.backoff", ["."], "must be numbers of seconds (got ['.'])"),
    ("retry.backoff", ["9" * 400], "must be numbers of seconds"),
    ("queue.resume_at", "tomorrow", "must be a moment with its zone"),
    ("queue.resume_at", "2026-01-01T12:00:00", "must be a moment with its zone"),
    ("retention.events", 900_000_000.0, "must be at most 36500"),
]  # fmt: skip


@pytest.mark.parametrize(("key", "value", "words"), BAD, ids=[f"{k}={v!r:.20}" for k, v, _ in BAD])
def test_what_is_not_taken(settings: Settings, key: str, value: object, words: str) -> None:
    """The complaint names the key, what is expected and what came; nothing is stored."""
    with pytest.raises(InvalidSetting) as caught:
        settings.patch({key: value})
    assert caught.value.message.startswith(f"{key} {words}")
    assert settings.get(key) == settings.specs[key].default


GOOD = [
    ("search.rungs", 1, 1),
    ("search.rungs", 10, 10),
    ("search.budget", 30, 30.0),
    ("search.cache", 0, 0.0),
    ("lidarr.url", "", ""),
    ("lidarr.url", "https://lidarr.example/base", "https://lidarr.example/base"),
    ("lidarr.url", "http://[::1]:8686", "http://[::1]:8686"),
    ("auth.user", "Zoë 二", "Zoë 二"),
    ("lidarr.categories", [], []),
    ("paths.mappings", ["/downloads=/data/downloads"], ["/downloads=/data/downloads"]),
    ("paths.mappings", ["D:\\d=/d", "\\\\n\\x = /y"], ["D:\\d=/d", "\\\\n\\x = /y"]),
    ("paths.local_root", "/data", "/data"),
    ("retry.backoff", ["0.5", "60"], ["0.5", "60"]),
    ("queue.resume_at", "2026-03-14T12:00:00+00:00", "2026-03-14T12:00:00+00:00"),
    ("queue.resume_at", "", ""),
]


@pytest.mark.parametrize(("key", "value", "kept"), GOOD)
def test_what_is_taken_comes_back_in_its_own_type(
    make: Make, key: str, value: object, kept: object
) -> None:
    """Another process reads exactly what was stored; a whole number serves as a number."""
    make().patch({key: value})
    found = make().get(key)
    assert found == kept
    assert type(found) is type(kept)


def test_an_unknown_setting_is_told_with_a_suggestion(settings: Settings) -> None:
    """A typing mistake through the API."""
    with pytest.raises(
        InvalidSetting, match=r"no setting 'search.rung'\. Did you mean search.rungs"
    ):
        settings.patch({"search.rung": 5})


@pytest.mark.parametrize("key", ["_installed_at", "_revision", "_categories"])
def test_reserved_rows_cannot_be_patched(settings: Settings, key: str) -> None:
    """What starts with an underscore is our own."""
    with pytest.raises(InvalidSetting):
        settings.patch({key: "x"})


def test_a_pinned_setting_is_locked(make: Make) -> None:
    """Changing it would have no effect; together with others nothing is stored."""
    settings = make(SOULSPOT_SEARCH_RUNGS="9")
    with pytest.raises(LockedByEnvironment, match="pinned by SOULSPOT_SEARCH_RUNGS"):
        settings.patch({"search.per_quality": 1, "search.rungs": 5})
    assert settings.get("search.per_quality") == 3


def test_two_processes_patch_at_the_same_time(make: Make) -> None:
    """Both first writers of the same keys succeed; one of them wins each key."""
    one, two = make(), make()
    together(
        *[lambda: one.patch({"search.rungs": 1, "queue.max_active": 1})] * 3,
        *[lambda: two.patch({"queue.max_active": 2, "search.rungs": 2})] * 3,
    )
    kept = make()
    assert (kept.get("search.rungs"), kept.get("queue.max_active")) in {(1, 1), (2, 2)}


# -- what others see -------------------------------------------------------------------------------


def test_views_mask_secrets_and_tell_pins_and_changes(make: Make) -> None:
    """A secret that is set shows stars, one that is not shows nothing."""
    settings = make(SOULSPOT_SEARCH_RUNGS="9", SOULSPOT_LIDARR_API_KEY="very-private")
    settings.patch({"search.per_quality": 2})
    views = {view.spec.key: view for view in settings.views()}
    assert list(views) == [spec.key for spec in CORE_SPECS]
    assert (views["search.rungs"].value, views["search.rungs"].pinned) == (9, True)
    assert views["lidarr.api_key"].value == "********"
    assert views["auth.password"].value == ""
    assert (views["search.per_quality"].changed, views["search.per_quality"].pinned) == (
        True,
        False,
    )
    assert views["search.cache"].changed is False
    assert "very-private" not in repr(list(views.values()))


# -- freshness -------------------------------------------------------------------------------------


def test_a_change_is_seen_at_once_by_the_one_who_made_it(make: Make) -> None:
    """The next request of the same process already follows it."""
    settings = make()
    assert settings.get("search.rungs") == 5
    settings.patch({"search.rungs": 7})
    assert settings.get("search.rungs") == 7


def test_a_change_is_seen_by_another_process_soon(sqlite_database: Database) -> None:
    """Without a restart, within `FRESH_SECONDS`; and at once after `reread`."""
    one = Settings(sqlite_database, clock=FakeClock())
    two = Settings(sqlite_database, clock=FakeClock())
    assert two.get("search.rungs") == 5
    one.patch({"search.rungs": 7})
    time.sleep(FRESH_SECONDS + 0.1)
    assert two.get("search.rungs") == 7
    one.patch({"search.rungs": 8})
    two.reread()
    assert two.get("search.rungs") == 8


def test_many_reads_ask_the_database_once(settings: Settings, sqlite_database: Database) -> None:
    """A poll of Lidarr reads a dozen settings; that must not be a dozen queries."""
    settings.get("search.rungs")
    with sqlite_database.write() as session:
        session.add(SettingRow(key="search.rungs", value=9, updated_at=NOON))
    assert settings.get("search.rungs") == 5


# -- first start -----------------------------------------------------------------------------------


def test_prepare_makes_key_and_moment_once(make: Make, clock: FakeClock) -> None:
    """A second start, later, finds both unchanged: publish dates hang on the moment."""
    first = make()
    first.prepare()
    key, moment = first.get("auth.api_key"), first.installed_at
    assert len(key) == 32
    assert moment == NOON
    clock.advance(3600)
    second = make()
    second.prepare()
    assert (second.get("auth.api_key"), second.installed_at) == (key, moment)


def test_prepare_keeps_a_key_that_was_set_and_makes_none_beside_a_pin(make: Make) -> None:
    """A pinned key is not written to the database."""
    make().patch({"auth.api_key": "chosen-by-a-person"})
    make().prepare()
    assert make().get("auth.api_key") == "chosen-by-a-person"
    pinned = make(SOULSPOT_AUTH_API_KEY="pinned-by-environment")
    pinned.prepare()
    assert pinned.get("auth.api_key") == "pinned-by-environment"


PREPARER = """
import sys
from soulspot_arr import db
from soulspot_arr.settings import Settings
settings = Settings(db.Database(sys.argv[1]), clock=db.utc_now)
sys.stdin.readline()
settings.prepare()
print(settings.get("auth.api_key"), settings.installed_at.isoformat())
"""


def test_processes_that_start_together_agree_on_key_and_moment(database: Database) -> None:
    """Web and worker start at once on a new database: one key, one moment, no error."""
    url = database.url.render_as_string(hide_password=False)
    processes = [
        subprocess.Popen(
            [sys.executable, "-c", PREPARER, url],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        for _ in range(2)
    ]
    for process in processes:
        assert process.stdin is not None
        process.stdin.write("go\n")
        process.stdin.flush()
    answers = {process.communicate(timeout=60)[0].strip() for process in processes}
    assert len(answers) == 1
    assert len(answers.pop().split()) == 2


def test_threads_that_prepare_together_agree(make: Make) -> None:
    """The same inside one process, with less time between the two."""
    stores = [make() for _ in range(6)]
    together(*[store.prepare for store in stores])
    assert len({store.get("auth.api_key") for store in stores}) == 1


# -- policies and categories -----------------------------------------------------------------------


def test_the_retry_policy_follows_the_settings(settings: Settings) -> None:
    """Texts in the list become seconds."""
    settings.patch({"retry.attempts": 4, "retry.backoff": ["0.5", "60"]})
    policy = settings.retry_policy()
    assert (policy.attempts, policy.backoff) == (4, (0.5, 60.0))


def test_a_category_that_a_client_uses_is_learnt(make: Make) -> None:
    """Its next Test finds it, in every process; nothing is learnt twice."""
    settings = make()
    settings.learn_category("lossless")
    settings.learn_category("lossless")
    assert settings.categories() == ["music", "lidarr", "audio", "prowlarr", "lossless"]
    assert make().categories() == settings.categories()


@pytest.mark.parametrize("name", ["", "*", "music", "x" * 81])
def test_names_that_are_no_news_are_not_learnt(settings: Settings, name: str) -> None:
    """Nothing, the default, what is known, and what no client would call a category."""
    settings.learn_category(name)
    assert settings.categories() == ["music", "lidarr", "audio", "prowlarr"]


def test_learnt_categories_do_not_grow_without_end(settings: Settings) -> None:
    """Whoever sends random names only pushes out the oldest."""
    for number in range(60):
        settings.learn_category(f"c{number}")
    learnt = settings.categories()[4:]
    assert learnt == [f"c{number}" for number in range(10, 60)]


def test_two_clients_teach_at_the_same_time(settings: Settings) -> None:
    """Neither name gets lost."""
    together(*[lambda n=n: settings.learn_category(f"c{n}") for n in range(6)])
    assert set(settings.categories()[4:]) == {f"c{n}" for n in range(6)}
