"""What a person may read about an import has its explanation, in the words of the code."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest

from soulspot_arr.audio import tags, writing
from soulspot_arr.audio.families import NAMES, Kind
from soulspot_arr.audio.values import Finding
from soulspot_arr.domain import ImportState
from soulspot_arr.rules import following
from soulspot_arr.rules.rehearsal import ALBUM_LIMIT, SAFE_ALBUM, SAFE_TRACK, TRACK_LIMIT
from soulspot_arr.specs import CORE_SPECS, TEMPLATE_FIELDS

ROOT = Path(__file__).parents[2]
IMPORT = (ROOT / "docs" / "import.md").read_text(encoding="utf-8")
TROUBLES = (ROOT / "docs" / "troubleshooting.md").read_text(encoding="utf-8")
QUOTED = re.compile(r'"([^"]*[.…])"')
# Where the sentences are written that a person reads when something is given back.
SOURCES = (
    "audio/opening.py",
    "audio/verification.py",
    "completion/rehearsing.py",
    "rules/fitting/blame.py",
    "rules/fitting/planning.py",
    "rules/rehearsal/reasons.py",
)
WRITTEN = ("title", "artist", "album_artist", "album", "date", "track", "disc", "media")
IDS = ("release_id", "release_group_id", "recording_id", "track_id", "artist_id")


def chapter(page: str, title: str) -> str:
    """What stands below a heading of the second order."""
    return page.partition(f"\n## {title}\n")[2].partition("\n## ")[0]


def told_by_the_code() -> list[str]:
    """Every text of those rooms, with a dot for what is filled in."""
    texts = []
    for name in SOURCES:
        tree = ast.parse((ROOT / "soulspot_arr" / name).read_text(encoding="utf-8"))
        for node in ast.walk(tree):
            if isinstance(node, ast.JoinedStr | ast.Constant):
                parts = node.values if isinstance(node, ast.JoinedStr) else [node]
                texts.append(
                    "".join(
                        str(part.value) if isinstance(part, ast.Constant) else "…" for part in parts
                    )
                )
    return texts


def pieces(sentence: str) -> list[str]:
    """What is not filled in; clauses may be put together elsewhere than their beginning."""
    found = (piece.strip(" “”:.") for piece in re.split("[…,;]", sentence))
    return [piece for piece in found if piece]


@pytest.mark.parametrize("title", ["A file is given back", "An album is given back"])
def test_the_sentences_that_are_explained_are_those_of_the_code(title: str) -> None:
    """Somebody who searches the page for what he has read finds it."""
    code = told_by_the_code()
    rows = re.findall(r"^\| (\".+?) \|", chapter(TROUBLES, title), re.MULTILINE)
    quoted = [sentence for row in rows for sentence in QUOTED.findall(row)]
    assert len(quoted) > 10
    strange = [
        piece
        for sentence in quoted
        for piece in pieces(sentence)
        if not any(piece in text for text in code)
    ]
    assert strange == []


def test_every_cause_that_stops_an_import_has_its_entry() -> None:
    """With what it means, and how a person mends it."""
    stops = chapter(TROUBLES, "Imports that stop")
    rows = re.findall(r"^\| `(\w+)` \|(.+)\|(.+)\|$", stops, re.MULTILINE)
    assert {row[0] for row in rows} == {str(cause) for cause in following.FIXES}
    assert all(cell.strip() for row in rows for cell in row)


def test_every_state_of_an_import_is_explained() -> None:
    """What it means, and what is to be done about those that are no success."""
    means = re.findall(r"^\| `(\w+)` \| .{10,} \|$", chapter(IMPORT, "After Completed"), re.M)
    assert set(means) == set(ImportState)
    mended = chapter(TROUBLES, "What Lidarr says of a reported album")
    assert all(f"| `{state}`" in mended for state in set(ImportState) - {ImportState.IMPORTED})


def test_every_frame_that_is_written_is_listed() -> None:
    """The table of tags names what the writer writes, family by family."""
    table = chapter(IMPORT, "4. Tags")
    for field in (*WRITTEN, *IDS):
        for kind in (Kind.ID3, Kind.XIPH, Kind.MP4):
            name = NAMES[field][kind][0]
            assert f"{name.rpartition('iTunes:')[2]}`" in table, name
    assert all(f"`{mode}`" in table for mode in tags.TagMode)


def test_the_limits_are_those_of_the_code() -> None:
    """Distances, sizes, and the fields of a template."""
    rehearsal = chapter(IMPORT, "5. The rehearsal")
    for ours, theirs in ((SAFE_ALBUM, ALBUM_LIMIT), (SAFE_TRACK, TRACK_LIMIT)):
        assert f"| {theirs:.2f} | **{ours:.2f}** |" in rehearsal
    assert f"more than {writing.LARGEST_REST // 2**20} MB of pictures" in IMPORT
    assert f"at most {writing.LARGEST_COVER // 2**20} MB" in IMPORT
    shelf = chapter(IMPORT, "Without Lidarr: a library folder")
    assert set(re.findall(r"`\{(\w+)\}`", shelf)) == set(TEMPLATE_FIELDS)


def test_every_setting_of_it_is_told() -> None:
    """Also how to switch it off."""
    keys = {spec.key for spec in CORE_SPECS if spec.key.startswith(("completion.", "library."))}
    missing = {key for key in keys if f"`{key}" not in IMPORT}
    assert missing <= {"library.template"}
    assert "SOULSPOT_LIBRARY_TEMPLATE" in IMPORT


def test_every_finding_can_be_read_about() -> None:
    """A new one needs a sentence in the page, which this list reminds of."""
    sentences = {
        Finding.MISSING: "is not there",
        Finding.NO_FILE: "is a link",
        Finding.UNREADABLE: "cannot be opened",
        Finding.EMPTY: "is empty",
        Finding.NO_AUDIO: "holds no audio",
        Finding.RENAMED: "is not what its ending says",
        Finding.TRUNCATED: "is not whole",
        Finding.DAMAGED: "is damaged",
        Finding.SILENT: "is silent",
        Finding.WRONG_LENGTH: "it holds something else",
        Finding.OTHER_FORMAT: "is not what was offered",
        Finding.FAKE_LOSSLESS: "nothing above",
    }
    assert set(sentences) == set(Finding)
    page = chapter(TROUBLES, "A file is given back")
    assert [words for words in sentences.values() if words not in page] == []
