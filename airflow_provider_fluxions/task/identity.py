"""The identity of a task's work, which is the same on every try and supported Airflow version."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from airflow_provider_fluxions.api.audio import AudioSource
from airflow_provider_fluxions.api.errors import JobId
from airflow_provider_fluxions.api.job_reference import coordinates, reference
from airflow_provider_fluxions.api.submit_once import SubmitOptions

STORE_KEY = "fluxions_job"


@dataclass(frozen=True)
class TaskIdentity:
    """The parts of a task instance that identify its job.

    :param generation: The same over retries, and another one after each clearing (``max_tries - retries``, tried on
        2.11 and 3.3).
    :param may_have_submitted: Whether an earlier try, a run before the task was cleared, or the same try before a retry
        policy rescheduled it (Airflow 3.4) might have left a job.
    :param since: The oldest possible creation of a job of this task; None if unknown.
    :param loop_index: The iteration of the task loop (Airflow 3.4), None outside of loops.
    """

    dag_id: str
    run_id: str
    task_id: str
    map_index: int
    generation: int
    may_have_submitted: bool
    since: datetime | None
    loop_index: int | None = None

    @classmethod
    def of(cls, context: Mapping[str, Any], retries: int) -> TaskIdentity:
        """Read the identity from a task's context; ``retries`` is the operator's setting."""
        ti = context["ti"]
        return cls(
            dag_id=ti.dag_id,
            run_id=ti.run_id,
            task_id=ti.task_id,
            map_index=map_index_of(ti),
            # Airflow raises max_tries when a task is cleared, and leaves it alone for a retry (tried on 2.11 and 3.3).
            generation=ti.max_tries - retries,
            may_have_submitted=ti.try_number > 1 or bool(context.get("task_reschedule_count")),
            since=first_start(context["dag_run"], datetime.now(UTC)),
            loop_index=loop_index_of(context),
        )

    def reference(self, source: AudioSource, options: SubmitOptions) -> str:
        """Return the reference of this audio with these options in this task."""
        # Never the try number, so that a retry finds the job. These parts never change: they are in the names of jobs.
        return reference(
            "task",
            self.dag_id,
            self.run_id,
            self.task_id,
            *coordinates(self.map_index, self.loop_index),
            source.uri,
            source.version,
            options.non_speech,
            options.cache,
            # Without the service's cache, clearing the task means a new transcription. With it, the same audio in the
            # same run is the same job, as for the service.
            None if options.cache else self.generation,
        )


def run_reference(context: Mapping[str, Any]) -> str:
    """Return the name of a task instance in the metadata of results: 16 hex digits, the same on every try."""
    ti = context["ti"]
    where = coordinates(map_index_of(ti), loop_index_of(context))
    return reference("run", ti.dag_id, ti.run_id, ti.task_id, *where)


def map_index_of(ti: Any) -> int:
    """Return a task instance's map index, or -1 for an unmapped one."""
    return -1 if ti.map_index is None else int(ti.map_index)


def loop_index_of(context: Mapping[str, Any]) -> int | None:
    """Return the iteration of the task loop of a task (Airflow 3.4), or None outside of loops."""
    loop = context.get("loop")
    return None if loop is None else int(loop.index)


def first_start(dag_run: Any, now: datetime) -> datetime | None:
    """Return an instant before the start of all tasks of the run, or None if unknown.

    This is the run's start. After the task was cleared, it is the instant when the run was due.
    """
    # Clearing resets the run's start, so jobs of the run before are older than it.
    is_cleared = bool(getattr(dag_run, "clear_number", 0))
    # The logical date is last, because that of a backfill can be years ago, and the scan would read all pages.
    names = ["run_after", "data_interval_end", "logical_date"]
    known = [getattr(dag_run, name, None) for name in (names if is_cleared else ["start_date", *names])]
    first = next((instant for instant in known if instant is not None), None)
    # A run with a date in the future can start at any time, so its instant says nothing.
    return first if first is not None and first <= now else None


def recorded_job(context: Mapping[str, Any], ref: str) -> JobId | None:
    """Return the id that an earlier try recorded in Airflow 3.3's task state store for this reference, or None."""
    store = context.get("task_state_store")
    record = store.get(STORE_KEY) if store is not None else None
    # Another reference means that the recording or an option has changed since.
    if isinstance(record, dict) and record.get("reference") == ref:
        job_id: JobId | None = record.get("job_id")
        return job_id
    return None


def record_job(context: Mapping[str, Any], ref: str | None, job_id: JobId) -> None:
    """Record the id for later tries (task state store) and for people (XCom ``job_id``)."""
    store = context.get("task_state_store")
    if store is not None and ref:
        store.set(STORE_KEY, {"reference": ref, "job_id": job_id})
    context["ti"].xcom_push(key="job_id", value=job_id)
