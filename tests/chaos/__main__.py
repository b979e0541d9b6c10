"""`make chaos`: 60 grabs, a bad network, and 100 times kill -9 in some minutes.

Once slskd loses its database, and once the service is off for longer than any patience of the run.

`SEED=7 make chaos` plays the same albums, troubles and pauses once more. Exit status 0 means that
every promise was kept.
"""

from __future__ import annotations

import argparse
import logging
import os
import secrets
import sys
import tempfile
from pathlib import Path

from tests.chaos.run import Plan, play
from tests.model import test_queue_model


def main(arguments: list[str] | None = None) -> int:
    """Play, print the account, and say how it can be played again."""
    parser = argparse.ArgumentParser(prog="python -m tests.chaos", description=__doc__)
    seed = int(os.environ.get("SEED") or secrets.randbelow(1_000_000))
    parser.add_argument("--seed", type=int, default=seed)
    parser.add_argument("--grabs", type=int, default=60)
    parser.add_argument("--kills", type=int, default=100)
    parser.add_argument(
        "--lives", type=int, default=40, help="of the model, afterwards; 0 for none"
    )
    parser.add_argument("--keep", type=Path, help="a new folder for everything, kept afterwards")
    options = parser.parse_args(arguments)
    print(f"Chaos with SEED={options.seed}: {options.grabs} grabs, {options.kills} kills.")
    plan = Plan(options.seed, options.grabs, options.kills)
    if options.keep is not None:
        options.keep.mkdir(parents=True)
        status = _tell(plan, options.keep.absolute())
    else:
        with tempfile.TemporaryDirectory(prefix="soulspot-chaos-") as folder:
            status = _tell(plan, Path(folder))
    return _live(options.lives, plan.seed) or status


def _live(lives: int, seed: int) -> int:
    """The model of the queue, with other lives than the tests have."""
    if not lives:
        return 0
    print(f"\n{lives} lives of the model (tests/model) with the same seed.", flush=True)
    logging.disable(logging.CRITICAL)
    try:
        test_queue_model.live(lives, seed)
    except AssertionError as error:
        print(f"BROKEN  {error}\n" + "\n".join(getattr(error, "__notes__", ())))
        return 1
    print("Every one of them ended well.")
    return 0


def _tell(plan: Plan, root: Path) -> int:
    account = play(plan, root, lambda line: print(f"  {line}", flush=True))
    print(f"\n{account.table()}\n")
    for broken in account.broken:
        print(f"BROKEN  {broken}")
    if account.broken:
        print(f"\nTo play it again: make chaos SEED={plan.seed}")
        return 1
    print("Every promise was kept.")
    return 0


if __name__ == "__main__":
    sys.exit(main())
