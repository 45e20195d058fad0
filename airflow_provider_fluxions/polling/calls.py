"""Requests off the event loop: one at a time, in a thread of their own, each in bounded time.

The default executor would not do: it has few threads, which other triggers need.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any, TypeVar

from airflow_provider_fluxions.api.errors import FluxionsConnectionError
from airflow_provider_fluxions.polling.clock import LoopClock

T = TypeVar("T")

# So many threads that nobody waits for any more may stand around; with so many, no call is made.
MAX_STUCK_CALLS = 4


class Calls:
    """The calls of one poll loop. Its one thread is replaced when a call is given up; what that returns is lost."""

    def __init__(self, name: str, clock: LoopClock) -> None:
        self._name = name
        self._clock = clock
        self._pool = self._new_pool()
        self._stuck: list[Future[Any]] = []

    async def make(self, call: Callable[[], T], abort: Callable[[], None]) -> T:
        """Return what ``call`` does.

        After the clock's ``max_request_seconds`` it is broken off by ``abort``, which breaks a transfer but not a
        look-up of the host's name; so ``abort_seconds`` later it is given up.

        :raises FluxionsConnectionError: it was given up, or too many were and none of them has come back.
        """
        self._stuck = [job for job in self._stuck if not job.done()]
        if len(self._stuck) >= MAX_STUCK_CALLS:
            raise FluxionsConnectionError(self._message(f"{len(self._stuck)} requests hang, so no more are made"))
        job = self._pool.submit(call)
        asked = asyncio.wrap_future(job)
        alarm = asyncio.get_running_loop().call_later(self._clock.max_request_seconds, abort)
        bound = self._clock.max_request_seconds + self._clock.abort_seconds
        try:
            await asyncio.wait([asked], timeout=bound)
            if asked.done():
                return asked.result()
        finally:
            alarm.cancel()
            asked.cancel()
        self._give_up(job)
        raise FluxionsConnectionError(self._message(f"A request hung for {bound:.0f} s and was given up"))

    def close(self) -> None:
        """Let the thread end as soon as its call does."""
        self._pool.shutdown(wait=False, cancel_futures=True)

    def _give_up(self, job: Future[Any]) -> None:
        self._stuck.append(job)
        self.close()
        self._pool = self._new_pool()

    def _new_pool(self) -> ThreadPoolExecutor:
        return ThreadPoolExecutor(1, thread_name_prefix=self._name)

    @staticmethod
    def _message(what: str) -> str:
        return f"{what}; most likely the look-up of the host's name does not answer: check DNS on this machine."
