"""``export``: transcripts in result formats."""

from __future__ import annotations

from argparse import Namespace

from airflow_provider_fluxions.cli.account import account
from airflow_provider_fluxions.cli.exits import Exit
from airflow_provider_fluxions.cli.exports import plan
from airflow_provider_fluxions.cli.screen import Screen


def run(options: Namespace, screen: Screen) -> int:
    """Write each completed job in each format.

    :raises FluxionsError: if a job is not completed, or a format cannot be written.
    """
    names = options.format or ["text"]
    export = plan(names, options.option, options.to, len(options.job_id), as_json=screen.as_json)
    with account(options.conn_id).client() as client:
        export.write(client, options.job_id, screen)
    return Exit.OK
