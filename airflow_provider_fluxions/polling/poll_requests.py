"""The two requests of a poll, and their results."""

from __future__ import annotations

from dataclasses import dataclass

from airflow_provider_fluxions.api.errors import JobId
from airflow_provider_fluxions.api.ids import job_key
from airflow_provider_fluxions.api.job_source import JobSource
from airflow_provider_fluxions.api.models import Job


@dataclass(frozen=True)
class ListPage:
    """Request the page of jobs that starts at ``offset``."""

    offset: int


@dataclass(frozen=True)
class ReadJob:
    """Request one job."""

    job_id: JobId


Request = ListPage | ReadJob


class PollResult(dict[str, Job]):
    """The jobs of a response, by key.

    ``next_offset`` is the offset of the next page, or None at the end of the list. ``total`` is the total of a page.
    """

    next_offset: int | None = None
    total: int | None = None


def send(source: JobSource, request: Request) -> PollResult:
    """Make one request and return its jobs.

    :raises FluxionsRequestError: if there is no usable response.
    """
    if isinstance(request, ReadJob):
        return PollResult({job_key(request.job_id): source.poll_job(request.job_id)})
    page = source.list_page(request.offset)
    result = PollResult({job_key(job.id): job for job in page.jobs})
    result.next_offset, result.total = page.next_offset, page.total
    return result
