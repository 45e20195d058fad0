"""How a task waits for jobs: once round for those that hold their slot and those that defer."""

from __future__ import annotations

import logging
import math
import time
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Any, NoReturn

from airflow.providers.common.compat.sdk import AirflowTaskTimeout

from airflow_provider_fluxions.api.errors import FluxionsRequestError, JobId
from airflow_provider_fluxions.polling import Outcome, Watched, look, wait_in_place
from airflow_provider_fluxions.polling.verdict import deadline_error, job_error
from airflow_provider_fluxions.task_metrics import TaskMetrics
from airflow_provider_fluxions.triggers import FluxionsTranscriptionTrigger

if TYPE_CHECKING:
    from airflow_provider_fluxions.api.client import FluxionsClient

log = logging.getLogger(__name__)

# The trigger keeps the deadline; Airflow's own timeout is there in case that no triggerer runs. On a busy machine a
# trigger starts late, stays quiet for 10 s and may be held at the turnstile for 40 s: no reason for another error.
BACKSTOP_SECONDS = 180.0


@dataclass(frozen=True)
class Wait:
    """A task's wait for jobs, with everything that survives a deferral.

    :param deadline: epoch seconds; stays the same over deferrals and restarts.
    :param enough: see `Watched`.
    :param expires: see `expiry`.
    """

    job_ids: tuple[JobId, ...]
    fluxions_conn_id: str
    poll_interval: float
    deadline: float
    enough: int | None = None
    expires: float = math.inf

    def watched(self) -> Watched:
        """Return the jobs with nothing known about them."""
        return Watched(self.job_ids, self.enough)

    def in_place(self, client: FluxionsClient) -> Watched:
        """Block until the wait is over.

        Transient trouble counts as still running, until the deadline.

        :raises FluxionsJobError: a job failed, or the deadline passed.
        """
        watched, throttled = self.watched(), TaskMetrics(self.fluxions_conn_id).throttled
        try:
            outcome = wait_in_place(
                client, watched, poll_interval=self.poll_interval, deadline=self.deadline, on_pause=throttled
            )
        except FluxionsRequestError as error:
            if not error.transient:
                raise
            log.warning("%s", error)
            outcome = Outcome.TIMEOUT
        return self._judge(watched, outcome)

    def look_or(self, client: FluxionsClient, defer: Callable[[Wait], NoReturn]) -> Watched:
        """Look once; return if the wait is over, else defer. Trusts no event: it asks for the jobs themselves.

        Transient trouble counts as still running, until the deadline.

        :raises FluxionsJobError: a job failed, or the deadline has passed.
        :raises AirflowTaskTimeout: the task's ``execution_timeout`` has passed.
        """
        watched = self.watched()
        late = time.time() >= self._ends
        try:
            look(client, watched)
        except FluxionsRequestError as error:
            if not error.transient:
                raise
            log.warning("%s", error)
        if not watched.is_done and not late:
            defer(self)
        return self._judge(watched, Outcome.DONE if watched.is_done else Outcome.TIMEOUT)

    def _judge(self, watched: Watched, outcome: Outcome) -> Watched:
        TaskMetrics(self.fluxions_conn_id).waited(watched, outcome)
        if self.enough is None and watched.bad:
            raise job_error(watched.bad)
        if outcome is Outcome.TIMEOUT:
            if self._ends < self.deadline:
                raise expired(watched.open)
            raise deadline_error(watched, self.deadline)
        return watched

    @property
    def _ends(self) -> float:
        return min(self.deadline, self.expires)

    def kept(self) -> dict[str, float | None]:
        """Return the ends of the wait as the arguments that Airflow keeps for ``execute_complete``."""
        return {"deadline": self.deadline, "expires": None if math.isinf(self.expires) else self.expires}

    def trigger(self) -> FluxionsTranscriptionTrigger:
        """Return the trigger that wakes the task."""
        return FluxionsTranscriptionTrigger(
            list(self.job_ids), self.fluxions_conn_id, self.poll_interval, self._ends, self.enough
        )

    def backstop(self) -> timedelta:
        """Return the timeout for Airflow's ``defer``: a little behind the deadline."""
        return timedelta(seconds=max(0.0, self._ends - time.time()) + BACKSTOP_SECONDS)


def expiry(context: Mapping[str, Any], execution_timeout: timedelta | None, kept: float | None = None) -> float:
    """Return when the task's ``execution_timeout`` is over (epoch seconds; infinity without one).

    Airflow 3.3 counts it anew after a deferral, and not at all during one.

    :param kept: what it was before a deferral. Airflow 3.0 and 3.1 tell a resumed task another start.
    """
    if execution_timeout is None:
        return math.inf
    if kept is not None:
        return kept
    started: float = context["ti"].start_date.timestamp()
    return started + execution_timeout.total_seconds()


def expired(running: Collection[JobId]) -> AirflowTaskTimeout:
    """Return the error for a task whose ``execution_timeout`` is over while jobs run; Airflow retries it."""
    return AirflowTaskTimeout(
        f"The task's execution_timeout is over and {len(running)} jobs still run. They go on at Fluxions, which has "
        "no cancel; the next try takes them up."
    )


def warn_of_other_options(non_speech_asked: bool, job: Any) -> None:
    """Say so where the service answered with a result for other options (its cache may know only the bytes)."""
    if job.non_speech is not None and job.non_speech != non_speech_asked:
        log.warning(
            "Job %s was transcribed with non_speech=%s, but this task asked for %s: probably an earlier result from "
            "the service's cache. Set cache=False and clear the task to transcribe it again.",
            job.id, job.non_speech, non_speech_asked,
        )  # fmt: skip
