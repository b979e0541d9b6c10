"""Leaving no traces, at the source and on disk, and never touching what is not ours."""

from __future__ import annotations

import os
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import func, select, update

from soulspot_arr.domain import FailureKind, GrabState, TransferRef, TransferState
from soulspot_arr.errors import SourceUnavailable
from soulspot_arr.models import Answer, Download, Event, Grab, ReleaseRow, SearchRow
from tests.soulspot_arr.workshop import Bench, flac, offer

FOLDER = "Music\\Cello\\Undertow"
ONE, TWO = f"{FOLDER}\\01.flac", f"{FOLDER}\\02.flac"


def listing(folder: Path) -> list[str]:
    """Every file below a folder."""
    return sorted(str(found.relative_to(folder)) for found in folder.rglob("*") if found.is_file())


def incoming(bench: Bench, nzo_id: str) -> Path:
    """Where the first offer of a grab lands."""
    return bench.root / "soulspot-incoming" / nzo_id / "0"


# -- at the source ---------------------------------------------------------------------------------


def test_cancelled_grab_is_stopped_and_forgotten(both: Bench) -> None:
    """Our transfers are cancelled and dropped; those of others stay."""
    foreign = both.source._record("anna", "Music\\Else\\x.flac", 5, None, "Else")
    nzo_id = both.asked()
    both.look()
    both.queue.cancel([nzo_id])
    assert both.cleanup.run() == 4
    rows = both.files(nzo_id)
    assert set(both.source.forgotten) == {TransferRef("anna", str(r.transfer_ref)) for r in rows}
    assert {row.released_at for row in rows} == {both.clock()}
    assert list(both.source._transfers) == [foreign.ref]
    assert both.cleanup.run() == 0


def test_finished_records_are_forgotten_too(bench: Bench) -> None:
    """Nothing is pruned at slskd by default: what is reported needs no record any more."""
    nzo_id = bench.arrived({"01.flac": flac()})
    bench.cleanup.run()
    assert bench.source.forgotten == []
    bench.completion.run()
    bench.cleanup.run()
    assert [ref.ref for ref in bench.source.forgotten] == [bench.files(nzo_id)[0].transfer_ref]


def test_running_grab_is_left_alone(bench: Bench) -> None:
    """Nothing that is still wanted is touched."""
    bench.asked()
    bench.look()
    assert bench.cleanup.run() == 0
    assert (bench.source.forgotten, bench.source.polls) == ([], 1)


def test_unconfirmed_request_is_found_by_its_batch(bench: Bench) -> None:
    """A request whose answer was lost is stopped all the same; an equal path of others is not."""
    nzo_id = bench.asked(offer("anna", "01.flac"))
    with bench.db.write() as session:
        session.execute(update(Download).values(transfer_ref=None))
    ours = bench.source.of(ONE)
    foreign = bench.source._record("anna", ONE, 1_000, None, "Undertow")
    bench.queue.cancel([nzo_id])
    bench.cleanup.run()
    assert [ref.ref for ref in bench.source.forgotten] == [ours.ref]
    assert list(bench.source._transfers) == [foreign.ref]


def test_request_that_never_came_is_let_go_after_a_while(bench: Bench) -> None:
    """What slskd does not know is looked for as long as the request may still be under way."""
    nzo_id = bench.asked(offer("anna", "01.flac"))
    with bench.db.write() as session:
        session.execute(update(Download).values(transfer_ref=None))
    bench.source.vanish(ONE)
    bench.queue.cancel([nzo_id])
    assert bench.cleanup.run() == 0
    assert bench.files(nzo_id)[0].released_at is None
    bench.clock.advance(121)
    assert bench.cleanup.run() == 2
    assert bench.files(nzo_id)[0].released_at == bench.clock()


def test_outage_puts_it_off(bench: Bench) -> None:
    """While slskd is away nothing is written; afterwards everything is done."""
    nzo_id = bench.asked()
    bench.queue.cancel([nzo_id])
    bench.source.down = True
    assert bench.cleanup.run() == 0
    assert {row.released_at for row in bench.files(nzo_id)} == {None}
    assert bench.grab(nzo_id).cleaned_at is None
    bench.source.down = False
    assert bench.cleanup.run() == 4


def test_attempt_that_could_not_be_dropped_is_dropped_at_the_end(bench: Bench) -> None:
    """A stalled transfer that slskd kept must not go on after the grab was cancelled."""
    nzo_id = bench.asked(offer("anna", "01.flac"))
    bench.source.start(ONE, bytes_done=5)
    bench.look()
    ref = bench.source.of(ONE).ref
    bench.watch(1_800)
    bench.source.break_next("cancel", SourceUnavailable("hiccup", source="slskd"))
    bench.watch(1)
    assert bench.states(nzo_id) == ["waiting"]
    bench.queue.cancel([nzo_id])
    bench.cleanup.run()
    assert ref in {entry.ref for entry in bench.source.forgotten}


