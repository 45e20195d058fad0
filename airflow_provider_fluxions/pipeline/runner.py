"""Moving a bucket of recordings through Fluxions: upload, look, write, refill, until nothing is left.

One thread decides; uploads and writes run in two pools beside it, so that neither keeps the other waiting.
"""

from __future__ import annotations

import logging
from collections.abc import Iterable
from dataclasses import dataclass
from functools import partial

from airflow_provider_fluxions.api.errors import FluxionsRequestError, FluxionsStorageError, JobId
from airflow_provider_fluxions.api.ids import job_key
from airflow_provider_fluxions.api.models import Job, JobStatus
from airflow_provider_fluxions.api.printable import printable
from airflow_provider_fluxions.api.retry import Clock
from airflow_provider_fluxions.pipeline.executor import TransferExecutor
from airflow_provider_fluxions.pipeline.input_errors import failure_text, is_transient
from airflow_provider_fluxions.pipeline.items import STORED_EXTENSION
from airflow_provider_fluxions.pipeline.progress import REPORT_SECONDS, Progress
from airflow_provider_fluxions.pipeline.records import AT_SERVICE, InputRecord, State, count_states
from airflow_provider_fluxions.pipeline.steps import TransferSteps, UnreadableResultError, UploadResult, WriteResult
from airflow_provider_fluxions.pipeline.timing import (
    ReadFailures,
    poll_interval_for,
    seconds_before_deferring,
    typical_seconds,
)
from airflow_provider_fluxions.polling import WatchedJobs, poll_once
from airflow_provider_fluxions.polling.poll_planner import ListPositions
from airflow_provider_fluxions.polling.watched_jobs import job_error

log = logging.getLogger(__name__)

# A night in which every input fails must not fill the log: the manifest has them all.
MAX_LOGGED_FAILURES = 20
# Results in a row that S3 did not take, each after botocore's retries: then no other one has a chance.
MAX_STORAGE_FAILURES = 10


@dataclass(frozen=True)
class TransferLimits:
    """How fast and how long a transfer goes.

    :param max_in_flight: jobs at the service at a time, uploads on their way included.
    :param deadline: epoch seconds.
    :param may_defer: whether `TransferRunner.run` may end while jobs run, for a deferral.
    :param deferral_costs: seconds; see `seconds_before_deferring`.
    """

    max_in_flight: int
    upload_workers: int
    poll_interval: float
    deadline: float
    may_defer: bool
    deferral_costs: float


