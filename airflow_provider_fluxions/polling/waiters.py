"""The waits on one connection, their jobs, and when each is due for a poll. No I/O."""

from __future__ import annotations

import asyncio
from collections.abc import Collection, Iterator
from dataclasses import dataclass

from airflow_provider_fluxions.api.ids import job_key
from airflow_provider_fluxions.polling.intervals import MIN_INTERVAL_SECONDS, interval_seconds, min_interval_seconds
from airflow_provider_fluxions.polling.poll_planner import PollResult
from airflow_provider_fluxions.polling.watched_jobs import WaitOutcome, WatchedJobs

# Waiters that become due within this share of their interval are served by the same round.
COALESCED_SHARE = 0.2


# Compared by identity: two waits for the same jobs are two waits.
@dataclass(eq=False)
class Waiter:
    """One wait.

    :param deadline: Epoch seconds; all other times are monotonic seconds.
    :param began: Start of the wait, for its age.
    :param due: Time of the next poll, without deadlines and pauses.
    :param polled_at: The last poll in which its jobs were running.
    """

    watched: WatchedJobs
    poll_interval: float
    deadline: float
    began: float
    due: float
    polled_at: float
    future: asyncio.Future[WaitOutcome]

    def settle(self, outcome: WaitOutcome) -> None:
        """Set the outcome of the wait, unless it has one or was cancelled."""
        if not self.future.done():
            self.future.set_result(outcome)

    @property
    def is_waiting(self) -> bool:
        """False after its outcome, although it stays among the waiters until its task runs."""
        return not self.future.done()

    def next_poll(self, paused_until: float, epoch_offset: float = 0.0) -> float:
        """Return the time of the next poll. A deadline gets its poll also during a pause."""
        return min(self.deadline - epoch_offset, max(self.due, paused_until))

    def has_expired(self, now: float, epoch_offset: float = 0.0) -> bool:
        """Return whether the deadline has passed."""
        return self.deadline - epoch_offset <= now

    def interval(self, now: float, least: float) -> float:
        """Return the seconds between two polls at the current age of the wait."""
        return interval_seconds(now - self.began, self.poll_interval, least)


class WaiterIndex:
    """All waiters of one connection, also by job."""

    def __init__(self) -> None:
        self.waiters: set[Waiter] = set()
        self.by_job: dict[str, set[Waiter]] = {}
        # Minimum interval in seconds. It depends on the cost of a round.
        self.min_interval = MIN_INTERVAL_SECONDS

    def add(self, waiter: Waiter) -> None:
        """Add a waiter."""
        self.waiters.add(waiter)
        for key in waiter.watched.open:
            self.by_job.setdefault(key, set()).add(waiter)

    def remove(self, waiter: Waiter) -> None:
        """Remove a waiter, and its jobs without another waiter."""
        self.waiters.discard(waiter)
        # All its jobs, because those that ended are no longer in watched.open but still in this index.
        for job_id in waiter.watched.job_ids:
            others = self.by_job.get(job_key(job_id), set())
            others.discard(waiter)
            if not others:
                self.by_job.pop(job_key(job_id), None)

    def next_poll(self, paused_until: float, epoch_offset: float = 0.0) -> float | None:
        """Return the time of the next poll, or None without a waiter.

        :param epoch_offset: see `LoopClock.epoch_offset`.
        """
        return min((w.next_poll(paused_until, epoch_offset) for w in self.waiters if w.is_waiting), default=None)

    def due(self, now: float, paused_until: float, epoch_offset: float = 0.0) -> list[Waiter]:
        """Return the waiters for the current round; during a pause, only those whose deadline has passed."""
        if now < paused_until:
            return [w for w in self.waiters if w.has_expired(now, epoch_offset) and w.is_waiting]
        return [
            w for w in self.waiters
            if min(w.due, w.deadline - epoch_offset) <= now + COALESCED_SHARE * w.poll_interval and w.is_waiting
        ]  # fmt: skip

    def waiters_for(self, result: PollResult) -> tuple[Collection[str], Iterator[Waiter]]:
        """Return the jobs of a result that have waiters, and these waiters."""
        keys = self.by_job.keys() & result.keys()
        return keys, iter({waiter for key in keys for waiter in self.by_job[key]})

    def update_min_interval(self, requests: int, jobs_shown: int) -> None:
        """Record the requests of a round, to estimate the requests of a round over all jobs."""
        if not jobs_shown:
            return
        self.min_interval = min_interval_seconds(requests * len(self.by_job) / jobs_shown)
