"""How long until the next look: a young wait is looked at sooner than an old one. No I/O."""

from __future__ import annotations

MAX_FIRST_POLL_SECONDS = 5.0
# A wait is looked at every quarter of its age: a job that took a minute is noticed within 15 s more.
AGE_SHARE = 0.25
MIN_INTERVAL_SECONDS = 2.0
# For the sake of youth alone, no more than so many requests a second.
MAX_EARLY_REQUESTS_PER_SECOND = 2.0


def first_poll_seconds(poll_interval: float, jitter: float) -> float:
    """Return how long a wait that begins goes without a look: 2.5 to 5 s, by a jitter in 0..1.

    Spread, so that a thousand tasks deferred in one second do not come in step; not at once, because a task looks
    before it defers.
    """
    return min(poll_interval, MAX_FIRST_POLL_SECONDS) * (0.5 + jitter / 2)


def interval_seconds(age: float, poll_interval: float, least: float = MIN_INTERVAL_SECONDS) -> float:
    """Return the seconds between two looks: a quarter of the age in seconds, within ``least`` and the user's."""
    return min(poll_interval, max(least, AGE_SHARE * age))


def min_interval_seconds(requests: float) -> float:
    """Return what no interval may fall below for youth's sake, where a look takes so many requests."""
    return max(MIN_INTERVAL_SECONDS, requests / MAX_EARLY_REQUESTS_PER_SECOND)


def jitter_factor(jitter: float) -> float:
    """Return what to multiply an interval by: 0.9 to 1.1, by a jitter in 0..1."""
    return 0.9 + 0.2 * jitter
