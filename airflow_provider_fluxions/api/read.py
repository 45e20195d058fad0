"""Reading single values out of JSON whose shape nobody promises: the right type, or None."""

from __future__ import annotations

import json
import reprlib
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

Json = Mapping[str, Any]

# The page's deepest answer has four. What reads it in must be able to write it out again, with less stack left.
MAX_LEVELS = 64
_SHORT = reprlib.Repr()
_SHORT.maxlist, _SHORT.maxstring = 20, 40


def json_value(body: bytes) -> Any:
    """Return the JSON value that a body is.

    :raises ValueError: it is none, or one that is nested too deeply to be worked with.
    """
    try:
        value = json.loads(body)
    except RecursionError as error:
        raise ValueError("it is nested too deeply") from error
    level = [value] if isinstance(value, dict | list) else []
    for _ in range(MAX_LEVELS):
        inner = (item.values() if isinstance(item, dict) else item for item in level)
        level = [item for items in inner for item in items if isinstance(item, dict | list)]
        if not level:
            return value
    raise ValueError(f"it has more than {MAX_LEVELS} levels")


def shown(value: Any) -> str:
    """Return any JSON as a message may show it: its beginning, however long or deep it is."""
    return _SHORT.repr(value)


def times(data: Json) -> tuple[float | None, float | None]:
    """Read a start and an end in seconds, under either pair of names that services use."""
    start, end = number(data.get("start")), number(data.get("end"))
    return (
        number(data.get("start_time")) if start is None else start,
        number(data.get("end_time")) if end is None else end,
    )


def objects(value: Any) -> tuple[Json, ...]:
    """Return the objects of a JSON array, leaving out what is not one; nothing for anything else."""
    return tuple(item for item in value if isinstance(item, dict)) if isinstance(value, list) else ()


def text(value: Any) -> str | None:
    """Return text as it is."""
    return value if isinstance(value, str) else None


def boolean(value: Any) -> bool | None:
    """Return true or false; no other value counts as either."""
    return value if isinstance(value, bool) else None


def number(value: Any) -> float | None:
    """Read a finite number, also one written as text; NaN and infinities count as absent."""
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        return None
    try:
        result = float(value)
    except (ValueError, OverflowError):
        return None
    return result if abs(result) < float("inf") else None


def integer(value: Any) -> int | None:
    """Read a whole number; a fraction is cut off."""
    result = number(value)
    return int(result) if result is not None else None


def instant(value: Any) -> datetime | None:
    """Read an ISO 8601 instant; one without an offset is UTC, as all of the page's examples are."""
    if not isinstance(value, str):
        return None
    try:
        result = datetime.fromisoformat(value)
    except ValueError:
        return None
    return result if result.tzinfo else result.replace(tzinfo=UTC)
