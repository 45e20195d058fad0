"""Where the links on a task's page lead."""

from __future__ import annotations

from importlib.metadata import version
from types import SimpleNamespace
from typing import Any

import pytest

from airflow_provider_fluxions.emulator import EmulatorServer
from airflow_provider_fluxions.hooks import FluxionsHook
from airflow_provider_fluxions.links import (
    IS_AIRFLOW_2,
    RECORDING_XCOM,
    RESULT_XCOM,
    FluxionsJobLink,
    FluxionsRecordingLink,
    FluxionsResultLink,
    FluxionsTranscriptLink,
    job_address,
    s3_address,
    viewer_address,
)
from airflow_provider_fluxions.operators import FluxionsSubmitOperator
from airflow_provider_fluxions.sensors import FluxionsTranscriptionSensor
from airflow_provider_fluxions.transfers import FluxionsConvertOperator, FluxionsS3ToS3Operator, FluxionsToS3Operator
from tests.airflow.conftest import INPUT, OUTPUT, task_context

CONSOLE = "https://s3.console.aws.amazon.com/s3"


@pytest.mark.parametrize(
    ("uri", "address"),
    [
        ("s3://b/a/call.json", f"{CONSOLE}/object/b?prefix=a/call.json"),
        ("s3://b/a/", f"{CONSOLE}/buckets/b?prefix=a/"),
        ("s3://b/", f"{CONSOLE}/buckets/b?prefix="),
        (
            "s3://arn:aws:s3:eu-west-1:123456789012:accesspoint/calls/a.json",
            f"{CONSOLE}/object/arn%3Aaws%3As3%3Aeu-west-1%3A123456789012%3Aaccesspoint%2Fcalls?prefix=a.json",
        ),
        ('s3://b/ü &?#%".json', f"{CONSOLE}/object/b?prefix=%C3%BC%20%26%3F%23%25%22.json"),
        ("s3://b/lone\udc80surrogate", f"{CONSOLE}/object/b?prefix=lone%3Fsurrogate"),
    ],
)
def test_an_s3_address_opens_in_the_console_of_aws(uri: str, address: str) -> None:
    assert s3_address(uri, "") == address


def test_an_s3_address_opens_where_the_configuration_says() -> None:
    template = "https://minio.example.com/browser/{bucket}/{key}"
    assert s3_address("s3://b/a/{bucket} x.json", template) == (
        "https://minio.example.com/browser/b/a/%7Bbucket%7D%20x.json"
    )


@pytest.mark.parametrize("nothing", [None, "", 7, "https://b/k?X-Amz-Signature=1", "s3://"])
def test_what_is_no_s3_address_gives_no_link(nothing: Any) -> None:
    assert s3_address(nothing, "") == ""


def test_one_job_has_a_page_where_one_is_configured() -> None:
    assert job_address(124, "https://t.example.com/{job_id}") == "https://t.example.com/124"
    assert job_address("a/b", "https://t.example.com/{job_id}") == "https://t.example.com/a%2Fb"


@pytest.mark.parametrize("nothing", [None, [1, 2], True])
def test_none_or_many_jobs_have_no_page(nothing: Any) -> None:
    assert job_address(nothing, "https://t.example.com/{job_id}") == ""


def _pushed(operator: Any) -> dict[str, Any]:
    context = task_context(task_id=operator.task_id)
    operator.execute(context)
    pushed: dict[str, Any] = context["ti"].pushed
    return pushed


def test_a_submit_links_to_its_recording_in_s3(s3: Any, fluxions_connection: str) -> None:
    s3.put_object(Bucket=INPUT, Key="a.mp3", Body=b"audio")
    pushed = _pushed(FluxionsSubmitOperator(task_id="t", audio=f"s3://{INPUT}/a.mp3"))
    assert pushed[RECORDING_XCOM] == f"s3://{INPUT}/a.mp3"


def test_a_submit_of_a_local_file_links_to_no_recording(tmp_path: Any, fluxions_connection: str) -> None:
    (tmp_path / "a.mp3").write_bytes(b"audio")
    assert RECORDING_XCOM not in _pushed(FluxionsSubmitOperator(task_id="t", audio=str(tmp_path / "a.mp3")))


def test_stored_transcripts_link_to_the_first_file(s3: Any, fluxions_connection: str) -> None:
    job = FluxionsHook().submit(b"audio", filename="a.mp3")
    operator = FluxionsToS3Operator(
        task_id="t", job_id=job.id, destination=f"s3://{OUTPUT}/p/", formats=("json", "text")
    )
    assert _pushed(operator)[RESULT_XCOM] == f"s3://{OUTPUT}/p/a-{job.id}.json"


