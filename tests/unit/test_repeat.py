"""Repeated tests are counted as they were: a run that fails ends nothing and is not hidden."""

from __future__ import annotations

from pathlib import Path

from harness.repeat import play

# Fails at its second run, as a test that fails now and then; prints what pytest would.
_NOW_AND_THEN = """
if [ -e "$0" ] && ! [ -e "$0.2" ]; then
    touch "$0.2"
    echo 'FAILED tests/e2e/test_a.py::test_b - AssertionError'
    echo '==== 1 failed, 2 passed in 1.23s ===='
    exit 1
fi
touch "$0"
echo '==== 3 passed, 142 deselected in 600.43s (0:10:00) ===='
"""


def test_all_runs_are_played_and_the_failed_one_is_told_with_its_tests(tmp_path: Path) -> None:
    rounds = list(play(["sh", "-c", _NOW_AND_THEN, str(tmp_path / "mark")], 3, tmp_path / "logs"))
    assert [one.status for one in rounds] == [0, 1, 0]
    assert [one.failed for one in rounds] == [(), ("FAILED tests/e2e/test_a.py::test_b - AssertionError",), ()]
    good = "3 passed, 142 deselected"
    assert [one.tests for one in rounds] == [good, "1 failed, 2 passed", good]


def test_several_counts_of_one_run_are_all_told(tmp_path: Path) -> None:
    (one,) = play(["sh", "-c", "echo '== 1 passed in 1.0s =='; echo '== 2 passed in 2.0s =='"], 1, tmp_path)
    assert one.row().endswith("| 0 | 1 passed; 2 passed |")


def test_a_run_that_counts_no_tests_says_so(tmp_path: Path) -> None:
    (one,) = play(["sh", "-c", "echo no pytest; exit 2"], 1, tmp_path)
    assert one.row().endswith("| 2 | none counted |")
    assert (tmp_path / "1.log").read_text() == "no pytest\n"
