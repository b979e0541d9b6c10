"""Files that were placed for one peer and are kept for the next: found where they lie, moved once."""

from __future__ import annotations

from pathlib import Path

import pytest
from sqlalchemy import update

from soulspot_arr import disk
from soulspot_arr.domain import Offer, OfferFile
from soulspot_arr.models import Download
from tests.soulspot_arr.workshop import Bench, flac

FOLDER = "Music\\X\\Y"
SOUNDS = (flac(1, seed=1), flac(1, seed=2))  # of one size: only what they hold tells them apart


class Killed(BaseException):
    """Stands for the process being killed: nothing catches it."""


def placed(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> tuple[list[int], Path]:
    """Two discs that lie where they belong, of a grab that was not reported yet; ids and folder."""
    paths = [f"{FOLDER}\\CD{disc}\\01.flac" for disc in (1, 2)]
    files = [
        OfferFile(path, path, len(data), disc)
        for disc, (path, data) in enumerate(zip(paths, SOUNDS, strict=True), start=1)
    ]
    offer = Offer("slskd", "anna", tuple(files))
    nzo_id = bench.delivered(offer, dict(zip(paths, SOUNDS, strict=True)))

    def die(*_: object) -> None:
        raise Killed

    with monkeypatch.context() as patch:
        patch.setattr(disk, "remove_others", die)
        with pytest.raises(Killed):
            bench.completion.run()
    storage = Path(str(bench.grab(nzo_id).storage_path))
    assert heard(storage) == {"1-01.flac": 0, "2-01.flac": 1}
    return [row.id for row in bench.files(nzo_id)], storage


def heard(storage: Path) -> dict[str, int]:
    """Which of the two sounds lies where."""
    found = sorted(path for path in storage.rglob("*") if path.is_file())
    return {str(path.relative_to(storage)): SOUNDS.index(path.read_bytes()) for path in found}


def write(bench: Bench, row_id: int, **columns: object) -> None:
    """As a change of the offer leaves the row."""
    with bench.db.write() as session:
        session.execute(update(Download).where(Download.id == row_id).values(**columns))


def test_a_kept_file_moves_to_its_new_disc(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    """At the new place it is not, at slskd it is not any more: it is where we put it."""
    (first, _), storage = placed(bench, monkeypatch)
    write(bench, first, disc=3)
    assert bench.completion.run() == 1
    assert heard(storage) == {"2-01.flac": 1, "3-01.flac": 0}


def test_a_kept_file_goes_out_of_the_way_first(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A new file of its old name and of its size neither takes it for itself nor covers it."""
    (kept, new), storage = placed(bench, monkeypatch)
    write(bench, kept, disc=2, position=1)
    write(bench, new, disc=1, position=0, placed_path=None)
    incoming = next(bench.root.glob("soulspot-incoming/*/0/CD2"))
    (storage / "2-01.flac").rename(incoming / "01.flac")
    bench.calm()
    assert bench.completion.run() == 1
    assert heard(storage) == {"1-01.flac": 1, "2-01.flac": 0}
