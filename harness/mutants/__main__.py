"""What `scripts/mutants` runs."""

from __future__ import annotations

import argparse
import json
import os
import sys
from collections.abc import Sequence

import pytest

from harness.mutants.changes import PACKAGE, ROOT, WORK, Mutant, copy_checkout, mutate
from harness.mutants.report import choose, table
from harness.mutants.rules import MODULES
from harness.mutants.runs import NO_TEST, SURVIVED, Runs

PYTEST = (
    "-p",
    "no:cacheprovider",
    "-p",
    "no:xdist",
    "-q",
    "--capture",
    "sys",
    "--hypothesis-profile",
    "mutants",
)


def main(arguments: Sequence[str] | None = None) -> None:
    """Change, run, and print what no test noticed."""
    parser = argparse.ArgumentParser(prog="scripts/mutants", description="Which changes of a rule does no test notice?")
    parser.add_argument("modules", nargs="*", metavar="MODULE", help="such as api/once; all by default")
    parser.add_argument("--sample", type=int, default=10, metavar="N", help="changes of a module, 10 by default")
    parser.add_argument("--seed", type=int, default=1, metavar="S", help="1 by default")
    parser.add_argument("--jobs", type=int, default=os.cpu_count() or 1, help="changes at a time; all cores by default")
    parser.add_argument("--again", action="store_true", help="only those that no test noticed the last time")
    given = parser.parse_args(arguments)
    unknown = sorted(set(given.modules) - set(MODULES))
    if unknown:
        parser.error(f"no rules in {', '.join(unknown)}; known: {', '.join(MODULES)}")
    unnoticed = WORK.parent / "mutants.json"
    names = [module for module in MODULES if not given.modules or module in given.modules]
    names = [module for module in names if (ROOT / PACKAGE / f"{module}.py").exists()]
    copy_checkout()
    os.chdir(WORK)
    sys.path.insert(0, str(WORK))
    os.environ["PYTHONPATH"] = str(WORK)
    mutants = {module: mutate(module) for module in names}
    if given.again:
        last = {tuple(one) for one in json.loads(unnoticed.read_text())}
        chosen = [one for found in mutants.values() for one in found if (one.function, one.diff) in last]
    else:
        chosen = choose(mutants, given.sample, given.seed)
    results: list[tuple[Mutant, str]] = []

    def report(mutant: Mutant, result: str) -> None:
        results.append((mutant, result))
        print(f"{len(results)}/{len(chosen)} {result}: {mutant.key.removeprefix(PACKAGE + '.')}", flush=True)
        if result in (SURVIVED, NO_TEST):
            print(mutant.diff, flush=True)

    runs = Runs(chosen, given.jobs, report)
    pytest.main([*PYTEST, *dict.fromkeys(test for module in names for test in MODULES[module])], plugins=[runs])
    if not runs.reach.cost:
        sys.exit("No test ran; pytest says why above.")
    left = [(mutant.function, mutant.diff) for mutant, result in results if result in (SURVIVED, NO_TEST)]
    unnoticed.write_text(json.dumps(left))
    print(table(mutants, results))
    if failed := sorted(runs.reach.failed):
        print(f"{len(failed)} tests fail without a change and were left out: {', '.join(failed)}")
    # What the tests began may hold up an ordinary exit.
    sys.stdout.flush()
    os._exit(0)


if __name__ == "__main__":
    main()
