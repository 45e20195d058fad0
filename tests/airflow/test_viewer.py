"""What the viewer shows of a task that has run: S3 and the API over real sockets."""

from __future__ import annotations

import gzip
import json
from dataclasses import replace
from typing import Any

import pytest

from airflow_provider_fluxions.emulator import EmulatorServer, OutcomeRule, Transition
from airflow_provider_fluxions.hooks import FluxionsHook
from airflow_provider_fluxions.operators import FluxionsSubmitOperator
from airflow_provider_fluxions.sensors import FluxionsTranscriptionSensor
from airflow_provider_fluxions.transfers import FluxionsConvertOperator, FluxionsS3ToS3Operator, FluxionsToS3Operator
from airflow_provider_fluxions.viewer.object_reader import MAX_BYTES
from airflow_provider_fluxions.viewer.task_info import Recording
from tests.airflow.conftest import INPUT, OUTPUT
from tests.airflow.viewing import KEY, Seen, body_of, facts_after, facts_of

pytestmark = pytest.mark.usefixtures("fluxions_connection")

MANIFEST = f"_manifests/{KEY.dag_id}/{KEY.run_id}/{KEY.task_id}.jsonl"


def put(s3: Any, *names: str, size: int = 300) -> None:
    for name in names:
        s3.put_object(Bucket=INPUT, Key=name, Body=name.encode() * size)


def transfer(**arguments: Any) -> FluxionsS3ToS3Operator:
    where = {"source": f"s3://{INPUT}/calls/", "destination": f"s3://{OUTPUT}/out/"}
    return FluxionsS3ToS3Operator(
        **{"task_id": KEY.task_id, **where, "deferrable": False, "poll_interval": 0.1, **arguments}
    )


@pytest.fixture
def seen(s3: Any, fluxions_emulator: EmulatorServer) -> Seen:
    """A transfer of three recordings, of which one has failed and one is an empty object."""
    put(s3, "calls/a.mp3", "calls/bad.mp3")
    s3.put_object(Bucket=INPUT, Key="calls/empty.mp3", Body=b"")
    fluxions_emulator.emulator.add_outcome(OutcomeRule("bad*", error_message="Too noisy"))
    return Seen(facts_after(transfer(price_per_audio_hour=0.2, min_bytes=1), "failed"))


def rewrite_manifest(s3: Any, **changes: Any) -> None:
    """Change the first line of the manifest, as somebody who may write to the destination could."""
    lines = s3.get_object(Bucket=OUTPUT, Key=f"out/{MANIFEST}")["Body"].read().splitlines()
    lines[0] = json.dumps({**json.loads(lines[0]), **changes}).encode()
    s3.put_object(Bucket=OUTPUT, Key=f"out/{MANIFEST}", Body=b"\n".join(lines))


def test_a_transfer_shows_its_manifest(seen: Seen) -> None:
    told = seen.json("task")
    assert (told["kind"], told["state"], told["operator"]) == ("manifest", "failed", "FluxionsS3ToS3Operator")
    assert told["manifest"] == f"s3://{OUTPUT}/out/{MANIFEST}"
    assert told["counts"] == {"all": 3, "done": 1, "failed": 1, "skipped": 1, "running": 0}
    assert told["formats"] == ["json", "text", "srt", "vtt", "jsonl"]
    assert told["audio_seconds"] > 0
    assert told["cost"] > 0


def test_an_input_shows_what_became_of_it(seen: Seen) -> None:
    done, failed, skipped = seen.json("items")["items"]
    assert (done["no"], done["name"], done["state"]) == (0, "a.mp3", "completed")
    assert done["outputs"] == [f"s3://{OUTPUT}/out/a.mp3.json"]
    assert (done["has_transcript"], done["has_audio"]) == (True, True)
    assert "Too noisy" in failed["error"]
    assert failed["has_transcript"] is False
    assert "bytes" in skipped["error"]


