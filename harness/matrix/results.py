"""What a cell's tests came to, as it is kept in `docs/compatibility.json`."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

from harness.matrix.cells import ROOT

RESULTS_FILE = ROOT / "docs" / "compatibility.json"
# The groups of tests, by the folder that they are in.
GROUPS = {"classes": "tests.airflow", "running": "tests.e2e"}


@dataclass(frozen=True)
class Counts:
    """How many tests of a group ended in which way; errors of fixtures count as failures."""

    passed: int = 0
    failed: int = 0
    skipped: int = 0


@dataclass(frozen=True)
class Result:
    """One run of a cell. `versions` are those that were installed, by package, `python` among them.

    `missing` names what this machine lacks, and nothing ran. `problem` says why no tests could be counted.
    """

    day: str
    seconds: int = 0
    versions: Mapping[str, str] = field(default_factory=dict)
    counts: Mapping[str, Counts] = field(default_factory=dict)
    missing: str | None = None
    problem: str | None = None

    @property
    def good(self) -> bool:
        """Whether nothing failed; a cell that could not run for want of an interpreter is not at fault."""
        return self.problem is None and not any(counts.failed for counts in self.counts.values())


def counts_of(junit: Path) -> dict[str, Counts]:
    """What pytest's JUnit report counts, by group."""
    cases = list(ElementTree.parse(junit).iter("testcase"))  # noqa: S314 (our own pytest wrote it)
    counted = {}
    for group, prefix in GROUPS.items():
        own = [case for case in cases if case.get("classname", "").startswith(prefix)]
        failed = sum(any(case.find(kind) is not None for kind in ("failure", "error")) for case in own)
        skipped = sum(case.find("skipped") is not None for case in own)
        counted[group] = Counts(len(own) - failed - skipped, failed, skipped)
    return counted


def load(path: Path = RESULTS_FILE) -> dict[str, Result]:
    """The kept results by the cells' names."""
    stored: dict[str, dict[str, Any]] = json.loads(path.read_text())
    return {
        name: Result(**{**one, "counts": {group: Counts(**counts) for group, counts in one["counts"].items()}})
        for name, one in stored.items()
    }


def save(results: Mapping[str, Result], path: Path = RESULTS_FILE) -> None:
    """Write the results of all cells."""
    path.write_text(json.dumps({name: asdict(result) for name, result in results.items()}, indent=2) + "\n")
