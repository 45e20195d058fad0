"""Transcribe a bucket of recordings: upload, poll, write and refill until all inputs are finished.

One thread decides. Uploads and writes run in two separate pools, so that neither blocks the other.
"""

from __future__ import annotations

import logging
from collections.abc import Iterable
from dataclasses import dataclass
from functools import partial

from airflow_provider_fluxions.api.errors import FluxionsRequestError, FluxionsStorageError, JobId
from airflow_provider_fluxions.api.ids import job_key
from airflow_provider_fluxions.api.job_errors import job_error
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
from airflow_provider_fluxions.polling.intervals import jitter_factor
from airflow_provider_fluxions.polling.poll_planner import ListPositions

log = logging.getLogger(__name__)

# If every input fails, the log must not fill up. The manifest has all failures.
MAX_LOGGED_FAILURES = 20
# Consecutive results that the store refused, each after the retries of its client. Then the others would fail, too.
MAX_STORAGE_FAILURES = 10


@dataclass(frozen=True)
class TransferLimits:
    """The limits of a transfer.

    :param max_in_flight: Maximum jobs in progress at the service, running uploads included.
    :param deadline: Epoch seconds.
    :param may_defer: Whether `TransferRunner.run` can end while jobs run, for a deferral.
    :param deferral_costs: Seconds; see `seconds_before_deferring`.
    """

    max_in_flight: int
    upload_workers: int
    poll_interval: float
    deadline: float
    may_defer: bool
    deferral_costs: float


