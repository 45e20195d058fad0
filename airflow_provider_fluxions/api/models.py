"""The responses of the API as frozen values that keep their JSON.

Attribute names are the vendor's (https://fluxions.ai/docs). The page and the live API differ, so every
field except the id is optional, unknown fields stay in ``raw``, and unknown statuses are kept.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from enum import StrEnum
from functools import cached_property
from importlib import import_module
from typing import Any, Literal, Self

from airflow_provider_fluxions.api import json_values
from airflow_provider_fluxions.api.errors import FluxionsInputError, FluxionsResponseError, JobId
from airflow_provider_fluxions.api.ids import check_job_id
from airflow_provider_fluxions.api.printable import printable
from airflow_provider_fluxions.api.redaction import without_url_secrets
from airflow_provider_fluxions.api.transcript import speech
from airflow_provider_fluxions.api.transcript.events import Event, events
from airflow_provider_fluxions.api.transcript.segments import Segment, Word, sort_segments, usable_seconds
from airflow_provider_fluxions.api.transcript.turns import TimedTurn, timed_turns

__all__ = [
    "Event",
    "Job",
    "JobStatus",
    "Json",
    "Page",
    "Segment",
    "Submission",
    "TimedTurn",
    "Transcription",
    "Word",
]

Json = json_values.Json

# Formats are made of models, so models do not import them: `formats` registers its renderer when it is imported.
FORMATS_MODULE = "airflow_provider_fluxions.formats"
_renderers: list[Callable[..., bytes]] = []

MAX_STATUS_CHARACTERS = 40
# A page has at most 100 jobs; a service that ignores the limit might return some more.
MAX_PAGE_ENTRIES = 1000


class JobStatus(StrEnum):
    """The state of a job. An undocumented value is kept and counts as running."""

    SUBMITTED = "submitted"
    PROCESSING = "processing"
    COMPLETED = "completed"
    FAILED = "failed"

    @classmethod
    def _missing_(cls, value: object) -> JobStatus:
        """Read any other value: known names in any case, the rest as their own status."""
        text = printable(value, MAX_STATUS_CHARACTERS).lower() if value is not None else ""
        for member in cls:
            if member.value == text:
                return member
        # A pseudo-member that is not in the enum: a new status of the service must not break a wait, and is not stored,
        # because a service could send a new one in every response.
        unknown = str.__new__(cls, text)
        unknown._name_ = text.upper()
        unknown._value_ = text
        return unknown

    @property
    def is_terminal(self) -> bool:
        """Whether the status of the job is final."""
        return self in (JobStatus.COMPLETED, JobStatus.FAILED)

    @property
    def is_known(self) -> bool:
        """Whether the vendor's page documents this value."""
        return self._name_ in JobStatus.__members__


@dataclass(frozen=True)
class Submission:
    """The response to a submit. With ``cache=true`` it can be an old, completed job."""

    id: JobId
    status: JobStatus
    created_at: datetime | None = None
    cached: bool | None = None
    original_audio_url: str | None = field(default=None, repr=False)
    raw: Json = field(default_factory=dict, repr=False, compare=False)

    @classmethod
    def from_json(cls, data: Json) -> Self:
        """Read the response to a submit.

        :raises FluxionsResponseError: if it has no usable id. A job might exist under an unknown id.
        """
        return cls(
            id=_job_id(data),
            status=JobStatus(data.get("status", "")),
            created_at=json_values.instant(data.get("created_at")),
            cached=json_values.boolean(data.get("cached")),
            original_audio_url=json_values.text(data.get("original_audio_url")),
            raw=data,
        )


