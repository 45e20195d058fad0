"""A thousand deferred tasks in a real triggerer process: its loop's lag, memory, heartbeat and requests.

    PYTHONPATH=. python benchmarks/triggerer.py [--waits 1000] [--seconds 60]

Needs the environment of `scripts/test 3.3` or `2.11`, and PostgreSQL, which keeps Airflow's database: in SQLite, all
wait for each other's writes. The scheduler and eight worker slots run every task until it
defers itself (`triggerer_dag.py`), which takes most of the time. Then the triggerer is restarted, so that a fresh
one takes all waits over at once. After the time of waiting the jobs end, and every task is resumed and must succeed.
Prints one JSON line for each of the five phases.
"""

from __future__ import annotations

import argparse
import datetime
import json
import os
import re
import shutil
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from airflow_provider_fluxions.emulator import ControlClient
from harness.airflow import LocalAirflow
from harness.emulator import LocalEmulator
from harness.postgres import LocalPostgres
from harness.processes import HarnessError
from harness.watchdog import session_members

HERE = Path(__file__).parent
DAG_ID, TASK_ID = "deferred", "wait"
INTERVAL_SECONDS = 5.0
PARALLELISM = 8
# Time for the first polls and the imports.
SETTLING_SECONDS = 15.0
LONGEST_PHASE_SECONDS = 2400.0
BLOCKED = re.compile(r"thread was blocked for ([0-9.]+) seconds")
TAKEN = "select count(*) from trigger where triggerer_id = (select max(id) from job where job_type = 'TriggererJob')"


def memory_mib(airflow: LocalAirflow, figure: str) -> float:
    """Return `VmRSS` or its peak, `VmHWM`, added up over the triggerer's processes (shared pages count in each)."""
    total = 0
    for pid in session_members(airflow.components.pid("triggerer")):
        found = re.search(rf"{figure}:\s+(\d+) kB", Path(f"/proc/{pid}/status").read_text())
        total += int(found[1]) if found else 0
    return total / 1024


def heartbeat_age(airflow: LocalAirflow) -> float:
    query = "select max(latest_heartbeat) from job where job_type = 'TriggererJob' and state = 'running'"
    beat = datetime.datetime.fromisoformat(str(airflow.database.value(query)))
    return (datetime.datetime.now(datetime.UTC) - beat).total_seconds()


def blocks(airflow: LocalAirflow) -> list[float]:
    """Return the seconds of each block that Airflow's own watchdog has complained of (from 0.2 s on)."""
    return [float(text) for text in BLOCKED.findall(airflow.components.log_file("triggerer").read_text())]


class Bench:
    """One Airflow and one emulator, and what they say about each phase."""

    def __init__(self, airflow: LocalAirflow, control: ControlClient, waits: int) -> None:
        self.airflow = airflow
        self.control = control
        self.waits = waits
        self.run_id = ""

    def states(self) -> Counter[str | None]:
        states = self.airflow.database.task_states(DAG_ID, self.run_id)
        return Counter(state for (_, index), state in states.items() if index >= 0)

    @contextmanager
    def phase(self, name: str) -> Iterator[Callable[[Callable[[], bool]], None]]:
        """Measure what happens inside; yields what waits for something and samples the heartbeat meanwhile."""
        blocked_before, began, ages = len(blocks(self.airflow)), time.monotonic(), [0.0]
        self.control.clear_requests()

        def until(reached: Callable[[], bool]) -> None:
            while not reached():
                if time.monotonic() > began + LONGEST_PHASE_SECONDS:
                    raise HarnessError(f"{name} does not end: {self.states()}")
                ages.append(heartbeat_age(self.airflow))
                time.sleep(0.5)

        yield until
        figures: dict[str, Any] = {
            "airflow": self.airflow.version,
            "phase": name,
            "seconds": round(time.monotonic() - began),
            "tasks": self.states(),
            "requests": len(self.control.requests()),
            "blocked_seconds": blocks(self.airflow)[blocked_before:],
            "oldest_heartbeat_seconds": round(max(ages), 1),
            "rss_mib": round(memory_mib(self.airflow, "VmRSS")),
            "rss_peak_mib": round(memory_mib(self.airflow, "VmHWM")),
            "load": round(os.getloadavg()[0], 1),
        }
        print(json.dumps(figures), flush=True)

    def all_taken(self) -> bool:
        return bool(self.airflow.database.value(TAKEN) == self.waits)

    @staticmethod
    def passed(seconds: float) -> Callable[[], bool]:
        over = time.monotonic() + seconds
        return lambda: time.monotonic() > over

    def run(self, seconds: float) -> None:
        """Go through the phases."""
        with self.phase("idle") as until:
            until(self.passed(seconds / 2))
        with self.phase("workers defer") as until:
            self.run_id = self.airflow.trigger(DAG_ID)
            until(lambda: self.states() == {"deferred": self.waits} and self.all_taken())
        self.airflow.components.restart("triggerer")
        with self.phase("a fresh triggerer takes over") as until:
            until(self.all_taken)
            until(self.passed(SETTLING_SECONDS))
        with self.phase("waiting") as until:
            until(self.passed(seconds))
        with self.phase("jobs end, tasks resume") as until:
            for job_id in range(1, self.waits + 1):
                self.control.force_status(job_id, "completed")
            until(lambda: self.airflow.database.run_state(DAG_ID, self.run_id) in ("success", "failed"))
        self.check()

    def check(self) -> None:
        """Refuse the figures unless each task succeeded in its first try, and returned its own job's id."""
        tries = "select try_number, count(*) as n from task_instance where dag_id = :d and map_index >= 0 group by 1"
        found = {row["try_number"]: row["n"] for row in self.airflow.database.rows(tries, d=DAG_ID)}
        wrong = [
            index
            for index in range(self.waits)
            if self.airflow.database.xcom(DAG_ID, self.run_id, TASK_ID, map_index=index) != index + 1
        ]
        if self.states() != {"success": self.waits} or len(found) != 1 or wrong:
            raise HarnessError(f"lost or wrong: states {self.states()}, tries {found}, map indexes {wrong}")


def main() -> None:
    """Bring everything up and measure."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--waits", type=int, default=1000)
    parser.add_argument("--seconds", type=float, default=60.0, help="how long all wait in peace")
    options = parser.parse_args()
    home = Path(tempfile.mkdtemp(prefix="fluxions-triggerer-"))
    env = {
        "AIRFLOW__CORE__PARALLELISM": str(PARALLELISM),
        "AIRFLOW__CORE__MAX_ACTIVE_TASKS_PER_DAG": str(PARALLELISM),
        "FLUXIONS_BENCHMARK_WAITS": str(options.waits),
        "FLUXIONS_BENCHMARK_INTERVAL_SECONDS": str(INTERVAL_SECONDS),
    }
    with (
        LocalEmulator(home / "emulator") as emulator,
        ControlClient(emulator.url) as control,
        LocalPostgres(home / "postgres.log") as postgres,
    ):
        control.seed_jobs(options.waits, status="processing")
        airflow = LocalAirflow(sys.executable, home / "airflow", home / "dags", env=env, postgres=postgres,
                               template_cache=Path(sys.prefix) / "airflow-db")  # fmt: skip
        airflow.add_dag(HERE / "triggerer_dag.py")
        airflow.add_connection("fluxions_default", **emulator.airflow_connection())
        with airflow:
            Bench(airflow, control, options.waits).run(options.seconds)
    shutil.rmtree(home)


if __name__ == "__main__":
    main()
