"""Arguments of operators, hooks and the client, checked before anything is sent. No I/O.

Values can come from templates, in which numbers and booleans are text.
"""

from __future__ import annotations

import math
from datetime import timedelta
from typing import Any

from airflow_provider_fluxions.api.errors import FluxionsInputError
from airflow_provider_fluxions.api.json_values import MAX_INTEGER, shown

# Longer durations are mistakes, and overflow the dates that Airflow computes from them.
MAX_SECONDS = 100 * 365 * 24 * 60 * 60.0


def seconds_of(name: str, value: Any) -> float:
    """Return a duration in seconds, from 0 to 100 years, from a number or a ``timedelta``.

    :param name: Name of the argument, for the message.
    :raises FluxionsInputError: if the value is neither, or is out of this range.
    """
    if isinstance(value, timedelta):
        value = value.total_seconds()
    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    if not is_number or not 0 <= value <= MAX_SECONDS:
        raise FluxionsInputError(
            f"{name} must be a number of seconds or a timedelta, from 0 to 100 years, not {shown(value)}."
        )
    return float(value)


def number_of(name: str, value: Any, read: Any) -> Any:
    """Return an argument as a number of 0 or more; ``read`` is int or float.

    :raises FluxionsInputError: if the value is not such a number.
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
    """Return an argument as a number, or None for None, also as the text "None" of a template.

    :raises FluxionsInputError: if the value is neither.
    """
    if value is None or (isinstance(value, str) and value.strip().lower() in ("", "none")):
        return None
    return number_of(name, value, read)


def at_least_one(name: str, value: Any) -> int:
    """Return a whole number of 1 or more.

    :raises FluxionsInputError: if the value is not such a number.
    """
    if isinstance(value, bool) or not isinstance(value, int) or value < 1:
        raise FluxionsInputError(f"{name} must be at least 1, not {shown(value)}.")
    return value


def boolean_of(name: str, value: Any) -> bool:
    """Return an argument as a boolean, also from text of a template.

    :raises FluxionsInputError: if the value is not a boolean.
    """
    known = {"true": True, "1": True, "false": False, "0": False, "none": False, "": False}
    text = (value if isinstance(value, str) else shown(value)).strip().lower()
    if text not in known:
        raise FluxionsInputError(f"{name} must be true or false, not {shown(value)}.")
    return known[text]


def check_page(limit: Any, offset: Any, max_limit: int) -> None:
    """Check the limit and offset of a page of the job list.

    :raises FluxionsInputError: if ``limit`` is not a whole number from 1 to ``max_limit``, or ``offset`` not one from
        0.
    """
    if not _is_whole(limit, 1, max_limit) or not _is_whole(offset, 0, MAX_INTEGER):
        raise FluxionsInputError(
            f"limit must be 1 to {max_limit} and offset 0 or more: {shown(limit)}, {shown(offset)}."
        )


def check_limits(total_timeout: Any, max_retries: Any) -> None:
    """Check the limits of a call. None means no limit.

    :raises FluxionsInputError: if ``total_timeout`` is not more than 0, or ``max_retries`` not a whole number from 0.
    """
    if total_timeout is not None and not (_is_number(total_timeout) and total_timeout > 0):
        raise FluxionsInputError(f"total_timeout must be more than 0 seconds, not {shown(total_timeout)}.")
    if max_retries is not None and not _is_whole(max_retries, 0, math.inf):
        raise FluxionsInputError(f"max_retries must be 0 or more, not {shown(max_retries)}.")


def sent_filename(filename: Any) -> str:
    """Return a file name that can be sent. Names from a file system can contain bytes that are not UTF-8.

    :raises FluxionsInputError: if it is not text.
    """
    if not isinstance(filename, str):
        raise FluxionsInputError(f"filename must be text, not {shown(filename)}.")
    return filename.encode("utf-8", errors="replace").decode()


def check_content_type(content_type: Any) -> None:
    """Check that a media type can be sent as a header. None and empty mean no media type.

    :raises FluxionsInputError: if it cannot be sent.
    """
    if not content_type and (content_type is None or content_type == ""):
        return
    if not (isinstance(content_type, str) and content_type.isascii() and content_type.isprintable()):
        raise FluxionsInputError(f"content_type must be a media type such as audio/mpeg, not {shown(content_type)}.")


def _is_number(value: Any) -> bool:
    return isinstance(value, float) or _is_whole(value, -MAX_INTEGER, MAX_INTEGER)


def _is_whole(value: Any, least: int, most: float) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and least <= value <= most
