"""Moving a bucket of recordings through Fluxions: upload, look, write, refill, until nothing is left.

One thread decides; uploads and writes run in two pools beside it, so that neither keeps the other waiting.
"""

from __future__ import annotations

import logging
from collections.abc import Iterable
from dataclasses import dataclass
from functools import partial

from airflow_provider_fluxions.api.errors import FluxionsRequestError, FluxionsStorageError, JobId
from airflow_provider_fluxions.api.ids import key_of
from airflow_provider_fluxions.api.models import Job, JobStatus
from airflow_provider_fluxions.api.once import Clock
from airflow_provider_fluxions.api.printable import printable
from airflow_provider_fluxions.polling import Watched, look
from airflow_provider_fluxions.polling.sweep import Memory
from airflow_provider_fluxions.polling.verdict import job_error
from airflow_provider_fluxions.transfers.entry import AT_SERVICE, Entry, State, count
from airflow_provider_fluxions.transfers.failing import failure_text, may_pass
from airflow_provider_fluxions.transfers.patience import look_interval, patience_seconds, typical_seconds
from airflow_provider_fluxions.transfers.plan import STORED_EXTENSION
from airflow_provider_fluxions.transfers.pools import Pools
from airflow_provider_fluxions.transfers.progress import REPORT_SECONDS, Progress
from airflow_provider_fluxions.transfers.trouble import Trouble
from airflow_provider_fluxions.transfers.work import UnreadableResultError, Uploaded, Worker, Written

log = logging.getLogger(__name__)

# A night in which every input fails must not fill the log: the manifest has them all.
MAX_LOGGED_FAILURES = 20
# Results in a row that S3 did not take, each after botocore's retries: then no other one has a chance.
MAX_STORAGE_FAILURES = 10


@dataclass(frozen=True)
class Pace:
    """How fast and how long a transfer goes.

    :param max_in_flight: jobs at the service at a time, uploads on their way included.
    :param deadline: epoch seconds.
    :param may_defer: whether `Flow.run` may end while jobs run, for a deferral.
    :param deferral_costs: seconds; see `patience_seconds`.
    """

    max_in_flight: int
    upload_workers: int
    poll_interval: float
    deadline: float
    may_defer: bool
    deferral_costs: float


