"""A transcription as JSON for the page. No I/O."""

from __future__ import annotations

from typing import Any

from airflow_provider_fluxions.api.ids import job_key
from airflow_provider_fluxions.api.models import Event, Segment, Transcription
from airflow_provider_fluxions.api.transcript.segments import times_of


def transcript_json(transcription: Transcription, cost: float | None = None) -> dict[str, Any]:
    """Return speakers in the order of appearance, segments with their words, and events; times in seconds."""
    return {
        "job_id": job_key(transcription.id),
        "language": transcription.language,
        "audio_seconds": _ms(transcription.audio_duration),
        "cost": cost,
        "is_timed": transcription.is_timed,
        "speakers": _speakers(transcription),
        "segments": [_segment(part) for part in transcription.segments],
        "events": [_event(event) for event in transcription.events],
    }


def _speakers(transcription: Transcription) -> list[dict[str, Any]]:
    seconds: dict[str, float] = {}
    for part in transcription.segments:
        if part.speaker is not None:
            start, end = times_of(part)
            length = max(0.0, end - start) if start is not None and end is not None else 0.0
            seconds[part.speaker] = seconds.get(part.speaker, 0.0) + length
    return [
        {"id": speaker, "name": transcription.name_of(speaker), "seconds": _ms(length)}
        for speaker, length in seconds.items()
    ]


def _segment(part: Segment) -> dict[str, Any]:
    start, end = times_of(part)
    # Without the API's words all times would be estimates, and a highlight must not use them.
    words = part.spoken_words if part.words else ()
    return {
        "no": part.segment_no,
        "speaker": part.speaker,
        "start": _ms(start),
        "end": _ms(end),
        "text": part.text_clean,
        "words": [[word.text, _ms(word.start), _ms(word.end)] for word in words],
    }


def _event(event: Event) -> dict[str, Any]:
    return {
        "kind": event.kind,
        "raw": event.raw,
        "speaker": event.speaker,
        "segment_no": event.segment_no,
        "start": _ms(event.start),
        "end": _ms(event.end),
    }


def _ms(seconds: float | None) -> float | None:
    # Whole milliseconds: a float such as 0.30000000000000004 would double the size of a response with thousands of
    # words.
    return None if seconds is None else round(seconds, 3)
