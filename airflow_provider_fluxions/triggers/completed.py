"""The trigger that watches an account for finished jobs, also jobs of other programs."""

from __future__ import annotations

import logging
from collections.abc import AsyncIterator, Sequence
from typing import TYPE_CHECKING, Any

from airflow.triggers.base import TriggerEvent

from airflow_provider_fluxions.api.errors import FluxionsInputError
from airflow_provider_fluxions.api.job_reference import filename_without_reference, reference
from airflow_provider_fluxions.api.models import Job
from airflow_provider_fluxions.hooks import DEFAULT_CONN_ID, connect_for_polling
from airflow_provider_fluxions.polling.watch.watcher import (
    MIN_INTERVAL_SECONDS,
    CursorStore,
    WatchFilter,
    parse_since,
    watch,
)
from airflow_provider_fluxions.triggers.event_rate import wait_for_event_slot
from airflow_provider_fluxions.triggers.metrics import PollMetrics

try:
    from airflow.triggers.base import BaseEventTrigger
except ImportError as error:
    raise ImportError(
        "FluxionsTranscriptionCompletedTrigger needs Airflow 3, because Airflow 2 cannot start a DAG on an external "
        "event. On Airflow 2, schedule a DAG by time and wait with FluxionsTranscriptionSensor."
    ) from error

if TYPE_CHECKING:
    from airflow_provider_fluxions.api.client import FluxionsClient

log = logging.getLogger(__name__)

EVENT_VERSION = 1
DEFAULT_INTERVAL_SECONDS = 30.0
DEFAULT_LOOKBACK_SECONDS = 600.0


class FluxionsTranscriptionCompletedTrigger(BaseEventTrigger):
    """Fires for each finished job of the account, also for jobs of other programs. Use it in an ``AssetWatcher``.

    The event is ``{"version": 1, "job_id", "status", "filename", "filename_sent", "audio_seconds", "created_at"}``:
    never a transcript, because Airflow logs and stores events in full. A consumer can detect a repetition by the job's
    id.

    On Airflow 3.3 and later, the watcher stores the reported job ids in the asset's state store. A restart of the
    triggerer does not lose events; a process that is killed within seconds of an event repeats it. Before 3.3, each
    start is a first start, see ``lookback``. All watchers of a connection share one scan of the account's job list.

    :param fluxions_conn_id: Id of the connection. The key never enters a trigger.
    :param filename_pattern: Case-sensitive shell pattern such as ``calls-*.mp3``. It can match the name as sent, or the
        name without the reference that the provider adds.
    :param statuses: ``completed``, ``failed`` or both.
    :param poll_interval: Seconds between two polls, at least 5, with a jitter of 10 %. The shortest interval of a
        shared connection applies to all.
    :param since: An ISO 8601 instant with zone. At its first start, the watcher also reports jobs created since then.
        None: only jobs that finish later.
    :param lookback: Seconds. If Airflow stores no state for watchers, each start reports finished jobs that were
        created in this time before it, perhaps again, and no older ones.
    :param queue: The queue of the watching triggerers, as in their ``--queues``. None: triggerers without a queue.
        Needs Airflow 3.4 with ``[triggerer] queues_enabled``.
    :raises FluxionsInputError: if an argument is invalid.
    """

    # Airflow 3.2 and 3.3 read this name, so that a task that defers to this trigger can name its queue.
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
        # Airflow reads it when it parses the DAG and stores it next to the trigger, so `serialize` leaves it out.
        self.queue = queue
        if poll_interval < MIN_INTERVAL_SECONDS or lookback < 0:
            raise FluxionsInputError(
                f"poll_interval must be at least {MIN_INTERVAL_SECONDS:.0f} seconds, and lookback at least 0."
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
        """Yield an event for each finished job, for ever."""
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
            # Watchers share the rate limit with waiting triggers, because both delay the same heartbeat.
            await wait_for_event_slot()
            yield TriggerEvent(payload_of(job))

    async def connect(self) -> FluxionsClient:
        """Return a client of the connection.

        :raises FluxionsConfigError: as `connect_for_polling`. The watcher retries until the connection is valid. Any
            other error would make Airflow restart the trigger every second.
        """
        return await connect_for_polling(self.fluxions_conn_id)

    async def _store(self) -> CursorStore | None:
        """Return the place for the cursor in the state store of the watched asset, if Airflow has one (3.3)."""
        state = getattr(self, "asset_state_store", None)
        if state is None:
            log.warning(
                "This Airflow version does not store the state of watchers. After a restart, the watcher reports jobs "
                "of the last %.0f s again.",
                self.lookback,
            )
            return None
        # Two watchers of one asset store two cursors.
        key = f"fluxions-{reference(self.fluxions_conn_id, self.filename_pattern, *sorted(self.statuses))}"
        try:
            # A read that is only a test: Airflow raises ValueError if several assets share this trigger.
            await state.aget(key)
        except ValueError:
            log.warning(
                "Several assets are watched with the same arguments, so Airflow cannot separate their states. After a "
                "restart, the watcher goes back %.0f s. Schedule the DAGs on one asset, or change one poll_interval.",
                self.lookback,
            )
            return None
        return CursorStore(lambda: state.aget(key), lambda cursor: state.aset(key, cursor))


def payload_of(job: Job) -> dict[str, Any]:
    """Return the payload of an event for a job."""
    return {
        "version": EVENT_VERSION,
        "job_id": job.id,
        "status": str(job.status),
        "filename": filename_without_reference(job.filename or ""),
        "filename_sent": job.filename,
        "audio_seconds": job.audio_duration,
        "created_at": job.created_at.isoformat() if job.created_at else None,
    }
