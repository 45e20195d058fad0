"""The error that a user sees for each bad input: what is wrong, and what to do."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from airflow_provider_fluxions.emulator import EmulatorServer, Fault
from airflow_provider_fluxions.operators import FluxionsSubmitOperator
from airflow_provider_fluxions.sensors import FluxionsTranscriptionSensor
from airflow_provider_fluxions.transfers import FluxionsS3ToS3Operator, FluxionsToS3Operator
from tests.airflow.conftest import INPUT, OUTPUT, task_context

KEY = "emulator-key"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Recordings that cannot be sent, and one that can."""
    (tmp_path / "good.mp3").write_bytes(b"audio")
    (tmp_path / "empty.mp3").touch()
    (tmp_path / "folder.mp3").mkdir()
    return tmp_path


def error_of(operator: Any) -> str:
    with pytest.raises(Exception) as caught:  # noqa: PT011 - the message is compared by each test
        operator.execute(task_context())
    message = str(caught.value)
    assert KEY not in message
    return message


@pytest.mark.usefixtures("s3", "fluxions_connection")
@pytest.mark.parametrize(
    ("audio", "told"),
    [
        ("{folder}/empty.mp3", "is empty"),
        ("{folder}/missing.mp3", "does not exist on this worker"),
        ("{folder}/folder.mp3", "is a folder"),
        ("file://{folder}/missing.mp3", "does not exist"),
        ("file://elsewhere/a.mp3", "names the host 'elsewhere'"),
        (f"s3://{INPUT}/missing.mp3", f"There is no object s3://{INPUT}/missing.mp3"),
        ("s3://no-such-bucket/a.mp3", "The bucket does not exist"),
        (f"s3://{INPUT}", "names no object"),
        (f"s3://{INPUT}/calls/", "use FluxionsS3ToS3Operator"),
        ("s3:///a.mp3", "must look like s3://bucket/key"),
        ("s3:/bucket/a.mp3", "addresses begin like s3://"),
        ("S3//bucket/a.mp3", "addresses begin like s3://"),
        ("carrier-pigeon://loft/a.mp3", "cannot be opened"),
        ("", "must be a path or an address"),
        (None, "must be a path or an address"),
        (17, "must be a path or an address"),
    ],
)
def test_bad_audio(folder: Path, audio: Any, told: str, fluxions_emulator: EmulatorServer) -> None:
    address = audio.format(folder=folder) if isinstance(audio, str) else audio
    assert told in error_of(FluxionsSubmitOperator(task_id="t", audio=address))
    assert fluxions_emulator.emulator.requests == []


@pytest.mark.usefixtures("fluxions_connection")
def test_a_file_that_may_not_be_read(folder: Path) -> None:
    secret = folder / "good.mp3"
    secret.chmod(0)
    try:
        secret.open("rb").close()
    except PermissionError:
        assert "Permission denied" in error_of(FluxionsSubmitOperator(task_id="t", audio=str(secret)))
    else:  # root reads everything
        assert FluxionsSubmitOperator(task_id="t", audio=str(secret)).execute(task_context())


@pytest.mark.parametrize(
    ("connection", "told"),
    [
        ({"password": ""}, "put it into the password field"),
        ({"password": " \t"}, "put it into the password field"),
        ({"password": "Bearer "}, "put it into the password field"),
        ({"password": "two\nlines"}, "cannot stand in an HTTP header"),
        ({"password": "wrong"}, "Check the API key"),
        ({"host": "127.0.0.1:9"}, "Check the connection's host"),
        ({"host": "http://127.0.0.1:9"}, "Check the connection's host"),
        ({"host": "http://api.example.com"}, "the API key would travel readable"),
        ({"host": "https://user:pw@api.example.com"}, "may not hold a user"),
        ({"extra": {"max_retries": "many"}}, "extra max_retries"),
        ({"extra": {"submit_path": "/nowhere"}}, "set submit_path in its extra"),
    ],
)
def test_a_bad_connection(
    folder: Path,
    connection: dict[str, Any],
    told: str,
    fluxions_emulator: EmulatorServer,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    fields = {"conn_type": "fluxions", "host": fluxions_emulator.base_url, "password": KEY, **connection}
    monkeypatch.setenv("AIRFLOW_CONN_FLUXIONS_DEFAULT", json.dumps(fields))
    submit = FluxionsSubmitOperator(task_id="t", audio=str(folder / "good.mp3"), timeout=0)
    assert told in error_of(submit)
    assert fluxions_emulator.emulator.jobs == []


@pytest.mark.usefixtures("fluxions_connection")
@pytest.mark.parametrize("body", ["html", "empty", "truncated_json"])
def test_an_answer_that_is_not_the_apis(folder: Path, body: Any, fluxions_emulator: EmulatorServer) -> None:
    fluxions_emulator.emulator.add_fault(Fault(status=200, body=body, times=None))
    submit = FluxionsSubmitOperator(task_id="t", audio=str(folder / "good.mp3"), timeout=0, durable=False)
    assert "is probably not the Fluxions API" in error_of(submit)


@pytest.mark.usefixtures("s3", "fluxions_connection")
@pytest.mark.parametrize(
    ("operator", "told"),
    [
        (lambda: FluxionsTranscriptionSensor(task_id="t", job_id=4711), "does not know job 4711"),
        (lambda: FluxionsTranscriptionSensor(task_id="t", job_id="not an id"), "A job id must be a number"),
        (
            lambda: FluxionsToS3Operator(task_id="t", job_id=4711, destination=f"s3://{OUTPUT}/"),
            "HTTP 404 for job 4711",
        ),
        (lambda: FluxionsToS3Operator(task_id="t", job_id=None, destination=f"s3://{OUTPUT}/"), "A job id must be"),
        (lambda: FluxionsToS3Operator(task_id="t", job_id=1, destination="gs://b/"), "must look like s3://bucket/key"),
        (
            lambda: FluxionsS3ToS3Operator(task_id="t", source="s3://no-such-bucket/", destination=f"s3://{OUTPUT}/"),
            "The bucket does not exist",
        ),
        (
            lambda: FluxionsS3ToS3Operator(
                task_id="t", source=f"s3://{INPUT}/missing.mp3", destination=f"s3://{OUTPUT}/"
            ),
            "There is no object",
        ),
        (
            lambda: FluxionsS3ToS3Operator(task_id="t", source="/local/folder", destination=f"s3://{OUTPUT}/"),
            "must look like s3://bucket/key",
        ),
    ],
)
def test_bad_arguments_of_the_other_operators(operator: Any, told: str) -> None:
    assert told in error_of(operator())


@pytest.mark.parametrize("formats", ["json", (), ("json", "json"), ("jsn",), ("parkuet",), 7])
def test_bad_formats_fail_when_the_dag_is_parsed(formats: Any) -> None:
    with pytest.raises(ValueError, match="format"):
        FluxionsToS3Operator(task_id="t", job_id=1, destination="s3://b/", formats=formats)
