"""The table of versions in README, made of the kept results and of nothing else."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from harness.matrix.cells import CELLS, ROOT, Cell
from harness.matrix.results import Counts, Result

README = ROOT / "README.md"
BEGIN, END = "<!-- made by scripts/matrix --table -->", "<!-- end of the table -->"
_HEAD = (
    "| Airflow | Python | Amazon provider | common-compat | tests of its classes | tests on a running one | day |",
    "|---|---|---|---|---|---|---|",
)


def table(results: Mapping[str, Result]) -> str:
    """The rows of all cells, in Markdown."""
    return "\n".join([*_HEAD, *(row(cell, results.get(cell.name)) for cell in CELLS)])


def row(cell: Cell, result: Result | None) -> str:
    """The row of one cell, which says so where nothing ran."""
    versions = result.versions if result else {}
    airflow = versions.get("airflow") or cell.pinned("apache-airflow")
    lowest = ", all at its lowest" if cell.name == "lowest" else ""
    amazon, compat = (versions.get(name, "") for name in ("amazon", "common-compat"))
    columns = [f"{airflow}{lowest}", versions.get("python") or cell.python, amazon, compat, *_outcome(result)]
    return f"| {' | '.join(columns)} |"


def _outcome(result: Result | None) -> tuple[str, str, str]:
    """How the two groups of tests ended, and when."""
    if result is None:
        return "not run yet", "not run yet", ""
    if result.counts:
        classes, running = (in_words(result.counts[group]) for group in ("classes", "running"))
        return classes, running, result.day
    why = result.problem or f"not run: no {result.missing} was there"
    return why, why, result.day


def in_words(counts: Counts) -> str:
    """The counts that are not zero."""
    failed = f"**{counts.failed} failed**, " if counts.failed else ""
    return f"{failed}{counts.passed} passed" + (f", {counts.skipped} skipped" if counts.skipped else "")


def with_table(page: str, results: Mapping[str, Result]) -> str:
    """Return the page with a new table between its two marks; ValueError if a mark is missing."""
    before, begin, rest = page.partition(BEGIN)
    _, end, after = rest.partition(END)
    if not (begin and end):
        raise ValueError(f"The page has no {BEGIN} ... {END}")
    return f"{before}{BEGIN}\n{table(results)}\n{END}{after}"


def write(results: Mapping[str, Result], page: Path = README) -> None:
    """Write the table into the page."""
    page.write_text(with_table(page.read_text(), results))
