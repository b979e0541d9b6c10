"""Who answers with nothing but the words that were asked, and who is honest."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from soulspot_arr.domain import RawFile, RawFolder
from soulspot_arr.rules import echoing

TEXT = "anna lund common ground"


def shows(*paths: str, peer: str = "anna") -> list[RawFolder]:
    """What one peer answers."""
    found: dict[str, list[RawFile]] = {}
    for path in paths:
        found.setdefault(path.rpartition("\\")[0], []).append(RawFile(path, path, 1_000))
    return [RawFolder(peer, folder, tuple(files)) for folder, files in found.items()]


@pytest.mark.parametrize(
    "paths",
    [
        (f"{TEXT}.mp3",),
        (f"Shared\\{TEXT}.mp3", f"Shared\\{TEXT}.wma", f"Shared\\{TEXT}.zip"),
        ("@@x\\Anna Lund Common Ground.mp3",),
        ("@@x\\anna_lund_common_ground.flac",),
        ("@@x\\ANNA-LUND-COMMON-GROUND.flac",),
        (f"@@x\\{TEXT}\\01.flac", f"@@x\\{TEXT}\\02.flac"),
        (f"@@x\\{TEXT}\\{TEXT}.flac",),
        (f"@@x\\{TEXT}\\Track 01.mp3",),
        (f"@@x\\{TEXT} (1).mp3", f"@@x\\02 - {TEXT}.mp3"),
        (f"@@x/{TEXT}/01.flac",),
    ],
)
def test_nothing_but_the_question(paths: tuple[str, ...]) -> None:
    """A file called like the text, or one without a name in a folder called like it."""
    heard = echoing.hear(TEXT, shows(*paths))
    assert heard == echoing.Hearing(frozenset({"anna"}), frozenset())


@pytest.mark.parametrize(
    "paths",
    [
        ("Music\\Anna Lund\\Common Ground (2018)\\01 - Weir.flac",),
        ("Music\\Anna Lund - Common Ground\\01 - Weir.flac",),
        ("Music\\Anna Lund Common Ground\\01 Weir.flac",),
        ("Music\\Anna Lund - Common Ground.mp3",),
        ("Music\\Anna Lund\\Common Ground\\Common Ground.mp3",),
        ("Music\\anna_lund-common_ground.mp3",),
        (f"Shared\\{TEXT}.mp3", "Music\\Anna Lund\\Weir.flac"),
        tuple(f"Shared\\{number} {TEXT}.mp3" for number in range(9)),
        ("Music\\Anna Lund Common Ground Live.mp3",),
        ("Music\\Anna Lund - Common Ground\\01.flac",),
    ],
)
def test_somebody_who_really_has_it(paths: tuple[str, ...]) -> None:
    """A dash, a title, a year, a folder of their own: nobody who only echoes knows these."""
    heard = echoing.hear(TEXT, shows(*paths))
    assert heard == echoing.Hearing(frozenset(), frozenset({"anna"}))


def test_peers_are_told_apart() -> None:
    """One answer, both kinds, and one who shows no file at all."""
    folders = shows(f"x\\{TEXT}.mp3", peer="echo")
    folders += shows("Music\\Anna Lund\\Common Ground\\01 - Weir.flac", peer="honest")
    folders.append(RawFolder("empty", "x", ()))
    assert echoing.hear(TEXT, folders) == echoing.Hearing(
        frozenset({"echo"}), frozenset({"honest"})
    )


def test_single_characters_do_not_leave_slskd() -> None:
    """So an echo does not know them."""
    assert echoing.hear("anna a lund", shows("Shared\\anna lund.mp3")).echoes == {"anna"}
    assert echoing.hear("anna a lund", shows("Shared\\anna a lund.mp3")).echoes == {"anna"}


@pytest.mark.parametrize("text", ["weir", "", "!!!", "*eir"])
def test_a_single_word_proves_nothing(text: str) -> None:
    """Many a song is called so; nobody is suspected, and nobody is cleared."""
    nothing = echoing.Hearing(frozenset(), frozenset())
    assert echoing.hear(text, shows(f"Music\\{text or 'x'}.mp3")) == nothing


@pytest.mark.parametrize(
    "text", ["r.e.m. automatic people", "*nna lund common", "aa+bb (c) [d]", "1999 xx"]
)
def test_the_text_itself_is_always_an_echo(text: str) -> None:
    """Whatever signs stand in it."""
    assert echoing.hear(text, shows(f"x\\{text}.mp3")).echoes == {"anna"}


@given(st.text(max_size=30), st.lists(st.text(max_size=30), max_size=4))
def test_nobody_is_both(text: str, paths: list[str]) -> None:
    """No text and no path breaks it."""
    heard = echoing.hear(text, shows(*paths))
    assert not heard.echoes & heard.honest
    assert heard.echoes | heard.honest in (set(), {"anna"} if paths else set())