def test_the_table_is_filtered_and_searched(seen: Seen) -> None:
    assert [item["no"] for item in seen.json("items", filter="failed")["items"]] == [1]
    assert [item["no"] for item in seen.json("items", q="EMPTY")["items"]] == [2]
    assert seen.json("items", offset=1, limit=1)["items"][0]["no"] == 1
    assert seen.refusal("items", filter="x")[0] == 422
    assert seen.refusal("items", limit=501)[0] == 422


def test_a_transcript_is_read_from_its_stored_result(seen: Seen, fluxions_emulator: EmulatorServer) -> None:
    before = len(fluxions_emulator.emulator.requests)
    told = seen.json("transcript", no=0)
    assert (told["no"], told["name"], told["is_timed"]) == (0, "a.mp3", True)
    assert told["cost"] == seen.json("items")["items"][0]["cost"]
    assert told["segments"]
    assert len(fluxions_emulator.emulator.requests) == before


def test_a_page_that_asks_for_lines_gets_the_transcript_in_lines(seen: Seen) -> None:
    answer = seen.ask("transcript", {"accept": "application/x-ndjson"}, no=0)
    head, first = map(json.loads, body_of(answer).splitlines())
    assert (answer.status, answer.content_type) == (200, "application/x-ndjson")
    assert (head["no"], head["name"], head["segment_count"]) == (0, "a.mp3", len(first["segments"]))
    assert first["segments"] == seen.json("transcript", no=0)["segments"]


def test_where_no_json_was_stored_the_api_is_asked(s3: Any, fluxions_emulator: EmulatorServer) -> None:
    put(s3, "calls/a.mp3")
    seen = Seen(facts_after(transfer(formats=("srt",))))
    before = len(fluxions_emulator.emulator.requests)
    assert seen.json("transcript", no=0)["segments"]
    assert len(fluxions_emulator.emulator.requests) == before + 1


def test_what_has_no_transcript_is_not_found(seen: Seen) -> None:
    for call in ("transcript", "download"):
        assert [seen.refusal(call, no=number)[0] for number in (1, 2, 3, 999_999)] == [404] * 4


def test_an_item_is_named_by_its_number_only(seen: Seen) -> None:
    for call in ("transcript", "download", "audio"):
        assert [seen.refusal(call, no=number)[0] for number in (-1, "../0", "0/../1", "", "0x1")] == [422] * 5


def test_a_download_has_the_names_that_the_reader_gave(seen: Seen) -> None:
    speaker = seen.json("transcript", no=0)["speakers"][0]["id"]
    answer = seen.ask("download", no=0, format="vtt", **{f"speaker.{speaker}": "Ann <Agent>"})
    assert b"<v Ann Agent>" in body_of(answer)
    assert answer.headers["Content-Type"] == "text/vtt; charset=utf-8"
    assert answer.headers["Content-Disposition"].startswith('attachment; filename="a.mp3.vtt"')


def test_every_format_of_one_file_can_be_downloaded_and_nothing_else(seen: Seen) -> None:
    names = ("json", "text", "srt", "vtt", "jsonl")
    assert [seen.ask("download", no=0, format=name).status for name in names] == [200] * 5
    assert [seen.refusal("download", no=0, format=name)[0] for name in ("parquet", "../json", "pdf")] == [422] * 3


def test_stored_json_comes_without_signed_links(seen: Seen) -> None:
    answer = json.loads(body_of(seen.ask("download", no=0, format="json")))
    assert answer["audio_url"] is None


def test_the_recording_is_played_in_parts(s3: Any, seen: Seen) -> None:
    whole = s3.get_object(Bucket=INPUT, Key="calls/a.mp3")["Body"].read()
    size = len(whole)
    for header, part in {"bytes=0-9": whole[:10], "bytes=100-199": whole[100:200], "bytes=-50": whole[-50:]}.items():
        answer = seen.ask("audio", {"range": header}, no=0)
        assert (answer.status, body_of(answer)) == (206, part)
        assert answer.headers["Content-Length"] == str(len(part))
        assert answer.headers["Content-Range"].endswith(f"/{size}")
    behind = seen.ask("audio", {"range": f"bytes={size}-"}, no=0)
    assert (behind.status, behind.headers["Content-Range"]) == (416, f"bytes */{size}")
    many = seen.ask("audio", {"range": "bytes=0-1,5-6"}, no=0)
    assert (many.status, body_of(many)) == (200, whole)


