"""``wait``: wait until jobs have finished."""

from __future__ import annotations

from argparse import Namespace

from airflow_provider_fluxions.cli import wait_jobs
from airflow_provider_fluxions.cli.account import account
from airflow_provider_fluxions.cli.exits import Exit
from airflow_provider_fluxions.cli.screen import Screen


def run(options: Namespace, screen: Screen) -> int:
    """Wait for all jobs and show the outcome of each.

    :raises FluxionsError: if a job did not complete, or Fluxions did not respond.
    """
    with account(options.conn_id).client() as client:
        watched = wait_jobs.wait_for_all(client, options.job_id, options, screen)
    screen.rows(wait_jobs.COLUMNS, wait_jobs.rows(watched))
    wait_jobs.report(watched, {}, screen)
    return Exit.OK
