"""The poll loop of one connection, for all its waits."""

from __future__ import annotations

import asyncio
import logging
import weakref
from collections.abc import Hashable

from airflow_provider_fluxions.api.errors import FluxionsError, JobId
from airflow_provider_fluxions.polling.backoff import Backoff
from airflow_provider_fluxions.polling.clock import LoopClock
from airflow_provider_fluxions.polling.error_tolerance import ErrorTolerance, needs_new_connection
from airflow_provider_fluxions.polling.intervals import first_poll_seconds, jitter_factor
from airflow_provider_fluxions.polling.loop_client import Connect, LoopClient, start_detached
from airflow_provider_fluxions.polling.observer import NullObserver, Observer, SafeObserver
from airflow_provider_fluxions.polling.poll_planner import ListPositions, PollRound, next_result, plan_round
from airflow_provider_fluxions.polling.poll_requests import PollResult
from airflow_provider_fluxions.polling.waiters import Waiter, WaiterIndex
from airflow_provider_fluxions.polling.watched_jobs import WaitOutcome, WatchedJobs

log = logging.getLogger(__name__)

# After this many waiters, other tasks of the event loop get a turn: the triggerer's heartbeat runs on the same loop.
WAITERS_A_TURN = 1000
# A deadline comes sooner than planned if the machine's clock is set forward, so it is compared again after this time.
MAX_SLEEP_SECONDS = 60.0


class PollLoop:
    """The poll rounds for one connection on one event loop. Only the requests run in another thread."""

    def __init__(self, connection: Hashable, connect: Connect, clock: LoopClock, observer: Observer) -> None:
        self.index = WaiterIndex()
        self.ended = False
        self._name = f"fluxions-poll-{connection}"
        self._clock = clock
        self._client = LoopClient(connect, self._name, clock)
        self._observer = SafeObserver(observer)
        self._backoff = Backoff(clock)
        self._tolerance = ErrorTolerance()
        self._positions = ListPositions()
        self._wake = asyncio.Event()
        self._asleep_until = 0.0
        # The current round: its start, the jitter that keeps its waiters together, and the jobs in its results so far.
        self._round_started = 0.0
        self._jitter_factor = 1.0
        self._shown: set[str] = set()
        self._task = start_detached(self._run, self._name)

    async def wait(self, watched: WatchedJobs, poll_interval: float, deadline: float) -> WaitOutcome:
        """Take part in the rounds until the jobs end or the deadline passes."""
        first = first_poll_seconds(poll_interval, self._clock.jitter())
        now = self._clock.monotonic()
        future: asyncio.Future[WaitOutcome] = asyncio.get_running_loop().create_future()
        waiter = Waiter(watched, poll_interval, deadline, now, now + first, now, future)
        self.index.add(waiter)
        # Each wake checks all waiters, so a thousand new waits must not wake the loop a thousand times.
        if waiter.next_poll(self._backoff.paused_until, self._clock.epoch_offset()) < self._asleep_until:
            self._wake.set()
        try:
            return await future
        finally:
            # Also if Airflow cancels the trigger, for example because the task was cleared.
            self.index.remove(waiter)

    def stop(self) -> None:
        """Cancel the rounds."""
        self._task.cancel()

    async def _run(self) -> None:
        """Make rounds until cancelled. At the end, every waiter gets an outcome or an error."""
        try:
            while True:
                await self._until_due()
                await self._round()
        except asyncio.CancelledError as error:
            self._fail_all(error)
            raise
        except Exception as error:  # pass the error on to all waiters, which would otherwise wait for ever
            self._fail_all(error)
        finally:
            self.ended = True
            self._client.close()
            self._observer.notify("watching", 0)

    def _fail_all(self, error: BaseException) -> None:
        # A future calls its waiter back later, so the set does not change during this loop.
        for waiter in self.index.waiters:
            waiter.fail(error)

    async def _until_due(self) -> None:
        """Sleep until the first waiter is due, or its deadline passes, or a new waiter changes that."""
        while True:
            self._wake.clear()
            now = self._clock.monotonic()
            due = self.index.next_poll(self._backoff.paused_until, self._clock.epoch_offset())
            if due is not None and due <= now:
                return
            longest = now + MAX_SLEEP_SECONDS
            self._asleep_until = longest if due is None else min(due, longest)
            await self._clock.pause(self._asleep_until - now, self._wake)
            # Until the next sleep, new waits need no wake: the next check includes them.
            self._asleep_until = 0.0

    async def _round(self) -> None:
        started, epoch_offset = self._clock.monotonic(), self._clock.epoch_offset()
        due = self.index.due(started, self._backoff.paused_until, epoch_offset)
        self._round_started, self._jitter_factor = started, jitter_factor(self._clock.jitter())
        self._shown.clear()
        self._observer.notify("watching", len(self.index.by_job))
        try:
            await self._poll(due)
        except FluxionsError as error:
            self._pause_for(error)
        else:
            self._backoff.succeeded()
        for number, waiter in enumerate(due, 1):
            waiter.due = self._due_after_round(waiter)
            # By the start of the round: a deadline that passes during the round gets a poll of its own. A waiter whose
            # jobs ended in this round keeps that outcome.
            if waiter.has_expired(started, epoch_offset) and waiter in self.index.waiters:
                waiter.settle(WaitOutcome.TIMEOUT)
            if number % WAITERS_A_TURN == 0:
                await asyncio.sleep(0)

    def _pause_for(self, error: FluxionsError) -> None:
        """Slow down after an error that the waits survive.

        :raises FluxionsError: the same error, if the waits do not survive it.
        """
        if not self._tolerance.tolerates(error, self._clock.monotonic()):
            raise error
        seconds = self._backoff.failed(error)
        self._observer.notify("throttled", seconds)
        then = ""
        if needs_new_connection(error):
            self._client.drop()
            then = " After that the connection is read again."
        log.warning("%s Retrying in %.1f s (waits=%d).%s", error, len(self.index.waiters), seconds, then)

    async def _poll(self, due: list[Waiter]) -> None:
        wanted: dict[str, JobId] = {}
        # Also after an error, because the last poll after a deadline has been tried then.
        for number, waiter in enumerate(due, 1):
            wanted.update(waiter.watched.open)
            if number % WAITERS_A_TURN == 0:
                await asyncio.sleep(0)
        # A triggerer runs for months, so positions of jobs without a waiter must not collect.
        self._positions.forget_all_but(self.index.by_job)
        requests = plan_round(wanted, self._positions)
        count, result = 0, None
        try:
            while (result := await self._ask(requests, result)) is not None:
                count += 1
                # Each response shows that the service accepts the key.
                self._tolerance.reset()
                self._deliver(result)
        finally:
            self._observer.notify("polled", count)
        self.index.update_min_interval(count, len(self._shown))

    async def _ask(self, requests: PollRound, result: PollResult | None) -> PollResult | None:
        """Make the round's next request."""
        # Jobs whose waiters left during the round are no longer read.
        return await self._client.make(lambda client: next_result(client, requests, result, self.index.by_job))

    def _deliver(self, result: PollResult) -> None:
        """Give a result to all waiters of its jobs. A page also serves a waiter that is not due, if it has all of them.

        Their next poll is one interval later, so waiters that started at different times soon share their rounds.
        """
        keys, waiters = self.index.waiters_for(result)
        self._shown.update(keys)
        for waiter in waiters:
            waiter.watched.record(result)
            if waiter.watched.is_done:
                # A waiter stays in the index until its task runs, so a second page could count it again.
                if waiter.is_waiting:
                    self._observer.notify("noticed", max(0.0, self._clock.monotonic() - waiter.polled_at))
                waiter.settle(WaitOutcome.DONE)
            elif waiter.watched.open.keys() <= self._shown:
                # Not the current time: a job can end between the start of the round and its page, and the figure is a
                # maximum.
                waiter.polled_at = self._round_started
                waiter.due = self._due_after_round(waiter)

    def _due_after_round(self, waiter: Waiter) -> float:
        return self._round_started + self._jitter_factor * waiter.interval(self._round_started, self.index.min_interval)


