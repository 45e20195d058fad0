"""A thousand deferred tasks in a real triggerer process: its loop's lag, its memory, its heartbeat, its requests.

    PYTHONPATH=. python benchmarks/triggerer.py [SECONDS]

Needs the environment of `scripts/test 3.3` or `2.11`. To start a thousand workers takes a small machine a quarter
of an hour, so the scheduler only makes the thousand task instances, and `triggerer_rows.py` defers them through
Airflow's own models, trigger rows and all; from there on everything is Airflow's. Prints one JSON line.
"""

from __future__ import annotations

import datetime
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from airflow_provider_fluxions.emulator import ControlClient
from harness.airflow import LocalAirflow
from harness.emulator import LocalEmulator
from harness.processes import wait_until
from harness.watchdog import session_members

HERE = Path(__file__).parent
JOBS = 1000
INTERVAL_SECONDS = 5.0
BLOCKED = re.compile(r"thread was blocked for ([0-9.]+) seconds")


def rss_mib(airflow: LocalAirflow) -> float:
    """Return the memory of all the triggerer's processes."""
    total = 0
    for pid in session_members(airflow.components.pid("triggerer")):
        found = re.search(r"VmRSS:\s+(\d+) kB", Path(f"/proc/{pid}/status").read_text())
        total += int(found[1]) if found else 0
    return total / 1024


def heartbeat_age(airflow: LocalAirflow) -> float:
    query = "select latest_heartbeat from job where job_type = 'TriggererJob' and state = 'running'"
    beat = datetime.datetime.fromisoformat(airflow.database.value(query))
    return (datetime.datetime.now(datetime.UTC) - beat.replace(tzinfo=datetime.UTC)).total_seconds()


def blocks(airflow: LocalAirflow) -> list[float]:
    """Return the seconds of each block that Airflow's own watchdog has complained of."""
    return [float(text) for text in BLOCKED.findall(airflow.components.log_file("triggerer").read_text())]


def defer_all(airflow: LocalAirflow) -> None:
    run_id = airflow.trigger("deferred")
    count = "select count(*) from task_instance where map_index >= 0 and state is not null"
    wait_until(lambda: airflow.database.value(count) == JOBS, "the task instances", 180)
    command = [sys.executable, str(HERE / "triggerer_rows.py"), run_id, str(time.time() + 7200), str(INTERVAL_SECONDS)]
    subprocess.run(command, env=airflow.env, check=True, stdout=subprocess.DEVNULL)
    taken = "select count(*) from trigger where triggerer_id is not null"
    wait_until(lambda: airflow.database.value(taken) == JOBS, "the triggerer has all triggers", 120)


def measure(airflow: LocalAirflow, control: ControlClient, seconds: float, idle_mib: float) -> dict[str, Any]:
    blocks_before, ages, peak = blocks(airflow), [], 0.0
    control.clear_requests()
    began = time.monotonic()
    while time.monotonic() < began + seconds:
        ages.append(heartbeat_age(airflow))
        peak = max(peak, rss_mib(airflow))
        time.sleep(0.5)
    states = airflow.database.rows("select state, count(*) as n from task_instance where map_index >= 0 group by state")
    return {
        "airflow": airflow.version,
        "seconds": seconds,
        "tasks": {row["state"]: row["n"] for row in states},
        "requests": len(control.requests()),
        "blocked_while_starting": blocks_before,
        "blocked_while_waiting": blocks(airflow)[len(blocks_before) :],
        "oldest_heartbeat_seconds": round(max(ages), 1),
        "rss_idle_mib": round(idle_mib),
        "rss_peak_mib": round(peak),
        "load": os.getloadavg()[0],
    }


def main() -> None:
    seconds = float(sys.argv[1]) if len(sys.argv) > 1 else 60.0
    home = Path(tempfile.mkdtemp(prefix="fluxions-triggerer-"))
    (home / "dags").mkdir()
    shutil.copy(HERE / "triggerer_dag.py", home / "dags")
    with LocalEmulator(home / "emulator") as emulator, ControlClient(emulator.url) as control:
        control.seed_jobs(JOBS, status="processing")
        airflow = LocalAirflow(sys.executable, home / "airflow", home / "dags",
                               template_cache=Path(sys.prefix) / "airflow-db")  # fmt: skip
        airflow.add_connection("fluxions_default", **emulator.airflow_connection())
        with airflow:
            idle_mib = rss_mib(airflow)
            defer_all(airflow)
            time.sleep(15)  # the first looks, and what importing costs
            print(json.dumps(measure(airflow, control, seconds, idle_mib)))
    shutil.rmtree(home)


if __name__ == "__main__":
    main()
