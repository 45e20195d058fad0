"""Where one input of a transfer stands: a line of the manifest, in memory."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from typing import Any

from airflow_provider_fluxions.api.errors import JobId
from airflow_provider_fluxions.cost import cost_of
from airflow_provider_fluxions.s3 import S3Object, parse_s3_uri
from airflow_provider_fluxions.transfers.plan import Item


class State(StrEnum):
    """How far an input is. ``completed`` is this run's work, ``already_done`` an earlier one's.

    ``in_flight`` has a job at the service, ``writing`` one that has ended there.
    """

    TO_DO = "to_do"
    IN_FLIGHT = "in_flight"
    WRITING = "writing"
    COMPLETED = "completed"
    ALREADY_DONE = "already_done"
    FAILED = "failed"
    SKIPPED = "skipped"


@dataclass(slots=True)
class Entry:
    """One input. Instants are epoch seconds; what did not happen yet is None.

    :param folder: where its results are, or belong, below the destination.
    :param right: the extensions of results that stand already and stay as they are.
    :param stored: the key of a stored ``json`` result that its results can be made from, without the API.
    :param attempts: uploads begun for it by this task, over all tries that are known of.
    :param error: why it failed or was left.
    :param transient: whether a retry may mend what failed.
    :param estimated_seconds: of audio, as far as somebody looked before it was submitted.
    :param ended_at: when its job was seen to have ended.
    """

    item: Item
    state: State = State.TO_DO
    folder: str = ""
    right: frozenset[str] = frozenset()
    stored: str | None = None
    job_id: JobId | None = None
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
        """How long its job took, as far as we saw; None where we did not see both ends."""
        if self.submitted_at is None or self.ended_at is None:
            return None
        return self.ended_at - self.submitted_at

    def fail(self, error: Exception | str, *, transient: bool = False) -> None:
        """Note that it failed, and why."""
        self.state = State.FAILED
        self.error = error if isinstance(error, str) else f"{type(error).__name__}: {error}"
        self.transient = transient

    def remember(self, row: Mapping[str, Any]) -> None:
        """Take over what an earlier try of this task wrote down about the same piece of work."""
        self.attempts = row.get("attempts") or 0
        for name in ("submitted_at", "ended_at", "written_at"):
            setattr(self, name, _epoch(row.get(name)))
        self.upload_seconds = row.get("upload_seconds")
        if self.estimated_seconds is None:
            self.estimated_seconds = row.get("estimated_seconds")

    def to_row(self, price_per_audio_hour: float | None = None) -> dict[str, Any]:
        """Return its line of the manifest, JSON types only."""
        source = self.item.source
        is_done = self.state in (State.COMPLETED, State.ALREADY_DONE)
        return {
            "source": source.uri,
            "path": self.item.path,
            "version": source.version,
            "bytes": source.size_bytes,
            "modified_at": source.modified_at.isoformat() if source.modified_at else None,
            "reference": self.item.ref,
            "status": str(self.state),
            "job_id": None if self.job_id is None else str(self.job_id),
            "attempts": self.attempts,
            "error": self.error,
            "transient": self.transient,
            "outputs": self.item.uris(self.folder) if is_done else [],
            "folder": self.folder,
            "kept": sorted(self.right),
            "stored": self.stored,
            "estimated_seconds": self.estimated_seconds,
            "estimated_cost": cost_of(self.estimated_seconds, price_per_audio_hour),
            "audio_seconds": self.audio_seconds,
            "cost": cost_of(self.audio_seconds, price_per_audio_hour),
            "upload_seconds": self.upload_seconds,
            "submitted_at": _iso(self.submitted_at),
            "ended_at": _iso(self.ended_at),
            "written_at": _iso(self.written_at),
        }

    @classmethod
    def from_row(cls, row: Mapping[str, Any], item: Item) -> Entry:
        """Return the entry that wrote a row.

        :raises ValueError: the row is another input's, or no row of ours.
        """
        if row.get("reference") != item.ref:
            raise ValueError(f"the line of {item.source.uri} has another reference")
        entry = cls(item, State(row["status"]), row["folder"], frozenset(row["kept"]), row["stored"])
        entry.remember(row)
        for name in ("job_id", "error", "transient", "audio_seconds"):
            setattr(entry, name, row[name])
        return entry


def source_of(row: Mapping[str, Any]) -> S3Object:
    """Return the recording of a manifest's line.

    :raises ValueError: no line of ours; KeyError where a field is missing.
    """
    bucket, key = parse_s3_uri(row["source"])
    modified = datetime.fromisoformat(row["modified_at"]) if row["modified_at"] else None
    return S3Object(bucket, key, row["bytes"], row["version"], modified)


def count(entries: Iterable[Entry]) -> Counter[State]:
    """Return how many inputs are in each state."""
    return Counter(entry.state for entry in entries)


def _iso(instant: float | None) -> str | None:
    return None if instant is None else datetime.fromtimestamp(instant, UTC).isoformat(timespec="milliseconds")


def _epoch(text: str | None) -> float | None:
    return None if text is None else datetime.fromisoformat(text).timestamp()
