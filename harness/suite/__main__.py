"""`python -m harness.suite all`: see `scripts/test`."""

from __future__ import annotations

import argparse
import os
import sys
import time
from collections.abc import Sequence
from pathlib import Path

from harness.suite.parts import CAPACITY, LEAVES, SUITES
from harness.suite.report import report
from harness.suite.running import Suite

ROOT = Path(__file__).resolve().parents[2]
DURATIONS = "--durations=10 --durations-min=5"


def main(arguments: Sequence[str] | None = None) -> int:
    """Run a suite, print its report; 1 if a part failed or could not run."""
    parser = argparse.ArgumentParser("scripts/test", description="Runs parts of the tests side by side.")
    parser.add_argument("suite", choices=list(SUITES))
    parser.add_argument(
        "--capacity",
        type=int,
        default=CAPACITY,
        help="how much runs at once (%(default)s); 1: one part after the other",
    )
    asked = parser.parse_args(arguments)
    begun, logs = time.monotonic(), ROOT / ".work" / "test"

    def say(line: str) -> None:
        minutes, seconds = divmod(round(time.monotonic() - begun), 60)
        print(f"[{minutes:2}:{seconds:02}] {line}", flush=True)

    addopts = f"{os.environ.get('PYTEST_ADDOPTS', '')} {DURATIONS}".strip()
    print(f"Logs: {logs}")
    outcomes = Suite(ROOT, logs, say, asked.capacity, {**os.environ, "PYTEST_ADDOPTS": addopts}).run(
        SUITES[asked.suite]
    )
    print("\n".join(report(outcomes, LEAVES.get(asked.suite, ""))), flush=True)
    return 0 if all(one.is_good for one in outcomes) else 1


if __name__ == "__main__":
    sys.exit(main())
