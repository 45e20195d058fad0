"""The poll loop of one connection, for all its waits."""

from __future__ import annotations

import asyncio
from collections.abc import Hashable, Iterable
from typing import Any

from airflow_provider_fluxions.api.errors import JobId
from airflow_provider_fluxions.polling.intervals import first_poll_seconds, jitter_factor
from airflow_provider_fluxions.polling.loop_client import Connect, LoopClock
from airflow_provider_fluxions.polling.observer import NullObserver, Observer
from airflow_provider_fluxions.polling.poll_planner import ListPositions, PollResult, plan_round
from airflow_provider_fluxions.polling.shared_task import SharedTask, shared
from airflow_provider_fluxions.polling.waiters import Waiter, WaiterIndex
from airflow_provider_fluxions.polling.watched_jobs import WaitOutcome, WatchedJobs

# After this many waiters, other tasks of the event loop get a turn: the triggerer's heartbeat runs on the same loop.
WAITERS_A_TURN = 1000


class PollLoop(SharedTask):
    """The poll rounds for one connection on one event loop."""

    name = "fluxions-poll"
    users_are = "waits"

    def __init__(self, *args: Any) -> None:
        super().__init__(*args)
        self.index = WaiterIndex()
        self._positions = ListPositions()
        # The current round: its start, the jitter that keeps its waiters together, and the jobs in its results so far.
        self._round_started = 0.0
        self._jitter_factor = 1.0
        self._shown: set[str] = set()

    async def wait(self, watched: WatchedJobs, poll_interval: float, deadline: float) -> WaitOutcome:
        """Take part in the rounds until the jobs end or the deadline passes."""
        first = first_poll_seconds(poll_interval, self._clock.jitter())
        now = self._clock.monotonic()
        future: asyncio.Future[WaitOutcome] = asyncio.get_running_loop().create_future()
        waiter = Waiter(watched, poll_interval, deadline, now, now + first, now, future)
        self.index.add(waiter)
        self._wake_for(waiter.next_poll(self._backoff.paused_until, self._clock.epoch_offset()))
        try:
            return await future
        finally:
            # Also if Airflow cancels the trigger, for example because the task was cleared.
            self.index.remove(waiter)

    async def _run(self) -> None:
        try:
            await super()._run()
        finally:
            self._observer.notify("watching", 0)

    def _next_due(self) -> float | None:
        return self.index.next_poll(self._backoff.paused_until, self._clock.epoch_offset())

    def _futures(self) -> Iterable[asyncio.Future[WaitOutcome]]:
        return [waiter.future for waiter in self.index.waiters]

    async def _round(self) -> None:
        started, epoch_offset = self._clock.monotonic(), self._clock.epoch_offset()
        due = self.index.due(started, self._backoff.paused_until, epoch_offset)
        self._round_started, self._jitter_factor = started, jitter_factor(self._clock.jitter())
        self._shown.clear()
        self._observer.notify("watching", len(self.index.by_job))
        await self._attempt(self._poll(due))
        for number, waiter in enumerate(due, 1):
            waiter.due = self._due_after_round(waiter)
            # By the start of the round: a deadline that passes during the round gets a poll of its own. A waiter whose
            # jobs ended in this round keeps that outcome.
            if waiter.has_expired(started, epoch_offset) and waiter in self.index.waiters:
                waiter.settle(WaitOutcome.TIMEOUT)
            if number % WAITERS_A_TURN == 0:
                await asyncio.sleep(0)

    async def _poll(self, due: list[Waiter]) -> None:
        wanted: dict[str, JobId] = {}
        # Also after an error, because the last poll after a deadline has been tried then.
        for number, waiter in enumerate(due, 1):
            wanted.update(waiter.watched.open)
            if number % WAITERS_A_TURN == 0:
                await asyncio.sleep(0)
        # A triggerer runs for months, so positions of jobs without a waiter must not collect.
        self._positions.forget_all_but(self.index.by_job)
        # Jobs whose waiters left during the round are no longer read.
        count = await self._send_all(plan_round(wanted, self._positions), self.index.by_job, self._deliver)
        self.index.update_min_interval(count, len(self._shown))

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
    with shared(PollLoop, connection, connect, clock or LoopClock(), observer or NullObserver()) as poll_loop:
        return await poll_loop.wait(watched, poll_interval, deadline)