def test_a_part_of_another_version_is_not_mixed_in(seen: Seen) -> None:
    answer = seen.ask("audio", {"range": "bytes=0-9", "if-range": '"another"'}, no=0)
    assert answer.status == 200


def test_a_recording_is_audio_whatever_it_holds_and_says_of_itself(s3: Any) -> None:
    page = b"<html><script>alert(1)</script></html>"
    s3.put_object(Bucket=INPUT, Key="calls/page.mp3", Body=page, ContentType="text/html")
    answer = Seen(facts_after(transfer())).ask("audio", no=0)
    assert body_of(answer) == page
    headers = answer.headers
    assert (headers["Content-Type"], headers["X-Content-Type-Options"]) == ("audio/mpeg", "nosniff")
    assert headers["Content-Disposition"].startswith("attachment")
    assert headers["Content-Security-Policy"].startswith("default-src 'none'")


def test_a_recording_that_is_called_otherwise_is_not_played(s3: Any) -> None:
    s3.put_object(Bucket=INPUT, Key="calls/page.html", Body=b"<html>", ContentType="audio/mpeg")
    seen = Seen(facts_after(transfer(suffixes=[".html"])))
    assert seen.json("items")["items"][0]["has_audio"] is False
    assert seen.refusal("audio", no=0)[0] == 404


def test_a_recording_that_has_changed_since_is_not_played_to_the_old_transcript(s3: Any, seen: Seen) -> None:
    put(s3, "calls/a.mp3", size=301)
    status, detail = seen.refusal("audio", no=0)
    assert (status, "has changed" in detail) == (404, True)


def test_a_transfer_that_runs_shows_what_is_done_so_far(s3: Any, fluxions_emulator: EmulatorServer) -> None:
    put(s3, "calls/a.mp3")
    fluxions_emulator.emulator.set_transition(Transition.after_seconds(3600))
    seen = Seen(facts_after(transfer(deferrable=True), "deferred"))
    (item,) = seen.json("items", filter="running")["items"]
    assert (item["state"], item["has_transcript"], item["has_audio"]) == ("in_flight", False, True)


def test_a_transfer_that_has_not_begun_shows_nothing(s3: Any) -> None:
    seen = Seen(facts_of(transfer(), {}, "queued"))
    assert seen.json("task")["counts"]["all"] == 0
    assert seen.json("items") == {"total": 0, "offset": 0, "items": []}


def test_stored_results_are_shown_one_a_job(s3: Any) -> None:
    ids = [FluxionsHook().submit(name.encode() * 300, filename=f"{name}.mp3").id for name in ("first", "second")]
    operator = FluxionsToS3Operator(
        task_id=KEY.task_id, job_id=ids, destination=f"s3://{OUTPUT}/r/", formats=("vtt", "json", "jsonl")
    )
    seen = Seen(facts_after(operator))
    assert seen.json("task")["kind"] == "results"
    items = seen.json("items")["items"]
    assert [(item["name"], item["job_id"]) for item in items] == [("first", str(ids[0])), ("second", str(ids[1]))]
    assert len(items[0]["outputs"]) == 3
    assert seen.json("transcript", no=1)["job_id"] == str(ids[1])


@pytest.mark.parametrize(("state", "status"), [(None, "running"), ("running", "running"), ("failed", "failed")])
def test_what_is_not_stored_yet_is_listed_also_before_the_task_has_begun(state: str | None, status: str) -> None:
    operator = FluxionsToS3Operator(task_id=KEY.task_id, job_id=[1, 2], destination="s3://b/{{ ds }}/")
    seen = Seen(facts_of(operator, {}, state)).without("destination")
    assert [(item["job_id"], item["status"]) for item in seen.json("items")["items"]] == [("1", status), ("2", status)]


