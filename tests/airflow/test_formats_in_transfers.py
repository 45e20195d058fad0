"""Format options, tables, dated partitions and conversions in the operators."""

from __future__ import annotations

import io
import sys
from datetime import UTC, datetime
from typing import Any

import pyarrow.parquet as pq
import pytest
from airflow.providers.common.compat.sdk import AirflowFailException

from airflow_provider_fluxions.api.client import FluxionsClient
from airflow_provider_fluxions.api.errors import FluxionsFormatError
from airflow_provider_fluxions.emulator import Emulator
from airflow_provider_fluxions.pipeline.partition import dated_folders, ingest_folder
from airflow_provider_fluxions.task.provenance import ingest_instant
from airflow_provider_fluxions.transfers import FluxionsConvertOperator, FluxionsS3ToS3Operator, FluxionsToS3Operator
from tests.airflow.conftest import INPUT, OUTPUT, task_context
from tests.airflow.transferring import outputs, put, read, transfer

pytestmark = pytest.mark.usefixtures("fluxions_connection")

NETFLIX = {"vtt": {"preset": "netflix"}}
TABLES = ["events", "segments", "transcripts", "words"]


def on(day: int, **changes: Any) -> dict[str, Any]:
    """Return the context of a run whose data interval ends on a day of January 2026."""
    context = task_context(run_id=f"scheduled__{day}", **changes)
    context["dag_run"].data_interval_end = datetime(2026, 1, day, tzinfo=UTC)
    return context


def convert(source: str, context: dict[str, Any] | None = None, **options: Any) -> Any:
    options = {"destination": f"s3://{OUTPUT}/more/", "formats": ["vtt"], **options}
    operator = FluxionsConvertOperator(task_id="t", source=f"s3://{OUTPUT}/{source}", **options)
    return operator.execute(context or task_context())


def jobs(emulator: Emulator) -> int:
    return len(emulator.jobs)


@pytest.mark.parametrize(
    ("operator", "arguments"),
    [
        (FluxionsS3ToS3Operator, {"source": "s3://a/", "destination": "s3://b/"}),
        (FluxionsToS3Operator, {"job_id": 1, "destination": "s3://b/"}),
        (FluxionsConvertOperator, {"source": "s3://a/", "destination": "s3://b/"}),
    ],
)
def test_a_wrong_option_fails_when_the_dag_is_parsed(operator: Any, arguments: dict[str, Any]) -> None:
    with pytest.raises(FluxionsFormatError, match="preset must be one of netflix, bbc"):
        operator(task_id="t", formats=["vtt"], format_options={"vtt": {"preset": "hbo"}}, **arguments)


