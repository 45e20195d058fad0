"""What users who can write to the destination, and a hostile service, can make the viewer show, hold and wait for."""

from __future__ import annotations

import json
import threading
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from airflow_provider_fluxions.api.client import FluxionsClient
from airflow_provider_fluxions.api.errors import FluxionsConnectionError
from airflow_provider_fluxions.emulator import Emulator, EmulatorServer, Fault, OutcomeRule
from airflow_provider_fluxions.hooks import FluxionsHook
from airflow_provider_fluxions.links import IS_AIRFLOW_2
from airflow_provider_fluxions.operators import FluxionsSubmitOperator
from airflow_provider_fluxions.sensors import FluxionsTranscriptionSensor
from airflow_provider_fluxions.storage import ObjectAddress
from airflow_provider_fluxions.transfers import FluxionsToS3Operator
from airflow_provider_fluxions.viewer.airflow_db import resolved_xcom
from airflow_provider_fluxions.viewer.api_client import within
from airflow_provider_fluxions.viewer.errors import ViewerError
from airflow_provider_fluxions.viewer.manifest_items import MAX_LINE_BYTES, MAX_LINES, MAX_OUTPUTS, read_manifest
from airflow_provider_fluxions.viewer.object_reader import MAX_JSON_OBJECTS
from airflow_provider_fluxions.viewer.task_info import Unreadable
from tests.airflow.conftest import INPUT, OUTPUT
from tests.airflow.test_viewer import MANIFEST, put, rewrite_manifest, transfer
from tests.airflow.viewing import KEY, Seen, body_of, facts_after, facts_of

pytestmark = pytest.mark.usefixtures("fluxions_connection")

DESTINATION = ObjectAddress("s3", OUTPUT, "out/")


# --- a job that was put into a manifest -------------------------------------------------------------------------------


@pytest.fixture
def captions(s3: Any) -> Seen:
    """A transfer that stored captions only, so that transcripts come from the API."""
    put(s3, "calls/a.mp3", "calls/b.mp3")
    return Seen(facts_after(transfer(formats=("srt",))))


def lines(s3: Any) -> list[dict[str, Any]]:
    body = s3.get_object(Bucket=OUTPUT, Key=f"out/{MANIFEST}")["Body"].read()
    return [json.loads(line) for line in body.splitlines()]


def test_a_forged_line_shows_no_transcript_and_does_not_reveal_whether_the_job_exists(
    s3: Any, captions: Seen, client: FluxionsClient, fluxions_emulator: EmulatorServer
) -> None:
    fluxions_emulator.emulator.add_outcome(OutcomeRule("failed*", "failed", "Too noisy"))
    fluxions_emulator.emulator.add_outcome(OutcomeRule("never*", outcome="never"))
    foreign = [client.submit(name.encode() * 300, filename=f"{name}.mp3").id for name in ("secret", "failed", "never")]
    answers = set()
    for job_id in [*map(str, foreign), "4711", "../health", "", "None", "9" * 300, "\ud800"]:
        for proof in (None, "0" * 32):
            rewrite_manifest(s3, job_id=job_id, proof=proof)
            for call in ("transcript", "download"):
                answer = captions.ask(call, no=0)
                answers.add((answer.status, body_of(answer)))
    assert len(answers) == 1
    ((status, body),) = answers
    assert (status, b"segments" in body) == (404, False)


def test_the_proof_of_another_line_proves_nothing(s3: Any, captions: Seen) -> None:
    other = lines(s3)[1]
    rewrite_manifest(s3, job_id=other["job_id"], proof=other["proof"])
    assert captions.refusal("transcript", no=0)[0] == 404


@pytest.mark.parametrize(
    "change", [{"source": f"s3://{INPUT}/calls/b.mp3"}, {"version": "other"}, {"source": "s3://other/calls/a.mp3"}]
)
def test_a_line_for_another_recording_shows_no_transcript(s3: Any, captions: Seen, change: dict[str, Any]) -> None:
    rewrite_manifest(s3, **change)
    assert captions.refusal("transcript", no=0)[0] == 404


@pytest.mark.parametrize("change", [{"path": "x.mp3"}, {"reference": "0" * 16}, {"outputs": [], "stored": None}])
def test_what_a_line_says_beside_its_job_and_recording_does_not_matter(
    s3: Any, captions: Seen, change: dict[str, Any]
) -> None:
    rewrite_manifest(s3, **change)
    assert captions.json("transcript", no=0)["segments"]


def test_a_line_without_proof_is_shown_if_its_jobs_name_has_the_reference(s3: Any, captions: Seen) -> None:
    rewrite_manifest(s3, proof=None)
    assert captions.json("transcript", no=0)["segments"]


def test_a_proven_job_may_have_another_name_as_one_from_the_services_cache_has(
    s3: Any, emulator: Emulator, client: FluxionsClient
) -> None:
    emulator.set_settings(cache_mode="same_job")
    older = client.submit(b"calls/a.mp3" * 300, filename="older.mp3").id
    put(s3, "calls/a.mp3")
    seen = Seen(facts_after(transfer(formats=("srt",))))
    assert seen.json("transcript", no=0)["job_id"] == str(older)


