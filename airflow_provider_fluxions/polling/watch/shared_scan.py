"""One scan of the job list for all watchers of a connection on one event loop."""

from __future__ import annotations

import asyncio
import logging
import weakref
from collections.abc import AsyncIterator, Hashable
from contextlib import asynccontextmanager
from dataclasses import dataclass

from airflow_provider_fluxions.api.errors import FluxionsError
from airflow_provider_fluxions.polling.backoff import MAX_BACKOFF_SECONDS, Backoff
from airflow_provider_fluxions.polling.clock import LoopClock
from airflow_provider_fluxions.polling.loop_client import Connect, LoopClient, start_detached
from airflow_provider_fluxions.polling.observer import Observer, SafeObserver
from airflow_provider_fluxions.polling.poll_planner import PollRound, next_result
from airflow_provider_fluxions.polling.poll_requests import PollResult
from airflow_provider_fluxions.polling.watch.cursor import Cursor
from airflow_provider_fluxions.polling.watch.list_scan import ListScan

log = logging.getLogger(__name__)


@dataclass(eq=False)
class _ScanRequest:
    """A watcher's request for a scan back to its cursor's horizon, at ``due`` (monotonic seconds)."""

    cursor: Cursor
    due: float
    future: asyncio.Future[ListScan]


class ScanLoop:
    """The scans of one connection on one event loop. Each scan serves all waiting watchers."""

    def __init__(self, connection: Hashable, connect: Connect, clock: LoopClock, observer: Observer) -> None:
        self.users = 0
        self.error: BaseException | None = None
        self._name = f"fluxions-watch-{connection}"
        self._clock = clock
        self._client = LoopClient(connect, self._name, clock)
        self._observer = SafeObserver(observer)
        self._backoff = Backoff(clock)
        self._requests: set[_ScanRequest] = set()
        self._wake = asyncio.Event()
        self._task = start_detached(self._run, self._name)

    async def scan(self, cursor: Cursor, due: float) -> ListScan:
        """Return the next scan, made at ``due`` (monotonic seconds) or together with another watcher's.

        :raises FluxionsError: if the connection is invalid, or the service refused the request (not transient).
        """
        if self.error is not None:
            raise self.error
        request = _ScanRequest(cursor, due, asyncio.get_running_loop().create_future())
        self._requests.add(request)
        self._wake.set()
        try:
            return await request.future
        finally:
            self._requests.discard(request)

    def stop(self) -> None:
        """Cancel the scans."""
        self._task.cancel()

    async def _run(self) -> None:
        """Make scans until cancelled. At the end, every waiting watcher gets a result or an error."""
        try:
            while True:
                await self._until_due()
                await self._round()
        except asyncio.CancelledError as error:
            self.error = error
            raise
        except Exception as error:  # pass the error on to all watchers, which would otherwise wait for ever
            self.error = error
        finally:
            self._client.close()
            for request in self._requests:
                _fail(request.future, self.error)

    async def _until_due(self) -> None:
        while True:
            self._wake.clear()
            due = min(
                (request.due for request in self._requests), default=self._clock.monotonic() + MAX_BACKOFF_SECONDS
            )
            seconds = max(due, self._backoff.paused_until) - self._clock.monotonic()
            if self._requests and seconds <= 0:
                return
            await self._clock.pause(seconds, self._wake)

    async def _round(self) -> None:
        requests = list(self._requests)
        # The oldest horizon serves all watchers, because each cursor ignores the jobs that it has reported.
        horizon = min(request.cursor.horizon for request in requests)
        running = {key: job_id for request in requests for key, job_id in request.cursor.running.items()}
        scan = ListScan(self._clock.now(), horizon, running)
        try:
            await self._read(scan)
        except FluxionsError as error:
            # A permanent error ends this loop. Each watcher logs it, pauses and starts a new loop.
            if not error.transient:
                raise
            seconds = self._backoff.failed(error)
            self._observer.notify("throttled", seconds)
            log.warning("%s Watching pauses for %.1f s.", error, seconds)
            return
        self._backoff.succeeded()
        # At once, because the next round would otherwise serve the same requests again.
        self._requests.difference_update(requests)
        for request in requests:
            if not request.future.done():
                request.future.set_result(scan)

    async def _read(self, scan: ListScan) -> None:
        requests, count = scan.requests(), 0
        result: PollResult | None = None
        try:
            while (result := await self._ask(requests, result, scan)) is not None:
                count += 1
        finally:
            self._observer.notify("polled", count)

    async def _ask(self, requests: PollRound, result: PollResult | None, scan: ListScan) -> PollResult | None:
        """Make the scan's next request."""
        return await self._client.make(lambda client: next_result(client, requests, result, scan.running))


def _fail(future: asyncio.Future[ListScan], error: BaseException | None) -> None:
    if future.done():
        return
    if error is None or isinstance(error, asyncio.CancelledError):
        future.cancel()
    else:
        future.set_exception(error)


_loops: weakref.WeakKeyDictionary[asyncio.AbstractEventLoop, dict[Hashable, ScanLoop]] = weakref.WeakKeyDictionary()


@asynccontextmanager
async def shared_scans(
    connection: Hashable, connect: Connect, clock: LoopClock, observer: Observer
) -> AsyncIterator[ScanLoop]:
    """Take part in the scans of a connection. The first watcher starts them, the last one stops them.

    :param connection: Watchers with equal connections share scans.
    :param connect: Returns a client for it; awaited before the first scan. The loop closes it.
    """
    loops = _loops.setdefault(asyncio.get_running_loop(), {})
    shared = loops.get(connection)
    if shared is None or shared.error is not None:
        shared = loops[connection] = ScanLoop(connection, connect, clock, observer)
    shared.users += 1
    try:
        yield shared
    finally:
        shared.users -= 1
        if not shared.users:
            if loops.get(connection) is shared:
                del loops[connection]
            shared.stop()
