"""`make bench`: prints a table of speed and memory and writes `bench-results.json`.

Figures are measured from outside wherever a client would stand: over HTTP against a real process.
The limits are the project's own promises; a miss is shown, not hidden, and sets the exit status.
"""

from __future__ import annotations

import json
import platform
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path

from tests.bench import measures, measures_import, measures_queue
from tests.bench.measures import Figure

MEASURES: tuple[tuple[str, Callable[[Path], list[Figure]]], ...] = (
    ("start", measures.start),
    ("poll", measures.poll),
    ("addfile", measures.addfile),
    ("search", measures.search),
    ("monitor", measures.monitor),
    ("claims", measures_queue.claims),
    ("open", measures_queue.open_downloads),
    ("requests", measures_queue.requests_to_slskd),
    ("handover", measures_import.handover),
    ("idle", measures.idle),
)


def main(chosen: list[str]) -> int:
    """Run all measures, or those that are named."""
    figures: list[Figure] = []
    print(f"{'measure':<46} {'measured':>12} {'promised':>12}")
    for name, measure in MEASURES:
        if chosen and name not in chosen:
            continue
        with tempfile.TemporaryDirectory(prefix="soulspot-bench-") as folder:
            for figure in measure(Path(folder)):
                figures.append(figure)
                print(figure.row(), flush=True)
    Path("bench-results.json").write_text(
        json.dumps(
            {
                "python": platform.python_version(),
                "machine": platform.machine(),
                "figures": [figure.as_json() for figure in figures],
            },
            indent=2,
        )
    )
    missed = [figure for figure in figures if not figure.kept]
    print(f"\n{len(figures) - len(missed)} of {len(figures)} promises kept; bench-results.json")
    return 1 if missed else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
