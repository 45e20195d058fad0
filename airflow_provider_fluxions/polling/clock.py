"""Time as an argument of the poll loop."""

from __future__ import annotations

import asyncio
import random
import time
from collections.abc import Callable
from dataclasses import dataclass

# The sockets' timeouts start again with each byte, so a slow server could hold the loop's thread for ever.
MAX_REQUEST_SECONDS = 60.0
# Time for an aborted request to end.
ABORT_SECONDS = 5.0


@dataclass(frozen=True)
class LoopClock:
    """Epoch seconds, jitter in 0..1, an awaitable pause that an event can end, and limits for each request.

    Deadlines are epoch seconds, because they must survive a restart of the process. All other times are
    ``monotonic`` seconds, which do not jump when the machine's clock is set.

    A request is aborted after ``max_request_seconds``, and abandoned ``abort_seconds`` later.
    """

    now: Callable[[], float] = time.time
    monotonic: Callable[[], float] = time.monotonic
    jitter: Callable[[], float] = random.random
    max_request_seconds: float = MAX_REQUEST_SECONDS
    abort_seconds: float = ABORT_SECONDS

    def epoch_offset(self) -> float:
        """Return the difference between epoch seconds and monotonic seconds, by the machine's current clock."""
        return self.now() - self.monotonic()

    async def pause(self, seconds: float, wake: asyncio.Event) -> None:
        """Sleep, or return as soon as ``wake`` is set."""
        try:
            await asyncio.wait_for(wake.wait(), max(0.0, seconds))
        except TimeoutError:
            return
