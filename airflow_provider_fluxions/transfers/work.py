"""What is done for one input in a thread of its own: sending its audio, and writing its results."""

from __future__ import annotations

import logging
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from airflow_provider_fluxions.api.errors import (
    FluxionsAudioError,
    FluxionsFormatError,
    FluxionsRequestError,
    FluxionsStorageError,
    JobId,
)
from airflow_provider_fluxions.api.models import Transcription
from airflow_provider_fluxions.api.once import Taken, Work, submit_once
from airflow_provider_fluxions.api.recent_jobs import RecentJobs
from airflow_provider_fluxions.api.renaming import warn_of_lost_reference
from airflow_provider_fluxions.formats import Choice, read_stored
from airflow_provider_fluxions.formats.base import Origin
from airflow_provider_fluxions.polling.verdict import completed
from airflow_provider_fluxions.s3 import S3Object, S3Store
from airflow_provider_fluxions.task_metrics import TaskMetrics
from airflow_provider_fluxions.transfers.entry import Entry
from airflow_provider_fluxions.transfers.marks import (
    META_JOB,
    META_REFERENCE,
    META_RUN,
    META_SECONDS,
    META_VERSION,
    source_metadata,
)
from airflow_provider_fluxions.transfers.outputs import write_outputs
from airflow_provider_fluxions.transfers.partition_check import PartitionCheck
from airflow_provider_fluxions.transfers.placing import MetadataCheck
from airflow_provider_fluxions.waiting import warn_of_other_options

if TYPE_CHECKING:
    from airflow_provider_fluxions.api.client import FluxionsClient


# Longer than the service's servers take to restart; the next try asks again.
RECORDING_PATIENCE_SECONDS = 15 * 60.0


class UnreadableResultError(FluxionsFormatError):
    """A stored result is not as a transfer writes it.

    :param version: of the object.
    """

    def __init__(self, message: str, version: str) -> None:
        super().__init__(message)
        self.version = version


@dataclass(frozen=True)
class Uploaded:
    """A job that an input now has, and how many seconds its upload took."""

    taken: Taken
    seconds: float


@dataclass(frozen=True)
class Written:
    """Results that are stored now: of which job, its seconds of audio, and in which folder."""

    job_id: JobId | None
    audio_seconds: float | None
    folder: str


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
    metadata_check: MetadataCheck = field(default_factory=lambda: MetadataCheck(is_proven=True))
    recent: RecentJobs | None = None
    partitions: PartitionCheck | None = None

    def upload(self, entry: Entry) -> Uploaded:
        """Submit the recording, once: not if another run has submitted it since the list was scanned.

        :raises FluxionsError: see `submit_once`.
        """
        source = entry.item.source
        if source.size_bytes == 0:
            raise FluxionsAudioError(f"{source.uri} is empty: 0 bytes.")
        started = time.monotonic()
        found = self.recent.find(entry.item.ref) if self.recent is not None else None
        if found is not None:
            taken = Taken(found.id, found.status, adopted=True)
            self.metrics.took(taken, "FluxionsS3ToS3Operator")
            return Uploaded(taken, time.monotonic() - started)
        work = Work(
            self.store.audio(source),
            source.key.rpartition("/")[2],
            entry.item.ref,
            non_speech=self.non_speech,
            cache=self.cache,
            since=source.modified_at,
        )
        deadline = min(self.deadline, time.time() + self.patience_seconds)
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
        item, (folder, skip, replaces) = entry.item, self._place(entry)
        origin = self._origin(entry)
        write_outputs(self.store, item, folder, transcription, self.choices, origin, metadata, skip, replaces)
        written = [key for extension, key in item.outputs(folder).items() if extension not in skip]
        if written:
            self.metadata_check.check(self.store, item.target.bucket, written[0])
        if entry.stored is None:
            self.metrics.transcribed([transcription])
        return Written(transcription.id, transcription.audio_duration, folder)

    def _place(self, entry: Entry) -> tuple[str, frozenset[str], Mapping[str, str]]:
        """Return the folder for an input's results, the extensions to skip, and the versions that are replaced.

        Another run can have begun to write them into another date's folder: then what is missing belongs there.
        """
        there = self.partitions.find(entry) if self.partitions is not None else None
        if there is None or not there.is_begun or there.folder == entry.folder:
            return entry.folder, entry.right, entry.replaces
        return there.folder, there.right, there.replaces

    def _transcription(self, entry: Entry) -> Transcription:
        if entry.stored is not None:
            return self._stored(entry.item.target.bucket, entry.stored)
        assert entry.job_id is not None  # noqa: S101  # only entries with a job that ended are given here
        # The list said so; a read that does not say so too would be stored as a result that is whole.
        transcription = completed(self.client.get_transcription(entry.job_id, word_level_timestamps=True))
        warn_of_other_options(self.non_speech, transcription)
        warn_of_lost_reference(transcription)
        return transcription

    def _stored(self, bucket: str, key: str) -> Transcription:
        """Return the transcript of a stored result.

        :raises UnreadableResultError: it is not as a transfer writes it.
        :raises FluxionsStorageError: S3 refused.
        """
        found = S3Object(bucket, key, 0, "")
        try:
            return read_stored(self.store.get(found))
        except (FluxionsFormatError, FluxionsStorageError) as error:
            if error.transient:
                raise
            there = self.store.head(bucket, key)
            raise UnreadableResultError(
                f"{found.uri} cannot be read: {error}", there.version if there else ""
            ) from error

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
