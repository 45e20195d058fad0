"""Read and limit ``Retry-After``."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

# Maximum pause that a service can ask for. The vendor's page documents none; users report seconds.
MAX_RETRY_AFTER_SECONDS = 300.0


def retry_after_seconds(headers: Mapping[str, str], *, now: datetime | None = None) -> float | None:
    """Return the pause in ``Retry-After``: 0 to `MAX_RETRY_AFTER_SECONDS`, or None.

    Both forms of RFC 9110, section 10.2.3, are read; any other text counts as absent.
    """
    value = (headers.get("Retry-After") or "").strip()
    if value.isascii() and value.isdigit():
        # Nine digits are enough for any limit; Python refuses to convert a number of more than 4,300.
        return limited_pause(float(value[:9]))
    try:
        instant = parsedate_to_datetime(value)
    except (ValueError, OverflowError):  # OverflowError: an offset with many digits
        return None
    if instant.tzinfo is None:
        # "-0000" means UTC without a known zone, and parsedate_to_datetime returns it without one.
        instant = instant.replace(tzinfo=UTC)
    return limited_pause((instant - (now or datetime.now(UTC))).total_seconds())


def limited_pause(seconds: float | None) -> float:
    """Return a pause that the service asked for (None: 0) as seconds between 0 and `MAX_RETRY_AFTER_SECONDS`."""
    return min(max(seconds or 0.0, 0.0), MAX_RETRY_AFTER_SECONDS)
