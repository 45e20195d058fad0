"""Read single values from JSON of any shape: the right type, or None."""

from __future__ import annotations

import json
import re
import reprlib
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

Json = Mapping[str, Any]

# The page's deepest response has four. The result must also be writable later, with less stack left.
MAX_LEVELS = 64
# Arrays and objects use most of the memory: up to 200 bytes each, from 3 bytes of JSON. A day of speech with word times
# has about 250,000 of them and five times as many other values. Without word times, and for a page of 100 jobs, it is a
# tenth.
MAX_CONTAINERS = 1_000_000
MAX_VALUES = 6 * MAX_CONTAINERS
# Larger than tables and other languages support.
MAX_INTEGER = 2**63 - 1
# Instants of other years are mistakes, and arithmetic with years 1 and 9999 overflows.
FIRST_YEAR, LAST_YEAR = 1970, 2261
_SHORT = reprlib.Repr()
_SHORT.maxlist, _SHORT.maxstring = 20, 40
_REASONS = ("error_message", "error", "detail", "message")


def decoded(body: bytes) -> str:
    """Return a body as text. JSON is UTF-8 (RFC 8259, section 8.1); a byte order mark is removed.

    :raises ValueError: if it is not UTF-8.
    """
    try:
        return body.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        position = error.start
    raise ValueError(f"it is not UTF-8 from byte {position:,} on")


def json_value(body: bytes | str, *, max_containers: int = MAX_CONTAINERS) -> Any:
    """Return the JSON value of a body.

    :param max_containers: Maximum number of arrays and objects. The maximum of all values is six times as high.
    :raises ValueError: if it is not JSON, or is too large for the memory. The message has the position and quotes
        nothing. It has no exception of `json` as its cause, because these contain the whole document.
    """
    text = decoded(body) if isinstance(body, bytes) else body
    # A comma follows each value except the last of a container, so this is the maximum number of values.
    if text.count("{") + text.count("[") > max_containers or text.count(",") > MAX_VALUES:
        raise ValueError(f"it has more values than a response can have ({max_containers:,} arrays and objects)")
    value, problem = _parsed(text)
    if problem:
        raise ValueError(problem)
    level = [value] if isinstance(value, dict | list) else []
    for _ in range(MAX_LEVELS):
        inner = (item.values() if isinstance(item, dict) else item for item in level)
        level = [item for items in inner for item in items if isinstance(item, dict | list)]
        if not level:
            return value
    raise ValueError(f"it has more than {MAX_LEVELS} levels")


def _parsed(text: str) -> tuple[Any, str]:
    """Return the value and "", or None and the reason. An error that is raised here would contain the document."""
    try:
        return json.loads(text), ""
    except RecursionError:
        return None, "it is nested too deeply"
    except json.JSONDecodeError as error:
        where = "ends too early, at" if _is_cut(text, error.pos) else "is not JSON from"
        return None, f"it {where} character {len(text) if _is_cut(text, error.pos) else error.pos:,}"
    except ValueError:  # Python limits the digits of an integer
        return None, "it has a number of too many digits"


def _is_cut(text: str, position: int) -> bool:
    """Return whether JSON is invalid because it is incomplete: it ends, or its rest is one string without an end."""
    rest = text[position:].strip()
    return not rest or (rest.startswith('"') and re.fullmatch(r'"(?:[^"\\]|\\.)*\\?', rest, re.DOTALL) is not None)


def shown(value: Any) -> str:
    """Return the start of any JSON for a message, also if it is long or deep."""
    try:
        return _SHORT.repr(value)
    except ValueError:  # Python limits the digits of an integer
        return "a number of too many digits"


def message_text(value: Any) -> str | None:
    """Return the message in a part of an error body: text, ``{"message"}``, or FastAPI's list of ``{"loc", "msg"}``."""
    if isinstance(value, str):
        return value.strip() or None
    if isinstance(value, dict):
        inner = value.get("message") or value.get("msg") or value.get("detail")
        where = ".".join(str(part) for part in value["loc"]) if isinstance(value.get("loc"), list) else ""
        return f"{where}: {inner}" if where and inner else (str(inner) if inner else json.dumps(value))
    if isinstance(value, list):
        # Lists in lists have no known meaning, and following them would exhaust the stack.
        parts = (message_text(item) for item in value if not isinstance(item, list))
        return "; ".join(part for part in parts if part) or None
    return None


def reason(data: Json) -> str | None:
    """Return the reason of a failed job: ``error_message``, or the same with another name or shape."""
    return next((text for name in _REASONS if (text := message_text(data.get(name)))), None)


def times(data: Json) -> tuple[float | None, float | None]:
    """Read a start and an end in seconds, with either pair of names that services use."""
    start, end = number(data.get("start")), number(data.get("end"))
    return (
        number(data.get("start_time")) if start is None else start,
        number(data.get("end_time")) if end is None else end,
    )


def objects(value: Any) -> tuple[Json, ...]:
    """Return the objects of a JSON array and omit other values; empty if it is not an array."""
    return tuple(item for item in value if isinstance(item, dict)) if isinstance(value, list) else ()


def text(value: Any) -> str | None:
    """Return text unchanged."""
    return value if isinstance(value, str) else None


def boolean(value: Any) -> bool | None:
    """Return a boolean, or None for any other value."""
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
    """Read a whole number of at most 64 bits; a fraction is cut off."""
    result = value if isinstance(value, int) and not isinstance(value, bool) else number(value)
    return int(result) if result is not None and abs(result) <= MAX_INTEGER else None


def instant(value: Any) -> datetime | None:
    """Read an ISO 8601 instant; one without an offset is UTC, as all of the page's examples are.

    A year before 1970 or after 2261 counts as absent.
    """
    if not isinstance(value, str):
        return None
    try:
        result = datetime.fromisoformat(value)
    except ValueError:
        return None
    if not FIRST_YEAR <= result.year <= LAST_YEAR:
        return None
    return result if result.tzinfo else result.replace(tzinfo=UTC)
