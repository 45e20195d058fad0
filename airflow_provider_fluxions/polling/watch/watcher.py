"""Watch an account for finished jobs. Each is reported once, also after restarts if the cursor is stored."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Awaitable, Callable, Hashable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from airflow_provider_fluxions.api.errors import FluxionsError, FluxionsInputError
from airflow_provider_fluxions.api.models import Job, JobStatus
from airflow_provider_fluxions.api.name_patterns import name_matches
from airflow_provider_fluxions.polling.intervals import jitter_factor
from airflow_provider_fluxions.polling.loop_client import Connect, LoopClock
from airflow_provider_fluxions.polling.observer import Observer
from airflow_provider_fluxions.polling.shared_task import shared
from airflow_provider_fluxions.polling.watch.cursor import Cursor, newly_ended
from airflow_provider_fluxions.polling.watch.shared_scan import ScanLoop

log = logging.getLogger(__name__)

# Seconds between reporting a job and storing the cursor. Airflow's triggerer takes about two seconds to write an event
# into its database. If the cursor was stored before that and the process died, the event would be lost.
SAVE_DELAY_SECONDS = 5.0
# Pause after a permanent error, such as a refused key, because the connection might be fixed.
REFUSED_PAUSE_SECONDS = 60.0
MIN_INTERVAL_SECONDS = 5.0


@dataclass(frozen=True)
class WatchFilter:
    """The finished jobs that a watcher reports.

    :param filename_pattern: Shell pattern. It can match the name as sent, or the name without the reference.
    :param statuses: ``completed``, ``failed`` or both.
    :param since: At the first start, only jobs created since then are reported; None: only jobs created later.
    """

    filename_pattern: str = "*"
    statuses: tuple[str, ...] = (JobStatus.COMPLETED,)
    since: datetime | None = None

    def __post_init__(self) -> None:
        if not self.statuses or not all(JobStatus(status).is_terminal for status in self.statuses):
            raise FluxionsInputError(f"statuses takes 'completed' and 'failed', not {list(self.statuses)}.")

    def matches_name(self, job: Job) -> bool:
        """Whether a job can be reported, with any outcome."""
        return name_matches(job.filename, self.filename_pattern)

    def reports(self, ended: Job) -> bool:
        """Whether this finished job is reported."""
        return ended.status in map(JobStatus, self.statuses)


def parse_since(text: str | None) -> datetime | None:
    """Return an ISO 8601 instant.

    :raises FluxionsInputError: if it is not an instant, or has no zone.
    """
    if text is None:
        return None
    try:
        instant = datetime.fromisoformat(text)
    except ValueError:
        instant = None
    if instant is None or instant.tzinfo is None:
        raise FluxionsInputError(f"since must be an instant with its zone, like 2026-01-31T06:00:00Z, not {text!r}.")
    return instant


@dataclass(frozen=True)
class CursorStore:
    """Stores a watcher's cursor as plain data for a restart; ``load`` returns None without a stored cursor."""

    load: Callable[[], Awaitable[Any]]
    save: Callable[[dict[str, Any]], Awaitable[None]]


async def watch(
    interest: WatchFilter,
    store: CursorStore | None,
    *,
    connection: Hashable,
    connect: Connect,
    poll_interval: float,
    lookback: float,
    observer: Observer,
    clock: LoopClock | None = None,
) -> AsyncIterator[Job]:
    """Yield each finished job, for ever. Errors are logged, and the watcher retries.

    :param store: Place for the cursor. None: each start is a first start.
    :param poll_interval: Seconds between two scans, which all watchers of a connection share.
    :param lookback: Seconds. Without a store, each start also reports jobs that were created in this time before.
    """
    clock = clock or LoopClock()
    cursor = await _first_cursor(interest, store, clock.now(), lookback)
    while True:
        try:
            with shared(ScanLoop, connection, connect, clock, observer) as scans:
                due = clock.monotonic()
                while True:
                    scan = await scans.scan(cursor, due)
                    due = clock.monotonic() + poll_interval * jitter_factor(clock.jitter())
                    ended_jobs, after = newly_ended(cursor, scan, interest.matches_name)
                    reported = [job for job in ended_jobs if interest.reports(job)]
                    for job in reported:
                        yield job
                    if reported:
                        await clock.pause(SAVE_DELAY_SECONDS, asyncio.Event())
                    if store is not None and after != cursor:
                        await store.save(after.to_json())
                    cursor = after
        # The cursor stays, so jobs that end during the pause are reported after it.
        except FluxionsError as error:
            log.error("Watching %s pauses for %.0f s: %s", connection, REFUSED_PAUSE_SECONDS, error)
            await clock.pause(REFUSED_PAUSE_SECONDS, asyncio.Event())


async def _first_cursor(interest: WatchFilter, store: CursorStore | None, now: float, lookback: float) -> Cursor:
    kept = None if store is None else Cursor.from_json(await store.load())
    if kept is not None:
        return kept
    since = now if interest.since is None else interest.since.timestamp()
    # Without a store a restart does not know its reports: rather report the lookback again than lose a job.
    return Cursor.begin(since if store is not None else max(since if interest.since else 0.0, now - lookback), now)
