"""Submit a recording once, so that a crash, timeout, stall or retry causes no second charge.

The four rules (docs/recovery.md):

1. The first try submits. A later try first searches for the job of an earlier try.
2. If a response proves that no job was created, the submit is retried. If it proves nothing, the job list decides: a
   job in the list is reused; if complete scans over two minutes do not contain it, the recording is submitted again;
   if the list cannot be read completely, the outcome is unknown, so raise and submit nothing.
3. The caller records the id before the wait.
4. Only an exact match of the reference is reused, because a wrong transcript is worse than a second charge.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TYPE_CHECKING, TypeVar

from airflow_provider_fluxions.api.audio import AudioSource
from airflow_provider_fluxions.api.errors import (
    FluxionsNotFoundError,
    FluxionsRequestError,
    FluxionsUnknownOutcomeError,
    JobId,
)
from airflow_provider_fluxions.api.humanize import ago, megabytes
from airflow_provider_fluxions.api.job_reference import carries, filename_with_reference
from airflow_provider_fluxions.api.job_search import newest_live, search_jobs
from airflow_provider_fluxions.api.job_warnings import warn_of_lost_reference
from airflow_provider_fluxions.api.models import Job, JobStatus, Submission
from airflow_provider_fluxions.api.retry import Clock, RetryBudget
from airflow_provider_fluxions.api.stall import StallWatch

if TYPE_CHECKING:
    from airflow_provider_fluxions.api.client import FluxionsClient

log = logging.getLogger(__name__)

T = TypeVar("T")

# A list can show a job late. After a response that proves nothing, it is scanned at 2, 6, 14, 30, 60 and 120 s.
SETTLE_PAUSES_SECONDS = (2.0, 4.0, 8.0, 16.0, 30.0, 60.0)
# Scans within a try go back to the start of the try or attempt, and further by this, because the service's clock might
# have jumped meanwhile.
CLOCK_JUMP_SECONDS = 3600.0
# If reading the list takes longer than a stall, the upload would be checked for ever.
MAX_STALL_SCANS = 3


@dataclass(frozen=True)
class SubmitOptions:
    """What a submit asks of the service: non-speech sounds as tags, and earlier results for the same audio."""

    non_speech: bool = False
    cache: bool = True


@dataclass(frozen=True)
class SubmitRequest:
    """One recording with its options.

    :param filename: File name from the user; the reference is added to it.
    :param ref: Job reference from `api.job_reference`. None: each submit creates a new job.
    :param since: The oldest possible creation of the job: the first start of the work, and never the time of the
        recording, which can be stored again between two tries. None scans the whole account.
    """

    source: AudioSource
    filename: str
    ref: str | None
    options: SubmitOptions = field(default_factory=SubmitOptions)
    content_type: str | None = None
    since: datetime | None = None

    @property
    def sent_filename(self) -> str:
        """The file name that is sent to the service."""
        return filename_with_reference(self.filename, self.ref) if self.ref else self.filename


@dataclass(frozen=True)
class SubmitResult:
    """The job of this recording. ``reused`` is True if an earlier submit created it."""

    job_id: JobId
    status: JobStatus
    reused: bool


def submit_once(
    client: FluxionsClient,
    work: SubmitRequest,
    *,
    may_exist: bool,
    recorded: JobId | None = None,
    deadline: float,
    clock: Clock | None = None,
    log_level: int = logging.INFO,
    on_pause: Callable[[float], object] | None = None,
) -> SubmitResult:
    """Return the live job for this recording, and submit it only if there is none.

    :param may_exist: Whether an earlier try might have submitted it.
    :param recorded: Id that an earlier try recorded, if any. It saves the scan: one read is enough.
    :param deadline: Retry after throttling, cold starts and restarts until this instant (epoch seconds).
    :param log_level: Level of the line about a submitted or reused job. Lower it for thousands of submits.
    :param on_pause: Called with the seconds of each pause after a service error, for metrics.
    :raises FluxionsUnknownOutcomeError: if the list cannot show whether a job exists; nothing was submitted.
    :raises FluxionsRequestError: if the service refused the request, or had errors until the deadline.
    :raises FluxionsAudioError: if the audio cannot be read.
    """
    return _Submit(client, work, deadline, clock or Clock(), log_level, on_pause).run(may_exist, recorded)


class _FoundMeanwhileError(Exception):
    """Ends an upload, because its job already exists."""

    def __init__(self, submitted: SubmitResult) -> None:
        super().__init__(submitted)
        self.submitted = submitted


class _Submit:
    """One call of `submit_once`, and the guard of its uploads."""

    def __init__(
        self,
        client: FluxionsClient,
        work: SubmitRequest,
        deadline: float,
        clock: Clock,
        log_level: int,
        on_pause: Callable[[float], object] | None,
    ) -> None:
        self.client = client
        self.work = work
        self.now, self.begun = clock.now, clock.now()
        self.log_level = log_level
        self.watch = StallWatch(clock.now)
        self.retries = RetryBudget(deadline, clock, on_pause, self.watch)

    # The rules

    def run(self, may_exist: bool, recorded: JobId | None) -> SubmitResult:
        submitted = None
        # The first try skips the search, so a try without errors makes one request.
        if may_exist and self.work.ref:
            submitted = self._read_recorded(recorded) or self._find()
        attempt = 0
        while submitted is None:
            attempt += 1
            # Each attempt has its own start, because its job cannot be older: the scans after it then read few pages.
            begun = self.now()
            try:
                return self._submit()
            except FluxionsRequestError as error:
                if not error.nothing_created:
                    # A timeout or a 5xx can come after the job was created, so only the job list shows whether another
                    # submit is safe.
                    submitted = self._settle(error, begun)
                if submitted is None:
                    self.retries.pause(error, attempt)
        return submitted

    def _submit(self) -> SubmitResult:
        work = self.work
        try:
            submission: Submission = self.client.submit(
                work.source,
                filename=work.sent_filename,
                non_speech=work.options.non_speech,
                cache=work.options.cache,
                content_type=work.content_type,
                guard=self if work.ref else None,
            )
        except _FoundMeanwhileError as found:
            return found.submitted
        log.log(
            self.log_level,
            "Submitted job %s (file=%s, size=%s, reference=%s).",
            submission.id, work.filename, megabytes(work.source.size_bytes), work.ref or "none",
        )  # fmt: skip
        return SubmitResult(submission.id, submission.status, reused=False)

    def _settle(self, error: FluxionsRequestError, begun: float) -> SubmitResult | None:
        """After a response that proves nothing, find out from the job list whether a job was created.

        :param begun: Start of the attempt (epoch seconds). Its job cannot be older.
        """
        if not self.work.ref:
            # Without a reference no job of the list can be recognized, so a second submit might be a second charge.
            raise error
        for number, seconds in enumerate(SETTLE_PAUSES_SECONDS):
            if number > 0 and seconds > self.retries.left_seconds:  # one scan is worth a delay of 2 s
                raise self._unknown(error) from error
            log.warning("%s Scanning the job list for this job after a pause of %.0f s.", error, seconds)
            self.retries.sleep(seconds)
            # The list can show a job late, so a single scan without it proves nothing.
            submitted = self._find(begun - CLOCK_JUMP_SECONDS)
            if submitted is not None:
                return submitted
        log.info("No job was created (reference=%s): the job list does not contain it.", self.work.ref)
        return None

    # The guard of an upload

    def beat(self) -> None:
        self.watch.beat()

    def before_last_byte(self) -> None:
        """Check the job list if the upload paused so long that another try might have submitted the recording."""
        for _ in range(MAX_STALL_SCANS):
            self.watch.beat()
            if not self.watch.is_stalled:
                return
            log.warning(
                "The upload of %s made no progress for %.0f s. Checking whether another try has submitted it.",
                self.work.filename, self.watch.longest_seconds,
            )  # fmt: skip
            # Airflow starts another try when a paused process has missed its heartbeats. Without its last byte the
            # service creates no job, so the list is read before that byte is sent.
            submitted = self._find(self.begun - CLOCK_JUMP_SECONDS)
            if submitted is not None:
                # An exception is the only way to stop requests while it sends a body.
                raise _FoundMeanwhileError(submitted)

    # Finding the job

    def _read_recorded(self, job_id: JobId | None) -> SubmitResult | None:
        """Return the recorded job if it did not fail and its name carries the reference.

        The name is checked because the connection might now use another account, which has a job with the same id.
        """
        if job_id is None:
            return None
        job = self._retrying(lambda: self._job_or_none(job_id))
        if job is None or job.status == JobStatus.FAILED:
            return None
        # The connection might now use another account, which has its own job with the same id.
        if carries(job.filename, str(self.work.ref)):
            return self._reuse(job)
        log.warning(
            "Job %s was recorded by an earlier try, but its file name has no reference %s. Scanning the job list.",
            job_id, self.work.ref,
        )  # fmt: skip
        warn_of_lost_reference(job)
        return None

    def _job_or_none(self, job_id: JobId) -> Job | None:
        try:
            return self.client.get_transcription(job_id)
        except FluxionsNotFoundError:
            log.warning(
                "Job %s was recorded by an earlier try, but this account does not have it. Scanning the job list.",
                job_id,
            )
            return None

    def _find(self, not_before: float | None = None) -> SubmitResult | None:
        """Scan the list for the job of this recording. None means that a complete scan does not contain it.

        :param not_before: The oldest creation to search for (epoch seconds). Default None: the work's first start.
        """
        ref, since = str(self.work.ref), self.work.since
        if not_before is not None:
            attempt = datetime.fromtimestamp(not_before, UTC)
            since = attempt if since is None else max(since, attempt)
        # The scan shows the state of now, so pauses before it no longer matter.
        self.watch.reset()
        jobs = self._retrying(lambda: search_jobs(self.client, {ref}, since, datetime.fromtimestamp(self.now(), UTC)))[
            ref
        ]
        if len(jobs) > 1:
            log.warning("Jobs %s carry reference %s. Reusing the newest that did not fail.",
                        ", ".join(f"{job.id} ({job.status})" for job in jobs), ref)  # fmt: skip
        # A failed job never completes, so it does not prevent another submit.
        job = newest_live(jobs)
        return self._reuse(job) if job else None

    def _reuse(self, job: Job) -> SubmitResult:
        log.log(
            self.log_level,
            "Reusing job %s (%s), submitted %s by an earlier try (reference=%s).",
            job.id, job.status, ago(job.created_at, self.now()), self.work.ref,
        )  # fmt: skip
        return SubmitResult(job.id, job.status, reused=True)

    def _retrying(self, read: Callable[[], T]) -> T:
        """Return the result of a read, and repeat it while a later attempt can succeed.

        :raises FluxionsUnknownOutcomeError: if it could not be read, so it is unknown whether a job exists.
        """
        try:
            return self.retries.repeat(read)
        except (FluxionsRequestError, FluxionsUnknownOutcomeError) as error:
            raise self._unknown(error) from error

    def _unknown(self, error: Exception) -> FluxionsUnknownOutcomeError:
        return FluxionsUnknownOutcomeError(
            f"Could not find out whether a job with reference {self.work.ref} exists: "
            f"{error} No new job was submitted. Retry, or set durable=False if you are sure that there is no job.",
            status_code=getattr(error, "status_code", None),
        )
