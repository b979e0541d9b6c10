"""Logging: secrets are masked everywhere, and each line says what it is about."""

from __future__ import annotations

import json
import logging
from collections.abc import Callable, Iterator

import pytest

from soulspot_arr import ledger, log
from soulspot_arr.db import Database
from soulspot_arr.domain import EventRecord
from tests.fakes.clock import NOON
from tests.soulspot_arr.rows import new_grab

logger = logging.getLogger("soulspot_arr.something")


@pytest.fixture
def lines(capsys: pytest.CaptureFixture[str]) -> Iterator[Callable[[], str]]:
    """Reads what went to stderr; the logging configuration is put back afterwards."""
    root = logging.getLogger()
    handlers, level = list(root.handlers), root.level
    yield lambda: capsys.readouterr().err
    root.handlers[:] = handlers
    root.setLevel(level)


@pytest.mark.parametrize(
    ("text", "masked"),
    [
        ("GET /api?t=search&apikey=abc123&q=x", "GET /api?t=search&apikey=*****&q=x"),
        ("X-Api-Key: abc123", "X-Api-Key: *****"),
        ("api_key=abc123", "api_key=*****"),
        ('{"slskd.api_key": "abc123", "n": 1}', '{"slskd.api_key": "*****", "n": 1}'),
        ("{'lidarr.api_key': 'abc123', 'n': 1}", "{'lidarr.api_key': '*****', 'n': 1}"),
        ("ma_username=u&ma_password=p4ss", "ma_username=u&ma_password=*****"),
        ("auth.password = p4ss", "auth.password = *****"),
        ("X-Hook-Secret: s3cret", "X-Hook-Secret: *****"),
        ("/nzb/1?sig=deadbeef", "/nzb/1?sig=*****"),
        ("token: eyJ0", "token: *****"),
        ("SOULSPOT_SLSKD_API_KEY=abc123", "SOULSPOT_SLSKD_API_KEY=*****"),
    ],
)
def test_secrets_are_masked(text: str, masked: str) -> None:
    """Every shape in which a key travels through our lines."""
    assert log.mask(text) == masked


@pytest.mark.parametrize(
    "text",
    ["Nothing to hide", "The API key is refused", "design=flat", "key of at least 16 characters"],
)
def test_plain_sentences_are_left_alone(text: str) -> None:
    """Masking does not eat words."""
    assert log.mask(text) == text


def test_a_line_says_what_it_is_about(lines: Callable[[], str]) -> None:
    """Inside `about` every line carries the grab or job, afterwards none does."""
    log.configure("INFO")
    with log.about("SABnzbd_nzo_1"):
        logger.info("file %s", "arrived")
    logger.info("later")
    first, second = lines().splitlines()
    assert first.endswith("INFO    [SABnzbd_nzo_1] file arrived")
    assert second.endswith("INFO    later")


def test_tracebacks_are_masked_in_text(lines: Callable[[], str]) -> None:
    """An address in an exception may carry a key."""
    log.configure("INFO")
    try:
        raise ValueError("http://lidarr/api?apikey=abc123")
    except ValueError:
        logger.exception("broke")
    written = lines()
    assert "Traceback" in written
    assert "abc123" not in written


def test_json_lines_hold_the_same_facts(lines: Callable[[], str]) -> None:
    """One object for each line, with the traceback as a field."""
    log.configure("INFO", "json")
    with log.about("poll"):
        try:
            raise ValueError("apikey=abc123")
        except ValueError:
            logger.exception("broke: password=%s", "p4ss")
    written = lines()
    line = json.loads(written)
    assert line["level"] == "ERROR"
    assert line["logger"] == "soulspot_arr.something"
    assert line["about"] == "poll"
    assert line["message"] == "broke: password=*****"
    assert "Traceback" in line["traceback"]
    assert "abc123" not in written
    assert line["at"].endswith("+00:00")


def test_the_level_decides_and_libraries_stay_quiet(lines: Callable[[], str]) -> None:
    """DEBUG lines of ours and INFO lines of libraries are not for the person at INFO."""
    log.configure("INFO")
    logger.debug("detail")
    logging.getLogger("alembic.runtime").info("noise")
    assert lines() == ""
    log.configure("DEBUG")
    logger.debug("detail")
    assert "detail" in lines()


def test_configuring_twice_does_not_double_the_lines(lines: Callable[[], str]) -> None:
    """The second configuration replaces the first."""
    log.configure("INFO")
    log.configure("INFO")
    logger.info("once")
    assert lines().count("once") == 1


def test_news_of_a_grab_name_it_whichever_job_brings_them(
    database: Database, lines: Callable[[], str]
) -> None:
    """With ten downloads at once, "every file has arrived" has to say of which."""
    log.configure("INFO")
    with log.about("poll"), database.write() as session:
        grab = new_grab(session)
        session.flush()
        ledger.record(session, EventRecord("grab.added", "Taken."), at=NOON, grab_id=grab.id)
        nzo_id = grab.nzo_id
    assert lines().strip().endswith(f"INFO    [{nzo_id}] Taken.")
