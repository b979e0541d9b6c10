"""Who stands in for a lost file: the same track and nothing else, from whom it was not tried yet."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from soulspot_arr.domain import DownloadState, Offer, OfferFile
from soulspot_arr.rules.substitution import (
    Chances,
    Piece,
    Rotation,
    StandIns,
    further,
    match,
    mend,
)

D = DownloadState
NAMES = ("01 - Overture", "02 - Salt Road", "03 - Low Tide")


def file(name: str, seconds: int | None = None, size: int = 1000, disc: int = 0) -> OfferFile:
    """One file in somebody's folder."""
    return OfferFile(name, f"Music\\Album\\{name}", size, disc, seconds)


# -- the same track --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        (file("01 - Overture.flac", 200), file("01 - Overture.flac", 203), True),
        (file("01 - Overture.flac", 200), file("01 - Overture.flac", 204), False),
        (file("01 - Overture.flac", 200), file("01 - Overture.mp3", 200), False),
        (file("01 - Overture.flac", 200), file("1. overture.FLAC", 199), True),
        (file("01 - Overture.flac", 200), file("07 Overture.flac", 200), True),
        (file("01 - Overture.flac", 200), file("01 - Nadia Brandt - Overture.flac", 200), True),
        (file("01 - Overture.flac", 200), file("01 - Salt Road.flac", 200), False),
        (file("01 - Overture.flac", 200), file("02 - Salt Road.flac", 200), False),
        (file("01 - Overture.flac", 200), file("Overture.flac", 200), True),
        (file("01 - Overture.flac", 200), file("01.flac", 200), True),
        (file("01.flac", 200), file("02.flac", 200), False),
        (file("01 - Salt Road (Remastered).flac", 200), file("01 - Salt Road.flac", 201), True),
        (file("a.m4a", 200), file("a.m4b", 200), True),
        (file("01 - Overture.flac", 200, disc=1), file("01.flac", 200, disc=2), False),
        (file("01 - Overture.flac", 200, disc=0), file("01.flac", 200, disc=1), True),
        # lengths are not known: equal to the byte, and called alike
        (file("01 - Overture.flac"), file("01 - Overture.flac"), True),
        (file("01 - Overture.flac"), file("01 - Overture.flac", size=1001), False),
        (file("01 - Overture.flac", 200), file("01 - Overture.flac", size=1001), False),
        (file("01 - Overture.flac", 200), file("01.flac"), True),
        (file("01 - Overture.flac"), file("02 - Salt Road.flac"), False),
        (file("Overture.flac"), file("Salt Road.flac"), False),
        (file("Overture.flac", 0), file("Overture.flac", 0), True),
    ],
)  # fmt: skip
def test_the_same_track(one: OfferFile, other: OfferFile, same: bool) -> None:
    """Same codec, same length within three seconds, and no name that says otherwise."""
    assert match([one], [other]) == ({0: 0} if same else {})
    assert match([other], [one]) == ({0: 0} if same else {})


def test_tracks_of_one_length_are_told_apart_by_their_names() -> None:
    """Half of all tracks are as long as another one of their album."""
    album = [file(f"{name}.flac", 200) for name in NAMES]
    mixed = [file("03 Low Tide.flac", 200), file("01 Overture.flac", 200), file("02 x.flac", 200)]
    assert match(album, mixed) == {0: 1, 2: 0}


def test_names_that_say_nothing_are_matched_by_length_where_it_is_certain() -> None:
    """Two candidates of one length are one too many, on either side."""
    ours = [file("01.flac", 100), file("02.flac", 200), file("03.flac", 300)]
    theirs = [file("Piste.flac", 300), file("Autre.flac", 201), file("Encore.flac", 202)]
    assert match(ours, theirs) == {2: 0}
    assert match([file("01.flac", 200), file("02.flac", 202)], [file("Autre.flac", 201)]) == {}


albums = st.lists(
    st.builds(
        file,
        st.sampled_from(["01 - A.flac", "02 - A.flac", "A.flac", "B.mp3", "03.flac", "B.flac"]),
        st.one_of(st.none(), st.integers(0, 8)),
        st.integers(1, 2),
        st.integers(0, 2),
    ),
    max_size=6,
)


@given(albums, albums)
def test_a_match_is_one_to_one_and_within_three_seconds(
    ours: list[OfferFile], theirs: list[OfferFile]
) -> None:
    """Whatever the folders look like."""
    found = match(ours, theirs)
    assert len(set(found.values())) == len(found)
    for at, there in found.items():
        one, other = ours[at], theirs[there]
        assert one.path.rpartition(".")[2] == other.path.rpartition(".")[2]
        if one.seconds and other.seconds:
            assert abs(one.seconds - other.seconds) <= 3
        else:
            assert one.size == other.size


