"""Finishing grabs when something is wrong: late, broken or missing files, crashes, full disks."""

from __future__ import annotations

import os
from collections.abc import Collection
from dataclasses import replace
from pathlib import Path

import pytest

from soulspot_arr import disk
from soulspot_arr.domain import GrabState, Offer, OfferFile
from soulspot_arr.rules import offers
from soulspot_arr.rules.sentences import DISK_FULL
from tests.soulspot_arr.workshop import TITLE, Bench, flac, mp3

FOLDER = "Music\\X\\Y"


def listing(folder: Path) -> list[str]:
    """Every file below a folder."""
    return sorted(str(found.relative_to(folder)) for found in folder.rglob("*") if found.is_file())


# -- settling --------------------------------------------------------------------------------------


def test_L02_growing_file_is_waited_for(bench: Bench) -> None:
    """slskd may still be copying: nothing is reported before size and silence are right."""
    data = flac(2)
    nzo_id = bench.arrived({"01.flac": data})
    found = bench.root / "soulspot-incoming" / nzo_id / "0" / "01.flac"
    found.write_bytes(data[:-1])
    assert bench.completion.run() == 0
    assert "01.flac" in str(bench.grab(nzo_id).note)
    found.write_bytes(data)
    now = bench.clock().timestamp()
    os.utime(found, (now - 0.5, now - 0.5))
    assert bench.completion.run() == 0
    assert "settle" in str(bench.grab(nzo_id).note)
    bench.clock.advance(1)
    assert bench.completion.run() == 1


def test_clock_of_the_other_machine_may_be_wrong(bench: Bench) -> None:
    """A file from the far future will never look old; that must not block it for ever."""
    bench.arrived({"01.flac": flac()})
    bench.calm(seconds=-7_200)
    assert bench.completion.run() == 1


def test_file_that_never_appears_is_fetched_again_then_given_up(bench: Bench) -> None:
    """Patience first, then another attempt, and at the end a sentence."""
    path = f"{FOLDER}\\01.flac"
    main = Offer("slskd", "anna", (OfferFile(path, path, 500),))
    nzo_id = bench.delivered(main, {})
    for attempt in (1, 2, 3):
        assert bench.completion.run() == 0
        bench.clock.advance(301)
        assert bench.completion.run() == 0
        (row,) = bench.files(nzo_id)
        assert (row.status, row.attempts, row.failure_kind) == ("waiting", attempt, "vanished")
        assert bench.grab(nzo_id).status == GrabState.QUEUED
        bench.clock.advance(901)
        bench.dispatcher.run()
        bench.source.succeed(path, write=False)
        bench.look()
        assert bench.grab(nzo_id).status == GrabState.PROCESSING
    bench.clock.advance(301)
    bench.completion.run()
    (view,) = bench.queue.history()
    assert view.status is GrabState.FAILED
    assert "01.flac did not appear" in str(view.failure_message)


def test_shorter_file_is_not_taken(bench: Bench) -> None:
    """A file of another size is not the one that was asked for."""
    data = flac()
    nzo_id = bench.arrived({"01.flac": data})
    (bench.root / "soulspot-incoming" / nzo_id / "0" / "01.flac").write_bytes(data[:-100])
    bench.calm()
    bench.clock.advance(301)
    bench.completion.run()
    assert bench.states(nzo_id) == ["waiting"]
    assert bench.files(nzo_id)[0].failure_kind == "vanished"


