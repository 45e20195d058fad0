"""``health``: check the service and the API key."""

from __future__ import annotations

from argparse import Namespace

from airflow_provider_fluxions.cli.account import account
from airflow_provider_fluxions.cli.exits import Exit
from airflow_provider_fluxions.cli.screen import Screen


def run(options: Namespace, screen: Screen) -> int:
    """Show the service's health response, after a read that verifies the key.

    :raises FluxionsError: if the service is unreachable or not healthy, or refuses the key.
    """
    found = account(options.conn_id)
    with found.client(max_retries=0) as client:
        answer = client.health()
        page = client.list_transcriptions(limit=1)
    screen.facts(
        {
            "status": answer.get("status"),
            "base_url": found.settings.base_url,
            "settings_from": found.origin,
            "key_accepted": True,
            "transcriptions": page.total,
            "model": answer.get("model"),
            "version": answer.get("version"),
        }
    )
    return Exit.OK