def test_results_without_json_are_read_from_the_api(s3: Any) -> None:
    job_id = FluxionsHook().submit(b"audio" * 300, filename="a-b.mp3").id
    operator = FluxionsToS3Operator(
        task_id=KEY.task_id, job_id=job_id, destination=f"s3://{OUTPUT}/r/", formats=("text",)
    )
    seen = Seen(facts_after(operator))
    (item,) = seen.json("items")["items"]
    assert (item["name"], item["job_id"]) == ("a-b", str(job_id))
    assert seen.json("transcript", no=0)["segments"]


def test_a_submit_shows_its_job_and_plays_its_recording(s3: Any) -> None:
    put(s3, "calls/a.mp3")
    seen = Seen(facts_after(FluxionsSubmitOperator(task_id=KEY.task_id, audio=f"s3://{INPUT}/calls/a.mp3")))
    (item,) = seen.json("items")["items"]
    assert (item["name"], item["status"], item["has_audio"]) == ("a.mp3", "done", True)
    assert item["speakers"] >= 1
    assert seen.json("transcript", no=0)["segments"]
    assert seen.ask("audio", no=0).status == 200


def test_a_submit_of_a_local_file_plays_nothing(tmp_path: Any) -> None:
    (tmp_path / "a.mp3").write_bytes(b"audio" * 300)
    seen = Seen(facts_after(FluxionsSubmitOperator(task_id=KEY.task_id, audio=str(tmp_path / "a.mp3"))))
    assert seen.json("items")["items"][0]["has_audio"] is False
    assert seen.refusal("audio", no=0)[0] == 404


def test_a_sensor_shows_every_job_that_it_waits_for(fluxions_emulator: EmulatorServer) -> None:
    fluxions_emulator.emulator.add_outcome(OutcomeRule("bad*", error_message="Too noisy"))
    fluxions_emulator.emulator.add_outcome(OutcomeRule("never*", outcome="never"))
    ids = [FluxionsHook().submit(name.encode() * 300, filename=f"{name}.mp3").id for name in ("a", "bad", "never")]
    sensor = FluxionsTranscriptionSensor(task_id=KEY.task_id, job_id=[*ids, 4711])
    seen = Seen(facts_of(sensor, {}, "deferred"))
    shown = {item["job_id"]: (item["status"], item["error"]) for item in seen.json("items")["items"]}
    assert shown[str(ids[0])] == ("done", None)
    assert shown[str(ids[1])] == ("failed", "Too noisy")
    assert shown[str(ids[2])] == ("running", None)
    assert shown["4711"][0] == "failed"


def test_a_sensor_and_stored_results_play_the_recordings_that_the_runs_submits_sent(s3: Any) -> None:
    put(s3, "calls/a.mp3")
    uri = f"s3://{INPUT}/calls/a.mp3"
    job_id = FluxionsHook().submit(b"audio" * 300, filename="a.mp3").id
    sensor = FluxionsTranscriptionSensor(task_id=KEY.task_id, job_id=[job_id, 4711])
    store = FluxionsToS3Operator(task_id=KEY.task_id, job_id=job_id, destination=f"s3://{OUTPUT}/r/")
    for facts in (facts_of(sensor, {}), facts_after(store)):
        assert facts.needs_recordings
        seen = Seen(replace(facts, recordings={str(job_id): Recording(uri, "aws_default")}))
        items = seen.json("items")["items"]
        assert [item["has_audio"] for item in items] == [True, False][: len(items)]
        assert items[0]["source"] == uri
        assert seen.ask("audio", no=0).status == 200


def test_a_job_that_has_ended_is_not_asked_for_again(fluxions_emulator: EmulatorServer) -> None:
    ids = [FluxionsHook().submit(name.encode() * 300, filename=f"{name}.mp3").id for name in ("kept", "new")]

    seen = Seen(facts_of(FluxionsTranscriptionSensor(task_id=KEY.task_id, job_id=ids), {}))

    def asked_for(*job_ids: Any) -> set[str]:
        """The paths that are asked when the jobs of such a sensor are shown."""
        before = len(fluxions_emulator.emulator.requests)
        shown = seen.with_fields(job_id=list(job_ids))
        assert shown.json("task")["counts"]["done"] == len(job_ids)
        return {request.path for request in fluxions_emulator.emulator.requests[before:]}

    asked_for(ids[0])
    assert asked_for(*ids) == {f"/transcriptions/{ids[1]}"}