def test_a_result_whose_address_was_changed_names_no_job(s3: Any, client: FluxionsClient) -> None:
    secret = client.submit(b"secret" * 300, filename="secret.mp3").id
    operator = FluxionsToS3Operator(task_id=KEY.task_id, job_id=77, destination=f"s3://{OUTPUT}/r/", formats=("text",))
    seen = Seen(facts_of(operator, {"return_value": [f"s3://{OUTPUT}/r/secret-{secret}.txt"]}))
    assert seen.json("items")["items"][0]["job_id"] is None
    assert seen.refusal("transcript", no=0)[0] == 404


# --- memory -----------------------------------------------------------------------------------------------------------


def test_a_manifest_of_more_lines_than_are_shown_is_refused() -> None:
    assert len(read_manifest(b"{}\n" * 1000, (), DESTINATION)) == 1000
    with pytest.raises(ViewerError, match="too large to be shown"):
        read_manifest(b"{}\n" * (MAX_LINES + 1), (), DESTINATION)


def test_a_line_has_a_maximum_length_and_number_of_results() -> None:
    with pytest.raises(ViewerError, match="too large to be shown"):
        read_manifest(json.dumps({"error": "x" * MAX_LINE_BYTES}).encode(), (), DESTINATION)
    (item,) = read_manifest(json.dumps({"outputs": ["s3://b/k"] * 1000}).encode(), (), DESTINATION)
    assert len(item.outputs) == MAX_OUTPUTS


SCALARS = st.none() | st.booleans() | st.integers() | st.floats() | st.text()
JSON = st.recursive(SCALARS, lambda values: st.lists(values, max_size=3))
FIELDS = (
    "source", "path", "version", "status", "job_id", "proof", "error", "outputs", "stored", "audio_seconds", "cost",
)  # fmt: skip


@settings(max_examples=60, deadline=None)
@given(st.dictionaries(st.sampled_from(FIELDS), JSON))
def test_a_line_of_any_values_is_an_item_that_can_be_sent(row: dict[str, Any]) -> None:
    (item,) = read_manifest(json.dumps(row).encode(), (), DESTINATION)
    assert json.dumps(item.to_json(0), allow_nan=False)


@settings(max_examples=60, deadline=None)
@given(st.binary(max_size=200))
@example(b"[" * 60_000)
@example(b'{"audio_seconds":' + b"9" * 5_000 + b"}")
def test_any_bytes_are_items_or_one_sentence(data: bytes) -> None:
    refused = ""
    try:
        read_manifest(data, (), DESTINATION)
    except ViewerError as error:
        refused = str(error)
    assert not refused or refused.isprintable()


def test_a_stored_result_of_too_many_values_is_refused(s3: Any) -> None:
    put(s3, "calls/a.mp3")
    seen = Seen(facts_after(transfer()))
    body = b'{"id":1,"segments":[' + b"{}," * MAX_JSON_OBJECTS + b"{}]}"
    s3.put_object(Bucket=OUTPUT, Key="out/a.mp3.json", Body=body)
    status, detail = seen.refusal("transcript", no=0)
    assert (status, "more words and segments" in detail) == (404, True)


# --- a slow service, and many readers ---------------------------------------------------------------------------------


def test_thirty_readers_of_a_running_job_make_one_request(fluxions_emulator: EmulatorServer) -> None:
    fluxions_emulator.emulator.add_outcome(OutcomeRule("never*", outcome="never"))
    job_id = FluxionsHook().submit(b"audio" * 300, filename="never.mp3").id
    seen = Seen(facts_of(FluxionsTranscriptionSensor(task_id=KEY.task_id, job_id=job_id), {}, "deferred"))
    before, asking = len(fluxions_emulator.emulator.requests), threading.Barrier(30)

    def ask(_: int) -> int:
        asking.wait(30)
        return int(seen.json("task")["counts"]["running"])

    with ThreadPoolExecutor(30) as pool:
        assert list(pool.map(ask, range(30))) == [1] * 30
    assert len(fluxions_emulator.emulator.requests) == before + 1


class Clock:
    """Seconds that a test sets."""

    seconds = 0.0

    def now(self) -> float:
        return self.seconds


class Limits:
    """A client that keeps the limits that its calls get."""

    def __init__(self) -> None:
        self.given: list[float] = []

    def with_limits(self, *, total_timeout: float) -> Limits:
        self.given.append(total_timeout)
        return self

    def list_transcriptions(self) -> str:
        return "a page"


def test_all_calls_for_a_page_end_within_one_bound() -> None:
    clock, limits = Clock(), Limits()
    client: Any = within(limits, 30, clock.now)  # type: ignore[arg-type]
    assert client.list_transcriptions() == "a page"
    clock.seconds = 25
    client.list_transcriptions()
    assert limits.given == [30, 5]
    clock.seconds = 31
    with pytest.raises(FluxionsConnectionError, match="in time for this page"):
        client.list_transcriptions()


