"""`scripts/repeat`: see there."""

from __future__ import annotations

import argparse
import os
import re
import resource
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
WORK = ROOT / ".work" / "repeat"
# What .ci/run plays end to end on one version, but for the campaigns.
WORDS = ("3.3", "tests/e2e", "-m", "not campaign")
HEADER = "| run | begun | load | seconds | CPU-seconds | status | tests |\n|---|---|---|---|---|---|---|"
# pytest's last line, such as `=== 3 passed, 1 skipped in 2.34s (0:00:02) ===`.
_OUTCOME = re.compile(r"^=+ (.+) in [\d.]+s.* =+$", re.MULTILINE)
_FAILED = re.compile(r"^(?:FAILED|ERROR) .+$", re.MULTILINE)


@dataclass(frozen=True)
class Round:
    """One run. `load` is the machine's as it began; `tests` are pytest's own counts; `failed` its lines of failures."""

    number: int
    begun: str
    load: float
    seconds: float
    cpu_seconds: float
    status: int
    tests: str
    failed: tuple[str, ...]

    def row(self) -> str:
        """The run as a line of the table."""
        figures = (self.number, self.begun, f"{self.load:.1f}", f"{self.seconds:.0f}", f"{self.cpu_seconds:.0f}")
        return f"| {' | '.join(map(str, (*figures, self.status, self.tests)))} |"


def play(command: Sequence[str], times: int, folder: Path) -> Iterator[Round]:
    """Run a command a number of times, also after failures; write the output of each to a file in `folder`."""
    folder.mkdir(parents=True, exist_ok=True)
    for number in range(1, times + 1):
        yield _round(command, number, folder / f"{number}.log")


def _round(command: Sequence[str], number: int, log: Path) -> Round:
    begun, load, started, cpu_before = time.strftime("%H:%M:%S"), os.getloadavg()[0], time.monotonic(), _cpu_seconds()
    with log.open("wb") as out:
        status = subprocess.run(command, cwd=ROOT, stdout=out, stderr=out).returncode
    seconds, text = time.monotonic() - started, log.read_text(errors="replace")
    tests = "; ".join(_OUTCOME.findall(text)) or "none counted"
    return Round(number, begun, load, seconds, _cpu_seconds() - cpu_before, status, tests, tuple(_FAILED.findall(text)))


def _cpu_seconds() -> float:
    """What ended children have used so far, and those whose end they waited for."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def main(arguments: Sequence[str] | None = None) -> int:
    """Run `scripts/test` so many times and print a table; 1 if a run failed."""
    parser = argparse.ArgumentParser("scripts/repeat", description="The same tests, so many times in a row.")
    parser.add_argument("--times", type=int, default=20, help="how many (%(default)s)")
    parser.add_argument("words", nargs="*", help="arguments of scripts/test, after --", default=WORDS)
    asked = parser.parse_args(arguments)
    print(f"scripts/test {' '.join(asked.words)}; logs: {WORK}\n{HEADER}", flush=True)
    bad = 0
    for one in play([str(ROOT / "scripts" / "test"), *asked.words], asked.times, WORK):
        print("\n".join([one.row(), *one.failed]), flush=True)
        bad += one.status != 0
    print(f"\n{bad} of {asked.times} runs failed")
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main())