class TransferRunner:
    """One transfer's moves, over entries that it changes.

    :param from_end: submit the last input first. Two runs of one transfer that overlap meet once, in the middle,
        instead of uploading the same recordings side by side.
    """

    def __init__(
        self,
        steps: TransferSteps,
        records: Iterable[InputRecord],
        limits: TransferLimits,
        clock: Clock | None = None,
        *,
        from_end: bool = False,
    ) -> None:
        self.records = tuple(records)
        self.steps = steps
        self.limits = limits
        self.clock = clock or Clock()
        ordered = self.records if from_end else reversed(self.records)
        self._to_do = [record for record in ordered if record.state is State.TO_DO]
        self._running = {record.item.ref: record for record in self.records if record.state in AT_SERVICE}
        self._durations = [seconds for record in self.records if (seconds := record.service_seconds) is not None]
        self._positions = ListPositions()
        self._read_failures = ReadFailures(steps.patience_seconds)
        self._unread: set[str] = set()  # references of jobs that have ended and could not be read yet
        self._failures = self._storage_failures = 0
        self._next_poll = self._last_progress = self.clock.now()
        # Whether jobs run that no look has asked for yet, and whether the last look after the deadline is done.
        self._has_unpolled = self._has_polled_late = False
        self._progress = Progress(count_states(self.records), self.clock.now)

    @property
    def running(self) -> tuple[JobId, ...]:
        """The jobs at the service."""
        return tuple(record.job_id for record in self._running.values() if record.job_id is not None)

    @property
    def has_more(self) -> bool:
        """Whether inputs wait behind the running jobs."""
        return bool(self._to_do)

    def run(self) -> tuple[JobId, ...]:
        """Go on until all is settled, or, where it may, until it is time to defer; return the jobs still running.

        At the deadline it stops as well, after a last look.

        :raises FluxionsError: something that is not about one recording. What was under way is finished first and
            noted in the entries.
        """
        with TransferExecutor(self.limits.upload_workers) as executor:
            while self._advance(executor):
                executor.pause(self._seconds_to_wait(), self.clock)
        return self.running

    def _advance(self, executor: TransferExecutor) -> bool:
        """Do all that can be done now; return whether to go on."""
        executor.collect()
        self._start_uploads(executor)
        if self._poll_is_due(executor):
            self._poll(executor)
            self._start_uploads(executor)
        if self._progress.is_due():
            self._progress.report(count_states(self.records))
        if executor.is_busy:
            return True
        return bool(self._running or self._to_do) and not self._is_late and not self._is_time_to_defer

    @property
    def _is_late(self) -> bool:
        return self.clock.now() >= self.limits.deadline

    @property
    def _is_time_to_defer(self) -> bool:
        # A job that has ended and cannot be read would wake the task at once, again and again.
        if not self.limits.may_defer or not self._running or self._unread:
            return False
        patience = seconds_before_deferring(self.has_more, typical_seconds(self._durations), self.limits.deferral_costs)
        return self.clock.now() - self._last_progress >= patience

    def _poll_is_due(self, executor: TransferExecutor) -> bool:
        """Whether to ask now: it is time, or it is the last chance before the task defers or gives up."""
        if not self._running:
            return False
        if self._is_late:
            return not executor.is_busy and not self._has_polled_late
        if self.clock.now() >= self._next_poll:
            return True
        return self._has_unpolled and not executor.is_busy and self._is_time_to_defer

    def _seconds_to_wait(self) -> float:
        """Return how long nothing is to do but for what is under way; a line of progress may be due before."""
        instants = [self.clock.now() + REPORT_SECONDS]
        if not self._is_late:
            instants += [self.limits.deadline, *([self._next_poll] if self._running else [])]
        return max(0.0, min(instants) - self.clock.now())

    def _start_uploads(self, executor: TransferExecutor) -> None:
        while self._to_do and not self._is_late and self._has_room(executor):
            record = self._to_do.pop()
            if record.stored_key is not None:
                self._write(executor, record)
                continue
            record.attempts += 1
            executor.upload(
                partial(self.steps.upload, record), partial(self._uploaded, record), partial(self._fail, record)
            )

    def _has_room(self, executor: TransferExecutor) -> bool:
        """Whether another upload may begin; one waits behind each that runs, so that no worker ever waits for us.

        Results that pile up, because S3 is slow to take them, hold uploads back as well.
        """
        uploads, most = executor.uploads_running, self.limits.max_in_flight
        return (
            uploads < 2 * self.limits.upload_workers
            and len(self._running) + uploads < most
            and executor.writes_running < most
        )

    def _uploaded(self, record: InputRecord, uploaded: UploadResult) -> None:
        self._last_progress = record.submitted_at = self.clock.now()
        record.state = State.IN_FLIGHT
        record.assign_job(uploaded.result.job_id, self.steps.client.settings.api_key)
        record.upload_seconds = round(uploaded.seconds, 3)
        self._running[record.item.ref] = record
        self._has_unpolled = True
        if uploaded.result.status.is_terminal:  # the service's cache answers at once
            self._next_poll = self._last_progress

    def _poll(self, executor: TransferExecutor) -> None:
        """Ask for the running jobs and start on the results of those that have ended."""
        watched, failure = WatchedJobs(self.running), None
        self._has_unpolled, self._has_polled_late = False, self._is_late
        try:
            poll_once(self.steps.client, watched, self._positions)
        except FluxionsRequestError as error:
            failure = error
        now = self.clock.now()
        waited = [now - record.submitted_at for record in self._running.values() if record.submitted_at is not None]
        # Also after trouble: a job that cannot be read must not keep those waiting that were seen to have ended.
        for record in list(self._running.values()):
            job = watched.ended.get(job_key(record.job_id)) if record.job_id is not None else None
            if job is not None:
                self._ended(executor, record, job)
        if failure is not None:
            self._poll_failed(failure)
            return
        pause = poll_interval_for(self.limits.poll_interval, typical_seconds(self._durations), max(waited, default=0.0))
        self._next_poll = now + pause * (0.9 + 0.2 * self.clock.jitter())

    def _poll_failed(self, error: FluxionsRequestError) -> None:
        """Wait, but not for ever for a job that cannot be read while the service answers for others."""
        self._pause_polling(error)
        lost = next((record for record in self._running.values() if record.job_id == error.job_id is not None), None)
        if lost is not None and self._is_hopeless(lost):
            del self._running[lost.item.ref]
            self._fail(lost, error)

    def _is_hopeless(self, record: InputRecord) -> bool:
        now = self.clock.now()
        return (
            record.job_id is not None
            and self._read_failures.lasts_too_long(record.job_id, now)
            and self.steps.service_answers()
        )

    def _pause_polling(self, error: FluxionsRequestError) -> None:
        now = self.clock.now()
        if not error.transient or now >= self.limits.deadline:
            raise error
        pause = max(self.limits.poll_interval, error.retry_after_seconds or 0.0)
        log.warning("%s Looking again in %.0f s.", error, pause)
        self.steps.metrics.throttled(pause)
        self._next_poll = now + pause

    def _ended(self, executor: TransferExecutor, record: InputRecord, job: Job) -> None:
        self._last_progress = record.ended_at = self.clock.now()
        del self._running[record.item.ref]
        if record.service_seconds is not None:
            self._durations.append(record.service_seconds)
        if job.status == JobStatus.COMPLETED:
            record.state = State.WRITING
            self._write(executor, record)
        else:
            self._fail(record, job_error([job]))

    def _write(self, executor: TransferExecutor, record: InputRecord) -> None:
        executor.write(
            partial(self.steps.write, record), partial(self._written, record), partial(self._unwritten, record)
        )

    def _written(self, record: InputRecord, written: WriteResult) -> None:
        self._storage_failures = 0
        self._last_progress = record.written_at = self.clock.now()
        record.state, record.audio_seconds, record.folder = State.COMPLETED, written.audio_seconds, written.folder
        if record.stored_key is not None:  # an id that users can write
            record.job_id, record.proof = written.job_id, None
        self._unread.discard(record.item.ref)

    def _unwritten(self, record: InputRecord, error: Exception) -> None:
        """Ask again for a transcript that could not be read for now; all else is final."""
        if isinstance(error, UnreadableResultError):
            self._to_do.append(self._without_stored(record, error))
            return
        if not isinstance(error, FluxionsRequestError) or not error.transient or self._is_hopeless(record):
            self._fail(record, error)
            return
        record.state = State.IN_FLIGHT
        self._running[record.item.ref] = record
        self._unread.add(record.item.ref)
        self._pause_polling(error)

    @staticmethod
    def _without_stored(record: InputRecord, error: UnreadableResultError) -> InputRecord:
        """Return an input whose stored result cannot be read, to be done from its job, and that result anew."""
        log.warning("%s Using the job instead.", printable(error))
        if STORED_EXTENSION in record.up_to_date:
            record.up_to_date -= {STORED_EXTENSION}
            record.replaces = {**record.replaces, STORED_EXTENSION: error.version}
        record.state, record.stored_key = State.TO_DO, None
        return record

    def _fail(self, record: InputRecord, error: Exception) -> None:
        record.fail(error, transient=is_transient(error))
        self._unread.discard(record.item.ref)
        self._failures += 1
        self.steps.metrics.failed(1)
        if self._failures <= MAX_LOGGED_FAILURES:
            log.error("%s: %s", printable(record.item.source.uri), failure_text(error))
        if self._failures == MAX_LOGGED_FAILURES:
            log.error("More failures are in the manifest only.")
        if isinstance(error, FluxionsStorageError):
            self._storage_failures += 1
            if self._storage_failures >= MAX_STORAGE_FAILURES:
                raise error
