"""One DAG run of a kill point: its recording, its task, its job."""

from __future__ import annotations

import os
from dataclasses import dataclass, field
from hashlib import sha256

from airflow_provider_fluxions.emulator.transitions import OutcomeRule
from harness.processes import wait_until
from tests.e2e.kill_scene import Emulated, Scene

MOMENT_SECONDS = 120.0
SMALL_BYTES = 20_000


@dataclass
class Run:
    """One DAG run with recordings of its own, which are known by their `digests`.

    `name` is the recording's, `profile` the emulator's; `kills` counts the processes that were killed.
    """

    name: str
    dag_id: str
    profile: str
    with_supervisor: bool = False
    mapped: int = 1
    audio: str = ""
    digests: list[str] = field(default_factory=list)
    kills: int = 0

    @property
    def run_id(self) -> str:
        return f"run-{self.name}"

    @property
    def map_indexes(self) -> list[int]:
        return [-1] if self.mapped == 1 else list(range(self.mapped))


def never_completes(scene: Scene, run: Run) -> None:
    """Let the run's job run until it is completed by hand."""
    scene.emulators[run.profile].control.set_outcome(OutcomeRule(f"{run.name}.wav", "never"))


def wait_until_deferred(scene: Scene, run: Run) -> None:
    """Wait until the run's task waits in the triggerer."""
    query = """select 1 from task_instance join trigger on trigger.id = task_instance.trigger_id
               where run_id = :run_id and state = 'deferred' and triggerer_id is not null"""
    wait_until(lambda: scene.airflow.database.rows(query, run_id=run.run_id), f"{run.name} deferred", MOMENT_SECONDS)


def complete_job(emulated: Emulated, run: Run) -> None:
    """Complete the run's job, which never completes by itself."""
    for job in emulated.control.jobs():
        if job["sha256"] in run.digests:
            emulated.control.force_status(job["id"], "completed")


def state(scene: Scene, run: Run) -> str | None:
    """The state of the run's task."""
    found: str | None = scene.task(run.dag_id, run.run_id, ["state"]).get("state")
    return found


def running_pids(scene: Scene, run: Run) -> list[int]:
    """The processes that Airflow says run the run's tasks."""
    rows = [scene.task(run.dag_id, run.run_id, ["pid", "state"], index) for index in run.map_indexes]
    return [row["pid"] for row in rows if row.get("state") == "running" and row["pid"]]


def record(scene: Scene, run: Run, size_bytes: int = SMALL_BYTES) -> None:
    """Give the run a recording in a local file."""
    path = scene.recordings / f"{run.name}.wav"
    path.write_bytes(new_audio(run, size_bytes))
    run.audio = str(path)


def new_audio(run: Run, size_bytes: int = SMALL_BYTES) -> bytes:
    """Bytes that no other run has: the account's cache goes by them. A WAV to who looks at its head."""
    content = (b"RIFF\0\0\0\0WAVEfmt " + os.urandom(16)).ljust(size_bytes, b"\0")
    run.digests.append(sha256(content).hexdigest())
    return content
