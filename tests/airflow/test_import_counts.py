"""What importing a part of the package loads: numbers that may fall, and rooms that must stay out."""

from __future__ import annotations

import subprocess
import sys

import pytest

pytestmark = pytest.mark.slow

OURS = "airflow_provider_fluxions."


def loaded_by(module: str) -> set[str]:
    """Return the modules of the package that a new interpreter loads for one of them."""
    code = f"import sys, {OURS}{module}; print(*sorted(sys.modules), sep='\\n')"
    out = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
    return {name.removeprefix(OURS) for name in out.split() if name.startswith(OURS)}


@pytest.mark.parametrize(
    ("module", "at_most", "never"),
    [
        ("viewer.handlers", 105, ("operators", "sensors", "transfers", "triggers", "task", "pipeline.runner", "cli")),
        (
            "hooks",
            49,
            ("operators", "sensors", "transfers", "triggers", "task", "pipeline", "storage", "viewer", "cli"),
        ),
        # A DAG file names operators, and each is imported at its first use.
        ("operators", 5, ("api", "hooks", "pipeline")),
        ("transfers", 5, ("api", "hooks", "pipeline")),
        ("operators.submit", 74, ("transfers", "pipeline", "speech", "viewer", "cli")),
        ("operators.text_to_speech", 89, ("transfers", "pipeline.runner", "pipeline.planning", "viewer", "cli")),
        (
            "transfers.s3_to_s3",
            97,
            ("operators", "speech", "pipeline.speech", "pipeline.runner", "pipeline.planning", "viewer", "cli"),
        ),
        ("plugin", 6, ("api", "hooks", "viewer", "storage")),
    ],
)
def test_a_part_loads_what_it_needs(module: str, at_most: int, never: tuple[str, ...]) -> None:
    loaded = loaded_by(module)
    assert {name for name in loaded if f"{name}.".startswith(tuple(f"{one}." for one in never))} == set()
    assert len(loaded) <= at_most