# -- verifying -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "data", "kind"),
    [
        ("01.flac", flac()[:30], "corrupt"),
        ("01.flac", b"\0" * 4_000, "corrupt"),
        ("01.flac", mp3()[:100], "invalid_format"),
        ("01.mp3", b"This is not music at all. " * 200, "corrupt"),
        ("01.mp3", mp3()[:40], "corrupt"),
        ("01.mp3", b"<html>Not found</html>", "corrupt"),
        ("01.flac", b"", "corrupt"),
        ("01.m4a", b"\xff" * 5_000, "corrupt"),
        ("01.ogg", b"OggS" + b"\1" * 200, "corrupt"),
    ],
)
def test_what_cannot_be_played_comes_from_another_peer(
    bench: Bench, name: str, data: bytes, kind: str
) -> None:
    """A broken file is dropped, so that it is not resumed, and never asked of this peer again."""
    paths = [f"{FOLDER}\\{name}", f"{FOLDER}\\good.flac"]
    first = Offer(
        "slskd",
        "anna",
        (OfferFile(paths[0], paths[0], len(data)), OfferFile(paths[1], paths[1], len(flac()))),
    )
    nzo_id = bench.delivered(first, dict(zip(paths, (data, flac()), strict=True)))
    _add_offer(bench, nzo_id, replace(first, peer="ben"))
    assert bench.completion.run() == 0
    fresh, good = bench.files(nzo_id)
    assert (fresh.status, fresh.peer, fresh.attempts) == ("waiting", "ben", 0)
    assert (good.status, good.peer) == ("completed", "anna")
    (broken,) = [row for row in bench.files(nzo_id, 0) if not row.current]
    assert (broken.status, broken.failure_kind) == ("blocklisted", kind)
    assert bench.grab(nzo_id).status == GrabState.DOWNLOADING
    assert listing(bench.root) == [f"soulspot-incoming/{nzo_id}/0/good.flac"]
    assert {"cleanup", "dispatch"} <= set(bench.wakes[-2:])


def _add_offer(bench: Bench, nzo_id: str, more: Offer) -> None:
    """Let a grab know of a further peer."""
    with bench.db.write() as session:
        grab = session.merge(bench.grab(nzo_id))
        grab.offers = [*grab.offers, *offers.to_json([more])]


def test_broken_file_that_comes_whole_from_the_second_peer(bench: Bench) -> None:
    """One file is asked for, of the other peer alone, and the album is put together from both."""
    good, other = flac(), flac(2)
    names = [f"{FOLDER}\\01.flac", f"{FOLDER}\\02.flac"]
    album = tuple(
        OfferFile(name, name, len(data)) for name, data in zip(names, (good, other), strict=True)
    )
    first, second = Offer("slskd", "anna", album), Offer("slskd", "ben", album)
    nzo_id = bench.asked(first, second)
    for name, data in zip(names, (b"\0" * len(good), other), strict=True):
        bench.source.contents(name, data)
        bench.source.succeed(name)
    bench.calm()
    bench.look()
    assert bench.completion.run() == 0
    bench.dispatcher.run()
    assert [(r.peer, len(r.files)) for r in bench.source.requests] == [("anna", 2), ("ben", 1)]
    assert len({request.key for request in bench.source.requests}) == 2
    bench.source.contents(names[0], good)
    bench.source.succeed(names[0], peer="ben")
    bench.calm()
    bench.look()
    assert bench.completion.run() == 1
    storage = Path(str(bench.grab(nzo_id).storage_path))
    assert {name: (storage / name).read_bytes() for name in listing(storage)} == {
        "01.flac": good,
        "02.flac": other,
    }
    bench.cleanup.run()
    assert listing(bench.root) == [
        "soulspot/music/" + TITLE + "/" + name for name in ("01.flac", "02.flac")
    ]
    assert len(bench.source.forgotten) == 3


def test_broken_offer_turns_to_the_next_and_leaves_no_stranger(bench: Bench) -> None:
    """Each track once: what the first peer had delivered is not mixed with the second (L06)."""
    good, bad, better = flac(), b"\0" * 900, flac(2)
    names = [f"{FOLDER}\\01 a.flac", f"{FOLDER}\\02 b.flac"]
    first = Offer(
        "slskd",
        "anna",
        (OfferFile(names[0], names[0], len(good)), OfferFile(names[1], names[1], len(bad))),
    )
    others = ["M\\1.flac", "M\\2.flac"]
    second = Offer("slskd", "ben", tuple(OfferFile(name, name, len(better)) for name in others))
    nzo_id = bench.asked(first, second)
    for name, data in zip(names, (good, bad), strict=True):
        bench.source.contents(name, data)
        bench.source.succeed(name)
    bench.calm()
    bench.look()
    assert bench.completion.run() == 0
    storage = Path(str(bench.grab(nzo_id).storage_path))
    storage.mkdir(parents=True)
    (storage / "01 a.flac").write_bytes(good)
    assert bench.grab(nzo_id).peer == "ben"
    bench.dispatcher.run()
    for name in others:
        bench.source.contents(name, better)
        bench.source.succeed(name)
    bench.calm()
    bench.look()
    assert bench.completion.run() == 1
    assert listing(storage) == ["1.flac", "2.flac"]


