"""`make bench-matching`: how well rules find the right album in the labelled corpus.

Prints precision, recall, wrong albums, editions, abstention, calibration, searches and time for our
rule and for our paraphrase of other programs' rules, on the tuning and the frozen part apart. The
exit status is 1 when one of the project's own promises is missed on the frozen part.
"""

from __future__ import annotations

import argparse
import gc
import json
import sys
import time
from collections.abc import Iterator, Sequence
from pathlib import Path

from tests.bench import fitting, own_rule, promises, tables
from tests.bench.figures import BLIND
from tests.bench.measuring import RULES, Run, execute
from tests.corpus.catalogue import STRATA, Target, targets
from tests.corpus.crowd import crowd
from tests.corpus.library import Library
from tests.corpus.worlds import worlds

RESULT = Path("bench-matching.json")


def selected(options: argparse.Namespace) -> Iterator[Target]:
    """The targets of the strata asked for; a sixth of them when it has to be quick."""
    for number, target in enumerate(targets()):
        if target.stratum in options.strata and (not options.quick or number % 6 == 0):
            yield target


def crowd_seconds() -> float:
    """Seconds to decide what 250 peers with 25,000 files offer, the best of three."""
    target = targets()[0]
    folders = crowd(target, Library(targets()), peers=250, files=25_000)
    gc.freeze()  # as the service does after its start
    times = []
    for _ in range(3):
        began = time.process_time()
        own_rule.chosen(target.wanted, folders)
        times.append(time.process_time() - began)
    return min(times)


def _listed(text: str) -> tuple[str, ...]:
    return tuple(part.strip() for part in text.split(",") if part.strip())


def arguments(words: Sequence[str]) -> argparse.Namespace:
    """What was asked on the command line."""
    parser = argparse.ArgumentParser(prog="python -m tests.bench.matching", description=__doc__)
    parser.add_argument("--rules", type=_listed, default=tuple(RULES), help="of " + ",".join(RULES))
    parser.add_argument("--strata", type=_listed, default=STRATA, help="of " + ",".join(STRATA))
    parser.add_argument("--quick", action="store_true", help="a sixth of the targets")
    parser.add_argument("--failures", action="store_true", help="list those of the tuning part")
    parser.add_argument(
        "--blind", action="store_true", help="with --failures: those without lengths"
    )
    parser.add_argument(
        "--remaining",
        action="store_true",
        help="name what goes wrong on both parts, a line each: for the document, never for tuning",
    )
    parser.add_argument("--fit", action="store_true", help="only fit the calibration, tuning part")
    options = parser.parse_args(words)
    for name, known in (("rules", set(RULES)), ("strata", set(STRATA))):
        if set(getattr(options, name)) - known:
            parser.error(f"--{name}: choose of {', '.join(sorted(known))}")
    return options


def report(run: Run) -> Iterator[str]:
    """Everything for a reader."""
    yield from tables.whole(run.tallies)
    for rule in ("ours", "ours" + BLIND):
        yield from tables.by_stratum(run.tallies, rule)
    yield from tables.side_by_side(run.tallies)
    yield from tables.shown(run.shown)
    yield from tables.calibration(run.pairs)
    yield from tables.searches(run.efforts())


def as_json(run: Run, kept: Sequence[promises.Promise]) -> dict[str, object]:
    """The same for a machine."""
    return {
        "promises": [promise.as_json() for promise in kept],
        "tallies": [
            {"rule": rule, "part": part, "stratum": stratum} | tally.as_json()
            for (rule, part, stratum), tally in run.tallies.items()
        ],
        "searches": [
            {"part": part, "stratum": stratum} | effort.as_json()
            for (part, stratum), effort in run.efforts().items()
        ],
        "calibration": {part: tables.calibration_json(pairs) for part, pairs in run.pairs.items()},
    }


def main(words: Sequence[str]) -> int:
    """Run, print, write the result file; 1 when a promise is missed on the frozen part."""
    options = arguments(words)
    began = time.perf_counter()
    chosen = worlds(list(selected(options)))
    print("\n".join(tables.corpus(chosen)), f"(built in {time.perf_counter() - began:.0f} s)")
    if options.fit:
        print("\n".join(fitting.fitted(chosen)))
        return 0
    run = execute(chosen, options.rules)
    if "ours" in options.rules:
        run.crowd_seconds = crowd_seconds()
    print("\n".join(report(run)))
    if options.failures:
        rule = "ours" + BLIND if options.blind else "ours"
        print("\n".join(each.text() for each in run.failures if each.rule == rule))
    if options.remaining:
        print("\n".join(sorted(run.remaining)))
    kept = promises.check(run) if "ours" in options.rules else []
    print("\npromises, frozen part")
    print("\n".join(promise.row() for promise in kept))
    RESULT.write_text(json.dumps(as_json(run, kept), indent=1))
    return 1 if any(not promise.kept for promise in kept) else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
