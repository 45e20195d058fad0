"""A thousand files through `FluxionsS3ToS3Operator` in a real Airflow: wall time over its bound, worker-slot seconds.

    PYTHONPATH=. python benchmarks/transfer_files.py [FILES] [MAPPED_FILES] [DAG ...]

Needs the environment of `scripts/test 3.3`. S3 is `transfer_s3.py`, Fluxions is our emulator; both are processes of
their own on this machine. First it measures, in one process without Airflow, what uploading all files takes with as
many threads as the operator has, and what writing all results takes. Then each DAG of `transfer_dag.py` runs alone. The
mapped one gets fewer files, and its slot seconds are scaled. Prints one JSON line a contestant.

- Bound: max(upload, service) + writes. *Service* is how long ``max_in_flight`` places take for the jobs in their order
  with nothing in between.
- Wall time: the operator's, from the beginning of its ``execute`` to its success, deferrals included. *Task
  seconds* also have what Airflow takes to start the worker's process and to import the DAG.
- *Slot seconds*: what Airflow says of every worker process, from start to end or deferral.
"""

from __future__ import annotations

import heapq
import json
import os
import random
import re
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from datetime import datetime
from pathlib import Path
from typing import Any

from airflow_provider_fluxions.emulator import ControlClient, Transition
from benchmarks import transfer_stage as stage
from harness.airflow import LocalAirflow
from harness.emulator import LocalEmulator
from harness.processes import wait_until

FILES, MAPPED_FILES = 1000, 24
SMALLEST_BYTES, LARGEST_BYTES = 50 << 10, 5 << 20
SERVICE = Transition.after_seconds_between(2.0, 10.0)
DAGS = ("synchronous_50", "deferrable_50", "mapped")
UPLOADERS, WRITERS = 4, 4
RUN_SECONDS = 1800.0
# Once a worker process, by the one who started it.
ANSI = re.compile(r"\x1b\[[0-9;]*m")
INSTANT = re.compile(r"benchmark instant ([0-9.]+)")
FINISHED = re.compile(r"Workload finished.*?duration=([0-9.]+).*?final_state=(\w+)")


def sizes(count: int) -> list[int]:
    """Return file sizes, evenly spread over their logarithms; the same ones on every run."""
    generator = random.Random(5)  # noqa: S311 (sizes, no secrets)
    ratio = LARGEST_BYTES / SMALLEST_BYTES
    return [round(SMALLEST_BYTES * ratio ** generator.random()) for _ in range(count)]


def put_files(s3: str, folder: str, count: int) -> list[str]:
    """Add the files below a folder of their own, so that they are new; return their keys."""
    named = [(f"{folder}/call-{number:05d}.mp3", size) for number, size in enumerate(sizes(count))]
    stage.call(f"{s3}/_objects", [["input", key, size, {}] for key, size in named])
    return [key for key, _ in named]


def scheduled_seconds(durations: Iterable[float], places: int) -> float:
    """Return how long so many places take for jobs in this order."""
    free = [0.0] * places
    for seconds in durations:
        heapq.heapreplace(free, free[0] + seconds)
    return max(free)


def timed(act: Callable[[Any], Any], items: Sequence[Any], threads: int) -> tuple[list[Any], float]:
    began = time.monotonic()
    with ThreadPoolExecutor(threads) as pool:
        results = list(pool.map(act, items))
    return results, time.monotonic() - began


def measure_bounds() -> None:
    """Upload and write all files of one folder with the operator's own moves; print the seconds."""
    from airflow_provider_fluxions.api.submit_once import SubmitOptions
    from airflow_provider_fluxions.formats import choose
    from airflow_provider_fluxions.formats.base import Provenance
    from airflow_provider_fluxions.hooks import FluxionsHook
    from airflow_provider_fluxions.pipeline.items import Target, plan_input
    from airflow_provider_fluxions.pipeline.records import InputRecord
    from airflow_provider_fluxions.pipeline.steps import TransferSteps
    from airflow_provider_fluxions.storage import ObjectAddress
    from airflow_provider_fluxions.storage.s3_store import S3Store
    from airflow_provider_fluxions.task.metrics import TaskMetrics

    store, choices = S3Store("aws_default"), choose(("json",), None)
    target = Target.of(ObjectAddress("s3", "output", "bound/"), choices)
    client = FluxionsHook().get_conn()
    deadline, metrics = time.time() + RUN_SECONDS, TaskMetrics("fluxions_default")
    steps = TransferSteps(client, store, choices, Provenance(), SubmitOptions(cache=False), deadline, "bound", metrics)
    listed = store.list(ObjectAddress("s3", "input", "bound/"))
    records = [InputRecord(plan_input(found, found.key, target, {})) for found in listed]
    uploads, upload_seconds = timed(steps.upload, records, UPLOADERS)
    for record, uploaded in zip(records, uploads, strict=True):
        record.job_id = uploaded.result.job_id
        # This poll completes the job; the next read returns the transcript.
        client.get_transcription(uploaded.result.job_id)
    _, write_seconds = timed(steps.write, records, WRITERS)
    print(json.dumps({"upload": upload_seconds, "writes": write_seconds}))


