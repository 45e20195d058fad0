"""Bucket to bucket: what an operator at night relies on, over real sockets."""

from __future__ import annotations

import gzip
import json
import logging
import re
from pathlib import Path
from typing import Any

import duckdb
import pytest
from airflow.providers.common.compat.sdk import AirflowFailException, AirflowSensorTimeout, Asset, TaskDeferred

from airflow_provider_fluxions.api.errors import (
    FluxionsAudioError,
    FluxionsAuthenticationError,
    FluxionsStorageError,
    FluxionsTransferError,
)
from airflow_provider_fluxions.emulator import Emulator, Fault, OutcomeRule, Transition
from airflow_provider_fluxions.transfers import FluxionsS3ToS3Operator
from tests.airflow.conftest import INPUT, OUTPUT, task_context
from tests.airflow.test_assets import outlet_events
from tests.airflow.transferring import Impatient, defer, outputs, put, read, transfer

ROOT = Path(__file__).parents[2]

pytestmark = pytest.mark.usefixtures("fluxions_connection")


def rows_of(s3: Any, uri: str) -> list[dict[str, Any]]:
    return [json.loads(line) for line in read(s3, uri).splitlines()]


def submits(emulator: Emulator) -> int:
    return sum(request.method == "POST" for request in emulator.requests)


def head(s3: Any, key: str) -> Any:
    return s3.head_object(Bucket=OUTPUT, Key=key)


def test_a_list_of_sources_is_one_transfer_and_what_overlaps_counts_once(s3: Any) -> None:
    put(s3, "a/1.mp3", "b/2.mp3", "b/3.wav")
    sources = [f"s3://{INPUT}/{one}" for one in ("a/", "b/*.mp3", "b/2.mp3")]
    operator = FluxionsS3ToS3Operator(task_id="t", source=sources, destination=f"s3://{OUTPUT}/out/")
    assert operator.execute(task_context())["completed"] == 2
    assert outputs(s3) == {"out/1.mp3.json", "out/2.mp3.json"}


def test_an_object_of_a_list_that_is_not_there_is_a_failed_input(s3: Any) -> None:
    put(s3, "a.mp3")
    sources = [f"s3://{INPUT}/a.mp3", f"s3://{INPUT}/gone.mp3"]
    operator = FluxionsS3ToS3Operator(task_id="t", source=sources, destination=f"s3://{OUTPUT}/out/")
    with pytest.raises(AirflowFailException, match=r"1 of 2 inputs failed.*gone\.mp3: There is no such object"):
        operator.execute(task_context())
    assert outputs(s3) == {"out/a.mp3.json"}


def test_the_only_object_not_being_there_is_said_at_once(s3: Any) -> None:
    with pytest.raises(FluxionsAudioError, match=r"There is no object s3://fluxions-input/gone\.mp3"):
        transfer("gone.mp3")


def test_shards_do_the_whole_together_and_nothing_twice(s3: Any, emulator: Emulator) -> None:
    put(s3, *(f"{n}.mp3" for n in range(12)))
    done = [
        transfer("", task_context(map_index=index), shard_index=index, shard_count=3)["completed"] for index in range(3)
    ]
    assert sum(done) == len(emulator.jobs) == len(outputs(s3)) == 12


def test_what_is_too_young_or_too_large_is_left_and_told_in_the_manifest(s3: Any) -> None:
    put(s3, "a.mp3")
    put(s3, "long.mp3", body=b"x" * 100)
    summary = transfer("", max_bytes=50)
    assert (summary["inputs"], summary["completed"], summary["skipped"]) == (1, 1, 1)
    reasons = {row["path"]: row["error"] for row in rows_of(s3, summary["manifest"]) if row["status"] == "skipped"}
    assert reasons == {"long.mp3": "too large: 100 bytes, max_bytes is 50"}
    assert transfer("", min_age="3600")["skipped"] == 2


def test_a_dry_run_tells_work_and_cost_and_touches_nothing(s3: Any, emulator: Emulator) -> None:
    put(s3, "done.mp3")
    transfer("")
    sample = (ROOT / "samples" / "dialogue.mp3").read_bytes()
    put(s3, "new.mp3", body=sample)
    put(s3, "odd.mp3", body=b"x" * 8000)
    before = outputs(s3), len(emulator.jobs)
    found = transfer("", dry_run="true", price_per_audio_hour=3600)
    assert (outputs(s3), len(emulator.jobs)) == before
    assert (found["to_submit"], found["already_done"], found["bytes"]) == (2, 1, len(sample) + 8000)
    assert found["audio_seconds_guessed"] == 1.0
    assert found["cost"] == pytest.approx(found["audio_seconds"], abs=0.001)
    assert 15 < found["audio_seconds"] < 60


