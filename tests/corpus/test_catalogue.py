"""The parser of the album texts, and the texts themselves."""

from __future__ import annotations

import unicodedata
from collections import Counter

import pytest

from tests.corpus.catalogue import (
    ALBUMS,
    STRATA,
    BadAlbum,
    Target,
    is_frozen,
    parse,
    read,
    stratum_of,
    targets,
)

ALBUM = """
# a comment
@ Radiohead | OK Computer | 1997 | album | | aliases=On a Friday, r/head; titles=OKC
Airbag | 4:44
#1 Song | 1:02:03
[untitled] | 0:07
* Collector's edition | GB | 2009
[disc 2: More]
+ Pearly* | 3:33
- #1 Song
~ Airbag | 4:46
* another mix | US | 2017
~ Airbag | 5:30
+ Pearly* | 3:34
"""


def only(text: str) -> Target:
    """The one target of a text."""
    found = parse(text, stratum="mainstream", name="x.txt")
    assert len(found) == 1
    return found[0]


def test_an_album_is_read_with_everything_lidarr_would_know() -> None:
    """Names, aliases, lengths; titles that look like commands are still titles."""
    target = only(ALBUM)
    wanted = target.wanted
    assert target.id == "mainstream/Radiohead/OK Computer"
    assert (wanted.artist, wanted.album, wanted.year, wanted.kind) == (
        "Radiohead",
        "OK Computer",
        1997,
        "album",
    )
    assert wanted.aliases == ("On a Friday", "r/head")
    assert wanted.titles == ("OKC",)
    assert [track.title for track in target.first.tracks] == ["Airbag", "#1 Song", "[untitled]"]
    assert [round(track.seconds or 0) for track in target.first.tracks] == [284, 3723, 7]


def test_further_editions_are_copies_with_changes() -> None:
    """Appended, taken away, and made longer; numbers count anew on each disc."""
    _, second, third = only(ALBUM).wanted.editions
    assert [(track.title, track.disc, track.number) for track in second.tracks] == [
        ("Airbag", 1, 1),
        ("[untitled]", 1, 2),
        ("Pearly*", 2, 1),
    ]
    assert second.disambiguation == "Collector's edition"
    assert (second.country, second.year, second.discs) == ("GB", 2009, 2)
    assert [track.disc for track in third.tracks] == [1, 1, 1, 1]


def test_recordings_are_shared_where_they_are_the_same() -> None:
    """A bonus track on two editions and a master of nearly equal length are one recording."""
    first, second, third = only(ALBUM).wanted.editions
    assert first.tracks[0].recording_id == second.tracks[0].recording_id
    assert first.tracks[0].recording_id != third.tracks[0].recording_id
    assert second.tracks[-1].recording_id == third.tracks[-1].recording_id


def test_equal_titles_on_one_edition_are_two_recordings() -> None:
    """As on albums whose songs have no names."""
    first = only("@ A | B | 2000 | album\nUntitled | 3:00\nUntitled | 3:00").first
    assert len({track.recording_id for track in first.tracks}) == 2


def test_track_artists_and_discs_with_names() -> None:
    """Compilations name the artist of every track."""
    target = only("@ V | B | | album | compilation\n[disc 1: Day]\nABBA // S.O.S. | 3:20")
    track = target.first.tracks[0]
    assert (track.artist, track.title, target.discs) == ("ABBA", "S.O.S.", ("Day",))
    assert target.wanted.styles == {"compilation"}


def test_ids_depend_on_nothing_but_the_text() -> None:
    """The same text is the same target on every machine."""
    assert only(ALBUM) == only(ALBUM)
    # Computed once: a change would move targets between the tuning and the frozen part.
    assert is_frozen("mainstream/Radiohead/OK Computer") is False
    assert is_frozen("mainstream/Radiohead/The Bends") is True


