"""What is on the blocklist is not offered: not fresh, not remembered, not as an alternate."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from soulspot_arr.domain import BlockScope, RawFile, RawFolder
from soulspot_arr.errors import ReleaseGone
from soulspot_arr.rules.blocking import Entry
from soulspot_arr.search import Search
from soulspot_arr.search.echoes import SEVERAL
from soulspot_arr.sources import SearchLimits
from tests.fakes.fake_source import FakeSource
from tests.soulspot_arr.search.scene import ASKED, TRACKS, UNDERTOW, latest, make_search, share
from tests.soulspot_arr.workshop import Bench

PEER, FOLDER, FILE, PHRASE = BlockScope
UNDER = "Music\\Cello Ghosts\\Cello Ghosts - Undertow (1994)"


def peers(search: Search) -> list[str]:
    """Who is offered, main offers only."""
    return [release.offers[0].peer for release in search.find(ASKED)]


@pytest.mark.parametrize(
    ("entry", "reason"),
    [
        (Entry(PEER, "anna", reason="noise"), "anna is on the blocklist: noise"),
        (
            Entry(FOLDER, "anna", "music/cello ghosts"),
            'the folder "music/cello ghosts" is on the blocklist',
        ),
        (
            Entry(FILE, "", f"{UNDER}\\03 - {TRACKS[2]}.flac"),
            f'the file "{UNDER}\\03 - {TRACKS[2]}.flac" is on the blocklist',
        ),
        (Entry(PHRASE, "", "undertow"), 'the path holds "undertow", which is on the blocklist'),
    ],
)
def test_an_offer_is_refused_with_its_reason(both: Bench, entry: Entry, reason: str) -> None:
    """Each scope; the explanation says so, and the other peer's copy is offered."""
    share(both, "anna")
    share(
        both, "bert", "Sharing\\Cello Ghosts - (1994)" if entry.scope is PHRASE else "x\\" + UNDER
    )
    both.blocklist.add(entry)
    search = make_search(both, UNDERTOW)
    found = search.find(ASKED)
    offered = {offer.peer for release in found for offer in release.offers}
    assert "anna" not in offered
    refused = {offer["peer"]: offer for offer in latest(search).offers}["anna"]
    assert refused["verdict"] == "refused"
    assert refused["reasons"] == [reason]


def test_nothing_else_changes_without_a_line_about_it(both: Bench) -> None:
    """Lines about others."""
    share(both, "anna")
    both.blocklist.add(Entry(PEER, "bert"))
    both.blocklist.add(Entry(FOLDER, "anna", "Music\\Cello"))
    assert peers(make_search(both, UNDERTOW)) == ["anna"]


def test_a_kept_answer_leaves_out_who_was_blocked_since(both: Bench) -> None:
    """Neither as main offer nor as alternate; once more allowed, it is there again, unasked."""
    share(both, "anna")
    share(both, "bert")
    search = make_search(both, UNDERTOW)
    assert sorted(peers(search)) == ["anna", "bert"]
    asked = list(both.source.searches)
    line = both.blocklist.add(Entry(PEER, "anna"))
    (release,) = search.find(ASKED)
    assert [offer.peer for offer in release.offers] == ["bert"]
    both.blocklist.remove_one(line.id)
    assert sorted(peers(search)) == ["anna", "bert"]
    assert both.source.searches == asked


def test_a_remembered_release_is_handed_out_without_them(both: Bench) -> None:
    """The link of the feed still works while somebody else has the album; then it is gone."""
    share(both, "anna")
    share(both, "bert")
    search = make_search(both, UNDERTOW)
    key = next(found.key for found in search.find(ASKED) if found.offers[0].peer == "anna")
    both.blocklist.add(Entry(PEER, "anna"))
    assert [offer.peer for offer in search.release(key[:32]).offers] == ["bert"]
    both.blocklist.add(Entry(PEER, "bert"))
    with pytest.raises(ReleaseGone, match="on the blocklist"):
        search.release(key[:32])


def test_an_answer_that_was_emptied_is_not_kept_as_empty(both: Bench) -> None:
    """The only peer is blocked: nothing to offer now, and everything when it is released."""
    share(both, "anna")
    line = both.blocklist.add(Entry(PEER, "anna"))
    search = make_search(both, UNDERTOW, search__rungs=1, search__dig=0)
    assert search.find(ASKED) == []
    both.blocklist.remove_one(line.id)
    assert peers(search) == ["anna"]
    assert len(both.source.searches) == 1  # the answer of a moment ago is still remembered


def test_a_kept_answer_that_is_emptied_asks_for_others(both: Bench) -> None:
    """Whoever was not shown because there was enough has a turn now."""
    share(both, "anna")
    search = make_search(both, UNDERTOW)
    assert peers(search) == ["anna"]
    both.blocklist.add(Entry(PEER, "anna"))
    assert search.find(ASKED) == []
    share(both, "bert")
    both.clock.advance(601)
    assert peers(search) == ["bert"]


