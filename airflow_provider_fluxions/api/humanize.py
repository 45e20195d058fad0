"""Sizes, ages, durations and counts for logs and errors. No I/O."""

from __future__ import annotations

from datetime import UTC, datetime


def megabytes(size_bytes: int) -> str:
    """Return a size for people, in decimal units."""
    if size_bytes < 1_000_000:
        return f"{size_bytes / 1000:.1f} kB"
    return f"{size_bytes / 1_000_000:.1f} MB"


def ago(instant: datetime | None, now: float) -> str:
    """Return the age of an instant, for people."""
    if instant is None:
        return "at an unknown time"
    seconds = max(0.0, (datetime.fromtimestamp(now, UTC) - instant).total_seconds())
    if seconds < 120:
        return f"{seconds:.0f} s ago"
    return f"{seconds / 60:.0f} min ago" if seconds < 7200 else f"{seconds / 3600:.0f} h ago"


def counted(number: int, singular: str, plural: str | None = None) -> str:
    """Return a number with its noun: ``1 job``, ``1,204 jobs``.

    :param plural: Default: the singular with an s.
    """
    return f"{number:,} {singular if number == 1 else plural or singular + 's'}"


def duration(seconds: float) -> str:
    """Return a duration for people."""
    if seconds < 120:
        return f"{seconds:.0f} s"
    return f"{seconds / 60:.0f} min" if seconds < 7200 else f"{seconds / 3600:.1f} h"
