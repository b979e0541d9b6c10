"""What a blocklist refuses: borders of folders, whole words, both slashes, and speed by looking up."""

from __future__ import annotations

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from soulspot_arr.domain import BlockScope, Offer, OfferFile
from soulspot_arr.rules import blocking
from soulspot_arr.rules.blocking import Blocks, Entry

PEER, FOLDER, FILE, PHRASE = BlockScope
PATH = "@@abc\\Music\\Anna Lund\\Common Ground (2018)\\01 - Weir.flac"


def refuses(entry: Entry, path: str = PATH, *, peer: str = "anna", source: str = "slskd") -> bool:
    """Whether one line alone refuses this."""
    return Blocks.of([entry]).reason(source, peer, path) is not None


@pytest.mark.parametrize(
    ("entry", "expected"),
    [
        (Entry(PEER, "anna"), True),
        (Entry(PEER, "ANNA"), True),
        (Entry(PEER, "ann"), False),
        (Entry(PEER, "anna", source="slskd"), True),
        (Entry(PEER, "anna", source="slskd2"), False),
        (Entry(FOLDER, "anna", "@@abc\\Music\\Anna Lund"), True),
        (Entry(FOLDER, "anna", "@@abc/music/ANNA LUND/"), True),
        (Entry(FOLDER, "anna", "\\@@abc\\\\Music\\Anna Lund\\"), True),
        (Entry(FOLDER, "anna", "@@abc\\Music\\Anna"), False),
        (Entry(FOLDER, "anna", "@@abc\\Music\\Anna Lund\\Common Ground"), False),
        (Entry(FOLDER, "anna", "Music\\Anna Lund"), False),
        (Entry(FOLDER, "anna", PATH), True),
        (Entry(FOLDER, "bert", "@@abc\\Music"), False),
        (Entry(FOLDER, "", "@@abc\\Music"), True),
        (Entry(FILE, "anna", PATH), True),
        (Entry(FILE, "", PATH.upper().replace("\\", "/")), True),
        (Entry(FILE, "anna", "@@abc\\Music\\Anna Lund"), False),
        (Entry(FILE, "bert", PATH), False),
        (Entry(PHRASE, "", "common ground"), True),
        (Entry(PHRASE, "", "COMMON-Ground"), True),
        (Entry(PHRASE, "", "cömmon ground"), True),
        (Entry(PHRASE, "", "common"), True),
        (Entry(PHRASE, "", "weir"), True),
        (Entry(PHRASE, "", "mon gro"), False),
        (Entry(PHRASE, "", "grou"), False),
        (Entry(PHRASE, "", "ground common"), False),
        (Entry(PHRASE, "bert", "common"), False),
        (Entry(PHRASE, "", "!!!"), False),
        (Entry(FOLDER, "anna", "\\/"), False),
    ],
    ids=lambda value: (
        f"{value.scope}-{value.peer}-{value.path}" if isinstance(value, Entry) else None
    ),
)
def test_one_line(entry: Entry, expected: bool) -> None:
    """Each scope refuses what it says and nothing beside it."""
    assert refuses(entry) is expected


@pytest.mark.parametrize(
    ("phrase", "path"),
    [
        ("feat. Ida Foss", "Music\\Anna Lund\\02 - Weir (feat. Ida Foss).flac"),
        ("Ida Foss", "Music\\Anna Lund feat. Ida Foss\\02.flac"),
        ("ida foss", "Music\\Anna.Feat.Ida.Foss\\02.flac"),
        ("greatest hits", "Music\\Anna_Lund-Greatest_Hits-2001\\02.flac"),
        ("Bjork", "Music\\Bjo\u0308rk\\02.flac"),
        ("björk", "Music/Bjork/02.flac"),
        ("R.E.M.", "Music\\REM\\02.flac"),
        ("anna lund weir", "Music\\Anna Lund\\Weir\\02.flac"),
    ],
)
def test_a_phrase_is_heard_however_it_is_spelt(phrase: str, path: str) -> None:
    """Accents, dots, underscores and guests' names."""
    assert refuses(Entry(PHRASE, "", phrase), path)


def test_a_decomposed_folder_is_the_same() -> None:
    """macOS shows the same folder in other code points."""
    assert refuses(Entry(FOLDER, "anna", "Müsik"), "Mu\u0308sik\\a.mp3")


@pytest.mark.parametrize(
    ("entry", "words"),
    [
        (Entry(PEER, "anna", reason="sends noise."), "anna is on the blocklist: sends noise"),
        (
            Entry(FOLDER, "", "@@abc\\music"),
            'the folder "@@abc\\music" is on the blocklist',
        ),
        (
            Entry(FILE, "anna", PATH, reason="cannot be played"),
            f'the file "{PATH}" is on the blocklist: cannot be played',
        ),
        (
            Entry(PHRASE, "", "Common"),
            'the path holds "Common", which is on the blocklist',
        ),
    ],
)
def test_the_reason_names_the_line(entry: Entry, words: str) -> None:
    """A person has to find it again."""
    assert Blocks.of([entry]).reason("slskd", "anna", PATH) == words


def test_an_offer_is_refused_for_one_of_its_files() -> None:
    """An album is taken whole or not at all."""
    files = tuple(OfferFile(path, path, 1) for path in ("A\\01.mp3", "A\\02.mp3"))
    offer = Offer("slskd", "anna", files)
    assert Blocks.of([Entry(FILE, "anna", "a/02.mp3")]).refuses(offer)
    assert Blocks.of([Entry(FILE, "anna", "a/03.mp3")]).refuses(offer) is None
    assert not Blocks()