@dataclass(frozen=True)
class Job:
    """One transcription job from the list or a single read, without its text.

    ``audio_duration`` and ``processing_time`` are seconds. The two URLs are signed links that expire.
    ``error_message`` is one printable line of at most 500 characters, without queries of URLs; ``raw`` has the
    original.
    """

    id: JobId
    status: JobStatus
    created_at: datetime | None = None
    updated_at: datetime | None = None
    filename: str | None = None
    error_message: str | None = None
    audio_duration: float | None = None
    audio_format: str | None = None
    processing_time: float | None = None
    language: str | None = None
    non_speech: bool | None = None
    num_chunks: int | None = None
    num_segments: int | None = None
    num_speakers: int | None = None
    cached: bool | None = None
    audio_url: str | None = field(default=None, repr=False)
    original_audio_url: str | None = field(default=None, repr=False)
    raw: Json = field(default_factory=dict, repr=False, compare=False)

    @classmethod
    def from_json(cls, data: Json) -> Self:
        """Read a job.

        :raises FluxionsResponseError: if it has no usable id.
        """
        return cls(**_job_fields(data))


@dataclass(frozen=True)
class Transcription(Job):
    """A job with its transcript.

    ``text`` (with tags) and ``segments`` are those of the API, with segments sorted by time. If one of them is
    missing, it is made from the other: text by joining segments, segments (without times) from turns. All other
    values are computed at their first use and cached.

    :param made_from: The one of the two from which the other was made; None if the API returned both or neither.
    :param speaker_names: Names by bare label; see :meth:`named`.
    """

    text: str = ""
    segments: tuple[Segment, ...] = ()
    made_from: Literal["text", "segments"] | None = None
    speaker_names: Mapping[str, str] = field(default_factory=dict, hash=False)

    @classmethod
    def from_json(cls, data: Json) -> Self:
        """Read a single transcription in the page's shape or the live API's.

        :raises FluxionsResponseError: if it has no usable id.
        """
        text = json_values.text(data.get("text")) or ""
        segments = sort_segments(data.get("segments"))
        made_from: Literal["text", "segments"] | None = None
        if not segments and text:
            made_from = "text"
            turns = enumerate(speech.parse_turns(text))
            # The live API sends segments only if word times were requested.
            segments = tuple(Segment(number, turn.speaker, turn.text) for number, turn in turns)
        elif segments and not text:
            made_from = "segments"
            text = speech.render_turns(speech.merge_turns((part.speaker, part.marked_text) for part in segments))
        return cls(**_job_fields(data), text=text, segments=segments, made_from=made_from)

    @cached_property
    def text_clean(self) -> str:
        """The text without tags and emphasis, with one line and label for each turn."""
        return speech.clean_text(self.text)

    @cached_property
    def words(self) -> tuple[Word, ...]:
        """All words in the order of segments, also words that the API's list omits."""
        return tuple(word for segment in self.segments for word in segment.spoken_words)

    @cached_property
    def turns(self) -> tuple[TimedTurn, ...]:
        """The turns of the text, with times if their words were found in the segments.

        Turns are located by their words and never by position, because segments overlap and differ from turns.
        """
        return timed_turns(self.text, self.segments, self.made_from)

    @cached_property
    def events(self) -> tuple[Event, ...]:
        """The non-speech events, from the text or the segments, depending on which contains more."""
        return events(self.turns, self.segments, "text" if self.made_from == "text" else "segment")

    @property
    def is_timed(self) -> bool:
        """Whether any segment has a time."""
        return any(part.start is not None for part in self.segments)

    def named(self, speaker_names: Mapping[str, str]) -> Self:
        """Return it with names for its speakers, such as ``{"0": "Agent"}``. The labels stay unchanged."""
        names = {label: name for key, name in speaker_names.items() if (label := speech.bare_speaker(key))}
        return replace(self, speaker_names={**self.speaker_names, **names})

    def name_of(self, speaker: str | None) -> str | None:
        """Return the name of a speaker, or None."""
        return self.speaker_names.get(speaker) if speaker is not None else None

    def to(self, format_name: str, **options: Any) -> bytes:
        """Return it in a result format: ``to("vtt", preset="netflix")``; see `airflow_provider_fluxions.formats`.

        :raises FluxionsFormatError: if the format or option is unknown, if it cannot be written in this format, or if
            it would be several files (then name one table, or call ``formats.render_files``).
        """
        if not _renderers:
            import_module(FORMATS_MODULE)  # it registers its renderer
        return _renderers[-1](self, format_name, **options)


