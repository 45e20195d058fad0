"""One poll loop per event loop and connection, shared by all who wait there.

The first waiter starts the loop, the last one stops it. Requests run in one thread of the loop's own, never
in the default executor, whose few threads other triggers need.
"""

from __future__ import annotations

import asyncio
import contextvars
import logging
import random
import time
import weakref
from collections.abc import Awaitable, Callable, Hashable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import TYPE_CHECKING

from airflow_provider_fluxions.api.errors import FluxionsRequestError, JobId
from airflow_provider_fluxions.api.ids import key_of
from airflow_provider_fluxions.polling.sweep import Answer, ListPage, Memory, Request, fetch, plan_round
from airflow_provider_fluxions.polling.verdict import Outcome, Watched

if TYPE_CHECKING:
    from airflow_provider_fluxions.api.client import FluxionsClient

log = logging.getLogger(__name__)

MAX_BACKOFF_SECONDS = 60.0
MAX_RETRY_AFTER_SECONDS = 300.0
MAX_FIRST_LOOK_SECONDS = 5.0
# Waiters that fall due within this share of their interval are served by the same round.
COALESCED_SHARE = 0.2

Connect = Callable[[], Awaitable["FluxionsClient"]]


@dataclass(frozen=True)
class LoopClock:
    """Time as an argument: epoch seconds, an awaitable pause that an event may cut short, and jitter in 0..1."""

    now: Callable[[], float] = time.time
    jitter: Callable[[], float] = random.random

    async def pause(self, seconds: float, wake: asyncio.Event) -> None:
        """Sleep, or return as soon as ``wake`` is set."""
        try:
            await asyncio.wait_for(wake.wait(), max(0.0, seconds))
        except TimeoutError:
            return


@dataclass(eq=False)
class _Waiter:
    watched: Watched
    poll_interval: float
    deadline: float
    due: float
    future: asyncio.Future[Outcome]

    def settle(self, outcome: Outcome) -> None:
        if not self.future.done():
            self.future.set_result(outcome)

    def fail(self, error: BaseException) -> None:
        if not self.future.done():
            self.future.set_exception(error)

    @property
    def next_look(self) -> float:
        return min(self.due, self.deadline)

    @property
    def is_waiting(self) -> bool:
        """False from its outcome on, although it is among the waiters until its task runs."""
        return not self.future.done()


# Loops by event loop and connection; an event loop that ends takes its entry along.
_loops: weakref.WeakKeyDictionary[asyncio.AbstractEventLoop, dict[Hashable, PollLoop]] = weakref.WeakKeyDictionary()


async def wait_for_jobs(
    watched: Watched,
    *,
    connection: Hashable,
    connect: Connect,
    poll_interval: float,
    deadline: float,
    clock: LoopClock | None = None,
) -> Outcome:
    """Wait on the event loop until the jobs end, or the deadline passes, and note which have ended.

    :param connection: waiters with an equal one share requests.
    :param connect: returns a client for it; awaited once when the shared loop starts. The loop closes it.
    :param poll_interval: seconds between two rounds, jittered.
    :param deadline: epoch seconds. There is a last look after it.
    :raises FluxionsError: the connection cannot work, or the service refused the key (not transient).
    """
    if watched.is_done:
        return Outcome.DONE
    loops = _loops.setdefault(asyncio.get_running_loop(), {})
    poll_loop = loops.get(connection)
    if poll_loop is None or poll_loop.ended:
        poll_loop = loops[connection] = PollLoop(connection, connect, clock or LoopClock())
    try:
        return await poll_loop.wait(watched, poll_interval, deadline)
    finally:
        if not poll_loop.waiters and loops.get(connection) is poll_loop:
            del loops[connection]
            poll_loop.stop()


