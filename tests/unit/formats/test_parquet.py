"""``parquet``: schemas that never change, rows that agree with the model, as pyarrow and DuckDB read them."""

from __future__ import annotations

import io
import json
import re
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import duckdb
import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st

from airflow_provider_fluxions.api.errors import FluxionsFormatError
from airflow_provider_fluxions.api.models import Transcription
from airflow_provider_fluxions.formats import choose_installed, parquet, render, render_files
from airflow_provider_fluxions.formats.base import Provenance
from airflow_provider_fluxions.formats.tables import TABLES
from tests.unit.formats.hostile import ANSWERS

TABLES_NAMED = tuple(TABLES)
TEXT_OR_NONE = st.none() | st.text(max_size=8)


def tables(result: Transcription) -> dict[str, Any]:
    written = {name: render(result, "parquet", tables=[name]) for name in TABLES_NAMED}
    return {name: pq.read_table(io.BytesIO(body)) for name, body in written.items()}


def test_a_missing_extra_is_told_before_there_is_anything_to_write(monkeypatch: pytest.MonkeyPatch) -> None:
    assert len(choose_installed(["json", "parquet"])) == 2
    monkeypatch.setitem(sys.modules, "pyarrow", None)  # as where it is not installed
    with pytest.raises(FluxionsFormatError, match=r"pip install 'airflow-provider-fluxions\[parquet\]'"):
        choose_installed(["json", "parquet"])


@pytest.mark.parametrize("table", TABLES_NAMED)
def test_every_schema_is_the_same_for_every_result(table: str) -> None:
    different = []
    for case, answer in ANSWERS.items():
        read = pq.read_schema(io.BytesIO(render(Transcription.from_json(answer), "parquet", tables=[table])))
        if not read.equals(parquet.schema(table), check_metadata=False):
            different.append(case)
    assert different == []


@pytest.mark.parametrize("case", ANSWERS)
def test_counts_agree_with_the_model(case: str) -> None:
    result = Transcription.from_json(ANSWERS[case])
    read = tables(result)
    (facts,) = read["transcripts"].to_pylist()
    counted = {name: read[name].num_rows for name in ("segments", "words", "events", "turns")}
    assert counted == {
        "segments": len(result.segments),
        "words": len(result.words),
        "events": len(result.events),
        "turns": len(result.turns),
    }
    assert {name: facts[f"n_{name}"] for name in counted} == counted
    assert sum(row["n_words"] for row in read["segments"].to_pylist()) == counted["words"]


def test_a_table_has_every_column_that_its_rows_have() -> None:
    result = Transcription.from_json(ANSWERS["words"])
    for name, rows in TABLES.items():
        for row in rows(result, Provenance()):
            assert set(row) <= set(parquet.schema(name).names)


def test_keys_are_unique_and_in_order() -> None:
    read = tables(Transcription.from_json(ANSWERS["words"]))
    for name, key in {"segments": ["segment_no"], "words": ["segment_no", "word_no"], "events": ["event_no"]}.items():
        rows = [tuple(row[one] for one in key) for row in read[name].to_pylist()]
        assert rows == sorted(set(rows))


def test_a_transcript_keeps_the_json_from_which_all_can_be_made_again() -> None:
    result = Transcription.from_json(ANSWERS["page"])
    (facts,) = tables(result)["transcripts"].to_pylist()
    again = json.loads(facts["raw_json"])
    assert again == {**ANSWERS["page"], "audio_url": None}


def test_speech_and_overlap_are_seconds() -> None:
    (facts,) = tables(Transcription.from_json(ANSWERS["page"]))["transcripts"].to_pylist()
    # 0.86 to 7.2 and 7.5 to 9.8; 6.0 to 6.42 twice.
    assert facts["speech_s"] == pytest.approx(6.34 + 2.3)
    assert facts["overlap_s"] == pytest.approx(0.42)


def test_a_segment_that_begins_before_the_one_before_it_ends_has_a_negative_gap() -> None:
    rows = tables(Transcription.from_json(ANSWERS["page"]))["segments"].to_pylist()
    assert [row["overlaps_prev"] for row in rows] == [None, True, False]
    assert rows[1]["gap_prev_s"] == pytest.approx(-0.42)


def test_what_is_known_of_the_source_is_in_the_transcripts() -> None:
    provenance = Provenance(source_uri="s3://in/a.mp3", source_bytes=7, run_id="r")
    body = parquet.write_table(Transcription.from_json({"id": 1}), "transcripts", provenance)
    (row,) = pq.read_table(io.BytesIO(body)).to_pylist()
    known = ("source_uri", "source_bytes", "run_id", "source_etag")
    assert [row[name] for name in known] == ["s3://in/a.mp3", 7, "r", None]


