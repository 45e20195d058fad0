"""Wait for jobs on the command line, and report their outcome."""

from __future__ import annotations

import time
from argparse import Namespace
from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING

from airflow_provider_fluxions.api.errors import (
    FluxionsDeadlineError,
    FluxionsJobError,
    FluxionsJobFailedError,
    FluxionsNotFoundError,
    JobId,
)
from airflow_provider_fluxions.api.humanize import counted
from airflow_provider_fluxions.api.ids import job_key
from airflow_provider_fluxions.api.job_reference import filename_without_reference
from airflow_provider_fluxions.api.job_source import LOST
from airflow_provider_fluxions.api.models import Job, JobStatus
from airflow_provider_fluxions.api.printable import printable
from airflow_provider_fluxions.cli.progress_bars import shown_wait
from airflow_provider_fluxions.cli.screen import Screen
from airflow_provider_fluxions.polling import WatchedJobs, wait_blocking

if TYPE_CHECKING:
    from airflow_provider_fluxions.api.client import FluxionsClient

COLUMNS = ("id", "status", "filename", "error")


def wait_for_all(client: FluxionsClient, job_ids: Sequence[JobId], options: Namespace, screen: Screen) -> WatchedJobs:
    """Block until every job has finished or ``options.timeout`` seconds have passed, and return the known states.

    :raises FluxionsRequestError: if the service refused a request, or had errors until the timeout.
    """
    # All of them, also failed ones, because the user wants each outcome.
    watched = WatchedJobs(tuple(job_ids), min_ended=len({job_key(job_id) for job_id in job_ids}))
    deadline = time.time() + options.timeout
    with shown_wait(watched, screen) as clock:
        wait_blocking(client, watched, poll_interval=options.poll_interval, deadline=deadline, clock=clock)
    return watched


def rows(watched: WatchedJobs) -> list[dict[str, object]]:
    """Return a row for each job, in the order of the arguments."""
    listed: list[dict[str, object]] = []
    for job_id in watched.job_ids:
        job = watched.ended.get(job_key(job_id))
        if job is None:
            listed.append({"id": job_id, "status": "running"})
        else:
            listed.append({"id": job_id, "status": job.status, "filename": job.filename, "error": job.error_message})
    return listed


def report(watched: WatchedJobs, names: Mapping[str, str], screen: Screen) -> None:
    """Write a line for each job that did not complete, with its recording and the reason, in order of the arguments.

    :param names: Names of recordings by job id. Other jobs are named by their file name.
    :raises FluxionsJobFailedError: if a job failed.
    :raises FluxionsNotFoundError: if the account has no such job.
    :raises FluxionsDeadlineError: if a job is still in progress.
    """
    ended = [watched.ended[key] for job_id in watched.job_ids if (key := job_key(job_id)) in watched.ended]
    bad = [job for job in ended if job.status != JobStatus.COMPLETED]
    for job in bad:
        name = (
            names.get(job_key(job.id)) or filename_without_reference(job.filename or "") or "recording without a name"
        )
        reason = job.error_message or "Fluxions returned no reason"
        screen.say(f"Failed: {printable(name)} (job {job.id}): {printable(reason)}")
    error = _error(watched, bad)
    if error is not None:
        raise error


def _error(watched: WatchedJobs, bad: Sequence[Job]) -> FluxionsJobError | FluxionsNotFoundError | None:
    """Return the error for the jobs, or None if all are completed. A failure has precedence over a running job."""
    lost = [job.id for job in bad if job.status == LOST]
    failed = tuple(job.id for job in bad if job.status != LOST)
    if failed:
        return FluxionsJobFailedError(
            f"{len(bad)} of {counted(len(watched.job_ids), 'job')} failed. A failed job never completes: check the "
            "recording, then submit it again.",
            job_ids=failed,
        )
    if lost:
        return FluxionsNotFoundError(
            f"The account has no job {_names(lost)}. Check the job id and the API key's account.", job_id=lost[0]
        )
    if watched.open:
        still = tuple(watched.open.values())
        return FluxionsDeadlineError(
            f"Still running: job {_names(still)}. The jobs continue at Fluxions. Run wait with their ids.",
            job_ids=still,
        )
    return None


def _names(job_ids: Iterable[JobId]) -> str:
    return ", ".join(map(str, job_ids))
