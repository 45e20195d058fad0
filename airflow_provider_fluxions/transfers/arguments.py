"""Reading arguments that may come from templates, where numbers and booleans are text. No I/O."""

from __future__ import annotations

import math
from typing import Any

from airflow_provider_fluxions.api.errors import FluxionsInputError


def number_of(name: str, value: Any, read: Any) -> Any:
    """Return a number of an argument, 0 or more; ``read`` is int or float.

    :raises FluxionsInputError: it is none.
    """
    try:
        number = read(value)
    except (TypeError, ValueError, OverflowError) as error:
        raise FluxionsInputError(f"{name} must be a number, not {value!r}.") from error
    if not math.isfinite(number) or number < 0:
        raise FluxionsInputError(f"{name} must be 0 or more, not {value!r}.")
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
        raise FluxionsInputError(f"{name} must be at least 1, not {value!r}.")
    return value


def boolean_of(name: str, value: Any) -> bool:
    """Return a yes or no of an argument that may come from a template, where it is text.

    :raises FluxionsInputError: it is neither.
    """
    known = {"true": True, "1": True, "false": False, "0": False, "none": False, "": False}
    text = str(value).strip().lower()
    if text not in known:
        raise FluxionsInputError(f"{name} must be true or false, not {value!r}.")
    return known[text]
