"""One reading of the list for all who watch one connection on one event loop."""

from __future__ import annotations

import asyncio
import logging
import weakref
from collections.abc import AsyncIterator, Hashable
from contextlib import asynccontextmanager
from dataclasses import dataclass

from airflow_provider_fluxions.api.errors import FluxionsError
from airflow_provider_fluxions.polling.access import Access, Connect, start_alone
from airflow_provider_fluxions.polling.answers import Answer
from airflow_provider_fluxions.polling.brake import MAX_BACKOFF_SECONDS, Brake
from airflow_provider_fluxions.polling.clock import LoopClock
from airflow_provider_fluxions.polling.news import Mark
from airflow_provider_fluxions.polling.observer import Harmless, Observer
from airflow_provider_fluxions.polling.survey import Survey
from airflow_provider_fluxions.polling.sweep import Round, next_answer

log = logging.getLogger(__name__)


@dataclass(eq=False)
class _Wish:
    """A watcher needs a survey that reaches back as far as the mark, begun when due (monotonic seconds)."""

    mark: Mark
    due: float
    future: asyncio.Future[Survey]


class SurveyLoop:
    """The surveys of one connection on one event loop: each is for everybody who waits for one."""

    def __init__(self, connection: Hashable, connect: Connect, clock: LoopClock, observer: Observer) -> None:
        self.users = 0
        self.error: BaseException | None = None
        self._name = f"fluxions-watch-{connection}"
        self._clock = clock
        self._access = Access(connect, self._name, clock)
        self._observer = Harmless(observer)
        self._brake = Brake(clock)
        self._wishes: set[_Wish] = set()
        self._wake = asyncio.Event()
        self._task = start_alone(self._run, self._name)

    async def survey(self, mark: Mark, due: float) -> Survey:
        """Return the next survey, made at ``due`` (monotonic seconds) or together with another watcher's.

        :raises FluxionsError: the connection cannot work, or the service refused (not transient).
        """
        if self.error is not None:
            raise self.error
        wish = _Wish(mark, due, asyncio.get_running_loop().create_future())
        self._wishes.add(wish)
        self._wake.set()
        try:
            return await wish.future
        finally:
            self._wishes.discard(wish)

    def stop(self) -> None:
        """Cancel the surveys."""
        self._task.cancel()

    async def _run(self) -> None:
        """Make surveys until cancelled; however this ends, nobody is left hanging."""
        try:
            while True:
                await self._until_due()
                await self._round()
        except asyncio.CancelledError as error:
            self.error = error
            raise
        except Exception as error:  # not swallowed: handed to everybody, else they would wait for ever
            self.error = error
        finally:
            self._access.close()
            for wish in self._wishes:
                _fail(wish.future, self.error)

    async def _until_due(self) -> None:
        while True:
            self._wake.clear()
            due = min((wish.due for wish in self._wishes), default=self._clock.monotonic() + MAX_BACKOFF_SECONDS)
            seconds = max(due, self._brake.paused_until) - self._clock.monotonic()
            if self._wishes and seconds <= 0:
                return
            await self._clock.pause(seconds, self._wake)

    async def _round(self) -> None:
        wishes = list(self._wishes)
        horizon = min(wish.mark.horizon for wish in wishes)
        running = {key: job_id for wish in wishes for key, job_id in wish.mark.running.items()}
        survey = Survey(self._clock.now(), horizon, running)
        try:
            await self._read(survey)
        except FluxionsError as error:
            if not error.transient:
                raise
            seconds = self._brake.pull(error)
            self._observer.tell("throttled", seconds)
            log.warning("%s Watching pauses for %.1f s.", error, seconds)
            return
        self._brake.release()
        # At once, not when those who waited come to it: the next round would be made for them again.
        self._wishes.difference_update(wishes)
        for wish in wishes:
            if not wish.future.done():
                wish.future.set_result(survey)

    async def _read(self, survey: Survey) -> None:
        requests, count = survey.requests(), 0
        answer: Answer | None = None
        try:
            while (answer := await self._ask(requests, answer, survey)) is not None:
                count += 1
        finally:
            self._observer.tell("swept", count)

    async def _ask(self, requests: Round, answer: Answer | None, survey: Survey) -> Answer | None:
        """Make the survey's next request."""
        return await self._access.make(lambda client: next_answer(client, requests, answer, survey.running))


def _fail(future: asyncio.Future[Survey], error: BaseException | None) -> None:
    if future.done():
        return
    if error is None or isinstance(error, asyncio.CancelledError):
        future.cancel()
    else:
        future.set_exception(error)


_loops: weakref.WeakKeyDictionary[asyncio.AbstractEventLoop, dict[Hashable, SurveyLoop]] = weakref.WeakKeyDictionary()


@asynccontextmanager
async def surveying(
    connection: Hashable, connect: Connect, clock: LoopClock, observer: Observer
) -> AsyncIterator[SurveyLoop]:
    """Take part in the surveys of a connection: the first one starts them, the last one stops them.

    :param connection: watchers with an equal one share surveys.
    :param connect: returns a client for it; awaited before the first survey. The loop closes it.
    """
    loops = _loops.setdefault(asyncio.get_running_loop(), {})
    shared = loops.get(connection)
    if shared is None or shared.error is not None:
        shared = loops[connection] = SurveyLoop(connection, connect, clock, observer)
    shared.users += 1
    try:
        yield shared
    finally:
        shared.users -= 1
        if not shared.users:
            if loops.get(connection) is shared:
                del loops[connection]
            shared.stop()
