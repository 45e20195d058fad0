"""The parts of `scripts/test`: which run, and what the report says of them."""

from __future__ import annotations

import re
import sys
from collections.abc import Mapping
from pathlib import Path

from harness.suite.parts import CAPACITY, SUITES, Part
from harness.suite.report import Outcome, closing_lines, counts, percent, report
from harness.suite.running import Suite, next_parts

LOG = """\
tests/unit/test_a.py .F                                                  [ 50%]
=================================== FAILURES ===================================
E       assert 1 == 2
============================= slowest 10 durations =============================
7.25s call     tests/unit/test_a.py::test_two
=========================== short test summary info ============================
FAILED tests/unit/test_a.py::test_two - assert 1 == 2
=================== 1 failed, 3 passed, 2 skipped in 8.34s ====================
"""


def part(name: str, *, code: str = "", needs: tuple[str, ...] = (), load: int = 1, before: float = 90.0) -> Part:
    return Part(name, (sys.executable, "-c", code), needs, load, before)


def played(folder: Path, *parts: Part, capacity: int = 2) -> Mapping[str, Outcome]:
    outcomes = Suite(folder, folder / "logs", print, capacity).run(parts)
    return {one.name: one for one in outcomes}


def test_a_failed_part_stops_only_what_needs_it(tmp_path: Path) -> None:
    failing = part("one", code="raise SystemExit(3)")
    found = played(tmp_path, failing, part("two", needs=("one",)), part("three", code="print('ran')"))
    assert {name: one.in_words for name, one in found.items()} == {
        "one": "FAILED (3)",
        "two": "not run: one failed",
        "three": "passed",
    }
    assert (found["two"].is_good, found["three"].log) == (False, "ran\n")


def test_a_part_that_cannot_start_in_time_is_left_out_and_is_no_failure(tmp_path: Path) -> None:
    late = played(tmp_path, part("late", before=-1.0))["late"]
    assert (late.status, late.is_good) == (None, True)


def test_parts_start_in_their_order_as_far_as_there_is_room() -> None:
    parts = [part("a", load=2), part("b", load=4), part("c", needs=("z",)), part("d", load=2)]
    assert [one.name for one in next_parts(parts, {}, 5, is_idle=True)] == ["a", "d"]


def test_of_all_parts_the_longest_starts_first_once_everything_is_installed() -> None:
    for parts in SUITES.values():
        minutes = [one.minutes for one in parts if not one.name.startswith("install ")]
        assert minutes == sorted(minutes, reverse=True)


def test_no_more_than_two_campaigns_run_at_once() -> None:
    campaigns = SUITES["campaigns"][3:]
    done = {one.name: Outcome(one.name, 0) for one in SUITES["campaigns"][:3]}
    assert len(next_parts(campaigns, done, CAPACITY, is_idle=True)) == 2


def test_a_part_larger_than_the_capacity_runs_alone() -> None:
    assert [one.name for one in next_parts([part("a", load=9)], {}, 5, is_idle=True)] == ["a"]
    assert next_parts([part("a", load=9)], {}, 5, is_idle=False) == []


def test_ci_runs_slow_tests_and_all_examples_of_each_part_that_a_contributor_runs_without() -> None:
    commands = {one.name: " ".join(one.command) for one in SUITES["ci"]}
    for one in SUITES["all"]:
        quick, full = " ".join(one.command), commands[one.name]
        if one.tests:
            assert "not slow" in quick or one.name == "core", quick
            assert not re.search("slow|quick", full), full


def test_every_part_needs_only_parts_that_come_before_it() -> None:
    for parts in SUITES.values():
        names = [one.name for one in parts]
        assert len(set(names)) == len(names)
        assert all(names.index(need) < names.index(one.name) for one in parts for need in one.needs)
        assert all(one.load <= CAPACITY for one in parts)


def test_the_log_of_pytest_tells_progress_and_counts() -> None:
    assert percent(LOG) == 50
    assert counts(LOG) == {"failed": 1, "passed": 3, "skipped": 2}
    assert closing_lines("=== no tests ran in 0.01s ===") == ["=== no tests ran in 0.01s ==="]


def test_the_report_says_before_its_last_line_what_it_leaves_to_ci() -> None:
    assert list(report([Outcome("one", 0, log=LOG)], "slow tests"))[-2] == "Left to CI (.ci/run): slow tests."


def test_the_report_shows_failures_then_all_parts_then_how_pytest_closed() -> None:
    lines = list(report([Outcome("one", 1, log=LOG), Outcome("two", why_not="install failed")]))
    text = "\n".join(lines)
    assert text.index("assert 1 == 2") < text.index("| two | not run: install failed |") < text.index("7.2 s  one: ")
    assert lines[-2:] == [LOG.splitlines()[-1], "3 passed, 1 failed, 2 skipped"]
