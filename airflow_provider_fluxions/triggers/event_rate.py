"""Limit the rate at which triggers pass their events to Airflow.

A triggerer writes each event into the database in the loop that sends its heartbeat, and sends the heartbeat only after
all received events are written (10 to 40 ms each). One poll round can find a thousand finished jobs. Their events at
once delayed the heartbeat by 38 s, and after 30 s Airflow treats the triggerer as dead and moves its triggers.
"""

from __future__ import annotations

import asyncio
import configparser
import logging
import math
import weakref

from airflow.providers.common.compat.sdk import conf

log = logging.getLogger(__name__)

DEFAULT_EVENTS_PER_SECOND = 25.0
# Events at once after a quiet time.
BURST_EVENTS = 100
# Maximum delay of an event, because Airflow ends a deferral three minutes after its deadline.
MAX_EVENT_DELAY_SECONDS = 40.0


class EventRateLimiter:
    """Passes a burst of events at once, and the others one after the other."""

    def __init__(self, events_per_second: float = DEFAULT_EVENTS_PER_SECOND) -> None:
        self._share = 1 / events_per_second
        # A leaky bucket (GCRA) needs one number and no task that empties it.
        # When the last event so far would pass if each took its share of a second.
        self._busy_until = float("-inf")

    def reserve(self, now: float) -> float:
        """Return the delay in seconds of an event at ``now`` (seconds of any clock)."""
        self._busy_until = max(self._busy_until, now) + self._share
        held = self._busy_until - now - BURST_EVENTS * self._share
        return min(MAX_EVENT_DELAY_SECONDS, max(0.0, held))


# One limiter for all triggers of an event loop, because they delay the same heartbeat.
_limiters: weakref.WeakKeyDictionary[asyncio.AbstractEventLoop, EventRateLimiter] = weakref.WeakKeyDictionary()


async def wait_for_event_slot() -> None:
    """Wait for the turn of this event among all triggers of the event loop."""
    loop = asyncio.get_running_loop()
    limiter = _limiters.get(loop)
    if limiter is None:
        limiter = _limiters[loop] = EventRateLimiter(events_per_second())
    await asyncio.sleep(limiter.reserve(loop.time()))


def events_per_second() -> float:
    """Return ``[fluxions] events_per_second``; the default, with a warning, if it is not a number above 0."""
    text: object = "text with a bad %"
    try:
        text = conf.get("fluxions", "events_per_second", fallback="") or DEFAULT_EVENTS_PER_SECOND
        rate = float(str(text))
    except (ValueError, configparser.Error):  # a file's values are interpolated
        rate = math.nan
    # An error would end every wait of the triggerer.
    if not 0 < rate < math.inf:
        log.warning(
            "[fluxions] events_per_second must be a number above 0, not %r. Using %.0f.",
            text,
            DEFAULT_EVENTS_PER_SECOND,
        )
        return DEFAULT_EVENTS_PER_SECOND
    return rate
