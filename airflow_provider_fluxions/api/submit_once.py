"""Submitting a piece of work once: no crash, timeout, stall or retry pays for it twice.

The four rules (docs/recovery.md):

1. A first try submits; a later one first looks for the job that an earlier one left.
2. A response that proves that nothing was created is retried. After one that proves nothing, the list decides:
   a job that is found is reused; absent from complete scans over two minutes, the work is submitted again; where
   the list cannot tell, the outcome is unknown: raise, and submit nothing.
3. The caller records the id before anything waits.
4. Only an exact match of the reference is reused: a wrong transcript is worse than paying twice.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import dataclass
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

# A list may show a job late. After a response that proves nothing, it is scanned at 2, 6, 14, 30, 60 and 120 s.
SETTLE_PAUSES_SECONDS = (2.0, 4.0, 8.0, 16.0, 30.0, 60.0)
# Scans within a try go back to its beginning, or to the attempt, and further by this: the service's clock may have
# jumped meanwhile.
CLOCK_JUMP_SECONDS = 3600.0
# A list that takes longer to read than a stall would be read for ever.
MAX_STALL_SCANS = 3


@dataclass(frozen=True)
class SubmitRequest:
    """One piece of work: this audio with these options.

    :param filename: the user's name for it; the reference is added on the way out.
    :param ref: the reference of `api.job_reference`; None gives up all protection: each submit is a new job.
    :param since: No job for this work is older: the first start of the work, never the time of the recording, which
        can be put again between two tries. None scans the whole account.
    """

    source: AudioSource
    filename: str
    ref: str | None
    non_speech: bool = False
    cache: bool = True
    content_type: str | None = None
    since: datetime | None = None

    @property
    def sent_filename(self) -> str:
        """The name that the service is given."""
        return filename_with_reference(self.filename, self.ref) if self.ref else self.filename


@dataclass(frozen=True)
class SubmitResult:
    """The job that now does the work. ``adopted`` is True where an earlier submit had started it."""

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
    """Return the one live job for this work, submitting it only if there is none.

    :param may_exist: whether an earlier try may have submitted it.
    :param recorded: the id that an earlier try wrote down, if it did: one read instead of a scan.
    :param deadline: until when (epoch seconds) throttling, cold starts and restarts are waited out.
    :param log_level: of the line about a job submitted or taken up; who submits thousands does not want it.
    :param on_pause: told each pause that trouble at the service makes, in seconds, for metrics.
    :raises FluxionsUnknownOutcomeError: the list could not settle whether a job exists; nothing was submitted.
    :raises FluxionsRequestError: the service refused, or was in trouble until the deadline.
    :raises FluxionsAudioError: the audio cannot be read.
    """
    return _Submit(client, work, deadline, clock or Clock(), log_level, on_pause).run(may_exist, recorded)


class _FoundMeanwhileError(Exception):
    """Ends an upload whose job exists already."""

    def __init__(self, taken: SubmitResult) -> None:
        super().__init__(taken)
        self.taken = taken


class _Submit:
    """One call of `submit_once`; also the guard of its uploads."""

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
        taken = None
        if may_exist and self.work.ref:
            taken = self._read_recorded(recorded) or self._find()
        attempt = 0
        while taken is None:
            attempt += 1
            begun = self.now()
            try:
                return self._submit()
            except FluxionsRequestError as error:
                if not error.nothing_created:
                    taken = self._settle(error, begun)
                if taken is None:
                    self.retries.pause(error, attempt)
        return taken

    def _submit(self) -> SubmitResult:
        work = self.work
        try:
            submission: Submission = self.client.submit(
                work.source,
                filename=work.sent_filename,
                non_speech=work.non_speech,
                cache=work.cache,
                content_type=work.content_type,
                guard=self if work.ref else None,
            )
        except _FoundMeanwhileError as found:
            return found.taken
        log.log(
            self.log_level,
            "Submitted job %s (%s, %s, reference %s).",
            submission.id, work.filename, megabytes(work.source.size_bytes), work.ref or "none",
        )  # fmt: skip
        return SubmitResult(submission.id, submission.status, reused=False)

    def _settle(self, error: FluxionsRequestError, begun: float) -> SubmitResult | None:
        """After a response that proves nothing, let the list decide whether a job was created.

        :param begun: When the attempt began: its job is not older.
        """
        if not self.work.ref:
            raise error
        for number, seconds in enumerate(SETTLE_PAUSES_SECONDS):
            if number > 0 and seconds > self.retries.left_seconds:  # one scan of 2 s is worth being late for
                raise self._unknown(error) from error
            log.warning("%s Checking in %.0f s whether the job list shows a job.", error, seconds)
            self.retries.sleep(seconds)
            taken = self._find(begun - CLOCK_JUMP_SECONDS)
            if taken is not None:
                return taken
        log.info("The job list shows that no job was created (reference %s).", self.work.ref)
        return None

    # The guard of an upload

    def beat(self) -> None:
        self.watch.beat()

    def before_last_byte(self) -> None:
        """Check the list if the upload stood still for so long that another try may have submitted the work."""
        for _ in range(MAX_STALL_SCANS):
            self.watch.beat()
            if not self.watch.is_stalled:
                return
            log.warning(
                "The upload of %s made no progress for %.0f s. Checking whether another try submitted it meanwhile.",
                self.work.filename, self.watch.longest_seconds,
            )  # fmt: skip
            taken = self._find(self.begun - CLOCK_JUMP_SECONDS)
            if taken is not None:
                raise _FoundMeanwhileError(taken)

    # Finding the job

    def _read_recorded(self, job_id: JobId | None) -> SubmitResult | None:
        """Reuse the recorded job if it did not fail and its name carries the reference.

        The connection may lead to another account by now, which has a job with the same id.
        """
        if job_id is None:
            return None
        job = self._retrying(lambda: self._job_or_none(job_id))
        if job is None or job.status == JobStatus.FAILED:
            return None
        if carries(job.filename, str(self.work.ref)):
            return self._reuse(job)
        log.warning(
            "Job %s was recorded by an earlier try, but its file name does not carry reference %s. Scanning the list.",
            job_id, self.work.ref,
        )  # fmt: skip
        warn_of_lost_reference(job)
        return None

    def _job_or_none(self, job_id: JobId) -> Job | None:
        try:
            return self.client.get_transcription(job_id)
        except FluxionsNotFoundError:
            log.warning("Job %s was recorded by an earlier try, but this account has no such job.", job_id)
            return None

    def _find(self, not_before: float | None = None) -> SubmitResult | None:
        """Scan the list for the work's job; None means that a complete scan shows none.

        :param not_before: No job of interest is older (epoch seconds). Default None: since the work's first start.
        """
        ref, since = str(self.work.ref), self.work.since
        if not_before is not None:
            attempt = datetime.fromtimestamp(not_before, UTC)
            since = attempt if since is None else max(since, attempt)
        self.watch.reset()
        jobs = self._retrying(lambda: search_jobs(self.client, {ref}, since, datetime.fromtimestamp(self.now(), UTC)))[
            ref
        ]
        if len(jobs) > 1:
            log.warning("Jobs %s carry reference %s; the newest that did not fail is reused.",
                        ", ".join(f"{job.id} ({job.status})" for job in jobs), ref)  # fmt: skip
        job = newest_live(jobs)
        return self._reuse(job) if job else None

    def _reuse(self, job: Job) -> SubmitResult:
        log.log(
            self.log_level,
            "Took up job %s (%s) submitted %s by an earlier attempt (reference %s).",
            job.id, job.status, ago(job.created_at, self.now()), self.work.ref,
        )  # fmt: skip
        return SubmitResult(job.id, job.status, reused=True)

    def _retrying(self, read: Callable[[], T]) -> T:
        """Return what a read gives, repeating it while that can help.

        :raises FluxionsUnknownOutcomeError: it could not be read, so it is unknown whether a job exists.
        """
        try:
            return self.retries.repeat(read)
        except (FluxionsRequestError, FluxionsUnknownOutcomeError) as error:
            raise self._unknown(error) from error

    def _unknown(self, error: Exception) -> FluxionsUnknownOutcomeError:
        return FluxionsUnknownOutcomeError(
            f"Whether a job with reference {self.work.ref} exists is unknown, not absent, so nothing is submitted: "
            f"{error} The next try asks again; if you know that no job exists, submit with durable=False.",
            status_code=getattr(error, "status_code", None),
        )
