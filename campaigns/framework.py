"""What campaigns share: their Airflow, accounts and logs; the rules that each judge applies; tables."""

from __future__ import annotations

import json
import re
import shutil
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from contextlib import AbstractContextManager, ExitStack, contextmanager
from pathlib import Path
from typing import Any

from airflow_provider_fluxions.emulator.control import ControlClient
from harness.airflow import LocalAirflow
from harness.emulator import LocalEmulator
from harness.postgres import LocalPostgres
from harness.workers import CeleryWorkers

Job = Mapping[str, Any]

# Jobs of other programs in the account: three pages of the list.
FOREIGN_JOBS = 300
# The fields of a result that differ between two jobs for the same recording, with any name at the service.
OF_ANY_JOB = ("id", "filename", "created_at", "updated_at", "processing_time", "audio_url", "original_audio_url")
_REFERENCE = re.compile(r"--[0-9a-f]{16}(?=\.)")


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


def run_campaign(
    name: str, set_scene: Callable[[Path], AbstractContextManager[Any]], play: Callable[[Any], list[str]]
) -> int:
    """Play a campaign on its scene, and print its faults; return the exit status, 1 after a fault."""
    faults: list[str] = []
    started = time.monotonic()
    with logs_folder(name, lambda: faults) as home, set_scene(home) as scene:
        print(f"Airflow {scene.airflow.version} on PostgreSQL, ready in {time.monotonic() - started:.0f} s", flush=True)
        faults += play(scene)
    if faults:
        print("\n".join(["", *faults]), file=sys.stderr)
    return 1 if faults else 0


def account(
    stack: ExitStack, folder: Path, foreign_jobs: int = 0, **options: Any
) -> tuple[LocalEmulator, ControlClient]:
    """Start an emulator with jobs of other programs, and return it with its control; both run until `stack` ends."""
    server = stack.enter_context(LocalEmulator(folder, **options))
    control = stack.enter_context(ControlClient(server.url))
    if foreign_jobs:
        control.seed_jobs(foreign_jobs, age_seconds=3600.0)
    return server, control


def live_jobs(jobs: Iterable[Job]) -> list[Job]:
    """Return the jobs that did not fail."""
    return [job for job in jobs if job["status"] != "failed"]


def double_jobs(live: Iterable[Job]) -> int:
    """Return the number of live jobs beyond one for each recording."""
    return sum(count - 1 for count in Counter(job["sha256"] for job in live).values())


def key_faults(found: Iterable[str], wanted: Iterable[str]) -> Iterator[str]:
    """Report results that are missing, and objects that are left over."""
    there, right = set(found), set(wanted)
    yield from (f"{key} is missing" for key in sorted(right - there))
    yield from (f"{key} is left over" for key in sorted(there - right))


def result_faults(
    found: Iterable[tuple[str, bytes]], right: Mapping[str, bytes], of_one_job: Collection[str] = OF_ANY_JOB
) -> Iterator[str]:
    """Report results that are missing, left over, or different from the right ones in more than fields `of_one_job`."""
    results = list(found)
    yield from key_faults((key for key, _ in results), right)
    for key, body in results:
        if key in right and _comparable(key, body, of_one_job) != _comparable(key, right[key], of_one_job):
            yield f"{key} differs from the undisturbed one"


def _comparable(key: str, body: bytes, of_one_job: Collection[str]) -> bytes | str:
    """Return the part of a result that is equal for all jobs of one recording: of JSON in its order, which is kept."""
    if not key.endswith(".json") or not body:
        return body
    fields = json.loads(body)
    # The reference in a file name is the run's own.
    fields["filename"] = _REFERENCE.sub("", fields.get("filename") or "")
    return json.dumps({name: value for name, value in fields.items() if name not in of_one_job})
