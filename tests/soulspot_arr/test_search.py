"""A question from Lidarr becomes releases: within its time, once, and always the same."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from soulspot_arr import search as search_module
from soulspot_arr.catalogue import Catalogue
from soulspot_arr.catalogue.from_lidarr import FromLidarr
from soulspot_arr.domain import Query, RawFile, RawFolder, Release
from soulspot_arr.errors import NotFound, ReleaseGone, SourceError, SourceOffline, SourceUnavailable
from soulspot_arr.models import ReleaseRow
from soulspot_arr.rules import titles
from soulspot_arr.search import MOST, Search
from soulspot_arr.sources import SearchLimits
from tests.soulspot_arr.workshop import Bench

TRACKS = ("Opening", "Second Wind", "Harbour", "Lanterns", "Undertow", "Slow Tide", "Ashore")
ASKED = Query("Cello Ghosts", "Undertow", 1994)


def share(
    bench: Bench, peer: str, artist: str = "Cello Ghosts", album: str = "Undertow", **hints: Any
) -> None:
    """Let a peer share an album in FLAC."""
    folder = f"Music\\{artist}\\{artist} - {album} (1994) [FLAC]"
    files = [
        RawFile(
            f"{folder}\\{number:02d} - {name}.flac",
            f"{folder}\\{number:02d} - {name}.flac",
            25_000_000 + number,
            sample_rate=44_100,
            bit_depth=16,
            seconds=215,
        )
        for number, name in enumerate(TRACKS, start=1)
    ]
    bench.source.share(peer, folder, *files, **hints)


def make_search(bench: Bench, **pins: Any) -> Search:
    """The search of a bench, as a fresh process has it; settings may be outside their limits."""
    for key, value in pins.items():
        bench.settings._pins[key.replace("__", ".")] = value
    albums = (FromLidarr(bench.lidarr),)
    catalogue = Catalogue(bench.db, bench.settings, albums, clock=bench.clock)
    return Search(bench.db, bench.settings, bench.source, bench.guard, catalogue, clock=bench.clock)


def shown(releases: list[Release]) -> list[tuple[Any, ...]]:
    """What a client remembers of releases."""
    return [(found.key, found.title, found.published_at, found.size) for found in releases]


# -- the answer ------------------------------------------------------------------------------------


def test_album_is_found_and_remembered(both: Bench) -> None:
    """The offers come with titles that Lidarr reads back, and can be fetched by their keys."""
    share(both, "anna")
    share(both, "ben")
    search = make_search(both)
    releases = search.find(ASKED)
    assert len(releases) == 2
    for found in releases:
        assert titles.search_accepts(found.title, "Cello Ghosts", "Undertow")
        assert found.title.endswith(f"-slsk{found.key[:8]}")
        assert (found.quality, found.size) == ("FLAC", 175_000_028)
        assert [offer.peer for offer in found.offers][1:] == [
            other for other in ("anna", "ben") if other != found.offers[0].peer
        ]
        assert search.release(found.key[:32]) == found
    assert {len(found.key) for found in releases} == {64}


def test_nothing_found_is_an_empty_answer(bench: Bench) -> None:
    """No error, no invention."""
    assert make_search(bench).find(ASKED) == []


@pytest.mark.parametrize("key", ["", "xyz", "A" * 32, "a" * 31, "a" * 64, "g" * 32])
def test_what_cannot_be_a_key_is_not_found(bench: Bench, key: str) -> None:
    """Neither wildcards nor upper case lead to a release."""
    with pytest.raises(NotFound):
        make_search(bench).release(key)


def test_unknown_key_is_gone(bench: Bench) -> None:
    """A release that is not kept any more is told apart from nonsense."""
    share(bench, "anna")
    search = make_search(bench)
    (found,) = search.find(ASKED)
    with pytest.raises(ReleaseGone):
        search.release("0" * 32)
    assert search.release(found.key[:32]).key == found.key


def test_never_a_full_page(bench: Bench) -> None:
    """A hundred items make Lidarr ask for a second page (lidarr §6.4)."""
    for number in range(130):
        share(bench, f"peer{number}")
    releases = make_search(bench, search__per_quality=130).find(ASKED)
    assert len(releases) == MOST == 99


def test_same_offer_is_the_same_release_for_ever(both: Bench) -> None:
    """Title, key and date survive new searches, other questions, time and restarts."""
    share(both, "anna")
    first = shown(make_search(both).find(ASKED))
    both.clock.advance(40 * 86_400)
    share(both, "anna", album="Another One")
    again = Bench(both.db, both.clock, both.root)
    again.source = both.source
    assert shown(make_search(again).find(ASKED)) == first
    assert shown(make_search(again).find(Query(term="Cello Ghosts Undertow"))) == first


def test_sampled_answer_is_the_same_release(bench: Bench) -> None:
    """An answer that shows fewer tracks keeps title, key and date, and takes no file away."""
    share(bench, "anna")
    (whole,) = bench.source._folders.values()
    key = next(iter(bench.source._folders))
    bench.source._folders[key] = replace(whole, files=whole.files[:-1])
    search = make_search(bench)
    (sampled,) = search.find(ASKED)
    bench.source._folders[key] = whole
    bench.clock.advance(3_600)
    (found,) = search.find(ASKED)
    assert (len(sampled.offers[0].files), len(found.offers[0].files)) == (6, 7)
    assert shown([found])[0][:3] == shown([sampled])[0][:3]
    bench.source._folders[key] = replace(whole, files=whole.files[:-1])
    bench.clock.advance(3_600)
    assert search.find(ASKED) == [found]


def test_copies_of_one_peer_are_different_releases(bench: Bench) -> None:
    """Another folder, or another quality in the same folder, is another thing to blocklist."""
    share(bench, "anna")
    (raw,) = bench.source._folders.values()
    songs = [replace(file, bit_depth=24, sample_rate=96_000) for file in raw.files]
    songs = [replace(file, path=file.path.replace(" - ", ". ")) for file in songs]
    bench.source.share("anna", raw.path, *songs)
    copy = raw.path.replace("Music", "Other")
    files = [replace(file, path=file.path.replace(raw.path, copy)) for file in raw.files]
    bench.source.share("anna", copy, *files)
    releases = make_search(bench).find(ASKED)
    assert sorted(found.quality for found in releases) == ["FLAC", "FLAC", "FLAC 24bit"]
    assert len({found.key for found in releases}) == len({found.title for found in releases}) == 3


def test_peers_of_the_same_files_are_different_releases(bench: Bench) -> None:
    """Lidarr's blocklist compares title and date: another peer must not be hit by it."""
    share(bench, "anna")
    share(bench, "ben")
    one, two = make_search(bench).find(ASKED)
    assert one.title != two.title
    assert one.key != two.key


