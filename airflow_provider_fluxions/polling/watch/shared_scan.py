"""One scan of the job list for all watchers of a connection on one event loop."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from airflow_provider_fluxions.api.errors import FluxionsError
from airflow_provider_fluxions.polling.shared_task import SharedTask
from airflow_provider_fluxions.polling.watch.cursor import Cursor
from airflow_provider_fluxions.polling.watch.list_scan import ListScan


@dataclass(eq=False)
class _ScanRequest:
    """A watcher's request for a scan back to its cursor's horizon, at ``due`` (monotonic seconds)."""

    cursor: Cursor
    due: float
    future: asyncio.Future[ListScan]


class ScanLoop(SharedTask):
    """The scans of one connection on one event loop. Each scan serves all waiting watchers."""

    name = "fluxions-watch"
    users_are = "watchers"

    def __init__(self, *args: Any) -> None:
        super().__init__(*args)
        self._requests: set[_ScanRequest] = set()

    async def scan(self, cursor: Cursor, due: float) -> ListScan:
        """Return the next scan, made at ``due`` (monotonic seconds) or together with another watcher's.

        :raises FluxionsError: if the connection is invalid, or the service refused the request (not transient).
        """
        if self.error is not None:
            raise self.error
        request = _ScanRequest(cursor, due, asyncio.get_running_loop().create_future())
        self._requests.add(request)
        self._wake_for(due)
        try:
            return await request.future
        finally:
            self._requests.discard(request)

    def _next_due(self) -> float | None:
        due = min((request.due for request in self._requests), default=None)
        return None if due is None else max(due, self._backoff.paused_until)

    def _futures(self) -> Iterable[asyncio.Future[ListScan]]:
        return [request.future for request in self._requests]

    def _tolerates(self, error: FluxionsError) -> bool:
        # After a permanent error each watcher logs it, pauses and starts a new task with the connection of then.
        return error.transient

    async def _round(self) -> None:
        requests = list(self._requests)
        # The oldest horizon serves all watchers, because each cursor ignores the jobs that it has reported.
        horizon = min(request.cursor.horizon for request in requests)
        running = {key: job_id for request in requests for key, job_id in request.cursor.running.items()}
        scan = ListScan(self._clock.now(), horizon, running)
        if not await self._attempt(self._send_all(scan.requests(), scan.running)):
            return
        # At once, because the next round would otherwise serve the same requests again.
        self._requests.difference_update(requests)
        for request in requests:
            if not request.future.done():
                request.future.set_result(scan)
