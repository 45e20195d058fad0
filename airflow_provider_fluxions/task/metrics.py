"""Metrics of tasks, through Airflow. Names and units: docs/metrics.md."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from airflow.providers.common.compat.sdk import Stats

from airflow_provider_fluxions.api.models import Job, JobStatus
from airflow_provider_fluxions.api.submit_once import SubmitResult
from airflow_provider_fluxions.polling.watched_jobs import WaitOutcome, WatchedJobs


@dataclass(frozen=True)
class TaskMetrics:
    """The metrics of a task on one connection. An error in sending them never fails a task."""

    fluxions_conn_id: str

    def submitted(self, submitted: SubmitResult, operator: str) -> None:
        """Count a submitted job, or a reused one of an earlier try, also with Airflow's own names.

        :param operator: Name of the class, which is a tag of Airflow's ``resumable_job`` metrics.
        """
        self._count("fluxions.adoptions" if submitted.reused else "fluxions.submits")
        decision = "fresh_submit"
        if submitted.reused:
            decision = "already_succeeded" if submitted.status == JobStatus.COMPLETED else "reconnect_success"
        Stats.incr(f"resumable_job.{decision}", tags={"operator": operator})

    def waited(self, watched: WatchedJobs, outcome: WaitOutcome) -> None:
        """Count a finished wait, and the outcome of its jobs."""
        self._count("fluxions.waits", outcome="failed" if watched.unsuccessful else str(outcome))
        self.failed(len(watched.unsuccessful))
        self.transcribed(job for job in watched.ended.values() if job.status == JobStatus.COMPLETED)

    def throttled(self, seconds: float) -> None:
        """Count a pause that the service asked for or that a service error caused."""
        self._count("fluxions.throttles")

    def failed(self, jobs: int) -> None:
        """Count failed jobs or inputs."""
        if jobs:
            self._count("fluxions.failures", jobs)

    def transcribed(self, jobs: Iterable[Job]) -> None:
        """Count the whole seconds of audio of completed jobs, if the service returned them."""
        seconds = sum(job.audio_duration or 0.0 for job in jobs)
        if seconds:
            # StatsD counts whole numbers, and a recording of less than half a second must not count as none.
            self._count("fluxions.audio_seconds", max(1, round(seconds)))

    def rendered(self, renders: int, renders_lost: int, seconds: float) -> None:
        """Count the renders of one piece: requests, those without complete audio, and whole seconds of speech."""
        for name, number in (("renders", renders), ("renders_lost", renders_lost)):
            if number:
                self._count(f"fluxions.{name}", number)
        if seconds:
            self._count("fluxions.speech_seconds", max(1, round(seconds)))

    def _count(self, name: str, count: int = 1, **tags: str) -> None:
        Stats.incr(name, count, tags={"fluxions_conn_id": self.fluxions_conn_id, **tags})
