"""``jsonl``: one JSON object a segment, one line each, for tables and search indexes.

Every line has the same members whatever was asked of the API, so that a table's schema never depends
on a task's options. Times are seconds from the start of the audio, null in a segment that has none.
"""

from __future__ import annotations

import json

from airflow_provider_fluxions.api import speech
from airflow_provider_fluxions.api.models import Segment, Transcription
from airflow_provider_fluxions.formats.base import Format

_ENCODER = json.JSONEncoder(ensure_ascii=False, allow_nan=False, separators=(",", ":"))
# Legal inside JSON text, but taken for line ends by str.splitlines and JavaScript readers.
_LINE_ENDS = {ord(char): f"\\u{ord(char):04x}" for char in "\x85\u2028\u2029"}


def write(transcription: Transcription) -> bytes:
    """Write the segments in time order, UTF-8."""
    rows = (_ENCODER.encode(_row(transcription, segment)) for segment in transcription.segments)
    text = "".join(f"{row}\n" for row in rows).translate(_LINE_ENDS)
    return text.encode("utf-8", errors="backslashreplace")  # see raw_json.py


def _row(transcription: Transcription, segment: Segment) -> dict[str, object]:
    return {
        "transcription_id": transcription.id,
        "segment_no": segment.segment_no,
        "speaker": segment.speaker,
        "start": segment.start,
        "end": segment.end,
        "text": segment.text,
        "text_clean": speech.clean_text(segment.text),
    }


FORMAT = Format("jsonl", ".jsonl", "application/x-ndjson", write)
