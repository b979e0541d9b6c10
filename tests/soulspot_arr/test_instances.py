"""Several instances of slskd: who asks whom, who searches, and who does not hold up whom."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from sqlalchemy import select

from soulspot_arr.bans import BanWatch
from soulspot_arr.budget import Purpose
from soulspot_arr.config import Config
from soulspot_arr.domain import DownloadState
from soulspot_arr.errors import SourceUnavailable
from soulspot_arr.models import Download, SearchRow
from soulspot_arr.services import Instance, Services, build
from soulspot_arr.sources.slskd import SlskdSource
from tests.fakes.clock import FakeClock
from tests.fakes.fake_source import FakeSource
from tests.fakes.threads import until
from tests.soulspot_arr.workshop import new_grab, offer

PINS = {
    "SOULSPOT_QUEUE_DISPATCH_DELAY": "0",
    "SOULSPOT_QUEUE_RESCUE": "false",
    "SOULSPOT_CATALOGUE_MUSICBRAINZ": "false",
}


class Two:
    """Services over two instances whose networks are in memory."""

    def __init__(self, services: Services, first: FakeSource, second: FakeSource) -> None:
        self.services, self.first, self.second = services, first, second
        (self.other,) = services.side_by_side.further

    def add(self, *peers: str) -> list[str]:
        """One album of two files for each peer."""
        return [
            self.services.queue_manager.add(
                new_grab(offer(peer, "1.flac", "2.flac"), release_key=f"{number:064x}")
            )
            for number, peer in enumerate(peers)
        ]

    def rows(self) -> list[Download]:
        """All files."""
        with self.services.db.read() as session:
            return list(session.scalars(select(Download).order_by(Download.id)))

    def instances(self) -> dict[str, set[str | None]]:
        """Through which instances each peer was asked."""
        found: dict[str, set[str | None]] = {}
        for row in self.rows():
            if row.status != DownloadState.WAITING:
                found.setdefault(row.peer, set()).add(row.instance)
        return found

    def lose(self, source: FakeSource, instance: Instance | None = None) -> None:
        """This slskd is away, and its guard has noticed."""
        source.on_call = _away
        guard = instance.guard if instance else self.services.guard
        with pytest.raises(SourceUnavailable), guard("look"):
            source.poll_raw()


def _away(_name: str) -> None:
    raise SourceUnavailable("slskd does not answer", source="slskd")


@pytest.fixture
def two(
    sqlite_url: str, tmp_path: Path, clock: FakeClock, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Two]:
    """Two instances: `slskd` and `slskd2`."""
    first, second = FakeSource(now=clock), FakeSource("slskd2", now=clock)
    config = Config(
        data_dir=tmp_path,
        database_url=sqlite_url,
        secret_key="0" * 64,
        slskd_instances=2,
        pins=PINS,
    )
    services = build(config, source=first, further=[second], clock=clock)
    yield Two(services, first, second)
    services.close()


def test_each_instance_takes_what_comes_next_and_never_the_peer_of_the_other(two: Two) -> None:
    """Whoever is free asks; a peer that serves one instance is left to it."""
    two.services.settings.put_internal({"queue.dispatches": 1})
    two.add("anna", "ben", "anna")
    two.services.dispatcher.run()
    two.other.dispatcher.run()
    two.services.dispatcher.run()
    two.other.dispatcher.run()
    assert two.instances() == {"anna": {None}, "ben": {"slskd2"}}
    assert {item.peer for item in two.first.poll_raw().transfers} == {"anna"}
    assert {item.peer for item in two.second.poll_raw().transfers} == {"ben"}


def test_an_instance_looks_at_its_own_transfers_only(two: Two) -> None:
    """What the other instance asked for has not vanished because this one does not list it."""
    two.services.settings.put_internal({"queue.dispatches": 1})
    two.add("anna", "ben")
    two.services.dispatcher.run()
    two.other.dispatcher.run()
    for number in (1, 2):
        two.second.start(f"Music\\Cello\\Undertow\\{number}.flac", peer="ben")
    two.services.monitor.tick()
    assert {row.status for row in two.rows() if row.peer == "ben"} == {DownloadState.PENDING}
    two.other.monitor.tick()
    assert {row.status for row in two.rows() if row.peer == "ben"} == {DownloadState.DOWNLOADING}


def test_while_one_is_away_the_other_asks_for_everything_that_was_not_asked(two: Two) -> None:
    """An album that only waits needs no particular slskd."""
    two.lose(two.first)
    two.add("anna", "ben")
    two.services.dispatcher.run()
    two.other.dispatcher.run()
    assert two.instances() == {"anna": {"slskd2"}, "ben": {"slskd2"}}


def test_a_request_that_an_outage_left_unanswered_is_repeated_by_its_own_instance(
    two: Two, clock: FakeClock
) -> None:
    """It may be running there: the other instance must not ask for it a second time."""
    two.add("anna")
    two.first.on_call = _away
    two.services.dispatcher.run()
    clock.advance(3600)
    two.other.dispatcher.run()
    assert two.instances() == {}
    assert list(two.second.poll_raw().transfers) == []


def test_after_an_hour_another_instance_may_repeat_it(two: Two, clock: FakeClock) -> None:
    """Rather twice on the way than never: nobody knows when that slskd comes back."""
    two.add("anna")
    two.first.on_call = _away
    two.services.dispatcher.run()
    two.lose(two.first)
    clock.advance(3601)
    two.other.dispatcher.run()
    assert two.instances() == {"anna": {"slskd2"}}


def test_what_a_dead_instance_was_asked_for_keeps_its_peer_from_nobody(two: Two) -> None:
    """Its other albums, and the same one grabbed again, come through the instance that is there."""
    (asked,) = two.add("anna")
    two.services.dispatcher.run()
    two.services.monitor.tick()
    two.lose(two.first)
    two.services.queue_manager.cancel([asked])
    two.add("anna")
    two.other.dispatcher.run()
    assert [row.instance for row in two.rows()] == [None, None, "slskd2", "slskd2"]
    assert {item.peer for item in two.second.poll_raw().transfers} == {"anna"}


def test_while_the_first_is_away_the_other_gives_up_what_waited_too_long(
    two: Two, clock: FakeClock
) -> None:
    """Somebody has to: the files of a peer that keeps another album for a day."""
    two.services.settings.put_internal({"stall.queued": 1e8, "stall.total": 1e8})
    two.lose(two.first)
    two.add("anna", "anna")
    two.other.dispatcher.run()
    two.other.monitor.tick()
    two.services.dispatcher.run()
    clock.advance(86_401)
    two.lose(two.first)
    two.services.dispatcher.run()
    two.other.dispatcher.run()
    assert [row.status for row in two.rows()][2:] == ["failed", "failed"]


def test_an_instance_without_an_address_is_none(two: Two) -> None:
    """Its files are handed over like those of one that was taken out."""
    seen = [list(two.services.instances)]
    for source in (two.second, two.first):
        source.configured = False
        seen.append(list(two.services.instances))
    assert seen == [["slskd", "slskd2"], ["slskd"], ["slskd"]]


def test_a_request_that_was_never_sent_is_anybodys(two: Two, clock: FakeClock) -> None:
    """A connection that was refused leaves nothing behind at that slskd."""
    two.add("anna")
    gone = SourceUnavailable("connection refused", source="slskd", unsent=True)
    two.first.break_next("download", gone)
    two.services.dispatcher.run()
    clock.advance(60)
    two.other.dispatcher.run()
    assert two.instances() == {"anna": {"slskd2"}}


def test_a_refused_file_may_go_through_the_other_instance_when_its_own_is_away(
    two: Two, clock: FakeClock
) -> None:
    """Its last attempt is known to be over."""
    two.add("anna")
    two.services.dispatcher.run()
    with two.services.db.write() as session:
        for row in session.scalars(select(Download)):
            row.status, row.failure_kind, row.not_before = DownloadState.WAITING, "timeout", None
    two.other.dispatcher.run()
    assert two.instances() == {}  # its own instance is there
    two.lose(two.first)
    two.other.dispatcher.run()
    assert two.instances() == {"anna": {"slskd2"}}


def test_searches_go_through_the_instance_with_most_of_its_budget_left(two: Two) -> None:
    """Turn and turn about while both are well; each row says through whom."""
    for source in (two.first, two.second):
        source.share("anna", "Music\\X", "text.flac")
    asker = two.services.search.askers
    for number in range(4):
        asker.ask(f"text {number}", purpose(), seconds=5, patience=0)
    assert searched(two) == ["slskd", "slskd2", "slskd", "slskd2"]


def test_no_search_through_an_instance_that_is_banned_or_away(two: Two, clock: FakeClock) -> None:
    """The other one searches on."""
    asker = two.services.search.askers
    BanWatch(two.services.db, two.services.settings, "slskd", clock=clock).silent()
    asker.ask("one", purpose(), seconds=5, patience=0)
    asker.ask("two", purpose(), seconds=5, patience=0)
    assert searched(two) == ["slskd2", "slskd2"]
    assert [check.code for check in two.services.health.examine(thorough=False)].count(
        "soulseek_ban"
    ) == 1


def test_a_slow_instance_holds_nobody_up(two: Two) -> None:
    """The job ends while the second slskd still answers; it is not run twice at once."""
    inside, go, runs = threading.Event(), threading.Event(), []

    def slow(_each: Instance) -> None:
        runs.append(1)
        inside.set()
        go.wait(20)

    beside = two.services.side_by_side
    beside("poll", lambda: None, slow)
    assert inside.wait(10)
    beside("poll", lambda: None, slow)
    assert len(runs) == 1
    go.set()

    def ran_again() -> bool:
        beside("poll", lambda: None, slow)
        return len(runs) > 1

    until(ran_again)


def test_what_broke_in_an_instance_is_told_at_the_next_run(two: Two) -> None:
    """The job's wrapper writes it down like any other error."""

    def broken(_each: Instance) -> None:
        raise ValueError("broken")

    beside = two.services.side_by_side
    beside("poll", lambda: None, broken)

    def often() -> None:
        for _ in range(200):
            time.sleep(0.02)
            beside("poll", lambda: None, broken)

    with pytest.raises(ValueError, match="broken"):
        often()


