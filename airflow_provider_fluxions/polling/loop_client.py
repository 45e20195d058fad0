"""The resources of a loop on one connection: a clock, a task, a client, and a thread for its requests."""

from __future__ import annotations

import asyncio
import contextvars
from collections.abc import Awaitable, Callable, Coroutine
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any, TypeVar

from airflow_provider_fluxions.api.errors import FluxionsConnectionError
from airflow_provider_fluxions.api.job_source import JobSource
from airflow_provider_fluxions.api.retry import Clock

T = TypeVar("T")

# The sockets' timeouts start again with each byte, so a slow server could hold the loop's thread for ever.
MAX_REQUEST_SECONDS = 60.0
# Time for an aborted request to end.
ABORT_SECONDS = 5.0
# Maximum number of abandoned threads. With this many, no further call is made.
MAX_STUCK_THREADS = 4


@dataclass(frozen=True)
class LoopClock(Clock):
    """A clock with an awaitable pause that an event can end, and limits for each request.

    A request is aborted after ``max_request_seconds``, and abandoned ``abort_seconds`` later.
    """

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


class RequestThread:
    """The calls of one poll loop, in one thread. The thread of an abandoned call is replaced."""

    def __init__(self, name: str, clock: LoopClock) -> None:
        self._name = name
        self._clock = clock
        self._pool = self._new_pool()
        self._stuck: list[Future[Any]] = []

    async def make(self, call: Callable[[], T], abort: Callable[[], None]) -> T:
        """Return the result of ``call``.

        After the clock's ``max_request_seconds``, ``abort`` ends it. This ends a transfer but not a DNS lookup, so the
        call is abandoned ``abort_seconds`` later.

        :raises FluxionsConnectionError: if it was abandoned, or if too many abandoned calls are still running.
        """
        self._stuck = [job for job in self._stuck if not job.done()]
        if len(self._stuck) >= MAX_STUCK_THREADS:
            raise FluxionsConnectionError(
                self._message(f"{len(self._stuck)} requests are stuck, so no new ones are sent")
            )
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
            # This drops a call that has not started. Python cannot end a running one.
            asked.cancel()
        self._give_up(job)
        raise FluxionsConnectionError(self._message(f"A request was stuck for {bound:.0f} s and was abandoned"))

    def close(self) -> None:
        """Let the thread end with its call."""
        self._pool.shutdown(wait=False, cancel_futures=True)

    def _give_up(self, job: Future[Any]) -> None:
        self._stuck.append(job)
        self.close()
        self._pool = self._new_pool()

    def _new_pool(self) -> ThreadPoolExecutor:
        # One thread, because the calls share one requests.Session.
        return ThreadPoolExecutor(1, thread_name_prefix=self._name)

    @staticmethod
    def _message(what: str) -> str:
        return f"{what}. The usual cause is a DNS lookup that does not return. Check DNS on this machine."


Connect = Callable[[], Awaitable[JobSource]]


def start_detached(run: Callable[[], Coroutine[None, None, T]], name: str) -> asyncio.Task[T]:
    """Start a task in an empty context, because it would otherwise log into the trigger that started it."""
    create = asyncio.get_running_loop().create_task
    return contextvars.Context().run(lambda: create(run(), name=name))


class LoopClient:
    """The client of a loop, and the thread for its requests.

    The connection is read before the first request, and again after `drop`.
    """

    def __init__(self, connect: Connect, name: str, clock: LoopClock) -> None:
        self._connect = connect
        self._name = name
        self._clock = clock
        self._calls = RequestThread(name, clock)
        self._client: JobSource | None = None
        self._connecting: asyncio.Task[JobSource] | None = None

    async def make(self, call: Callable[[JobSource], T]) -> T:
        """Return the result of ``call`` with the client, run in the thread.

        :raises FluxionsError: if the connection could not be read, or the request failed.
        """
        if self._client is None:
            self._client = await self._connected()
        client = self._client
        return await self._calls.make(lambda: call(client), client.abort)

    def drop(self) -> None:
        """Close the client, so that the next request reads the connection again."""
        client, self._client = self._client, None
        if client is not None:
            client.abort()
            client.close()

    def close(self) -> None:
        """Abort the running request, close the client, and let the thread end."""
        self._calls.close()
        self.drop()
        if self._connecting is not None:
            # A read of the connection is never cancelled (see _connected), so its client is closed as soon as it
            # exists.
            self._connecting.add_done_callback(_close_client)

    async def _connected(self) -> JobSource:
        """Read the connection in limited time. A longer read continues, and the next request waits for it."""
        if self._connecting is None:

            async def connect() -> JobSource:
                return await self._connect()

            self._connecting = start_detached(connect, f"{self._name}-connect")
        # The read is not cancelled after this time, because some supported versions of Airflow do not tolerate a
        # cancellation during an exchange with the supervisor.
        await asyncio.wait([self._connecting], timeout=self._clock.max_request_seconds)
        if not self._connecting.done():
            raise FluxionsConnectionError(
                f"The connection could not be read within {self._clock.max_request_seconds:.0f} s: the secrets backend "
                "or Airflow's API server does not respond."
            )
        # Also after an error, so that the next request starts a new read.
        done, self._connecting = self._connecting, None
        return done.result()


def _close_client(connecting: asyncio.Task[JobSource]) -> None:
    if not connecting.cancelled() and connecting.exception() is None:
        connecting.result().close()