@pytest.mark.parametrize(
    ("entry", "warned"),
    [
        (Entry(PHRASE, "", "a"), True),
        (Entry(PHRASE, "", "é!"), True),
        (Entry(PHRASE, "", "FLAC"), True),
        (Entry(PHRASE, "", "live"), False),
        (Entry(PEER, "a"), False),
        (Entry(FOLDER, "", "a"), False),
    ],
)
def test_a_phrase_that_stands_everywhere_is_told(entry: Entry, warned: bool) -> None:
    """Short ones, and the names of formats."""
    assert bool(blocking.too_wide(entry)) is warned


# -- against a plain reading of the rules ----------------------------------------------------------

_NAMES = st.sampled_from(["anna", "Anna", "bert", ""])
_PARTS = st.sampled_from(["Music", "music", "Anna Lund", "Common", "Common Ground", "Live", "ä"])
_SLASH = st.sampled_from(["\\", "/"])


@st.composite
def _paths(draw: st.DrawFn) -> str:
    parts = draw(st.lists(_PARTS, min_size=1, max_size=4))
    text = parts[0]
    for part in parts[1:]:
        text += draw(_SLASH) + part
    return text


@st.composite
def _entries(draw: st.DrawFn) -> Entry:
    scope = draw(st.sampled_from(BlockScope))
    source = draw(st.sampled_from(["", "slskd", "other"]))
    if scope is PEER:
        return Entry(scope, draw(st.sampled_from(["anna", "bert"])), "", source)
    path = draw(_PARTS if scope is PHRASE else _paths())
    return Entry(scope, draw(_NAMES), path, source)


def _parts(path: str) -> list[str]:
    return [part for part in path.replace("/", "\\").casefold().split("\\") if part]


def _plainly(entry: Entry, source: str, peer: str, path: str) -> bool:
    if entry.source not in {"", source} or entry.peer.casefold() not in {"", peer.casefold()}:
        return False
    asked, line = _parts(path), _parts(entry.path)
    match entry.scope:
        case BlockScope.PEER:
            return True
        case BlockScope.FOLDER:
            return asked[: len(line)] == line
        case BlockScope.FILE:
            return asked == line
        case BlockScope.PHRASE:
            words = " ".join(asked).replace("ä", "a").split()
            sought = " ".join(line).replace("ä", "a").split()
            starts = range(len(words) - len(sought) + 1)
            return any(words[at : at + len(sought)] == sought for at in starts)


@given(
    st.lists(_entries(), max_size=8),
    st.sampled_from(["slskd", "other"]),
    st.sampled_from(["anna", "ANNA", "bert", "cara"]),
    _paths(),
)
def test_looking_up_is_the_same_as_reading_line_by_line(
    entries: list[Entry], source: str, peer: str, path: str
) -> None:
    """The tables refuse exactly what some line refuses."""
    expected = any(_plainly(entry, source, peer, path) for entry in entries)
    blocks = Blocks.of(entries)
    assert blocks.blocked(source, peer, path) is expected
    assert (blocks.reason_of(source, peer, ["no\\such", path]) is not None) is (
        expected or blocks.blocked(source, peer, "no\\such")
    )


@given(_entries(), _entries())
def test_equal_lines_refuse_the_same(one: Entry, other: Entry) -> None:
    """What counts as the same line cannot tell two paths apart."""
    if blocking.same(one, other):
        for path in ("Music\\Anna Lund\\Live", other.path, one.path, "Common Ground/ä"):
            assert refuses(one, path) is refuses(other, path)


@given(st.text(), st.text())
def test_no_text_breaks_it(path: str, pattern: str) -> None:
    """Names come from strangers."""
    entries = [Entry(scope, "", pattern) for scope in (FOLDER, FILE, PHRASE)]
    Blocks.of(entries).reason("slskd", path, path)
    assert not blocking.place(path).startswith("\\")


def test_a_thousand_lines_cost_an_answer_nothing() -> None:
    """250 peers with 25,000 files: the whole answer is looked up in a few milliseconds."""
    entries = [Entry(PEER, f"other {n}") for n in range(700)]
    entries += [Entry(FOLDER, f"peer {n}", f"Music\\Bad {n}") for n in range(200)]
    entries += [Entry(FILE, f"peer {n}", f"Music\\Album {n}\\bad.flac") for n in range(100)]
    blocks = Blocks.of(entries)
    answer = {
        f"peer {peer}": [f"Music\\Album {peer}\\{track:02d} - Song.flac" for track in range(100)]
        for peer in range(250)
    }
    best = float("inf")
    for _ in range(5):
        began = time.perf_counter()
        found = [blocks.reason_of("slskd", peer, paths) for peer, paths in answer.items()]
        best = min(best, time.perf_counter() - began)
    assert found == [None] * 250
    assert best < 0.15


_SPELT = st.text(st.sampled_from("abAÄ.'!$&_- ()fet\u0308"), max_size=12)


@given(_SPELT, st.lists(_SPELT, min_size=1, max_size=3), _SPELT)
def test_a_phrase_is_found_whatever_way_is_short(folder: str, names: list[str], text: str) -> None:
    """The quick look at plain names finds what spelling out every path would find."""
    paths = [f"{folder}\\{name}.mp3" for name in names]
    phrase = blocking.spelt(text)
    expected = any(f" {phrase} " in f" {blocking.spelt(path)} " for path in paths)
    found = Blocks.of([Entry(PHRASE, "", text)]).reason_of("slskd", "anna", paths)
    assert (found is not None) is (expected and bool(phrase))
