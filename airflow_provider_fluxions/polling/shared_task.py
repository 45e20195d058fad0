"""One background task for all waits, or all watchers, of a connection on one event loop."""

from __future__ import annotations

import asyncio
import logging
import weakref
from abc import ABC, abstractmethod
from collections.abc import Callable, Coroutine, Hashable, Iterable, Iterator
from contextlib import contextmanager
from typing import Any, ClassVar, TypeVar

from airflow_provider_fluxions.api.errors import FluxionsError
from airflow_provider_fluxions.polling.error_tolerance import Backoff, ErrorTolerance, needs_new_connection
from airflow_provider_fluxions.polling.loop_client import Connect, LoopClient, LoopClock, start_detached
from airflow_provider_fluxions.polling.observer import Observer, SafeObserver
from airflow_provider_fluxions.polling.poll_planner import PollResult, PollRound, WantedJobs, next_result

log = logging.getLogger(__name__)

# A deadline comes sooner than planned if the machine's clock is set forward, so it is compared again after this time.
MAX_SLEEP_SECONDS = 60.0


class SharedTask(ABC):
    """Rounds of requests for all users of a connection. Only the requests run in another thread.

    An error that ends the task is raised for each user, and the next user starts a new task.
    """

    name: ClassVar[str]
    users_are: ClassVar[str]

    def __init__(self, connection: Hashable, connect: Connect, clock: LoopClock, observer: Observer) -> None:
        self.users = 0
        self.error: BaseException | None = None
        name = f"{self.name}-{connection}"
        self._clock = clock
        self._client = LoopClient(connect, name, clock)
        self._observer = SafeObserver(observer)
        self._backoff = Backoff(clock)
        self._tolerance = ErrorTolerance()
        self._wake = asyncio.Event()
        self._asleep_until = 0.0
        self._task = start_detached(self._run, name)

    @abstractmethod
    def _next_due(self) -> float | None:
        """Return the time of the next round (monotonic seconds); None without a user."""

    @abstractmethod
    async def _round(self) -> None:
        """Make a round. An error ends the task."""

    @abstractmethod
    def _futures(self) -> Iterable[asyncio.Future[Any]]:
        """Return what the users wait for."""

    def _tolerates(self, error: FluxionsError) -> bool:
        """Return whether the users survive an error."""
        return self._tolerance.tolerates(error, self._clock.monotonic())

    def stop(self) -> None:
        """Cancel the rounds."""
        self._task.cancel()

    async def _run(self) -> None:
        """Make rounds until cancelled. At the end, every user gets an error, and would otherwise wait for ever."""
        try:
            while True:
                await self._until_due()
                await self._round()
        except Exception as error:  # pass the error on to all users
            self.error = error
        except BaseException as error:
            self.error = error
            raise
        finally:
            # A future calls its user back later, so the futures do not change during this loop.
            for future in self._futures():
                _fail(future, self.error)
            # Last, because an error of it must not leave a user waiting.
            self._client.close()

    async def _until_due(self) -> None:
        while True:
            self._wake.clear()
            now, due = self._clock.monotonic(), self._next_due()
            if due is not None and due <= now:
                return
            longest = now + MAX_SLEEP_SECONDS
            self._asleep_until = longest if due is None else min(due, longest)
            await self._clock.pause(self._asleep_until - now, self._wake)
            # Until the next sleep, new users need no wake: the next check includes them.
            self._asleep_until = 0.0

    def _wake_for(self, due: float) -> None:
        """Wake the task for a new user, if that is due before the end of its sleep."""
        # Each wake checks all users, so a thousand new ones must not wake the task a thousand times.
        if due < self._asleep_until:
            self._wake.set()

    async def _attempt(self, requests: Coroutine[Any, Any, object]) -> bool:
        """Make requests; return False after an error that the users survive. Then all rounds pause.

        :raises FluxionsError: if the users do not survive it.
        """
        try:
            await requests
        except FluxionsError as error:
            if not self._tolerates(error):
                raise
            seconds, then = self._backoff.failed(error), ""
            self._observer.notify("throttled", seconds)
            if needs_new_connection(error):
                self._client.drop()
                then = " After that the connection is read again."
            log.warning("%s Retrying in %.1f s (%s=%d).%s", error, seconds, self.users_are, self.users, then)
            return False
        self._backoff.succeeded()
        return True

    async def _send_all(
        self, requests: PollRound, wanted: WantedJobs, received: Callable[[PollResult], None] | None = None
    ) -> int:
        """Make the requests of a round and return how many, each with its result passed on.

        :param wanted: see `next_result`.
        """
        count, result = 0, None
        try:
            while (result := await self._ask(requests, result, wanted)) is not None:
                count += 1
                # Each response shows that the service accepts the key.
                self._tolerance.reset()
                if received is not None:
                    received(result)
        finally:
            self._observer.notify("polled", count)
        return count

    async def _ask(self, requests: PollRound, result: PollResult | None, wanted: WantedJobs) -> PollResult | None:
        return await self._client.make(lambda source: next_result(source, requests, result, wanted))


def _fail(future: asyncio.Future[Any], error: BaseException | None) -> None:
    if future.done():
        return
    if isinstance(error, Exception):
        future.set_exception(error)
    else:
        future.cancel()


S = TypeVar("S", bound=SharedTask)

# Tasks by event loop, kind and connection. The entry of an event loop is removed with it.
_tasks: weakref.WeakKeyDictionary[asyncio.AbstractEventLoop, dict[tuple[type[SharedTask], Hashable], Any]] = (
    weakref.WeakKeyDictionary()
)


@contextmanager
def shared(kind: type[S], connection: Hashable, connect: Connect, clock: LoopClock, observer: Observer) -> Iterator[S]:
    """Use the task of a connection. The first user starts it, the last one stops it.

    :param connection: Users with equal connections share a task.
    :param connect: Returns a source of jobs for it; awaited before the task's first request, and again after a refused
        key. The task closes it.
    :param observer: Receives the figures of the task; only the first user's observer is used.
    """
    tasks = _tasks.setdefault(asyncio.get_running_loop(), {})
    task: Any = tasks.get((kind, connection))
    # A task that ended with an error is in the table until its last user leaves, but serves no new one.
    if task is None or task.error is not None:
        task = tasks[kind, connection] = kind(connection, connect, clock, observer)
    task.users += 1
    try:
        yield task
    finally:
        task.users -= 1
        if not task.users:
            # A new task might already have replaced the one that ended.
            if tasks.get((kind, connection)) is task:
                del tasks[kind, connection]
            task.stop()