def test_kept_title_is_replaced_when_lidarr_would_refuse_it(bench: Bench) -> None:
    """A title that was made for another question is kept only while it fits this one."""
    share(bench, "anna")
    search = make_search(bench)
    (found,) = search.find(ASKED)
    fitting = f"(FLAC) Cello Ghosts - Undertow - 0000-slsk{found.key[:8]}"
    for title, expected in [
        (fitting, fitting),
        (f"(FLAC) Somebody - Else - 1994-slsk{found.key[:8]}", found.title),
    ]:
        with bench.db.write() as session:
            row = session.get(ReleaseRow, found.key)
            assert row is not None
            row.title = title
        bench.clock.advance(3_600)
        assert [again.title for again in search.find(ASKED)] == [expected]


def test_epoch_is_fixed_and_past(bench: Bench) -> None:
    """The placeholder's date never moves and lies more than a week before the installation."""
    search = make_search(bench)
    epoch = search.epoch
    bench.clock.advance(1_000_000)
    assert make_search(bench).epoch == search.epoch == epoch
    assert epoch == bench.settings.installed_at - timedelta(days=8)
    assert epoch.microsecond == 0


# -- the cache -------------------------------------------------------------------------------------


def test_equal_question_is_answered_from_memory(bench: Bench) -> None:
    """Half an hour long, whatever its capitals; then slskd is asked again."""
    share(bench, "anna")
    search = make_search(bench)
    first = search.find(ASKED)
    asked = len(bench.source.searches)
    bench.clock.advance(1_800)
    assert search.find(Query("CELLO GHOSTS", "undertow", 1994)) == first
    assert len(bench.source.searches) == asked
    bench.clock.advance(1)
    assert shown(search.find(ASKED)) == shown(first)
    assert len(bench.source.searches) > asked


