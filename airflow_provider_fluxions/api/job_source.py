"""Where jobs come from: what waits and watchers need of a service. `polling` knows no more of it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol, Self

from airflow_provider_fluxions.api.errors import JobId
from airflow_provider_fluxions.api.models import Job, JobStatus

# Not a status of a service: the account has no such job. A wait for it ends, because the job cannot return.
LOST = JobStatus("lost")
LOST_REASON = "The account of this connection has no such job (HTTP 404)."


def lost_job(job_id: JobId) -> Job:
    """Return the placeholder for a job that the account does not have."""
    return Job(job_id, LOST, error_message=LOST_REASON)


@dataclass(frozen=True)
class JobPage:
    """One page of a job list.

    :param next_offset: The offset of the next page; None at the end of the list.
    :param total: The number of jobs in the whole list, by the service; None if unknown.
    """

    jobs: tuple[Job, ...]
    next_offset: int | None = None
    total: int | None = None


class JobSource(Protocol):
    """The jobs of one account. Its methods block.

    The two reads raise a `FluxionsError`, whose ``transient`` says whether a wait continues; a `FluxionsRequestError`
    can ask for a pause (``retry_after_seconds``). An error concerns the whole account: a job that the account does not
    have is returned with the status `LOST` and an ``error_message``.
    """

    def list_page(self, offset: int) -> JobPage:
        """Return the jobs from ``offset`` on, as many as one request returns, in any order."""

    def poll_job(self, job_id: JobId) -> Job:
        """Return one job."""

    def with_limits(self, *, total_timeout: float | None = None, max_retries: int | None = None) -> Self:
        """Return the same source with smaller limits for each call: seconds, and repetitions of a failed read."""

    def abort(self) -> None:
        """End all reads of other threads with an error."""

    def close(self) -> None:
        """Close the connections."""
