"""The queries of dags_examples/lakehouse.py, asked of files that we write, without Airflow."""

from __future__ import annotations

import ast
from pathlib import Path
from typing import Any

import duckdb
import pytest

from airflow_provider_fluxions.api.models import Transcription
from airflow_provider_fluxions.formats import render_files

EXAMPLE = Path(__file__).parents[3] / "dags_examples" / "lakehouse.py"


def constant(name: str) -> Any:
    """Return a literal of the example, which cannot be imported without Airflow."""
    for node in ast.parse(EXAMPLE.read_text()).body:
        if isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) == name:
            return ast.literal_eval(node.value)
    raise KeyError(name)


CALL = {
    "id": 1,
    "status": "completed",
    "audio_duration": 60.0,
    "segments": [
        {"speaker": "0", "text": "Good morning. [laugh]", "start": 0, "end": 10},
        {"speaker": "1", "text": "haha, wait", "start": 8, "end": 13},  # interrupts
        {"speaker": "0", "text": "so [pause] yes", "start": 20, "end": 30},
        {"speaker": "1", "text": "no", "start": 30, "end": 35},  # does not
    ],
}
MEMO = {"id": 2, "status": "completed", "audio_duration": 10.0, "segments": [{"text": "hm", "start": 1, "end": 3}]}
SILENT = {"id": 3, "status": "completed", "audio_duration": 5.0, "segments": []}


@pytest.fixture(scope="module")
def lake(tmp_path_factory: pytest.TempPathFactory) -> duckdb.DuckDBPyConnection:
    """Three recordings of two nights, loaded as the example does it."""
    folder = tmp_path_factory.mktemp("lake")
    for night, answer in (("2026-01-30", CALL), ("2026-01-31", MEMO), ("2026-01-31", SILENT)):
        place = folder / f"ingest_date={night}"
        place.mkdir(exist_ok=True)
        files = render_files(Transcription.from_json(answer), "parquet", speaker_names={"0": "Ann"})
        for extension, body in files.items():
            (place / f"{answer['id']}.mp3{extension}").write_bytes(body)
    database = duckdb.connect()
    for table in constant("TABLES"):
        database.execute(constant("LOAD").format(table=table, folder=folder))
    return database


def ask(lake: duckdb.DuckDBPyConnection, question: str) -> list[Any]:
    return list(lake.execute(constant("QUESTIONS")[question]).fetchall())


@pytest.mark.slow
def test_the_share_of_each_speaker(lake: duckdb.DuckDBPyConnection) -> None:
    assert ask(lake, "talk_ratio") == [("1", "Ann", 0.667), ("1", "1", 0.333), ("2", None, 1.0)]


def test_who_interrupted_whom_and_how_often(lake: duckdb.DuckDBPyConnection) -> None:
    assert ask(lake, "interruptions") == [("1", "1", 1)]


def test_laughs_per_hour_count_tags_and_written_laughs_and_no_other_events(lake: duckdb.DuckDBPyConnection) -> None:
    assert ask(lake, "laughs_per_hour") == [("1", 2, 120.0), ("2", 0, 0.0), ("3", 0, 0.0)]


def test_silence_is_what_no_segment_covers(lake: duckdb.DuckDBPyConnection) -> None:
    assert ask(lake, "silence") == [("1", 32.0, 7.0), ("2", 8.0, 0.0), ("3", 5.0, 0.0)]


def test_each_question_of_the_example_is_asked_here(lake: duckdb.DuckDBPyConnection) -> None:
    assert set(constant("QUESTIONS")) == {"talk_ratio", "interruptions", "laughs_per_hour", "silence"}


def test_the_night_is_a_column_because_of_the_folders_names(lake: duckdb.DuckDBPyConnection) -> None:
    query = "SELECT CAST(ingest_date AS VARCHAR), count(*) FROM transcripts GROUP BY ALL ORDER BY ALL"
    assert lake.execute(query).fetchall() == [("2026-01-30", 1), ("2026-01-31", 2)]