def test_exactly_one_edition_is_monitored() -> None:
    """As in Lidarr."""
    assert all(
        sum(edition.monitored for edition in target.wanted.editions) == 1 for target in targets()
    )


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("Airbag | 4:44", "x.txt:1: a track before the first album"),
        ("@ A | B", "x.txt:1: expected artist"),
        ("@ A | | 2000 | album", "x.txt:1: artist or album is missing"),
        ("@ A | B | 2000 | book\nC | 1:00", "x.txt:1: kind 'book'"),
        ("@ A | B | 2000 | album | loud\nC | 1:00", r"x.txt:1: styles \['loud'\]"),
        ("@ A | B | 1887 | album\nC | 1:00", "x.txt:1: '1887' is not a year"),
        ("@ A | B | 2000 | album | | colour=red\nC | 1:00", "x.txt:1: 'colour=red'"),
        ("@ A | B | 2000 | album\nC | 4:4", "x.txt:2: expected Title"),
        ("@ A | B | 2000 | album\nC | 4:61", "x.txt:2: expected Title"),
        ("@ A | B | 2000 | album\nC | 0:00", "x.txt:2: expected Title"),
        ("@ A | B | 2000 | album\nC", "x.txt:2: expected Title"),
        ("@ A | B | 2000 | album\n* later", "x.txt:2: an edition before"),
        (
            "@ A | B | 2000 | album\nC | 1:00\n* d | US | 2001\nE | 1:00",
            "x.txt:4: below an edition",
        ),
        ("@ A | B | 2000 | album\nC | 1:00\n* d | US | 2001\n- E", "x.txt:4: this edition has no"),
        ("@ A | B | 2000 | album\nC | 1:00\n* d | US | 2001 | x", "x.txt:3: expected"),
        ("@ A | B | 2000 | album", "x.txt:1: an album without tracks"),
        ("@ A | Cafe\u0301 | 2000 | album\nC | 1:00", "x.txt:1: not in Unicode form NFC"),
    ],
)
def test_what_cannot_be_read_names_file_and_line(text: str, complaint: str) -> None:
    """An engineer who writes albums finds the place at once."""
    with pytest.raises(BadAlbum, match=complaint):
        parse(text, stratum="mainstream", name="x.txt")


def test_the_name_of_a_file_tells_its_stratum() -> None:
    """Anything else is a slip."""
    assert stratum_of(ALBUMS / "various-2.txt") == "various"
    with pytest.raises(BadAlbum, match="none of the strata"):
        stratum_of(ALBUMS / "variety.txt")


def test_every_text_parses_and_no_id_stands_twice() -> None:
    """What is dropped silently would not be tested."""
    every = Counter(target.id for target in read(sorted(ALBUMS.glob("*.txt"))))
    assert [name for name, count in every.items() if count > 1] == []


def test_there_are_enough_targets_in_every_stratum() -> None:
    """At least 800 in all; the strata are large enough to say something about each."""
    sizes = Counter(target.stratum for target in targets())
    assert sum(sizes.values()) >= 800
    assert {name: sizes[name] for name in STRATA if sizes[name] < 30} == {}
    assert sizes["mainstream"] >= 200
    assert sizes["hardcases"] >= 30


def test_a_fifth_is_frozen() -> None:
    """By hashing, so only about."""
    every = targets()
    assert 0.15 < sum(target.frozen for target in every) / len(every) < 0.25


def test_lengths_years_and_counts_are_sane() -> None:
    """Typos in the texts show as songs of one second and albums of the wrong century."""
    odd = [
        f"{target.source}: {track.title} {track.seconds:.0f}"
        for target in targets()
        for edition in target.wanted.editions
        for track in edition.tracks
        if track.seconds is None or not 2 <= track.seconds <= 80 * 60
    ]
    assert odd == []
    for target in targets():
        for edition in target.wanted.editions:
            assert 1 <= len(edition.tracks) <= 200, target.source
            assert edition.year is None or 1920 <= edition.year <= 2030, target.source
        ids = [edition.id for edition in target.wanted.editions]
        assert len(set(ids)) == len(ids), f"{target.source}: two editions of one name"


def test_texts_are_composed_unicode() -> None:
    """MusicBrainz delivers NFC."""
    assert all(
        unicodedata.is_normalized("NFC", track.title)
        for target in targets()
        for track in target.first.tracks
    )


def test_any_edition_will_do_for_four_of_five() -> None:
    """As the flag stands in most libraries."""
    every = targets()
    assert 0.74 < sum(target.wanted.any_edition for target in every) / len(every) < 0.86
