"""The table of versions says what ran, and of what the pins say now."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path

import pytest

from harness.matrix.cells import CELLS, named, slice_of, turn_of
from harness.matrix.results import Counts, Result, counts_of, load, save
from harness.matrix.running import PACKAGES
from harness.matrix.table import README, row, with_table

RAN = Result(
    "2026-01-02",
    61,
    {"airflow": "3.1.8", "python": "3.11.7", "amazon": "9.39.0", "common-compat": "1.23.0"},
    {"classes": Counts(400, 0, 3), "running": Counts(20)},
)
(CELL,) = named(["3.1"])
REPORT = """<testsuites><testsuite>
<testcase classname="tests.airflow.test_a" name="one"/>
<testcase classname="tests.airflow.test_a" name="two"><failure/></testcase>
<testcase classname="tests.airflow.test_b.Group" name="three"><skipped/></testcase>
<testcase classname="tests.e2e.test_c" name="four"><error/></testcase>
<testcase classname="tests.e2e.test_c" name="five"/>
</testsuite></testsuites>"""


def test_readmes_table_is_made_of_what_is_kept() -> None:
    page = README.read_text()
    assert page == with_table(page, load()), "run scripts/matrix --table"


def test_what_is_kept_of_a_cell_ran_with_the_versions_that_are_pinned_now() -> None:
    """A cell that never ran, or not for want of its Python, has none, and the table says so."""
    kept = {cell: load().get(cell.name, Result("")).versions for cell in CELLS}
    old = {
        f"scripts/matrix {cell.name}"
        for cell, versions in kept.items()
        for name, package in PACKAGES.items()
        if name in versions and versions[name] != cell.pinned(package)
    }
    assert old == set(), "run these"


def test_each_cell_that_the_other_tests_leave_out_has_its_day() -> None:
    begin = date(2026, 1, 1)
    days = [slice_of(turn_of(begin + timedelta(days=number))) for number in range(12)]
    assert set(days) == {cell for cell in CELLS if cell.sliced}


def test_the_newest_version_has_every_second_day() -> None:
    assert [slice_of(number).is_newest for number in range(4)] == [True, False, True, False]


def test_cells_are_named_in_any_order_and_a_wrong_name_lists_the_right_ones() -> None:
    assert [cell.name for cell in named(["lowest", "3.1"])] == ["3.1", "lowest"]
    with pytest.raises(ValueError, match=r"3\.9.*There are: 3\.4, "):
        named(["3.9"])


def test_a_report_is_counted_by_group_and_a_broken_fixture_is_a_failure(tmp_path: Path) -> None:
    (tmp_path / "report.xml").write_text(REPORT)
    assert counts_of(tmp_path / "report.xml") == {"classes": Counts(1, 1, 1), "running": Counts(1, 1, 0)}


def test_a_result_is_read_as_it_was_written(tmp_path: Path) -> None:
    results = {"3.1": RAN, "3.0": Result("2026-01-02", missing="Python 3.11")}
    save(results, tmp_path / "kept.json")
    assert load(tmp_path / "kept.json") == results


def test_a_row_tells_versions_counts_and_the_day() -> None:
    assert row(CELL, RAN) == "| 3.1.8 | 3.11.7 | 9.39.0 | 1.23.0 | 400 passed, 3 skipped | 20 passed | 2026-01-02 |"


def test_a_row_hides_no_failure_and_no_missing_interpreter() -> None:
    failed = replace(RAN, counts={"classes": Counts(399, 1), "running": Counts()})
    assert "| **1 failed**, 399 passed |" in row(CELL, failed)
    assert "no Python 3.13 was there" in row(CELL, Result("2026-01-02", missing="Python 3.13"))
    assert "not run yet" in row(CELL, None)


def test_only_a_failure_is_not_good() -> None:
    assert RAN.good
    assert Result("2026-01-02", missing="Python 3.13").good
    assert not Result("2026-01-02", problem="cannot be installed").good
    assert not replace(RAN, counts={"classes": Counts(1), "running": Counts(failed=1)}).good
