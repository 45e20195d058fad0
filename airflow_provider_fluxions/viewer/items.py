"""The items of a task as plain values, with the objects that users can read. No I/O."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from airflow_provider_fluxions.api.media_types import audio_type


class Status(StrEnum):
    """The status of an item."""

    DONE = "done"
    FAILED = "failed"
    SKIPPED = "skipped"
    RUNNING = "running"


@dataclass(frozen=True, slots=True)
class SpokenSource:
    """Where a text that was spoken is.

    :param uri: of the object, which the task's sources contain.
    :param name: the id of a JSON line; empty for a file that is one text.
    :param version: the ETag of the object that was spoken.
    """

    uri: str
    name: str
    version: str


@dataclass(frozen=True, slots=True)
class Item:
    """One transcription, or one spoken text.

    :param state: The status in the words of the manifest or the API.
    :param proof: The manifest line's proof that ``job_id`` belongs to it; see `pipeline.ownership`.
    :param stored: URI of its ``json`` result, if it is allowed to be read.
    :param recording: URI of its source, if it is allowed to be read.
    :param recording_conn_id: The connection that reads ``recording``; None: the task's own.
    :param version: ETag of the transcribed recording; None: any.
    :param source: URI to show.
    :param text: of a spoken text: where it is.
    :param spoken: of a spoken text that is an argument of the task: itself.
    """

    name: str
    status: Status
    state: str
    job_id: str | None = None
    proof: str | None = None
    error: str | None = None
    audio_seconds: float | None = None
    speakers: int | None = None
    cost: float | None = None
    source: str | None = None
    outputs: tuple[str, ...] = ()
    stored: str | None = None
    recording: str | None = None
    recording_conn_id: str | None = None
    version: str | None = None
    text: SpokenSource | None = None
    spoken: str | None = None

    @property
    def has_transcript(self) -> bool:
        """Whether there is a transcript, stored or at the service."""
        sources = (self.stored, self.job_id, self.text, self.spoken)
        return self.status is Status.DONE and any(source is not None for source in sources)

    @property
    def has_audio(self) -> bool:
        """Whether its recording can be played, by its name."""
        return self.recording is not None and audio_type(self.recording) is not None

    def matches(self, text: str) -> bool:
        """Return whether a search in lower case finds it."""
        return any(text in shown.lower() for shown in (self.name, self.job_id, self.source, self.error) if shown)

    def to_json(self, number: int) -> dict[str, Any]:
        """Return its data for the page."""
        return {
            "no": number,
            "name": self.name,
            "job_id": self.job_id,
            "status": str(self.status),
            "state": self.state,
            "error": self.error,
            "audio_seconds": self.audio_seconds,
            "speakers": self.speakers,
            "cost": self.cost,
            "source": self.source,
            "outputs": list(self.outputs),
            "has_transcript": self.has_transcript,
            "has_audio": self.has_audio,
        }


def count(items: Iterable[Item]) -> dict[str, int]:
    """Return the number of items, in total and for each status."""
    found = Counter(item.status for item in items)
    return {"all": found.total(), **{str(status): found[status] for status in Status}}


def total(values: Iterable[float | None]) -> float | None:
    """Return the sum of the known values, or None without one."""
    known = [value for value in values if value is not None]
    return round(sum(known), 4) if known else None


def page(items: Sequence[Item], status: str, text: str, offset: int, limit: int) -> dict[str, Any]:
    """Return a page of the items with a status (``all``: any) and a text, by their numbers."""
    wanted = text.strip().lower()
    found = [
        (number, item)
        for number, item in enumerate(items)
        if status in ("all", item.status) and (not wanted or item.matches(wanted))
    ]
    shown = [item.to_json(number) for number, item in found[offset : offset + limit]]
    return {"total": len(found), "offset": offset, "items": shown}
