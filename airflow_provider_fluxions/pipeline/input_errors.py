"""What an exception of one input's work means: for the others, for a retry, for the log. No I/O."""

from __future__ import annotations

import traceback

from airflow_provider_fluxions.api.errors import (
    FluxionsAuthenticationError,
    FluxionsConfigError,
    FluxionsCreditError,
    FluxionsError,
    FluxionsNotFoundError,
    FluxionsStorageError,
)
from airflow_provider_fluxions.api.printable import printable

# What one input's work meets and every other one would meet too.
_CONCERN_ALL = (FluxionsAuthenticationError, FluxionsConfigError, FluxionsCreditError)


def is_input_error(error: Exception) -> bool:
    """Return whether an exception of one input's work is about that input alone.

    Transient errors of the service were retried for as long as one recording may keep the others waiting. An outage
    costs as many recordings as were under way, and the next try reuses their jobs.
    """
    if isinstance(error, FluxionsNotFoundError):
        return error.job_id is not None  # else the path is wrong, not the job
    if isinstance(error, FluxionsStorageError):
        return not error.concerns_all
    return not isinstance(error, _CONCERN_ALL)


def is_transient(error: Exception) -> bool:
    """Return whether the same work can succeed later."""
    if isinstance(error, FluxionsError):
        return error.transient
    return isinstance(error, OSError | MemoryError)


def failure_text(error: Exception) -> str:
    """Return the message of an error of ours; of any other exception also its traceback, to report it with."""
    if isinstance(error, FluxionsError):
        return printable(error)
    lines = "".join(traceback.format_tb(error.__traceback__))
    return f"unexpected {type(error).__name__}: {printable(error)}\nTraceback (most recent call last):\n{lines}"