class Flow:
    """One transfer's moves, over entries that it changes.

    :param from_end: submit the last input first. Two runs of one transfer that overlap meet once, in the middle,
        instead of uploading the same recordings side by side.
    """

    def __init__(
        self,
        worker: Worker,
        entries: Iterable[Entry],
        pace: Pace,
        clock: Clock | None = None,
        *,
        from_end: bool = False,
    ) -> None:
        self.entries = tuple(entries)
        self.worker = worker
        self.pace = pace
        self.clock = clock or Clock()
        ordered = self.entries if from_end else reversed(self.entries)
        self._to_do = [entry for entry in ordered if entry.state is State.TO_DO]
        self._running = {entry.item.ref: entry for entry in self.entries if entry.state in AT_SERVICE}
        self._durations = [seconds for entry in self.entries if (seconds := entry.service_seconds) is not None]
        self._memory = Memory()
        self._trouble = Trouble(worker.patience_seconds)
        self._unread: set[str] = set()  # references of jobs that have ended and could not be read yet
        self._failures = self._storage_failures = 0
        self._next_look = self._quiet_since = self.clock.now()
        # Whether jobs run that no look has asked for yet, and whether the last look after the deadline is done.
        self._has_unseen = self._has_looked_late = False
        self._progress = Progress(count(self.entries), self.clock.now)

    @property
    def running(self) -> tuple[JobId, ...]:
        """The jobs at the service."""
        return tuple(entry.job_id for entry in self._running.values() if entry.job_id is not None)

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
        with Pools(self.pace.upload_workers) as pools:
            while self._advance(pools):
                pools.pause(self._seconds_to_wait(), self.clock)
        return self.running

    def _advance(self, pools: Pools) -> bool:
        """Do all that can be done now; return whether to go on."""
        pools.harvest()
        self._start_uploads(pools)
        if self._look_is_due(pools):
            self._look(pools)
            self._start_uploads(pools)
        if self._progress.is_due():
            self._progress.report(count(self.entries))
        if pools.is_busy:
            return True
        return bool(self._running or self._to_do) and not self._is_late and not self._is_time_to_defer

    @property
    def _is_late(self) -> bool:
        return self.clock.now() >= self.pace.deadline

    @property
    def _is_time_to_defer(self) -> bool:
        # A job that has ended and cannot be read would wake the task at once, again and again.
        if not self.pace.may_defer or not self._running or self._unread:
            return False
        patience = patience_seconds(self.has_more, typical_seconds(self._durations), self.pace.deferral_costs)
        return self.clock.now() - self._quiet_since >= patience

    def _look_is_due(self, pools: Pools) -> bool:
        """Whether to ask now: it is time, or it is the last chance before the task defers or gives up."""
        if not self._running:
            return False
        if self._is_late:
            return not pools.is_busy and not self._has_looked_late
        if self.clock.now() >= self._next_look:
            return True
        return self._has_unseen and not pools.is_busy and self._is_time_to_defer

    def _seconds_to_wait(self) -> float:
        """Return how long nothing is to do but for what is under way; a line of progress may be due before."""
        instants = [self.clock.now() + REPORT_SECONDS]
        if not self._is_late:
            instants += [self.pace.deadline, *([self._next_look] if self._running else [])]
        return max(0.0, min(instants) - self.clock.now())

    def _start_uploads(self, pools: Pools) -> None:
        while self._to_do and not self._is_late and self._has_room(pools):
            entry = self._to_do.pop()
            if entry.stored is not None:
                self._write(pools, entry)
                continue
            entry.attempts += 1
            pools.upload(partial(self.worker.upload, entry), partial(self._uploaded, entry), partial(self._fail, entry))

    def _has_room(self, pools: Pools) -> bool:
        """Whether another upload may begin; one waits behind each that runs, so that no worker ever waits for us.

        Results that pile up, because S3 is slow to take them, hold uploads back as well.
        """
        uploads, most = pools.uploads_running, self.pace.max_in_flight
        return (
            uploads < 2 * self.pace.upload_workers
            and len(self._running) + uploads < most
            and pools.writes_running < most
        )

    def _uploaded(self, entry: Entry, uploaded: Uploaded) -> None:
        self._quiet_since = entry.submitted_at = self.clock.now()
        entry.state = State.IN_FLIGHT
        entry.assign_job(uploaded.taken.job_id, self.worker.client.settings.api_key)
        entry.upload_seconds = round(uploaded.seconds, 3)
        self._running[entry.item.ref] = entry
        self._has_unseen = True
        if uploaded.taken.status.is_terminal:  # the service's cache answers at once
            self._next_look = self._quiet_since

    def _look(self, pools: Pools) -> None:
        """Ask for the running jobs and start on the results of those that have ended."""
        watched, trouble = Watched(self.running), None
        self._has_unseen, self._has_looked_late = False, self._is_late
        try:
            look(self.worker.client, watched, self._memory)
        except FluxionsRequestError as error:
            trouble = error
        now = self.clock.now()
        waited = [now - entry.submitted_at for entry in self._running.values() if entry.submitted_at is not None]
        # Also after trouble: a job that cannot be read must not keep those waiting that were seen to have ended.
        for entry in list(self._running.values()):
            job = watched.ended.get(key_of(entry.job_id)) if entry.job_id is not None else None
            if job is not None:
                self._ended(pools, entry, job)
        if trouble is not None:
            self._in_trouble(trouble)
            return
        pause = look_interval(self.pace.poll_interval, typical_seconds(self._durations), max(waited, default=0.0))
        self._next_look = now + pause * (0.9 + 0.2 * self.clock.jitter())

    def _in_trouble(self, error: FluxionsRequestError) -> None:
        """Wait, but not for ever for a job that cannot be read while the service answers for others."""
        self._pause_looking(error)
        lost = next((entry for entry in self._running.values() if entry.job_id == error.job_id is not None), None)
        if lost is not None and self._is_hopeless(lost):
            del self._running[lost.item.ref]
            self._fail(lost, error)

    def _is_hopeless(self, entry: Entry) -> bool:
        now = self.clock.now()
        return (
            entry.job_id is not None
            and self._trouble.lasts_too_long(entry.job_id, now)
            and self.worker.service_answers()
        )

    def _pause_looking(self, error: FluxionsRequestError) -> None:
        now = self.clock.now()
        if not error.transient or now >= self.pace.deadline:
            raise error
        pause = max(self.pace.poll_interval, error.retry_after_seconds or 0.0)
        log.warning("%s Looking again in %.0f s.", error, pause)
        self.worker.metrics.throttled(pause)
        self._next_look = now + pause

    def _ended(self, pools: Pools, entry: Entry, job: Job) -> None:
        self._quiet_since = entry.ended_at = self.clock.now()
        del self._running[entry.item.ref]
        if entry.service_seconds is not None:
            self._durations.append(entry.service_seconds)
        if job.status == JobStatus.COMPLETED:
            entry.state = State.WRITING
            self._write(pools, entry)
        else:
            self._fail(entry, job_error([job]))

    def _write(self, pools: Pools, entry: Entry) -> None:
        pools.write(partial(self.worker.write, entry), partial(self._written, entry), partial(self._unwritten, entry))

    def _written(self, entry: Entry, written: Written) -> None:
        self._storage_failures = 0
        self._quiet_since = entry.written_at = self.clock.now()
        entry.state, entry.audio_seconds, entry.folder = State.COMPLETED, written.audio_seconds, written.folder
        if entry.stored is not None:  # an id that users can write
            entry.job_id, entry.proof = written.job_id, None
        self._unread.discard(entry.item.ref)

    def _unwritten(self, entry: Entry, error: Exception) -> None:
        """Ask again for a transcript that could not be read for now; all else is final."""
        if isinstance(error, UnreadableResultError):
            self._to_do.append(self._without_stored(entry, error))
            return
        if not isinstance(error, FluxionsRequestError) or not error.transient or self._is_hopeless(entry):
            self._fail(entry, error)
            return
        entry.state = State.IN_FLIGHT
        self._running[entry.item.ref] = entry
        self._unread.add(entry.item.ref)
        self._pause_looking(error)

    @staticmethod
    def _without_stored(entry: Entry, error: UnreadableResultError) -> Entry:
        """Return an input whose stored result cannot be read, to be done from its job, and that result anew."""
        log.warning("%s Using the job instead.", printable(error))
        if STORED_EXTENSION in entry.right:
            entry.right -= {STORED_EXTENSION}
            entry.replaces = {**entry.replaces, STORED_EXTENSION: error.version}
        entry.state, entry.stored = State.TO_DO, None
        return entry

    def _fail(self, entry: Entry, error: Exception) -> None:
        entry.fail(error, transient=may_pass(error))
        self._unread.discard(entry.item.ref)
        self._failures += 1
        self.worker.metrics.failed(1)
        if self._failures <= MAX_LOGGED_FAILURES:
            log.error("%s: %s", printable(entry.item.source.uri), failure_text(error))
        if self._failures == MAX_LOGGED_FAILURES:
            log.error("More failures are in the manifest only.")
        if isinstance(error, FluxionsStorageError):
            self._storage_failures += 1
            if self._storage_failures >= MAX_STORAGE_FAILURES:
                raise error
