"""A thousand jobs that finish together, and a DAG that an asset watcher starts: runs, seconds and database rows.

    PYTHONPATH=. python benchmarks/finished_together.py [--jobs 1000] [--batch True|False]

Needs the environment of `scripts/test 3.3` or 3.4, and PostgreSQL. `--batch` sets `batch_asset_events` of the DAG's
schedule, which only Airflow 3.4 has. The run's one task does nothing: the time is Airflow's own.
Prints one JSON line.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
import time
from pathlib import Path

from airflow_provider_fluxions.emulator import ControlClient
from harness.airflow import LocalAirflow
from harness.database import MetadataDatabase
from harness.emulator import LocalEmulator
from harness.postgres import LocalPostgres
from harness.processes import wait_until

HERE = Path(__file__).parent
DAG_ID = "finished_together"
WAIT_SECONDS = 3600.0
UNUSED = "select count(*) from asset_dag_run_queue"
UNFINISHED = "select count(*) from dag_run where state in ('queued', 'running')"


def rows_by_table(database: MetadataDatabase) -> dict[str, int]:
    """Return how many rows each table has, but for logs of actions and heartbeats."""
    names = set(database.tables()) - {"log", "job"}
    return {name: database.value(f'select count(*) from "{name}"') for name in names}  # noqa: S608 (its own names)


def is_over(database: MetadataDatabase, jobs: int) -> bool:
    """Return whether each job has an event, each event a run, and each run an end."""
    events: int = database.value("select count(*) from asset_event")
    return events >= jobs and not database.value(UNUSED) and not database.value(UNFINISHED)


def measure(airflow: LocalAirflow, emulator: LocalEmulator, jobs: int) -> dict[str, object]:
    """Let the jobs finish at once and return what came of it."""
    database = airflow.database
    airflow.wait_for_dag(DAG_ID)
    airflow.rest.unpause(DAG_ID)
    cursor = "select value from asset_state_store where key like 'fluxions-%'"
    wait_until(lambda: database.value(cursor), "the watcher's first poll", WAIT_SECONDS)
    before, begin = rows_by_table(database), time.monotonic()
    ControlClient(emulator.url).seed_jobs(jobs, age_seconds=1.0, spacing_seconds=0.001)
    wait_until(lambda: database.value("select count(*) from asset_event") >= jobs, "all events", WAIT_SECONDS)
    events_seconds = time.monotonic() - begin
    wait_until(lambda: is_over(database, jobs), "all runs", WAIT_SECONDS)
    seconds = time.monotonic() - begin
    after = rows_by_table(database)
    grown = {name: count - before.get(name, 0) for name, count in after.items() if count > before.get(name, 0)}
    return {
        "airflow": airflow.version,
        "jobs": jobs,
        "events": database.value("select count(*) from asset_event"),
        "runs": database.value("select count(*) from dag_run"),
        "failed": database.value("select count(*) from dag_run where state <> 'success'"),
        "seconds until the last event": round(events_seconds),
        "seconds until the last run": round(seconds),
        "rows": sum(grown.values()),
        "rows by table": dict(sorted(grown.items())),
    }


def main() -> None:
    """Read the arguments, start everything, print the figures."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--jobs", type=int, default=1000)
    parser.add_argument("--batch", choices=("True", "False"), default="")
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="finished-together-") as folder:
        home = Path(folder)
        with LocalPostgres(home / "postgres") as postgres, LocalEmulator(home / "fluxions") as emulator:
            airflow = LocalAirflow(
                sys.executable, home / "airflow", home / "dags", postgres=postgres,
                env={"BATCH_ASSET_EVENTS": asked.batch}, template_cache=Path(sys.prefix) / "airflow-db",
            )  # fmt: skip
            airflow.add_dag(HERE / "finished_together_dag.py")
            airflow.add_connection("fluxions_default", **emulator.airflow_connection())
            with airflow:
                print(json.dumps({"batch": asked.batch, **measure(airflow, emulator, asked.jobs)}))


if __name__ == "__main__":
    main()
