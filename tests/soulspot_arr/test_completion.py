"""Finishing grabs: settle, verify, gather, report; and what happens when that goes wrong."""

from __future__ import annotations

import os
import shutil
from dataclasses import replace
from pathlib import Path

import pytest

from soulspot_arr.db import Database
from soulspot_arr.domain import FailureKind, GrabState, Offer, OfferFile
from soulspot_arr.errors import LidarrError
from tests.fakes.clock import FakeClock
from tests.soulspot_arr.workshop import TITLE, Bench, flac, offer

FOLDER = "Music\\X\\Y"


def listing(folder: Path) -> list[str]:
    """Every file below a folder."""
    return sorted(str(found.relative_to(folder)) for found in folder.rglob("*") if found.is_file())


# -- the good way ----------------------------------------------------------------------------------


def test_one_disc(both: Bench) -> None:
    """Verified files go into a folder of their own, named like the title; then it is reported."""
    files = {"01.flac": flac(1), "02.flac": flac(1.2, seed=1)}
    nzo_id = both.arrived(files)
    assert both.grab(nzo_id).status == GrabState.PROCESSING
    assert both.completion.run() == 1
    storage = both.root / "soulspot" / "music" / TITLE
    (view,) = both.queue.history()
    assert (view.status, view.storage_path) == (GrabState.COMPLETED, str(storage))
    assert (view.completed_at, view.note) == (both.clock(), None)
    assert listing(storage) == ["01.flac", "02.flac"]
    assert (storage / "02.flac").read_bytes() == files["02.flac"]
    assert both.wakes[-1] == "cleanup"
    assert both.completion.run() == 0
    assert len(both.events("grab.completed")) == 1


def test_L08_two_discs_lie_flat_in_one_folder(bench: Bench) -> None:
    """Lidarr takes one folder for one release wherever it lies; equal names are kept apart."""
    data = {1: flac(1), 2: flac(1.5)}
    files = tuple(
        OfferFile(f"{FOLDER}\\CD{n}\\01.flac", f"{FOLDER}\\CD{n}\\01.flac", len(data[n]), n)
        for n in (1, 2)
    )
    bench.delivered(Offer("slskd", "anna", files), {f.path: data[f.disc] for f in files})
    assert bench.completion.run() == 1
    storage = bench.root / "soulspot" / "music" / TITLE
    assert listing(storage) == ["1-01.flac", "2-01.flac"]
    assert (storage / "2-01.flac").read_bytes() == data[2]


def test_equal_names_of_one_disc_never_meet(bench: Bench) -> None:
    """Names that differ in case only, or by folder only, become different files."""
    data = {"a\\01.flac": flac(1), "b\\01.FLAC": flac(1.5)}
    files = tuple(OfferFile(path, path, len(content)) for path, content in data.items())
    bench.batches = False
    bench.source.batches = False
    bench.delivered(Offer("slskd", "anna", files), data)
    assert bench.completion.run() == 1
    names = listing(bench.root / "soulspot" / "music" / TITLE)
    assert len({name.casefold() for name in names}) == 2


@pytest.mark.parametrize(
    ("category", "folder"),
    [("music", "music"), ("*", ""), ("", ""), ("../../etc", "_..-..-etc"), ("a/b", "a-b")],
)
def test_category_folder(bench: Bench, category: str, folder: str) -> None:
    """Each category has its folder; whatever its name, it stays below ours."""
    nzo_id = bench.arrived({"01.flac": flac()}, category=category)
    bench.completion.run()
    parent = Path(str(bench.grab(nzo_id).storage_path)).parent
    assert parent == bench.root / "soulspot" / folder


@pytest.mark.parametrize(
    "name",
    [
        "..flac",
        "nul\0inside.flac",
        "emoji \U0001f3b8 song.flac",
        "line\nbreak.flac",
        "x" * 240 + ".flac",
        "ü" * 120 + ".flac",
        'quotes "and" <signs>?*.flac',
        "CON.flac",
        " leading and trailing .flac",
        "._hidden.flac",
        "cafe\u0301.flac",
    ],
)
def test_awkward_names_arrive_whole_and_inside(bench: Bench, name: str) -> None:
    """Whatever a peer calls a file, it ends in our folder under a name Lidarr reads."""
    if "\0" in name:
        data = flac()
        landed = name.replace("\0", "_")
        path = f"{FOLDER}\\{landed}"
        file = OfferFile(path, path, len(data))
        nzo_id = bench.delivered(Offer("slskd", "anna", (file,)), {path: data})
    else:
        nzo_id = bench.arrived({name: flac()})
    assert bench.completion.run() == 1
    storage = Path(str(bench.grab(nzo_id).storage_path))
    (found,) = listing(storage)
    assert found.endswith(".flac")
    assert not found.startswith(".")
    assert len(found.encode()) <= 251
    assert listing(bench.root) == [f"soulspot/music/{TITLE}/{found}"]


