"""Watching an account for jobs that end: each is told once, over restarts as far as the mark is kept."""

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
from airflow_provider_fluxions.polling.clock import LoopClock
from airflow_provider_fluxions.polling.loop_client import Connect
from airflow_provider_fluxions.polling.observer import Observer
from airflow_provider_fluxions.polling.watch.cursor import Cursor, newly_ended
from airflow_provider_fluxions.polling.watch.shared_scan import shared_scans

log = logging.getLogger(__name__)

# Between telling news and keeping the mark. Telling is only the start: Airflow's triggerer takes about two seconds to
# put an event into its database, and a mark kept before that would lose the event with the process.
SAVE_DELAY_SECONDS = 5.0
# After what no waiting mends, such as a refused key: somebody may mend the connection.
REFUSED_PAUSE_SECONDS = 60.0
MIN_INTERVAL_SECONDS = 5.0


@dataclass(frozen=True)
class WatchFilter:
    """Which ends somebody wants to hear of.

    :param filename_pattern: a shell pattern; it may match the name as sent, or the one without our reference.
    :param statuses: ``completed``, ``failed`` or both.
    :param since: jobs created earlier are not told of when watching begins; None: the beginning itself.
    """

    filename_pattern: str = "*"
    statuses: tuple[str, ...] = (JobStatus.COMPLETED,)
    since: datetime | None = None

    def __post_init__(self) -> None:
        if not self.statuses or not all(JobStatus(status).is_terminal for status in self.statuses):
            raise FluxionsInputError(f"statuses takes 'completed' and 'failed', not {list(self.statuses)}.")

    def matches_name(self, job: Job) -> bool:
        """Whether a job's end matters, whatever it will be."""
        return name_matches(job.filename, self.filename_pattern)

    def reports(self, ended: Job) -> bool:
        """Whether somebody wants to hear of this end."""
        return ended.status in map(JobStatus, self.statuses)


def parse_since(text: str | None) -> datetime | None:
    """Return an ISO 8601 instant.

    :raises FluxionsInputError: it is none, or has no zone.
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
    """Where a watcher's mark is kept over restarts, as plain data; ``load`` returns None where there is none."""

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
    """Yield each job that ends, for ever. Trouble is logged and waited out.

    :param store: None: each start is the first one.
    :param poll_interval: seconds between two surveys, which all watchers of a connection share.
    :param lookback: seconds; without a store, each start also tells of jobs created so long before.
    """
    clock = clock or LoopClock()
    cursor = await _first_cursor(interest, store, clock.now(), lookback)
    while True:
        try:
            async with shared_scans(connection, connect, clock, observer) as scans:
                due = clock.monotonic()
                while True:
                    scan = await scans.scan(cursor, due)
                    due = clock.monotonic() + poll_interval * (0.9 + 0.2 * clock.jitter())
                    ended_jobs, after = newly_ended(cursor, scan, interest.matches_name)
                    reported = [job for job in ended_jobs if interest.reports(job)]
                    for job in reported:
                        yield job
                    if reported:
                        await clock.pause(SAVE_DELAY_SECONDS, asyncio.Event())
                    if store is not None and after != cursor:
                        await store.save(after.to_json())
                    cursor = after
        except FluxionsError as error:
            log.error("Watching %s pauses for %.0f s: %s", connection, REFUSED_PAUSE_SECONDS, error)
            await clock.pause(REFUSED_PAUSE_SECONDS, asyncio.Event())


async def _first_cursor(interest: WatchFilter, store: CursorStore | None, now: float, lookback: float) -> Cursor:
    kept = None if store is None else Cursor.from_json(await store.load())
    if kept is not None:
        return kept
    since = now if interest.since is None else interest.since.timestamp()
    return Cursor.begin(since if store is not None else max(since if interest.since else 0.0, now - lookback), now)