def test_a_budget_that_is_too_small_stops_the_night_before_the_first_submit(s3: Any, emulator: Emulator) -> None:
    put(s3, "a.mp3", "b.mp3")
    with pytest.raises(AirflowFailException, match="2 new inputs exceed max_inputs=1"):
        transfer("", max_inputs=1)
    with pytest.raises(AirflowFailException, match="max_audio_hours=0"):
        transfer("", max_audio_hours=0)
    assert (submits(emulator), outputs(s3)) == (0, set())


def test_the_budget_counts_only_what_is_to_be_paid(s3: Any) -> None:
    put(s3, "a.mp3", "b.mp3")
    transfer("")
    put(s3, "c.mp3")
    assert transfer("", task_context(run_id="tomorrow"), max_inputs=1)["completed"] == 1


@pytest.mark.parametrize("deferrable", [False, True])
def test_a_format_added_later_is_made_from_the_stored_json_without_a_request(
    s3: Any,
    emulator: Emulator,
    deferrable: bool,
) -> None:
    put(s3, "a.mp3", "b.mp3")
    transfer("")
    emulator.clear_requests()
    written = head(s3, "out/a.mp3.json")["LastModified"]
    formats = ("json", "vtt", "srt")
    summary = transfer("", task_context(run_id="tomorrow"), formats=formats, deferrable=deferrable)
    assert (summary["completed"], emulator.requests) == (2, [])
    assert outputs(s3) == {f"out/{name}.mp3.{end}" for name in "ab" for end in ("json", "vtt", "srt")}
    assert head(s3, "out/a.mp3.json")["LastModified"] == written
    assert transfer("", task_context(run_id="later"), formats=formats)["already_done"] == 2


def test_results_are_named_by_the_users_template(s3: Any) -> None:
    put(s3, "2026/call.mp3")
    transfer("", formats=("srt",), key_template="{folder}captions/{stem}{extension}")
    assert outputs(s3) == {"out/2026/captions/call.srt"}


def test_two_inputs_with_one_name_are_refused_before_anything_is_submitted(s3: Any, emulator: Emulator) -> None:
    put(s3, "a/call.mp3", "b/call.wav")
    with pytest.raises(AirflowFailException, match=r"Choose another destination or key_template"):
        transfer("", key_template="{stem}{extension}")
    assert submits(emulator) == 0


def test_a_result_of_another_night_with_the_same_name_is_never_replaced(s3: Any, emulator: Emulator) -> None:
    put(s3, "monday/call.mp3", "tuesday/call.mp3", "tuesday/other.mp3")
    transfer("monday/")
    before = read(s3, f"s3://{OUTPUT}/out/call.mp3.json")
    with pytest.raises(AirflowFailException, match=r"would replace those of s3://fluxions-input/monday/call\.mp3"):
        transfer("tuesday/")
    assert read(s3, f"s3://{OUTPUT}/out/call.mp3.json") == before
    assert (submits(emulator), "out/other.mp3.json" in outputs(s3)) == (2, True)


def test_extra_arguments_and_content_types_reach_s3(s3: Any) -> None:
    put(s3, "a.mp3")
    transfer("", formats=("vtt",), extra_args={"ServerSideEncryption": "AES256", "CacheControl": "no-store"})
    found = head(s3, "out/a.mp3.vtt")
    assert (found["ServerSideEncryption"], found["CacheControl"]) == ("AES256", "no-store")
    assert found["ContentType"] == "text/vtt; charset=utf-8"


def test_an_extra_argument_that_s3_does_not_know_costs_nothing(s3: Any, emulator: Emulator) -> None:
    put(s3, "a.mp3")
    with pytest.raises(AirflowFailException, match="Encrypt"):
        transfer("", extra_args={"Encrypt": "yes"})
    assert submits(emulator) == 0