@pytest.mark.parametrize("job_id", [124, "abc", 2**63, "9" * 30])
def test_the_job_id_is_the_key_of_every_row(job_id: Any) -> None:
    read = tables(Transcription.from_json({**ANSWERS["words"], "id": job_id}))
    for table in read.values():
        assert {row["transcription_id"] for row in table.to_pylist()} == {str(job_id)}


def test_a_reference_in_the_file_name_is_the_clients_unless_the_task_knows_better() -> None:
    result = Transcription.from_json({"id": 1, "filename": "call--0123456789abcdef.mp3"})
    for provenance, reference in ((Provenance(), "0123456789abcdef"), (Provenance(client_ref="mine"), "mine")):
        (row,) = pq.read_table(io.BytesIO(parquet.write_table(result, "transcripts", provenance))).to_pylist()
        assert row["client_ref"] == reference


def test_every_column_of_a_full_result_and_its_origin_has_a_value() -> None:
    """No column is only promised."""
    answer = {**ANSWERS["page"], "error_message": "none", "cached": False}
    provenance = Provenance(
        "s3://in/a.mp3", "etag", 7, "s3://out/a.json", "ref", True, "d", "t", "r", -1, datetime.now(UTC)
    )
    body = parquet.write_table(Transcription.from_json(answer), "transcripts", provenance)
    (row,) = pq.read_table(io.BytesIO(body)).to_pylist()
    assert [name for name, value in row.items() if value is None] == []


def test_the_documentation_lists_each_column_with_its_type() -> None:
    text = (Path(__file__).parents[3] / "docs" / "reference" / "tables.md").read_text()
    for name in TABLES_NAMED:
        columns = text.split(f"\n## {name}\n", 1)[1].partition("\n## ")[0]
        kinds = re.findall(r"^\| `(\w+)` \| (\w+) \|", columns, re.MULTILINE)
        assert kinds == [(one.name, _documented(str(one.type))) for one in parquet.schema(name)]


def _documented(kind: str) -> str:
    """Return a type as the documentation writes it; `double` and `float` are pyarrow's words."""
    words = {"double": "float64", "float": "float32", "timestamp[us, tz=UTC]": "instant"}
    return "dictionary" if kind.startswith("dictionary") else words.get(kind, kind)


@pytest.mark.parametrize(
    ("number", "held"), [(2**31, 2**31), (2**62, 2**62), (2**63, None), (1e306, None), (-(10**400), None)]
)
def test_a_number_that_its_column_cannot_hold_is_null_and_kept_in_the_json(number: Any, held: int | None) -> None:
    answer = {"id": 1, "num_segments": number, "segments": [{"text": "a", "segment_idx": number}]}
    read = tables(Transcription.from_json(answer))
    (facts,) = read["transcripts"].to_pylist()
    assert facts["num_segments"] == held
    assert json.loads(facts["raw_json"])["num_segments"] == number
    assert read["segments"].to_pylist()[0]["segment_idx_raw"] == held


@pytest.mark.parametrize("instant", ["0001-01-01T00:00:00+23:59", "9999-12-31T23:59:59-23:59"])
def test_an_instant_that_no_column_can_hold_is_null(instant: str) -> None:
    (facts,) = tables(Transcription.from_json({"id": 1, "created_at": instant}))["transcripts"].to_pylist()
    assert facts["created_at"] is None


def test_a_signed_link_in_an_error_message_is_in_no_column() -> None:
    message = "Could not fetch https://r2.example/a?X-Amz-Signature=secret."
    (facts,) = tables(Transcription.from_json({"id": 1, "error_message": message}))["transcripts"].to_pylist()
    assert "secret" not in str(facts)


def test_duckdb_reads_the_files_of_many_recordings_as_one_table(tmp_path: Path) -> None:
    for case in ("empty", "page", "words"):
        for extension, body in render_files(Transcription.from_json(ANSWERS[case]), "parquet").items():
            (tmp_path / f"{case}{extension}").write_bytes(body)
    query = f"SELECT count(*), count(DISTINCT transcription_id) FROM '{tmp_path}/*.words.parquet'"  # noqa: S608 - our own folder
    assert duckdb.sql(query).fetchall() == [(28, 2)]


@pytest.mark.slow
@given(
    st.lists(
        st.fixed_dictionaries(
            {"text": TEXT_OR_NONE, "speaker": TEXT_OR_NONE, "start": st.none() | st.floats(), "end": st.floats()}
        ),
        max_size=4,
    ),
    TEXT_OR_NONE,
)
def test_any_answer_can_be_tabled(segments: list[dict[str, Any]], text: str | None) -> None:
    result = Transcription.from_json({"id": 1, "text": text, "segments": segments})
    assert {name: read.schema.names for name, read in tables(result).items()} == {
        name: parquet.schema(name).names for name in TABLES_NAMED
    }
