"""What became of a killed run, counted at the server and compared with what Airflow and S3 say."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from airflow_provider_fluxions.api.audio import Audio, audio_source
from airflow_provider_fluxions.api.job_reference import reference_in
from airflow_provider_fluxions.api.submit_once import SubmitOptions
from airflow_provider_fluxions.task.identity import TaskIdentity
from campaigns.framework import Job, live_jobs
from campaigns.kill_points.dag_run import Run
from campaigns.kill_points.outputs import Outputs
from campaigns.kill_points.scene import TASK, Scene


@dataclass(frozen=True)
class Judgement:
    """One run's figures. `duplicates` are live jobs beyond one a piece of work; `wrong` ids not those of the job.

    Of a transfer, `wrong` counts what is wrong in S3, `puts` the outputs stored there and `rewritten` those of them
    that existed before. `supervisors` counts the kills that took the task's supervisor along; `reads` the requests for
    single jobs that tasks made after the last kill.
    """

    state: str
    kills: int
    supervisors: int
    tries: int = 0
    posts: int = 0
    jobs: int = 0
    duplicates: int = 0
    wrong: int = 0
    reads: int = 0
    puts: int = 0
    rewritten: int = 0
    problem: str = ""


def judge(scene: Scene, run: Run, state: str, killed_at: float) -> Judgement:
    """Count a finished run's jobs, requests and ids."""
    emulated = scene.emulators[run.profile]
    jobs = [job for job in emulated.control.jobs() if job["sha256"] in run.digests]
    live = live_jobs(jobs)
    own = [entry for entry in emulated.recorded() if str(entry["filename"]).startswith(f"{run.stem}-")]
    wanted = 1 if _shares_job(run) else len(run.digests) * run.mapped
    outputs = Outputs.of(scene, run) if run.is_transfer else Outputs()
    returned = scene.airflow.database.xcom(run.dag_id, run.run_id, TASK) if run.is_transfer else None
    faults = list(outputs.faults(run, live, returned)) if run.is_transfer else _wrong_ids(scene, run, live)
    fine = state == "success" and len(live) == wanted and not faults
    return Judgement(
        state=state,
        kills=run.kills,
        supervisors=run.kills if run.with_supervisor else 0,
        tries=sum(row["try_number"] for row in scene.airflow.database.task_rows("try_number", run_id=run.run_id)),
        posts=sum(entry["method"] == "POST" for entry in own),
        jobs=len(jobs),
        duplicates=max(0, len(live) - wanted),
        wrong=len(faults),
        reads=sum(entry["method"] == "GET" and entry["time"] > killed_at for entry in own),
        puts=outputs.puts,
        rewritten=outputs.rewritten,
        problem="" if fine else f"{run.name}: {state}, {faults}, jobs {jobs}",
    )


def _shares_job(run: Run) -> bool:
    """Whether the service's cache rightly answers all of the run's tasks with one job: same bytes, same options."""
    return run.dag_id == "kill_mapped_cached" and run.profile == "observed"


def _wrong_ids(scene: Scene, run: Run, live: list[Job]) -> list[str]:
    """The tasks that did not return and push one id: that of the live job under their own reference."""
    return [f"wrong id of task {index}" for index in run.map_indexes if not _has_own_job(scene, run, index, live)]


def _has_own_job(scene: Scene, run: Run, index: int, live: list[Job]) -> bool:
    database = scene.airflow.database
    returned, pushed = (
        database.xcom(run.dag_id, run.run_id, TASK, key=key, map_index=index) for key in ("return_value", "job_id")
    )
    if returned is None or pushed != returned:
        return False
    job = next((job for job in live if job["id"] == returned), None)
    return job is not None and (_shares_job(run) or reference_in(job["filename"]) == _reference(run, index))


def _reference(run: Run, index: int) -> str:
    source = audio_source(run.audio) if "://" not in run.audio else Audio(run.audio, 1, run.versions[0], _unopened)
    cache = run.dag_id not in ("kill_sync", "kill_mapped_uncached")
    identity = TaskIdentity(run.dag_id, run.run_id, TASK, index, 0, False, None)
    return identity.reference(source, SubmitOptions(cache=cache))


def _unopened() -> Any:
    raise AssertionError("only the address matters here")
