"""DAG files on their way into a DAG folder."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from harness.processes import HarnessError


def put_dag(folder: Path, source: Path, changes: Mapping[str, str] | None = None, name: str | None = None) -> None:
    """Write the DAG file `source` into the folder, with some of its texts replaced, as `name`.

    HarnessError if a text to replace does not occur exactly once, because the file has changed and the test must fail.
    """
    text = source.read_text()
    for old, new in (changes or {}).items():
        if text.count(old) != 1:
            raise HarnessError(f"{source} has not exactly one {old}")
        text = text.replace(old, new)
    folder.mkdir(parents=True, exist_ok=True)
    target = folder / (name or source.name)
    # Renamed when it is whole: an Airflow that runs reads the folder all the time.
    part = target.with_suffix(".part")
    part.write_text(text)
    part.replace(target)
