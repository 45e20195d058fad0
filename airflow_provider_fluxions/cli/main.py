"""Run the command line and return an exit status."""

from __future__ import annotations

import argparse
import logging
import os
import sys
import textwrap
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, redirect_stdout
from importlib import import_module
from typing import NoReturn, TextIO

from airflow_provider_fluxions.api.errors import FluxionsError, FluxionsUnknownOutcomeError
from airflow_provider_fluxions.api.printable import printable
from airflow_provider_fluxions.cli.exits import Exit, exit_status
from airflow_provider_fluxions.cli.options import COMMANDS, Command
from airflow_provider_fluxions.cli.screen import LineFormatter, Screen
from airflow_provider_fluxions.version import __version__

# The command that the package installs, and the one that works wherever the package can be imported.
COMMAND, MODULE = "fluxions", "python -m airflow_provider_fluxions"


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command and return its exit status; see `exits.Exit`."""
    given = list(sys.argv[1:] if arguments is None else arguments)
    if given[:1] == ["emulator"] and given[1:2] != ["--"]:
        # It parses its own options, so `--` is not needed here.
        given.insert(1, "--")
    parser = _parser()
    if "_ARGCOMPLETE" in os.environ:
        _complete(parser)
    options = parser.parse_args(given)
    return run(options.command, options)


def _complete(parser: argparse.ArgumentParser) -> None:
    """Print what a shell can add to its line, and exit: the shell asks for it by an environment variable."""
    from argcomplete import autocomplete

    autocomplete(parser)


def run(name: str, options: argparse.Namespace) -> int:
    """Run the named command with parsed arguments and return its exit status.

    Only the command's result reaches stdout, also if a library prints or logs there. Every error is one line on stderr.
    An error that is not a `FluxionsError` is a bug; ``--verbose`` writes its traceback.
    """
    screen = Screen(sys.stdout, sys.stderr, as_json=getattr(options, "output", None) == "json")
    verbose = getattr(options, "verbose", False)
    try:
        with redirect_stdout(sys.stderr), _log_to(sys.stderr, verbose=verbose):
            command = import_module(f"airflow_provider_fluxions.cli.commands.{name}")
            status: int = command.run(options, screen)
        screen.flush()
        return status
    except FluxionsError as error:
        hint = " --no-once submits without a scan." if isinstance(error, FluxionsUnknownOutcomeError) else ""
        screen.say(f"Error: {error}{hint}")
        return exit_status(error)
    except KeyboardInterrupt:
        screen.say("Interrupted. Submitted jobs continue at Fluxions; they cannot be canceled.")
        return Exit.INTERRUPTED
    except BrokenPipeError:
        # The reader closed the pipe, as in `list | head`. Python would raise the error again at its exit.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return Exit.OK
    except Exception as error:  # the outermost level, where a user gets a sentence for any error
        return _report_bug(error, screen, verbose=verbose)


def _report_bug(error: Exception, screen: Screen, *, verbose: bool) -> Exit:
    """Write an error that is not a `FluxionsError`. Its message can quote anything, so only its type is shown."""
    hint = "" if verbose else " Run the command again with --verbose for the traceback."
    if verbose:
        record = logging.LogRecord(__name__, logging.ERROR, "", 0, "Unexpected error.", (), sys.exc_info())
        print(LineFormatter().format(record), file=screen.err)
    screen.say(f"Error: The command failed with an unexpected {type(error).__name__}, which is a bug.{hint}")
    return Exit.ERROR


class _Parser(argparse.ArgumentParser):
    """A parser with errors that quote arguments as printable text."""

    def error(self, message: str) -> NoReturn:
        """Write the usage and the error, and exit with status 2."""
        super().error(printable(message))


def _parser() -> argparse.ArgumentParser:
    program = COMMAND if os.path.basename(sys.argv[0]) == COMMAND else MODULE
    parser = _Parser(
        prog=program,
        description="Transcribe with the Fluxions speech API.",
        epilog=f"Set FLUXIONS_API_KEY first. {program} COMMAND --help shows a command's options, with examples.",
    )
    parser.add_argument("--version", action="version", version=__version__)
    commands = parser.add_subparsers(dest="command", metavar="COMMAND", required=True)
    for command in COMMANDS:
        added = commands.add_parser(
            command.name,
            help=command.help,
            description=command.help,
            epilog=_epilog(command, program),
            formatter_class=_Formatter,
        )
        for argument in command.arguments:
            added.add_argument(*argument.flags, **argument.options)
    return parser


class _Formatter(argparse.HelpFormatter):
    """Wraps as usual, but keeps the lines of an epilog, which is wrapped already and has examples."""

    def _fill_text(self, text: str, width: int, indent: str) -> str:
        return "\n".join(f"{indent}{line}" for line in text.splitlines())


def _epilog(command: Command, program: str) -> str:
    examples = [f"  {program} {example}" for example in command.examples]
    return "\n".join([*textwrap.wrap(command.notes, 79), "", "examples:", *examples]).strip()


@contextmanager
def _log_to(stream: TextIO, *, verbose: bool) -> Iterator[None]:
    """Send this package's log only to a stream; without verbose, only warnings."""
    log = logging.getLogger("airflow_provider_fluxions")
    handler = logging.StreamHandler(stream)
    handler.setFormatter(LineFormatter())
    before = log.level, log.propagate
    log.addHandler(handler)
    log.setLevel(logging.INFO if verbose else logging.WARNING)
    log.propagate = False
    try:
        yield
    finally:
        log.removeHandler(handler)
        log.setLevel(before[0])
        log.propagate = before[1]