class TransferRunner:
    """Runs one transfer and changes its records.

    :param from_end: Submit the last input first. Two overlapping runs of one transfer then meet once in the middle,
        instead of uploading the same recordings in parallel.
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
        # Reversed, because `_start_uploads` takes inputs from the end of the list.
        ordered = self.records if from_end else reversed(self.records)
        self._to_do = [record for record in ordered if record.state is State.TO_DO]
        self._running = {record.item.ref: record for record in self.records if record.state in AT_SERVICE}
        self._durations = [seconds for record in self.records if (seconds := record.service_seconds) is not None]
        self._positions = ListPositions()
        self._read_failures = ReadFailures(steps.patience_seconds)
        self._unread: set[str] = set()  # references of finished jobs that could not be read yet
        self._failures = self._storage_failures = 0
        self._next_poll = self._last_progress = self.clock.now()
        # Whether there are jobs without a poll, and whether the last poll after the deadline is done.
        self._has_unpolled = self._has_polled_late = False
        self._progress = Progress(count_states(self.records), self.clock.now)

    @property
    def running(self) -> tuple[JobId, ...]:
        """The jobs in progress at the service."""
        return tuple(record.job_id for record in self._running.values() if record.job_id is not None)

    @property
    def has_more(self) -> bool:
        """Whether inputs are queued."""
        return bool(self._to_do)

    def run(self) -> tuple[JobId, ...]:
        """Run until all inputs are finished, or until it is time to defer; return the running jobs.

        It also stops at the deadline, after a last poll.

        :raises FluxionsError: if an error concerns more than one recording. Running work is finished first and
            recorded.
        """
        with TransferExecutor(self.limits.upload_workers) as executor:
            while self._advance(executor):
                executor.pause(self._seconds_to_wait(), self.clock)
        return self.running

    def _advance(self, executor: TransferExecutor) -> bool:
        """Make all possible steps now; return whether to continue."""
        # First, because finished uploads make room for others and finished writes change what is due.
        executor.collect()
        self._start_uploads(executor)
        if self._poll_is_due(executor):
            self._poll(executor)
            self._start_uploads(executor)
        if self._progress.is_due():
            self._progress.report(count_states(self.records))
        if executor.is_busy:
            return True
        # At the deadline nothing new begins, but what is in progress is finished: its upload is charged already.
        return bool(self._running or self._to_do) and not self._is_late and not self._is_time_to_defer

    @property
    def _is_late(self) -> bool:
        return self.clock.now() >= self.limits.deadline

    @property
    def _is_time_to_defer(self) -> bool:
        # A finished job that cannot be read would resume the task at once, again and again.
        if not self.limits.may_defer or not self._running or self._unread:
            return False
        patience = seconds_before_deferring(self.has_more, typical_seconds(self._durations), self.limits.deferral_costs)
        return self.clock.now() - self._last_progress >= patience

    def _poll_is_due(self, executor: TransferExecutor) -> bool:
        """Whether to poll now: the poll is due, or it is the last one before the task defers or times out."""
        if not self._running:
            return False
        if self._is_late:
            # After the deadline one last poll is made when all uploads have ended, so that it includes their jobs.
            return not executor.is_busy and not self._has_polled_late
        if self.clock.now() >= self._next_poll:
            return True
        # A deferral takes at least 10 s, so a job that was never polled is polled before it.
        return self._has_unpolled and not executor.is_busy and self._is_time_to_defer

    def _seconds_to_wait(self) -> float:
        """Return the seconds until the next step or line of progress."""
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
            # Counted before the upload, because an attempt that fails counts, too.
            record.attempts += 1
            executor.upload(
                partial(self.steps.upload, record), partial(self._uploaded, record), partial(self._fail, record)
            )

    def _has_room(self, executor: TransferExecutor) -> bool:
        """Whether to start another upload. One waits behind each running upload, so that the threads are always busy.

        If results queue up because the store is slow, no new upload starts.
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
        # Without this, a result from the service's cache would wait for the next poll.
        if uploaded.result.status.is_terminal:  # a response from the service's cache
            self._next_poll = self._last_progress

    def _poll(self, executor: TransferExecutor) -> None:
        """Poll the running jobs, and start to write the results of finished ones."""
        watched, failure = WatchedJobs(self.running), None
        self._has_unpolled, self._has_polled_late = False, self._is_late
        try:
            poll_once(self.steps.client, watched, self._positions)
        except FluxionsRequestError as error:
            failure = error
        now = self.clock.now()
        # Before finished jobs are removed, because their age shows how long jobs take.
        waited = [now - record.submitted_at for record in self._running.values() if record.submitted_at is not None]
        # Also after an error, because a job that cannot be read must not delay the finished ones.
        for record in list(self._running.values()):
            job = watched.ended.get(job_key(record.job_id)) if record.job_id is not None else None
            if job is not None:
                self._ended(executor, record, job)
        if failure is not None:
            self._poll_failed(failure)
            return
        pause = poll_interval_for(self.limits.poll_interval, typical_seconds(self._durations), max(waited, default=0.0))
        self._next_poll = now + pause * jitter_factor(self.clock.jitter())

    def _poll_failed(self, error: FluxionsRequestError) -> None:
        """Wait after an error, and give up a job that cannot be read while the service responds for others."""
        self._pause_polling(error)
        # Errors of list pages have no job id and concern all jobs.
        lost = next((record for record in self._running.values() if record.job_id == error.job_id is not None), None)
        if lost is not None and self._is_hopeless(lost):
            del self._running[lost.item.ref]
            self._fail(lost, error)

    def _is_hopeless(self, record: InputRecord) -> bool:
        now = self.clock.now()
        return (
            record.job_id is not None
            and self._read_failures.lasts_too_long(record.job_id, now)
            # In an outage no job can be read. Only a job that fails alone is given up.
            and self.steps.service_answers()
        )

    def _pause_polling(self, error: FluxionsRequestError) -> None:
        now = self.clock.now()
        if not error.transient or now >= self.limits.deadline:
            raise error
        pause = max(self.limits.poll_interval, error.retry_after_seconds or 0.0)
        log.warning("%s Retrying in %.0f s.", error, pause)
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
        # Only failures in a row mean that the store takes nothing; one success shows that it does.
        self._storage_failures = 0
        self._last_progress = record.written_at = self.clock.now()
        record.state, record.audio_seconds, record.folder = State.COMPLETED, written.audio_seconds, written.folder
        if record.stored_key is not None:  # an id that users could have written
            record.job_id, record.proof = written.job_id, None
        self._unread.discard(record.item.ref)

    def _unwritten(self, record: InputRecord, error: Exception) -> None:
        """Retry a transcript after a transient error. Any other error is final."""
        if isinstance(error, UnreadableResultError):
            self._to_do.append(self._without_stored(record, error))
            return
        if not isinstance(error, FluxionsRequestError) or not error.transient or self._is_hopeless(record):
            self._fail(record, error)
            return
        record.state = State.IN_FLIGHT
        # Back to the running jobs: the next poll finds it completed and reads it again.
        self._running[record.item.ref] = record
        self._unread.add(record.item.ref)
        self._pause_polling(error)

    @staticmethod
    def _without_stored(record: InputRecord, error: UnreadableResultError) -> InputRecord:
        """Use the job of an input with an unreadable stored result, and write that result again."""
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
            log.error("Further failures are only in the manifest.")
        if isinstance(error, FluxionsStorageError):
            self._storage_failures += 1
            if self._storage_failures >= MAX_STORAGE_FAILURES:
                # An archive that the store refuses to write would otherwise be transcribed, and charged, to its end.
                raise error
