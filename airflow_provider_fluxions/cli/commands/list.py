"""``list``: the account's jobs."""

from __future__ import annotations

from argparse import Namespace
from itertools import islice

from airflow_provider_fluxions.api.models import Job, JobStatus
from airflow_provider_fluxions.api.name_patterns import name_matches
from airflow_provider_fluxions.cli.account import account
from airflow_provider_fluxions.cli.exits import Exit
from airflow_provider_fluxions.cli.screen import Screen

COLUMNS = ("id", "created_at", "status", "audio_seconds", "filename")


def run(options: Namespace, screen: Screen) -> int:
    """Show the jobs in the service's order, with as few pages as possible.

    :raises FluxionsError: if a page could not be read.
    """
    with account(options.conn_id).client() as client:
        chosen = (job for job in client.iter_transcriptions() if is_wanted(job, options.status, options.match))
        jobs = list(islice(chosen, options.limit or None))
    screen.rows(COLUMNS, (_row(job) for job in jobs))
    return Exit.OK


def is_wanted(job: Job, status: str | None, glob: str | None) -> bool:
    """Return whether a job has the status, and a file name that the glob matches, with or without its reference."""
    if status is not None and job.status != JobStatus(status):
        return False
    return glob is None or name_matches(job.filename, glob)


def _row(job: Job) -> dict[str, object]:
    return {
        "id": job.id,
        "created_at": job.created_at,
        "status": job.status,
        "audio_seconds": job.audio_duration,
        "filename": job.filename,
    }