def test_what_no_text_finds_is_asked_ever_less_often(both: Bench) -> None:
    """After six hours, then after a day, then weekly; a find begins anew (peers §3.5)."""
    search = make_search(both)
    for pause in (21_600, 86_400, 604_800, 604_800):
        before = len(both.source.searches)
        assert search.find(ASKED) == []
        asked = len(both.source.searches)
        assert asked > before
        both.clock.advance(pause)
        assert search.find(ASKED) == []
        assert len(both.source.searches) == asked
        both.clock.advance(1)
    share(both, "anna")
    assert len(search.find(ASKED)) == 1
    both.source._folders.clear()
    both.clock.advance(3_600)
    assert search.find(ASKED) == []
    share(both, "anna")
    both.clock.advance(21_601)
    assert len(search.find(ASKED)) == 1


def test_a_ladder_with_further_rungs_is_no_miss_yet(bench: Bench) -> None:
    """What is still dug for is given empty for as long as its texts must not be repeated."""
    search = make_search(bench, search__rungs=1)
    assert search.find(ASKED) == []
    asked = len(bench.source.searches)
    bench.clock.advance(600)
    assert search.find(ASKED) == []
    assert len(bench.source.searches) == asked == 1
    share(bench, "anna")
    bench.clock.advance(1)
    assert len(search.find(ASKED)) == 1


def test_another_year_is_another_question(bench: Bench) -> None:
    """The parts of a question do not run into each other."""
    search = make_search(bench)
    for query in (
        ASKED,
        Query("Cello Ghosts", "Undertow", 1995),
        Query("Cello", "Ghosts Undertow"),
    ):
        before = len(bench.source.searches)
        search.find(query)
        assert len(bench.source.searches) > before


@pytest.mark.parametrize("call", ["search", "foreign"])
@pytest.mark.parametrize("kind", [SourceUnavailable, SourceOffline])
def test_outage_is_an_empty_answer_that_is_not_kept(
    bench: Bench, call: str, kind: type[SourceError]
) -> None:
    """Lidarr gets an empty feed, never an error; as soon as slskd is back it is asked."""
    share(bench, "anna")
    search = make_search(bench)
    bench.source.break_next(call, kind("down", source="slskd"))
    assert search.find(ASKED) == []
    assert len(search.find(ASKED)) == 1


def test_outage_half_way_keeps_what_is_there(bench: Bench) -> None:
    """A ladder that breaks on its second rung still shows what the first one found."""
    share(bench, "anna")
    search = make_search(bench, search__enough_offers=99)

    def break_second(call: str) -> None:
        if call == "search" and len(bench.source.searches) == 1:
            raise SourceUnavailable("down", source="slskd")

    bench.source.on_call = break_second
    assert len(search.find(ASKED)) == 1


def test_source_that_breaks_its_contract_is_an_outage(bench: Bench) -> None:
    """Any exception of a source is an empty answer."""

    def explode(call: str) -> None:
        raise RuntimeError(call)

    bench.source.on_call = explode
    assert make_search(bench).find(ASKED) == []


def test_unconfigured_source_is_not_asked(bench: Bench) -> None:
    """Before slskd is set up the feed is empty, and that is not kept either."""
    bench.source.configured = False
    search = make_search(bench)
    assert search.find(ASKED) == []
    share(bench, "anna")
    bench.source.configured = True
    assert len(search.find(ASKED)) == 1


# -- many at once, and limits ----------------------------------------------------------------------


class Slow:
    """Holds every search until it is let go."""

    def __init__(self, bench: Bench) -> None:
        self.go = threading.Event()
        self.entered = threading.Semaphore(0)
        bench.source.on_call = self._wait

    def _wait(self, call: str) -> None:
        if call == "search":
            self.entered.release()
            assert self.go.wait(20)


