"""What the API answers, as frozen values that keep the JSON they were read from.

Attribute names are the vendor's (https://fluxions.ai/docs). The page and the live API differ, so every
field but the id is optional, unknown fields stay in ``raw``, and unknown statuses are kept as they are.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any, Self

from airflow_provider_fluxions.api import read, speech
from airflow_provider_fluxions.api.errors import FluxionsResponseError, JobId

Json = read.Json


class JobStatus(StrEnum):
    """The state of a job. A value the vendor has not documented is kept and counts as running."""

    SUBMITTED = "submitted"
    PROCESSING = "processing"
    COMPLETED = "completed"
    FAILED = "failed"

    @classmethod
    def _missing_(cls, value: object) -> JobStatus:
        """Read any other value: known names in any case, all else as a status of its own."""
        text = str(value).strip().lower() if value is not None else ""
        for member in cls:
            if member.value == text:
                return member
        unknown = str.__new__(cls, text)
        unknown._name_ = text.upper()
        unknown._value_ = text
        return unknown

    @property
    def is_terminal(self) -> bool:
        """Whether the job will not change any more."""
        return self in (JobStatus.COMPLETED, JobStatus.FAILED)

    @property
    def is_known(self) -> bool:
        """Whether the vendor's page documents this value."""
        return self._name_ in JobStatus.__members__


@dataclass(frozen=True)
class Word:
    """One spoken word. Times are seconds from the start of the audio, None where the API gave none."""

    text: str
    start: float | None
    end: float | None
    raw: Json = field(default_factory=dict, repr=False, compare=False)

    @classmethod
    def from_json(cls, data: Json) -> Self:
        """Read a word in any of the shapes that speech services use (the vendor documents none)."""
        text = next((data[name] for name in ("word", "text", "punctuated_word") if data.get(name)), "")
        return cls(str(text), *read.times(data), raw=data)


@dataclass(frozen=True)
class Segment:
    """A stretch of speech by one speaker; segments may overlap.

    :param segment_no: our own number, 0-based in time order, unique within a transcription.
    :param segment_idx: the API's number, which is not unique.
    :param speaker: the bare label ("0", not "SPEAKER_0"), None where unknown.
    :param start: seconds from the start of the audio; None in a segment made from plain text.
    """

    segment_no: int
    speaker: str | None
    text: str
    start: float | None = None
    end: float | None = None
    words: tuple[Word, ...] = ()
    segment_idx: int | None = None
    raw: Json = field(default_factory=dict, repr=False, compare=False)

    @classmethod
    def from_json(cls, data: Json, segment_no: int = 0) -> Self:
        """Read one segment; ``segment_no`` is its place in time order."""
        return cls(
            segment_no,
            speech.bare_speaker(data.get("speaker")),
            read.text(data.get("text")) or "",
            *read.times(data),
            words=tuple(Word.from_json(word) for word in read.objects(data.get("words"))),
            segment_idx=read.integer(data.get("segment_idx")),
            raw=data,
        )


@dataclass(frozen=True)
class Submission:
    """The answer to a submit. With ``cache=true`` it may be an old job, already completed."""

    id: JobId
    status: JobStatus
    created_at: datetime | None = None
    cached: bool | None = None
    original_audio_url: str | None = field(default=None, repr=False)
    raw: Json = field(default_factory=dict, repr=False, compare=False)

    @classmethod
    def from_json(cls, data: Json) -> Self:
        """Read the answer to a submit.

        :raises FluxionsResponseError: it has no usable id, so a job may exist that we cannot name.
        """
        return cls(
            id=_job_id(data),
            status=JobStatus(data.get("status", "")),
            created_at=read.instant(data.get("created_at")),
            cached=read.boolean(data.get("cached")),
            original_audio_url=read.text(data.get("original_audio_url")),
            raw=data,
        )


@dataclass(frozen=True)
class Job:
    """One transcription job as the list and single reads show it, without its text.

    ``audio_duration`` and ``processing_time`` are seconds. The two URLs are signed links that expire.
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

        :raises FluxionsResponseError: it has no usable id.
        """
        return cls(**_job_fields(data))


