"""`scripts/matrix`: see there."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from datetime import date

from harness.matrix.cells import CELLS, ROOT, Cell, named, slice_of, turn_of
from harness.matrix.interpreters import find_python
from harness.matrix.results import RESULTS_FILE, Result, load, save
from harness.matrix.running import SHORT, TESTS, run
from harness.matrix.table import row, write

WORK = ROOT / ".work" / "matrix"


def main(arguments: Sequence[str] | None = None) -> int:
    """Do what the command line asks for; the exit status is 1 when a test failed."""
    asked = _parser().parse_args(arguments)
    if asked.list:
        print("\n".join(_described(cell) for cell in CELLS))
        return 0
    if asked.table:
        write(load())
        return 0
    if asked.slice is not None:
        return _run_slice(asked.slice)
    return _run_and_keep(named(asked.cells) if asked.cells else list(CELLS))


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser("scripts/matrix", description="The tests on every version that we claim.")
    parser.add_argument("cells", nargs="*", metavar="CELL", help="cells by name; all where none is named")
    parser.add_argument("--list", action="store_true", help="list the cells and whether their Python is here")
    parser.add_argument("--table", action="store_true", help="only write README's table again from the stored results")
    parser.add_argument(
        "--slice",
        nargs="?",
        type=int,
        const=turn_of(date.today()),
        metavar="N",
        help="run the one cell whose turn it is, today's or N's, and keep nothing",
    )
    return parser


def _described(cell: Cell) -> str:
    where = find_python(cell.python) or "not here"
    return f"{cell.name:15} Airflow {cell.pinned('apache-airflow'):7} Python {cell.python} ({where})"


def _run_slice(number: int) -> int:
    turn = slice_of(number)
    left_out = [cell.name for cell in CELLS if cell.sliced and cell != turn]
    print(f"Turn {number} is that of {turn.name}; left out: {', '.join(left_out)}. scripts/test runs 3.3 and 2.11.")
    print(f"Left out as well: {', '.join(sorted(set(TESTS) - set(SHORT)))}")
    return 0 if _run(turn, SHORT).good else 1


def _run_and_keep(cells: Sequence[Cell]) -> int:
    """Run the cells; after each the results and README's table are written, so that a stopped run has not been lost."""
    results = load() if RESULTS_FILE.exists() else {}
    for cell in cells:
        results[cell.name] = _run(cell)
        save({known.name: results[known.name] for known in CELLS if known.name in results})
        write(results)
    return 0 if all(results[cell.name].good for cell in cells) else 1


def _run(cell: Cell, tests: Sequence[str] = TESTS) -> Result:
    print(f"{cell.name}: running; its log is {WORK / cell.name}.log", flush=True)
    result = run(cell, WORK, tests)
    print(f"{row(cell, result)} {result.seconds} s", flush=True)
    return result


if __name__ == "__main__":
    sys.exit(main())
