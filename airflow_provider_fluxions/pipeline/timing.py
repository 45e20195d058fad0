"""The times of a transfer's polls, and when to defer instead of waiting on the worker. No I/O."""

from __future__ import annotations

import statistics
from collections.abc import Sequence

from airflow_provider_fluxions.api.errors import JobId
from airflow_provider_fluxions.api.ids import job_key

# Seconds of a deferral: 10 s before a trigger can fire, and some seconds to schedule and start a process.
DEFERRAL_COSTS_SECONDS = 20.0
# Maximum seconds of a deferral, after which the task writes the results of finished jobs.
LONGEST_DEFERRAL_SECONDS = 3600.0
# Maximum seconds of retries after service errors for one recording: longer than a restart of the service. The next try
# scans the list again.
MAX_RECORDING_RETRY_SECONDS = 15 * 60.0
MIN_POLL_SECONDS = 1.0
# Maximum delay of a completion, as a share of the time of a job.
POLLS_PER_JOB = 8
# Number of the last jobs for the estimate.
RECENT_JOBS = 50


def typical_seconds(durations: Sequence[float]) -> float | None:
    """Return the seconds of a job, from the last finished ones; None before the first one."""
    return statistics.median(durations[-RECENT_JOBS:]) if durations else None


def poll_interval_for(poll_interval: float, typical: float | None, waited_seconds: float) -> float:
    """Return the seconds between two polls: an eighth of the time of a job, between 1 s and the user's interval.

    :param waited_seconds: Age of the oldest running job, which is used before the first job has finished.
    """
    return min(poll_interval, max(MIN_POLL_SECONDS, (waited_seconds if typical is None else typical) / POLLS_PER_JOB))


def seconds_before_deferring(more_to_submit: bool, typical: float | None, deferral_costs: float) -> float:
    """Return how long an idle task stays on its worker before it defers.

    With queued inputs it stays as long as a deferral would take, because jobs that finish in this time keep the
    pipeline full. If jobs are known to take longer, or no input is queued, it defers at once.
    """
    if not more_to_submit or (typical is not None and typical > deferral_costs):
        # Waiting on the worker would only hold its slot.
        return 0.0
    return deferral_costs


class ReadFailures:
    """The jobs with failing reads, and since when.

    :param patience_seconds: Maximum seconds of failing reads before a job is given up.
    """

    def __init__(self, patience_seconds: float) -> None:
        self._patience = patience_seconds
        self._seen: dict[str, tuple[float, float]] = {}  # the first and the last failure, by job

    def lasts_too_long(self, job_id: JobId, now: float) -> bool:
        """Record a failed read of a job; return whether the reads have failed so long that the job is given up.

        A failure after a long time without one starts a new period.
        """
        first, last = self._seen.get(job_key(job_id), (now, now))
        # Reads that failed an hour ago and again now do not mean an hour of failures.
        if now - last > self._patience / 3:
            first = now
        self._seen[job_key(job_id)] = first, now
        return now - first >= self._patience
