"""The known states of the jobs of a wait, and its outcome. No I/O."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from enum import StrEnum

from airflow_provider_fluxions.api.errors import (
    FluxionsDeadlineError,
    FluxionsInputError,
    FluxionsJobError,
    FluxionsJobFailedError,
    FluxionsNotFoundError,
    FluxionsNotReadyError,
    JobId,
)
from airflow_provider_fluxions.api.ids import check_job_id, job_key
from airflow_provider_fluxions.api.models import Job, JobStatus, Transcription
from airflow_provider_fluxions.api.printable import printable
from airflow_provider_fluxions.polling.poll_requests import LOST, LOST_REASON

MAX_SHOWN_JOBS = 10
MAX_NAME = 200


class WaitOutcome(StrEnum):
    """The state of a wait: ``running``, ``done`` (all jobs ended, or enough of them), or past its deadline."""

    RUNNING = "running"
    DONE = "done"
    TIMEOUT = "timeout"


@dataclass
class WatchedJobs:
    """The jobs of one wait.

    :param job_ids: Ids of the API; text and number are the same job.
    :param min_ended: Number of finished jobs that ends the wait. None: all jobs, or the first failure, because the
        outcome is then certain.
    """

    job_ids: tuple[JobId, ...]
    min_ended: int | None = None
    ended: dict[str, Job] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if not self.job_ids:
            raise FluxionsInputError("There are no job ids to wait for. Pass at least one.")
        self.job_ids = tuple({job_key(check_job_id(job_id)): job_id for job_id in self.job_ids}.values())
        self._open = {job_key(job_id): job_id for job_id in self.job_ids if job_key(job_id) not in self.ended}

    @property
    def open(self) -> Mapping[str, JobId]:
        """The jobs that are not known to have ended, by key. It shrinks with each poll."""
        return self._open

    def record(self, jobs: Mapping[str, Job]) -> None:
        """Process the jobs of a result, and ignore other jobs."""
        for key in self._open.keys() & jobs.keys():
            if _has_ended(jobs[key]):
                self.ended[key] = jobs[key]
                del self._open[key]

    @property
    def unsuccessful(self) -> tuple[Job, ...]:
        """The jobs that ended without completing."""
        return tuple(job for job in self.ended.values() if job.status != JobStatus.COMPLETED)

    @property
    def is_done(self) -> bool:
        """Whether the wait is over."""
        if self.min_ended is not None:
            return len(self.ended) >= min(self.min_ended, len(self.job_ids))
        return len(self.ended) == len(self.job_ids) or bool(self.unsuccessful)

    @property
    def statuses(self) -> dict[str, str]:
        """The ended jobs' statuses by id, small enough for an event."""
        return {key: str(job.status) for key, job in self.ended.items()}


def _has_ended(job: Job) -> bool:
    return job.status.is_terminal or job.status == LOST


def parse_job_ids(value: object) -> tuple[JobId, ...]:
    """Return the ids of a task argument, which can be one id or many.

    :raises FluxionsInputError: if there is no id, or one of them is invalid.
    """
    if isinstance(value, str | int) or value is None:
        return (check_job_id(value),)
    # A mapping and bytes are iterable, but their items are not job ids.
    if isinstance(value, Mapping | bytes) or not isinstance(value, Iterable):
        raise FluxionsInputError(f"job_id must be one id or a list of ids, not {type(value).__name__}: {value!r}.")
    ids = tuple(check_job_id(item) for item in value)
    if not ids:
        raise FluxionsInputError("job_id is an empty list, so there is no job to wait for.")
    return ids


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


def deadline_error(watched: WatchedJobs, deadline: float) -> FluxionsDeadlineError:
    """Return the error for jobs still running at ``deadline`` (epoch seconds)."""
    ids = tuple(watched.open.values())
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
