"""Exit statuses, so that scripts need not read messages."""

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
    """The exit status of a command. Users rely on it, so a number never changes its meaning."""

    OK = 0
    """Done."""
    ERROR = 1
    """Any other error; the same command fails again."""
    USAGE = 2
    """Invalid arguments, settings or audio; no request was sent."""
    REFUSED = 3
    """The key was refused, or the account has no credit."""
    NOT_FOUND = 4
    """The account has no such job, or the host no such API."""
    JOB_FAILED = 5
    """The service ended a job as failed; this is final."""
    STILL_RUNNING = 6
    """A job had not finished when the timeout passed; it continues."""
    TRY_AGAIN = 7
    """The service or the network had an error; the same command might succeed later."""
    INTERRUPTED = 130
    """Ctrl-C, as in shells."""


_BY_CLASS = (
    (FluxionsConfigError, Exit.USAGE),
    ((FluxionsAuthenticationError, FluxionsCreditError), Exit.REFUSED),
    (FluxionsNotFoundError, Exit.NOT_FOUND),
    (FluxionsJobFailedError, Exit.JOB_FAILED),
    ((FluxionsDeadlineError, FluxionsNotReadyError), Exit.STILL_RUNNING),
)


def exit_status(error: FluxionsError) -> Exit:
    """Return the status for an error. Errors without their own status are mapped by ``transient``."""
    for kinds, status in _BY_CLASS:
        if isinstance(error, kinds):
            return status
    if error.transient:
        return Exit.TRY_AGAIN
    return Exit.USAGE if isinstance(error, FluxionsInputError) else Exit.ERROR