def test_nothing_is_paid_for_a_format_whose_extra_is_missing(
    s3: Any,
    emulator: Emulator,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    put(s3, "a.mp3")
    monkeypatch.setitem(sys.modules, "pyarrow", None)  # as where it is not installed
    with pytest.raises(AirflowFailException, match=r"airflow-provider-fluxions\[parquet\]"):
        transfer("", formats=("json", "parquet"))
    assert jobs(emulator) == 0


def test_results_of_a_job_are_tables_and_captions_with_names(s3: Any, client: FluxionsClient) -> None:
    job = client.submit(b"audio", filename="a.mp3")
    operator = FluxionsToS3Operator(
        task_id="t",
        job_id=job.id,
        destination=f"s3://{OUTPUT}/d/",
        formats=("vtt", "parquet"),
        format_options={"vtt": {"speaker_names": {"0": "Agent"}}},
        partition_by_date=True,
    )
    uris = operator.execute(on(31))
    base = f"s3://{OUTPUT}/d/ingest_date=2026-01-31/a-{job.id}"
    assert sorted(uris) == sorted([f"{base}.vtt", *(f"{base}.{table}.parquet" for table in TABLES)])
    assert "<v Agent>" in read(s3, f"{base}.vtt")


def test_a_transfers_tables_say_where_they_come_from(s3: Any) -> None:
    put(s3, "a.mp3")
    transfer("", on(31), formats=("parquet",))
    assert outputs(s3) == {f"out/a.mp3.{table}.parquet" for table in TABLES}
    row = row_of(s3, "out/a.mp3")
    assert row["non_speech_requested"] is False
    known = {name: row[name] for name in ("source_uri", "source_bytes", "dag_id", "run_id", "map_index", "ingested_at")}
    assert known == {
        "source_uri": f"s3://{INPUT}/a.mp3",
        "source_bytes": 5,
        "dag_id": "a_dag",
        "run_id": "scheduled__31",
        "map_index": -1,
        "ingested_at": datetime(2026, 1, 31, tzinfo=UTC),
    }


def test_other_options_of_a_format_are_work_but_no_new_job(s3: Any, emulator: Emulator) -> None:
    put(s3, "a.mp3")
    transfer("", formats=("vtt",))
    summary = transfer("", task_context(run_id="a"), formats=("vtt",), format_options={"vtt": {}})
    assert summary["already_done"] == 1
    summary = transfer("", task_context(run_id="b"), formats=("vtt",), format_options=NETFLIX)
    assert (summary["completed"], jobs(emulator)) == (1, 1)
    summary = transfer("", task_context(run_id="c"), formats=("vtt",), format_options=NETFLIX)
    assert (summary["already_done"], jobs(emulator)) == (1, 1)


def test_results_stand_in_the_folder_of_the_runs_date(s3: Any) -> None:
    put(s3, "calls/a.mp3")
    transfer("calls/", on(30), partition_by_date=True)
    assert outputs(s3) == {"out/ingest_date=2026-01-30/a.mp3.json"}


def test_what_stands_in_another_dates_folder_is_done_and_stays_there(s3: Any, emulator: Emulator) -> None:
    put(s3, "a.mp3")
    transfer("", on(30), partition_by_date=True)
    put(s3, "b.mp3")
    summary = transfer("", on(31), partition_by_date=True)
    assert (summary["already_done"], summary["completed"], jobs(emulator)) == (1, 1, 2)
    assert outputs(s3) == {"out/ingest_date=2026-01-30/a.mp3.json", "out/ingest_date=2026-01-31/b.mp3.json"}
    assert "ingest_date=2026-01-30/a.mp3.json" in read(s3, summary["manifest"])


def test_a_changed_recording_goes_to_the_new_dates_folder(s3: Any) -> None:
    put(s3, "a.mp3")
    transfer("", on(30), partition_by_date=True)
    put(s3, "a.mp3", body=b"another take")
    assert transfer("", on(31), partition_by_date=True)["completed"] == 1
    assert "out/ingest_date=2026-01-31/a.mp3.json" in outputs(s3)


def test_another_dates_run_takes_up_what_a_dead_one_left(s3: Any, emulator: Emulator) -> None:
    put(s3, "a.mp3")
    transfer("", on(30), partition_by_date=True)
    s3.delete_object(Bucket=OUTPUT, Key="out/ingest_date=2026-01-30/a.mp3.json")
    assert transfer("", on(31), partition_by_date=True)["completed"] == 1
    assert jobs(emulator) == 1


def test_the_date_is_the_same_on_every_try_and_needs_no_data_interval() -> None:
    context = task_context(try_number=3)
    assert ingest_instant(context) == context["dag_run"].run_after
    context["dag_run"].logical_date = datetime(2026, 1, 2, 23, 59, tzinfo=UTC)
    assert ingest_folder(ingest_instant(context)) == "ingest_date=2026-01-02/"


def test_partitions_are_told_from_other_folders_and_the_last_date_comes_first() -> None:
    names = ["ingest_date=2026-01-01/", "ingest_date=new/", "ingest_date=2026-01-02/", "x-ingest_date=2026-01-03/"]
    assert dated_folders(names) == ["ingest_date=2026-01-02/", "ingest_date=2026-01-01/"]


def test_stored_results_become_other_formats_without_a_request(s3: Any, emulator: Emulator) -> None:
    put(s3, "a.mp3", "sub/b.wav")
    transfer("")
    emulator.clear_requests()
    counts = convert("out/", formats=["vtt", "parquet"])
    assert counts == {"inputs": 2, "converted": 2, "already_done": 0}
    assert emulator.requests == []
    endings = ["vtt", *(f"{one}.parquet" for one in TABLES)]
    made = {f"more/{name}.{ending}" for name in ("a.mp3", "sub/b.wav") for ending in endings}
    assert outputs(s3) - {"out/a.mp3.json", "out/sub/b.wav.json"} == made


def test_a_conversion_equals_what_the_transfer_writes(s3: Any) -> None:
    put(s3, "a.mp3")
    transfer("", formats=("json", "srt"))
    convert("out/", formats=["srt"])
    assert read(s3, f"s3://{OUTPUT}/more/a.mp3.srt") == read(s3, f"s3://{OUTPUT}/out/a.mp3.srt")


def test_a_conversion_is_done_until_its_source_or_its_options_change(s3: Any) -> None:
    put(s3, "a.mp3")
    transfer("")
    assert [
        convert("out/")["converted"],
        convert("out/")["converted"],
        convert("out/", format_options=NETFLIX)["converted"],
        convert("out/", format_options=NETFLIX)["converted"],
    ] == [1, 0, 1, 0]
    s3.put_object(Bucket=OUTPUT, Key="out/a.mp3.json", Body=b'{"id": 7, "segments": []}')
    assert convert("out/", format_options=NETFLIX)["converted"] == 1
    assert read(s3, f"s3://{OUTPUT}/more/a.mp3.vtt") == "WEBVTT\n"


def test_a_conversion_in_another_dates_folder_is_done_and_stays_there(s3: Any) -> None:
    put(s3, "a.mp3")
    transfer("")
    assert convert("out/", on(30), partition_by_date=True)["converted"] == 1
    put(s3, "b.mp3")
    transfer("")
    counts = convert("out/", on(31), partition_by_date=True)
    assert counts == {"inputs": 2, "converted": 1, "already_done": 1}
    made = {key for key in outputs(s3) if key.startswith("more/")}
    assert made == {"more/ingest_date=2026-01-30/a.mp3.vtt", "more/ingest_date=2026-01-31/b.mp3.vtt"}


def test_a_conversion_with_other_options_replaces_the_old_one_and_one_of_a_changed_result_is_new(s3: Any) -> None:
    put(s3, "a.mp3")
    transfer("")
    convert("out/", on(29), partition_by_date=True)
    assert convert("out/", on(30), partition_by_date=True, format_options=NETFLIX)["converted"] == 1
    assert {key for key in outputs(s3) if key.startswith("more/")} == {"more/ingest_date=2026-01-29/a.mp3.vtt"}
    s3.put_object(Bucket=OUTPUT, Key="out/a.mp3.json", Body=b'{"id": 7, "segments": []}')
    assert convert("out/", on(31), partition_by_date=True, format_options=NETFLIX)["converted"] == 1
    made = {key for key in outputs(s3) if key.startswith("more/")}
    assert made == {f"more/ingest_date=2026-01-{day}/a.mp3.vtt" for day in (29, 31)}


def test_a_format_added_later_joins_the_others_in_their_dates_folder(s3: Any, emulator: Emulator) -> None:
    """So that whoever reads every date reads each recording's tables once."""
    put(s3, "a.mp3")
    transfer("", on(30), partition_by_date=True, formats=("json", "parquet"))
    summary = transfer("", on(31), partition_by_date=True, formats=("json", "parquet", "vtt"))
    assert (summary["completed"], jobs(emulator)) == (1, 1)
    names = {key.partition("/a.mp3.")[0] for key in outputs(s3)}
    assert names == {"out/ingest_date=2026-01-30"}
    assert "out/ingest_date=2026-01-30/a.mp3.vtt" in outputs(s3)


def test_results_in_dated_folders_keep_them_when_converted_and_get_no_second_one(s3: Any) -> None:
    put(s3, "a.mp3")
    transfer("", on(30), partition_by_date=True)
    with pytest.raises(AirflowFailException, match=r"2026-01-30/a\.mp3\.json is already in an ingest_date= folder"):
        convert("out/", on(31), partition_by_date=True)
    convert("out/", on(31))
    assert "more/ingest_date=2026-01-30/a.mp3.vtt" in outputs(s3)


def test_a_conversions_table_says_what_the_stored_results_metadata_tell_of_the_recording(s3: Any) -> None:
    put(s3, "a.mp3")
    transfer("", formats=("json", "parquet"))
    convert("out/", formats=["parquet"])
    converted, transferred = row_of(s3, "more/a.mp3"), row_of(s3, "out/a.mp3")
    same = ("source_uri", "source_etag", "client_ref", "raw_json", "transcription_id")
    assert [converted[name] for name in same] == [transferred[name] for name in same]
    assert None not in [converted[name] for name in same]
    assert converted["stored_uri"] == f"s3://{OUTPUT}/out/a.mp3.json"


@pytest.mark.parametrize(("key", "is_known"), [("ü & %41.mp3", True), (f"{'ü' * 300}.mp3", False)])
def test_a_recordings_address_is_kept_as_it_is_or_not_at_all(s3: Any, key: str, is_known: bool) -> None:
    put(s3, key)
    transfer("")
    convert("out/", formats=["parquet"])
    assert row_of(s3, f"more/{key}")["source_uri"] == (f"s3://{INPUT}/{key}" if is_known else None)


def test_metadata_that_no_transfer_wrote_tell_nothing_of_a_recording(s3: Any) -> None:
    put(s3, "a.mp3")
    transfer("")
    convert("out/", formats=["json"])
    convert("more/", formats=["parquet"], destination=f"s3://{OUTPUT}/third/")
    row = row_of(s3, "third/a.mp3")
    assert (row["source_etag"], row["stored_uri"]) == (None, f"s3://{OUTPUT}/more/a.mp3.json")


def row_of(s3: Any, base: str) -> dict[str, Any]:
    body = s3.get_object(Bucket=OUTPUT, Key=f"{base}.transcripts.parquet")["Body"].read()
    (row,) = pq.read_table(io.BytesIO(body)).to_pylist()
    return dict(row)


def test_what_is_no_stored_result_is_reported_at_the_end_and_the_rest_is_done(s3: Any) -> None:
    put(s3, "a.mp3")
    transfer("")
    s3.put_object(Bucket=OUTPUT, Key="out/0.json", Body=b"<html>")
    with pytest.raises(AirflowFailException, match=r"1 of 2 results could not be .*/out/0.json: .*not JSON"):
        convert("out/")
    assert "more/a.mp3.vtt" in outputs(s3)


def test_a_conversion_that_would_replace_its_source_is_refused(s3: Any) -> None:
    put(s3, "a.mp3")
    transfer("")
    with pytest.raises(AirflowFailException, match="Choose another destination"):
        convert("out/", destination=f"s3://{OUTPUT}/out/", formats=["json"])