# -- on disk ---------------------------------------------------------------------------------------


def test_leftovers_of_a_failed_grab_are_removed(bench: Bench) -> None:
    """What half of the album had already come goes; the neighbours stay."""
    neighbour = bench.root / "Undertow" / "keep.flac"
    neighbour.parent.mkdir()
    neighbour.write_bytes(b"keep")
    nzo_id = bench.asked(offer("anna", "01.flac", "02.flac"))
    bench.source.succeed(ONE)
    bench.source.fail(TWO, FailureKind.REJECTED)
    bench.look()
    assert bench.grab(nzo_id).status == GrabState.FAILED
    assert listing(incoming(bench, nzo_id)) == ["01.flac"]
    bench.cleanup.run()
    assert listing(bench.root) == ["Undertow/keep.flac"]
    assert bench.grab(nzo_id).cleaned_at == bench.clock()


def test_leftovers_wait_until_the_source_has_let_go(bench: Bench) -> None:
    """A transfer that still runs would make the folder anew."""
    nzo_id = bench.asked(offer("anna", "01.flac", "02.flac"))
    bench.source.succeed(ONE)
    bench.look()
    bench.queue.cancel([nzo_id])
    bench.source.down = True
    bench.cleanup.run()
    assert listing(incoming(bench, nzo_id)) == ["01.flac"]
    bench.source.down = False
    bench.cleanup.run()
    assert listing(bench.root) == []


def test_completed_files_stay_until_lidarr_took_them(bench: Bench) -> None:
    """The reported folder is Lidarr's; the empty folders after the import are ours."""
    nzo_id = bench.arrived({"01.flac": flac()})
    bench.completion.run()
    storage = Path(str(bench.grab(nzo_id).storage_path))
    for _ in range(3):
        bench.clock.advance(3_600)
        bench.cleanup.run()
    assert listing(storage) == ["01.flac"]
    assert not (bench.root / "soulspot-incoming" / nzo_id).exists()
    (storage / "01.flac").unlink()
    (storage / "CD1").mkdir()
    (storage / "Disc 2").mkdir()
    bench.queue.delete_history([nzo_id], archive=True)
    bench.cleanup.run()
    assert not storage.exists()
    assert storage.parent.exists()


def test_removed_without_import_keeps_the_files(bench: Bench) -> None:
    """Deleting a slot does not delete music that somebody may still want (D08)."""
    nzo_id = bench.arrived({"01.flac": flac()})
    bench.completion.run()
    storage = Path(str(bench.grab(nzo_id).storage_path))
    bench.queue.delete_history([nzo_id], archive=False)
    bench.cleanup.run()
    assert bench.grab(nzo_id).status == GrabState.REMOVED
    assert listing(storage) == ["01.flac"]


def test_report_mode_folder_is_not_taken_from_under_lidarr(bench: Bench) -> None:
    """Reported in place means that the incoming folder is the album."""
    bench.settings.patch({"completion.mode": "report"})
    nzo_id = bench.arrived({"01.flac": flac()})
    bench.completion.run()
    bench.cleanup.run()
    assert listing(incoming(bench, nzo_id)) == ["01.flac"]


@pytest.mark.parametrize("deleted", [False, True], ids=["failed", "failed and deleted at once"])
def test_half_placed_folder_of_a_lost_grab_is_removed(bench: Bench, deleted: bool) -> None:
    """A folder that Lidarr was never told of holds leftovers, even when the slot is gone."""
    nzo_id = bench.arrived({"01.flac": flac()})
    storage = bench.root / "soulspot" / "music" / "half"
    storage.mkdir(parents=True)
    (storage / "01.flac").write_bytes(b"x")
    with bench.db.write() as session:
        session.execute(
            update(Grab).values(
                status=GrabState.FAILED,
                failure_message="01.flac cannot be read as audio.",
                completed_at=bench.clock(),
                storage_path=str(storage),
            )
        )
    if deleted:
        bench.queue.delete_history([nzo_id], archive=False)
    bench.cleanup.run()
    assert not storage.exists()


