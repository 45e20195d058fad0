"""Runs one cell: makes its environment, runs its tests, counts."""

from __future__ import annotations

import json
import os
import subprocess
import time
from collections.abc import Sequence
from datetime import date
from pathlib import Path

from harness.matrix.cells import ROOT, Cell
from harness.matrix.interpreters import find_python
from harness.matrix.results import Result, counts_of
from harness.processes import tail

# Every example on a running Airflow, which begins first because it waits, and Airflow's classes without a running one.
SHORT = ("tests/e2e/test_e2e_examples.py", "tests/airflow")
# Two files of tests/e2e would start two Airflows, one in each process.
WORKERS = ("-n", "logical", "--maxprocesses", "4", "--dist", "loadfile")
# And every mode of waiting with every outcome.
TESTS = (*SHORT, "tests/e2e/test_parity.py")
PACKAGES = {
    "airflow": "apache-airflow",
    "amazon": "apache-airflow-providers-amazon",
    "common-compat": "apache-airflow-providers-common-compat",
    "openlineage": "apache-airflow-providers-openlineage",
}
_INSTALL = 'root=$1; . "$root/harness/environment.sh"; make_environment "$2" "$3" "$4"'
_VERSIONS = """
import json, platform, sys
from importlib.metadata import version
versions = {name: version(package) for name, package in json.loads(sys.argv[1]).items()}
print(json.dumps({"python": platform.python_version(), **versions}))
"""
# pytest's exit statuses: all passed, and some failed.
_COUNTED = (0, 1)


def run(cell: Cell, work: Path, tests: Sequence[str] = TESTS) -> Result:
    """Run tests of a cell; its log and report go to the folder `work`."""
    day = date.today().isoformat()
    python = find_python(cell.python)
    if python is None:
        return Result(day, missing=f"Python {cell.python}")
    environment = ROOT / f".venv-{cell.name}"
    install = ["sh", "-euc", _INSTALL, "sh", str(ROOT), str(environment), str(cell.pins_file), cell.name]
    if subprocess.run(install, env={**os.environ, "PYTHON": python}).returncode:
        return Result(day, problem="cannot be installed")
    work.mkdir(parents=True, exist_ok=True)
    begun = time.monotonic()
    status, log, junit = _pytest(environment / "bin" / "python", work / cell.name, tests)
    seconds = round(time.monotonic() - begun)
    versions = _versions(environment / "bin" / "python")
    if status not in _COUNTED or not junit.exists():
        print(tail(log, 40))
        return Result(day, seconds, versions, problem=f"pytest ended with status {status}")
    result = Result(day, seconds, versions, counts_of(junit))
    if not result.good:
        print(tail(log, 200))
    return result


def _pytest(python: Path, stem: Path, tests: Sequence[str]) -> tuple[int, Path, Path]:
    log, junit = stem.with_name(f"{stem.name}.log"), stem.with_name(f"{stem.name}.xml")
    junit.unlink(missing_ok=True)
    with log.open("w") as out:
        done = subprocess.run(
            [python, "-m", "pytest", "-q", f"--junitxml={junit}", *(WORKERS if tests == SHORT else ()), *tests],
            cwd=ROOT,
            stdout=out,
            stderr=subprocess.STDOUT,
        )
    return done.returncode, log, junit


def _versions(python: Path) -> dict[str, str]:
    done = subprocess.run([python, "-c", _VERSIONS, json.dumps(PACKAGES)], capture_output=True, text=True, check=True)
    versions: dict[str, str] = json.loads(done.stdout)
    return versions
