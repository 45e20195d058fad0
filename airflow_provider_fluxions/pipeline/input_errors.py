"""Classify an exception of one input's work: for the others, for a retry, for the log. No I/O."""

from __future__ import annotations

import traceback

from airflow_provider_fluxions.api.errors import (
    FluxionsAuthenticationError,
    FluxionsConfigError,
    FluxionsCreditError,
    FluxionsError,
    FluxionsInputError,
    FluxionsNotFoundError,
    FluxionsStorageError,
)
from airflow_provider_fluxions.api.json_values import shown
from airflow_provider_fluxions.api.printable import printable

# Which failed inputs fail the task.
FAIL_ON = ("any", "all", "none")

# Errors that every other input would get, too.
_CONCERN_ALL = (FluxionsAuthenticationError, FluxionsConfigError, FluxionsCreditError)


def check_fail_on(value: object) -> None:
    """Check that it is a known rule.

    :raises FluxionsInputError: if it is not.
    """
    if value not in FAIL_ON:
        raise FluxionsInputError(f"fail_on must be one of {', '.join(FAIL_ON)}, not {shown(value)}.")


def is_input_error(error: Exception) -> bool:
    """Return whether an exception of one input's work concerns only that input.

    Transient errors of the service were already retried for the maximum time of one recording. An outage fails the
    recordings in progress, and the next try reuses their jobs.
    """
    if isinstance(error, FluxionsNotFoundError):
        return error.job_id is not None  # without a job, the path is wrong
    if isinstance(error, FluxionsStorageError):
        return not error.concerns_all
    return not isinstance(error, _CONCERN_ALL)


def is_transient(error: Exception) -> bool:
    """Return whether the same work can succeed later."""
    if isinstance(error, FluxionsError):
        return error.transient
    # Of the errors of others, only those of the machine can pass. A TypeError would occur again.
    return isinstance(error, OSError | MemoryError)


def failure_text(error: Exception) -> str:
    """Return the message of an error of this package; for any other exception also its traceback for a report."""
    if isinstance(error, FluxionsError):
        return printable(error)
    lines = "".join(traceback.format_tb(error.__traceback__))
    return f"unexpected {type(error).__name__}: {printable(error)}\nTraceback (most recent call last):\n{lines}"
