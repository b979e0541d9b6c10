"""What is written down about a request to a peer: once for each, and never two that read alike."""

from __future__ import annotations

from dataclasses import replace

from soulspot_arr.domain import FailureKind
from tests.soulspot_arr.workshop import Bench, offer


def told(bench: Bench) -> list[str]:
    """The sentences about requests, sorted: two requests may be under way at once."""
    return sorted(event.message for event in bench.events("download.dispatched"))


def test_an_album_in_one_folder_is_told_once(bench: Bench) -> None:
    """All its files, and no word of a disc."""
    bench.asked()
    assert told(bench) == ["Asked anna for 3 of 3 files."]


def test_each_disc_says_which_it_is(bench: Bench) -> None:
    """Two discs of the same size are two requests and two different sentences."""
    first, second = (
        offer("anna", "1.flac", "2.flac", folder=f"Music\\Cello\\Undertow\\CD{disc}", disc=disc)
        for disc in (1, 2)
    )
    bench.asked(replace(first, files=(*first.files, *second.files)))
    assert told(bench) == [
        "Asked anna for 2 of 4 files (disc 1).",
        "Asked anna for 2 of 4 files (disc 2).",
    ]


def test_what_was_not_accepted_is_not_hidden(bench: Bench) -> None:
    """A request that was taken only in part says so."""
    bench.source.refuse("anna", "Music\\Cello\\Undertow\\02.flac", kind=FailureKind.REJECTED)
    bench.asked(offer("anna", "01.flac", "02.flac", "03.flac"))
    assert told(bench) == ["Asked anna for 3 of 3 files; 2 accepted."]


def test_a_further_attempt_names_what_it_is_for(bench: Bench) -> None:
    """One file of the album is asked for again."""
    nzo_id = bench.asked()
    lost, *_ = bench.files(nzo_id)
    bench.source.fail(lost.remote_path, FailureKind.BROKEN)
    bench.look()
    bench.clock.advance(3600)
    bench.dispatcher.run()
    assert told(bench) == ["Asked anna for 1 of 3 files.", "Asked anna for 3 of 3 files."]