def test_text_is_compressed_if_asked_and_read_back_for_other_formats(s3: Any, emulator: Emulator) -> None:
    put(s3, "a.mp3")
    transfer("", gzip=True)
    stored = s3.get_object(Bucket=OUTPUT, Key="out/a.mp3.json")
    assert stored["ContentEncoding"] == "gzip"
    assert json.loads(gzip.decompress(stored["Body"].read()))["id"] == 1
    emulator.clear_requests()
    assert transfer("", formats=("json", "srt"), gzip=True)["completed"] == 1
    assert emulator.requests == []


@pytest.mark.parametrize(("fail_on", "fails"), [("any", True), ("all", False), ("none", False)])
def test_fail_on_decides_and_the_summary_counts(s3: Any, emulator: Emulator, fail_on: str, fails: bool) -> None:
    put(s3, "a.mp3", "bad.mp3")
    emulator.add_outcome(OutcomeRule("bad.mp3", error_message="Too noisy"))
    if fails:
        with pytest.raises(AirflowFailException, match="1 of 2 inputs failed"):
            transfer("", fail_on=fail_on)
        return
    summary = transfer("", fail_on=fail_on)
    assert (summary["completed"], summary["failed"]) == (1, 1)


def test_a_recording_that_changes_while_it_is_read_fails_alone_and_is_worth_a_retry(
    s3: Any, emulator: Emulator
) -> None:
    put(s3, "a.mp3", "b.mp3")
    resume = defer(emulator, max_in_flight=1)
    put(s3, "b.mp3", body=b"another take")
    emulator.force_status(1, "completed")
    with pytest.raises(FluxionsTransferError, match=r"b\.mp3 changed since it was listed") as caught:
        resume()
    assert caught.value.transient
    assert outputs(s3) == {"out/a.mp3.json"}


def test_a_destination_that_cannot_be_written_costs_nothing(s3: Any, emulator: Emulator) -> None:
    put(s3, "a.mp3")
    with pytest.raises(FluxionsStorageError, match="no-such-bucket"):
        transfer("", destination="s3://no-such-bucket/out/")
    assert submits(emulator) == 0


def test_the_manifest_tells_attempts_times_seconds_and_cost(s3: Any) -> None:
    put(s3, "a.mp3")
    summary = transfer("", price_per_audio_hour=0.2)
    (row,) = rows_of(s3, summary["manifest"])
    assert (row["status"], row["attempts"], row["job_id"]) == ("completed", 1, "1")
    assert row["submitted_at"] <= row["ended_at"] <= row["written_at"]
    assert row["audio_seconds"] == summary["audio_seconds"]
    assert summary["cost"] == row["cost"] == pytest.approx(summary["audio_seconds"] / 3600 * 0.2, abs=0.0001)


