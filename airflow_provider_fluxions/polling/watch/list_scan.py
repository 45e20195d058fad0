"""One scan of the account's job list: back to a horizon if the list is sorted, else to its end. No I/O."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from airflow_provider_fluxions.api.errors import JobId
from airflow_provider_fluxions.api.job_search import MAX_STALE_PAGES, MIN_SORTED_JOBS
from airflow_provider_fluxions.api.models import Job
from airflow_provider_fluxions.polling.poll_planner import ListPage, PollResult, PollRound, ReadJob


@dataclass
class ListScan:
    """The result of a scan. `requests` fills it.

    :param began: Start of the scan (epoch seconds).
    :param horizon: Jobs created before it are ignored (epoch seconds), except those in ``running``.
    :param running: Jobs of any age to read, by key.
    :param complete: Whether ``jobs`` contains all jobs that were created since the horizon.
    :param newest: Creation of the newest job; None if the list does not contain it.
    """

    began: float
    horizon: int
    running: Mapping[str, JobId] = field(default_factory=dict)
    jobs: dict[str, Job] = field(default_factory=dict)
    complete: bool = False
    newest: int | None = None
    _oldest: int | None = None
    _newest_first: bool = True
    _has_fallen: bool = False

    def requests(self) -> PollRound:
        """Yield the requests of the scan, and process each result."""
        offset: int | None = 0
        stale_pages, total = 0, 0
        while offset is not None and stale_pages < MAX_STALE_PAGES and not self._is_past_horizon:
            page = yield ListPage(offset)
            stale_pages = 0 if self._take(page) else stale_pages + 1
            offset, total = page.next_offset, page.total or 0
        # A list that ends before its own total was cut off.
        self.complete = self._is_past_horizon or len(self.jobs) >= total
        # A job that was running at the last scan can be older than the horizon, so it is read by its id.
        for key, job_id in self.running.items():
            if key not in self.jobs:
                self.jobs.update((yield ReadJob(job_id)))

    def _take(self, page: PollResult) -> bool:
        """Process a page; return whether it contained a new job."""
        fresh = [job for key, job in page.items() if key not in self.jobs]
        self.jobs.update(page)
        for created in map(created_second, fresh):
            self._check_order(created)
        return bool(fresh)

    def _check_order(self, created: int | None) -> None:
        if created is None:
            # Without a time the order of the list cannot be proven, so the scan continues to the end.
            self._newest_first = False
            return
        self.newest = created if self.newest is None else max(self.newest, created)
        if self._oldest is not None:
            self._newest_first &= created <= self._oldest
            self._has_fallen |= created < self._oldest
        self._oldest = created if self._oldest is None else min(self._oldest, created)

    @property
    def _is_past_horizon(self) -> bool:
        """Whether all following jobs are older. A few jobs in a row, or equal times, do not prove an order."""
        is_sorted = self._newest_first and self._has_fallen and len(self.jobs) >= MIN_SORTED_JOBS
        return is_sorted and self._oldest is not None and self._oldest < self.horizon


def created_second(job: Job) -> int | None:
    """Return when a job was created, in whole epoch seconds, or None if unknown."""
    return int(job.created_at.timestamp()) if job.created_at else None
