"""The known states of the jobs of a wait, and its outcome. No I/O."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from airflow_provider_fluxions.api.errors import FluxionsInputError, JobId
from airflow_provider_fluxions.api.ids import check_job_id, job_key
from airflow_provider_fluxions.api.job_source import LOST
from airflow_provider_fluxions.api.models import Job, JobStatus


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
        raise FluxionsInputError("job_id must have at least one id, not an empty list.")
    return ids