# -- what to do ------------------------------------------------------------------------------------


def offer(peer: str, *lengths: int) -> Offer:
    """The album as one peer has it."""
    return Offer(
        "slskd", peer, tuple(file(f"{n}.flac", s) for n, s in zip(NAMES, lengths, strict=True))
    )


ANNA, BEN, CARL = (offer(peer, 100, 200, 300) for peer in ("anna", "ben", "carl"))
OTHER = offer("ben", 100, 250, 300)


def pieces(*states: D, failure: str = "rejected", of: Offer = ANNA) -> list[Piece]:
    """The files of an offer in these states."""
    return [
        Piece(item, of.source, of.peer, state, failure if state is D.FAILED else None)
        for item, state in zip(of.files, states, strict=True)
    ]


def senders(found: object) -> dict[int, str]:
    """Who stands in for which file."""
    assert isinstance(found, StandIns)
    return {at: other.peer for at, (other, _) in found.files.items()}


def test_a_single_file_is_replaced_while_anything_of_the_offer_is_left() -> None:
    """The first other peer that has it is asked."""
    found = mend(pieces(D.COMPLETED, D.FAILED, D.QUEUED), Chances([ANNA, BEN, CARL], 0))
    assert senders(found) == {1: "ben"}
    assert found.whole  # type: ignore[union-attr]


def test_several_files_come_from_as_few_peers_as_possible() -> None:
    """Carl has both, Ben only one of them."""
    states = (D.FAILED, D.FAILED, D.COMPLETED)
    found = mend(pieces(*states), Chances([ANNA, OTHER, CARL], 0))
    assert senders(found) == {0: "carl", 1: "carl"}


def test_when_nothing_is_left_the_next_offer_takes_over_whole() -> None:
    """One change instead of many."""
    assert mend(pieces(D.FAILED, D.FAILED, D.FAILED), Chances([ANNA, BEN], 0)) == Rotation(1, {})


def test_what_nobody_can_replace_brings_the_next_offer_and_keeps_what_fits() -> None:
    """Ben's second track is another recording, the others are the same."""
    states = (D.COMPLETED, D.FAILED, D.DOWNLOADING)
    assert mend(pieces(*states), Chances([ANNA, OTHER], 0)) == Rotation(1, {0: 0})


def test_what_was_tried_in_vain_is_not_tried_again() -> None:
    """Neither as a single file nor as a part of an offer."""
    tried = ("slskd", "ben", BEN.files[1].path)
    chances = Chances([ANNA, BEN], 0, failed={tried})
    assert mend(pieces(D.COMPLETED, D.FAILED, D.QUEUED), chances) is None
    assert mend(pieces(D.FAILED, D.FAILED, D.FAILED), chances) == StandIns(
        {0: (BEN, BEN.files[0]), 2: (BEN, BEN.files[2])}, whole=False
    )


def test_peers_that_failed_as_such_are_left_out_entirely() -> None:
    """Whoever is gone has no other file either."""
    chances = Chances([ANNA, BEN, CARL], 0, avoided={("slskd", "ben")})
    assert senders(mend(pieces(D.COMPLETED, D.FAILED, D.QUEUED), chances)) == {1: "carl"}
    assert mend(pieces(D.FAILED, D.FAILED, D.FAILED), chances) == Rotation(2, {})


def test_the_blocklist_is_asked_about_every_file() -> None:
    """Source, peer and path."""

    def blocked(source: str, peer: str, path: str) -> bool:
        return (source, peer) == ("slskd", "ben") and path.endswith("02 - Salt Road.flac")

    chances = Chances([ANNA, BEN, CARL], 0, blocked=blocked)
    assert senders(mend(pieces(D.FAILED, D.FAILED, D.QUEUED), chances)) == {0: "carl", 1: "carl"}
    assert mend(pieces(D.FAILED, D.FAILED, D.FAILED), chances) == Rotation(2, {})


@pytest.mark.parametrize(
    ("failure", "moved"),
    [
        ("corrupt", {1, 2}),
        ("file_not_found", {1, 2}),
        ("user_blocked", {1, 2}),
        ("peer_exhausted", {1, 2}),
        ("peer_offline", {1, 2}),
        ("rejected", {1}),
        ("broken", {1}),
        ("cancelled_at_source", {1}),
    ],
)
def test_whom_siblings_leave_with_a_lost_file(failure: str, moved: set[int]) -> None:
    """Those nobody was asked for yet leave a peer that speaks against itself."""
    states = (D.COMPLETED, D.FAILED, D.WAITING)
    found = mend(pieces(*states, failure=failure), Chances([ANNA, BEN], 0))
    assert set(senders(found)) == moved