@pytest.mark.parametrize(
    "title",
    ["..", "a/../../b", "x" * 300, "_UNPACK_ thing", "NUL\0title", "tab\ttitle", "🎸" * 90],
)
def test_L07_awkward_titles_stay_inside(bench: Bench, title: str) -> None:
    """The folder of a grab is one harmless component below its category."""
    nzo_id = bench.arrived({"01.flac": flac()}, title=title.replace("\0", ""))
    assert bench.completion.run() == 1
    storage = Path(str(bench.grab(nzo_id).storage_path))
    assert storage.parent == bench.root / "soulspot" / "music"
    assert not storage.name.startswith(("_UNPACK_", "."))
    assert listing(storage) == ["01.flac"]


def test_same_title_twice_gets_two_folders(bench: Bench) -> None:
    """Lidarr deletes a folder recursively: no two grabs may share one."""
    first = bench.arrived({"01.flac": flac()})
    bench.completion.run()
    second = bench.arrived({"02.flac": flac()})
    bench.completion.run()
    folders = [Path(str(bench.grab(nzo_id).storage_path)) for nzo_id in (first, second)]
    assert folders[0] != folders[1]
    assert [listing(folder) for folder in folders] == [["01.flac"], ["02.flac"]]


def test_folder_of_somebody_else_is_not_taken(bench: Bench) -> None:
    """A folder that is already there, with whatever in it, stays as it is."""
    foreign = bench.root / "soulspot" / "music" / TITLE
    foreign.mkdir(parents=True)
    (foreign / "mine.txt").write_text("keep")
    nzo_id = bench.arrived({"01.flac": flac()})
    assert bench.completion.run() == 1
    assert bench.grab(nzo_id).storage_path != str(foreign)
    assert listing(foreign) == ["mine.txt"]


def test_complete_dir_elsewhere_and_across_disks(bench: Bench, other_disk: Path) -> None:
    """A folder on another disk gets whole copies; nothing is left behind."""
    bench.settings.patch({"paths.complete_dir": str(other_disk)})
    data = flac(2)
    bench.arrived({"a" * 245 + ".flac": data, "ü" * 122 + ".flac": data})
    assert bench.completion.run() == 1
    found = listing(other_disk)
    assert len(found) == 2
    assert all((other_disk / name).read_bytes() == data for name in found)
    assert listing(bench.root) == []


def test_mapped_folders(sqlite_database: Database, clock: FakeClock, tmp_path: Path) -> None:
    """slskd, we and Lidarr may each see the disk under another name."""
    here = tmp_path / "mounted"
    bench = Bench(sqlite_database, clock, here)
    bench.settings.patch(
        {
            "paths.source_root": "/slskd/downloads",
            "paths.local_root": str(here),
            "paths.mappings": [f"{here}/soulspot=/lidarr/done"],
        }
    )
    nzo_id = bench.arrived({"01.flac": flac()})
    told = f"/slskd/downloads/soulspot-incoming/{nzo_id}/0/01.flac"
    bench.monitor.landed("anna", f"{FOLDER}\\01.flac", told)
    assert bench.completion.run() == 1
    storage = str(bench.grab(nzo_id).storage_path)
    assert storage.startswith(str(here))
    assert bench.paths.reported(storage) == f"/lidarr/done/music/{TITLE}"


def test_exact_path_from_the_source_wins(bench: Bench) -> None:
    """What slskd told about one file is believed before what we compute."""
    data = flac()
    nzo_id = bench.arrived({"01.flac": data})
    wrong = bench.root / "soulspot-incoming" / nzo_id / "0" / "01.flac"
    told = bench.root / "elsewhere" / "01_638912345678901234.flac"
    told.parent.mkdir()
    shutil.move(wrong, told)
    assert bench.monitor.landed("anna", f"{FOLDER}\\01.flac", str(told))
    assert bench.completion.run() == 1


