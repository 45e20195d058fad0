"""Metrics of the poll loop, through Airflow. Names and units: docs/metrics.md."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

try:
    # Not common-compat's: on 3.3 that is the SDK's, which is not initialized in a triggerer and would send nothing.
    from airflow.observability.stats import Stats
except ImportError:
    from airflow.providers.common.compat.sdk import Stats


class PollMetrics:
    """An `Observer` of the loop of one connection."""

    def __init__(self, fluxions_conn_id: str) -> None:
        self._tags: dict[str, Any] = {"fluxions_conn_id": fluxions_conn_id}

    def watching(self, jobs: int) -> None:
        """Set the gauge of waited-for jobs."""
        Stats.gauge("fluxions.poll.jobs", jobs, tags=self._tags)

    def polled(self, requests: int) -> None:
        """Count a round and its requests."""
        Stats.incr("fluxions.poll.sweeps", tags=self._tags)
        Stats.incr("fluxions.poll.requests", requests, tags=self._tags)

    def throttled(self, seconds: float) -> None:
        """Count a pause."""
        Stats.incr("fluxions.poll.throttles", tags=self._tags)

    def noticed(self, seconds: float) -> None:
        """Record the maximum delay of an end."""
        Stats.timing("fluxions.poll.lag", timedelta(seconds=seconds), tags=self._tags)
