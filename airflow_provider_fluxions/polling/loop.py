"""The rounds of looks on one connection, for all who wait there."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Hashable

from airflow_provider_fluxions.api.errors import FluxionsError, JobId
from airflow_provider_fluxions.polling.access import Access, Connect, start_alone
from airflow_provider_fluxions.polling.answers import Answer
from airflow_provider_fluxions.polling.brake import Brake
from airflow_provider_fluxions.polling.clock import LoopClock
from airflow_provider_fluxions.polling.observer import Harmless, Observer
from airflow_provider_fluxions.polling.pace import first_look_seconds, jittered_share
from airflow_provider_fluxions.polling.patience import Patience, needs_new_connection
from airflow_provider_fluxions.polling.sweep import Memory, Round, next_answer, plan_round
from airflow_provider_fluxions.polling.verdict import Outcome, Watched
from airflow_provider_fluxions.polling.waiters import Crowd, Waiter

log = logging.getLogger(__name__)

# After so many waiters, whoever else is on the event loop has a turn.
WAITERS_A_TURN = 1000
MAX_SLEEP_SECONDS = 60.0


class PollLoop:
    """The rounds for one connection on one event loop. Everything but the requests runs on the event loop."""

    def __init__(self, connection: Hashable, connect: Connect, clock: LoopClock, observer: Observer) -> None:
        self.crowd = Crowd()
        self.ended = False
        self._name = f"fluxions-poll-{connection}"
        self._clock = clock
        self._access = Access(connect, self._name, clock)
        self._observer = Harmless(observer)
        self._brake = Brake(clock)
        self._patience = Patience()
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
        now = self._clock.monotonic()
        future: asyncio.Future[Outcome] = asyncio.get_running_loop().create_future()
        waiter = Waiter(watched, poll_interval, deadline, now, now + first, now, future)
        self.crowd.add(waiter)
        if waiter.next_look(self._brake.paused_until, self._clock.epoch_offset()) < self._asleep_until:
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
            while True:
                await self._until_due()
                await self._round()
        except asyncio.CancelledError as error:
            self._fail_all(error)
            raise
        except Exception as error:  # not swallowed: handed to every waiter, else they would wait for ever
            self._fail_all(error)
        finally:
            self.ended = True
            self._access.close()
            self._observer.tell("watching", 0)

    def _fail_all(self, error: BaseException) -> None:
        for waiter in self.crowd.waiters:
            waiter.fail(error)

    async def _until_due(self) -> None:
        """Sleep until the first waiter is due, or its deadline has come, or a new waiter changes that.

        At most a minute at a time, because a deadline comes sooner if the machine's clock is set forward.
        """
        while True:
            self._wake.clear()
            now = self._clock.monotonic()
            look = self.crowd.next_look(self._brake.paused_until, self._clock.epoch_offset())
            if look is not None and look <= now:
                return
            longest = now + MAX_SLEEP_SECONDS
            self._asleep_until = longest if look is None else min(look, longest)
            await self._clock.pause(self._asleep_until - now, self._wake)
            self._asleep_until = 0.0

    async def _round(self) -> None:
        started, epoch_offset = self._clock.monotonic(), self._clock.epoch_offset()
        due = self.crowd.due(started, self._brake.paused_until, epoch_offset)
        self._round_started, self._round_share = started, jittered_share(self._clock.jitter())
        self._shown.clear()
        self._observer.tell("watching", len(self.crowd.by_job))
        try:
            await self._sweep(due)
        except FluxionsError as error:
            self._pause_for(error)
        else:
            self._brake.release()
        for number, waiter in enumerate(due, 1):
            waiter.due = self._due_after_round(waiter)
            if waiter.has_expired(started, epoch_offset) and waiter in self.crowd.waiters:
                waiter.settle(Outcome.TIMEOUT)
            if number % WAITERS_A_TURN == 0:
                await asyncio.sleep(0)

    def _pause_for(self, error: FluxionsError) -> None:
        """Slow down after an error that the waits survive.

        :raises FluxionsError: the same error, if they do not.
        """
        if not self._patience.survives(error, self._clock.monotonic()):
            raise error
        seconds = self._brake.pull(error)
        self._observer.tell("throttled", seconds)
        then = ""
        if needs_new_connection(error):
            self._access.drop()
            then = " Then the connection is read again."
        log.warning("%s %d waiters pause for %.1f s.%s", error, len(self.crowd.waiters), seconds, then)

    async def _sweep(self, due: list[Waiter]) -> None:
        wanted: dict[str, JobId] = {}
        for number, waiter in enumerate(due, 1):
            wanted.update(waiter.watched.open)
            if number % WAITERS_A_TURN == 0:
                await asyncio.sleep(0)
        self._memory.forget_all_but(self.crowd.by_job)
        requests = plan_round(wanted, self._memory)
        count, answer = 0, None
        try:
            while (answer := await self._ask(requests, answer)) is not None:
                count += 1
                self._patience.reset()
                self._deliver(answer)
        finally:
            self._observer.tell("swept", count)
        self.crowd.learn_cost(count, len(self._shown))

    async def _ask(self, requests: Round, answer: Answer | None) -> Answer | None:
        """Make the round's next request."""
        # Jobs whose waiters have left during the round are not read any more.
        return await self._access.make(lambda client: next_answer(client, requests, answer, self.crowd.by_job))

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
                    self._observer.tell("noticed", max(0.0, self._clock.monotonic() - waiter.looked_at))
                waiter.settle(Outcome.DONE)
            elif waiter.watched.open.keys() <= self._shown:
                waiter.looked_at = self._round_started
                waiter.due = self._due_after_round(waiter)

    def _due_after_round(self, waiter: Waiter) -> float:
        return self._round_started + self._round_share * waiter.interval(self._round_started, self.crowd.least_interval)