# -- interruptions ---------------------------------------------------------------------------------


class Killed(BaseException):
    """Stands for the process being killed: nothing catches it."""


@pytest.mark.parametrize("at", [0, 1, 2])
@pytest.mark.parametrize("across", [False, True], ids=["one disk", "two disks"])
def test_killed_between_moves_loses_and_doubles_nothing(
    bench: Bench, other_disk: Path, monkeypatch: pytest.MonkeyPatch, at: int, across: bool
) -> None:
    """Whenever the process dies, the next run finds every file once, whole."""
    if across:
        bench.settings.patch({"paths.complete_dir": str(other_disk)})
    files = {f"0{number}.flac": flac(1, seed=number) for number in range(3)}
    nzo_id = bench.arrived(files)
    moved = 0
    real = os.replace

    def replace_or_die(source: Path, target: Path) -> None:
        nonlocal moved
        final = not str(target).endswith(disk.PARTIAL)
        if final and moved == at:
            raise Killed
        real(source, target)
        moved += final

    with monkeypatch.context() as patch:
        patch.setattr(os, "replace", replace_or_die)
        with pytest.raises(Killed):
            bench.completion.run()
    assert bench.grab(nzo_id).status == GrabState.PROCESSING
    again = Bench(bench.db, bench.clock, bench.root)
    assert again.completion.run() == 1
    storage = Path(str(again.grab(nzo_id).storage_path))
    assert {name: (storage / name).read_bytes() for name in listing(storage)} == files


def test_killed_after_the_copy_and_before_the_original_is_removed(
    bench: Bench, other_disk: Path
) -> None:
    """A file that is at both places counts once; the rest is cleaned up later."""
    bench.settings.patch({"paths.complete_dir": str(other_disk)})
    data = flac()
    nzo_id = bench.arrived({"01.flac": data})
    target = other_disk / "music" / TITLE
    with bench.db.write() as session:
        session.merge(bench.grab(nzo_id)).storage_path = str(target)
    target.mkdir(parents=True)
    (target / "01.flac").write_bytes(data)
    (target / f"02.flac{disk.PARTIAL}").write_bytes(b"half")
    assert bench.completion.run() == 1
    assert listing(target) == ["01.flac"]
    bench.cleanup.run()
    assert listing(bench.root) == []


def test_cancelled_meanwhile_is_not_reported(bench: Bench) -> None:
    """A delete while the files are being moved wins."""
    nzo_id = bench.arrived({"01.flac": flac()})
    grab = bench.grab(nzo_id)
    bench.queue.cancel([nzo_id])
    assert bench.completion._attempt(grab) == "later"
    assert bench.grab(nzo_id).status == GrabState.CANCELLED
    assert bench.queue.history() == []


def test_one_bad_grab_does_not_hold_up_the_others(bench: Bench) -> None:
    """Each grab is finished by itself."""
    waiting = bench.arrived({"01.flac": flac()}, title="first")
    (bench.root / "soulspot-incoming" / waiting / "0" / "01.flac").unlink()
    bench.clock.advance(1)
    done = bench.arrived({"02.flac": flac()}, title="second")
    assert bench.completion.run() == 1
    assert bench.grab(done).status == GrabState.COMPLETED
    assert bench.grab(waiting).status == GrabState.PROCESSING


