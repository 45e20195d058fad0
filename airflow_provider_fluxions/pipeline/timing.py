"""When a transfer looks after its jobs, and when waiting in a worker's slot stops being worth it. No I/O."""

from __future__ import annotations

import statistics
from collections.abc import Sequence

from airflow_provider_fluxions.api.errors import JobId
from airflow_provider_fluxions.api.ids import job_key

# To leave the worker and come back: 10 s that a trigger stays quiet, some seconds to schedule, some to start a process.
DEFERRAL_COSTS_SECONDS = 20.0
# After that a deferred task comes back for the results that there are.
LONGEST_DEFERRAL_SECONDS = 3600.0
MIN_POLL_SECONDS = 1.0
# A job is noticed at most so late, as a part of what it takes.
POLLS_PER_JOB = 8
# How many of the last jobs tell what one takes.
RECENT_JOBS = 50


def typical_seconds(durations: Sequence[float]) -> float | None:
    """Return what a job takes, after the latest that ended; None while none has."""
    return statistics.median(durations[-RECENT_JOBS:]) if durations else None


def poll_interval_for(poll_interval: float, typical: float | None, waited_seconds: float) -> float:
    """Return the seconds between two looks: an eighth of what a job takes, within 1 s and the user's interval.

    :param waited_seconds: how long the oldest running job is out; it stands in while no job has ended.
    """
    return min(poll_interval, max(MIN_POLL_SECONDS, (waited_seconds if typical is None else typical) / POLLS_PER_JOB))


def seconds_before_deferring(more_to_submit: bool, typical: float | None, deferral_costs: float) -> float:
    """Return how long a task with nothing to do stays in its slot before it defers.

    With more to submit behind running jobs it stays as long as a deferral would take, because jobs that end within
    that time keep the pipeline full; not if jobs are known to take longer. With nothing left but to wait, not at all.
    """
    if not more_to_submit or (typical is not None and typical > deferral_costs):
        return 0.0
    return deferral_costs


class ReadFailures:
    """Since when the reads of which jobs fail.

    :param patience_seconds: how long a job's reads may fail before it is given up.
    """

    def __init__(self, patience_seconds: float) -> None:
        self._patience = patience_seconds
        self._seen: dict[str, tuple[float, float]] = {}  # the first and the last instant, by job

    def lasts_too_long(self, job_id: JobId, now: float) -> bool:
        """Note that a job could not be read; return whether that has gone on for so long that it is given up.

        Trouble after a long while without is new trouble.
        """
        first, last = self._seen.get(job_key(job_id), (now, now))
        if now - last > self._patience / 3:
            first = now
        self._seen[job_key(job_id)] = first, now
        return now - first >= self._patience
