"""Which ended jobs are news to a watcher, given what it has seen and what a survey of the list shows. No I/O."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from airflow_provider_fluxions.api.errors import JobId
from airflow_provider_fluxions.api.ids import key_of
from airflow_provider_fluxions.api.models import Job
from airflow_provider_fluxions.polling.answers import LOST
from airflow_provider_fluxions.polling.survey import Survey, created_second

# How long a job may have been running when a watcher first looks, for its end to be noticed.
MAX_RUN_SECONDS = 24 * 60 * 60
# How much later than its own creation time a job may appear in the list: a long upload, clocks that disagree.
MAX_LATE_SECONDS = 60 * 60


@dataclass(frozen=True)
class Mark:
    """The high-water mark of a watcher: over what it saw, because jobs end out of the order of their creation.

    All times are whole epoch seconds.

    :param horizon: jobs created before it count as seen, but for those in ``running``.
    :param running: jobs that were running when last seen, by key.
    :param ended: jobs seen ended, by key, with when they were created; none from before the horizon.
    :param news_from: until a first survey is complete: ended jobs created before it are no news.
    """

    horizon: int
    running: Mapping[str, JobId] = field(default_factory=dict)
    ended: Mapping[str, int | None] = field(default_factory=dict)
    news_from: int | None = None

    @classmethod
    def begin(cls, news_from: float, now: float) -> Mark:
        """Return the mark of somebody who has seen nothing; both are epoch seconds."""
        return cls(int(min(news_from, now - MAX_RUN_SECONDS)), news_from=int(news_from))

    def to_json(self) -> dict[str, Any]:
        """Return it as plain data, about 20 bytes a job of the last hour."""
        return {
            "version": 1,
            "horizon": self.horizon,
            "running": list(self.running.values()),
            "ended": dict(self.ended),
            "news_from": self.news_from,
        }

    @classmethod
    def from_json(cls, data: Any) -> Mark | None:
        """Read what `to_json` gave; None for anything else, such as what a later version wrote."""
        if not isinstance(data, Mapping) or data.get("version") != 1:
            return None
        running = {key_of(job_id): job_id for job_id in data["running"]}
        return cls(data["horizon"], running, dict(data["ended"]), data["news_from"])


def advance(mark: Mark, survey: Survey, wanted: Callable[[Job], bool]) -> tuple[list[Job], Mark]:
    """Return the jobs whose end is news, oldest first, and the mark from there on.

    :param wanted: whether a job matters at all; always the same for the same job.
    """
    news: list[Job] = []
    running, ended = dict(mark.running), dict(mark.ended)
    for key, job in survey.jobs.items():
        if not wanted(job) and key not in running:
            continue
        if job.status == LOST:
            running.pop(key, None)
        elif not job.status.is_terminal:
            running[key] = job.id
        else:
            if key in running or not _is_seen(mark, key, created_second(job)):
                news.append(job)
            running.pop(key, None)
            ended[key] = created_second(job)
    return sorted(news, key=lambda job: created_second(job) or 0), _moved(mark, survey, running, ended)


def _is_seen(mark: Mark, key: str, created: int | None) -> bool:
    if key in mark.ended:
        return True
    bound = mark.horizon if mark.news_from is None else max(mark.horizon, mark.news_from)
    return created is not None and created < bound


def _moved(mark: Mark, survey: Survey, running: dict[str, JobId], ended: dict[str, int | None]) -> Mark:
    """Raise the horizon to a little behind the newest job, if nothing can hide behind it."""
    if not survey.complete:
        return replace(mark, running=running, ended=ended)
    horizon = mark.horizon
    if survey.newest is not None:
        # A creation time in the future, by a wrong clock, must not make later jobs look old.
        horizon = max(horizon, min(survey.newest, int(survey.began)) - MAX_LATE_SECONDS)
    kept = {key: created for key, created in ended.items() if created is None or created >= horizon}
    return Mark(horizon, running, kept)
