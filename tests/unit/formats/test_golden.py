"""Every format's bytes for the page's own example and for hostile text, as they were looked at once.

After a change on purpose: ``python -m tests.unit.formats.test_golden`` from the root writes them anew; read the diff.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from airflow_provider_fluxions.api.models import Transcription
from airflow_provider_fluxions.formats import FORMATS, render_files
from tests.unit.formats.hostile import ANSWERS

GOLDEN = Path(__file__).parent / "golden"
# Parquet's bytes are pyarrow's business; test_parquet.py reads them.
NAMES = [name for name in FORMATS if name not in ("parquet", "json")]
TABLES = {"tables": ["segments", "words", "events", "turns"]}


def files(case: str) -> dict[str, bytes]:
    """Return a case's files by name; those with speakers and rules beside the plain ones."""
    made = Transcription.from_json(ANSWERS[case])
    plain = {f"{case}.{name}": made.to(name) for name in NAMES}
    if case in ("page", "words"):
        plain |= {f"{case}{extension}": body for extension, body in render_files(made, "jsonl", **TABLES).items()}
    ruled: dict[str, Any] = {"preset": "netflix", "overlap": "trim", "speaker_names": {"0": "Agent"}}
    return plain | {
        f"{case}.names.srt": made.to("srt", speakers="shown", **ruled),
        f"{case}.dashes.vtt": made.to("vtt", speakers="dashed", **ruled),
    }


@pytest.mark.parametrize("case", ANSWERS)
def test_the_bytes_are_those_that_were_looked_at(case: str) -> None:
    assert files(case) == {path.name: path.read_bytes() for path in GOLDEN.glob(f"{case}.*")}


if __name__ == "__main__":
    GOLDEN.mkdir(exist_ok=True)
    for old in GOLDEN.iterdir():
        old.unlink()
    for case in ANSWERS:
        for name, body in files(case).items():
            (GOLDEN / name).write_bytes(body)