def test_a_service_that_drips_is_given_up(client: FluxionsClient, emulator: Emulator) -> None:
    client.submit(b"audio" * 300, filename="a.mp3")
    emulator.add_fault(Fault(path="/transcriptions/*", slow_body_seconds=60, times=None))
    with pytest.raises(FluxionsConnectionError, match="No usable response"):
        within(client, 0.2).get_transcription(1)


# --- XComs in object storage ------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def xcom_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The one folder of the backend, which keeps its configuration for a process's life."""
    return tmp_path_factory.mktemp("xcoms")


@pytest.fixture
def backend(xcom_folder: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Airflow's backend for object storage."""
    monkeypatch.setenv(
        "AIRFLOW__CORE__XCOM_BACKEND", "airflow.providers.common.io.xcom.backend.XComObjectStorageBackend"
    )
    monkeypatch.setenv("AIRFLOW__COMMON_IO__XCOM_OBJECTSTORAGE_PATH", f"file://{xcom_folder}")
    monkeypatch.setenv("AIRFLOW__COMMON_IO__XCOM_OBJECTSTORAGE_THRESHOLD", "0")
    return xcom_folder


airflow_3 = pytest.mark.skipif(IS_AIRFLOW_2, reason="Airflow 2 resolves XComs itself")


@airflow_3
def test_ids_in_object_storage_are_read_as_workers_read_them(backend: Path) -> None:
    (backend / "job_id.json").write_text("[7, 8]")
    assert resolved_xcom(f"file://{backend}/job_id.json", KEY, "job_id") == [7, 8]


@airflow_3
def test_a_value_in_the_database_is_read_as_it_is_with_such_a_backend_too(backend: Path) -> None:
    assert [resolved_xcom(value, KEY, "job_id") for value in (7, "7", [1, 2])] == [7, 7, [1, 2]]


@airflow_3
@pytest.mark.parametrize("folder", ["{}", "file:///elsewhere", "s3://conn@bucket"])
def test_a_value_that_cannot_be_read_says_where_it_is(backend: Path, folder: str) -> None:
    address = f"{folder.format(f'file://{backend}')}/missing.json"
    found = resolved_xcom(address, KEY, "job_id")
    assert isinstance(found, Unreadable)
    assert found.where == address


@airflow_3
def test_a_backend_that_fails_says_why(backend: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (backend / "broken.json").mkdir(exist_ok=True)
    found = resolved_xcom(f"file://{backend}/broken.json", KEY, "job_id")
    assert isinstance(found, Unreadable)
    assert "IsADirectoryError" in found.reason


@pytest.mark.parametrize("name", ["job_id", "return_value"])
def test_a_task_whose_ids_cannot_be_read_says_where_they_are(name: str) -> None:
    operator = FluxionsSubmitOperator(task_id=KEY.task_id, audio="s3://b/a.mp3")
    where = Unreadable("s3://xcoms/a_dag/job_id.json", "Backend found no object")
    status, detail = Seen(facts_of(operator, {name: where})).refusal("items")
    assert status == 502
    assert "s3://xcoms/a_dag/job_id.json" in detail
    assert "Backend found no object" in detail


def test_results_whose_addresses_cannot_be_read_say_where_they_are() -> None:
    operator = FluxionsToS3Operator(task_id=KEY.task_id, job_id=1, destination=f"s3://{OUTPUT}/r/")
    where = Unreadable("s3://xcoms/a_dag/return_value.json", "Backend found no object")
    status, detail = Seen(facts_of(operator, {"return_value": where})).refusal("items")
    assert (status, "s3://xcoms/a_dag/return_value.json" in detail) == (502, True)


# --- requests ---------------------------------------------------------------------------------------------------------


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.sampled_from(["task", "items", "transcript", "download", "audio"]), st.dictionaries(st.text(), st.text()))
@example("items", {"q": "\x00\ud800"})
@example("transcript", {"no": "9" * 400})
def test_any_request_gets_an_answer_of_one_sentence_or_a_value(call: str, query: Mapping[str, str]) -> None:
    seen = Seen(facts_of(transfer(), {}, None)).without("destination")
    answer = seen.ask(call, **dict(query))
    assert answer.status in (200, 404, 422)
    assert json.loads(body_of(answer))


def test_an_unexpected_error_is_one_sentence_without_its_text() -> None:
    seen = Seen(facts_of(transfer(), {}))
    seen.facts = object()  # type: ignore[assignment]
    status, detail = seen.refusal("task")
    assert (status, detail) == (500, "The viewer failed. The web server's log has the reason.")


def test_a_foreign_line_break_forges_no_line_of_the_web_servers_log(caplog: pytest.LogCaptureFixture) -> None:
    sensor = FluxionsTranscriptionSensor(
        task_id=KEY.task_id, job_id=1, fluxions_conn_id="no\n2026 ERROR forged\x1b[31m"
    )
    assert Seen(facts_of(sensor, {})).refusal("items")[0] == 502
    ours = [record for record in caplog.records if record.name.startswith("airflow_provider_fluxions.viewer")]
    assert ours
    assert all("\n" not in record.getMessage() and "\x1b" not in record.getMessage() for record in ours)
