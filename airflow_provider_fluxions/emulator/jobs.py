"""The job service: creates jobs, advances them at each read, and responds from the cache."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from airflow_provider_fluxions.emulator.list_behavior import ListBehavior
from airflow_provider_fluxions.emulator.recognition import Recogniser, Recognition, RecognitionError, Upload
from airflow_provider_fluxions.emulator.settings import Settings
from airflow_provider_fluxions.emulator.store import EmulatedJob, JobStore
from airflow_provider_fluxions.emulator.transitions import (
    TERMINAL_STATUSES,
    Look,
    OutcomeRule,
    Transition,
    next_status,
)
from airflow_provider_fluxions.emulator.worker import RecognitionWorker

MAX_JOBS = 1_000_000
MAX_FILENAME_CHARACTERS = 4_096


class JobService:
    """Everything that happens to jobs.

    Its rules can be replaced at any time, and apply from the next read on.
    """

    def __init__(self, store: JobStore, recogniser: Recogniser, settings: Settings, clock: Callable[[], float]) -> None:
        self.settings = settings
        self.transition = Transition.at_once()
        self.outcomes: list[OutcomeRule] = []
        self.list_behavior = ListBehavior()
        # For jobs submitted here since the start: how often the list had been read before each.
        self._list_reads = 0
        self._list_reads_before: dict[int, int] = {}
        self._store = store
        self._recogniser = recogniser
        self._clock = clock
        self._worker = RecognitionWorker(recogniser, self._recognised)
        for job in store.unrecognised():
            self._recognise(job.id, _kept_upload(job))

    def close(self) -> bool:
        """Stop recognition and close the store; return True if a recognition could not be stopped."""
        busy = self._worker.close()
        self._store.close()
        return busy

    def submit(self, upload: Upload, filename: str, non_speech: bool, cache: bool) -> EmulatedJob:
        """Create a job, or return an earlier one according to `settings.cache_mode`."""
        with self._store.lock:
            earlier = self._from_cache(upload.sha256, non_speech) if cache else None
            if earlier is not None and self.settings.cache_mode == "same_job":
                earlier = replace(earlier, cached=True)
                self._store.update([earlier])
        if earlier is not None and upload.path is not None:
            upload.path.unlink(missing_ok=True)
        if earlier is not None and self.settings.cache_mode == "same_job":
            return earlier
        now = self._clock()
        new = EmulatedJob(0, filename, "submitted", upload.sha256, upload.size_bytes, non_speech, now, now)
        new = replace(new, clock_offset_seconds=self.settings.clock_offset_seconds)
        if earlier is not None:
            new = replace(new, status="completed", cached=True, recognition=earlier.recognition)
        else:
            new = replace(new, audio_path=str(upload.path) if upload.path else None)
        with self._store.lock:
            job_id = self._store.insert(new)
            self._list_reads_before[job_id] = self._list_reads
        if earlier is None:
            self._recognise(job_id, upload)
        return self.find(job_id) or replace(new, id=job_id)

    def find(self, job_id: int) -> EmulatedJob | None:
        """Return a job as of its last read, without advancing it."""
        return self._store.get(job_id)

    def read(self, job_id: int) -> EmulatedJob | None:
        """Return a job to a client: count the read and advance the job."""
        with self._store.lock:
            job = self._store.get(job_id)
            return None if job is None else self._moved([job], reads=1)[0]

    def read_page(self, limit: int, offset: int) -> tuple[int, list[EmulatedJob]]:
        """Return the number of jobs in the list, and a page of it; count a read of each job on it and advance it."""
        with self._store.lock:
            hidden = self._not_listed_yet()
            self._list_reads += 1
            order, seed = self.settings.list_order, f"{self.settings.seed}"
            if order == "reshuffled":
                seed = f"{seed}:{self._list_reads}"
            jobs = self._store.page(order, seed, limit, offset, hidden)
            return self._store.count() - len(hidden), self._moved(jobs, reads=1)

    def _not_listed_yet(self) -> set[int]:
        late = self.list_behavior
        young = self._store.created_after(self._clock() - late.late_seconds) if late.late_seconds > 0 else []
        if not late.late_reads:
            return set(young)
        unread = [job for job, reads in self._list_reads_before.items() if self._list_reads - reads < late.late_reads]
        return {*young, *unread}

    def all_jobs(self) -> list[EmulatedJob]:
        """Return all jobs, oldest first, advanced by the clock, without counting a read."""
        with self._store.lock:
            return self._moved(self._store.page("oldest", 0, -1, 0), reads=0)

    def force_status(self, job_id: int, status: str, error_message: str | None) -> EmulatedJob | None:
        """Pin a job to `status`, so that the rules no longer change it."""
        with self._store.lock:
            job = self._store.get(job_id)
            if job is None:
                return None
            job = replace(job, status=status, error_message=error_message, pinned=True, updated_at=self._clock())
            self._store.update([job])
            return job

    def forget(self, job_id: int) -> bool:
        """Remove a job and return whether it existed."""
        self._list_reads_before.pop(job_id, None)
        return self._store.delete(job_id)

    def seed(self, count: int, status: str, age_seconds: float, spacing_seconds: float, filename: str) -> None:
        """Add foreign jobs, pinned to `status`, the newest `age_seconds` old."""
        now, first = self._clock(), self._store.count()
        if not 0 <= count <= MAX_JOBS - first or len(filename) > MAX_FILENAME_CHARACTERS:
            raise ValueError(
                f"An account holds at most {MAX_JOBS:,} jobs, with filenames of at most {MAX_FILENAME_CHARACTERS:,} "
                f"characters: it has {first:,} jobs, not {count:,} more"
            )

        def job(number: int) -> EmulatedJob:
            created = now - age_seconds - (count - 1 - number) * spacing_seconds
            name = filename.replace("{n}", str(first + number))
            digest = hashlib.sha256(f"foreign:{first + number}".encode()).hexdigest()
            size_bytes = 100_000 + int(digest[:5], 16)
            job = EmulatedJob(0, name, status, digest, size_bytes, False, created, created, pinned=True)
            return replace(job, foreign_job=True)

        # One at a time, so that a large account is created in constant memory.
        self._store.insert_many(job(number) for number in range(count))

    def _from_cache(self, sha256: str, non_speech: bool) -> EmulatedJob | None:
        if self.settings.cache_mode == "off":
            return None
        for job in self._store.same_content(sha256):
            job = self._moved([job], reads=0)[0]
            if self.settings.cache_key == "bytes_and_options" and job.non_speech != non_speech:
                continue
            # A response that is completed at once needs a result, and the same job might still be running.
            wanted = job.status == "completed" if self.settings.cache_mode == "new_job_fast" else True
            if wanted and job.status != "failed":
                return job
        return None

    def _moved(self, jobs: list[EmulatedJob], reads: int) -> list[EmulatedJob]:
        moved = [self._move(replace(job, reads=job.reads + reads)) for job in jobs]
        self._store.update(new for new, old in zip(moved, jobs, strict=True) if new != old)
        return moved

    def _move(self, job: EmulatedJob) -> EmulatedJob:
        if job.pinned or job.status in TERMINAL_STATUSES:
            return job
        now = self._clock()
        rule = next((rule for rule in self.outcomes if rule.matches(job.filename)), None)
        recognised = job.recognition is not None
        look = Look(job.status, job.reads, now - job.created_at, job.sha256, recognised, job.recognition_error)
        status, error = next_status(look, self.transition, rule)
        if status == job.status:
            return job
        return replace(job, status=status, error_message=error, updated_at=now)

    def _recognise(self, job_id: int, upload: Upload) -> None:
        if self._recogniser.needs_audio:
            self._worker.enqueue(job_id, upload)
            return
        try:
            self._recognised(job_id, self._recogniser.recognise(upload), None)
        except RecognitionError as error:
            self._recognised(job_id, None, str(error))

    def _recognised(self, job_id: int, recognition: Recognition | None, error: str | None) -> None:
        with self._store.lock:
            if self._store.closed:
                return  # The audio is still stored, so the next start recognises it again.
            job = self._store.get(job_id)
            if job is None:
                return
            text = recognition.to_json() if recognition is not None else None
            self._store.update([replace(job, recognition=text, recognition_error=error, audio_path=None)])
        if job.audio_path is not None:
            Path(job.audio_path).unlink(missing_ok=True)


def _kept_upload(job: EmulatedJob) -> Upload:
    path = Path(job.audio_path) if job.audio_path else None
    head = b""
    if path is not None and path.exists():
        with path.open("rb") as file:
            head = file.read(65_536)
    return Upload(job.sha256, job.size_bytes, head, path)