def test_parked_files_stay_until_somebody_deletes_the_grab(bench: Bench) -> None:
    """A full disk of ours does not cost the music that has already come."""
    nzo_id = bench.arrived({"01.flac": flac()})
    bench.settings.patch({"paths.local_root": str(bench.root / "wrong")})
    bench.clock.advance(86_401)
    bench.completion.run()
    bench.settings.patch({"paths.local_root": ""})
    assert bench.grab(nzo_id).failure_kind == "disk_full"
    bench.cleanup.run()
    assert listing(incoming(bench, nzo_id)) == ["01.flac"]
    bench.queue.delete_history([nzo_id], archive=False)
    bench.cleanup.run()
    assert listing(bench.root) == []


def test_unseen_folder_is_cleaned_when_it_is_back(bench: Bench) -> None:
    """A missing mount must not make us forget the leftovers."""
    nzo_id = bench.asked(offer("anna", "01.flac", "02.flac"))
    bench.source.succeed(ONE)
    bench.look()
    bench.queue.cancel([nzo_id])
    hidden = bench.root.with_name("hidden")
    bench.root.rename(hidden)
    bench.cleanup.run()
    assert bench.grab(nzo_id).cleaned_at is None
    hidden.rename(bench.root)
    bench.cleanup.run()
    assert listing(bench.root) == []


def test_links_and_strange_ids_lead_nowhere(bench: Bench, tmp_path: Path) -> None:
    """A link in place of our folder, or dots in an id, do not delete anything elsewhere."""
    precious = tmp_path / "precious"
    precious.mkdir()
    (precious / "keep").write_text("keep")
    linked, dotted = bench.add(offer("anna", "1.flac")), bench.add(offer("ben", "2.flac"))
    (bench.root / "soulspot-incoming").mkdir()
    (bench.root / "soulspot-incoming" / linked).symlink_to(precious)
    bench.queue.cancel([linked, dotted])
    with bench.db.write() as session:
        session.execute(
            update(Grab)
            .where(Grab.nzo_id == dotted)
            .values(nzo_id="../../precious", storage_path=str(precious))
        )
    for _ in range(2):
        bench.cleanup.run()
    assert listing(precious) == ["keep"]


@pytest.mark.parametrize("storage", ["{root}/soulspot", "{root}", "/", "{root}/soulspot/../x", "x"])
def test_storage_that_is_not_ours_alone_is_never_removed(bench: Bench, storage: str) -> None:
    """Neither the folder of all grabs nor anything above or beside it."""
    keep = bench.root / "soulspot" / "music" / "other" / "01.flac"
    keep.parent.mkdir(parents=True)
    keep.write_bytes(b"x")
    (bench.root / "x").mkdir()
    (bench.root / "x" / "y").write_text("y")
    nzo_id = bench.add()
    bench.queue.cancel([nzo_id])
    with bench.db.write() as session:
        session.execute(update(Grab).values(storage_path=storage.format(root=bench.root)))
    bench.cleanup.run()
    assert listing(bench.root) == ["soulspot/music/other/01.flac", "x/y"]
    assert bench.grab(nzo_id).cleaned_at is not None


# -- without folders of our own (old slskd) --------------------------------------------------------


def old_slskd(bench: Bench) -> None:
    """Files land in the peer's last folder, among everything else."""
    bench.source.batches = False


def test_single_files_of_a_lost_grab_are_removed(bench: Bench) -> None:
    """Without a folder of its own only the fetched files go, then the folder if it is empty."""
    old_slskd(bench)
    bench.asked(offer("anna", "01.flac", "02.flac"))
    bench.source.contents(ONE, b"x" * 1_000)
    bench.source.succeed(ONE)
    bench.calm(seconds=0)
    bench.source.fail(TWO, FailureKind.REJECTED)
    bench.look()
    (bench.root / "Undertow" / "notes.txt").write_text("mine")
    bench.cleanup.run()
    assert listing(bench.root) == ["Undertow/notes.txt"]


def test_file_that_was_there_before_is_not_ours(bench: Bench) -> None:
    """The same album fetched by hand last week survives the cancelling of our grab."""
    old_slskd(bench)
    mine = bench.root / "Undertow" / "01.flac"
    mine.parent.mkdir()
    mine.write_bytes(b"x" * 1_000)
    week_ago = bench.clock().timestamp() - 7 * 86_400
    os.utime(mine, (week_ago, week_ago))
    nzo_id = bench.asked(offer("anna", "01.flac"))
    bench.look()
    bench.queue.cancel([nzo_id])
    bench.cleanup.run()
    assert mine.exists()


