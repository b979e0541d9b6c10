"""Other recordings of the same songs: told by words, lengths, sizes, and by what peers agree on."""

from __future__ import annotations

from dataclasses import replace

import pytest

from soulspot_arr.rules.matching import LIKELY, SURE
from tests.soulspot_arr.rules.albums import (
    OK_COMPUTER,
    PATH,
    RADIOHEAD,
    Row,
    album,
    edition,
    judged,
    names,
    shared,
    songs,
    verdict,
)

# -- other recordings ------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "mark",
    ["Live", "Remixes", "Instrumental", "Karaoke", "Tribute", "Demos", "Acoustic", "Re-Recorded",
     "A Cappella", "Lullaby Renditions of OK Computer"],
)  # fmt: skip
@pytest.mark.parametrize("lengths", [True, False])
def test_a_folder_with_another_recording_is_refused(mark: str, *, lengths: bool) -> None:
    """Even when lengths agree: instrumentals are as long as the songs."""
    found = verdict(RADIOHEAD, shared(f"{PATH} ({mark})", OK_COMPUTER, lengths=lengths))
    assert not found.decision.accepted
    assert found.decision.identity <= 0.4
    assert any("another recording" in reason for reason in found.reasons)


@pytest.mark.parametrize("lengths", [True, False])
def test_titles_with_another_recording_are_refused(*, lengths: bool) -> None:
    """The folder says nothing, every title does."""
    rows = [(f"{title} (Instrumental)", seconds) for title, seconds in OK_COMPUTER]
    found = verdict(RADIOHEAD, shared(PATH, rows, lengths=lengths))
    assert not found.automatic
    assert found.decision.identity < SURE


@pytest.mark.parametrize(
    ("longer", "word"), [(25.0, "longer: a live"), (-25.0, "shorter: an edit")]
)
def test_other_lengths_are_another_recording(longer: float, word: str) -> None:
    """Equal titles, and no word that warns."""
    found = verdict(RADIOHEAD, shared(PATH, OK_COMPUTER, longer=longer))
    assert not found.decision.accepted
    assert "of 12 tracks have another length" in found.reasons[0]
    assert word in found.reasons[0]


@pytest.mark.parametrize(
    ("longer", "word"), [(41.0, "longer: a live"), (-41.0, "shorter: an edit")]
)
def test_a_few_other_lengths_are_told_one_by_one(longer: float, word: str) -> None:
    """ "2 of 12 tracks are 41 s longer: a live version?"."""
    rows = [(t, (s or 0) + (longer if n in (2, 5) else 0)) for n, (t, s) in enumerate(OK_COMPUTER)]
    found = verdict(RADIOHEAD, shared(PATH, rows))
    assert found.reasons == (
        f"2 of 12 tracks are 41 s {word}ed version?".replace("liveed", "live"),
    )
    assert not found.decision.rejections[0].permanent


def test_other_lengths_that_add_up_to_the_same() -> None:
    """Half of the tracks shorter, half of them longer."""
    rows = [(t, (s or 0) + (40 if n % 2 else -40)) for n, (t, s) in enumerate(OK_COMPUTER)]
    found = verdict(RADIOHEAD, shared(PATH, [(t, float(round(s))) for t, s in rows]))
    assert found.reasons[0].startswith("at least ")
    assert "the whole" not in found.reasons[0]


def test_what_speaks_against_names_is_said() -> None:
    """A live album without its word, without lengths, below a strange name."""
    wanted = album("The Who", "Live at Leeds", songs(3))
    found = verdict(wanted, shared(r"Music\Stuff\Leeds", songs(3), lengths=False))
    assert not found.decision.accepted
    assert found.reasons == (
        "no lengths to compare",
        'another name where the artist should be: "Stuff"',
        'another album: "Leeds"',
    )
    (lacking,) = judged(
        wanted, shared(r"Music\The Who\At Leeds", songs(3), lengths=False), minimum=0.99
    )
    assert "not called live as the album is" in lacking.reasons


def test_what_is_not_known_is_not_claimed() -> None:
    """Without lengths only the titles are said to agree."""
    found = verdict(RADIOHEAD, shared(PATH, OK_COMPUTER, lengths=False))
    assert found.reasons[0] == "12 of 12 tracks agree in title"


def test_nameless_files_agree_in_number() -> None:
    """What is said for them claims no titles."""
    found = verdict(RADIOHEAD, shared(PATH, OK_COMPUTER, "{n:02d}.flac"))
    assert found.reasons[0] == "12 of 12 tracks agree in number and length"


def test_lengths_that_differ_both_ways() -> None:
    """One longer, one shorter."""
    rows = [(t, (s or 0) + {2: 30.0, 5: -15.0}.get(n, 0.0)) for n, (t, s) in enumerate(OK_COMPUTER)]
    found = verdict(RADIOHEAD, shared(PATH, rows))
    assert found.reasons == ("2 of 12 tracks are 15 to 30 s longer or shorter: another recording?",)


def test_a_live_album_may_say_so_or_not() -> None:
    """Where the album is a live one, "(Live)" is nothing new, and nothing that has to be there."""
    rows = songs(9)
    wanted = album("The Who", "Live at Leeds", rows, styles=frozenset({"live"}))
    marked = [(f"{title} (Live)", seconds) for title, seconds in rows]
    assert verdict(wanted, shared(r"Music\The Who\Live at Leeds", marked)).automatic
    assert verdict(wanted, shared(r"Music\The Who\Live at Leeds (Live)", rows)).automatic
    assert verdict(wanted, shared(r"Music\The Who\At Leeds", rows)).decision.accepted


