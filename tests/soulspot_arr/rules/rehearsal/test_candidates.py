"""Which editions Lidarr compares at all: contract lidarr §9.5, candidate releases."""

from __future__ import annotations

from dataclasses import replace

import pytest

from soulspot_arr.rules.rehearsal import Circumstances, FileTags, Particulars
from soulspot_arr.rules.rehearsal.candidates import Shelf
from soulspot_arr.wanted import Wanted
from tests.soulspot_arr.rules.rehearsal import folders

SHORT = folders.edition(folders.tracks(10), id="short")
LONG = folders.edition(folders.tracks(13), id="long", monitored=False)
NEVERMIND = folders.album(SHORT, LONG)
IN_UTERO = folders.album(
    folders.edition(folders.tracks(12, first=20), id="utero"), album="In Utero", album_id="album-2"
)
LIVE = folders.album(
    folders.edition(folders.tracks(5, first=40), id="live"),
    album="Nevermind: It's an Interview",
    album_id="album-3",
)


def _candidates(*files: FileTags, others: tuple[Wanted, ...] = (IN_UTERO,)) -> list[str]:
    shelf = Shelf(NEVERMIND, Circumstances(folders.YEAR, others=others))
    return [one.edition.id for one in shelf.by_tags(files)]


def _tagged(count: int, **tags: object) -> list[FileTags]:
    return [FileTags(f"{n}.mp3", **tags) for n in range(count)]  # type: ignore[arg-type]


def test_an_id_of_ours_is_believed() -> None:
    """All files carry the id of one edition: only that one, whatever the title says."""
    files = _tagged(10, album="Something Else", release_id="long")
    assert _candidates(*files) == ["long"]


def test_the_id_may_be_of_another_album_by_the_artist() -> None:
    """Even then the files are taken for that one: the grabbed album is not forced."""
    assert _candidates(*_tagged(10, album="Nevermind", release_id="utero")) == ["utero"]


@pytest.mark.parametrize(
    "ids",
    [
        pytest.param(["nobody's"] * 10, id="unknown"),
        pytest.param(["long"] * 9 + [None], id="one-file-without"),
        pytest.param(["long"] * 9 + ["short"], id="two-of-them"),
    ],
)
def test_otherwise_the_title_decides(ids: list[str | None]) -> None:
    """An id that is not known, or not of all files, does not choose."""
    files = [
        replace(file, release_id=id_)
        for file, id_ in zip(_tagged(10, album="Nevermind"), ids, strict=True)
    ]
    assert _candidates(*files) == ["short", "long"]


def test_editions_with_as_many_tracks_come_first() -> None:
    """The first of equally near ones is taken, so the order matters."""
    assert _candidates(*_tagged(13, album="Nevermind")) == ["long", "short"]
    assert _candidates(*_tagged(11, album="Nevermind")) == ["short", "long"]


@pytest.mark.parametrize(
    "tag",
    [
        "nevermind",
        "Never Mind",
        "Nevermind (Deluxe Edition)",
        "Nevermind [2011] {Remaster}",
        "Nevermind - 20th Anniversary",
        "Nirvana Nevermind FLAC",
    ],
)
def test_titles_alike(tag: str) -> None:
    """Likeness above 0.7 in any of seven ways makes an album a candidate."""
    assert _candidates(*_tagged(10, album=tag)) == ["short", "long"]


@pytest.mark.parametrize("tag", [None, "", "  ", "Bleach", "Unknown Album"])
def test_no_candidate(tag: str | None) -> None:
    """Without an album tag, or with a strange one, there is none."""
    assert _candidates(*_tagged(10, album=tag)) == []


def test_the_next_title_comes_along() -> None:
    """The first album below the limit is taken along when it is not far below the one before."""
    other = replace(IN_UTERO, album="Neverland")  # two thirds alike, which is not enough alone
    assert _candidates(*_tagged(10, album="Nevermind"), others=(other,)) == [
        "short",
        "long",
        "utero",
    ]
    assert "utero" not in _candidates(*_tagged(10, album="Nevermind"), others=(IN_UTERO,))


def test_a_title_within_the_tag() -> None:
    """Both the very album and the one whose title the tag begins with; the very one first."""
    files = _tagged(5, album="Nevermind: It's an Interview")
    assert _candidates(*files, others=(LIVE,)) == ["live", "short", "long"]
    assert _candidates(*_tagged(5, album="It's an Interview"), others=(LIVE,)) == []


def test_by_fingerprint() -> None:
    """Editions count that hold at least as many of the recordings as there are files."""
    shelf = Shelf(NEVERMIND, Circumstances(folders.YEAR, others=(IN_UTERO,)))
    heard = [FileTags(f"{n}.mp3", heard=frozenset({f"rec-{n}"})) for n in range(1, 11)]
    assert [one.edition.id for one in shelf.by_sound(heard)] == ["short", "long"]
    thirteen = [FileTags(f"{n}.mp3", heard=frozenset({f"rec-{n}"})) for n in range(1, 14)]
    assert [one.edition.id for one in shelf.by_sound(thirteen)] == ["long"]
    one_silent = [*heard, FileTags("x.mp3")]
    assert [one.edition.id for one in shelf.by_sound(one_silent)] == []


def test_particulars_find_their_edition() -> None:
    """They are given by the id of the edition; of the others counts what they say themselves."""
    known = Particulars(labels=("DGC",))
    short = replace(SHORT, media=("CD", "Unknown"), labels=("Geffen",))
    shelf = Shelf(
        folders.album(short, LONG), Circumstances(folders.YEAR, particulars={"long": known})
    )
    found = {
        one.edition.id: one.particulars for one in shelf.by_tags(_tagged(1, album="Nevermind"))
    }
    assert found == {"short": Particulars(("CD", "Unknown"), ("Geffen",)), "long": known}
