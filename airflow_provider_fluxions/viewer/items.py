"""What a task has to show: its items, plain values, with what of them may be read. No I/O."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from airflow_provider_fluxions.api.media_types import audio_type


class Status(StrEnum):
    """What has become of an item."""

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

    :param state: the manifest's or the API's own word for its status.
    :param proof: the manifest line's proof that ``job_id`` is its own; see `pipeline.ownership`.
    :param stored: the address of its ``json`` result, if it may be read.
    :param recording: the address of its source, if it may be read.
    :param version: the ETag of the recording that was transcribed; None: any.
    :param source: the address to show.
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
    version: str | None = None
    text: SpokenSource | None = None
    spoken: str | None = None

    @property
    def has_transcript(self) -> bool:
        """Whether there is one to read, stored or at the service."""
        sources = (self.stored, self.job_id, self.text, self.spoken)
        return self.status is Status.DONE and any(source is not None for source in sources)

    @property
    def has_audio(self) -> bool:
        """Whether its recording may be played, as far as its name tells."""
        return self.recording is not None and audio_type(self.recording) is not None

    def matches(self, text: str) -> bool:
        """Whether a search in lower case finds it."""
        return any(text in shown.lower() for shown in (self.name, self.job_id, self.source, self.error) if shown)

    def to_json(self, number: int) -> dict[str, Any]:
        """Return what the page is told of it."""
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
    """Return how many there are, in all and of each status."""
    found = Counter(item.status for item in items)
    return {"all": found.total(), **{str(status): found[status] for status in Status}}


def total(values: Iterable[float | None]) -> float | None:
    """Return the sum of what is known, None where nothing is."""
    known = [value for value in values if value is not None]
    return round(sum(known), 4) if known else None


def page(items: Sequence[Item], status: str, text: str, offset: int, limit: int) -> dict[str, Any]:
    """Return a page of the items of a status (``all``: of any) in which a text is found, by their numbers."""
    wanted = text.strip().lower()
    found = [
        (number, item)
        for number, item in enumerate(items)
        if status in ("all", item.status) and (not wanted or item.matches(wanted))
    ]
    shown = [item.to_json(number) for number, item in found[offset : offset + limit]]
    return {"total": len(found), "offset": offset, "items": shown}