def test_download_root_itself_is_never_removed(bench: Bench) -> None:
    """Files that landed flat in the root go, the root stays (slskd §6.2, pattern {})."""
    old_slskd(bench)
    main = offer("anna", "01.flac", folder="")
    path = main.files[0].path
    nzo_id = bench.asked(main)
    bench.source.contents(path, b"x" * 1_000)
    bench.source.succeed(path)
    bench.calm(seconds=0)
    bench.look()
    with bench.db.write() as session:
        session.execute(update(Download).values(placement=""))
    bench.queue.cancel([nzo_id])
    bench.cleanup.run()
    assert bench.root.is_dir()
    assert listing(bench.root) == []


# -- old rows --------------------------------------------------------------------------------------


def test_purge_keeps_what_is_needed(both: Bench) -> None:
    """By retention; never a grab that can still be imported, nor a release it came from."""
    now = both.clock()
    ids = {
        name: both.add(title=name, release_key=name[0] * 64) for name in ("open", "done", "gone")
    }
    unclean = both.add(title="unclean")
    with both.db.write() as session:
        for name, status in (("done", "completed"), ("gone", "removed")):
            session.execute(
                update(Grab)
                .where(Grab.nzo_id == ids[name])
                .values(status=status, cleaned_at=now, completed_at=now)
            )
        session.execute(update(Grab).where(Grab.nzo_id == ids["gone"]).values(archived_at=now))
        session.execute(update(Grab).where(Grab.nzo_id == unclean).values(status="removed"))
        for key in ("o", "d", "g", "x"):
            session.add(
                ReleaseRow(
                    id=key * 64,
                    title=key,
                    artist="",
                    album="",
                    quality="FLAC",
                    size=1,
                    offers=[],
                    published_at=now,
                    last_seen_at=now,
                )
            )
        session.add(SearchRow(source="slskd", query_key="k", text="t", started_at=now))
        session.add(Answer(query_key="k", release_keys=[], answered_at=now))
    both.cleanup.purge()
    assert counts(both) == (4, 12, 4, 4, 1, 1)
    both.clock.now = now + timedelta(days=2)
    both.cleanup.purge()
    assert counts(both) == (4, 12, 4, 4, 1, 1)
    both.clock.now = now + timedelta(days=8)
    both.cleanup.purge()
    assert counts(both) == (4, 12, 4, 4, 0, 1)  # "not found" is answered for up to a week
    both.clock.now = now + timedelta(days=15)
    both.cleanup.purge()
    assert counts(both) == (4, 12, 4, 2, 0, 0)
    both.clock.now = now + timedelta(days=31)
    both.cleanup.purge()
    assert counts(both) == (4, 12, 0, 2, 0, 0)
    both.clock.now = now + timedelta(days=91)
    both.cleanup.purge()
    assert counts(both) == (3, 9, 0, 2, 0, 0)
    assert both.grab(ids["done"]).status == GrabState.COMPLETED
    assert both.grab(ids["open"]).status == GrabState.QUEUED


def counts(bench: Bench) -> tuple[int, ...]:
    """Rows of grabs, downloads, events, releases, searches and answers."""
    tables = (Grab, Download, Event, ReleaseRow, SearchRow, Answer)
    with bench.db.read() as session:
        return tuple(session.scalar(select(func.count()).select_from(t)) or 0 for t in tables)


def test_events_survive_the_grab_they_belong_to(both: Bench) -> None:
    """A purged grab leaves its younger events behind, without the link."""
    nzo_id = both.add()
    both.queue.cancel([nzo_id])
    with both.db.write() as session:
        session.execute(update(Grab).values(cleaned_at=both.clock()))
    both.clock.advance(91 * 86_400)
    with both.db.write() as session:
        session.execute(update(Event).values(at=both.clock()))
    both.cleanup.purge()
    assert {event.grab_id for event in both.events()} == {None}


def test_file_of_the_first_peer_that_came_too_late_is_removed(bench: Bench) -> None:
    """After a change of peers the complete files of the first one are leftovers."""
    nzo_id = bench.asked(offer("anna", "01.flac", "02.flac"), offer("ben", "1.flac", size=1_100))
    bench.source.succeed(ONE)
    bench.source.fail(TWO, FailureKind.REJECTED)
    bench.look()
    assert bench.grab(nzo_id).peer == "ben"
    data = flac()
    with bench.db.write() as session:
        session.execute(update(Download).where(Download.peer == "ben").values(size=len(data)))
    bench.dispatcher.run()
    path = f"{FOLDER}\\1.flac"
    bench.source.contents(path, data)
    bench.source.succeed(path)
    bench.calm()
    bench.look()
    assert bench.source.of(path).state is TransferState.SUCCEEDED
    assert bench.completion.run() == 1
    bench.cleanup.run()
    assert [name.rpartition("/")[2] for name in listing(bench.root)] == ["1.flac"]
