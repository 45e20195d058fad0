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

    Deadlines are epoch seconds, because they must survive a restart of the process. Everything else counts in
    ``monotonic`` seconds, which do not jump when somebody sets the machine's clock.

    A request is aborted after ``max_request_seconds``, and abandoned ``abort_seconds`` later.
    """

    now: Callable[[], float] = time.time
    monotonic: Callable[[], float] = time.monotonic
    jitter: Callable[[], float] = random.random
    max_request_seconds: float = MAX_REQUEST_SECONDS
    abort_seconds: float = ABORT_SECONDS

    def epoch_offset(self) -> float:
        """Return what to subtract from epoch seconds to get monotonic seconds, by the machine's clock as set now."""
        return self.now() - self.monotonic()

    async def pause(self, seconds: float, wake: asyncio.Event) -> None:
        """Sleep, or return as soon as ``wake`` is set."""
        try:
            await asyncio.wait_for(wake.wait(), max(0.0, seconds))
        except TimeoutError:
            return
