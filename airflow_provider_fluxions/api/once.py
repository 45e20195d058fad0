"""Submitting a piece of work once: no crash, timeout or retry pays for it twice.

The four rules (docs: "What happens when..."):

1. A first try submits; a later one first looks for the job that an earlier one left.
2. An answer that proves that nothing was created is retried. One that proves nothing sends us to the list:
   found, take it up; absent from a complete scan, submit again; not settled, raise ("unknown, not absent").
3. The caller records the id before anything waits.
4. Only an exact match of the reference is taken up: a wrong transcript is worse than paying twice.
"""

from __future__ import annotations

import logging
import random
import time
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
from airflow_provider_fluxions.api.models import Job, JobStatus, Submission
from airflow_provider_fluxions.api.reference import marked_filename
from airflow_provider_fluxions.api.search import newest_live, search

if TYPE_CHECKING:
    from airflow_provider_fluxions.api.client import FluxionsClient

log = logging.getLogger(__name__)

T = TypeVar("T")

MAX_PAUSE_SECONDS = 60.0
# After an answer that proves nothing, a job may show up in the list a moment later: look twice.
SETTLE_PAUSES_SECONDS = (2.0, 8.0)


@dataclass(frozen=True)
class Work:
    """One piece of work: this audio with these options.

    :param filename: the user's name for it; the reference is added on the way out.
    :param ref: the reference of `api.reference`; None gives up all protection: each submit is a new job.
    :param since: no job for this work is older; None looks through the whole account.
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
        return marked_filename(self.filename, self.ref) if self.ref else self.filename


@dataclass(frozen=True)
class Taken:
    """The job that now does the work. ``adopted`` is True where an earlier submit had started it."""

    job_id: JobId
    status: JobStatus
    adopted: bool


@dataclass(frozen=True)
class Clock:
    """Time as an argument: ``now`` in epoch seconds, ``sleep`` in seconds, ``jitter`` between 0 and 1."""

    now: Callable[[], float] = time.time
    sleep: Callable[[float], None] = time.sleep
    jitter: Callable[[], float] = field(default=random.random)


def submit_once(
    client: FluxionsClient,
    work: Work,
    *,
    look_first: bool,
    recorded: JobId | None = None,
    deadline: float,
    clock: Clock | None = None,
    log_level: int = logging.INFO,
    on_pause: Callable[[float], object] | None = None,
) -> Taken:
    """Return the one live job for this work, submitting it only if there is none.

    :param look_first: whether an earlier try may have submitted it.
    :param recorded: the id that an earlier try wrote down, if it did: one read instead of a scan.
    :param deadline: until when (epoch seconds) throttling, cold starts and restarts are waited out.
    :param log_level: of the line about a job submitted or taken up; who submits thousands does not want it.
    :param on_pause: told each pause that trouble at the service makes, in seconds, for metrics.
    :raises FluxionsUnknownOutcomeError: the list could not settle whether a job exists; nothing was submitted.
    :raises FluxionsRequestError: the service refused, or was in trouble until the deadline.
    :raises FluxionsAudioError: the audio cannot be read.
    """
    return _Submit(client, work, deadline, clock or Clock(), log_level, on_pause).run(look_first, recorded)


class _Submit:
    def __init__(
        self,
        client: FluxionsClient,
        work: Work,
        deadline: float,
        clock: Clock,
        log_level: int,
        on_pause: Callable[[float], object] | None,
    ) -> None:
        self.client = client
        self.work = work
        self.deadline = deadline
        self.clock = clock
        self.log_level = log_level
        self.on_pause = on_pause

    def run(self, look_first: bool, recorded: JobId | None) -> Taken:
        taken = None
        if look_first and self.work.ref:
            taken = self._read_recorded(recorded) or self._find()
        attempt = 0
        while taken is None:
            attempt += 1
            try:
                return self._submit()
            except FluxionsRequestError as error:
                if not error.nothing_created:
                    taken = self._settle(error)
                if taken is None:
                    self._pause(error, attempt)
        return taken

    def _submit(self) -> Taken:
        work = self.work
        submission: Submission = self.client.submit(
            work.source,
            filename=work.sent_filename,
            non_speech=work.non_speech,
            cache=work.cache,
            content_type=work.content_type,
        )
        log.log(
            self.log_level,
            "Submitted job %s (%s, %s, reference %s).",
            submission.id, work.filename, megabytes(work.source.size_bytes), work.ref or "none",
        )  # fmt: skip
        return Taken(submission.id, submission.status, adopted=False)

    def _read_recorded(self, job_id: JobId | None) -> Taken | None:
        """Take up the recorded job, unless it failed or the account does not know it."""
        if job_id is None:
            return None
        job = self._patiently(lambda: self._job_or_none(job_id))
        return self._take_up(job) if job and job.status != JobStatus.FAILED else None

    def _job_or_none(self, job_id: JobId) -> Job | None:
        try:
            return self.client.get_transcription(job_id)
        except FluxionsNotFoundError:
            log.warning("Job %s was recorded by an earlier try, but this account has no such job.", job_id)
            return None

    def _find(self) -> Taken | None:
        """Look for the work's job in the list; None means that a complete scan shows none."""
        ref, since = str(self.work.ref), self.work.since
        jobs = self._patiently(lambda: search(self.client, {ref}, since))[ref]
        if len(jobs) > 1:
            log.warning("Jobs %s carry reference %s; the newest that did not fail is taken up.",
                        ", ".join(f"{job.id} ({job.status})" for job in jobs), ref)  # fmt: skip
        job = newest_live(jobs)
        return self._take_up(job) if job else None

    def _settle(self, error: FluxionsRequestError) -> Taken | None:
        """After an answer that proves nothing, let the list say whether a job was created."""
        if not self.work.ref:
            raise error
        for seconds in SETTLE_PAUSES_SECONDS:
            log.warning("%s Looking in the list whether a job was created, in %.0f s.", error, seconds)
            self.clock.sleep(seconds)
            taken = self._find()
            if taken is not None:
                return taken
        log.info("The list shows that no job was created (reference %s).", self.work.ref)
        return None

    def _take_up(self, job: Job) -> Taken:
        log.log(
            self.log_level,
            "Took up job %s (%s) submitted %s by an earlier attempt (reference %s).",
            job.id, job.status, ago(job.created_at, self.clock.now()), self.work.ref,
        )  # fmt: skip
        return Taken(job.id, job.status, adopted=True)

    def _patiently(self, read: Callable[[], T]) -> T:
        """Return what a read gives, repeating it until the deadline.

        :raises FluxionsUnknownOutcomeError: it could not be read: unknown, not absent.
        """
        attempt = 0
        while True:
            attempt += 1
            try:
                return read()
            except (FluxionsRequestError, FluxionsUnknownOutcomeError) as error:
                try:
                    self._pause(error, attempt)
                except (FluxionsRequestError, FluxionsUnknownOutcomeError):
                    raise self._unknown(error) from error

    def _unknown(self, error: Exception) -> FluxionsUnknownOutcomeError:
        return FluxionsUnknownOutcomeError(
            f"Whether a job with reference {self.work.ref} exists is unknown, not absent, so nothing is submitted: "
            f"{error} The next try asks again; if you know that no job exists, submit with durable=False.",
            status_code=getattr(error, "status_code", None),
        )

    def _pause(self, error: FluxionsRequestError | FluxionsUnknownOutcomeError, attempt: int) -> None:
        """Wait before the next attempt, or raise the error where waiting cannot help or time is up."""
        seconds = pause_seconds(attempt, getattr(error, "retry_after_seconds", None), self.clock.jitter())
        left = self.deadline - self.clock.now()
        if not error.transient or seconds > left:
            raise error
        log.warning("%s Next attempt in %.1f s (attempt %d failed, %.0f s left).", error, seconds, attempt, left)
        if self.on_pause:
            self.on_pause(seconds)
        self.clock.sleep(seconds)


def pause_seconds(attempt: int, retry_after: float | None, jitter: float) -> float:
    """Return the pause after the given attempt (1-based): doubling from 1 s up to 60 s, jittered by half,
    never less than the service asked for.
    """
    backoff = min(MAX_PAUSE_SECONDS, 2.0 ** min(attempt - 1, 10)) * (0.5 + jitter / 2)
    return max(backoff, retry_after or 0.0)


def megabytes(size_bytes: int) -> str:
    """Return a size for people, in decimal units."""
    if size_bytes < 1_000_000:
        return f"{size_bytes / 1000:.1f} kB"
    return f"{size_bytes / 1_000_000:.1f} MB"


def ago(instant: datetime | None, now: float) -> str:
    """Return how long ago something was, for people."""
    if instant is None:
        return "at an unknown time"
    seconds = max(0.0, (datetime.fromtimestamp(now, UTC) - instant).total_seconds())
    if seconds < 120:
        return f"{seconds:.0f} s ago"
    return f"{seconds / 60:.0f} min ago" if seconds < 7200 else f"{seconds / 3600:.0f} h ago"
