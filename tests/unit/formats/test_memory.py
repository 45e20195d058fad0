"""What a ten-hour recording of 50,000 words takes to be written, each format in a process of its own."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from airflow_provider_fluxions.formats import FORMATS

ROOT = Path(__file__).parents[3]
# MiB over the process before the JSON was read, the model (22) included. Measured: 23 to 28, and 73 for Parquet, whose
# table of transcripts holds text, clean text and raw JSON in one row, in Python and in Arrow.
MOST_MIB = dict.fromkeys(FORMATS, 44) | {"parquet": 110}

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="only Linux tells a process's peak so"),
]


@pytest.mark.parametrize("name", FORMATS)
def test_ten_hours_are_written_in_bounded_memory(name: str) -> None:
    figures = measured(name)
    assert figures["peak_over_start_mib"] < MOST_MIB[name], figures
    assert figures["written_mib"] > 0.2, "so much speech takes some space"


def measured(name: str) -> dict[str, Any]:
    run = subprocess.run(
        [sys.executable, "-P", str(ROOT / "benchmarks" / "formats.py"), "--long", name],
        capture_output=True,
        text=True,
        check=True,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
    )
    figures: dict[str, Any] = json.loads(run.stdout)
    return figures
