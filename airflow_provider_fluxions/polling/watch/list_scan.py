"""One scan of the account's job list: back to a horizon if the list is sorted, else to its end. No I/O."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from airflow_provider_fluxions.api.errors import JobId
from airflow_provider_fluxions.api.job_search import MAX_STALE_PAGES, ListOrder
from airflow_provider_fluxions.api.models import Job
from airflow_provider_fluxions.polling.poll_planner import ListPage, PollResult, PollRound, ReadJob


@dataclass
class ListScan:
    """The result of a scan. `requests` fills it.

    :param began: Start of the scan (epoch seconds).
    :param horizon: Jobs created before it are ignored (epoch seconds), except those in ``running``.
    :param running: Jobs of any age to read, by key.
    :param complete: Whether ``jobs`` contains all jobs that were created since the horizon.
    :param order: The order of the list, by whole seconds, because jobs of one second can be in any order.
    """

    began: float
    horizon: int
    running: Mapping[str, JobId] = field(default_factory=dict)
    jobs: dict[str, Job] = field(default_factory=dict)
    complete: bool = False
    order: ListOrder[int] = field(default_factory=ListOrder)

    def requests(self) -> PollRound:
        """Yield the requests of the scan, and process each result."""
        offset: int | None = 0
        stale_pages, total = 0, 0
        while offset is not None and stale_pages < MAX_STALE_PAGES and not self.order.is_past(self.horizon):
            page = yield ListPage(offset)
            stale_pages = 0 if self._take(page) else stale_pages + 1
            offset, total = page.next_offset, page.total or 0
        # A list that ends before its own total was cut off.
        self.complete = self.order.is_past(self.horizon) or len(self.jobs) >= total
        # A job that was running at the last scan can be older than the horizon, so it is read by its id.
        for key, job_id in self.running.items():
            if key not in self.jobs:
                self.jobs.update((yield ReadJob(job_id)))

    def _take(self, page: PollResult) -> bool:
        """Process a page; return whether it contained a new job."""
        fresh = [job for key, job in page.items() if key not in self.jobs]
        self.jobs.update(page)
        for job in fresh:
            self.order.add(created_second(job))
        return bool(fresh)


def created_second(job: Job) -> int | None:
    """Return when a job was created, in whole epoch seconds, or None if unknown."""
    return int(job.created_at.timestamp()) if job.created_at else None