def test_the_connections_price_serves_where_the_operator_has_none(
    s3: Any, fluxions_emulator: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    connection = {
        "conn_type": "fluxions",
        "host": fluxions_emulator.base_url,
        "password": "emulator-key",
        "extra": {"price_per_audio_hour": "3600"},
    }
    monkeypatch.setenv("AIRFLOW_CONN_FLUXIONS_DEFAULT", json.dumps(connection))
    put(s3, "a.mp3")
    summary = transfer("")
    assert summary["cost"] == summary["audio_seconds"]


def test_a_retry_keeps_the_account_of_what_the_dead_try_did(s3: Any, emulator: Emulator) -> None:
    put(s3, "a.mp3", "b.mp3")
    emulator.add_outcome(OutcomeRule("b.mp3", error_message="Too noisy"))
    with pytest.raises(AirflowFailException):
        transfer("")
    emulator.clear_outcomes()
    summary = transfer("", task_context(try_number=2))
    rows = {row["path"]: row for row in rows_of(s3, summary["manifest"])}
    assert summary["completed"] == 2
    assert (rows["a.mp3"]["attempts"], rows["b.mp3"]["attempts"]) == (1, 2)
    assert rows["a.mp3"]["written_at"]
    assert summary["audio_seconds"] == sum(row["audio_seconds"] for row in rows.values())


def test_the_query_in_the_documentation_finds_what_failed_in_a_manifest(
    s3: Any,
    emulator: Emulator,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    (query,) = re.findall(r"```sql\n(.*?)```", (ROOT / "docs" / "nightly-transfer.md").read_text(), re.DOTALL)
    put(s3, "a.mp3", "b.mp3")
    emulator.add_outcome(OutcomeRule("b.mp3", error_message="Too noisy"))
    manifest = transfer("", fail_on="all")["manifest"]
    (tmp_path / "manifest.jsonl").write_text(read(s3, manifest))
    monkeypatch.chdir(tmp_path)
    ((path, error, transient),) = duckdb.sql(query).fetchall()
    assert path == "b.mp3"
    assert "Too noisy" in error
    assert transient is False


def test_a_manifest_that_was_spoilt_while_the_task_waited_is_no_loss(
    s3: Any,
    emulator: Emulator,
    caplog: pytest.LogCaptureFixture,
) -> None:
    put(s3, "a.mp3")
    resume = defer(emulator)
    emulator.force_status(1, "completed")
    (key,) = (item["Key"] for item in s3.list_objects_v2(Bucket=OUTPUT)["Contents"])
    s3.put_object(Bucket=OUTPUT, Key=key, Body=b'{"source": "s3://elsewhere/secret.mp3"}\n')
    assert resume()["completed"] == 1
    assert submits(emulator) == 1
    assert "Planning again" in caplog.text


def test_time_that_is_up_is_told_with_what_is_left(s3: Any, emulator: Emulator) -> None:
    put(s3, "a.mp3", "b.mp3", "c.mp3")
    emulator.set_transition(Transition.after_reads(10_000))
    with pytest.raises(AirflowSensorTimeout) as raised:
        transfer("", max_in_flight=2, timeout=1.5)
    told = re.search(r"(\d) jobs? in progress, (\d) inputs? not submitted", str(raised.value))
    assert told
    assert int(told[1]) == len(emulator.jobs) <= 2
    assert int(told[1]) + int(told[2]) == 3


@pytest.mark.slow
def test_a_log_has_no_line_a_file(s3: Any, caplog: pytest.LogCaptureFixture) -> None:
    put(s3, *(f"{n:03}.mp3" for n in range(60)))
    with caplog.at_level(logging.INFO, logger="airflow_provider_fluxions"):
        transfer("", max_in_flight=60)
    ours = [record for record in caplog.records if record.name.startswith("airflow_provider_fluxions")]
    assert len(ours) < 10


def test_lineage_says_what_a_transfer_made_before_it_broke_off(s3: Any, emulator: Emulator) -> None:
    put(s3, "a.mp3", "b.mp3")
    emulator.add_fault(Fault("POST", "*submit", "b--*", status=401, times=None))
    operator = FluxionsS3ToS3Operator(
        task_id="t",
        source=f"s3://{INPUT}/",
        destination=f"s3://{OUTPUT}/out/",
        max_in_flight=1,  # so that the one is written before the other is sent
        poll_interval=0.01,
    )
    with pytest.raises(FluxionsAuthenticationError):
        operator.execute(task_context())
    lineage = operator.get_openlineage_facets_on_failure(None)
    assert [one.name for one in lineage.inputs] == ["a.mp3"]
    assert "out/a.mp3.json" in {one.name for one in lineage.outputs}
    assert lineage.run_facets["fluxions"].jobIds == ["1"]


def test_asset_events_and_lineage_say_what_a_resumed_transfer_made(s3: Any, emulator: Emulator) -> None:
    put(s3, "a.mp3")
    emulator.set_transition(Transition.after_reads(10_000))
    asset, events = Asset(f"s3://{OUTPUT}/out/"), outlet_events()
    arguments: dict[str, Any] = {
        "source": f"s3://{INPUT}/",
        "destination": f"s3://{OUTPUT}/out/",
        "deferrable": True,
        "price_per_audio_hour": 3600,
        "outlets": [asset],
    }
    context = {**task_context(), "outlet_events": events}
    with pytest.raises(TaskDeferred) as deferred:
        Impatient(task_id="t", **arguments).execute(context)
    emulator.force_status(1, "completed")
    resumed = Impatient(task_id="t", **arguments)
    summary = resumed.execute_complete(context, **deferred.value.kwargs)
    assert events[asset].extra == summary
    assert summary["manifest"].startswith(f"s3://{OUTPUT}/out/_manifests/")
    lineage = resumed.get_openlineage_facets_on_complete(None)
    assert [(one.namespace, one.name) for one in lineage.inputs] == [(f"s3://{INPUT}", "a.mp3")]
    assert {one.name for one in lineage.outputs} == {
        "out/a.mp3.json",
        summary["manifest"].removeprefix(f"s3://{OUTPUT}/"),
    }
    facet = lineage.run_facets["fluxions"]
    assert (facet.jobIds, facet.audioSeconds, facet.cost) == (["1"], summary["audio_seconds"], summary["cost"])
