"""The trigger that waits for given jobs."""

from __future__ import annotations

import asyncio
import math
import time
from collections.abc import AsyncIterator, Sequence
from datetime import timedelta
from typing import Any

from airflow.triggers.base import BaseTrigger, TriggerEvent

from airflow_provider_fluxions.api.arguments import seconds_of
from airflow_provider_fluxions.api.errors import FluxionsError, JobId
from airflow_provider_fluxions.hooks import DEFAULT_CONN_ID, DEFAULT_POLL_INTERVAL_SECONDS, connect_for_polling
from airflow_provider_fluxions.polling import WatchedJobs, wait_for_jobs
from airflow_provider_fluxions.polling.loop_client import LoopClock
from airflow_provider_fluxions.triggers.event_rate import wait_for_event_slot
from airflow_provider_fluxions.triggers.metrics import PollMetrics

EVENT_VERSION = 1
MAX_EVENT_JOB_IDS = 10


class FluxionsTranscriptionTrigger(BaseTrigger):
    """Fires once, when the jobs have finished, the deadline has passed, or a permanent error occurred.

    All triggers on one connection share one poll loop. The event is
    ``{"version": 1, "status": "done" | "timeout" | "error", "jobs": {id: status}, "job_ids": [id]}``, with ``error``
    and ``message`` for an error. It never contains a transcript, because Airflow logs and stores events in full.
    ``jobs`` has the finished jobs, ``job_ids`` the first 10 of the wait.

    :param job_ids: The jobs, as numbers or text.
    :param fluxions_conn_id: Id of the connection. The key never enters a trigger, because Airflow 3 stores the
        arguments of triggers in plain text.
    :param poll_interval: Maximum seconds between two polls. A new wait is polled sooner, after each quarter of its age:
        first after 2.5 to 5 s, then at least 2 s apart, with at most 2 requests per second for all waits on the
        connection together.
    :param deadline: Epoch seconds, so that a restart of the triggerer does not extend it. None: no deadline.
    :param enough: Fire when this many jobs have finished. None: all jobs, or the first failure.

    If many waits end at once, 100 triggers fire at once and the others at ``[fluxions] events_per_second`` (default
    25), with a delay of at most 40 s, because Airflow writes each event before the triggerer's next heartbeat.
    """

    # Airflow 3.3.2 fails a task whose trigger fires before the scheduler has received the end of its worker
    # (https://github.com/apache/airflow/pull/68741). The worker's supervisor misses that end in one deferral of four
    # and finds it at its next wake-up, [workers] min_heartbeat_interval (5 s) later; the rest is for the scheduler.
    quiet_seconds = 10.0
    # The clock of the shared poll loop.
    loop_clock = LoopClock()

    def __init__(
        self,
        job_ids: Sequence[JobId],
        fluxions_conn_id: str = DEFAULT_CONN_ID,
        poll_interval: float | timedelta = DEFAULT_POLL_INTERVAL_SECONDS,
        deadline: float | None = None,
        enough: int | None = None,
    ) -> None:
        super().__init__()
        self.job_ids = list(job_ids)
        self.fluxions_conn_id = fluxions_conn_id
        self.poll_interval = seconds_of("poll_interval", poll_interval)
        self.deadline = deadline
        self.enough = enough

    def serialize(self) -> tuple[str, dict[str, Any]]:
        """Return the class path and the arguments, which have only JSON types."""
        return (
            "airflow_provider_fluxions.triggers.FluxionsTranscriptionTrigger",
            {
                "job_ids": self.job_ids,
                "fluxions_conn_id": self.fluxions_conn_id,
                "poll_interval": self.poll_interval,
                "deadline": self.deadline,
                "enough": self.enough,
            },
        )

    async def run(self) -> AsyncIterator[TriggerEvent]:
        """Wait, then yield the one event."""
        started = time.monotonic()
        event = await self._event()
        # The quiet time counts from the start, so a wait of more than 10 s is not delayed.
        await asyncio.sleep(self.quiet_seconds - (time.monotonic() - started))
        await wait_for_event_slot()
        yield TriggerEvent({"version": EVENT_VERSION, **event, "job_ids": self.job_ids[:MAX_EVENT_JOB_IDS]})

    async def _event(self) -> dict[str, Any]:
        try:
            watched = WatchedJobs(tuple(self.job_ids), self.enough)
        except FluxionsError as error:
            return {**_of_error(error), "jobs": {}}
        try:
            # By connection id and not by its settings, which change when a key is rotated.
            outcome = await wait_for_jobs(
                watched,
                connection=self.fluxions_conn_id,
                connect=lambda: connect_for_polling(self.fluxions_conn_id),
                poll_interval=self.poll_interval,
                deadline=math.inf if self.deadline is None else self.deadline,
                clock=self.loop_clock,
                observer=PollMetrics(self.fluxions_conn_id),
            )
        # An event and not an exception: Airflow would fail the task with a generic text, and the worker raises the real
        # error.
        except FluxionsError as error:
            return {**_of_error(error), "jobs": watched.statuses}
        return {"status": str(outcome), "jobs": watched.statuses}


def _of_error(error: FluxionsError) -> dict[str, Any]:
    return {"status": "error", "error": type(error).__name__, "message": str(error)}
