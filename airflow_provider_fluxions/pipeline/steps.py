"""The steps for one input in a separate thread: send its audio, and write its results."""

from __future__ import annotations

import logging
import time
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Protocol

from airflow_provider_fluxions.api.errors import (
    FluxionsAudioError,
    FluxionsFormatError,
    FluxionsRequestError,
    FluxionsStorageError,
    JobId,
)
from airflow_provider_fluxions.api.job_errors import require_completed
from airflow_provider_fluxions.api.job_warnings import warn_of_lost_reference, warn_of_other_options
from airflow_provider_fluxions.api.models import Job, Transcription
from airflow_provider_fluxions.api.recent_jobs import RecentJobs
from airflow_provider_fluxions.api.submit_once import SubmitOptions, SubmitRequest, SubmitResult, submit_once
from airflow_provider_fluxions.api.uris import last_part
from airflow_provider_fluxions.formats import Choice, read_stored
from airflow_provider_fluxions.formats.base import Provenance
from airflow_provider_fluxions.pipeline.conditional_put import MetadataCheck
from airflow_provider_fluxions.pipeline.destination import write_outputs
from airflow_provider_fluxions.pipeline.object_metadata import (
    META_JOB,
    META_REFERENCE,
    META_RUN,
    META_SECONDS,
    META_VERSION,
    source_metadata,
)
from airflow_provider_fluxions.pipeline.partition import PartitionCheck
from airflow_provider_fluxions.pipeline.records import InputRecord
from airflow_provider_fluxions.pipeline.timing import MAX_RECORDING_RETRY_SECONDS
from airflow_provider_fluxions.storage import ObjectAddress, ObjectStore

if TYPE_CHECKING:
    from airflow_provider_fluxions.api.client import FluxionsClient


class UnreadableResultError(FluxionsFormatError):
    """A stored result is not one that a transfer writes.

    :param version: Version of the object.
    """

    def __init__(self, message: str, version: str) -> None:
        super().__init__(message)
        self.version = version


class TransferMetrics(Protocol):
    """Receives the figures of a running transfer; `task.metrics` sends them to Airflow."""

    def submitted(self, submitted: SubmitResult, operator: str) -> None:
        """Count a job that was submitted or reused."""

    def throttled(self, seconds: float) -> None:
        """Count a pause after a service error."""

    def failed(self, jobs: int) -> None:
        """Count inputs that failed."""

    def transcribed(self, jobs: Iterable[Job]) -> None:
        """Count the audio of completed jobs."""


@dataclass(frozen=True)
class UploadResult:
    """The new job of an input, and the seconds of its upload."""

    result: SubmitResult
    seconds: float


@dataclass(frozen=True)
class WriteResult:
    """Stored results: their job, its seconds of audio, and their folder."""

    job_id: JobId | None
    audio_seconds: float | None
    folder: str