def test_surprise_in_one_grab_is_told_after_the_others(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What nobody expected stops one grab only, and the job still learns of it."""
    odd = bench.arrived({"odd.flac": flac()}, title="first")
    bench.clock.advance(1)
    fine = bench.arrived({"fine.flac": flac()}, title="second")
    tidy = disk.remove_others

    def stumble(folder: Path, keep: Collection[Path]) -> None:
        if any(path.name == "odd.flac" for path in keep):
            raise ZeroDivisionError
        tidy(folder, keep)

    monkeypatch.setattr(disk, "remove_others", stumble)
    for _ in range(2):
        with pytest.raises(ZeroDivisionError):
            bench.completion.run()
    assert bench.grab(fine).status == GrabState.COMPLETED
    assert bench.grab(odd).status == GrabState.PROCESSING
    monkeypatch.undo()
    assert bench.completion.run() == 1


# -- ours to mend ----------------------------------------------------------------------------------


def test_invisible_download_folder_waits_and_parks_after_a_day(bench: Bench) -> None:
    """A missing mount is not the peer's fault: wait, then tell Lidarr with SABnzbd's sentence."""
    nzo_id = bench.arrived({"01.flac": flac()})
    hidden = bench.root.with_name("hidden")
    bench.root.rename(hidden)
    assert bench.completion.run() == 0
    grab = bench.grab(nzo_id)
    assert grab.status == GrabState.PROCESSING
    assert "not visible here" in str(grab.note)
    bench.clock.advance(86_399)
    bench.completion.run()
    assert bench.grab(nzo_id).status == GrabState.PROCESSING
    hidden.rename(bench.root)
    bench.calm()
    assert bench.completion.run() == 1
    assert bench.grab(nzo_id).status == GrabState.COMPLETED


def test_S38_parked_after_a_day(both: Bench) -> None:
    """After 24 hours the slot carries SABnzbd's own words, which Lidarr only warns about."""
    nzo_id = both.arrived({"01.flac": flac()})
    both.root.rename(both.root.with_name("hidden"))
    both.clock.advance(86_401)
    assert both.completion.run() == 0
    (view,) = both.queue.history()
    assert (view.nzo_id, view.status, view.failure_message) == (nzo_id, GrabState.FAILED, DISK_FULL)
    assert "not visible here" in str(view.note)
    assert both.states(nzo_id) == ["completed"]


def test_full_disk_waits_and_goes_on(bench: Bench, other_disk: Path, tmp_path: Path) -> None:
    """A disk without room (the kernel's own ENOSPC) blames nobody; with room it goes on."""
    bench.settings.patch({"paths.complete_dir": str(other_disk)})
    nzo_id = bench.arrived({"01.flac": flac()})
    folder = other_disk / "music" / TITLE
    with bench.db.write() as session:
        session.merge(bench.grab(nzo_id)).storage_path = str(folder)
    folder.mkdir(parents=True)
    draft = folder / f"01.flac{disk.PARTIAL}"
    draft.symlink_to("/dev/full")
    assert bench.completion.run() == 0
    grab = bench.grab(nzo_id)
    assert grab.status == GrabState.PROCESSING
    assert "No space left" in str(grab.note)
    assert bench.states(nzo_id) == ["completed"]
    assert list(folder.iterdir()) == []  # half a file must not keep the disk full
    assert bench.completion.run() == 1
    assert listing(folder) == ["01.flac"]


def test_file_in_the_way_of_our_folder_waits(bench: Bench) -> None:
    """Any trouble with our own folders is ours: nothing is blamed, the reason is shown."""
    nzo_id = bench.arrived({"01.flac": flac()})
    (bench.root / "soulspot").write_text("in the way")
    assert bench.completion.run() == 0
    assert bench.grab(nzo_id).status == GrabState.PROCESSING
    assert bench.grab(nzo_id).note
    (bench.root / "soulspot").unlink()
    assert bench.completion.run() == 1


def test_unknown_folders_wait(bench: Bench) -> None:
    """Before slskd was ever reached nothing is known, and nothing is lost."""
    nzo_id = bench.arrived({"01.flac": flac()})
    bench.settings.put_internal({"_source_root": ""})
    assert bench.completion.run() == 0
    assert "never reached" in str(bench.grab(nzo_id).note)
