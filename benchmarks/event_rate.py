"""How fast a triggerer writes events, and how old its heartbeat gets meanwhile, at several rates of the provider.

    PYTHONPATH=. .venv-3.3/bin/python benchmarks/event_rate.py --pythons .venv-3.3/bin/python .venv-2.11/bin/python

About 12 minutes on a quiet machine. Needs the environments of `scripts/test 3.3` and `2.11`, and PostgreSQL.

A thousand tasks are deferred in the database, without workers, and a fresh triggerer starts their triggers. When all
are polled, all jobs finish at once. The tasks do not resume, because their pool does not exist: the triggerer, the
scheduler and PostgreSQL have the machine alone. Prints one JSON line for each Airflow and rate
(`[fluxions] events_per_second`). A rate far above what the triggerer writes, such as 100000, shows its own.
"""

from __future__ import annotations

import argparse
import datetime
import json
import os
import subprocess
import tempfile
import time
from pathlib import Path
from typing import Any

from airflow_provider_fluxions.emulator import ControlClient
from harness.airflow import LocalAirflow
from harness.emulator import LocalEmulator
from harness.postgres import LocalPostgres
from harness.processes import wait_until

HERE = Path(__file__).parent
DAG_ID = "event_rate"
WAIT_SECONDS = 600.0
# Time for the first polls, and for the 10 s before a trigger may fire.
SETTLING_SECONDS = 25.0
SAMPLE_SECONDS = 0.2
RATE = "AIRFLOW__FLUXIONS__EVENTS_PER_SECOND"
DEFERRED = "select count(*) from task_instance where state = 'deferred'"
TAKEN = "select count(*) from trigger where triggerer_id = (select max(id) from job where job_type = 'TriggererJob')"
HEARTBEAT = "select max(latest_heartbeat) from job where job_type = 'TriggererJob' and state = 'running'"
# The share of the events between which the rate is measured: not the burst, and not the last ones.
FROM_SHARE, TO_SHARE = 0.2, 0.95


def heartbeat_age(airflow: LocalAirflow) -> float:
    """Return the seconds since the triggerer's last heartbeat."""
    beat = datetime.datetime.fromisoformat(str(airflow.database.value(HEARTBEAT)))
    return (datetime.datetime.now(datetime.UTC) - beat).total_seconds()


def defer(airflow: LocalAirflow, python: Path, first_job: int, events: int) -> None:
    """Make a run whose tasks are all deferred."""
    run_id = airflow.trigger(DAG_ID)
    made = "select count(*) from task_instance where run_id = :run_id and state is not null and map_index >= 0"
    wait_until(lambda: airflow.database.value(made, run_id=run_id) == events, "all tasks", WAIT_SECONDS)
    subprocess.run([python, HERE / "event_rate_defer.py", run_id, str(first_job)], env=airflow.env, check=True)


def written(airflow: LocalAirflow, events: int) -> tuple[list[tuple[float, int]], float]:
    """Sample until all events are written; return their number by time, and the oldest heartbeat."""
    samples, oldest = [(0.0, 0)], 0.0
    began = time.monotonic()
    while samples[-1][1] < events and time.monotonic() < began + WAIT_SECONDS:
        time.sleep(SAMPLE_SECONDS)
        samples.append((time.monotonic() - began, events - int(airflow.database.value(DEFERRED))))
        oldest = max(oldest, heartbeat_age(airflow))
    return samples, oldest


def per_second(samples: list[tuple[float, int]], events: int) -> float:
    """Return the events per second in the middle of all."""
    first = next(sample for sample in samples if sample[1] >= FROM_SHARE * events)
    last = next(sample for sample in samples if sample[1] >= TO_SHARE * events)
    return (last[1] - first[1]) / max(last[0] - first[0], SAMPLE_SECONDS)


def measure(airflow: LocalAirflow, python: Path, control: ControlClient, rate: float, jobs: range) -> dict[str, Any]:
    """Let the jobs finish at once, with a fresh triggerer that has this rate."""
    events = len(jobs)
    control.seed_jobs(events, status="processing")
    defer(airflow, python, jobs[0], events)
    airflow.env[RATE] = str(rate)
    airflow.components.restart("triggerer")
    wait_until(lambda: airflow.database.value(TAKEN) == events, "all triggers", WAIT_SECONDS)
    time.sleep(SETTLING_SECONDS)
    for job_id in jobs:
        control.force_status(job_id, "completed")
    samples, oldest = written(airflow, events)
    start = next((at for at, count in samples if count), 0.0)
    return {
        "airflow": airflow.version,
        "rate": rate,
        "events": samples[-1][1],
        "seconds_from_first_to_last": round(samples[-1][0] - start, 1),
        "events_per_second": round(per_second(samples, events), 1),
        "oldest_heartbeat_seconds": round(oldest, 1),
        "load": round(os.getloadavg()[0], 1),
    }


def main() -> None:
    """Measure each Airflow at each rate."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--pythons", type=Path, nargs="+", required=True, help="of environments with Airflow")
    parser.add_argument("--rates", type=float, nargs="+", default=[25.0, 50.0, 100.0])
    parser.add_argument("--events", type=int, default=1000)
    asked = parser.parse_args()
    for python in asked.pythons:
        with tempfile.TemporaryDirectory(prefix="event-rate-") as folder:
            home = Path(folder)
            with (
                LocalEmulator(home / "emulator") as emulator,
                ControlClient(emulator.url) as control,
                LocalPostgres(home / "postgres.log") as postgres,
            ):
                airflow = LocalAirflow(
                    python, home / "airflow", home / "dags", postgres=postgres,
                    env={"FLUXIONS_BENCHMARK_EVENTS": str(asked.events)},
                    template_cache=python.absolute().parents[1] / "airflow-db",
                )  # fmt: skip
                airflow.add_dag(HERE / "event_rate_dag.py")
                airflow.add_connection("fluxions_default", **emulator.airflow_connection())
                with airflow:
                    for number, rate in enumerate(asked.rates):
                        jobs = range(number * asked.events + 1, (number + 1) * asked.events + 1)
                        print(json.dumps(measure(airflow, python, control, rate, jobs)), flush=True)


if __name__ == "__main__":
    main()
