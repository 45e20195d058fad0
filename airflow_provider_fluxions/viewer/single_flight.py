"""One request at a time for the same item of several users."""

from __future__ import annotations

import threading
from collections.abc import Callable, Hashable
from concurrent.futures import Future
from typing import Generic, TypeVar

Value = TypeVar("Value")


class SingleFlight(Generic[Value]):
    """Runs one call at a time for each key. Other threads with this key wait for its value or its error."""

    def __init__(self) -> None:
        self._running: dict[Hashable, Future[Value]] = {}
        self._lock = threading.Lock()

    def run(self, key: Hashable, make: Callable[[], Value]) -> Value:
        """Return the result of ``make``, called by this thread or by the first one.

        :raises Exception: the exception of ``make``, in each waiting thread.
        """
        with self._lock:
            running = self._running.get(key)
            if running is None:
                own = self._running[key] = Future()
        if running is not None:
            return running.result()
        try:
            own.set_result(make())
        except BaseException as error:  # waiting threads must not wait for ever
            own.set_exception(error)
        finally:
            # The next call reads again: this is not a cache, so users never get a value from before their request.
            with self._lock:
                del self._running[key]
        return own.result()
