"""Time as an argument of the poll loop."""

from __future__ import annotations

import asyncio
import random
import time
from collections.abc import Callable
from dataclasses import dataclass

# The sockets' own timeouts begin anew with each byte, so a server that drips would hold the loop's thread for ever.
MAX_REQUEST_SECONDS = 60.0
# How long a request that was broken off has to notice.
ABORT_SECONDS = 5.0


@dataclass(frozen=True)
class LoopClock:
    """Epoch seconds, jitter in 0..1, an awaitable pause that an event may cut short, bounds for each request.

    A request is broken off after ``max_request_seconds``, and given up ``abort_seconds`` later.
    """

    now: Callable[[], float] = time.time
    jitter: Callable[[], float] = random.random
    max_request_seconds: float = MAX_REQUEST_SECONDS
    abort_seconds: float = ABORT_SECONDS

    async def pause(self, seconds: float, wake: asyncio.Event) -> None:
        """Sleep, or return as soon as ``wake`` is set."""
        try:
            await asyncio.wait_for(wake.wait(), max(0.0, seconds))
        except TimeoutError:
            return
