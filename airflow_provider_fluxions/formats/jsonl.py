"""``jsonl``: one JSON object in each line, for tables and search indexes: segments, and other tables on request.

Every line of a table has the same members with any options of the request, so a table's schema never depends on
a task's options. Times are seconds from the start of the audio, or null.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from airflow_provider_fluxions.api.ids import job_key
from airflow_provider_fluxions.api.models import Transcription
from airflow_provider_fluxions.formats.base import UNKNOWN_PROVENANCE, Provenance
from airflow_provider_fluxions.formats.table_format import TableFormat, TableOptions
from airflow_provider_fluxions.formats.tables import TABLES

# Legal inside JSON text, but line ends for str.splitlines and JavaScript readers.
_LINE_ENDS = {ord(char): f"\\u{ord(char):04x}" for char in "\x85\u2028\u2029"}


@dataclass(frozen=True)
class JsonlOptions(TableOptions):
    """As `TableOptions`, with only segments by default: ``<base>.jsonl``. Words are in ``<base>.words.jsonl``."""

    tables: tuple[str, ...] = ("segments",)


DEFAULTS = JsonlOptions()


def write(transcription: Transcription, options: JsonlOptions = DEFAULTS) -> bytes:
    """Write the one table that the options name, in the order of its key, UTF-8.

    :raises FluxionsFormatError: if they name several tables.
    """
    return write_table(transcription, options.only_table(transcription), UNKNOWN_PROVENANCE)


def write_table(transcription: Transcription, table: str, provenance: Provenance) -> bytes:
    """Write one table, UTF-8."""
    rows = _segments(transcription) if table == "segments" else TABLES[table](transcription, provenance)
    text = "".join(f"{_ENCODER.encode(row)}\n" for row in rows).translate(_LINE_ENDS)
    return text.encode("utf-8", errors="backslashreplace")  # see raw_json.py


def _segments(transcription: Transcription) -> Iterator[dict[str, object]]:
    for segment in transcription.segments:
        yield {
            "transcription_id": job_key(transcription.id),
            "segment_no": segment.segment_no,
            "speaker": segment.speaker,
            "speaker_name": transcription.name_of(segment.speaker),
            "start": segment.start,
            "end": segment.end,
            "text": segment.text,
            "text_clean": segment.text_clean,
        }


def _instant(value: Any) -> str:
    if isinstance(value, datetime):
        return value.isoformat()
    raise TypeError(f"{type(value).__name__} is not a JSON value")


_ENCODER = json.JSONEncoder(ensure_ascii=False, allow_nan=False, separators=(",", ":"), default=_instant)

FORMAT = TableFormat(
    "jsonl", ".jsonl", "application/x-ndjson", write, JsonlOptions, write_table=write_table, main="segments"
)