class PollLoop:
    """The rounds for one connection on one event loop. Everything but `fetch` runs on the event loop."""

    def __init__(self, connection: Hashable, connect: Connect, clock: LoopClock) -> None:
        self.waiters: set[_Waiter] = set()
        self.ended = False
        self._waiters_by_job: dict[str, set[_Waiter]] = {}
        self._name = f"fluxions-poll-{connection}"
        self._connect = connect
        self._clock = clock
        self._wake = asyncio.Event()
        self._memory = Memory()
        # Of the present round: when it began, the jitter that keeps its waiters together, the jobs shown so far.
        self._round_started = 0.0
        self._round_share = 1.0
        self._shown: set[str] = set()
        self._failures = 0
        self._paused_until = 0.0
        # An empty context: else the loop would log into the task that happened to start it.
        create = asyncio.get_running_loop().create_task
        self._task = contextvars.Context().run(lambda: create(self._run(), name=self._name))

    async def wait(self, watched: Watched, poll_interval: float, deadline: float) -> Outcome:
        """Take part in the rounds until the jobs end or the deadline passes."""
        # The first look is spread, so that a thousand tasks deferred in one second do not come in step.
        first = min(poll_interval, MAX_FIRST_LOOK_SECONDS) * self._clock.jitter()
        future: asyncio.Future[Outcome] = asyncio.get_running_loop().create_future()
        waiter = _Waiter(watched, poll_interval, deadline, self._clock.now() + first, future)
        self._add(waiter)
        try:
            return await future
        finally:
            self._remove(waiter)

    def _add(self, waiter: _Waiter) -> None:
        self.waiters.add(waiter)
        for key in waiter.watched.open:
            self._waiters_by_job.setdefault(key, set()).add(waiter)
        self._wake.set()

    def _remove(self, waiter: _Waiter) -> None:
        self.waiters.discard(waiter)
        for job_id in waiter.watched.job_ids:
            others = self._waiters_by_job.get(key_of(job_id), set())
            others.discard(waiter)
            if not others:
                self._waiters_by_job.pop(key_of(job_id), None)

    def stop(self) -> None:
        """Cancel the rounds."""
        self._task.cancel()

    async def _run(self) -> None:
        """Make rounds until cancelled; however this ends, no waiter is left hanging."""
        client: FluxionsClient | None = None
        pool = ThreadPoolExecutor(1, thread_name_prefix=self._name)
        try:
            client = await self._connect()
            while True:
                await self._until_due()
                await self._round(client, pool)
        except asyncio.CancelledError:
            self._fail_all(asyncio.CancelledError())
            raise
        except Exception as error:  # not swallowed: handed to every waiter, else they would wait for ever
            self._fail_all(error)
        finally:
            self.ended = True
            pool.shutdown(wait=False, cancel_futures=True)
            if client is not None:
                client.close()

    def _fail_all(self, error: BaseException) -> None:
        for waiter in self.waiters:
            if isinstance(error, asyncio.CancelledError):
                waiter.future.cancel()
            else:
                waiter.fail(error)

    async def _until_due(self) -> None:
        """Sleep until the first waiter is due, or its deadline has come, or a new waiter changes that."""
        while True:
            self._wake.clear()
            now = self._clock.now()
            looks = [waiter.next_look for waiter in self.waiters if waiter.is_waiting]
            seconds = max(min(looks, default=now + MAX_BACKOFF_SECONDS), self._paused_until) - now
            if seconds <= 0 and looks:
                return
            await self._clock.pause(seconds, self._wake)

    async def _round(self, client: FluxionsClient, pool: ThreadPoolExecutor) -> None:
        started = self._clock.now()
        due = [w for w in self.waiters if w.is_waiting and w.next_look <= started + COALESCED_SHARE * w.poll_interval]
        self._round_started, self._round_share = started, 0.9 + 0.2 * self._clock.jitter()
        self._shown.clear()
        try:
            await self._sweep(client, pool, due)
        except FluxionsRequestError as error:
            if not error.transient:
                raise
            self._slow_down(error)
        else:
            self._failures = 0
            self._paused_until = 0.0
        for waiter in due:
            waiter.due = self._due_after_round(waiter)
            if started >= waiter.deadline and waiter in self.waiters:
                waiter.settle(Outcome.TIMEOUT)

    async def _sweep(self, client: FluxionsClient, pool: ThreadPoolExecutor, due: list[_Waiter]) -> None:
        wanted: dict[str, JobId] = {}
        for waiter in due:
            wanted.update(waiter.watched.open)
        self._memory.forget_all_but(self._waiters_by_job)
        requests = plan_round(wanted, self._memory)
        answer: Answer | None = None
        while True:
            try:
                request = next(requests) if answer is None else requests.send(answer)
            except StopIteration:
                return
            if not self._still_wanted(request):
                answer = {}
                continue
            answer = await asyncio.get_running_loop().run_in_executor(pool, fetch, client, request)
            self._deliver(answer)

    def _still_wanted(self, request: Request) -> bool:
        """Whether anybody still waits for the job of a single read; others may have left during the round."""
        return isinstance(request, ListPage) or key_of(request.job_id) in self._waiters_by_job

    def _deliver(self, answer: Answer) -> None:
        """Tell the waiters what an answer shows. Pages show more than was asked, and who has seen all is served.

        Their next look is an interval away, so waiters that came at different times soon share their rounds.
        """
        shown = self._waiters_by_job.keys() & answer.keys()
        self._shown |= shown
        for waiter in {waiter for key in shown for waiter in self._waiters_by_job[key]}:
            waiter.watched.see(answer)
            if waiter.watched.is_done:
                waiter.settle(Outcome.DONE)
            elif waiter.watched.open.keys() <= self._shown:
                waiter.due = self._due_after_round(waiter)

    def _due_after_round(self, waiter: _Waiter) -> float:
        return self._round_started + self._round_share * waiter.poll_interval

    def _slow_down(self, error: FluxionsRequestError) -> None:
        """Pause the whole connection once: doubling from 1 s, never less than the service asked for."""
        self._failures += 1
        backoff = min(MAX_BACKOFF_SECONDS, 2.0 ** min(self._failures - 1, 10)) * (0.5 + self._clock.jitter() / 2)
        seconds = max(backoff, min(error.retry_after_seconds or 0.0, MAX_RETRY_AFTER_SECONDS))
        self._paused_until = self._clock.now() + seconds
        log.warning("%s %d waiters pause for %.1f s.", error, len(self.waiters), seconds)
