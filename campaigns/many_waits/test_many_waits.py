"""Airflow 3.3.2 fails tasks whose trigger fires while their worker reports the deferral, but none of the provider's."""

from __future__ import annotations

import shutil
import sys
from collections import Counter
from collections.abc import Iterator
from importlib.metadata import version
from pathlib import Path

import pytest

from airflow_provider_fluxions.emulator import ControlClient
from harness.airflow import LocalAirflow
from harness.emulator import LocalEmulator

COUNT = 100
# How long a job runs: completed before the first poll of its trigger, and after the poll of its task.
JOB_SECONDS = 2.0
RUN_SECONDS = 400.0

pytestmark = [
    pytest.mark.campaign,
    pytest.mark.skipif(version("apache-airflow").startswith("2."), reason="only Airflow 3 loses such tasks"),
]


@pytest.fixture(scope="module")
def airflow(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalAirflow]:
    """An Airflow of its own, so that nothing else holds its workers."""
    home = tmp_path_factory.mktemp("many-waits")
    dags = shutil.copytree(Path(__file__).parent / "dags", home / "dags")
    (dags / "audio.mp3").write_bytes(b"ID3 no audio")
    with LocalEmulator(home / "emulator", after_seconds=JOB_SECONDS) as emulator:
        with ControlClient(emulator.url) as control:
            control.seed_jobs(COUNT, status="completed")
        airflow = LocalAirflow(
            sys.executable,
            home / "airflow",
            dags,
            env={"AIRFLOW__CORE__PARALLELISM": "8", "AIRFLOW__CORE__MAX_ACTIVE_TASKS_PER_DAG": "200"},
            template_cache=Path(sys.prefix) / "airflow-db",
        )
        airflow.add_connection("fluxions_default", **emulator.airflow_connection())
        with airflow:
            yield airflow


def test_two_hundred_waits_for_jobs_that_end_at_once_lose_no_task(airflow: LocalAirflow) -> None:
    run_id = airflow.trigger("many_waits")
    airflow.wait("many_waits", run_id, RUN_SECONDS)
    states = airflow.database.task_states("many_waits", run_id)
    assert Counter((task_id, state) for (task_id, _), state in states.items()) == {
        ("finished", "success"): COUNT,
        ("finishing", "success"): COUNT,
    }
    deferred = sum(airflow.was_deferred("many_waits", run_id, "finishing", map_index=n) for n in range(COUNT))
    assert deferred > COUNT / 2, "they must have been in the triggerer for this to prove anything"