def test_a_transfer_links_to_its_manifest_also_when_it_fails(
    s3: Any, fluxions_connection: str, fluxions_emulator: EmulatorServer
) -> None:
    from airflow.exceptions import AirflowException

    from airflow_provider_fluxions.emulator import OutcomeRule

    s3.put_object(Bucket=INPUT, Key="bad.mp3", Body=b"audio")
    fluxions_emulator.emulator.add_outcome(OutcomeRule("bad*", error_message="Too noisy"))
    operator = FluxionsS3ToS3Operator(
        task_id="t", source=f"s3://{INPUT}/", destination=f"s3://{OUTPUT}/p/", deferrable=False, poll_interval=0.1
    )
    context = task_context(task_id="t")
    with pytest.raises(AirflowException, match="Too noisy"):
        operator.execute(context)
    bucket, _, key = context["ti"].pushed[RESULT_XCOM].removeprefix("s3://").partition("/")
    assert b"Too noisy" in s3.get_object(Bucket=bucket, Key=key)["Body"].read()


def test_conversions_link_to_their_folder(s3: Any) -> None:
    operator = FluxionsConvertOperator(
        task_id="t", source=f"s3://{INPUT}/", destination=f"s3://{OUTPUT}/texts/", formats=("text",)
    )
    assert _pushed(operator)[RESULT_XCOM] == f"s3://{OUTPUT}/texts/"


@pytest.mark.skipif(IS_AIRFLOW_2, reason="Airflow 2 makes links in the webserver, from XComs")
def test_a_worker_makes_its_links_without_reading_an_xcom(
    s3: Any, fluxions_connection: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Here no XCom could be read: there is no supervisor."""
    monkeypatch.setenv("AIRFLOW__FLUXIONS__JOB_LINK", "https://t.example.com/{job_id}")
    s3.put_object(Bucket=INPUT, Key="a.mp3", Body=b"audio")
    submit = FluxionsSubmitOperator(task_id="t", audio=f"s3://{INPUT}/a.mp3")
    job_id = submit.execute(task_context())
    assert FluxionsRecordingLink().get_link(submit, ti_key=TASK) == f"{CONSOLE}/object/{INPUT}?prefix=a.mp3"
    assert FluxionsJobLink().get_link(submit, ti_key=TASK) == f"https://t.example.com/{job_id}"
    sensor = FluxionsTranscriptionSensor(task_id="t", job_id=job_id)
    sensor.execute(task_context())
    assert FluxionsJobLink().get_link(sensor, ti_key=TASK) == f"https://t.example.com/{job_id}"
    store = FluxionsToS3Operator(task_id="t", job_id=job_id, destination=f"s3://{OUTPUT}/p/")
    store.execute(task_context())
    assert FluxionsResultLink().get_link(store, ti_key=TASK).startswith(f"{CONSOLE}/object/{OUTPUT}?prefix=p/")


@pytest.mark.skipif(IS_AIRFLOW_2, reason="Airflow 2 makes links in the webserver, from XComs")
def test_a_task_that_failed_first_of_all_has_no_link_and_reads_no_xcom() -> None:
    assert FluxionsResultLink().get_link(FluxionsSubmitOperator(task_id="t", audio="/a.mp3"), ti_key=TASK) == ""


TASK = SimpleNamespace(dag_id="a dag", run_id="manual__2026-01-01T00:00:00+00:00", task_id="group.t", map_index=None)
QUERY = "dag_id=a%20dag&run_id=manual__2026-01-01T00%3A00%3A00%2B00%3A00&task_id=group.t&map_index"


@pytest.mark.parametrize(
    ("server", "address"),
    [
        ("https://airflow.example.com", f"https://airflow.example.com/fluxions/view?{QUERY}=-1"),
        ("https://example.com/airflow/", f"https://example.com/airflow/fluxions/view?{QUERY}=-1"),
        ("", f"fluxions/view?{QUERY}=-1"),
    ],
)
def test_a_transcript_is_below_the_address_of_the_web_server(server: str, address: str) -> None:
    assert viewer_address(server, TASK) == address


@pytest.mark.parametrize(("path", "start"), [("", "/"), ("/airflow", "/airflow/")])
def test_where_the_web_server_makes_the_link_it_stays_on_the_host_that_was_asked(path: str, start: str) -> None:
    assert viewer_address(path, TASK, is_local=True) == f"{start}fluxions/view?{QUERY}=-1"


def test_a_mapped_task_is_named_by_its_index() -> None:
    mapped = SimpleNamespace(**{**vars(TASK), "map_index": 3})
    assert viewer_address("", mapped).endswith("&map_index=3")


@pytest.mark.skipif(
    version("apache-airflow").startswith("3.0."), reason="the scripts of Airflow 3.0's own pages alone know the reader"
)
def test_where_the_viewer_is_off_there_is_no_link_to_it(monkeypatch: pytest.MonkeyPatch) -> None:
    link = FluxionsTranscriptLink()
    assert "fluxions/view?dag_id=a%20dag" in link.get_link(None, ti_key=TASK)
    monkeypatch.setenv("AIRFLOW__FLUXIONS__VIEWER", "False")
    assert link.get_link(None, ti_key=TASK) == ""
