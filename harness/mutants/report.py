"""Chooses changes, and counts what became of them."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Sequence

from harness.mutants.changes import Mutant
from harness.mutants.runs import KILLED, LIMIT, NO_TEST, SURVIVED


def choose(mutants: dict[str, list[Mutant]], size: int, seed: int) -> list[Mutant]:
    """Choose at most `size` changes of each module; the same ones for the same code and seed."""
    chosen = []
    for module, found in mutants.items():
        chosen += found if len(found) <= size else random.Random(f"{seed} {module}").sample(found, size)  # noqa: S311
    return chosen


def table(mutants: dict[str, list[Mutant]], results: Sequence[tuple[Mutant, str]]) -> str:
    """Return a Markdown table, a row a module. A change that ran into a limit counts as killed."""
    rows = ["| module | mutants | run | killed | survived | no test |", "|---|--:|--:|--:|--:|--:|"]
    total: Counter[str] = Counter()
    for module, found in mutants.items():
        count = Counter(result for mutant, result in results if mutant.module == module)
        count[KILLED] += count.pop(LIMIT, 0)
        rows.append(row(module, len(found), count))
        total += count
    rows.append(row("all", sum(map(len, mutants.values())), total))
    return "\n".join(rows)


def row(name: str, mutants: int, count: Counter[str]) -> str:
    """Return a row of the table."""
    run = sum(count.values())
    share = f" ({100 * count[KILLED] // run} %)" if run else ""
    return f"| {name} | {mutants} | {run} | {count[KILLED]}{share} | {count[SURVIVED]} | {count[NO_TEST]} |"
