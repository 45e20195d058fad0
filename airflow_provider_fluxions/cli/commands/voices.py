"""``voices``: the voices that the account can use."""

from __future__ import annotations

from argparse import Namespace

from airflow_provider_fluxions.cli.account import account
from airflow_provider_fluxions.cli.exits import Exit
from airflow_provider_fluxions.cli.screen import Screen

COLUMNS = ("id", "voice_id", "name", "source", "status", "gender", "accent", "style", "description")


def run(options: Namespace, screen: Screen) -> int:
    """Show the hosted voices, then the account's own.

    :raises FluxionsError: a list could not be read.
    """
    with account(options.conn_id).client() as client:
        voices = client.list_voices()
    screen.rows(COLUMNS, ({name: getattr(voice, name) for name in COLUMNS} for voice in voices))
    return Exit.OK
