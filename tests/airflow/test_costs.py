"""What our figures promise about memory, measured in a process of its own."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = pytest.mark.slow

ROOT = Path(__file__).parents[2]


def test_an_upload_of_one_gib_from_s3_takes_less_than_16_mib() -> None:
    run = subprocess.run(
        [sys.executable, "-P", str(ROOT / "benchmarks" / "transfer_object.py"), "1024", "1", "provider"],
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
    )
    assert run.returncode == 0, run.stderr
    figures = json.loads(run.stdout.splitlines()[-1])
    assert figures["mib"] == 1024
    assert figures["peak_over_start_mib"] < 16, figures
