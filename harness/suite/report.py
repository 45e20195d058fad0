"""From the log of a part to the lines of the report."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

SLOWEST = 10
_MOST_LINES = 300
_PERCENT = re.compile(r"\[ *(\d+)%\]\s*$", re.MULTILINE)
# pytest's last line, such as `=== 3 passed, 1 skipped in 2.34s (0:00:02) ===`.
_CLOSING = re.compile(r"^=+ (?:\d+ \w+|no tests ran)\b.* in [\d.]+s.* =+$", re.MULTILINE)
_COUNT = re.compile(r"(\d+) (passed|failed|skipped|error)")
_DURATION = re.compile(r"^([\d.]+)s (?:call|setup|teardown) +(\S.*)$", re.MULTILINE)
_FAILURES = re.compile(r"^=+ (?:FAILURES|ERRORS) =+$", re.MULTILINE)
_HEADER = ("part", "outcome", "tests", "CPU s", "wall s", "load")


@dataclass(frozen=True)
class Outcome:
    """How a part ended. `status` is its exit status, None if it was not run, for the reason `why_not`.

    `load` is the machine's load average at its start. A part that was left out on purpose has `is_left_out`.
    """

    name: str
    status: int | None = None
    seconds: float = 0.0
    cpu_seconds: float = 0.0
    load: float = 0.0
    log: str = ""
    why_not: str = ""
    is_left_out: bool = False

    @property
    def is_good(self) -> bool:
        """Whether nothing is wrong with it."""
        return self.status == 0 or self.is_left_out

    @property
    def in_words(self) -> str:
        """For the table."""
        if self.status is None:
            return f"not run: {self.why_not}"
        return "passed" if self.status == 0 else f"FAILED ({self.status})"


def percent(log: str) -> int | None:
    """How far pytest has come, from the end of its log."""
    found = _PERCENT.findall(log)
    return int(found[-1]) if found else None


def closing_lines(log: str) -> list[str]:
    """The lines with which pytest ended."""
    return [match.group() for match in _CLOSING.finditer(log)]


def counts(log: str) -> Counter[str]:
    """How many tests passed, failed and were skipped; errors of fixtures count as failures."""
    found: Counter[str] = Counter()
    for line in closing_lines(log):
        for number, kind in _COUNT.findall(line):
            found["failed" if kind == "error" else kind] += int(number)
    return found


def failures(log: str) -> str:
    """What a reader of a failed part needs: pytest's failures, else the end of the log."""
    match = _FAILURES.search(log)
    lines = log[match.start() if match else 0 :].splitlines()
    return "\n".join(lines[:_MOST_LINES] if match else lines[-_MOST_LINES:])


def report(outcomes: Sequence[Outcome], leaves: str = "") -> Iterator[str]:
    """All of it: what failed, a table of the parts, the slowest tests, how pytest closed, and what it leaves to CI."""
    for bad in (one for one in outcomes if one.status):
        yield from ("", f"##### {bad.name} failed", failures(bad.log))
    yield from ("", *_table(outcomes))
    slowest = sorted(_durations(outcomes), reverse=True)[:SLOWEST]
    if slowest:
        yield from ("", "The slowest tests:", *(f"{seconds:7.1f} s  {name}" for seconds, name in slowest))
    yield ""
    for one in outcomes:
        for line in closing_lines(one.log):
            yield from (f"{one.name}:", line)
    if leaves:
        yield f"Left to CI (.ci/run): {leaves}."
    total = sum((counts(one.log) for one in outcomes), Counter[str]())
    yield f"{total['passed']} passed, {total['failed']} failed, {total['skipped']} skipped"


def _durations(outcomes: Iterable[Outcome]) -> Iterator[tuple[float, str]]:
    for one in outcomes:
        for seconds, name in _DURATION.findall(one.log):
            yield float(seconds), f"{one.name}: {name}"


def _table(outcomes: Iterable[Outcome]) -> Iterator[str]:
    yield from (f"| {' | '.join(_HEADER)} |", f"|{'---|' * len(_HEADER)}")
    for one in outcomes:
        figures = [f"{one.cpu_seconds:.0f}", f"{one.seconds:.0f}", f"{one.load:.1f}"]
        measured = ["", "", ""] if one.status is None else figures
        tests = sum(counts(one.log).values()) or ""
        yield f"| {' | '.join((one.name, one.in_words, str(tests), *measured))} |"