def test_each_instance_has_settings_of_its_own() -> None:
    """`slskd2.url` with its own variable, and complaints that name it."""
    second = SlskdSource(name="slskd2")
    url = next(spec for spec in second.settings if spec.key == "slskd2.url")
    assert url.variable == "SOULSPOT_SLSKD2_URL"
    assert url.check is not None
    assert "SOULSPOT_SLSKD2_URL" in (url.check("ftp://slskd") or "")
    second.reload_settings(
        {"slskd2.url": "http://slskd2:5030", "slskd2.api_key": "0123456789abcdef"}
    )
    assert second.is_configured()
    assert not SlskdSource().is_configured()


def test_health_has_lines_for_each_instance(two: Two) -> None:
    """Codes and sentences name the second one; another download folder is an error."""
    codes = {check.code for check in two.services.health.examine(thorough=False)}
    assert {"slskd_reachable", "slskd2_reachable", "slskd2_key", "slskd2_soulseek_login"} <= codes


def test_another_download_folder_is_an_error(two: Two) -> None:
    """Completion looks in one folder only; the sentence names both."""
    two.first.status = replace(two.first.status, root="/downloads")
    two.second.status = replace(two.second.status, root="/elsewhere")
    checks = {check.code: check for check in two.services.health.examine(thorough=False)}
    assert checks["slskd2_folder"].level == "error"
    assert checks["slskd2_folder"].message == (
        "slskd2 puts files into /elsewhere, but slskd into /downloads."
    )
    two.second.status = replace(two.second.status, root="/downloads")
    codes = {check.code for check in two.services.health.examine(thorough=False)}
    assert "slskd2_folder" not in codes


def test_each_breaker_has_a_line_of_its_own(two: Two) -> None:
    """Two slskd that are left alone are two codes; one that is no longer there is none."""
    two.services.settings.patch({"breaker.failures": 1})
    for source in (two.first, two.second):
        source.down = True
    gone = two.services.breakers.guard("slskd3", lambda ok, detail: None)
    for guard in (two.services.guard, two.other.guard, gone):
        with pytest.raises(SourceUnavailable), guard("look"):
            _away("")
    codes = {check.code for check in two.services.health.examine(thorough=False)}
    assert {code for code in codes if code.endswith("breaker")} == {
        "source_breaker",
        "slskd2_breaker",
    }


def purpose() -> Purpose:
    """A question that is asked for."""
    return Purpose("key")


def searched(two: Two) -> list[str]:
    """Through which instance each search went."""
    with two.services.db.read() as session:
        return list(session.scalars(select(SearchRow.source).order_by(SearchRow.id)))