@dataclass(frozen=True)
class Page:
    """One page of the account's transcriptions. The order of jobs is undocumented, so always check it."""

    transcriptions: tuple[Job, ...]
    total: int | None = None
    limit: int | None = None
    offset: int | None = None
    raw: Json = field(default_factory=dict, repr=False, compare=False)

    @classmethod
    def from_json(cls, data: Json) -> Self:
        """Read one page.

        :raises FluxionsResponseError: if the list of transcriptions is missing or too long, or if an entry has no id. A
            partial page would hide existing jobs.
        """
        entries = data.get("transcriptions")
        if not isinstance(entries, list) or not all(isinstance(entry, dict) for entry in entries):
            raise FluxionsResponseError(
                f"Fluxions responded to a list request without a list of transcriptions; {_fields_of(data)}."
            )
        if len(entries) > MAX_PAGE_ENTRIES:
            raise FluxionsResponseError(
                f"Fluxions responded to a list request with {len(entries):,} jobs; the maximum is {MAX_PAGE_ENTRIES:,}."
            )
        return cls(
            transcriptions=tuple(Job.from_json(entry) for entry in entries),
            total=json_values.integer(data.get("total")),
            limit=json_values.integer(data.get("limit")),
            offset=json_values.integer(data.get("offset")),
            raw=data,
        )


def register_renderer(render: Callable[..., bytes]) -> None:
    """Make `Transcription.to` write formats.

    :param render: Called with a transcription, the name of a format, and its options by name.
    """
    _renderers.append(render)


def _job_fields(data: Json) -> dict[str, Any]:
    status = JobStatus(data.get("status", ""))
    return {
        "id": _job_id(data),
        "status": status,
        "created_at": json_values.instant(data.get("created_at")),
        "updated_at": json_values.instant(data.get("updated_at")),
        "filename": json_values.text(data.get("filename")),
        "error_message": _reason(data, status),
        "audio_duration": usable_seconds(data.get("audio_duration")),
        "audio_format": json_values.text(data.get("audio_format")),
        "processing_time": json_values.number(data.get("processing_time")),
        "language": json_values.text(data.get("language")),
        "non_speech": json_values.boolean(data.get("non_speech")),
        "num_chunks": json_values.integer(data.get("num_chunks")),
        "num_segments": json_values.integer(data.get("num_segments")),
        "num_speakers": json_values.integer(data.get("num_speakers")),
        "cached": json_values.boolean(data.get("cached")),
        "audio_url": json_values.text(data.get("audio_url")),
        "original_audio_url": json_values.text(data.get("original_audio_url")),
        "raw": data,
    }


def _reason(data: Json, status: JobStatus) -> str | None:
    """Return the reason of a failed job, for logs and errors; for other jobs only ``error_message``."""
    text = (
        json_values.reason(data) if status == JobStatus.FAILED else json_values.message_text(data.get("error_message"))
    )
    return printable(without_url_secrets(text)) if text else None


def _job_id(data: Json) -> JobId:
    value = data.get("id")
    try:
        return check_job_id(value)
    except FluxionsInputError:
        kind = "no id" if value is None else f"an id that is neither a number nor a plain word ({_kind(value)})"
    raise FluxionsResponseError(f"Fluxions responded without a usable job id: {kind}; {_fields_of(data)}.")


def _kind(value: Any) -> str:
    return f"text of {len(value)} characters" if isinstance(value, str) else f"JSON {type(value).__name__}"


def _fields_of(data: Json) -> str:
    """Return the names of known fields. Other names and all values could be a part of a transcript."""
    known = sorted(_KNOWN_FIELDS & data.keys())
    more = len(data) - len(known)
    names = ", ".join(known) or "none that is known"
    return f"the response's fields are {names}" + (f", and {more} more" if more and known else "")


_KNOWN_FIELDS = frozenset(
    name for cls in (Submission, Transcription, Page) for name in cls.__dataclass_fields__ if name != "raw"
) | {"error", "detail", "message", "query_urls"}
