"""The two requests of a poll, and their results."""

from __future__ import annotations

import logging
from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from airflow_provider_fluxions.api.errors import FluxionsNotFoundError, FluxionsRejectedError, JobId
from airflow_provider_fluxions.api.ids import job_key
from airflow_provider_fluxions.api.job_search import MAX_PAGE_JOBS, next_offset
from airflow_provider_fluxions.api.models import Job, JobStatus, Page
from airflow_provider_fluxions.api.printable import printable

if TYPE_CHECKING:
    from airflow_provider_fluxions.api.client import FluxionsClient

log = logging.getLogger(__name__)

# Responses to a single read that concern only its job; all others concern the whole connection.
JOB_REFUSED_STATUSES = (400, 410, 422)


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


_warned_statuses: set[str] = set()
# A service that returns a new status in each response must not fill the memory and the log.
MAX_WARNED_STATUSES = 20


def _warn_of_unknown_statuses(jobs: Iterable[Job]) -> None:
    for job in jobs:
        is_new = not job.status.is_known and job.status not in _warned_statuses
        if is_new and len(_warned_statuses) < MAX_WARNED_STATUSES:
            _warned_statuses.add(job.status)
            log.warning(
                "Job %s has the undocumented status '%s', which counts as running.",
                job.id,
                printable(job.status, 40),
            )


def send(client: FluxionsClient, request: Request) -> PollResult:
    """Make one request and return its jobs. A job that the account does not have is returned as lost.

    :raises FluxionsRequestError: if there is no usable response.
    """
    if isinstance(request, ListPage):
        page: Page = client.list_transcriptions(MAX_PAGE_JOBS, request.offset)
        _warn_of_unknown_statuses(page.transcriptions)
        result = PollResult({job_key(job.id): job for job in page.transcriptions})
        result.next_offset = next_offset(page, request.offset)
        result.total = page.total
        return result
    try:
        job = client.get_transcription(request.job_id)
    except FluxionsNotFoundError:
        return PollResult({job_key(request.job_id): lost_job(request.job_id)})
    except FluxionsRejectedError as error:
        if error.status_code not in JOB_REFUSED_STATUSES:
            raise
        # This ends the wait for this job only. Raising would end all waits of the connection.
        return PollResult({job_key(request.job_id): Job(request.job_id, LOST, error_message=str(error))})
    _warn_of_unknown_statuses([job])
    return PollResult({job_key(request.job_id): job})


LOST = JobStatus("lost")
LOST_REASON = "The account of this connection has no such job (HTTP 404)."


def lost_job(job_id: JobId) -> Job:
    """Return the placeholder for a job that the account does not have. Its wait ends, because it cannot return."""
    return Job(job_id, LOST, error_message=LOST_REASON)
