"""The cursor of a watcher: which finished jobs of a scan it has not reported yet. No I/O."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from airflow_provider_fluxions.api.errors import JobId
from airflow_provider_fluxions.api.ids import job_key
from airflow_provider_fluxions.api.job_source import LOST
from airflow_provider_fluxions.api.models import Job
from airflow_provider_fluxions.polling.watch.list_scan import ListScan, created_second

# Maximum age of a running job at the first scan of a watcher.
MAX_RUN_SECONDS = 24 * 60 * 60
# Maximum delay between a job's creation time and its appearance in the list: a long upload, different clocks.
MAX_LATE_SECONDS = 60 * 60


@dataclass(frozen=True)
class Cursor:
    """The jobs that a watcher has reported. It is a set, because jobs finish in another order than they were created.

    All times are whole epoch seconds.

    :param horizon: Jobs created before it count as reported, except those in ``running``.
    :param running: Jobs that were running at the last scan, by key.
    :param ended: Reported jobs by key, with their creation. All were created after the horizon.
    :param report_since: Until the first complete scan: finished jobs created before it are not reported.
    """

    horizon: int
    running: Mapping[str, JobId] = field(default_factory=dict)
    ended: Mapping[str, int | None] = field(default_factory=dict)
    report_since: int | None = None

    @classmethod
    def begin(cls, report_since: float, now: float) -> Cursor:
        """Return the cursor of a new watcher. Both arguments are epoch seconds."""
        return cls(int(min(report_since, now - MAX_RUN_SECONDS)), report_since=int(report_since))

    def to_json(self) -> dict[str, Any]:
        """Return it as plain data, about 20 bytes for each job of the last hour."""
        return {
            "version": 1,
            "horizon": self.horizon,
            "running": list(self.running.values()),
            "ended": dict(self.ended),
            "news_from": self.report_since,
        }

    @classmethod
    def from_json(cls, data: Any) -> Cursor | None:
        """Read the data of `to_json`; None for other data, for example from a later version."""
        if not isinstance(data, Mapping) or data.get("version") != 1:
            return None
        running = {job_key(job_id): job_id for job_id in data["running"]}
        return cls(data["horizon"], running, dict(data["ended"]), data["news_from"])


def newly_ended(cursor: Cursor, scan: ListScan, wanted: Callable[[Job], bool]) -> tuple[list[Job], Cursor]:
    """Return the finished jobs to report, oldest first, and the next cursor.

    :param wanted: Whether the watcher reports a job; always the same for the same job.
    """
    ended_jobs: list[Job] = []
    running, ended = dict(cursor.running), dict(cursor.ended)
    for key, job in scan.jobs.items():
        # A job that ran before stays of interest, even if its name was changed meanwhile.
        if not wanted(job) and key not in running:
            continue
        if job.status == LOST:
            running.pop(key, None)
        elif not job.status.is_terminal:
            running[key] = job.id
        else:
            # Jobs end in another order than they were created, so a running job is reported however old it is.
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
    """Move the horizon to shortly before the newest job, if no unreported job can be older."""
    # A scan that was cut off can lack unreported jobs, so the horizon must stay.
    if not scan.complete:
        return replace(cursor, running=running, ended=ended)
    horizon = cursor.horizon
    if scan.order.newest is not None:
        # A creation time in the future, from a wrong clock, must not make later jobs count as old.
        horizon = max(horizon, min(scan.order.newest, int(scan.began)) - MAX_LATE_SECONDS)
    # Without this, the cursor would grow with the account: jobs before the horizon count as seen by their age alone.
    kept = {key: created for key, created in ended.items() if created is None or created >= horizon}
    return Cursor(horizon, running, kept)
