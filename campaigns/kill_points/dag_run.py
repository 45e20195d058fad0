"""One DAG run of a kill point: its recordings, its task, its jobs."""

from __future__ import annotations

import os
from dataclasses import dataclass, field
from hashlib import md5, sha256

from airflow_provider_fluxions.emulator.transitions import OutcomeRule
from campaigns.kill_points.scene import SOURCE_BUCKET, Emulated, Scene
from harness.holding_s3 import Hold
from harness.processes import wait_until

MOMENT_SECONDS = 300.0
SMALL_BYTES = 20_000
# More than the buffers of two sockets hold, so that the rest of the body is still with the task when it is killed.
BIG_BYTES = 24 * 1024 * 1024
RECORDINGS_A_TRANSFER = 4
TRANSFERS_IN_FLIGHT = 2


@dataclass
class Run:
    """One DAG run with recordings of its own, which are known by their `digests`.

    `stem` begins the recordings' names, `folder` is where transfers have theirs, `profile` is the emulator's; `kills`
    counts the processes that were killed, `hold` is the held request to S3.
    """

    name: str
    dag_id: str
    profile: str
    with_supervisor: bool = False
    mapped: int = 1
    audio: str = ""
    digests: list[str] = field(default_factory=list)
    versions: list[str] = field(default_factory=list)
    kills: int = 0
    hold: Hold | None = None

    @property
    def run_id(self) -> str:
        return f"run-{self.name}"

    @property
    def stem(self) -> str:
        """Short enough that the file names reach the service whole: these begin with 12 characters at most."""
        point, _, number = self.name.rpartition("-")
        return f"{sha256(point.encode()).hexdigest()[:5]}-{number}"

    @property
    def is_transfer(self) -> bool:
        return self.dag_id.startswith("kill_transfer_")

    @property
    def folder(self) -> str:
        """Of the recordings of all transfers of the point at this profile."""
        return f"{self.name.rpartition('-')[0]}/{self.profile}/"

    @property
    def map_indexes(self) -> list[int]:
        return [-1] if self.mapped == 1 else list(range(self.mapped))


def never_completes(scene: Scene, run: Run) -> None:
    """Let the run's job, of a transfer the first ones, run until they are completed by hand."""
    for pattern in (f"{run.stem}.wav", f"{run.stem}-[01].wav"):
        scene.emulators[run.profile].control.set_outcome(OutcomeRule(pattern, "never"))


def completes_again(scene: Scene, run: Run) -> None:
    """Let new jobs for the run's recordings complete as any do."""
    rule = OutcomeRule(f"{run.stem}*.wav", "unknown_status", for_reads=0)
    scene.emulators[run.profile].control.set_outcome(rule)


def wait_until_deferred(scene: Scene, run: Run) -> None:
    """Wait until the run's task waits in the triggerer."""
    query = f"""select 1 from {scene.airflow.database.task_instances}
                join trigger on trigger.id = task_instance.trigger_id
                where run_id = :run_id and state = 'deferred' and triggerer_id is not null"""  # noqa: S608 (a constant)
    wait_until(lambda: scene.airflow.database.rows(query, run_id=run.run_id), f"{run.name} deferred", MOMENT_SECONDS)


def complete_job(emulated: Emulated, run: Run) -> None:
    """Complete the run's jobs, which never complete by themselves."""
    for job in emulated.control.jobs():
        if job["sha256"] in run.digests:
            emulated.control.force_status(job["id"], "completed")


def state(scene: Scene, run: Run) -> str | None:
    """The state of the run's task."""
    rows = scene.airflow.database.task_rows("state", run_id=run.run_id)
    return rows[0]["state"] if rows else None


def running_pids(scene: Scene, run: Run) -> list[int]:
    """The processes that Airflow says run the run's tasks."""
    rows = scene.airflow.database.task_rows("pid", run_id=run.run_id, state="running")
    return [row["pid"] for row in rows if row["pid"]]


def record(scene: Scene, run: Run, size_bytes: int = SMALL_BYTES) -> None:
    """Give the run a recording in a local file."""
    path = scene.recordings / f"{run.stem}.wav"
    path.write_bytes(_new_audio(run, size_bytes))
    run.audio = str(path)


def put_one(scene: Scene, run: Run) -> None:
    """Give the run a recording in S3."""
    run.audio = scene.buckets.put(SOURCE_BUCKET, f"{run.stem}.wav", _new_audio(run, SMALL_BYTES))


def put_several(scene: Scene, run: Run, size_bytes: int = SMALL_BYTES) -> None:
    """Give the run a folder of recordings in S3; the ones that a transfer submits first have this size."""
    for number in range(RECORDINGS_A_TRANSFER):
        content = _new_audio(run, size_bytes if number < TRANSFERS_IN_FLIGHT else SMALL_BYTES)
        scene.buckets.put(SOURCE_BUCKET, f"{run.folder}{run.name}/{run.stem}-{number}.wav", content)
    run.audio = f"s3://{SOURCE_BUCKET}/{run.folder}{run.name}/"


def _new_audio(run: Run, size_bytes: int) -> bytes:
    """Return bytes that no other run has, because the account's cache compares them. The header is that of a WAV."""
    content = (b"RIFF\0\0\0\0WAVEfmt " + os.urandom(16)).ljust(size_bytes, b"\0")
    run.digests.append(sha256(content).hexdigest())
    run.versions.append(md5(content, usedforsecurity=False).hexdigest())
    return content
