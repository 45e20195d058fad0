"""The wait of a task for jobs, blocking or deferred."""

from __future__ import annotations

import logging
import math
import time
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, NoReturn

from airflow.providers.common.compat.sdk import AirflowTaskTimeout

from airflow_provider_fluxions.api import errors
from airflow_provider_fluxions.api.errors import FluxionsConfigError, FluxionsError, JobId
from airflow_provider_fluxions.api.job_errors import deadline_error, job_error
from airflow_provider_fluxions.hooks import FluxionsHook
from airflow_provider_fluxions.polling import WaitOutcome, WatchedJobs, poll_once, wait_blocking
from airflow_provider_fluxions.polling.blocking import poll_seconds
from airflow_provider_fluxions.polling.error_tolerance import needs_new_connection
from airflow_provider_fluxions.task.metrics import TaskMetrics
from airflow_provider_fluxions.triggers import FluxionsTranscriptionTrigger

log = logging.getLogger(__name__)

# The trigger keeps the deadline. Airflow's own timeout is for the case that no triggerer runs. On a busy machine, a
# trigger can start late, waits at least 10 s, and can be delayed by 40 s, which must not cause another error.
DEFER_TIMEOUT_MARGIN_SECONDS = 180.0


@dataclass(frozen=True)
class Wait:
    """A task's wait for jobs, with the values that survive a deferral.

    :param deadline: epoch seconds; stays the same over deferrals and restarts.
    :param min_ended: see `WatchedJobs`.
    :param execution_deadline: see `execution_deadline`.
    """

    job_ids: tuple[JobId, ...]
    fluxions_conn_id: str
    poll_interval: float
    deadline: float
    min_ended: int | None = None
    execution_deadline: float = math.inf

    def watched(self) -> WatchedJobs:
        """Return the jobs without any known state."""
        return WatchedJobs(self.job_ids, self.min_ended)

    def block(self, hook: FluxionsHook) -> WatchedJobs:
        """Block until the wait ends.

        Transient errors count as still running, until the deadline.

        :raises FluxionsJobError: a job failed, or the deadline passed.
        """
        watched = self.watched()
        try:
            outcome = wait_blocking(
                hook.get_conn(),
                watched,
                poll_interval=self.poll_interval,
                deadline=self.deadline,
                on_pause=TaskMetrics(self.fluxions_conn_id).throttled,
                reconnect=hook.reconnect,
            )
        except FluxionsError as error:
            if not error.transient:
                raise
            log.warning("%s", error)
            outcome = WaitOutcome.TIMEOUT
        return self._finish(watched, outcome)

    def poll_or_defer(
        self, hook: FluxionsHook, defer: Callable[[Wait], NoReturn], event: Mapping[str, Any] | None = None
    ) -> WatchedJobs:
        """Poll once; return if the wait has ended, else defer. It reads the jobs themselves and ignores the event.

        Transient errors count as still running, until the deadline. No request is repeated, because the trigger waits
        for the service instead of the worker.

        :param event: the trigger's, for a task that resumes. A key that is refused then might have been rotated
            just before, so the task defers again, unless the trigger gave up because of an error.
        :raises FluxionsJobError: a job failed, or the deadline has passed.
        :raises AirflowTaskTimeout: the task's ``execution_timeout`` has passed.
        """
        watched = self.watched()
        # Decided before the poll, so that a job that finished in time is found by a poll after the end.
        late = time.time() >= self._end
        is_resumed = event is not None and event.get("status") != "error"
        try:
            # The event is not trusted: its statuses can be old, and anyone with access to the database could have
            # changed it.
            poll_once(hook.get_conn(), watched, limit=lambda: poll_seconds(self._end - time.time()))
        except FluxionsError as error:
            if not _tolerates(error, is_resumed=is_resumed, late=late):
                raise
            log.warning("%s", error)
        if not watched.is_done and not late:
            _raise_error_of(event or {})
            # Status before deadline: a task whose jobs are finished never defers or times out.
            defer(self)
        return self._finish(watched, WaitOutcome.DONE if watched.is_done else WaitOutcome.TIMEOUT)

    def _finish(self, watched: WatchedJobs, outcome: WaitOutcome) -> WatchedJobs:
        TaskMetrics(self.fluxions_conn_id).waited(watched, outcome)
        # A transfer (min_ended) reports failed jobs with its inputs, and continues with the others.
        if self.min_ended is None and watched.unsuccessful:
            raise job_error(watched.unsuccessful)
        if outcome is WaitOutcome.TIMEOUT:
            if self._end < self.deadline:
                raise execution_timeout_error(watched.open)
            raise deadline_error(watched.open.values(), self.deadline)
        return watched

    @property
    def _end(self) -> float:
        return min(self.deadline, self.execution_deadline)

    def resume_kwargs(self) -> dict[str, float | None]:
        """Return the deadlines of the wait as arguments that Airflow keeps for ``execute_complete``."""
        return {
            "deadline": self.deadline,
            "expires": None if math.isinf(self.execution_deadline) else self.execution_deadline,
        }

    def trigger(self) -> FluxionsTranscriptionTrigger:
        """Return the trigger of the wait."""
        return FluxionsTranscriptionTrigger(
            list(self.job_ids), self.fluxions_conn_id, self.poll_interval, self._end, self.min_ended
        )

    def defer_timeout(self) -> timedelta:
        """Return the timeout for Airflow's ``defer``: slightly after the deadline."""
        return timedelta(seconds=max(0.0, self._end - time.time()) + DEFER_TIMEOUT_MARGIN_SECONDS)


def _tolerates(error: FluxionsError, *, is_resumed: bool, late: bool) -> bool:
    """Return whether the wait survives an error of a poll; a connection must have worked before the deferral."""
    if needs_new_connection(error):
        # Before the first deferral a refused key is an error of the user. After one, the key has worked for this wait.
        return is_resumed and not late
    return error.transient and (is_resumed or not isinstance(error, FluxionsConfigError))


def _raise_error_of(event: Mapping[str, Any]) -> None:
    """Raise the error of a trigger, if another deferral would end in the same way."""
    name = event.get("error")
    kind = getattr(errors, str(name), None)
    # After a refused key the worker has just read the job, so the connection has the right key by now.
    if name is None or kind is errors.FluxionsAuthenticationError:
        return
    if not (isinstance(kind, type) and issubclass(kind, FluxionsError)):
        kind = FluxionsError
    raise kind(f"{event.get('message')} The triggerer gave up for this reason.")


def execution_deadline(
    context: Mapping[str, Any], execution_timeout: timedelta | None, kept_deadline: float | None = None
) -> float:
    """Return the end of the task's ``execution_timeout`` (epoch seconds; infinity without one).

    :param kept_deadline: The end before a deferral.
    """
    if execution_timeout is None:
        return math.inf
    # Airflow 3.3 restarts the timeout after a deferral and ignores it during one. Airflow 3.0 and 3.1 give a resumed
    # task another start. So the end is computed once and kept.
    if kept_deadline is not None:
        return kept_deadline
    started: float = context["ti"].start_date.timestamp()
    return started + execution_timeout.total_seconds()


def execution_timeout_error(running: Collection[JobId]) -> AirflowTaskTimeout:
    """Return the error for a passed ``execution_timeout`` with running jobs. Airflow retries the task."""
    return AirflowTaskTimeout(
        f"The task's execution_timeout has passed with {len(running)} jobs in progress. The jobs continue at Fluxions; "
        "they cannot be canceled. A retry reuses them."
    )
