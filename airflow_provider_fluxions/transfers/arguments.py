"""Reading arguments that may come from templates, where numbers and booleans are text. No I/O."""

from __future__ import annotations

import math
from typing import Any

from airflow_provider_fluxions.api.errors import FluxionsInputError
from airflow_provider_fluxions.api.read import shown


def number_of(name: str, value: Any, read: Any) -> Any:
    """Return a number of an argument, 0 or more; ``read`` is int or float.

    :raises FluxionsInputError: it is none.
    """
    try:
        number = read(value)
        is_usable = math.isfinite(number) and number >= 0
    except (TypeError, ValueError, OverflowError) as error:
        raise FluxionsInputError(f"{name} must be a number, not {shown(value)}.") from error
    if not is_usable:
        raise FluxionsInputError(f"{name} must be 0 or more, not {shown(value)}.")
    return number


def optional_number_of(name: str, value: Any, read: Any) -> Any:
    """Return a number of an argument, or None for None: as a template without native rendering has it, too.

    :raises FluxionsInputError: it is neither.
    """
    if value is None or (isinstance(value, str) and value.strip().lower() in ("", "none")):
        return None
    return number_of(name, value, read)


def at_least_one(name: str, value: Any) -> int:
    """Return a whole number of 1 or more.

    :raises FluxionsInputError: it is not one.
    """
    if isinstance(value, bool) or not isinstance(value, int) or value < 1:
        raise FluxionsInputError(f"{name} must be at least 1, not {shown(value)}.")
    return value


def boolean_of(name: str, value: Any) -> bool:
    """Return a yes or no of an argument that may come from a template, where it is text.

    :raises FluxionsInputError: it is neither.
    """
    known = {"true": True, "1": True, "false": False, "0": False, "none": False, "": False}
    text = (value if isinstance(value, str) else shown(value)).strip().lower()
    if text not in known:
        raise FluxionsInputError(f"{name} must be true or false, not {shown(value)}.")
    return known[text]
