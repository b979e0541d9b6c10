"""Which of several shares are shown: beside each other, in which order, with which alternates."""

from __future__ import annotations

import random
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from soulspot_arr.domain import Decision, Query, RawFile, RawFolder, Rejection
from soulspot_arr.rules.matching import Judged, appraise, group, rank, select, usual_count
from soulspot_arr.rules.quality import token
from tests.soulspot_arr.rules.shares import RADIOHEAD, file, folder


def share(
    peer: str,
    count: int,
    path: str = r"Music\Radiohead\OK Computer",
    *,
    ext: str = "flac",
    free_slot: bool = False,
) -> RawFolder:
    """One peer's copy of the album with so many files."""
    return folder(path, count, peer=peer, ext=ext, free_slot=free_slot)


def test_half_an_album_is_refused_when_others_have_it_whole() -> None:
    """Only the others can tell that track 5 is not the end."""
    judged = appraise(
        RADIOHEAD, group([share("a", 12), share("b", 12), share("c", 5), share("d", 1)])
    )
    assert usual_count(judged) == 12
    assert [item.decision.accepted for item in judged] == [True, True, False, False]
    assert judged[3].decision.rejections == (
        Rejection("only 1 of the 12 files that others have", permanent=False),
    )


@pytest.mark.parametrize(
    ("usual", "count", "accepted"),
    [(12, 12, True), (12, 9, True), (12, 8, False), (12, 7, False), (10, 7, True), (10, 6, False),
     (3, 3, True), (3, 2, False), (2, 1, False)],
)  # fmt: skip
def test_less_than_seven_tenths_is_no_edition(usual: int, count: int, accepted: bool) -> None:
    """Two agreeing peers are enough to tell, and the reason names both numbers."""
    judged = appraise(RADIOHEAD, group([share("a", usual), share("b", usual), share("c", count)]))
    assert judged[2].decision.accepted is accepted
    if not accepted:
        said = f"only {count} of the {usual} files that others have"
        assert [reason.reason for reason in judged[2].decision.rejections] == [said]


@settings(deadline=None)
@given(st.lists(st.integers(1, 14), min_size=1, max_size=7), st.randoms(use_true_random=False))
def test_what_most_peers_have_comes_first(counts: list[int], chance: random.Random) -> None:
    """Whatever else is shared: no folder below seven tenths, and the agreed ones lead the sure."""
    folders = [
        share(f"peer{n}", count, free_slot=chance.random() < 0.5) for n, count in enumerate(counts)
    ]
    judged = appraise(RADIOHEAD, group(folders))
    usual = usual_count(judged)
    shown = [choice.main for choice in select(judged, per_quality=30)]
    if usual is None:
        assert len(shown) == len(counts)
        return
    found = [len(item.candidate.files) for item in shown]
    assert min(found) * 10 >= usual * 7
    agreed = counts.count(usual)
    assert found[:agreed] == [usual] * agreed
    assert [item.usual for item in shown] == [count == usual for count in found]


def test_the_usual_number_of_files_ranks_before_quality_and_speed() -> None:
    """A bonus track more is sure as well, but it is not what the others have."""
    more = share("a", 13, free_slot=True)
    mp3 = [share(peer, 12, ext="mp3") for peer in ("b", "c")]
    shown = [choice.main for choice in select(appraise(RADIOHEAD, group([more, *mp3])))]
    assert [item.candidate.peer for item in shown] == ["b", "c", "a"]


@pytest.mark.parametrize(("count", "identity"), [(11, 0.88), (12, 1.0), (13, 0.96)])
def test_another_number_of_files_makes_less_sure(count: int, identity: float) -> None:
    """A last track too few shows in no numbering, only beside the others."""
    others = [share(peer, 12) for peer in ("a", "b", "c")]
    judged = appraise(RADIOHEAD, group([*others, share("d", count)]))
    assert judged[3].decision.accepted
    assert judged[3].decision.identity == identity


def test_a_single_among_singles_is_allowed() -> None:
    """Nothing says that one file is too few when that is what there is."""
    judged = appraise(RADIOHEAD, group([share("a", 1), share("b", 1)]))
    assert all(item.decision.accepted for item in judged)


def test_one_voice_is_no_majority() -> None:
    """A lone larger copy may be another edition."""
    judged = appraise(RADIOHEAD, group([share("a", 24), share("b", 10)]))
    assert usual_count(judged) is None
    assert all(item.decision.accepted for item in judged)


def item(peer: str, identity: float, quality: int, utility: float) -> Judged:
    """A judged candidate with chosen numbers."""
    (candidate,) = group([share(peer, 2)])
    return Judged(candidate, Decision(identity, quality, utility), "Radiohead", "OK Computer", None)


def test_rank_never_blends_the_numbers() -> None:
    """A sure slow MP3 beats a doubtful fast FLAC; within a band quality, then utility, decide."""
    sure_slow = item("a", 0.95, 60, 0.1)
    sure_fast = item("b", 0.91, 60, 0.9)
    sure_flac = item("c", 0.92, 90, 0.0)
    doubtful = item("d", 0.65, 99, 1.0)
    likely = item("e", 0.8, 10, 0.5)
    ordered = rank([doubtful, sure_slow, likely, sure_fast, sure_flac])
    assert ordered == (sure_flac, sure_fast, sure_slow, likely, doubtful)


