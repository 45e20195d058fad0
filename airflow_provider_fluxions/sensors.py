"""The sensor that waits for transcriptions."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager, nullcontext
from datetime import timedelta
from typing import Any

from airflow.providers.common.compat.sdk import (
    AirflowFailException,
    AirflowSensorTimeout,
    AirflowSkipException,
    BaseSensorOperator,
    Context,
    PokeReturnValue,
    conf,
)

from airflow_provider_fluxions.api.arguments import seconds_of
from airflow_provider_fluxions.api.errors import FluxionsConfigError, FluxionsError, JobId
from airflow_provider_fluxions.api.job_errors import deadline_error, job_error
from airflow_provider_fluxions.api.models import Job
from airflow_provider_fluxions.hooks import DEFAULT_CONN_ID, DEFAULT_POLL_INTERVAL_SECONDS
from airflow_provider_fluxions.links import JOB_XCOM, FluxionsJobLink, FluxionsTranscriptLink, keep_for_link
from airflow_provider_fluxions.polling import WaitOutcome, WatchedJobs, poll_once
from airflow_provider_fluxions.polling.blocking import poll_seconds
from airflow_provider_fluxions.polling.error_tolerance import ErrorTolerance, needs_new_connection
from airflow_provider_fluxions.polling.watched_jobs import parse_job_ids
from airflow_provider_fluxions.task.airflow_errors import airflow_errors
from airflow_provider_fluxions.task.lineage import LineageRecord, ReportsLineage, job_uri
from airflow_provider_fluxions.task.run import TaskRun, task_run

log = logging.getLogger(__name__)

# Airflow 3.3.2 fails sensors that are rescheduled faster than their worker's exit is booked.
MIN_RESCHEDULE_SECONDS = 30.0


class FluxionsTranscriptionSensor(ReportsLineage, BaseSensorOperator):
    """Wait until all given jobs are completed; return their ids unchanged.

    With a price on the connection, the log and the XCom ``cost`` report the cost of the jobs.

    Poke, reschedule and deferrable mode have the same outcome: a failed or unknown job ends the wait at once, service
    errors are retried until ``timeout``, and a job that finished in time never counts as late.

    :param job_id: (templated) One id, or many, such as the output of a mapped `FluxionsSubmitOperator`.
    :param poll_interval: Seconds between two polls; at least 30 in reschedule mode. While deferred, a new wait is
        polled sooner: see `FluxionsTranscriptionTrigger`. Default None: Airflow's ``poke_interval``.
    :param deferrable: Wait without holding a worker slot.
    :param fluxions_conn_id: (templated) The Fluxions connection.
    :raises AirflowFailException: if a job failed or is unknown, or ``job_id`` is not an id.
    :raises AirflowSensorTimeout: if a job is still running after ``timeout`` seconds.
    :raises FluxionsError: if the service refused a request, for example the key.
    :raises AirflowSkipException: instead of the first two with ``soft_fail``, of all with ``never_fail``.
    """

    template_fields: Sequence[str] = ("job_id", "fluxions_conn_id")
    operator_extra_links = (FluxionsTranscriptLink(), FluxionsJobLink())
    ui_color = "#f0e8ff"
    # Airflow's own arguments.
    soft_fail: bool
    never_fail: bool
    # Set in poke mode after the key was accepted.
    _tolerance: ErrorTolerance | None = None
    # The error of the last poke, if the key was refused.
    _refused: FluxionsError | None = None
    _poking_since: float = 0.0
    # The execution that all polls of a try share.
    _run: TaskRun | None = None

    def __init__(
        self,
        *,
        job_id: JobId | Sequence[JobId],
        poll_interval: float | timedelta | None = None,
        poke_interval: float | timedelta = DEFAULT_POLL_INTERVAL_SECONDS,
        deferrable: bool = conf.getboolean("operators", "default_deferrable", fallback=False),
        fluxions_conn_id: str = DEFAULT_CONN_ID,
        **kwargs: Any,
    ) -> None:
        interval = poke_interval if poll_interval is None else poll_interval
        seconds = seconds_of("poll_interval", interval)
        super().__init__(poke_interval=seconds, **kwargs)
        if self.reschedule and not deferrable:
            seconds = max(seconds, MIN_RESCHEDULE_SECONDS)
        self.poke_interval = self.poll_interval = seconds
        self.job_id = job_id
        self.deferrable = deferrable
        self.fluxions_conn_id = fluxions_conn_id

    def execute(self, context: Context) -> Any:
        """Wait in the chosen mode."""
        with self._failing_as_asked(), task_run(self, context) as run:
            if self.deferrable:
                self._wait(run, time.time() + self.timeout)
            else:
                self._poke_on(run)
            return self._completed(run)

    def execute_complete(
        self,
        context: Context,
        event: dict[str, Any] | None = None,
        *,
        deadline: float | None = None,
        expires: float | None = None,
    ) -> Any:
        """Resume after the deferral: read the jobs themselves instead of the event.

        :param deadline: epoch seconds. Default None: ``timeout`` from now, for ``airflow tasks test`` of Airflow 2.11,
            which drops what a deferral keeps.
        """
        with self._failing_as_asked(), task_run(self, context) as run:
            if deadline is None:
                deadline = time.time() + self.timeout
            self._wait(run, deadline, expires, event or {})
            return self._completed(run)

    def poke(self, context: Context) -> PokeReturnValue:
        """Poll once; raise if a job failed or does not exist."""
        with nullcontext(self._run) if self._run else task_run(self, context) as run, airflow_errors():
            watched = self._watched = WatchedJobs(parse_job_ids(self.job_id))
            self._record_lineage(watched.job_ids)
            try:
                poll_once(run.client, watched, limit=self._poll_seconds)
                self._record_lineage(watched.job_ids, watched.ended.values())
                self._tolerance, self._refused = ErrorTolerance(), None
            except FluxionsError as error:
                if not self._tolerates(error):
                    raise
                self._refused = None if error.transient else error
                if needs_new_connection(error):
                    run.hook.close()  # the next poll reads the connection again, perhaps with another key
                self.log.warning("%s", error)
            if watched.is_done:
                run.metrics.waited(watched, WaitOutcome.DONE)
            if watched.unsuccessful:
                raise job_error(watched.unsuccessful)
        self.log.info("%d of %d jobs have finished.", len(watched.ended), len(watched.job_ids))
        return PokeReturnValue(is_done=watched.is_done, xcom_value=self._result())

    def _poke_on(self, run: TaskRun) -> None:
        """Poke in Airflow's own loop, which ends at the timeout or to be rescheduled.

        `_failing_as_asked` handles errors instead of that loop.
        """
        asked = self.soft_fail, self.never_fail
        self.soft_fail = self.never_fail = False
        self._tolerance, self._refused, self._poking_since = None, None, time.monotonic()
        self._run = run
        try:
            super().execute(run.context)
        except AirflowSensorTimeout as error:  # Airflow's message does not name the jobs
            if self._refused is not None:
                raise self._refused from None
            run.metrics.waited(self._watched, WaitOutcome.TIMEOUT)
            raise deadline_error(self._watched.open.values(), time.time()) from error
        finally:
            self._run = None
            self.soft_fail, self.never_fail = asked

    def _get_next_poke_interval(self, started_at: Any, run_duration: Callable[[], float], poke_count: int) -> float:
        """Return the seconds until Airflow's next poke; in poke mode, not after the timeout."""
        seconds: float = super()._get_next_poke_interval(started_at, run_duration, poke_count)
        return seconds if self.reschedule else max(0.0, min(seconds, self.timeout - run_duration()))

    def _poll_seconds(self) -> float:
        """Return the maximum seconds for a request of a poke."""
        poked_for = 0.0 if self.reschedule else time.monotonic() - self._poking_since
        return poll_seconds(self.timeout - poked_for)

    def _tolerates(self, error: FluxionsError) -> bool:
        """Return whether poking continues after an error; a connection must have worked in this process."""
        if self._tolerance is None:
            return error.transient and not isinstance(error, FluxionsConfigError)
        return self._tolerance.tolerates(error, time.monotonic())

    def _completed(self, run: TaskRun) -> Any:
        """Report what the jobs cost, and return their ids."""
        run.costs.after(self.lineage.audio_seconds if self.lineage else None)
        return self._result()

    def _result(self) -> Any:
        """Return the ids for XCom: a single one unchanged, many as a list."""
        return self.job_id if isinstance(self.job_id, str | int) else list(self.job_id)

    def _wait(
        self, run: TaskRun, deadline: float, kept_deadline: float | None = None, event: dict[str, Any] | None = None
    ) -> None:
        job_ids = parse_job_ids(self.job_id)
        self._record_lineage(job_ids)
        watched = run.wait(job_ids, deadline, kept_deadline=kept_deadline, event=event)
        self._record_lineage(job_ids, watched.ended.values())

    def _record_lineage(self, job_ids: Sequence[JobId], ended: Iterable[Job] = ()) -> None:
        """Keep the data for OpenLineage and the links until the task ends."""
        if isinstance(self.job_id, str | int):
            keep_for_link(self, JOB_XCOM, self.job_id)
        inputs = [job_uri(self.fluxions_conn_id, job_id) for job_id in job_ids]
        self.lineage = LineageRecord(inputs=inputs, job_ids=list(job_ids))
        self.lineage.add_durations(ended)

    @contextmanager
    def _failing_as_asked(self) -> Iterator[None]:
        """Apply ``soft_fail`` and ``never_fail`` equally in all modes, because Airflow's versions and modes differ."""
        try:
            yield
        except (AirflowSensorTimeout, AirflowFailException, FluxionsError) as error:
            is_outcome = isinstance(error, AirflowSensorTimeout | AirflowFailException)
            is_outcome &= not isinstance(error.__cause__, FluxionsConfigError)
            if not self.never_fail and not (self.soft_fail and is_outcome):
                raise
            reason = f"Skipped as asked: {error}"
            log.warning("%s", reason)  # Airflow 3.3 replaces the message of a resumed task
            raise AirflowSkipException(reason) from error