def test_path_outside_the_download_folder_is_not_believed(bench: Bench, tmp_path: Path) -> None:
    """A webhook cannot make us take files from anywhere else."""
    data = flac()
    outside = tmp_path / "secret.flac"
    outside.write_bytes(data)
    path = f"{FOLDER}\\01.flac"
    nzo_id = bench.delivered(Offer("slskd", "anna", (OfferFile(path, path, len(data)),)), {})
    for told in (str(outside), f"{bench.root}/../secret.flac"):
        bench.monitor.landed("anna", path, told)
        assert bench.completion.run() == 0
    assert outside.exists()
    assert bench.grab(nzo_id).status == GrabState.PROCESSING


def test_older_file_of_that_name_is_somebody_elses(bench: Bench) -> None:
    """Without batches the file may land beside an equal one: ours has the suffix (slskd §6.2)."""
    data = flac()
    bench.source.batches = False
    bench.arrived({"01.flac": data})
    landed = bench.root / "Y" / "01.flac"
    ours = landed.with_name("01_638912345678901234.flac")
    landed.rename(ours)
    landed.write_bytes(data)
    os.utime(landed, (1_000_000_000, 1_000_000_000))
    assert bench.completion.run() == 1
    assert landed.exists()
    assert not ours.exists()


@pytest.mark.parametrize("transfer", ["succeeded", "vanished"])
def test_users_own_file_is_never_taken(bench: Bench, transfer: str) -> None:
    """Same name, same size, in slskd's shared folder since long before: it stays (slskd §6.3)."""
    data, path = flac(), f"{FOLDER}\\01.flac"
    bench.source.batches = False
    nzo_id = bench.asked(Offer("slskd", "anna", (OfferFile(path, path, len(data)),)))
    bench.look()
    mine = bench.root / "Y" / "01.flac"
    mine.parent.mkdir()
    mine.write_bytes(data)
    bench.calm(seconds=30 * 86_400)
    if transfer == "succeeded":
        bench.source.succeed(path, write=False)
    else:
        bench.source.vanish(path)
    for _ in range(3):
        bench.look()
        assert bench.completion.run() == 0
        bench.clock.advance(61)
    assert bench.grab(nzo_id).status != GrabState.COMPLETED
    assert mine.read_bytes() == data


# -- report mode -----------------------------------------------------------------------------------


def test_report_mode_reports_the_folder_unseen(bench: Bench) -> None:
    """Where the files cannot be seen, the folder that slskd was told is reported."""
    bench.settings.patch({"completion.mode": "report", "paths.local_root": "/not/mounted/here"})
    nzo_id = bench.arrived({"01.flac": flac()})
    assert bench.completion.run() == 1
    storage = bench.grab(nzo_id).storage_path
    assert storage == f"/not/mounted/here/soulspot-incoming/{nzo_id}/0"


@pytest.mark.parametrize(
    ("root", "mappings", "told"),
    [
        ("C:\\slskd\\downloads", [], "C:\\slskd\\downloads\\soulspot-incoming\\{}\\0"),
        ("D:/downloads/", [], "D:/downloads/soulspot-incoming/{}/0"),
        ("\\\\nas\\dl", ["\\\\nas\\dl=/mnt/dl"], "/mnt/dl/soulspot-incoming/{}/0"),
        ("C:\\dl", ["C:\\dl=E:\\music"], "E:\\music\\soulspot-incoming\\{}\\0"),
    ],
)
def test_report_mode_with_slskd_on_windows(
    bench: Bench, root: str, mappings: list[str], told: str
) -> None:
    """Its path is text to us: joined in its own style, then mapped for Lidarr."""
    bench.settings.patch({"completion.mode": "report", "paths.mappings": mappings})
    bench.source.status = replace(bench.source.status, root=root)
    bench.paths.remember_root(root)
    nzo_id = bench.arrived({"01.flac": flac()})
    assert bench.completion.run() == 1
    (view,) = bench.queue.history()
    assert bench.paths.reported(str(view.storage_path)) == told.format(nzo_id)
    (check,) = [check for check in bench.health.examine(thorough=False) if check.code == "folders"]
    assert (check.level, root in check.message) == ("ok", True)
    bench.queue.delete_history([nzo_id], archive=True)
    bench.cleanup.run()
    bench.cleanup.run()
    assert bench.grab(nzo_id).cleaned_at is not None


def test_report_mode_refuses_shared_folders(bench: Bench) -> None:
    """Lidarr deletes what is reported recursively: a shared folder is never reported (D08)."""
    bench.settings.patch({"completion.mode": "report", "retry.attempts": 0})
    bench.source.batches = False
    nzo_id = bench.arrived({"01.flac": flac()})
    assert bench.completion.run() == 0
    assert bench.grab(nzo_id).status == GrabState.FAILED
    assert "0.26" in str(bench.grab(nzo_id).failure_message)
    assert bench.grab(nzo_id).storage_path is None


