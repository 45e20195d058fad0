"""Reading task arguments, which may be of several types. No I/O."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from airflow_provider_fluxions.api.errors import FluxionsInputError
from airflow_provider_fluxions.api.read import shown

# Longer ones are mistakes, and do not fit into the dates that Airflow makes of them.
MAX_SECONDS = 100 * 365 * 24 * 60 * 60.0


def seconds_of(name: str, value: Any) -> float:
    """Return a duration in seconds, from 0 to 100 years, from a number or a ``timedelta``.

    :param name: the argument's name, for the message.
    :raises FluxionsInputError: it is neither, or not in this range.
    """
    if isinstance(value, timedelta):
        value = value.total_seconds()
    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    if not is_number or not 0 <= value <= MAX_SECONDS:
        raise FluxionsInputError(
            f"{name} must be a number of seconds or a timedelta, from 0 to 100 years, not {shown(value)}."
        )
    return float(value)
