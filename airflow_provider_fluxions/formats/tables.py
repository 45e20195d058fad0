"""A transcription as rows of tables, with plain values by column. `parquet` and `jsonl` write them.

The columns never depend on the request or the response; an unknown value is None. Times are seconds from the start of
the audio. Keys are transcription_id, and the ``_no`` columns that count within it. The id is text even if the API
returns a number, because the API does not promise numbers and a result must not fail because of its id.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from types import MappingProxyType
from typing import Any, Protocol

from airflow_provider_fluxions.api.ids import job_key
from airflow_provider_fluxions.api.job_reference import reference_in
from airflow_provider_fluxions.api.models import Transcription
from airflow_provider_fluxions.api.transcript.segments import Segment, times_of
from airflow_provider_fluxions.formats import raw_json
from airflow_provider_fluxions.formats.base import Provenance
from airflow_provider_fluxions.formats.signed_links import without_signed_links
from airflow_provider_fluxions.version import __version__

# Increases when a column is removed or changes its meaning, and not for a new column.
SCHEMA_VERSION = "1"

# The rate of a shorter segment is meaningless and might be too large for a number.
MIN_RATED_SECONDS = 0.001

Row = dict[str, Any]


class Rows(Protocol):
    """Function that returns the rows of one table."""

    def __call__(self, transcription: Transcription, provenance: Provenance, /) -> Iterable[Row]:
        """Return the rows, in the order of their key."""


def transcripts(transcription: Transcription, provenance: Provenance) -> Iterator[Row]:
    """Yield the one row of a transcription. Counts with the prefix ``n_`` are computed, the others are the API's."""
    spans = _spans(transcription)
    speech_s = _union(spans)
    yield {
        "transcription_id": job_key(transcription.id),
        "source_uri": provenance.source_uri,
        "source_etag": provenance.source_etag,
        "source_bytes": provenance.source_bytes,
        "stored_uri": provenance.stored_uri,
        "client_ref": provenance.client_ref or reference_in(transcription.filename),
        "filename": transcription.filename,
        "status": str(transcription.status),
        "error_message": without_signed_links(transcription.error_message or "") or None,
        "created_at": transcription.created_at,
        "updated_at": transcription.updated_at,
        "audio_duration_s": transcription.audio_duration,
        "audio_format": transcription.audio_format,
        "processing_time_s": transcription.processing_time,
        "language": transcription.language,
        "non_speech_requested": provenance.non_speech_requested,
        "non_speech": transcription.non_speech,
        "cached": transcription.cached,
        "num_chunks": transcription.num_chunks,
        "num_segments": transcription.num_segments,
        "num_speakers": transcription.num_speakers,
        "n_segments": len(transcription.segments),
        "n_words": len(transcription.words),
        "n_events": len(transcription.events),
        "n_turns": len(transcription.turns),
        "speech_s": speech_s,
        "overlap_s": sum(end - start for start, end in spans) - speech_s,
        "text": transcription.text,
        "text_clean": transcription.text_clean,
        "dag_id": provenance.dag_id,
        "task_id": provenance.task_id,
        "run_id": provenance.run_id,
        "map_index": provenance.map_index,
        "provider_version": __version__,
        "schema_version": SCHEMA_VERSION,
        "ingested_at": provenance.ingested_at,
        "raw_json": raw_json.write(transcription).decode().rstrip("\n") if transcription.raw else None,
    }


def segments(transcription: Transcription, _origin: Provenance) -> Iterator[Row]:
    """Yield the segments in time order. ``gap_prev_s`` is negative if a segment overlaps an earlier one."""
    turn_of = {number: turn.turn_no for turn in transcription.turns for number in turn.segment_nos}
    key = job_key(transcription.id)
    latest_end: float | None = None
    for part in transcription.segments:
        start, end = times_of(part)
        duration = None if start is None or end is None else end - start
        gap = None if start is None or latest_end is None else start - latest_end
        n_words = len(part.spoken_words)
        yield {
            "transcription_id": key,
            "segment_no": part.segment_no,
            "segment_idx_raw": part.segment_idx,
            "turn_no": turn_of.get(part.segment_no),
            "speaker": part.speaker,
            "speaker_name": transcription.name_of(part.speaker),
            "start_s": start,
            "end_s": end,
            "duration_s": duration,
            "gap_prev_s": gap,
            "overlaps_prev": None if gap is None else gap < 0,
            "text": part.text,
            "text_clean": part.text_clean,
            "n_words": n_words,
            "words_per_min": n_words * 60 / duration if duration and duration >= MIN_RATED_SECONDS else None,
        }
        latest_end = end if latest_end is None else max(latest_end, end if end is not None else latest_end)


def words(transcription: Transcription, _origin: Provenance) -> Iterator[Row]:
    """Yield every word, also words that the API's list omits. ``timing`` is the origin of the times."""
    key = job_key(transcription.id)
    for part in transcription.segments:
        for number, word in enumerate(part.spoken_words):
            yield {
                "transcription_id": key,
                "segment_no": part.segment_no,
                "word_no": number,
                "speaker": part.speaker,
                "word": word.text,
                "start_s": word.start,
                "end_s": word.end,
                "confidence": word.confidence,
                "timing": word.timing,
            }


def events(transcription: Transcription, _origin: Provenance) -> Iterator[Row]:
    """Yield the non-speech events."""
    key = job_key(transcription.id)
    for event in transcription.events:
        yield {
            "transcription_id": key,
            "event_no": event.event_no,
            "kind": event.kind,
            "raw": event.raw,
            "speaker": event.speaker,
            "turn_no": event.turn_no,
            "segment_no": event.segment_no,
            "start_s": event.start,
            "end_s": event.end,
            "timing": event.timing,
            "char_offset": event.char_offset,
            "word_before": event.word_before,
            "word_after": event.word_after,
            "source": event.source,
        }


def turns(transcription: Transcription, _origin: Provenance) -> Iterator[Row]:
    """Yield the turns of the text. Times are None if a turn was not located in the segments."""
    key = job_key(transcription.id)
    for turn in transcription.turns:
        yield {
            "transcription_id": key,
            "turn_no": turn.turn_no,
            "speaker": turn.speaker,
            "speaker_name": transcription.name_of(turn.speaker),
            "text": turn.text,
            "text_clean": turn.text_clean,
            "start_s": turn.start,
            "end_s": turn.end,
        }


TABLES: Mapping[str, Rows] = MappingProxyType(
    {"transcripts": transcripts, "segments": segments, "words": words, "events": events, "turns": turns}
)


def _spans(transcription: Transcription) -> list[tuple[float, float]]:
    return [span for part in transcription.segments if (span := _span(part)) is not None]


def _span(part: Segment) -> tuple[float, float] | None:
    start, end = times_of(part)
    return None if start is None or end is None or end <= start else (start, end)


def _union(spans: Iterable[tuple[float, float]]) -> float:
    """Return how long at least one of the spans lasts, in seconds."""
    total, reached = 0.0, float("-inf")
    for start, end in sorted(spans):
        total += max(0.0, end - max(start, reached))
        reached = max(reached, end)
    return total