@dataclass(frozen=True)
class Transcription(Job):
    """A job with its transcript.

    ``text`` and ``segments`` are as the API gave them, segments sorted by time. Where one of the two is
    missing, it is made from the other: text by joining segments, segments (untimed) from speaker turns.
    """

    text: str = ""
    segments: tuple[Segment, ...] = ()

    @classmethod
    def from_json(cls, data: Json) -> Self:
        """Read a single transcription in the page's shape or the live API's.

        :raises FluxionsResponseError: it has no usable id.
        """
        text = read.text(data.get("text")) or ""
        segments = _segments(data.get("segments"))
        if not segments and text:
            turns = enumerate(speech.parse_turns(text))
            segments = tuple(Segment(number, turn.speaker, turn.text) for number, turn in turns)
        elif segments and not text:
            text = speech.render_turns(speech.merge_turns((part.speaker, part.text) for part in segments))
        return cls(**_job_fields(data), text=text, segments=segments)


@dataclass(frozen=True)
class Page:
    """One page of the account's transcriptions. The order of jobs is not documented: check, never assume."""

    transcriptions: tuple[Job, ...]
    total: int | None = None
    limit: int | None = None
    offset: int | None = None
    raw: Json = field(default_factory=dict, repr=False, compare=False)

    @classmethod
    def from_json(cls, data: Json) -> Self:
        """Read one page.

        :raises FluxionsResponseError: there is no list of transcriptions, or one entry has no id. A
            partial page would make jobs look absent that exist.
        """
        entries = data.get("transcriptions")
        if not isinstance(entries, list) or not all(isinstance(entry, dict) for entry in entries):
            raise FluxionsResponseError(
                "Fluxions answered a list request without a list of transcriptions; "
                f"the answer's fields are {sorted(data)}."
            )
        return cls(
            transcriptions=tuple(Job.from_json(entry) for entry in entries),
            total=read.integer(data.get("total")),
            limit=read.integer(data.get("limit")),
            offset=read.integer(data.get("offset")),
            raw=data,
        )


def _job_fields(data: Json) -> dict[str, Any]:
    return {
        "id": _job_id(data),
        "status": JobStatus(data.get("status", "")),
        "created_at": read.instant(data.get("created_at")),
        "updated_at": read.instant(data.get("updated_at")),
        "filename": read.text(data.get("filename")),
        "error_message": read.text(data.get("error_message")),
        "audio_duration": read.number(data.get("audio_duration")),
        "audio_format": read.text(data.get("audio_format")),
        "processing_time": read.number(data.get("processing_time")),
        "language": read.text(data.get("language")),
        "non_speech": read.boolean(data.get("non_speech")),
        "num_chunks": read.integer(data.get("num_chunks")),
        "num_segments": read.integer(data.get("num_segments")),
        "num_speakers": read.integer(data.get("num_speakers")),
        "cached": read.boolean(data.get("cached")),
        "audio_url": read.text(data.get("audio_url")),
        "original_audio_url": read.text(data.get("original_audio_url")),
        "raw": data,
    }


def _segments(value: Any) -> tuple[Segment, ...]:
    """Sort by (start, end, position); an untimed segment stays behind the one before it."""
    keyed: list[tuple[tuple[float, float, int], Json]] = []
    key = (0.0, 0.0, -1)
    for position, data in enumerate(read.objects(value)):
        start, end = read.times(data)
        if start is not None:
            key = (start, start if end is None else end, position)
        keyed.append((key, data))
    keyed.sort(key=lambda item: item[0])
    return tuple(Segment.from_json(item[1], number) for number, item in enumerate(keyed))


def _job_id(data: Json) -> JobId:
    value = data.get("id")
    if isinstance(value, int | str) and not isinstance(value, bool) and str(value).strip():
        return value
    raise FluxionsResponseError(
        f"Fluxions answered without a usable job id (id={value!r}); the answer's fields are {sorted(data)}."
    )