def test_report_mode_asks_again_for_what_slskd_put_elsewhere(bench: Bench) -> None:
    """A restart of slskd loses the folder of a batch (slskd §5.9): nobody is blamed for that."""
    bench.settings.patch({"completion.mode": "report"})
    nzo_id = bench.asked(offer("anna", "01.flac"))
    bench.source.restart()
    bench.source.succeed("Music\\Cello\\Undertow\\01.flac")
    bench.look()
    assert bench.completion.run() == 0
    (row,) = bench.files(nzo_id)
    assert (row.status, row.failure_kind, row.attempts) == ("waiting", "vanished", 1)
    bench.clock.advance(61)
    bench.dispatcher.run()
    bench.source.succeed(row.remote_path)
    bench.look()
    assert bench.completion.run() == 1


def test_report_mode_finds_the_files_of_two_peers_in_one_folder(bench: Bench) -> None:
    """A stand-in is told to land where its siblings are."""
    bench.settings.patch({"completion.mode": "report"})
    nzo_id = bench.asked(*(offer(peer, "01.flac", "02.flac") for peer in ("anna", "ben")))
    paths = [row.remote_path for row in bench.files(nzo_id)]
    bench.source.succeed(paths[0])
    bench.source.fail(paths[1], FailureKind.REJECTED)
    bench.look()
    bench.dispatcher.run()
    bench.source.succeed(paths[1], peer="ben")
    bench.look()
    assert bench.completion.run() == 1
    folder = bench.root / "soulspot-incoming" / nzo_id / "0"
    assert bench.grab(nzo_id).storage_path == str(folder)
    assert sorted(found.name for found in folder.iterdir()) == ["01.flac", "02.flac"]


# -- telling Lidarr --------------------------------------------------------------------------------


class Ears:
    """Stands for Lidarr's API: counts, and is deaf for a while."""

    def __init__(self, deaf: int = 0) -> None:
        self.told = 0
        self.deaf = deaf

    def refresh_downloads(self) -> None:
        """As `Lidarr` does."""
        self.told += 1
        if self.told <= self.deaf:
            raise LidarrError("Lidarr does not answer.")


def with_ears(bench: Bench, ears: Ears) -> None:
    """Let completion speak to them."""
    bench.completion._lidarr = ears  # type: ignore[assignment]


def test_L13_lidarr_is_told_once_for_many_grabs(bench: Bench) -> None:
    """Several grabs that finish together are one command."""
    ears = Ears()
    with_ears(bench, ears)
    for number in range(3):
        bench.arrived({"01.flac": flac()}, folder=f"M\\{number}", title=f"title {number}")
    assert bench.completion.run() == 3
    bench.completion.run()
    assert ears.told == 1


def test_W05_deaf_lidarr_is_told_again_later(bench: Bench) -> None:
    """The grab is finished all the same, and the command is repeated a minute later."""
    ears = Ears(deaf=2)
    with_ears(bench, ears)
    nzo_id = bench.arrived({"01.flac": flac()})
    assert bench.completion.run() == 1
    assert bench.grab(nzo_id).status == GrabState.COMPLETED
    for _ in range(30):
        bench.clock.advance(10)
        bench.completion.run()
    assert ears.told == 3


def test_two_folders_keep_their_order(bench: Bench) -> None:
    """The grab whose files arrived first is finished first."""
    order = []
    for title in ("b", "a"):
        order.append(bench.arrived({"01.flac": flac()}, folder=f"M\\{title}", title=title))
        bench.clock.advance(5)
    bench.completion.run()
    done = [event.grab_id for event in bench.events("grab.completed")]
    assert done == [bench.grab(nzo_id).id for nzo_id in order]


def test_offers_keep_their_files_apart(bench: Bench) -> None:
    """An unused alternate has no rows and no files."""
    data = flac()
    path = f"{FOLDER}\\01.flac"
    main = Offer("slskd", "anna", (OfferFile(path, path, len(data)),))
    nzo_id = bench.asked(main, replace(main, peer="ben"))
    bench.source.contents(path, data)
    bench.source.succeed(path)
    bench.calm()
    bench.look()
    assert bench.completion.run() == 1
    assert bench.files(nzo_id, 1) == []
