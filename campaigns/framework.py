"""What campaigns share: the Airflow that they run on, the folder of their logs, tables, and what two results have in
common.
"""

from __future__ import annotations

import json
import shutil
import sys
import tempfile
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

from harness.airflow import LocalAirflow
from harness.postgres import LocalPostgres
from harness.workers import CeleryWorkers

# What differs between two jobs on the same recording.
_OF_ONE_JOB = ("id", "filename", "created_at", "updated_at", "processing_time", "audio_url", "original_audio_url")


@contextmanager
def logs_folder(campaign: str, faults: Callable[[], object]) -> Iterator[Path]:
    """A new folder for all that a campaign writes, kept after an exception or if `faults()` is true at the end."""
    home = Path(tempfile.mkdtemp(prefix=f"fluxions-{campaign}-"))
    print(f"logs, kept after a failure: {home}", flush=True)
    yield home
    if not faults():
        shutil.rmtree(home)


def airflow_on_postgres(
    stack: ExitStack, home: Path, dags: Path, env: Mapping[str, str], workers: CeleryWorkers | None = None
) -> LocalAirflow:
    """The Airflow of this interpreter, not started yet; its database server runs until `stack` ends."""
    return LocalAirflow(
        sys.executable,
        home / "airflow",
        dags,
        env=env,
        postgres=stack.enter_context(LocalPostgres(home / "postgres.log")),
        workers=workers,
        template_cache=Path(sys.prefix) / "airflow-db",
    )


def table(header: Collection[str], rows: Iterable[Iterable[object]] = ()) -> Iterator[str]:
    """The lines of a table in Markdown."""
    yield from (line(header), f"|{'---|' * len(header)}", *(line(row) for row in rows))


def line(cells: Iterable[object]) -> str:
    """One line of such a table."""
    return f"| {' | '.join(map(str, cells))} |"


def exit_status(faults: Collection[str]) -> int:
    """1 if anything is wrong, which is printed."""
    if faults:
        print("\n".join(["", *faults]), file=sys.stderr)
    return 1 if faults else 0


def comparable(key: str, body: bytes) -> Any:
    """Return the part of a result that is equal for all jobs of one recording."""
    if not key.endswith(".json"):
        return body
    return {name: value for name, value in json.loads(body).items() if name not in _OF_ONE_JOB}
