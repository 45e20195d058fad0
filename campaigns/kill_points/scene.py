"""What kill points are played on: Airflow on PostgreSQL, an emulator for each reading of the API, S3 behind a door."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from airflow_provider_fluxions.emulator.control import ControlClient
from campaigns.framework import FOREIGN_JOBS, account, airflow_on_postgres
from harness.airflow import LocalAirflow
from harness.emulator import LocalEmulator
from harness.holding_s3 import HoldingS3
from harness.s3 import LocalS3
from harness.settings import connection_variable, lost_after
from harness.stage import PROFILES

TASK = "submit"
SOURCE_BUCKET, RESULT_BUCKET = "recordings", "results"
SLOTS = 6
# Long enough that a retry finds the job running and has to wait for it as well.
JOB_SECONDS = 10.0
_ENVIRONMENT = {"AIRFLOW__CORE__PARALLELISM": str(SLOTS), **lost_after(seconds=20)}
# The triggerer calls the emulator by this name, the tasks by its address: so their requests can be separated.
TRIGGERER_HOST = "localhost"
SUBMIT_PATHS = {"documented": "/submit", "observed": "/akro/submit"}


@dataclass
class Emulated:
    """One emulator and the way to steer it."""

    server: LocalEmulator
    control: ControlClient

    @property
    def port(self) -> int:
        return int(self.server.url.rpartition(":")[2])

    def recorded(self, *, by_tasks: bool = True) -> list[dict[str, Any]]:
        """The requests that tasks made, or those of the triggerer."""
        called = [(str(entry["headers"].get("host")), entry) for entry in self.control.requests()]
        return [entry for host, entry in called if host.startswith(TRIGGERER_HOST) != by_tasks]


@dataclass
class Scene:
    """All that runs.

    Tasks reach `buckets` through `door`, which keeps requests waiting; results there keep all their versions.
    `recordings` is where runs keep local audio, `moments` what the DAG file listens to.
    """

    airflow: LocalAirflow
    emulators: dict[str, Emulated]
    door: HoldingS3
    buckets: LocalS3
    recordings: Path
    moments: Path


@contextmanager
def set_scene(home: Path) -> Iterator[Scene]:
    """Everything up below `home`, with the Airflow of this interpreter."""
    with ExitStack() as stack:
        emulators = {
            name: Emulated(
                *account(stack, home / f"emulator-{name}", FOREIGN_JOBS, profile=name, after_seconds=JOB_SECONDS)
            )
            for name in PROFILES
        }
        buckets = stack.enter_context(LocalS3(home / "s3.log"))
        buckets.create_bucket(SOURCE_BUCKET, RESULT_BUCKET)
        buckets.client.put_bucket_versioning(Bucket=RESULT_BUCKET, VersioningConfiguration={"Status": "Enabled"})
        door = stack.enter_context(HoldingS3(buckets))
        moments, recordings = home / "moments", home / "recordings"
        moments.mkdir(parents=True)
        recordings.mkdir()
        env = {**_ENVIRONMENT, "FLUXIONS_KILL_POINTS": str(moments)}
        airflow = airflow_on_postgres(stack, home, Path(__file__).parent / "dags", env)
        airflow.add_connection("aws_default", **door.airflow_connection())
        for name, emulated in emulators.items():
            # Its path is named: an upload to the other one is refused, and would be held in the right one's place.
            connection = emulated.server.airflow_connection() | {"extra": {"submit_path": SUBMIT_PATHS[name]}}
            airflow.add_connection(f"fluxions_{name}", **connection)
            host = f"http://{TRIGGERER_HOST}:{emulated.port}"
            key, value = connection_variable(f"fluxions_{name}", **{**connection, "host": host})
            airflow.components.own_env.setdefault("triggerer", {})[key] = value
        stack.enter_context(airflow)
        yield Scene(airflow, emulators, door, buckets, recordings, moments)
