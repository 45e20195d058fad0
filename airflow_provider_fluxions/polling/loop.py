"""The rounds of looks on one connection, for all who wait there."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Hashable
from functools import partial
from typing import TYPE_CHECKING

from airflow_provider_fluxions.api.errors import FluxionsRequestError, JobId
from airflow_provider_fluxions.polling.answers import Answer
from airflow_provider_fluxions.polling.brake import MAX_BACKOFF_SECONDS, Brake
from airflow_provider_fluxions.polling.calls import Calls
from airflow_provider_fluxions.polling.clock import LoopClock
from airflow_provider_fluxions.polling.connected import Connect, connected, start_alone
from airflow_provider_fluxions.polling.observer import Harmless, Observer
from airflow_provider_fluxions.polling.pace import first_look_seconds, jittered_share
from airflow_provider_fluxions.polling.sweep import Memory, Round, next_answer, plan_round
from airflow_provider_fluxions.polling.verdict import Outcome, Watched
from airflow_provider_fluxions.polling.waiters import Crowd, Waiter

if TYPE_CHECKING:
    from airflow_provider_fluxions.api.client import FluxionsClient

log = logging.getLogger(__name__)

# After so many waiters, whoever else is on the event loop has a turn.
WAITERS_A_TURN = 1000


class PollLoop:
    """The rounds for one connection on one event loop. Everything but the requests runs on the event loop."""

    def __init__(self, connection: Hashable, connect: Connect, clock: LoopClock, observer: Observer) -> None:
        self.crowd = Crowd()
        self.ended = False
        self._name = f"fluxions-poll-{connection}"
        self._connect = connect
        self._clock = clock
        self._observer = Harmless(observer)
        self._brake = Brake(clock)
        self._memory = Memory()
        self._wake = asyncio.Event()
        self._asleep_until = 0.0
        # Of the present round: when it began, the jitter that keeps its waiters together, the jobs shown so far.
        self._round_started = 0.0
        self._round_share = 1.0
        self._shown: set[str] = set()
        self._task = start_alone(self._run, self._name)

    async def wait(self, watched: Watched, poll_interval: float, deadline: float) -> Outcome:
        """Take part in the rounds until the jobs end or the deadline passes."""
        first = first_look_seconds(poll_interval, self._clock.jitter())
        now = self._clock.now()
        future: asyncio.Future[Outcome] = asyncio.get_running_loop().create_future()
        waiter = Waiter(watched, poll_interval, deadline, now, now + first, now, future)
        self.crowd.add(waiter)
        if waiter.next_look(self._brake.paused_until) < self._asleep_until:
            self._wake.set()
        try:
            return await future
        finally:
            self.crowd.remove(waiter)

    def stop(self) -> None:
        """Cancel the rounds."""
        self._task.cancel()

    async def _run(self) -> None:
        """Make rounds until cancelled; however this ends, no waiter is left hanging."""
        try:
            async with connected(self._connect, self._name, self._clock) as (client, calls):
                while True:
                    await self._until_due()
                    await self._round(client, calls)
        except asyncio.CancelledError as error:
            self._fail_all(error)
            raise
        except Exception as error:  # not swallowed: handed to every waiter, else they would wait for ever
            self._fail_all(error)
        finally:
            self.ended = True
            self._observer.tell("watching", 0)

    def _fail_all(self, error: BaseException) -> None:
        for waiter in self.crowd.waiters:
            waiter.fail(error)

    async def _until_due(self) -> None:
        """Sleep until the first waiter is due, or its deadline has come, or a new waiter changes that."""
        while True:
            self._wake.clear()
            now = self._clock.now()
            look = self.crowd.next_look(self._brake.paused_until)
            if look is not None and look <= now:
                return
            self._asleep_until = now + MAX_BACKOFF_SECONDS if look is None else look
            await self._clock.pause(self._asleep_until - now, self._wake)
            self._asleep_until = 0.0

    async def _round(self, client: FluxionsClient, calls: Calls) -> None:
        started = self._clock.now()
        due = self.crowd.due(started, self._brake.paused_until)
        self._round_started, self._round_share = started, jittered_share(self._clock.jitter())
        self._shown.clear()
        self._observer.tell("watching", len(self.crowd.by_job))
        try:
            await self._sweep(client, calls, due)
        except FluxionsRequestError as error:
            if not error.transient:
                raise
            seconds = self._brake.pull(error)
            self._observer.tell("throttled", seconds)
            log.warning("%s %d waiters pause for %.1f s.", error, len(self.crowd.waiters), seconds)
        else:
            self._brake.release()
        for number, waiter in enumerate(due, 1):
            waiter.due = self._due_after_round(waiter)
            if started >= waiter.deadline and waiter in self.crowd.waiters:
                waiter.settle(Outcome.TIMEOUT)
            if number % WAITERS_A_TURN == 0:
                await asyncio.sleep(0)

    async def _sweep(self, client: FluxionsClient, calls: Calls, due: list[Waiter]) -> None:
        wanted: dict[str, JobId] = {}
        for number, waiter in enumerate(due, 1):
            wanted.update(waiter.watched.open)
            if number % WAITERS_A_TURN == 0:
                await asyncio.sleep(0)
        self._memory.forget_all_but(self.crowd.by_job)
        requests = plan_round(wanted, self._memory)
        count, answer = 0, None
        try:
            while (answer := await self._ask(client, calls, requests, answer)) is not None:
                count += 1
                self._deliver(answer)
        finally:
            self._observer.tell("swept", count)
        self.crowd.learn_cost(count, len(self._shown))

    async def _ask(self, client: FluxionsClient, calls: Calls, requests: Round, answer: Answer | None) -> Answer | None:
        """Make the round's next request."""
        # Others may have left during the round: nobody reads their jobs any more.
        call = partial(next_answer, client, requests, answer, self.crowd.by_job)
        return await calls.make(call, client.abort)

    def _deliver(self, answer: Answer) -> None:
        """Tell the waiters what an answer shows. Pages show more than was asked, and who has seen all is served.

        Their next look is an interval away, so waiters that came at different times soon share their rounds.
        """
        keys, waiters = self.crowd.concerned(answer)
        self._shown.update(keys)
        for waiter in waiters:
            waiter.watched.see(answer)
            if waiter.watched.is_done:
                if waiter.is_waiting:
                    self._observer.tell("noticed", max(0.0, self._clock.now() - waiter.looked_at))
                waiter.settle(Outcome.DONE)
            elif waiter.watched.open.keys() <= self._shown:
                waiter.looked_at = self._round_started
                waiter.due = self._due_after_round(waiter)

    def _due_after_round(self, waiter: Waiter) -> float:
        return self._round_started + self._round_share * waiter.interval(self._round_started, self.crowd.least_interval)
