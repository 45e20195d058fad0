"""A transcription as JSON for the page. No I/O."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from airflow_provider_fluxions.api.ids import job_key
from airflow_provider_fluxions.api.models import Event, Segment, Transcription
from airflow_provider_fluxions.api.transcript.segments import times_of

# More than a window shows: the page draws them before it reads the next line.
FIRST_SEGMENTS = 100
# About 5 ms of a browser's time.
LINE_SEGMENTS = 1000


def transcript_json(transcription: Transcription, cost: float | None = None) -> dict[str, Any]:
    """Return speakers in the order of appearance, segments with their words, and events; times in seconds."""
    return {
        **_facts(transcription, cost),
        "segments": [_segment(part) for part in transcription.segments],
        "events": [_event(event) for event in transcription.events],
    }


def transcript_head(transcription: Transcription, cost: float | None = None) -> dict[str, Any]:
    """Return the first line for a page that draws segments as they arrive: `transcript_json` without them."""
    ends = [end if end is not None else start for start, end in map(times_of, transcription.segments)]
    return {
        **_facts(transcription, cost),
        "seconds": _ms(max([transcription.audio_duration or 0.0, *(end for end in ends if end is not None)])),
        "segment_count": len(transcription.segments),
        "timed_event_count": sum(event.start is not None for event in transcription.events),
    }


def transcript_parts(transcription: Transcription) -> Iterator[dict[str, Any]]:
    """Yield the lines after the first: segments with their events. Events without a segment come last."""
    segments = transcription.segments
    events: dict[int | None, list[Event]] = {}
    for event in transcription.events:
        events.setdefault(event.segment_no, []).append(event)
    for some in _runs(segments):
        own = [event for part in some for event in events.pop(part.segment_no, [])]
        yield {"segments": [_segment(part) for part in some], "events": [_event(event) for event in own]}
    if rest := [event for some_events in events.values() for event in some_events]:
        yield {"segments": [], "events": [_event(event) for event in rest]}


def _runs(segments: Sequence[Segment]) -> Iterator[Sequence[Segment]]:
    first = 0
    while first < len(segments):
        after = first + (LINE_SEGMENTS if first else FIRST_SEGMENTS)
        yield segments[first:after]
        first = after


def _facts(transcription: Transcription, cost: float | None) -> dict[str, Any]:
    return {
        "job_id": job_key(transcription.id),
        "language": transcription.language,
        "audio_seconds": _ms(transcription.audio_duration),
        "cost": cost,
        "is_timed": transcription.is_timed,
        "speakers": _speakers(transcription),
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