def test_nobody_looks_into_a_blocked_peers_folder(both: Bench) -> None:
    """What an answer shows in part is completed at others only."""
    share(both, "anna", only=(1, 2, 3))
    share(both, "bert", only=(1, 2, 3))
    both.blocklist.add(Entry(PEER, "anna"))
    make_search(both, UNDERTOW, search__rungs=1, search__dig=0).find(ASKED)
    assert {peer for peer, _ in both.source.looked_up} <= {"bert"}


# -- peers that answer everything ------------------------------------------------------------------


def echo(bench: Bench, text: str, *, peer: str = "echo", dash: str = " ") -> None:
    """Let a peer share a file that is called like a text."""
    path = f"Shared\\{text.replace(' ', dash)}.mp3"
    bench.source.share(peer, "Shared", RawFile(path, path, 4_000_000, bitrate=320, seconds=200))


TEXTS = ("cello ghosts undertow", "marlow finch harbour lights", "ida foss quiet engines")


def hear(bench: Bench, search: Search, *texts: str) -> None:
    """What the network answers to these texts, as the searches tell it."""
    for text in texts:
        search._echoes.hear(text, bench.source.search_raw(text, limits=None))  # type: ignore[arg-type]
        bench.clock.advance(60)


def test_a_peer_that_echoes_is_blocked_for_a_week(both: Bench) -> None:
    """Three texts of one day, counted over a restart; the reason is told."""
    for text in TEXTS:
        echo(both, text)
    hear(both, make_search(both), *TEXTS[:2], TEXTS[0])
    assert both.blocklist.snapshot().reason("slskd", "echo") is None
    hear(both, make_search(both), TEXTS[2])
    reason = both.blocklist.snapshot().reason("slskd", "echo")
    assert reason == (
        "echo is on the blocklist: "
        "answered 3 different searches of one day with nothing but their own words"
    )
    (event,) = both.events("peer.blocked")
    assert event.data["automatic"] is True
    both.clock.advance(7 * 86_400)
    assert both.blocklist.snapshot().reason("slskd", "echo") is None


def test_echoes_of_different_days_do_not_count_together(both: Bench) -> None:
    """And housekeeping forgets them."""
    for text in TEXTS:
        echo(both, text)
    search = make_search(both)
    hear(both, search, *TEXTS[:2])
    both.clock.advance(86_400)
    search.prune()
    hear(both, search, TEXTS[2])
    assert not both.blocklist.snapshot()


def test_whoever_has_something_of_their_own_is_cleared(both: Bench) -> None:
    """An honest peer with a huge share may have a file of any name."""
    for text in TEXTS:
        echo(both, text, peer="huge")
    share(both, "huge", "Music\\Cello Ghosts\\Undertow")
    share(both, "huge", "Music\\Marlow Finch - Harbour Lights")
    search = make_search(both)
    hear(both, search, TEXTS[1], TEXTS[0], TEXTS[2], TEXTS[1], TEXTS[0], TEXTS[2])
    assert not both.blocklist.snapshot()


def test_names_that_somebody_gave_are_no_echoes(both: Bench) -> None:
    """Singles in one folder, with a dash where the artist ends."""
    for artist, title in (("Cello Ghosts", "Undertow"), ("Ida Foss", "Weir"), ("Lund", "Anvil")):
        path = f"Music\\{artist} - {title}.mp3"
        both.source.share("anna", "Music", RawFile(path, path, 4_000_000, bitrate=320, seconds=9))
    hear(both, make_search(both), "cello ghosts undertow", "ida foss weir", "lund anvil")
    assert not both.blocklist.snapshot()


class Parrot(FakeSource):
    """A network in which one peer answers every text with a file of that name."""

    def search_raw(self, text: str, *, limits: SearchLimits) -> Sequence[RawFolder]:
        """What the others share, and the echo."""
        file = RawFile(f"Shared\\{text}.mp3", f"Shared\\{text}.mp3", 4_000_000, bitrate=320)
        return [*super().search_raw(text, limits=limits), RawFolder("echo", "Shared", (file,))]


def test_a_live_search_listens_for_echoes(both: Bench) -> None:
    """One question with several texts is enough; an honest peer beside it is offered."""
    both.source = Parrot(now=both.clock)
    search = make_search(both, UNDERTOW, search__rungs=4, search__dig=0)
    assert search.find(ASKED) == []
    assert len(both.source.searches) >= SEVERAL
    assert both.blocklist.snapshot().reason("slskd", "echo")
    share(both, "anna")
    both.clock.advance(86_400)
    assert peers(search) == ["anna"]
    assert both.blocklist.snapshot().reason("slskd", "anna") is None
