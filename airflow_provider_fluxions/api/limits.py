"""Limits of one call: total seconds, seconds for each part, retries, and bytes of the response.

`requests` passes timeouts only, and these start again with each byte. So the client sets the limits of its call for the
current context (a thread), and the connection, the retries and the response body below `requests` apply them.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar

# A read with its retries and pauses.
MAX_READ_CALL_SECONDS = 300.0
# A day of speech with all word times has about 20 MB, unpacked.
MAX_RESULT_BYTES = 64 << 20
# A page of 100 jobs has about 60 KB; the poll of a job with a day of speech, without word times, about 4 MB.
MAX_RESPONSE_BYTES = 8 << 20


class Call:
    """The limits of one running call. All seconds are monotonic time.

    :param part_seconds: maximum for each part: a sent block, and a response from its first to its last byte.
    :param total_seconds: maximum for all parts, with retries and pauses.
    :param max_retries: maximum number of retries, in addition to the session's own limit; None: no limit of the call's.
    :param max_bytes: maximum size of a response, unpacked.
    """

    def __init__(
        self,
        part_seconds: float,
        *,
        total_seconds: float = math.inf,
        max_retries: int | None = None,
        max_bytes: int = MAX_RESPONSE_BYTES,
        now: Callable[[], float] = time.monotonic,
    ) -> None:
        self.part_seconds = part_seconds
        self.total_seconds = total_seconds
        self.max_retries = max_retries
        self.max_bytes = max_bytes
        self._now = now
        self._end = now() + total_seconds
        self._part_end = self._end

    def start_part(self) -> None:
        """Allow ``part_seconds`` from now, within the total."""
        self._part_end = min(self._end, self._now() + self.part_seconds)

    def left_seconds(self) -> float:
        """Return the seconds left for the current part.

        :raises TimeoutError: if none are left.
        """
        left = self._part_end - self._now()
        if left <= 0:
            raise TimeoutError(self._reason())
        return left

    def total_left_seconds(self) -> float:
        """Return the seconds left for the whole call; 0 or less if it is over."""
        return self._end - self._now()

    def allows_retry(self, retries: int, pause_seconds: float) -> bool:
        """Return whether retry number ``retries`` (from 1) is within the limits after this pause."""
        if self.max_retries is not None and retries > self.max_retries:
            return False
        return pause_seconds < self.total_left_seconds()

    def _reason(self) -> str:
        if self.total_left_seconds() <= 0:
            return f"the call took longer than {self.total_seconds:g} s"
        return f"it took longer than {self.part_seconds:g} s"


# A context variable, because requests passes nothing of the caller's down to its connections.
_running: ContextVar[Call | None] = ContextVar("fluxions_call", default=None)


def running_call() -> Call | None:
    """Return the current call of this thread, or None outside a client's call."""
    return _running.get()


@contextmanager
def limited(call: Call) -> Iterator[Call]:
    """Apply a call's limits to the requests in the block."""
    token = _running.set(call)
    try:
        yield call
    finally:
        _running.reset(token)
