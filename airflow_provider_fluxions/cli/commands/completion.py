"""``completion``: the code by which a shell completes commands."""

from __future__ import annotations

from argparse import Namespace

from airflow_provider_fluxions.api.errors import FluxionsConfigError
from airflow_provider_fluxions.cli.exits import Exit
from airflow_provider_fluxions.cli.main import COMMAND
from airflow_provider_fluxions.cli.screen import Screen


def run(options: Namespace, screen: Screen) -> int:
    """Write the code for the shell that was named.

    :raises FluxionsConfigError: argcomplete is not installed.
    """
    try:
        from argcomplete import shellcode
    except ImportError as error:
        raise FluxionsConfigError("Shell completion needs argcomplete. Run: pip install argcomplete") from error
    screen.text(shellcode([COMMAND], shell=options.shell))
    return Exit.OK
