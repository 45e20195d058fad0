"""The trigger that watches an account for jobs that end, also those submitted elsewhere."""

from __future__ import annotations

import logging
from collections.abc import AsyncIterator, Sequence
from typing import TYPE_CHECKING, Any

from airflow.triggers.base import TriggerEvent

from airflow_provider_fluxions.api.errors import FluxionsInputError
from airflow_provider_fluxions.api.job_reference import filename_without_reference, reference
from airflow_provider_fluxions.api.models import Job
from airflow_provider_fluxions.hooks import DEFAULT_CONN_ID, connect_for_polling
from airflow_provider_fluxions.polling.event_rate_limit import wait_for_event_slot
from airflow_provider_fluxions.polling.watch.watcher import (
    MIN_INTERVAL_SECONDS,
    CursorStore,
    WatchFilter,
    parse_since,
    watch,
)
from airflow_provider_fluxions.triggers.metrics import PollMetrics

try:
    from airflow.triggers.base import BaseEventTrigger
except ImportError as error:
    raise ImportError(
        "FluxionsTranscriptionCompletedTrigger needs Airflow 3: Airflow 2 cannot start a DAG on an outside event. "
        "There, schedule a DAG by time and wait with FluxionsTranscriptionSensor."
    ) from error

if TYPE_CHECKING:
    from airflow_provider_fluxions.api.client import FluxionsClient

log = logging.getLogger(__name__)

EVENT_VERSION = 1
DEFAULT_INTERVAL_SECONDS = 30.0
DEFAULT_LOOKBACK_SECONDS = 600.0


class FluxionsTranscriptionCompletedTrigger(BaseEventTrigger):
    """Fires for each transcription that ends in the account, wherever it was submitted. For an ``AssetWatcher``.

    The event is ``{"version": 1, "job_id", "status", "filename", "filename_sent", "audio_seconds", "created_at"}``:
    never a transcript, because Airflow logs and stores events in full. Every event carries its job's id, by which
    a consumer tells a repetition.

    On Airflow 3.3 and later what was told of is kept in the asset's state store, so a restart of the triggerer
    misses nothing; a process that is killed within seconds of an event repeats it. Before 3.3 each start is a
    first one, see ``lookback``. All watchers of a connection share one reading of the account's list.

    :param fluxions_conn_id: the connection's id; the key itself never enters a trigger.
    :param filename_pattern: a shell pattern such as ``calls-*.mp3``, upper and lower case distinct. It may match the
        name as it was sent, or without the reference that our operators put in.
    :param statuses: ``completed``, ``failed`` or both.
    :param poll_interval: seconds between two looks, at least 5; jittered by a tenth. Where connections are shared,
        the shortest one counts for all.
    :param since: an ISO 8601 instant with zone: jobs created earlier are not told of when the watcher first
        starts. None: the first start itself, so that nothing old is told of.
    :param lookback: seconds. Where Airflow keeps no state for watchers, each start tells of the jobs that were
        created so long before and have ended: perhaps once more, and no older ones.
    :param queue: the triggerers that watch, those started with ``--queues`` of this name. None: any that serve no
        queue. Needs Airflow 3.4 with ``[triggerer] queues_enabled``.
    :raises FluxionsInputError: an argument cannot work.
    """

    # Airflow 3.2 and 3.3 read this name: a task that defers to this trigger may name its queue.
    supports_triggerer_queue = True

    def __init__(
        self,
        fluxions_conn_id: str = DEFAULT_CONN_ID,
        filename_pattern: str = "*",
        statuses: Sequence[str] = ("completed",),
        poll_interval: float = DEFAULT_INTERVAL_SECONDS,
        since: str | None = None,
        lookback: float = DEFAULT_LOOKBACK_SECONDS,
        queue: str | None = None,
    ) -> None:
        super().__init__()
        if queue is not None and not hasattr(BaseEventTrigger, "queue"):
            raise FluxionsInputError(
                "queue needs Airflow 3.4: this Airflow gives watchers no queue. Leave the argument out."
            )
        # Airflow reads it when it parses the DAG and stores it beside the trigger, so `serialize` leaves it out.
        self.queue = queue
        if poll_interval < MIN_INTERVAL_SECONDS or lookback < 0:
            raise FluxionsInputError(
                f"poll_interval must be at least {MIN_INTERVAL_SECONDS:.0f} seconds and lookback no less than 0."
            )
        self.fluxions_conn_id = fluxions_conn_id
        self.filename_pattern = filename_pattern
        self.statuses = [statuses] if isinstance(statuses, str) else list(statuses)
        self.poll_interval = poll_interval
        self.since = since
        self.lookback = lookback
        self._interest = WatchFilter(filename_pattern, tuple(self.statuses), parse_since(since))

    def serialize(self) -> tuple[str, dict[str, Any]]:
        """Return the class path and the arguments, JSON types only."""
        return (
            "airflow_provider_fluxions.triggers.FluxionsTranscriptionCompletedTrigger",
            {
                "fluxions_conn_id": self.fluxions_conn_id,
                "filename_pattern": self.filename_pattern,
                "statuses": self.statuses,
                "poll_interval": self.poll_interval,
                "since": self.since,
                "lookback": self.lookback,
            },
        )

    async def run(self) -> AsyncIterator[TriggerEvent]:
        """Yield an event for each job that ends, for ever."""
        jobs = watch(
            self._interest,
            await self._store(),
            connection=self.fluxions_conn_id,
            connect=self.connect,
            poll_interval=self.poll_interval,
            lookback=self.lookback,
            observer=PollMetrics(self.fluxions_conn_id),
        )
        async for job in jobs:
            await wait_for_event_slot()
            yield TriggerEvent(payload_of(job))

    async def connect(self) -> FluxionsClient:
        """Return a client of the connection.

        :raises FluxionsConfigError: see `connect_for_polling`. The watcher continues when the connection works; any
            other error would make Airflow restart the trigger every second.
        """
        return await connect_for_polling(self.fluxions_conn_id)

    async def _store(self) -> CursorStore | None:
        """Return the place for the mark in the state store of the watched asset, if Airflow has one (3.3)."""
        state = getattr(self, "asset_state_store", None)
        if state is None:
            log.warning("This Airflow keeps no state for watchers: a restart looks back %.0f s.", self.lookback)
            return None
        # Two watchers of one asset keep two marks.
        key = f"fluxions-{reference(self.fluxions_conn_id, self.filename_pattern, *sorted(self.statuses))}"
        try:
            await state.aget(key)
        except ValueError:
            log.warning(
                "Several assets are watched with the same arguments, so Airflow cannot tell whose state is whose: a "
                "restart looks back %.0f s. Schedule the DAGs on one asset, or let poll_interval differ a little.",
                self.lookback,
            )
            return None
        return CursorStore(lambda: state.aget(key), lambda cursor: state.aset(key, cursor))


def payload_of(job: Job) -> dict[str, Any]:
    """Return what an event tells of a job."""
    return {
        "version": EVENT_VERSION,
        "job_id": job.id,
        "status": str(job.status),
        "filename": filename_without_reference(job.filename or ""),
        "filename_sent": job.filename,
        "audio_seconds": job.audio_duration,
        "created_at": job.created_at.isoformat() if job.created_at else None,
    }
