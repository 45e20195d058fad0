"""The errors for jobs that failed, do not exist, or are still running. No I/O."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime

from airflow_provider_fluxions.api.errors import (
    FluxionsDeadlineError,
    FluxionsJobError,
    FluxionsJobFailedError,
    FluxionsNotFoundError,
    FluxionsNotReadyError,
    JobId,
)
from airflow_provider_fluxions.api.job_source import LOST, LOST_REASON
from airflow_provider_fluxions.api.models import Job, JobStatus, Transcription
from airflow_provider_fluxions.api.printable import printable

MAX_SHOWN_JOBS = 10
MAX_NAME = 200


def job_error(bad: Iterable[Job]) -> FluxionsJobError | FluxionsNotFoundError:
    """Return the error for failed or lost jobs, each with its id and the service's message."""
    jobs = tuple(bad)
    all_lost = all(job.status == LOST for job in jobs)
    described = "; ".join(_describe(job, obvious=LOST_REASON if all_lost else None) for job in jobs[:MAX_SHOWN_JOBS])
    more = f"; and {len(jobs) - MAX_SHOWN_JOBS} more" if len(jobs) > MAX_SHOWN_JOBS else ""
    if all_lost:
        return FluxionsNotFoundError(
            f"Fluxions does not know {described}{more}. Check that the connection's key belongs to the account that "
            "submitted it.",
            job_id=jobs[0].id,
            status_code=404,
        )
    return FluxionsJobFailedError(
        f"Fluxions failed to transcribe: {described}{more}. The same job never completes; check the audio, then clear "
        "the submitting task to submit it again.",
        job_ids=tuple(job.id for job in jobs),
    )


def require_completed(transcription: Transcription) -> Transcription:
    """Return the transcription if it is completed, because the result of any other is incomplete.

    :raises FluxionsJobFailedError: if it failed.
    :raises FluxionsNotReadyError: if it is running.
    """
    if transcription.status == JobStatus.FAILED:
        raise job_error([transcription])
    if transcription.status != JobStatus.COMPLETED:
        status = printable(transcription.status, 40) or "without a status"
        raise FluxionsNotReadyError(
            f"Job {transcription.id} is still {status}. Wait for it before you store its result, for example with "
            "FluxionsTranscriptionSensor.",
            job_id=transcription.id,
        )
    return transcription


def deadline_error(running: Iterable[JobId], deadline: float) -> FluxionsDeadlineError:
    """Return the error for jobs still running at ``deadline`` (epoch seconds)."""
    ids = tuple(running)
    shown = ", ".join(str(job_id) for job_id in ids[:MAX_SHOWN_JOBS])
    more = f" and {len(ids) - MAX_SHOWN_JOBS} more" if len(ids) > MAX_SHOWN_JOBS else ""
    when = datetime.fromtimestamp(deadline, UTC).isoformat(sep=" ", timespec="seconds")
    return FluxionsDeadlineError(
        f"Job {shown}{more} did not finish before the deadline {when}. The job continues at Fluxions; it cannot be "
        "canceled. Increase timeout, then clear the task: it reuses the job unless it submits with cache=False.",
        job_ids=ids,
    )


def _describe(job: Job, *, obvious: str | None) -> str:
    name = f"job {job.id}{f' ({printable(job.filename, MAX_NAME)})' if job.filename else ''}"
    reason = printable(job.error_message or "no reason given").rstrip(".")
    return name if obvious and job.error_message == obvious else f"{name}: {reason}"
