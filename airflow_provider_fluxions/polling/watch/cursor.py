"""Which ended jobs are news to a watcher, given what it has seen and what a survey of the list shows. No I/O."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from airflow_provider_fluxions.api.errors import JobId
from airflow_provider_fluxions.api.ids import job_key
from airflow_provider_fluxions.api.models import Job
from airflow_provider_fluxions.polling.poll_requests import LOST
from airflow_provider_fluxions.polling.watch.list_scan import ListScan, created_second

# How long a job may have been running when a watcher first looks, for its end to be noticed.
MAX_RUN_SECONDS = 24 * 60 * 60
# How much later than its own creation time a job may appear in the list: a long upload, clocks that disagree.
MAX_LATE_SECONDS = 60 * 60


@dataclass(frozen=True)
class Cursor:
    """The high-water mark of a watcher: over what it saw, because jobs end out of the order of their creation.

    All times are whole epoch seconds.

    :param horizon: jobs created before it count as seen, but for those in ``running``.
    :param running: jobs that were running when last seen, by key.
    :param ended: jobs seen ended, by key, with when they were created; none from before the horizon.
    :param report_since: until a first survey is complete: ended jobs created before it are no news.
    """

    horizon: int
    running: Mapping[str, JobId] = field(default_factory=dict)
    ended: Mapping[str, int | None] = field(default_factory=dict)
    report_since: int | None = None

    @classmethod
    def begin(cls, report_since: float, now: float) -> Cursor:
        """Return the mark of somebody who has seen nothing; both are epoch seconds."""
        return cls(int(min(report_since, now - MAX_RUN_SECONDS)), report_since=int(report_since))

    def to_json(self) -> dict[str, Any]:
        """Return it as plain data, about 20 bytes a job of the last hour."""
        return {
            "version": 1,
            "horizon": self.horizon,
            "running": list(self.running.values()),
            "ended": dict(self.ended),
            "news_from": self.report_since,
        }

    @classmethod
    def from_json(cls, data: Any) -> Cursor | None:
        """Read what `to_json` gave; None for anything else, such as what a later version wrote."""
        if not isinstance(data, Mapping) or data.get("version") != 1:
            return None
        running = {job_key(job_id): job_id for job_id in data["running"]}
        return cls(data["horizon"], running, dict(data["ended"]), data["news_from"])


def newly_ended(cursor: Cursor, scan: ListScan, wanted: Callable[[Job], bool]) -> tuple[list[Job], Cursor]:
    """Return the jobs whose end is news, oldest first, and the mark from there on.

    :param wanted: whether a job matters at all; always the same for the same job.
    """
    ended_jobs: list[Job] = []
    running, ended = dict(cursor.running), dict(cursor.ended)
    for key, job in scan.jobs.items():
        if not wanted(job) and key not in running:
            continue
        if job.status == LOST:
            running.pop(key, None)
        elif not job.status.is_terminal:
            running[key] = job.id
        else:
            if key in running or not _is_seen(cursor, key, created_second(job)):
                ended_jobs.append(job)
            running.pop(key, None)
            ended[key] = created_second(job)
    return sorted(ended_jobs, key=lambda job: created_second(job) or 0), _moved(cursor, scan, running, ended)


def _is_seen(cursor: Cursor, key: str, created: int | None) -> bool:
    if key in cursor.ended:
        return True
    bound = cursor.horizon if cursor.report_since is None else max(cursor.horizon, cursor.report_since)
    return created is not None and created < bound


def _moved(cursor: Cursor, scan: ListScan, running: dict[str, JobId], ended: dict[str, int | None]) -> Cursor:
    """Raise the horizon to a little behind the newest job, if nothing can hide behind it."""
    if not scan.complete:
        return replace(cursor, running=running, ended=ended)
    horizon = cursor.horizon
    if scan.newest is not None:
        # A creation time in the future, by a wrong clock, must not make later jobs look old.
        horizon = max(horizon, min(scan.newest, int(scan.began)) - MAX_LATE_SECONDS)
    kept = {key: created for key, created in ended.items() if created is None or created >= horizon}
    return Cursor(horizon, running, kept)
