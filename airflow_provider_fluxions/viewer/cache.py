"""The viewer's cache between requests: least recently used values are removed, within a limit."""

from __future__ import annotations

import threading
import time
from collections import OrderedDict
from collections.abc import Callable, Hashable
from typing import Generic, TypeVar

Value = TypeVar("Value")


class LruTtlCache(Generic[Value]):
    """The last used values, by key. Threads can share it.

    :param most: Maximum total weight of the values. The latest value stays with any weight.
    :param seconds: Maximum age of a value; None: no limit.
    :param now: Seconds of any monotonic clock.
    """

    def __init__(self, most: int, seconds: float | None = None, now: Callable[[], float] = time.monotonic) -> None:
        self._most = most
        self._seconds = seconds
        self._now = now
        self._kept: OrderedDict[Hashable, tuple[Value, int, float]] = OrderedDict()
        self._weight = 0
        self._lock = threading.Lock()

    def get(self, key: Hashable) -> Value | None:
        """Return a value that is not too old."""
        with self._lock:
            found = self._kept.get(key)
            if found is None:
                return None
            value, _, kept_at = found
            if self._seconds is not None and self._now() - kept_at >= self._seconds:
                self._drop(key)
                return None
            self._kept.move_to_end(key)
            return value

    def put(self, key: Hashable, value: Value, weight: int = 1) -> None:
        """Store a value, and remove the least recently used ones above the limit."""
        with self._lock:
            if key in self._kept:
                self._drop(key)
            self._kept[key] = (value, weight, self._now())
            self._weight += weight
            # A value above the limit stays alone: without it, each poll of the page would read a large manifest again.
            while self._weight > self._most and len(self._kept) > 1:
                self._drop(next(iter(self._kept)))

    def _drop(self, key: Hashable) -> None:
        _, weight, _ = self._kept.pop(key)
        self._weight -= weight
