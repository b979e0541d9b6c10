"""The rehearsal and the double, asked about the same folders: they have to say the same."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

import pytest

from soulspot_arr.rules.rehearsal import Circumstances, FileTags, Reason
from soulspot_arr.wanted import Wanted
from tests.agreement.mutations import MUTATIONS, case
from tests.agreement.opinions import Double, Opinion, rehearsed
from tests.corpus_import.corpus import folders
from tests.corpus_import.habits import HABITS
from tests.corpus_import.taggers import TAGGERS

SEEDS = 400
STEP = 40


def _differences(ours: Sequence[Opinion], theirs: Sequence[Opinion]) -> Iterator[str]:
    if len(ours) != len(theirs):
        yield f"{len(ours)} groups, {len(theirs)} groups"
    for one, other in zip(ours, theirs, strict=False):
        if not one.like(other):
            yield f"{one}\n    {other}"


def _asked(
    double: Double, files: Sequence[FileTags], album: Wanted, circumstances: Circumstances
) -> Iterator[str]:
    ours = rehearsed(files, album, circumstances)
    yield from _differences(ours, double.says(files, circumstances.root))


@pytest.mark.parametrize("habit", HABITS)
def test_corpus(habit: str) -> None:
    """Edition, both distances and all reasons are the same, whoever tagged the files."""
    wrong = []
    for folder in folders():
        if folder.habit != habit:
            continue
        double = Double(folder.album, folder.circumstances)
        for name, tagger in TAGGERS.items():
            found = _asked(double, tagger(folder), folder.album, folder.circumstances)
            wrong += [f"{folder.id} ({name}): {difference}" for difference in found]
    assert not wrong, "\n".join(wrong)


@pytest.mark.parametrize("first", range(0, SEEDS, STEP))
def test_mutations(first: int) -> None:
    """The same for folders that are spoiled in ways nobody chose."""
    wrong = []
    for seed in range(first, first + STEP):
        made = case(seed)
        double = Double(made.album, made.circumstances)
        found = _asked(double, made.files, made.album, made.circumstances)
        wrong += [f"{seed}: {difference}" for difference in found]
    assert not wrong, "\n".join(wrong)


def test_mutations_reach_everywhere() -> None:
    """Some are imported, some are not, for every reason there is but an empty folder."""
    seen: set[str] = set()
    accepted = 0
    for seed in range(SEEDS // 2):
        made = case(seed)
        said = rehearsed(made.files, made.album, made.circumstances)
        seen.update(*(one.reasons for one in said))
        accepted += not any(one.reasons for one in said)
    assert SEEDS // 20 < accepted < SEEDS // 4
    assert seen >= set(Reason) - {Reason.NOTHING, Reason.NO_TRACKS}
    assert len(MUTATIONS) > 10


def _spread(files: Sequence[FileTags], homes: Sequence[str]) -> list[FileTags]:
    """The files in folders of these names, each as many as the others."""
    count = len(files)
    return [
        replace(file, path=f"{homes[at * len(homes) // count]}/{file.path}")
        for at, file in enumerate(files)
    ]


@pytest.mark.parametrize(
    ("root", "homes", "groups"),
    [
        ("/downloads/job", ("CD1", "CD2", "CD3"), 1),
        ("/downloads/job", ("Disc 1", "Disc 2", "Disc 3"), 1),
        ("/downloads/job", ("CD1", "CD2", "CD20"), 1),  # "CD2" brings the files of "CD20" as well
        ("/downloads/job", ("CD1 - Live", "CD2 - Studio"), 2),
        ("/mnt/disk1/job", ("CD1", "CD2"), 2),  # the disk is taken for a disc
        ("/mnt/disk1/job", ("Disc 1", "Disc 2"), 1),
        ("/mnt/cd1/job", ("Disc 1", "Disc 2"), 1),
        ("/mnt/disk1", ("a", "b"), 2),
        ("/downloads/job", ("_UNPACK_1", "other"), 2),
    ],
)
def test_folders(root: str, homes: tuple[str, ...], groups: int) -> None:
    """Discs in folders of many names, below roots that are called like discs themselves."""
    for folder in folders():
        if folder.habit != "picard":
            continue
        around = replace(folder.circumstances, root=root)
        files = _spread(folder.tags, homes) if len(folder.tags) >= len(homes) else []
        if files:
            assert len(rehearsed(files, folder.album, around)) == groups, folder.id
            double = Double(folder.album, around)
            assert not list(_asked(double, files, folder.album, around))


def test_a_copy_that_is_being_unpacked() -> None:
    """It keeps the other one out, though it is not imported itself."""
    folder = folders()[0]
    copies = [replace(file, path=f"_UNPACK_it/{file.path}") for file in folder.tags]
    files = [*copies, *(replace(file, path=f"it/{file.path}") for file in folder.tags)]
    double = Double(folder.album, folder.circumstances)
    assert not list(_asked(double, files, folder.album, folder.circumstances))
    said = rehearsed(files, folder.album, folder.circumstances)
    assert [one.reasons for one in said] == [{Reason.UNPACKING}, {Reason.SEVERAL}]


def test_a_difference_is_seen() -> None:
    """An album told otherwise to one of the two is found out."""
    folder = folders()[0]
    double = Double(folder.album, folder.circumstances)
    strangers = folder.tags[:-1]
    ours = rehearsed(folder.tags, folder.album, folder.circumstances)
    assert list(_differences(ours, double.says(strangers, folder.circumstances.root)))