# Loops by event loop and connection. The entry of an event loop is removed with it.
_loops: weakref.WeakKeyDictionary[asyncio.AbstractEventLoop, dict[Hashable, PollLoop]] = weakref.WeakKeyDictionary()


async def wait_for_jobs(
    watched: WatchedJobs,
    *,
    connection: Hashable,
    connect: Connect,
    poll_interval: float,
    deadline: float,
    clock: LoopClock | None = None,
    observer: Observer | None = None,
) -> WaitOutcome:
    """Wait on the event loop until the jobs end or the deadline passes, and record the finished jobs.

    :param connection: Waits with equal connections share requests.
    :param connect: Returns a client for it; awaited before the shared loop's first request, and again after a refused
        key. The loop closes it.
    :param poll_interval: Maximum seconds between two polls, with jitter. A new wait is polled sooner: after each
        quarter of its age, at least 2 s apart, and with at most 2 requests per second.
    :param deadline: Epoch seconds. There is a last poll after it, even if the service asked for a pause.
    :param observer: Receives the figures of the shared loop; only the first wait's observer is used.
    :raises FluxionsError: if the connection is invalid, or the service has refused the key for 10 minutes.
    """
    if watched.is_done:
        return WaitOutcome.DONE
    loops = _loops.setdefault(asyncio.get_running_loop(), {})
    poll_loop = loops.get(connection)
    # A loop that ended with an error is in the table until its last waiter leaves, but serves no new one.
    if poll_loop is None or poll_loop.ended:
        poll_loop = loops[connection] = PollLoop(connection, connect, clock or LoopClock(), observer or NullObserver())
    try:
        return await poll_loop.wait(watched, poll_interval, deadline)
    finally:
        # A new loop might already have replaced the one that ended.
        if not poll_loop.index.waiters and loops.get(connection) is poll_loop:
            del loops[connection]
            poll_loop.stop()
