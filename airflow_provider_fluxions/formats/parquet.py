"""``parquet``: one file for each table: ``<base>.transcripts.parquet``, ``<base>.segments.parquet`` and so on.

Needs the extra ``parquet``. Schemas are explicit, so an empty table keeps its columns, and the type of a column never
depends on a transcription. A number or an instant that a column cannot store is null; ``raw_json`` has it.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from itertools import islice
from typing import Any

from airflow_provider_fluxions.api.errors import FluxionsFormatError
from airflow_provider_fluxions.api.models import Transcription
from airflow_provider_fluxions.formats.base import UNKNOWN_PROVENANCE, Provenance
from airflow_provider_fluxions.formats.table_format import TableFormat, TableOptions
from airflow_provider_fluxions.formats.tables import TABLES, Row

# Maximum rows of plain Python at once. A row of Python values takes ten times the memory of Arrow's.
BATCH_ROWS = 10_000

# Column and type, with "!" if it is never null. "dictionary" is text with few different values.
_SCHEMAS: Mapping[str, str] = {
    "transcripts": """
        transcription_id string!, source_uri string, source_etag string, source_bytes int64, stored_uri string,
        client_ref string, filename string, status string!, error_message string, created_at instant,
        updated_at instant, audio_duration_s float64, audio_format string, processing_time_s float64,
        language string, non_speech_requested bool, non_speech bool, cached bool, num_chunks int64,
        num_segments int64, num_speakers int64, n_segments int32!, n_words int32!, n_events int32!, n_turns int32!,
        speech_s float64!, overlap_s float64!, text large_string!, text_clean large_string!, dag_id string,
        task_id string, run_id string, map_index int32, provider_version string!, schema_version string!,
        ingested_at instant, raw_json large_string""",
    "segments": """
        transcription_id string!, segment_no int32!, segment_idx_raw int64, turn_no int32, speaker string,
        speaker_name string, start_s float64, end_s float64, duration_s float64, gap_prev_s float64,
        overlaps_prev bool, text string!, text_clean string!, n_words int32!, words_per_min float32""",
    "words": """
        transcription_id string!, segment_no int32!, word_no int32!, speaker string, word string!, start_s float64,
        end_s float64, confidence float32, timing dictionary!""",
    "events": """
        transcription_id string!, event_no int32!, kind string!, raw string!, speaker string, turn_no int32,
        segment_no int32, start_s float64, end_s float64, timing dictionary!, char_offset int32!,
        word_before string, word_after string, source dictionary!""",
    "turns": """
        transcription_id string!, turn_no int32!, speaker string, speaker_name string, text string!,
        text_clean string!, start_s float64, end_s float64""",
}


DEFAULTS = TableOptions()


def schema(table: str) -> Any:
    """Return a table's ``pyarrow.Schema``.

    :raises FluxionsFormatError: if the extra ``parquet`` is not installed.
    """
    arrow = _pyarrow()
    types = {
        "string": arrow.string(),
        "large_string": arrow.large_string(),
        "int32": arrow.int32(),
        "int64": arrow.int64(),
        "float32": arrow.float32(),
        "float64": arrow.float64(),
        "bool": arrow.bool_(),
        "instant": arrow.timestamp("us", tz="UTC"),
        "dictionary": arrow.dictionary(arrow.int8(), arrow.string()),
    }
    columns = [column.split() for column in _SCHEMAS[table].split(",")]
    return arrow.schema(
        [arrow.field(name, types[kind.rstrip("!")], nullable=not kind.endswith("!")) for name, kind in columns]
    )


def write(transcription: Transcription, options: TableOptions = DEFAULTS) -> bytes:
    """Write the one table that the options name.

    :raises FluxionsFormatError: if they name several tables, if a value does not fit its column, or if the extra
        ``parquet`` is not installed.
    """
    return write_table(transcription, options.only_table(transcription), UNKNOWN_PROVENANCE)


def write_table(transcription: Transcription, table: str, provenance: Provenance) -> bytes:
    """Write one table, compressed with zstd. Only one batch of rows is in memory as plain Python.

    :raises FluxionsFormatError: if a value does not fit its column, or if the extra ``parquet`` is not installed.
    """
    arrow = _pyarrow()
    from pyarrow import parquet

    columns = schema(table)
    sink = arrow.BufferOutputStream()
    rows = iter(TABLES[table](transcription, provenance))
    try:
        with parquet.ParquetWriter(sink, columns, compression="zstd") as writer:
            while batch := list(islice(rows, BATCH_ROWS)):
                writer.write_table(_arrow_table(arrow, batch, columns))
    except (arrow.ArrowException, OverflowError) as error:
        raise FluxionsFormatError(
            f"A value of transcription {transcription.id} does not fit the table {table}: {error}",
            job_id=transcription.id,
        ) from error
    data: bytes = sink.getvalue().to_pybytes()
    return data


def _arrow_table(arrow: Any, rows: list[Row], columns: Any) -> Any:
    values = {one.name: [_fitting(row.get(one.name), one.type) for row in rows] for one in columns}
    return arrow.Table.from_pydict(values, schema=columns)


def _fitting(value: Any, kind: Any) -> Any:
    """Return a value as its column can store it, or None, so that a charged result is always written."""
    if isinstance(value, str):
        # Half surrogate pairs, which are valid in JSON and not in UTF-8, become question marks.
        return value if value.isascii() else value.encode("utf-8", errors="replace").decode()
    if isinstance(value, int) and not isinstance(value, bool):
        return value if abs(value) < 1 << (kind.bit_width - 1) else None
    if isinstance(value, datetime):
        try:
            return value.astimezone(UTC)
        except OverflowError:  # an offset at the first or last possible day
            return None
    return value


def _pyarrow() -> Any:
    try:
        import pyarrow
    except ImportError as error:
        raise FluxionsFormatError(
            "The parquet format needs pyarrow: pip install 'airflow-provider-fluxions[parquet]'."
        ) from error
    return pyarrow


FORMAT = TableFormat(
    "parquet", ".parquet", "application/vnd.apache.parquet", write, TableOptions, _pyarrow, write_table=write_table
)
