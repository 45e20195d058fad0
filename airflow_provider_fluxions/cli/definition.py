"""The commands for Airflow 3.2 and later. Every ``airflow`` command imports this module."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

from airflow.cli.cli_config import ActionCommand, Arg, GroupCommand

from airflow_provider_fluxions.cli.options import COMMANDS, Command


def get_cli_commands() -> list[Any]:
    """Return the group ``airflow fluxions``. The code of a command is imported when it runs.

    https://airflow.apache.org/docs/apache-airflow-providers/core-extensions/cli-commands.html
    """
    commands = [_action(command) for command in COMMANDS if command.in_airflow]
    return [GroupCommand(name="fluxions", help="Transcribe with the Fluxions speech API", subcommands=commands)]


def _action(command: Command) -> Any:
    arguments = [Arg(argument.flags, **argument.options) for argument in command.arguments]
    func: Callable[[Any], None] = partial(_run, command.name)
    return ActionCommand(name=command.name, help=command.help, func=func, args=arguments, epilog=command.notes or None)


def _run(name: str, options: Any) -> None:
    from airflow_provider_fluxions.cli.main import run

    raise SystemExit(run(name, options))
