"""Which versions are tested: one cell an environment."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]


@dataclass(frozen=True)
class Cell:
    """One environment: a file of pins in `requirements/`, installed for one Python.

    `sliced` is False where CI never runs the cell as its slice: `scripts/test` runs the same tests and more in every CI
    run, or CI has no such Python. `is_newest` is True for the version that CI meets every second day.
    """

    name: str
    pins: str
    python: str = "3.11"
    sliced: bool = True
    is_newest: bool = False

    @property
    def pins_file(self) -> Path:
        """The file of pins."""
        return ROOT / "requirements" / self.pins

    def pinned(self, package: str) -> str:
        """The version of a package in the pins; ValueError where it is not among them."""
        found = re.search(rf"^{re.escape(package)}==(\S+)$", self.pins_file.read_text(), re.MULTILINE)
        if not found:
            raise ValueError(f"{self.pins_file} does not pin {package}")
        return found[1]


CELLS = (
    Cell("3.4", "airflow-3.4.txt", is_newest=True),
    Cell("3.4-python3.14", "airflow-3.4.txt", "3.14", sliced=False),
    Cell("3.3", "airflow-3.3.txt", sliced=False),
    Cell("3.3-python3.12", "airflow-3.3.txt", "3.12"),
    Cell("3.3-python3.13", "airflow-3.3.txt", "3.13"),
    Cell("3.2", "airflow-3.2.txt"),
    Cell("3.1", "airflow-3.1.txt"),
    Cell("3.0", "airflow-3.0.txt"),
    Cell("2.11", "airflow-2.11.txt", sliced=False),
    Cell("lowest", "lowest.txt"),
)


def named(names: Iterable[str]) -> list[Cell]:
    """The cells of these names, in the table's order; ValueError for a name that none has."""
    wanted = set(names)
    if unknown := wanted - {cell.name for cell in CELLS}:
        known = ", ".join(cell.name for cell in CELLS)
        raise ValueError(f"No cell is called {', '.join(sorted(unknown))}. There are: {known}")
    return [cell for cell in CELLS if cell.name in wanted]


def slice_of(number: int, cells: Sequence[Cell] = CELLS) -> Cell:
    """The one cell that CI runs at the turn `number`: every second is that of the newest version."""
    newest = [cell for cell in cells if cell.sliced and cell.is_newest]
    others = [cell for cell in cells if cell.sliced and not cell.is_newest]
    turns = newest if number % 2 == 0 else others
    return turns[number // 2 % len(turns)]


def turn_of(day: date) -> int:
    """The turn of a day: the next one each day."""
    return day.toordinal()
