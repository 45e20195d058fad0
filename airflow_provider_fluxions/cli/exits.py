"""What the exit status says, so that a script need not read messages."""

from __future__ import annotations

from enum import IntEnum

from airflow_provider_fluxions.api.errors import (
    FluxionsAuthenticationError,
    FluxionsConfigError,
    FluxionsCreditError,
    FluxionsDeadlineError,
    FluxionsError,
    FluxionsInputError,
    FluxionsJobFailedError,
    FluxionsNotFoundError,
    FluxionsNotReadyError,
)


class Exit(IntEnum):
    """The exit status of a command. They are part of what users rely on: a number never changes its meaning."""

    OK = 0
    """Done."""
    ERROR = 1
    """Any other error: repeating the command cannot help."""
    USAGE = 2
    """Arguments, settings or audio that cannot work; nothing was sent."""
    REFUSED = 3
    """The key was refused, or the account has no credit."""
    NOT_FOUND = 4
    """The account has no such job, or the host no such API."""
    JOB_FAILED = 5
    """The service ended a job as failed: final."""
    STILL_RUNNING = 6
    """A job had not ended when the time was up; it goes on."""
    TRY_AGAIN = 7
    """The service or the network was in trouble: the same command may succeed later."""
    INTERRUPTED = 130
    """Ctrl-C, as shells have it."""


_BY_CLASS = (
    (FluxionsConfigError, Exit.USAGE),
    ((FluxionsAuthenticationError, FluxionsCreditError), Exit.REFUSED),
    (FluxionsNotFoundError, Exit.NOT_FOUND),
    (FluxionsJobFailedError, Exit.JOB_FAILED),
    ((FluxionsDeadlineError, FluxionsNotReadyError), Exit.STILL_RUNNING),
)


def exit_status(error: FluxionsError) -> Exit:
    """Return the status for an error; what has none of its own is told by whether the same call may succeed later."""
    for kinds, status in _BY_CLASS:
        if isinstance(error, kinds):
            return status
    if error.transient:
        return Exit.TRY_AGAIN
    return Exit.USAGE if isinstance(error, FluxionsInputError) else Exit.ERROR
