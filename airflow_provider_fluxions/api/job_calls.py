"""The job list as a source of jobs: the part of `FluxionsClient` that waits and watchers use."""

from __future__ import annotations

import logging
from abc import ABC, abstractmethod
from collections.abc import Iterable

from airflow_provider_fluxions.api.errors import FluxionsNotFoundError, FluxionsRejectedError, JobId
from airflow_provider_fluxions.api.job_search import MAX_PAGE_JOBS, next_offset
from airflow_provider_fluxions.api.job_source import LOST, JobPage, lost_job
from airflow_provider_fluxions.api.models import Job, Page, Transcription
from airflow_provider_fluxions.api.printable import printable

log = logging.getLogger(__name__)

# Responses to a single read that concern only its job; all others concern the whole connection.
JOB_REFUSED_STATUSES = (400, 410, 422)
# A service that returns a new status in each response must not fill the memory and the log.
MAX_WARNED_STATUSES = 20

_warned_statuses: set[str] = set()


class JobCalls(ABC):
    """A `JobSource`, above a client's calls."""

    def list_page(self, offset: int) -> JobPage:
        """Return the page of up to 100 jobs at ``offset``.

        :raises FluxionsRequestError: if there is no usable response.
        """
        page = self.list_transcriptions(MAX_PAGE_JOBS, offset)
        _warn_of_unknown_statuses(page.transcriptions)
        return JobPage(page.transcriptions, next_offset(page, offset), page.total)

    def poll_job(self, job_id: JobId) -> Job:
        """Return one job without words; a job that the account does not have has the status `LOST`.

        :raises FluxionsRequestError: if there is no usable response.
        """
        try:
            job = self.get_transcription(job_id)
        except FluxionsNotFoundError:
            return lost_job(job_id)
        except FluxionsRejectedError as error:
            if error.status_code not in JOB_REFUSED_STATUSES:
                raise
            # This ends the wait for this job only. Raising would end all waits of the connection.
            return Job(job_id, LOST, error_message=str(error))
        _warn_of_unknown_statuses([job])
        return job

    @abstractmethod
    def list_transcriptions(self, limit: int = 50, offset: int = 0) -> Page:
        """See `FluxionsClient.list_transcriptions`."""

    @abstractmethod
    def get_transcription(self, job_id: JobId, *, word_level_timestamps: bool = False) -> Transcription:
        """See `FluxionsClient.get_transcription`."""


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
