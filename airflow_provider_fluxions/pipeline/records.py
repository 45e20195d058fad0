"""The state of one input of a transfer: a line of the manifest, in memory."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from enum import StrEnum
from typing import Any, TypeVar

from airflow_provider_fluxions.api.cost import cost_of
from airflow_provider_fluxions.api.errors import JobId
from airflow_provider_fluxions.api.printable import printable
from airflow_provider_fluxions.pipeline.destination import NO_VERSIONS
from airflow_provider_fluxions.pipeline.items import PlannedInput
from airflow_provider_fluxions.pipeline.ownership import is_proven, proof_of
from airflow_provider_fluxions.storage import ObjectAddress, StoredObject

# Fields of one input in the manifest.
MAX_ERROR_CHARACTERS = 1_000

T = TypeVar("T")


class State(StrEnum):
    """The state of an input. ``completed`` is by this run, ``already_done`` by an earlier one.

    ``in_flight`` has a running job at the service, ``writing`` a finished one.
    """

    TO_DO = "to_do"
    IN_FLIGHT = "in_flight"
    WRITING = "writing"
    COMPLETED = "completed"
    ALREADY_DONE = "already_done"
    FAILED = "failed"
    SKIPPED = "skipped"


# States with a job to poll.
AT_SERVICE = (State.IN_FLIGHT, State.WRITING)
# States with results in the destination.
DONE = (State.COMPLETED, State.ALREADY_DONE)


@dataclass(slots=True)
class InputRecord:
    """One input. Instants are epoch seconds, or None before the event.

    :param folder: Folder of its results below the destination.
    :param up_to_date: Extensions of existing results that stay unchanged.
    :param stored: Key of a stored ``json`` result, from which its results can be made without the API.
    :param replaces: Versions of results that will be replaced, by extension; not in the manifest.
    :param proof: Proof that Fluxions returned ``job_id`` to this task for the reference; None for other ids.
    :param attempts: Uploads that this task started for it, over all known tries.
    :param error: Reason why it failed or was skipped.
    :param transient: Whether a retry can succeed.
    :param estimated_seconds: Estimated seconds of audio before the submit, if headers were read.
    :param ended_at: When the task noticed the end of its job.
    """

    item: PlannedInput
    state: State = State.TO_DO
    folder: str = ""
    up_to_date: frozenset[str] = frozenset()
    stored_key: str | None = None
    replaces: Mapping[str, str] = field(default_factory=lambda: NO_VERSIONS)
    job_id: JobId | None = None
    proof: str | None = None
    attempts: int = 0
    error: str | None = None
    transient: bool = False
    estimated_seconds: float | None = None
    audio_seconds: float | None = None
    upload_seconds: float | None = None
    submitted_at: float | None = None
    ended_at: float | None = None
    written_at: float | None = None

    @property
    def service_seconds(self) -> float | None:
        """Seconds that its job took; None if start or end is unknown."""
        if self.submitted_at is None or self.ended_at is None:
            return None
        return self.ended_at - self.submitted_at

    def fail(self, error: Exception | str, *, transient: bool = False) -> None:
        """Record its failure and the reason."""
        self.state = State.FAILED
        reason = error if isinstance(error, str) else f"{type(error).__name__}: {error}"
        self.error = printable(reason, MAX_ERROR_CHARACTERS)
        self.transient = transient

    def restore_history(self, row: Mapping[str, Any]) -> None:
        """Copy the values that an earlier try of this task wrote for the same input.

        :raises ValueError: if a value has another type.
        """
        self.attempts = _value(row, "attempts", int) or 0
        for name in ("submitted_at", "ended_at", "written_at"):
            setattr(self, name, _epoch(_value(row, name, str)))
        self.upload_seconds = _value(row, "upload_seconds", float)
        if self.estimated_seconds is None:
            self.estimated_seconds = _value(row, "estimated_seconds", float)

    def to_row(self, price_per_audio_hour: float | None = None) -> dict[str, Any]:
        """Return its line of the manifest, with only JSON types."""
        source = self.item.source
        is_done = self.state in DONE
        return {
            "source": source.uri,
            "path": self.item.path,
            "version": source.version,
            "bytes": source.size_bytes,
            "modified_at": source.modified_at.isoformat() if source.modified_at else None,
            "reference": self.item.ref,
            "status": str(self.state),
            "job_id": None if self.job_id is None else str(self.job_id),
            "proof": self.proof,
            "attempts": self.attempts,
            "error": self.error,
            "transient": self.transient,
            "outputs": self.item.uris(self.folder) if is_done else [],
            "folder": self.folder,
            "kept": sorted(self.up_to_date),
            "stored": self.stored_key,
            "estimated_seconds": self.estimated_seconds,
            "estimated_cost": cost_of(self.estimated_seconds, price_per_audio_hour),
            "audio_seconds": self.audio_seconds,
            "cost": cost_of(self.audio_seconds, price_per_audio_hour),
            "upload_seconds": self.upload_seconds,
            "submitted_at": _iso(self.submitted_at),
            "ended_at": _iso(self.ended_at),
            "written_at": _iso(self.written_at),
        }

    def assign_job(self, job_id: JobId, api_key: str) -> None:
        """Record the job that Fluxions returned for this input's reference."""
        self.job_id, self.proof = job_id, proof_of(api_key, self.item.ref, job_id)

    @classmethod
    def from_row(cls, row: Mapping[str, Any], item: PlannedInput, api_key: str) -> InputRecord:
        """Return the record of a row. Without proof, only the job of a finished input is kept, to be reported.

        :raises ValueError: if the row belongs to another input, or has another form.
        """
        if row.get("reference") != item.ref:
            raise ValueError(f"the line of {item.source.uri} has another reference")
        folder, stored = _value(row, "folder", str) or "", _value(row, "stored", str)
        record = cls(item, State(row["status"]), folder, frozenset(_value(row, "kept", list) or ()), stored)
        record.restore_history(row)
        record.error, record.transient = _value(row, "error", str), bool(row["transient"])
        record.audio_seconds = _value(row, "audio_seconds", float)
        job_id = _value(row, "job_id", str)
        if job_id is not None and is_proven(api_key, (item.ref,), job_id, row.get("proof")):
            record.assign_job(job_id, api_key)
        elif record.state in DONE:
            # The metadata of its results name this job. Without a proof it is only reported; nothing is read from it.
            record.job_id = job_id
        elif record.state in AT_SERVICE:
            record.state = State.TO_DO
        return record


