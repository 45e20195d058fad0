"""Seconds until the next poll. A new wait is polled sooner than an old one. No I/O."""

from __future__ import annotations

MAX_FIRST_POLL_SECONDS = 5.0
# A wait is polled after each quarter of its age: the end of a job of one minute is noticed within 15 s.
AGE_SHARE = 0.25
MIN_INTERVAL_SECONDS = 2.0
# Maximum requests per second for early polls of new waits.
MAX_EARLY_REQUESTS_PER_SECOND = 2.0


def first_poll_seconds(poll_interval: float, jitter: float) -> float:
    """Return the seconds until the first poll of a wait: 2.5 to 5 s, by a jitter in 0..1.

    The jitter spreads a thousand tasks that defer in the same second. The first poll is not at once, because a task
    polls before it defers.
    """
    return min(poll_interval, MAX_FIRST_POLL_SECONDS) * (0.5 + jitter / 2)


def interval_seconds(age: float, poll_interval: float, least: float = MIN_INTERVAL_SECONDS) -> float:
    """Return the seconds between two polls: a quarter of the age, between ``least`` and the user's interval."""
    return min(poll_interval, max(least, AGE_SHARE * age))


def min_interval_seconds(requests: float) -> float:
    """Return the minimum interval for new waits, if a poll takes this many requests."""
    return max(MIN_INTERVAL_SECONDS, requests / MAX_EARLY_REQUESTS_PER_SECOND)


def jitter_factor(jitter: float) -> float:
    """Return the factor for an interval: 0.9 to 1.1, by a jitter in 0..1."""
    return 0.9 + 0.2 * jitter