def test_readers_who_follow_running_jobs_share_a_look(fluxions_emulator: EmulatorServer) -> None:
    fluxions_emulator.emulator.add_outcome(OutcomeRule("never*", outcome="never"))
    job_id = FluxionsHook().submit(b"audio" * 300, filename="never.mp3").id
    seen = Seen(facts_of(FluxionsTranscriptionSensor(task_id=KEY.task_id, job_id=job_id), {}, "deferred"))
    before = len(fluxions_emulator.emulator.requests)
    assert [seen.json("task")["counts"]["running"] for _ in range(3)] == [1, 1, 1]
    assert len(fluxions_emulator.emulator.requests) == before + 1


def test_other_tasks_have_nothing_to_show() -> None:
    operator = FluxionsConvertOperator(
        task_id=KEY.task_id, source="s3://b/x/", destination="s3://b/y/", formats=("text",)
    )
    status, detail = Seen(facts_of(operator, {})).refusal("task")
    assert (status, "has no transcripts" in detail) == (404, True)
    assert Seen(None).refusal("task") == (404, "There is no such task instance.")


# --- what of it may be read -------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "xcom",
    [None, f"s3://{INPUT}/out/{MANIFEST}", "s3://xcoms/a_dag/manual__1/a_task/result_uri.json", ["s3://list"], 7],
)
def test_the_manifest_is_the_one_that_the_operator_writes_whatever_the_xcom_says(seen: Seen, xcom: Any) -> None:
    told = seen.with_xcoms(result_uri=xcom).json("task")
    assert told["manifest"] == f"s3://{OUTPUT}/out/{MANIFEST}"
    assert told["counts"]["all"] == 3


@pytest.mark.parametrize("state", [None, "scheduled", "queued", "upstream_failed"])
def test_a_transfer_whose_destination_is_not_rendered_yet_shows_nothing(state: str | None) -> None:
    seen = Seen(facts_of(transfer(destination="s3://b/{{ ds }}/"), {}, state)).without("destination", "aws_conn_id")
    assert seen.json("items")["total"] == 0


def test_a_manifest_that_was_changed_plays_nothing_but_the_tasks_own_recordings(s3: Any, seen: Seen) -> None:
    put(s3, "private/a.mp3")
    for source in (f"s3://{OUTPUT}/out/a.mp3.json", f"s3://{INPUT}/private/a.mp3", "s3://other/calls/a.mp3"):
        rewrite_manifest(s3, source=source, version=None)
        assert seen.json("items")["items"][0]["has_audio"] is False, source
        assert seen.refusal("audio", no=0)[0] == 404


def test_a_manifest_that_was_changed_shows_no_result_from_elsewhere(s3: Any, seen: Seen) -> None:
    s3.put_object(Bucket=OUTPUT, Key="outside/secret.json", Body=b'{"id": 1, "text": "SPEAKER_0: Classified."}')
    for key in ("outside/secret.json", "out/../outside/secret.json"):
        for change in ({"outputs": [f"s3://{OUTPUT}/{key}"], "stored": None}, {"outputs": [], "stored": key}):
            rewrite_manifest(s3, **change, job_id=None)
            status, detail = seen.refusal("transcript", no=0)
            assert (status, "Classified" in detail) == (404, False), change


def test_a_store_that_takes_keys_for_paths_is_not_asked_for_one(s3: Any, seen: Seen) -> None:
    """A key with dots is a name like any other to S3, and moto tells no difference."""
    key = "out/../outside/secret.json"
    s3.put_object(Bucket=OUTPUT, Key=key, Body=b'{"id": 1, "text": "SPEAKER_0: Classified."}')
    rewrite_manifest(s3, outputs=[f"s3://{OUTPUT}/{key}"])
    assert seen.refusal("transcript", no=0) == (404, f"The object s3://{OUTPUT}/{key} no longer exists.")


