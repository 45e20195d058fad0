"""What a killed Celery worker is played on: Airflow on PostgreSQL with two workers that share no file."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from airflow_provider_fluxions.emulator.control import ControlClient
from campaigns.framework import account, airflow_on_postgres
from harness.airflow import LocalAirflow
from harness.emulator import LocalEmulator
from harness.redis import LocalRedis
from harness.s3 import LocalS3
from harness.settings import connection_variable, lost_after
from harness.stage import EXAMPLE_DAGS, INPUT, OUTPUT
from harness.workers import CeleryWorkers

VICTIM, SURVIVOR = "worker-1", "worker-2"
# Each calls the emulator by a name of its own: so their requests can be separated.
HOSTS = {VICTIM: "127.0.0.1", SURVIVOR: "localhost"}
SHARDED, CALM = "fluxions_sharded_bucket", "fluxions_bucket_to_bucket"
TASK = "transcribe"
JOB_SECONDS = 5.0
_SETTINGS = {
    **lost_after(seconds=20),
    # Messages that a worker had taken and not begun to work on when it died.
    "AIRFLOW__SCHEDULER__TASK_QUEUED_TIMEOUT": "120",
    "AIRFLOW__SCHEDULER__TASK_QUEUED_TIMEOUT_CHECK_INTERVAL": "10",
}
_SOONER = {"timedelta(minutes=2)": "timedelta(seconds=2)", "poll_interval=10": "poll_interval=3"}


@dataclass
class Scene:
    """All that runs. Airflow's account at `calm` is another one than that at `emulator`, where a worker is killed."""

    airflow: LocalAirflow
    workers: CeleryWorkers
    emulator: LocalEmulator
    control: ControlClient
    calm: LocalEmulator
    storage: LocalS3

    def sent_by(self, worker: str) -> list[dict[str, Any]]:
        """The requests that the emulator had from a worker's tasks."""
        return [one for one in self.control.requests() if str(one["headers"].get("host")).startswith(HOSTS[worker])]


@contextmanager
def set_scene(home: Path) -> Iterator[Scene]:
    """Everything up below `home`, with the Airflow of this interpreter."""
    with ExitStack() as stack:
        storage = stack.enter_context(LocalS3(home / "s3.log"))
        storage.create_bucket(INPUT, OUTPUT)
        emulator, control = account(stack, home / "emulator-killed", after_seconds=JOB_SECONDS)
        calm, _ = account(stack, home / "emulator-calm", after_seconds=JOB_SECONDS)
        workers = CeleryWorkers(stack.enter_context(LocalRedis(home / "redis")), (VICTIM, SURVIVOR))
        airflow = airflow_on_postgres(stack, home, home / "dags", _SETTINGS, workers)
        _add_dags(airflow)
        airflow.add_connection("aws_default", **storage.airflow_connection())
        airflow.add_connection("fluxions_calm", **calm.airflow_connection())
        airflow.add_connection("fluxions_default", **emulator.airflow_connection())
        for worker, host in HOSTS.items():
            connection = emulator.airflow_connection()
            connection["host"] = connection["host"].replace("127.0.0.1", host)
            name, value = connection_variable("fluxions_default", **connection)
            airflow.components.own_env.setdefault(worker, {})[name] = value
        stack.enter_context(airflow)
        yield Scene(airflow, workers, emulator, control, calm, storage)


def _add_dags(airflow: LocalAirflow) -> None:
    """The sharded example, and one task without shards on the calm account to compare with."""
    airflow.add_dag(EXAMPLE_DAGS / "sharded_bucket.py", _SOONER)
    calm = {
        **_SOONER,
        'FLUXIONS_CONN_ID = "fluxions_default"': 'FLUXIONS_CONN_ID = "fluxions_calm"',
        'formats=("json", "text", "srt")': 'formats=("json", "text")',
        # Alone it would otherwise take as long as the shards one after the other.
        "deferrable=True": "deferrable=False, max_in_flight=400, upload_workers=8",
    }
    airflow.add_dag(EXAMPLE_DAGS / "bucket_to_bucket.py", calm)
