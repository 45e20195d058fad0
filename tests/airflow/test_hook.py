"""From connections to clients, and the connection test."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from datetime import timedelta
from types import SimpleNamespace
from typing import Any
from uuid import uuid4

import pytest
from airflow.providers.common.compat.sdk import AirflowFailException, TaskDeferred, redact

from airflow_provider_fluxions.api.errors import (
    FluxionsConfigError,
    FluxionsDeadlineError,
    FluxionsJobFailedError,
    FluxionsMissingConnectionError,
    FluxionsThrottledError,
    FluxionsUnreadableConnectionError,
)
from airflow_provider_fluxions.api.retry import Clock
from airflow_provider_fluxions.connection.reader import settings_of
from airflow_provider_fluxions.emulator import EmulatorServer, Fault, OutcomeRule, Transition
from airflow_provider_fluxions.hooks import FluxionsHook, connect_for_polling, connect_for_viewing
from airflow_provider_fluxions.sensors import FluxionsTranscriptionSensor
from tests.airflow.conftest import task_context

KEY = "emulator-key"
Connect = Callable[..., FluxionsHook]


@pytest.fixture
def connect(fluxions_emulator: EmulatorServer, monkeypatch: pytest.MonkeyPatch) -> Connect:
    """Return a hook whose connection leads to the emulator, but for what the test changes."""

    def make(**changes: Any) -> FluxionsHook:
        fields = {"conn_type": "fluxions", "host": fluxions_emulator.base_url, "password": KEY, **changes}
        monkeypatch.setenv("AIRFLOW_CONN_FLUXIONS_TEST", json.dumps(fields))
        return FluxionsHook("fluxions_test")

    return make


def test_the_connection_test_proves_the_key_with_an_authenticated_read(
    connect: Connect, fluxions_emulator: EmulatorServer
) -> None:
    ok, message = connect().test_connection()
    assert ok, message
    (request,) = fluxions_emulator.emulator.requests
    assert (request.path, request.key) == ("/transcriptions", "valid")


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"password": ""}, "password field"),
        ({"password": "   "}, "password field"),
        ({"password": "wrong"}, "HTTP 401"),
        ({"host": "http://127.0.0.1:9"}, "No usable response from http://127.0.0.1:9"),
        ({"host": "http://api.example.com"}, "Plain http to api.example.com is refused"),
        ({"host": "ftp://api.example.com"}, "must look like"),
        ({"extra": {"read_timeout": "soon"}}, 'extra read_timeout must be a number, not "soon"'),
        ({"extra": {"read_timout": 20}}, "extra read_timout is not a setting. Did you mean read_timeout?"),
        ({"extra": json.dumps(json.dumps({"read_timeout": 20}))}, "the extra must be a JSON object"),
        ({"extra": {"read_timeout": -1}}, "more than 0 seconds"),
        ({"extra": {"verify": "/no/such/bundle.pem"}}, "verify names the CA bundle /no/such/bundle.pem"),
    ],
)
def test_the_connection_test_says_what_is_wrong(connect: Connect, changes: dict[str, Any], told: str) -> None:
    ok, message = connect(**changes).test_connection()
    assert not ok
    assert told in message
    assert KEY not in message


def test_the_connection_test_names_a_wrong_base_url_instead_of_a_job(
    connect: Connect, fluxions_emulator: EmulatorServer
) -> None:
    ok, message = connect(host=f"{fluxions_emulator.base_url}/wrong").test_connection()
    assert not ok
    assert f"{fluxions_emulator.base_url}/wrong has no /transcriptions. Check the connection's host" in message


def test_a_pasted_bearer_prefix_works_and_is_warned_of(connect: Connect, caplog: pytest.LogCaptureFixture) -> None:
    ok, message = connect(password=f"Bearer {KEY}").test_connection()
    assert ok, message
    assert "prefix" in caplog.text


def test_a_configuration_error_names_the_connection(connect: Connect) -> None:
    with pytest.raises(FluxionsConfigError, match="'fluxions_test'"):
        connect(password="").get_conn()


def test_extras_that_a_form_saved_as_null_count_as_unset(connect: Connect) -> None:
    hook = connect(extra={"submit_path": None, "read_timeout": None, "max_retries": ""})
    assert hook.get_conn().settings.submit_path is None
    assert hook.get_conn().settings.max_retries == 5


def test_a_box_ticked_in_airflow_2s_form_counts_when_its_test_button_is_pressed(connect: Connect) -> None:
    assert connect(extra={"allow_http": "y"}).get_conn().settings.allow_http is True


def test_extras_reach_the_client_also_as_text_from_a_uri(
    monkeypatch: pytest.MonkeyPatch, fluxions_emulator: EmulatorServer
) -> None:
    uri = f"fluxions://:{KEY}@127.0.0.1:{fluxions_emulator.port}/?read_timeout=7&verify=false&max_retries=2"
    monkeypatch.setenv("AIRFLOW_CONN_FLUXIONS_TEST", uri)
    settings = FluxionsHook("fluxions_test").get_conn().settings
    assert (settings.read_timeout, settings.verify, settings.max_retries) == (7.0, False, 2)
    assert settings.base_url == f"https://127.0.0.1:{fluxions_emulator.port}"


def test_the_port_field_counts_where_the_host_has_none(connect: Connect) -> None:
    assert connect(host="https://api.example.com/v2", port=8443).get_conn().settings.base_url == (
        "https://api.example.com:8443/v2"
    )


def test_waiting_returns_the_transcription_with_words(connect: Connect, fluxions_emulator: EmulatorServer) -> None:
    fluxions_emulator.emulator.set_transition(Transition.after_reads(2))
    hook = connect()
    job = hook.submit(b"audio", filename="a.wav")
    slept: list[float] = []
    transcription = hook.wait_for_completion(job.id, poll_interval=4, clock=Clock(sleep=slept.append))
    assert transcription.segments[0].words
    assert slept


def test_waiting_raises_what_the_service_said_of_a_failed_job(
    connect: Connect, fluxions_emulator: EmulatorServer
) -> None:
    fluxions_emulator.emulator.add_outcome(OutcomeRule("*", error_message="Too noisy"))
    hook = connect()
    job = hook.submit(b"audio", filename="a.wav")
    with pytest.raises(FluxionsJobFailedError, match="Too noisy") as caught:
        hook.wait_for_completion(job.id)
    assert caught.value.job_id == job.id


def test_waiting_ends_at_its_timeout(connect: Connect, fluxions_emulator: EmulatorServer) -> None:
    fluxions_emulator.emulator.set_transition(Transition.after_reads(1000))
    hook = connect()
    job = hook.submit(b"audio", filename="a.wav")
    now = [1000.0]
    clock = Clock(now=lambda: now[0], sleep=lambda seconds: now.__setitem__(0, now[0] + seconds))
    with pytest.raises(FluxionsDeadlineError, match="cannot be canceled"):
        hook.wait_for_completion(job.id, poll_interval=10, timeout=60, clock=clock)


@pytest.mark.usefixtures("connection_table")
def test_a_missing_connection_says_how_to_create_it() -> None:
    with pytest.raises(FluxionsMissingConnectionError) as caught:
        FluxionsHook("nowhere").get_conn()
    told = str(caught.value)
    assert "airflow connections add nowhere --conn-type fluxions --conn-password YOUR-KEY" in told
    assert """AIRFLOW_CONN_NOWHERE='{"conn_type": "fluxions", "password": "YOUR-KEY"}'""" in told


@pytest.mark.usefixtures("connection_table")
def test_a_missing_connection_fails_its_task_at_once() -> None:
    sensor = FluxionsTranscriptionSensor(task_id="t", job_id=1, fluxions_conn_id="nowhere")
    with pytest.raises(AirflowFailException, match="There is no connection 'nowhere'"):
        sensor.execute(task_context())


@pytest.mark.usefixtures("broken_secrets_backend")
def test_a_connection_behind_a_secrets_backend_that_is_down_is_not_called_missing() -> None:
    with pytest.raises(FluxionsUnreadableConnectionError, match=r"ConnectionRefusedError: vault\.example") as caught:
        FluxionsHook("vaulted").get_conn()
    assert caught.value.transient


@pytest.mark.usefixtures("broken_secrets_backend")
@pytest.mark.parametrize("deferrable", [True, False])
def test_a_task_that_begins_while_a_secrets_backend_is_down_fails_and_may_be_retried(deferrable: bool) -> None:
    sensor = FluxionsTranscriptionSensor(task_id="t", job_id=1, fluxions_conn_id="vaulted", deferrable=deferrable)
    with pytest.raises(FluxionsUnreadableConnectionError):
        sensor.execute(task_context())


@pytest.mark.usefixtures("broken_secrets_backend")
def test_a_task_that_resumes_while_a_secrets_backend_is_down_defers_again() -> None:
    sensor = FluxionsTranscriptionSensor(task_id="t", job_id=1, fluxions_conn_id="vaulted", deferrable=True)
    with pytest.raises(TaskDeferred):
        sensor.execute_complete(task_context(), event={"status": "done", "jobs": {"1": "completed"}})


@pytest.mark.parametrize(
    ("extra", "told"),
    [
        ('"{\\"read_timeout\\": 20}"', "must be a JSON object"),
        ("[1]", "must be a JSON object"),
        ("{oops", "is not JSON"),
    ],
)
def test_an_extra_that_is_no_json_object_is_told(extra: str, told: str) -> None:
    connection = SimpleNamespace(conn_id="fluxions_test", host=None, port=None, password=KEY, extra=extra)
    parsed = {} if told == "is not JSON" else json.loads(extra)  # as Airflow gives it
    with pytest.raises(FluxionsConfigError, match=told):
        settings_of(connection, parsed)


def test_the_connection_test_tells_of_json_inside_json(connect: Connect) -> None:
    ok, message = connect(extra=json.dumps(json.dumps({"read_timeout": 20}))).test_connection()
    assert not ok
    assert "must be a JSON object" in message


def test_a_key_without_its_pasted_prefix_is_masked_in_logs(connect: Connect) -> None:
    key = f"pasted-{uuid4().hex}"
    connect(password=f"Bearer {key}").get_conn()
    assert redact(f"<{key}>") == "<***>"


@pytest.mark.parametrize(
    "read", [lambda: connect_for_viewing("fluxions_test"), lambda: asyncio.run(connect_for_polling("fluxions_test"))]
)
def test_it_is_masked_in_the_web_server_and_the_triggerer_too(connect: Connect, read: Callable[[], Any]) -> None:
    key = f"pasted-{uuid4().hex}"
    connect(password=f"Bearer {key}")
    read()
    assert redact(f"<{key}>") == "<***>"


def test_a_wait_that_is_throttled_ends_at_its_timeout(connect: Connect, fluxions_emulator: EmulatorServer) -> None:
    fluxions_emulator.emulator.set_transition(Transition.after_reads(1000))
    hook = connect()
    job = hook.submit(b"audio", filename="a.wav")
    fluxions_emulator.emulator.add_fault(Fault(status=429, retry_after="10", times=None))
    now = [1000.0]
    clock = Clock(now=lambda: now[0], sleep=lambda seconds: now.__setitem__(0, now[0] + seconds))
    with pytest.raises(FluxionsThrottledError):
        hook.wait_for_completion(job.id, timeout=5, clock=clock)
    assert now[0] == 1005.0


@pytest.mark.parametrize("seconds", [timedelta(seconds=5), 5])
def test_a_timeout_may_be_a_timedelta(connect: Connect, fluxions_emulator: EmulatorServer, seconds: Any) -> None:
    hook = connect()
    job = hook.submit(b"audio", filename="a.wav")
    assert hook.wait_for_completion(job.id, timeout=seconds, poll_interval=seconds).id == job.id