@pytest.fixture
def slow(bench: Bench) -> Iterator[Slow]:
    """Searches that wait; let go at the end in any case."""
    made = Slow(bench)
    yield made
    made.go.set()


def test_equal_questions_at_once_are_one_search(bench: Bench, slow: Slow) -> None:
    """Lidarr asks the same several times: one flight, everybody gets its answer."""
    share(bench, "anna")
    search = make_search(bench, search__rungs=1)
    with ThreadPoolExecutor(4) as pool:
        answers = [pool.submit(search.find, ASKED) for _ in range(4)]
        assert slow.entered.acquire(timeout=10)
        slow.go.set()
        found = [answer.result(20) for answer in answers]
    assert len(bench.source.searches) == 1
    assert {len(releases) for releases in found} == {1}


def test_too_many_different_questions_are_answered_empty_at_once(bench: Bench, slow: Slow) -> None:
    """Threads are few: whoever comes too late gets an empty feed, which is not kept."""
    share(bench, "anna")
    search = make_search(bench, search__waiting=1, search__rungs=1)
    with ThreadPoolExecutor(1) as pool:
        first = pool.submit(search.find, ASKED)
        assert slow.entered.acquire(timeout=10)
        other = Query("Cello Ghosts", "Undertow")
        assert search.find(other) == []
        assert not first.done()
        assert not slow.entered.acquire(blocking=False)
        slow.go.set()
        assert len(first.result(20)) == 1
    assert len(search.find(other)) == 1


def test_source_that_hangs_cannot_hold_lidarr(
    bench: Bench, slow: Slow, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The answer is there within the budget, whatever the source does; a later one is not lost."""
    monkeypatch.setattr(search_module, "_GRACE", 0.1)
    share(bench, "anna")
    search = make_search(bench, search__budget=0.2)
    began = time.monotonic()
    assert search.find(ASKED) == []
    assert 0.2 <= time.monotonic() - began < 15  # of the 20 s that the source hangs
    (flight,) = search._flights.values()
    slow.go.set()
    assert flight.done.wait(10)
    assert len(search.find(ASKED)) == 1
    assert len(bench.source.searches) == 1


def test_search_never_gets_more_than_what_is_left(bench: Bench) -> None:
    """The limit that is handed to the source shrinks with the time that is used up."""
    given: list[float] = []
    real = bench.source.search_raw

    def note(text: str, *, limits: SearchLimits) -> Sequence[RawFolder]:
        given.append(limits.seconds)
        time.sleep(0.05)
        return real(text, limits=limits)

    bench.source.search_raw = note  # type: ignore[method-assign]
    make_search(bench, search__first_answer=60.0).find(ASKED)
    assert len(given) > 1
    assert given == sorted(given, reverse=True)
    assert given[0] <= 60
    assert given[0] - given[-1] >= 0.05 * (len(given) - 1)


def test_ladder_ends_when_the_time_is_over(bench: Bench) -> None:
    """No rung is begun that could not finish; an answer cut short is not kept."""
    search = make_search(bench, search__budget=1.0)
    bench.source.on_call = lambda call: time.sleep(0.6) if call == "search" else None
    assert search.find(ASKED) == []
    assert len(bench.source.searches) == 1
    share(bench, "anna")
    assert len(search.find(ASKED)) == 1


def test_two_questions_that_find_the_same_at_once(both: Bench) -> None:
    """Different questions with the same offers are written by two threads without a clash."""
    share(both, "anna")
    search = make_search(both, search__rungs=1)
    gate = threading.Barrier(3)

    def meet(call: str) -> None:
        if call == "search":
            gate.wait(10)

    both.source.on_call = meet
    queries = [ASKED, Query("Cello Ghosts"), Query("", "Undertow")]
    with ThreadPoolExecutor(3) as pool:
        found = list(pool.map(search.find, queries))
    assert [len(releases) for releases in found] == [1, 1, 1]
    assert len({releases[0].title for releases in found}) == 1
