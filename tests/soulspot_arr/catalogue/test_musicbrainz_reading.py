"""The dictionaries of musicbrainzngs as values, odd ones included."""

from __future__ import annotations

from typing import Any

import pytest

from soulspot_arr.catalogue import musicbrainz_reading as reading
from soulspot_arr.wanted import Edition, WantedTrack


def credit(*names: str, **aliases: list[dict[str, str]]) -> list[object]:
    """An artist credit as the library makes it: artists with join phrases between them."""
    parts: list[object] = []
    for name in names:
        artist = {"id": f"id-{name}", "name": name, "alias-list": aliases.get(name, [])}
        parts += [{"artist": artist}, " & "]
    return parts[:-1]


def group(**changes: object) -> dict[str, Any]:
    """A release group of a search."""
    found: dict[str, Any] = {
        "id": "group",
        "title": "Lovesexy",
        "first-release-date": "1988-05-10",
        "primary-type": "Album",
        "artist-credit": credit("Prince"),
        "artist-credit-phrase": "Prince",
    }
    return found | changes


def test_an_album_counts_under_each_of_its_artists() -> None:
    """And under their names together."""
    both = group(
        **{
            "artist-credit": credit("Prince", "The Revolution"),
            "artist-credit-phrase": "Prince & The Revolution",
        }
    )
    found = reading.candidates({"release-group-list": [both]})
    assert [album.artist for album in found] == [
        "Prince",
        "The Revolution",
        "Prince & The Revolution",
    ]
    assert {album.id for album in found} == {"group"}


def test_aliases_but_no_legal_names() -> None:
    """People do not name folders after passports."""
    aliases = [
        {"alias": "TAFKAP", "type": "Artist name"},
        {"alias": "Prince Rogers Nelson", "type": "Legal name"},
        {"alias": "tafkap"},
        {"alias": "Prinze", "type": "Search hint"},
        {"alias": ""},
    ]
    answer = {"release-group-list": [group(**{"artist-credit": credit("Prince", Prince=aliases)})]}
    (found,) = reading.candidates(answer)
    assert found.aliases == ("TAFKAP", "Prinze")


def test_the_head_of_an_album() -> None:
    """Types in small letters, the id of its first artist."""
    row = group(disambiguation="a note", **{"secondary-type-list": ["Live", None, "Remix"]})
    (chosen,) = reading.candidates({"release-group-list": [row]})
    found = reading.album(chosen)
    assert (found.artist, found.album, found.year) == ("Prince", "Lovesexy", 1988)
    assert (found.artist_id, found.album_id) == ("id-Prince", "group")
    assert (found.kind, found.styles) == ("album", frozenset({"live", "remix"}))
    assert found.disambiguation == "a note"
    assert (found.editions, found.any_edition) == ((), True)


@pytest.mark.parametrize(
    "answer",
    [
        {},
        {"release-group-list": None},
        {"release-group-list": [None, 5, {}]},
        {"release-group-list": [group(title=None)]},
        {"release-group-list": [group(id=5)]},
        {"release-group-list": [group(**{"artist-credit": "Prince"})]},
        {"release-group-list": [group(**{"artist-credit": [{"artist": 5}]})]},
    ],
)
def test_what_has_no_names_is_no_candidate(answer: dict[str, object]) -> None:
    """Odd shapes are passed over."""
    assert reading.candidates(answer) == []


def track(title: str = "Song", **changes: object) -> dict[str, Any]:
    """A track of a medium."""
    found: dict[str, Any] = {
        "id": "track",
        "position": "1",
        "number": "A1",
        "recording": {"id": "recording", "title": title},
        "track_or_recording_length": "200500",
        "artist-credit-phrase": "Prince",
    }
    return found | changes


def release(*media: object, **changes: object) -> dict[str, Any]:
    """A release of a browse."""
    found: dict[str, Any] = {
        "id": "release",
        "title": "Lovesexy",
        "status": "Official",
        "date": "1988-05",
        "country": "US",
        "artist-credit-phrase": "Prince",
        "medium-list": list(media),
    }
    return found | changes


def medium(*tracks: object, **changes: object) -> dict[str, Any]:
    """A disc of a release."""
    return {"position": "1", "format": "CD", "track-list": list(tracks)} | changes


def test_an_edition() -> None:
    """A track is called as on its medium, and names an artist only when he is another one."""
    found = reading.edition(
        release(
            medium(track(), track(title="Other", position="2", **{"artist-credit-phrase": "X"})),
            medium(track(**{"track_or_recording_length": "0"}), position="2"),
            disambiguation="reissue",
            **{
                "label-info-list": [
                    {"label": {"id": "l", "name": "Paisley Park"}, "catalog-number": "1"},
                    {"label": {"id": "l", "name": "Paisley Park"}, "catalog-number": "2"},
                    {"catalog-number": "3"},
                    {"label": {"name": "Warner Bros."}},
                    None,
                ]
            },
        )
    )
    assert found == Edition(
        id="release",
        title="Lovesexy",
        tracks=(
            WantedTrack("Song", 1, 1, 200.5, "", "recording", "track"),
            WantedTrack("Other", 1, 2, 200.5, "X", "recording", "track"),
            WantedTrack("Song", 2, 1, None, "", "recording", "track"),
        ),
        disambiguation="reissue",
        country="US",
        year=1988,
        media=("CD", "CD"),
        labels=("Paisley Park", "Warner Bros."),
    )


@pytest.mark.parametrize(
    "odd",
    [
        release(),
        release(medium()),
        release(None, "x", medium(None, 5)),
        release(medium(track("[data track]"))),
        release(medium(track(), format="DVD-Video")),
        release(medium(track(), format="Blu-ray")),
        release(**{"medium-list": {"a": 1}}),
        {},
    ],
)
def test_a_release_without_music_is_no_edition(odd: dict[str, Any]) -> None:
    """As in Lidarr's library: films and data are no tracks."""
    assert reading.edition(odd) is None


def test_media_without_sound_leave_the_others_their_numbers() -> None:
    """The third disc stays the third; formats are those of the media that have tracks."""
    found = reading.edition(
        release(
            medium(track()),
            medium(track(), position="2", format="DVD"),
            medium(track(), position=None, format=None),
            medium(track("[data track]"), position="4"),
        )
    )
    assert found is not None
    assert [one.disc for one in found.tracks] == [1, 3]
    assert found.media == ("CD", "Unknown")
    assert (found.medium_of(1), found.medium_of(2), found.medium_of(3)) == ("CD", "", "")


@pytest.mark.parametrize(
    ("statuses", "kept"),
    [
        (["Official", "Bootleg", "Promotion", "Pseudo-Release"], ["Official", "Promotion"]),
        (["Bootleg", None], [None]),
        (["Bootleg", "Pseudo-Release"], ["Bootleg", "Pseudo-Release"]),
    ],
)
def test_proper_releases_count(statuses: list[str | None], kept: list[str | None]) -> None:
    """Bootlegs do only where nothing else is."""
    found = reading.releases([release(status=status) for status in statuses])
    assert [one["status"] for one in found] == kept