def test_a_bonus_disc_of_live_recordings_does_not_make_it_a_live_album() -> None:
    """The word stands behind some files as well, so it announces a bonus."""
    rows = [*OK_COMPUTER, *((f"{title} (Live)", 300.0) for title, _ in OK_COMPUTER[:4])]
    found = verdict(RADIOHEAD, shared(f"{PATH} (Bonus Live Tracks)", rows))
    assert found.decision.accepted
    assert len(names(found)) == 12


def test_somebodys_own_version_is_another_recording() -> None:
    """Recorded again, and nearly as long."""
    rows = [(f"{title} (Radiohead's Version)", seconds) for title, seconds in OK_COMPUTER]
    assert not verdict(RADIOHEAD, shared(PATH, rows)).automatic
    plain = verdict(RADIOHEAD, shared(f"{PATH} (Radiohead's Version)", OK_COMPUTER))
    assert not plain.decision.accepted


# -- without lengths -------------------------------------------------------------------------------


def test_without_lengths_nobody_is_sure_who_has_a_rival() -> None:
    """Two offers of equal names, and no telling which was played when."""
    one = shared(PATH, OK_COMPUTER, lengths=False)
    other = shared(PATH, OK_COMPUTER, lengths=False, peer="bob", size=1_000_000)
    found = judged(RADIOHEAD, one, other)
    assert [item.automatic for item in found] == [False, False]
    assert all(item.decision.identity >= LIKELY for item in found)


def test_who_tells_lengths_does_not_vouch_for_who_does_not() -> None:
    """Lengths are compared with lengths, sizes with sizes."""
    found = judged(
        RADIOHEAD, shared(PATH, OK_COMPUTER), shared(PATH, OK_COMPUTER, lengths=False, peer="bob")
    )
    assert [item.automatic for item in found] == [True, False]
    assert found[1].features is not None
    assert found[1].features.agreement == 0


def test_equal_sizes_vouch_for_each_other() -> None:
    """The same division of bytes at two peers is the same recording."""
    folders = [
        shared(PATH, OK_COMPUTER, lengths=False, peer=peer) for peer in ("ann", "bob", "eve")
    ]
    varied = [
        replace(
            folder,
            files=tuple(
                replace(file, size=20_000_000 + 900_000 * n) for n, file in enumerate(folder.files)
            ),
        )
        for folder in folders
    ]
    assert all(item.automatic for item in judged(RADIOHEAD, *varied))


def test_constant_rates_tell_the_length() -> None:
    """The size of an MP3 of 320 kbit/s is its length; a longer one is found out."""
    pattern = "{n:02d} - {title}.mp3"
    rows = [(title, float(round(seconds or 0))) for title, seconds in OK_COMPUTER]
    right = shared(PATH, rows, pattern, lengths=False)
    found = verdict(RADIOHEAD, right)
    assert found.automatic
    assert found.reasons[0] == "12 of 12 tracks agree in title and size"
    longer = [(t, (s or 0) + (60 if n % 2 else 0)) for n, (t, s) in enumerate(rows)]
    wrong = shared(PATH, longer, pattern, lengths=False)
    assert not verdict(RADIOHEAD, wrong).automatic


def test_the_catalogue_tells_the_rate_of_files_without_any_attribute() -> None:
    """Neither rate nor length: the track's length and the file's size make a rate."""
    folder = shared(PATH, OK_COMPUTER, "{n:02d} - {title}.mp3", lengths=False, bitrate=None)
    found = verdict(RADIOHEAD, folder)
    assert found.decision.accepted
    assert found.token == "MP3 320"


# -- where the catalogue is wrong ------------------------------------------------------------------


def wrong_length(longer: float) -> list[Row]:
    """The album with one track that is longer than the catalogue says."""
    return [(t, (s or 0) + (longer if n == 11 else 0)) for n, (t, s) in enumerate(OK_COMPUTER)]


def test_several_peers_outvote_the_catalogue() -> None:
    """All of them have a minute of silence behind the last song."""
    folders = [shared(PATH, wrong_length(60.0), peer=peer) for peer in ("ann", "bob", "eve")]
    found = judged(RADIOHEAD, *folders)
    assert all(item.automatic for item in found)
    assert '"The Tourist" is 384 s long at several peers, not 324' in found[0].reasons


def test_other_editions_are_not_touched_by_a_correction() -> None:
    """Only the list with that track changes."""
    wanted = replace(RADIOHEAD, editions=(*RADIOHEAD.editions, edition(songs(9), id="other")))
    folders = [shared(PATH, wrong_length(60.0), peer=peer) for peer in ("ann", "bob", "eve")]
    found = judged(wanted, *folders, shared(PATH, songs(9), peer="joe"))
    assert [item.automatic for item in found] == [True] * 4


@pytest.mark.parametrize(
    ("lengths", "accepted"),
    [
        ([60.0, 60.0], False),  # two are no crowd
        ([12.0, 12.0], True),  # for a few seconds they are
        ([60.0, 60.0, 60.0, 0.0, 0.0], False),  # the catalogue has witnesses of its own
        ([60.0, 20.0, 100.0], False),
    ],
)
def test_a_few_do_not(lengths: list[float], *, accepted: bool) -> None:
    """A correction needs a crowd."""
    folders = [shared(PATH, wrong_length(s), peer=f"p{n}") for n, s in enumerate(lengths)]
    assert judged(RADIOHEAD, *folders)[0].decision.accepted is accepted
