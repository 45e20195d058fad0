"""How fast triggers hand their events to Airflow.

A triggerer writes each event into the database in the very loop that sends its heartbeat, and beats only once all
that have come are written (some 10 to 40 ms each). One look can find a thousand jobs ended: their events in one go
kept a triggerer silent for 38 s, and after 30 s Airflow takes it for dead and gives its triggers to another.
"""

from __future__ import annotations

import asyncio
import weakref

EVENTS_PER_SECOND = 25.0
# So many may come at once after a quiet time.
BURST_EVENTS = 100
# Nobody is held up for longer: Airflow ends a deferral three minutes after its deadline.
MAX_EVENT_DELAY_SECONDS = 40.0


class EventRateLimiter:
    """Lets so many through at once, and the others one after the other."""

    def __init__(self) -> None:
        # When the last of those who have come would pass if each took its share of a second.
        self._busy_until = float("-inf")

    def reserve(self, now: float) -> float:
        """Return how many seconds somebody who comes ``now`` (seconds of any clock) has to wait."""
        self._busy_until = max(self._busy_until, now) + 1 / EVENTS_PER_SECOND
        held = self._busy_until - now - BURST_EVENTS / EVENTS_PER_SECOND
        return min(MAX_EVENT_DELAY_SECONDS, max(0.0, held))


_limiters: weakref.WeakKeyDictionary[asyncio.AbstractEventLoop, EventRateLimiter] = weakref.WeakKeyDictionary()


async def wait_for_event_slot() -> None:
    """Wait for one's turn among all triggers of this event loop."""
    loop = asyncio.get_running_loop()
    await asyncio.sleep(_limiters.setdefault(loop, EventRateLimiter()).reserve(loop.time()))