def source_of(row: Mapping[str, Any]) -> StoredObject:
    """Return the recording of a manifest's line.

    :raises ValueError: if it is not a line of a manifest; KeyError if a field is missing.
    """
    modified = _value(row, "modified_at", str)
    return StoredObject(
        ObjectAddress.parse(_value(row, "source", str) or ""),
        _value(row, "bytes", int) or 0,
        _value(row, "version", str) or "",
        datetime.fromisoformat(modified) if modified else None,
    )


def count_states(records: Iterable[InputRecord]) -> Counter[State]:
    """Return the number of inputs in each state."""
    return Counter(record.state for record in records)


def _iso(instant: float | None) -> str | None:
    return None if instant is None else datetime.fromtimestamp(instant, UTC).isoformat(timespec="milliseconds")


def _value(row: Mapping[str, Any], name: str, kind: type[T]) -> T | None:
    """Return a field of a line, or None; an int is also a float.

    :raises ValueError: if it has another type.
    """
    value = row.get(name)
    # The exact type, because JSON's true would pass as the int 1.
    if value is None or type(value) is kind:
        return value
    if kind is float and type(value) is int:
        return float(value)  # type: ignore[return-value]
    raise ValueError(f"{name} is of type {type(value).__name__}, not {kind.__name__}")


def _epoch(text: str | None) -> float | None:
    if text is None:
        return None
    instant = datetime.fromisoformat(text)
    # Other years have no number of seconds, or none that can be converted back to an instant.
    if not 1970 <= instant.year < 9999:
        raise ValueError(f"{text} is not an instant of a transfer")
    return instant.timestamp()
