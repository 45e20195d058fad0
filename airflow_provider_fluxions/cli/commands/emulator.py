"""``emulator``: run the emulator's own command line."""

from __future__ import annotations

from argparse import Namespace
from contextlib import redirect_stdout

from airflow_provider_fluxions.cli.screen import Screen


def run(options: Namespace, screen: Screen) -> int:
    """Serve until SIGTERM or SIGINT. The first lines of the emulator are this command's result."""
    from airflow_provider_fluxions.emulator import __main__ as emulator

    with redirect_stdout(screen.out):
        return emulator.main([argument for argument in options.emulator_arguments if argument != "--"])