@dataclass(frozen=True)
class TransferSteps:
    """Makes the steps for one input. Threads share it; it changes no record.

    :param deadline: Retry after service errors until this instant (epoch seconds), for one recording at most
        ``patience_seconds``, so that a recording that the service never accepts does not block an upload for hours.
    :param run: Name of the task instance in the outputs' metadata.
    """

    client: FluxionsClient
    store: ObjectStore
    choices: Sequence[Choice]
    provenance: Provenance
    options: SubmitOptions
    deadline: float
    run: str
    metrics: TransferMetrics
    patience_seconds: float = MAX_RECORDING_RETRY_SECONDS
    metadata_check: MetadataCheck = field(default_factory=lambda: MetadataCheck(is_proven=True))
    recent: RecentJobs | None = None
    partitions: PartitionCheck | None = None

    def upload(self, record: InputRecord) -> UploadResult:
        """Submit the recording once, unless another run has submitted it since the scan of the list.

        :raises FluxionsError: as `submit_once`.
        """
        source = record.item.source
        if source.size_bytes == 0:
            raise FluxionsAudioError(f"{source.uri} is empty: 0 bytes.")
        started = time.monotonic()
        # Right before the upload, because a large archive takes hours and another run might have submitted this one.
        found = self.recent.find(record.item.ref) if self.recent is not None else None
        if found is not None:
            submitted = SubmitResult(found.id, found.status, reused=True)
            self.metrics.submitted(submitted, "FluxionsS3ToS3Operator")
            return UploadResult(submitted, time.monotonic() - started)
        work = SubmitRequest(
            self.store.audio(source),
            last_part(source.key),
            record.item.ref,
            self.options,
            since=source.modified_at,
        )
        # From now, because inputs wait in the queue for hours before their upload starts.
        deadline = min(self.deadline, time.time() + self.patience_seconds)
        submitted = submit_once(
            self.client,
            work,
            # The scan at the start and `recent` have searched for its job already.
            may_exist=False,
            deadline=deadline,
            log_level=logging.DEBUG,
            on_pause=self.metrics.throttled,
        )
        self.metrics.submitted(submitted, "FluxionsS3ToS3Operator")
        return UploadResult(submitted, time.monotonic() - started)

    def service_answers(self) -> bool:
        """Return whether the service responds for others, if one job cannot be read."""
        try:
            self.client.list_transcriptions(limit=1)
        except FluxionsRequestError:
            return False
        return True

    def write(self, record: InputRecord) -> WriteResult:
        """Write the missing results, from the job's transcript or from a stored one.

        :raises FluxionsError: if it cannot be read or written.
        """
        transcription = self._transcription(record)
        metadata = {
            META_REFERENCE: record.item.ref,
            META_VERSION: record.item.source.version,
            META_JOB: str(transcription.id),
            META_RUN: self.run,
            **source_metadata(record.item.source.uri),
        }
        if transcription.audio_duration is not None:
            metadata[META_SECONDS] = f"{transcription.audio_duration:.3f}"
        item, (folder, skip, replaces) = record.item, self._place(record)
        provenance = self._provenance(record)
        write_outputs(self.store, item, folder, transcription, self.choices, provenance, metadata, skip, replaces)
        written = [key for extension, key in item.outputs(folder).items() if extension not in skip]
        # One HEAD a run. A store that drops metadata would make each run transcribe everything again.
        if written:
            self.metadata_check.check(self.store, item.target.destination.at(written[0]))
        # Results from a stored transcript were counted when their job was.
        if record.stored_key is None:
            self.metrics.transcribed([transcription])
        return WriteResult(transcription.id, transcription.audio_duration, folder)

    def _place(self, record: InputRecord) -> tuple[str, frozenset[str], Mapping[str, str]]:
        """Return the folder for an input's results, the extensions to skip, and the versions to replace.

        If another run has started to write them into another date's folder, the missing results belong there.
        """
        there = self.partitions.find(record) if self.partitions is not None else None
        if there is None or not there.is_begun or there.folder == record.folder:
            return record.folder, record.up_to_date, record.replaces
        return there.folder, there.up_to_date, there.replaces

    def _transcription(self, record: InputRecord) -> Transcription:
        if record.stored_key is not None:
            return self._stored(record.item.target.destination.at(record.stored_key))
        assert record.job_id is not None  # noqa: S101  # only entries with a job that ended are given here
        # The list returned "completed". If the read does not, the stored result would be incomplete.
        transcription = require_completed(self.client.get_transcription(record.job_id, word_level_timestamps=True))
        warn_of_other_options(self.options.non_speech, transcription)
        warn_of_lost_reference(transcription)
        return transcription

    def _stored(self, address: ObjectAddress) -> Transcription:
        """Return the transcript of a stored result.

        :raises UnreadableResultError: if it is not one that a transfer writes.
        :raises FluxionsStorageError: if the store refused the request.
        """
        try:
            return read_stored(self.store.get(address))
        except (FluxionsFormatError, FluxionsStorageError) as error:
            # The store might return it later. Using the job instead would read the API for each input of an outage.
            if error.transient:
                raise
            there = self.store.head(address)
            raise UnreadableResultError(
                f"{address.uri} cannot be read: {error}", there.version if there else ""
            ) from error

    def _provenance(self, record: InputRecord) -> Provenance:
        source = record.item.source
        return replace(
            self.provenance,
            source_uri=source.uri,
            source_etag=source.version,
            source_bytes=source.size_bytes,
            client_ref=record.item.ref,
            non_speech_requested=self.options.non_speech,
        )
