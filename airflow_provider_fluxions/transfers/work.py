"""What is done for one input in a thread of its own: sending its audio, and writing its results."""

from __future__ import annotations

import logging
import time
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from airflow_provider_fluxions.api.errors import FluxionsAudioError, FluxionsRequestError, JobId
from airflow_provider_fluxions.api.models import Transcription
from airflow_provider_fluxions.api.once import Taken, Work, submit_once
from airflow_provider_fluxions.api.renaming import warn_of_lost_reference
from airflow_provider_fluxions.formats import Choice, read_stored
from airflow_provider_fluxions.formats.base import Origin
from airflow_provider_fluxions.polling.verdict import completed
from airflow_provider_fluxions.s3 import S3Object, S3Store
from airflow_provider_fluxions.task_metrics import TaskMetrics
from airflow_provider_fluxions.transfers.entry import Entry
from airflow_provider_fluxions.transfers.outputs import (
    META_JOB,
    META_REFERENCE,
    META_RUN,
    META_SECONDS,
    META_VERSION,
    source_metadata,
    write_outputs,
)
from airflow_provider_fluxions.waiting import warn_of_other_options

if TYPE_CHECKING:
    from airflow_provider_fluxions.api.client import FluxionsClient


# Longer than the service's servers take to restart; the next try asks again.
RECORDING_PATIENCE_SECONDS = 15 * 60.0


@dataclass(frozen=True)
class Uploaded:
    """A job that an input now has, and how many seconds its upload took."""

    taken: Taken
    seconds: float


@dataclass(frozen=True)
class Written:
    """Results that stand now: of which job, and its seconds of audio."""

    job_id: JobId | None
    audio_seconds: float | None


@dataclass(frozen=True)
class Worker:
    """Does the moves for one input. Threads share it; it changes no entry.

    :param deadline: epoch seconds until which trouble at the service is waited out, but no longer than
        ``patience_seconds`` for one recording: one that the service never takes must not hold an upload for hours.
    :param run: names the task instance in outputs' metadata.
    """

    client: FluxionsClient
    store: S3Store
    choices: Sequence[Choice]
    origin: Origin
    non_speech: bool
    cache: bool
    deadline: float
    run: str
    metrics: TaskMetrics
    patience_seconds: float = RECORDING_PATIENCE_SECONDS

    def upload(self, entry: Entry) -> Uploaded:
        """Submit the recording, once.

        :raises FluxionsError: see `submit_once`.
        """
        source = entry.item.source
        if source.size_bytes == 0:
            raise FluxionsAudioError(f"{source.uri} is empty: 0 bytes.")
        work = Work(
            self.store.audio(source),
            source.key.rpartition("/")[2],
            entry.item.ref,
            non_speech=self.non_speech,
            cache=self.cache,
            since=source.modified_at,
        )
        started, deadline = time.monotonic(), min(self.deadline, time.time() + self.patience_seconds)
        taken = submit_once(
            self.client,
            work,
            look_first=False,
            deadline=deadline,
            log_level=logging.DEBUG,
            on_pause=self.metrics.throttled,
        )
        self.metrics.took(taken, "FluxionsS3ToS3Operator")
        return Uploaded(taken, time.monotonic() - started)

    def service_answers(self) -> bool:
        """Whether the service is there for others, where one job cannot be read."""
        try:
            self.client.list_transcriptions(limit=1)
        except FluxionsRequestError:
            return False
        return True

    def write(self, entry: Entry) -> Written:
        """Write the results that are missing, from the job's transcript or from a stored one.

        :raises FluxionsError: it cannot be read or written.
        """
        transcription = self._transcription(entry)
        metadata = {
            META_REFERENCE: entry.item.ref,
            META_VERSION: entry.item.source.version,
            META_JOB: str(transcription.id),
            META_RUN: self.run,
            **source_metadata(entry.item.source.uri),
        }
        if transcription.audio_duration is not None:
            metadata[META_SECONDS] = f"{transcription.audio_duration:.3f}"
        origin, skip = self._origin(entry), entry.right
        write_outputs(self.store, entry.item, entry.folder, transcription, self.choices, origin, metadata, skip)
        if entry.stored is None:
            self.metrics.transcribed([transcription])
        return Written(transcription.id, transcription.audio_duration)

    def _transcription(self, entry: Entry) -> Transcription:
        if entry.stored is not None:
            return read_stored(self.store.get(S3Object(entry.item.target.bucket, entry.stored, 0, "")))
        assert entry.job_id is not None  # noqa: S101  # only entries with a job that ended are given here
        # The list said so; a read that does not say so too would be stored as a result that is whole.
        transcription = completed(self.client.get_transcription(entry.job_id, word_level_timestamps=True))
        warn_of_other_options(self.non_speech, transcription)
        warn_of_lost_reference(transcription)
        return transcription

    def _origin(self, entry: Entry) -> Origin:
        source = entry.item.source
        return replace(
            self.origin,
            source_uri=source.uri,
            source_etag=source.version,
            source_bytes=source.size_bytes,
            client_ref=entry.item.ref,
            non_speech_requested=self.non_speech,
        )