def test_a_result_from_another_place_is_not_read_whatever_the_xcom_says(s3: Any) -> None:
    s3.put_object(Bucket=OUTPUT, Key="outside/secret-1.json", Body=b'{"id": 1}')
    operator = FluxionsToS3Operator(task_id=KEY.task_id, job_id=1, destination=f"s3://{OUTPUT}/r/")
    seen = Seen(facts_of(operator, {"return_value": [f"s3://{OUTPUT}/outside/secret-1.json"]}))
    assert seen.json("items")["items"][0]["outputs"] == []
    assert seen.refusal("transcript", no=0)[0] == 404


@pytest.mark.parametrize("name", ["destination", "aws_conn_id"])
def test_what_airflow_no_longer_knows_is_said(seen: Seen, name: str) -> None:
    status, detail = seen.without(name).refusal("items")
    assert (status, name in detail, "max_num_rendered_ti_fields_per_task" in detail) == (404, True, True)


def test_without_the_tasks_source_nothing_is_played(seen: Seen) -> None:
    assert seen.without("source").json("items")["items"][0]["has_audio"] is False


def test_a_list_of_sources_that_airflow_cut_off_plays_nothing(seen: Seen) -> None:
    cut = 'Truncated. You can change this behaviour in [core]max_templated_field_length. "[\'s3://fluxions-input/calls/"...'
    assert seen.with_fields(source=cut).json("items")["items"][0]["has_audio"] is False


def test_a_connection_that_does_not_exist_is_named(seen: Seen) -> None:
    status, detail = seen.with_fields(aws_conn_id="nowhere").refusal("items")
    assert (status, "'nowhere'" in detail) == (502, True)


def test_a_task_without_connection_is_not_read_with_the_rights_of_the_web_server(seen: Seen) -> None:
    status, detail = seen.with_fields(aws_conn_id=None).refusal("items")
    assert (status, "no aws_conn_id" in detail) == (502, True)


def test_a_fluxions_connection_that_does_not_exist_is_named() -> None:
    sensor = FluxionsTranscriptionSensor(task_id=KEY.task_id, job_id=1, fluxions_conn_id="nowhere")
    status, detail = Seen(facts_of(sensor, {})).refusal("items")
    assert (status, "'nowhere'" in detail) == (502, True)


def test_a_refused_key_is_said_and_not_shown(
    fluxions_emulator: EmulatorServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    wrong = {"conn_type": "fluxions", "host": fluxions_emulator.base_url, "password": "a-wrong-key"}
    monkeypatch.setenv("AIRFLOW_CONN_WRONG_KEY", json.dumps(wrong))
    sensor = FluxionsTranscriptionSensor(task_id=KEY.task_id, job_id=1, fluxions_conn_id="wrong_key")
    status, detail = Seen(facts_of(sensor, {})).refusal("items")
    assert (status, "a-wrong-key" in detail) == (502, False)


def test_a_manifest_is_read_once_for_each_of_its_versions(s3: Any, seen: Seen) -> None:
    assert seen.json("items")["total"] == 3
    rewrite_manifest(s3, path="renamed.mp3")
    assert seen.json("items")["items"][0]["name"] == "renamed.mp3"


def test_results_that_are_stored_with_gzip_are_unpacked(s3: Any) -> None:
    put(s3, "calls/a.mp3")
    assert Seen(facts_after(transfer(gzip=True))).json("transcript", no=0)["segments"]


def test_a_result_that_grows_without_end_is_not_unpacked(s3: Any, seen: Seen) -> None:
    bomb = gzip.compress(bytes(MAX_BYTES + 1), 1)
    s3.put_object(Bucket=OUTPUT, Key="out/a.mp3.json", Body=bomb, ContentEncoding="gzip")
    status, detail = seen.refusal("transcript", no=0)
    assert (status, "is larger than" in detail) == (404, True)


def test_a_manifest_that_is_none_is_said(s3: Any, seen: Seen) -> None:
    s3.put_object(Bucket=OUTPUT, Key=f"out/{MANIFEST}", Body=b"{not json")
    status, detail = seen.refusal("items")
    assert (status, "not JSON Lines" in detail) == (502, True)