def bounds(s3: str, emulator: LocalEmulator, control: ControlClient, folder: Path, count: int) -> dict[str, Any]:
    """Return upload and write seconds, and how long the service takes for each file, in order."""
    put_files(s3, "bound", count)
    control.set_transition(Transition.at_once())
    env = stage.environment(folder, s3, emulator.airflow_connection())
    command = [sys.executable, "-P", str(Path(__file__).resolve()), "--bounds"]
    run = subprocess.run(command, env=env, stdout=subprocess.PIPE, text=True, check=True)
    control.set_transition(SERVICE)
    return dict(json.loads(run.stdout.splitlines()[-1]))


def service_seconds(control: ControlClient, since: float, places: int) -> float:
    """Return what the service alone takes for the jobs that came since an instant."""
    jobs = sorted((job for job in control.jobs() if job["created_at"] >= since), key=lambda job: job["created_at"])
    return scheduled_seconds((SERVICE.seconds_of(job["sha256"]) for job in jobs), places)


def run_dag(airflow: LocalAirflow, dag_id: str, conf: dict[str, Any]) -> dict[str, Any]:
    """Run a DAG to its end; return how long its operator, its tasks and all its worker processes took."""
    log = airflow.components.log_file("scheduler")
    before = len(log.read_text())
    run_id = airflow.trigger(dag_id, conf=conf)
    state = airflow.wait(dag_id, run_id, RUN_SECONDS)
    assert state == "success", f"{dag_id} ended as {state}: {airflow.home}"
    rows = airflow.database.rows(
        "select min(start_date) as began, max(end_date) as ended, count(*) as tasks from task_instance "
        "where run_id = :run_id",
        run_id=run_id,
    )
    wall = datetime.fromisoformat(rows[0]["ended"]) - datetime.fromisoformat(rows[0]["began"])

    def slots_once_all_are_told() -> list[tuple[str, str]]:
        told = FINISHED.findall(ANSI.sub("", log.read_text()[before:]))
        return told if sum(state == "success" for _, state in told) >= rows[0]["tasks"] else []

    slots = wait_until(slots_once_all_are_told, "the end of all worker processes", 60)
    instants = [float(text) for text in INSTANT.findall(airflow.task_log(dag_id, run_id, "transfer"))]
    return {
        "operator_seconds": round(max(instants) - min(instants), 1) if instants else None,
        "task_seconds": round(wall.total_seconds(), 1),
        "worker_processes": len(slots),
        "slot_seconds": round(sum(float(seconds) for seconds, _ in slots), 1),
        "deferrals": sum(state == "deferred" for _, state in slots),
    }


def run_ours(airflow: LocalAirflow, s3: str, control: ControlClient, dag_id: str, count: int, bound: Any) -> Any:
    """Run our operator over files of its own, and set its wall time against the bound."""
    put_files(s3, dag_id, count)
    since, in_flight = time.time(), int(dag_id.partition("_")[2])
    stage.call(f"{s3}/_requests")
    control.clear_requests()
    figures = run_dag(airflow, dag_id, {"source": f"s3://input/{dag_id}/", "destination": f"s3://output/{dag_id}/"})
    service = service_seconds(control, since, in_flight)
    total = max(bound["upload"], service) + bound["writes"]
    submitted = sum(job["created_at"] >= since for job in control.jobs())
    return {
        **figures,
        "files": count,
        "jobs": submitted,
        "bound_seconds": {**{name: round(value, 1) for name, value in bound.items()}, "service": round(service, 1)},
        "times_bound": round(figures["operator_seconds"] / total, 3),
        "slot_seconds_for_1000": round(figures["slot_seconds"] * 1000 / count),
        "s3_requests": stage.call(f"{s3}/_requests"),
        "api_requests": len(control.requests()),
        "load": round(os.getloadavg()[0], 1),
    }


def run_mapped(airflow: LocalAirflow, s3: str, count: int) -> Any:
    figures = run_dag(airflow, "mapped", {"keys": put_files(s3, "mapped", count)})
    return {
        **figures,
        "files": count,
        "slot_seconds_for_1000": round(figures["slot_seconds"] * 1000 / count),
        "load": round(os.getloadavg()[0], 1),
    }


def measure(files: int, mapped_files: int, dag_ids: Sequence[str]) -> dict[str, Any]:
    results: dict[str, Any] = {}
    with tempfile.TemporaryDirectory(prefix="fluxions-transfer-") as name, ExitStack() as stack:
        home = Path(name)
        s3 = stage.start("transfer_s3.py", home, stack)
        emulator = stack.enter_context(LocalEmulator(home / "emulator"))
        control = stack.enter_context(ControlClient(emulator.url))
        airflow = LocalAirflow(
            sys.executable, home / "airflow", home / "dags", template_cache=Path(sys.prefix) / "airflow-db"
        )
        airflow.add_dag(stage.HERE / "transfer_dag.py")
        airflow.add_connection("aws_default", **stage.aws_connection(s3))
        airflow.add_connection("fluxions_default", **emulator.airflow_connection())
        bound = bounds(s3, emulator, control, home, files)
        with airflow:
            for dag_id in dag_ids:
                if dag_id == "mapped":
                    results[dag_id] = run_mapped(airflow, s3, mapped_files)
                else:
                    results[dag_id] = run_ours(airflow, s3, control, dag_id, files, bound)
                print(json.dumps({dag_id: results[dag_id]}), flush=True)
    return results


def main() -> None:
    if "--bounds" in sys.argv:
        measure_bounds()
        return
    given = sys.argv[1:]
    files = int(given[0]) if given else FILES
    mapped_files = int(given[1]) if len(given) > 1 else MAPPED_FILES
    measure(files, mapped_files, given[2:] or DAGS)


if __name__ == "__main__":
    main()
