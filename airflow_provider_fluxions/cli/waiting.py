"""Waiting for jobs on the command line, and what came of it."""

from __future__ import annotations

import time
from argparse import Namespace
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

from airflow_provider_fluxions.api.errors import (
    FluxionsDeadlineError,
    FluxionsJobError,
    FluxionsJobFailedError,
    FluxionsNotFoundError,
    JobId,
)
from airflow_provider_fluxions.api.ids import key_of
from airflow_provider_fluxions.cli.progress import shown_wait
from airflow_provider_fluxions.cli.screen import Screen
from airflow_provider_fluxions.polling import Watched, wait_in_place

if TYPE_CHECKING:
    from airflow_provider_fluxions.api.client import FluxionsClient

COLUMNS = ("id", "status", "filename", "error")


def wait_for_all(client: FluxionsClient, job_ids: Sequence[JobId], options: Namespace, screen: Screen) -> Watched:
    """Block until every job has ended or ``options.timeout`` seconds are over, and return what is known of them.

    :raises FluxionsRequestError: refused, or in trouble until the time was up.
    """
    # All of them, the bad ones included: people ask about each.
    watched = Watched(tuple(job_ids), enough=len({key_of(job_id) for job_id in job_ids}))
    deadline = time.time() + options.timeout
    with shown_wait(watched, screen) as clock:
        wait_in_place(client, watched, poll_interval=options.poll_interval, deadline=deadline, clock=clock)
    return watched


def rows(watched: Watched) -> list[dict[str, object]]:
    """Return a row for each job, in the order in which they were asked for."""
    listed: list[dict[str, object]] = []
    for job_id in watched.job_ids:
        job = watched.ended.get(key_of(job_id))
        if job is None:
            listed.append({"id": job_id, "status": "running"})
        else:
            listed.append({"id": job_id, "status": job.status, "filename": job.filename, "error": job.error_message})
    return listed


def trouble(watched: Watched) -> FluxionsJobError | FluxionsNotFoundError | None:
    """Return the error that the jobs amount to, None where all are completed. Failed weighs more than running."""
    lost = [job.id for job in watched.bad if job.status == "lost"]
    failed = [job.id for job in watched.bad if job.id not in lost]
    if failed:
        return FluxionsJobFailedError(f"Failed: job {_names(failed)}. A failed job stays so.", job_ids=tuple(failed))
    if lost:
        return FluxionsNotFoundError(f"The account has no job {_names(lost)}.", job_id=lost[0])
    if watched.open:
        still = tuple(watched.open.values())
        return FluxionsDeadlineError(f"Still running: job {_names(still)}. Wait for it again.", job_ids=still)
    return None


def _names(job_ids: Iterable[JobId]) -> str:
    return ", ".join(map(str, job_ids))