@settings(deadline=None)
@given(
    st.lists(
        st.tuples(
            st.sampled_from("abcd"),
            st.sampled_from([0.61, 0.8, 0.9, 1.0]),
            st.integers(0, 3),
            st.sampled_from([0.0, 0.5]),
        ),
        max_size=8,
        unique=True,
    ),
    st.randoms(use_true_random=False),
)
def test_rank_is_total(rows: list[tuple[str, float, int, float]], chance: random.Random) -> None:
    """However the items come in, they go out the same."""
    items = [item(*row) for row in rows]
    shuffled = list(items)
    chance.shuffle(shuffled)
    assert rank(shuffled) == rank(items)


def test_select_offers_several_qualities_and_several_of_each() -> None:
    """Best first; Lidarr's profile decides which quality it wants."""
    folders = [
        share(f"{ext}{n}", 3, ext=ext, free_slot=n == 1)
        for ext in ("mp3", "flac")
        for n in range(4)
    ]
    chosen = select(appraise(RADIOHEAD, group(folders)), per_quality=2, limit=99)
    assert [choice.main.token for choice in chosen] == ["FLAC", "FLAC", "MP3 320", "MP3 320"]
    assert chosen[0].main.candidate.peer == "flac1"


def test_limit_keeps_the_best_of_every_quality() -> None:
    """A cut answer still holds one of each."""
    folders = [share(f"{ext}{n}", 3, ext=ext) for ext in ("mp3", "flac") for n in range(4)]
    chosen = select(appraise(RADIOHEAD, group(folders)), per_quality=3, limit=2)
    assert [choice.main.token for choice in chosen] == ["FLAC", "MP3 320"]


def test_albums_of_an_artist_do_not_push_each_other_out() -> None:
    """An artist search counts each album by itself."""
    folders = [
        folder(rf"Music\Radiohead\{album}", 3, peer=f"{album}{n}")
        for album in ("Kid A", "Amnesiac")
        for n in range(3)
    ]
    chosen = select(appraise(Query("Radiohead"), group(folders)), per_quality=1, limit=99)
    assert {choice.main.album for choice in chosen} == {"Kid A", "Amnesiac"}


def test_alternates_are_the_same_from_other_peers() -> None:
    """Same quality, same number of files, similar size, never the same peer twice."""
    other_size = share("big", 3)
    other_size = replace(
        other_size, files=tuple(replace(f, size=f.size * 2) for f in other_size.files)
    )
    folders = [
        share("main", 3, free_slot=True),
        share("main", 3, r"Backup\Radiohead\OK Computer"),
        share("b", 3),
        share("c", 3),
        share("d", 3),
        share("e", 3),
        share("more", 4),
        share("mp3", 3, ext="mp3"),
        other_size,
    ]
    chosen = select(appraise(RADIOHEAD, group(folders)), per_quality=1, limit=99, alternates=3)
    main = next(choice for choice in chosen if choice.main.token == "FLAC")
    assert main.main.candidate.peer == "main"
    assert [other.candidate.peer for other in main.alternates] == ["b", "c", "d"]


def test_no_alternates_when_turned_off() -> None:
    """Zero means zero."""
    judged = appraise(RADIOHEAD, group([share("a", 3), share("b", 3)]))
    assert [choice.alternates for choice in select(judged, alternates=0)] == [(), ()]


def test_refused_candidates_are_not_selected() -> None:
    """Only what was accepted is shown or kept in reserve."""
    judged = appraise(RADIOHEAD, group([share("a", 3), share("b", 3, r"Music\Radiohead\Kid A")]))
    (choice,) = select(judged)
    assert (choice.main.candidate.peer, choice.alternates) == ("a", ())


def test_every_selected_quality_has_a_token() -> None:
    """Whatever is shown can be named to Lidarr."""
    raw = RawFolder("a", "x", (file(r"Music\Radiohead\OK Computer\01.mp3", bitrate=224),))
    assert select(appraise(RADIOHEAD, group([raw]))) == ()
    (choice,) = select(appraise(RADIOHEAD, group([share("a", 2)])))
    assert choice.main.candidate.quality is not None
    assert choice.main.token == token(choice.main.candidate.quality)


# -- anything at all -------------------------------------------------------------------------------

PIECES = st.lists(
    st.sampled_from(
        ["\\", "/", "CD1", "Disc 2", "Radiohead", "OK Computer", " - ", "(1997)", "[FLAC]", "..", "01",
         "\ud800", "\0", "\u202e", "é", "日本", "feat. ", "!!!", ".", " ", "1-01", "A1", "Side A", "VA"]
    )
    | st.text(st.characters(), max_size=10),
    max_size=10,
).map("".join)  # fmt: skip


@settings(deadline=None)
@given(
    st.lists(
        st.tuples(st.sampled_from("ab"), PIECES, st.sampled_from(["flac", "mp3", "cue"])),
        max_size=6,
    ),
    st.tuples(PIECES, PIECES, PIECES),
)
def test_nothing_is_ever_raised(
    rows: list[tuple[str, str, str]], asked: tuple[str, str, str]
) -> None:
    """Any text in any place gives a verdict, and what is chosen is complete."""
    folders = [
        RawFolder(peer, path, (RawFile("id", f"{path}.{ext}", 5, seconds=1),))
        for peer, path, ext in rows
    ]
    candidates = group(folders)
    for query in (Query(asked[0], asked[1]), Query(asked[0]), Query(term=asked[2])):
        for choice in select(appraise(query, candidates)):
            assert choice.main.artist is not None
            assert choice.main.album is not None
            assert 0 <= choice.main.decision.identity <= 1