@pytest.mark.parametrize(
    ("failure", "moved"),
    [("peer_offline", {1, 2}), ("network", {1, 2}), ("peer_busy", {1}), ("corrupt", {1})],
)
def test_who_is_not_there_serves_no_queue(failure: str, moved: set[int]) -> None:
    """What stands in the queue of a peer that has vanished comes from elsewhere as well."""
    states = (D.COMPLETED, D.FAILED, D.QUEUED)
    found = mend(pieces(*states, failure=failure), Chances([ANNA, BEN], 0))
    assert set(senders(found)) == moved


def test_siblings_stay_when_nobody_else_has_them() -> None:
    """They are no reason against the stand-in of the lost file."""
    only = replace(BEN, files=BEN.files[:2])
    states = (D.COMPLETED, D.FAILED, D.WAITING)
    found = mend(pieces(*states, failure="corrupt"), Chances([ANNA, only], 0))
    assert senders(found) == {1: "ben"}


def test_settings_turn_the_ways_off() -> None:
    """Not one by one; and nothing is kept where the files must lie together."""
    states = pieces(D.COMPLETED, D.FAILED, D.QUEUED)
    assert mend(states, Chances([ANNA, BEN], 0, single=False)) == Rotation(1, {0: 0})
    assert mend(states, Chances([ANNA, BEN], 0, single=False, mixed=False)) == Rotation(1, {})


def test_offers_are_used_up() -> None:
    """The present one is the last, unless an earlier one was left before it was tried."""
    lost = pieces(D.FAILED, D.FAILED, D.FAILED, of=BEN)
    assert mend(pieces(D.FAILED, D.FAILED, D.FAILED), Chances([ANNA], 0)) is None
    assert mend(lost, Chances([ANNA, BEN], 1)) == Rotation(0)
    assert mend(lost, Chances([ANNA, BEN], 1, single=False)) == Rotation(0)
    tried = {("slskd", "anna", ANNA.files[0].path)}
    assert mend(lost, Chances([ANNA, BEN], 1, failed=tried, single=False)) is None


@given(
    st.lists(st.sampled_from(DownloadState), min_size=3, max_size=3),
    st.sampled_from(["rejected", "corrupt", "peer_offline"]),
    st.sets(st.tuples(st.sampled_from(["anna", "ben", "carl"]), st.integers(0, 2))),
    st.sets(st.sampled_from(["anna", "ben", "carl"])),
    st.integers(0, 2),
)
def test_whatever_happens_nobody_is_asked_in_vain(
    states: list[DownloadState],
    failure: str,
    failed: set[tuple[str, int]],
    avoided: set[str],
    index: int,
) -> None:
    """Only usable places, another offer, and never the place that a file has already."""
    offers = [ANNA, BEN, CARL]
    chances = Chances(
        offers,
        index,
        failed={("slskd", peer, ANNA.files[at].path) for peer, at in failed},
        avoided={("slskd", peer) for peer in avoided},
    )
    mine = pieces(*states, failure=failure, of=offers[index])
    found = mend(mine, chances)
    if isinstance(found, Rotation):
        assert found.index != index
        taker = offers[found.index]
        asked = [item for at, item in enumerate(taker.files) if at not in found.kept]
        assert all(chances.usable(taker, item) for item in asked)
        assert all(mine[at].state is D.COMPLETED for at in found.kept.values())
    elif found is not None:
        places = {(other.source, other.peer, item.path) for other, item in found.files.values()}
        assert len(places) == len(found.files)
        assert not places & {piece.place for piece in mine}
        assert all(chances.usable(other, item) for other, item in found.files.values())
        unbegun = (D.WAITING, D.QUEUED)
        assert all(mine[at].lost or mine[at].state in unbegun for at in found.files)


# -- after one more search -------------------------------------------------------------------------


def test_only_offers_that_help_are_taken_over() -> None:
    """Other peers, with the lost track, or with as many files; those that fill the gap first."""
    states = pieces(D.COMPLETED, D.FAILED, D.COMPLETED)
    short = offer("dora", 100, 250, 300)
    single = replace(short, peer="emil", files=short.files[:2])
    found = [ANNA, short, single, CARL, CARL]
    assert further(states, found, Chances([ANNA, BEN], 0), most=3) == (CARL, short)
    assert further(states, found, Chances([ANNA, BEN], 0), most=1) == (CARL,)
    assert further(states, found, Chances([ANNA, BEN], 0, avoided={("slskd", "carl")}), most=3) == (
        short,
    )
    assert further(states, found, Chances([ANNA, BEN], 0, single=False), most=3) == (short, CARL)
