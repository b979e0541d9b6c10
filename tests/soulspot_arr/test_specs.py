"""The table of settings, and which of them contradict each other."""

from __future__ import annotations

import logging
from typing import Any

import pytest

from soulspot_arr.db import Database
from soulspot_arr.domain import SettingSpec
from soulspot_arr.errors import InvalidSetting
from soulspot_arr.settings import Settings, check_value, parse_text
from soulspot_arr.specs import CORE_SPECS, contradiction
from tests.fakes.clock import FakeClock

DEFAULTS = {spec.key: spec.default for spec in CORE_SPECS}


def test_every_default_is_a_value_that_would_be_taken() -> None:
    """A default must pass its own check, or a person could not put it back."""
    for spec in CORE_SPECS:
        if spec.key != "auth.api_key":  # generated, never empty
            assert check_value(spec, spec.default) == spec.default
    assert all(spec.help.endswith(".") for spec in CORE_SPECS)


def test_variables_are_unambiguous() -> None:
    """Two keys must not be pinned by the same variable."""
    variables = [spec.variable for spec in CORE_SPECS]
    assert len(set(variables)) == len(variables)


@pytest.mark.parametrize("spec", CORE_SPECS, ids=lambda spec: spec.key)
def test_every_setting_can_be_pinned_as_text(spec: SettingSpec) -> None:
    """What `config show` prints can be written into the environment."""
    shown = ",".join(spec.default) if spec.type is list else str(spec.default)
    assert parse_text(spec, shown) == spec.default


def test_defaults_do_not_contradict_each_other() -> None:
    """Whoever changes nothing is never complained to."""
    assert contradiction(DEFAULTS, DEFAULTS) is None


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"jobs.heartbeat": 31.0}, "the lease would end"),
        ({"jobs.lease_ttl": 9.0}, "the lease would end"),
        ({"jobs.poll": 40.0}, "looked at more rarely"),
        ({"stall.total": 600.0}, "never be reached"),
        ({"queue.quiet_hours": ["00:00-12:00", "12:00-00:00"]}, "pause the queue instead"),
        ({"queue.quiet_hours": ["22:00-10:00", "09:00-23:00"]}, "pause the queue instead"),
    ],
)
def test_contradictions_are_refused_with_the_reason(
    sqlite_database: Database, clock: FakeClock, changes: dict[str, Any], words: str
) -> None:
    """All or nothing: what was in force stays in force."""
    settings = Settings(sqlite_database, clock=clock)
    with pytest.raises(InvalidSetting, match=words) as refused:
        settings.patch(changes | {"search.rungs": 9})
    assert refused.value.data["key"] in changes
    assert settings.get("search.rungs") == 5


def test_both_sides_may_change_together(sqlite_database: Database, clock: FakeClock) -> None:
    """What counts is how they stand afterwards."""
    settings = Settings(sqlite_database, clock=clock)
    settings.patch({"jobs.heartbeat": 26.0, "jobs.lease_ttl": 28.0})
    settings.patch({"queue.quiet_hours": ["23:00-07:00", "12:00-13:00"]})
    assert settings.get("jobs.heartbeat") == 26.0


def test_a_dead_worker_is_replaced_within_half_a_minute_whatever_is_set(
    sqlite_database: Database, clock: FakeClock
) -> None:
    """Who stands by looks in the moment the lease ends, and no lease is longer than that."""
    settings = Settings(sqlite_database, clock=clock)
    for seconds in (28.5, 30.0, 3_600.0):
        with pytest.raises(InvalidSetting, match="28"):
            settings.patch({"jobs.lease_ttl": seconds})
    settings.patch({"jobs.lease_ttl": 28.0, "jobs.heartbeat": 28.0})
    assert settings.get("jobs.lease_ttl") < 30


def test_an_older_contradiction_is_no_reason_to_refuse_another_change(
    sqlite_database: Database, clock: FakeClock, caplog: pytest.LogCaptureFixture
) -> None:
    """Pins are told at the start; who changes something else has nothing to do with them."""
    pins = {"SOULSPOT_JOBS_HEARTBEAT": "50"}
    settings = Settings(sqlite_database, clock=clock, pins=pins)
    with caplog.at_level(logging.WARNING):
        settings.prepare()
    assert "the lease would end before it is renewed" in caplog.text
    settings.patch({"search.rungs": 7})
    assert settings.get("search.rungs") == 7


@pytest.mark.parametrize(
    "span", ["7-9", "24:00-01:00", "08:00-08:00", "08:00–09:00", "08:61-09:00"]
)
def test_times_of_day_are_written_as_they_are_read(
    sqlite_database: Database, clock: FakeClock, span: str
) -> None:
    """Nothing is guessed."""
    with pytest.raises(InvalidSetting, match="23:00-07:00"):
        Settings(sqlite_database, clock=clock).patch({"queue.quiet_hours": [span]})


@pytest.mark.parametrize(
    ("template", "words"),
    [
        ("{album_artist}/{album} ({year})/{disc_track} {title}", None),
        ("{artist} - {title}", None),
        ("Music/{quality}/{disc}-{track}", None),
        ("{artist}/{name}", "does not know {name}; there are {artist}"),
        ("{artist}/{}{title}", "does not know {}"),
        ("{artist/{title}", "a brace without its other"),
        ("{{title}}", "a brace without its other"),
        ("{artist}\\{title}", "with / between them"),
        ("", "without empty parts"),
        ("/{title}", "without empty parts"),
        ("{artist}//{title}", "without empty parts"),
        ("{artist}/{title}/", "without empty parts"),
        ("../{title}", "without empty parts"),
        ("{artist}/. /{title}", "without empty parts"),
        ("{artist}/{album}", "must end in a name with"),
        ("{title}/{album}", "must end in a name with"),
    ],
)
def test_a_template_is_refused_with_what_is_wrong(template: str, words: str | None) -> None:
    """Nobody should find out from where his files went."""
    spec = next(spec for spec in CORE_SPECS if spec.key == "library.template")
    if words is None:
        assert check_value(spec, template) == template
        return
    with pytest.raises(InvalidSetting) as refused:
        check_value(spec, template)
    assert words in str(refused.value)
