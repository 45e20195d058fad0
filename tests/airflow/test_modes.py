"""What Airflow's versions and modes leave to us so that a wait ends alike in all of them; tests/e2e/test_parity.py."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from airflow.providers.common.compat.sdk import (
    AirflowException,
    AirflowFailException,
    AirflowSensorTimeout,
    AirflowSkipException,
    AirflowTaskTimeout,
    TaskDeferred,
)

from airflow_provider_fluxions.api.errors import FluxionsAuthenticationError
from airflow_provider_fluxions.emulator import Emulator, EmulatorServer, Fault, Transition
from airflow_provider_fluxions.operators import FluxionsSubmitOperator
from airflow_provider_fluxions.sensors import FluxionsTranscriptionSensor
from airflow_provider_fluxions.transfers import FluxionsS3ToS3Operator
from tests.airflow.conftest import INPUT, OUTPUT, task_context

pytestmark = pytest.mark.usefixtures("fluxions_connection")
SENSOR_MODES: list[dict[str, Any]] = [{"mode": "poke"}, {"deferrable": True}]
Make = Callable[..., Any]


@pytest.fixture
def emulator(fluxions_emulator: EmulatorServer) -> Emulator:
    """An account whose jobs do not end by themselves."""
    emulator = fluxions_emulator.emulator
    emulator.set_transition(Transition.after_reads(10_000))
    return emulator


@pytest.fixture
def recording(tmp_path: Path, s3: Any) -> str:
    """A recording on this machine; its twin lies in S3."""
    s3.put_object(Bucket=INPUT, Key="a.mp3", Body=b"from S3")
    path = tmp_path / "a.mp3"
    path.write_bytes(b"from this machine")
    return str(path)


def submit_and_wait(recording: str, **options: Any) -> Any:
    return FluxionsSubmitOperator(
        task_id="t", audio=recording, **{"wait_for_completion": True, "poll_interval": 0.01, **options}
    )


def transfer(recording: str, **options: Any) -> Any:
    return FluxionsS3ToS3Operator(
        task_id="t", source=f"s3://{INPUT}/", destination=f"s3://{OUTPUT}/", poll_interval=0.01, **options
    )


OPERATORS: Mapping[str, Make] = {"submit": submit_and_wait, "transfer": transfer}
every_operator = pytest.mark.parametrize("make", OPERATORS.values(), ids=list(OPERATORS))


def begun(seconds_ago: float) -> dict[str, Any]:
    return task_context(start_date=datetime.now(UTC) - timedelta(seconds=seconds_ago))


def kept_until_it_is_over(kwargs: dict[str, Any]) -> dict[str, Any]:
    """What Airflow kept of a deferral, as it looks when the task's execution_timeout is over."""
    assert kwargs["expires"] > time.time()
    return {**kwargs, "expires": time.time() - 1}


@every_operator
def test_a_deferral_ends_when_the_tasks_execution_timeout_does(emulator: Emulator, recording: str, make: Make) -> None:
    context = begun(10)
    with pytest.raises(TaskDeferred) as deferred:
        make(recording, deferrable=True, execution_timeout=timedelta(seconds=60)).execute(context)
    ends = context["ti"].start_date.timestamp() + 60
    assert deferred.value.trigger.serialize()[1]["deadline"] == pytest.approx(ends)
    assert deferred.value.kwargs["expires"] == pytest.approx(ends)


@every_operator
def test_a_task_without_execution_timeout_keeps_none_over_a_deferral(
    emulator: Emulator, recording: str, make: Make
) -> None:
    with pytest.raises(TaskDeferred) as deferred:
        make(recording, deferrable=True).execute(begun(10))
    assert deferred.value.kwargs["expires"] is None


@every_operator
def test_a_task_that_resumes_after_its_execution_timeout_is_timed_out_and_may_be_tried_again(
    emulator: Emulator, recording: str, make: Make
) -> None:
    operator = make(recording, deferrable=True, execution_timeout=timedelta(seconds=60))
    with pytest.raises(TaskDeferred) as deferred:
        operator.execute(begun(10))
    with pytest.raises(AirflowTaskTimeout, match="with 1 jobs in progress"):
        operator.execute_complete(begun(0), **kept_until_it_is_over(deferred.value.kwargs))


@every_operator
def test_a_job_that_ended_in_time_is_no_timeout(emulator: Emulator, recording: str, make: Make) -> None:
    operator = make(recording, deferrable=True, execution_timeout=timedelta(seconds=60))
    with pytest.raises(TaskDeferred) as deferred:
        operator.execute(begun(10))
    emulator.force_status(1, "completed")
    assert operator.execute_complete(begun(0), **kept_until_it_is_over(deferred.value.kwargs))


def test_a_sensor_that_resumes_after_its_execution_timeout_is_timed_out(emulator: Emulator, recording: str) -> None:
    job_id = FluxionsSubmitOperator(task_id="s", audio=recording).execute(task_context())
    sensor = FluxionsTranscriptionSensor(
        task_id="t", job_id=job_id, deferrable=True, execution_timeout=timedelta(seconds=60)
    )
    with pytest.raises(TaskDeferred) as deferred:
        sensor.execute(begun(10))
    with pytest.raises(AirflowTaskTimeout):
        sensor.execute_complete(begun(0), **kept_until_it_is_over(deferred.value.kwargs))


@pytest.mark.parametrize("deferrable", [True, False])
def test_trouble_at_the_service_until_the_deadline_is_a_deadline(
    emulator: Emulator, recording: str, deferrable: bool
) -> None:
    emulator.add_fault(Fault("GET", "/transcriptions/*", reset=True, times=None))
    with pytest.raises(AirflowSensorTimeout, match="did not finish before the deadline"):
        submit_and_wait(recording, deferrable=deferrable, timeout=0).execute(task_context())


@pytest.mark.parametrize("mode", SENSOR_MODES)
def test_a_sensor_that_times_out_names_its_jobs_and_says_so_where_it_is_skipped(
    emulator: Emulator, recording: str, mode: dict[str, Any], caplog: pytest.LogCaptureFixture
) -> None:
    job_id = FluxionsSubmitOperator(task_id="s", audio=recording).execute(task_context())
    words = f"Job {job_id} did not finish before the deadline"
    with pytest.raises(AirflowSensorTimeout, match=words):
        FluxionsTranscriptionSensor(task_id="t", job_id=job_id, timeout=0, **mode).execute(task_context())
    sensor = FluxionsTranscriptionSensor(task_id="t", job_id=job_id, timeout=0, soft_fail=True, **mode)
    with caplog.at_level(logging.WARNING), pytest.raises(AirflowSkipException, match=words):
        sensor.execute(task_context())
    assert f"Skipped as asked: {words}" in caplog.text
    assert sensor.soft_fail, "the same task may be run again"


@pytest.mark.parametrize("mode", SENSOR_MODES)
@pytest.mark.usefixtures("connection_table")
def test_a_missing_connection_skips_a_sensor_that_may_never_fail(mode: dict[str, Any]) -> None:
    missing = {"job_id": 1, "fluxions_conn_id": "no_such_connection", **mode}
    with pytest.raises(AirflowException, match="no_such_connection"):
        FluxionsTranscriptionSensor(task_id="t", **missing).execute(task_context())
    with pytest.raises(AirflowSkipException, match="no_such_connection"):
        FluxionsTranscriptionSensor(task_id="t", never_fail=True, **missing).execute(task_context())


@pytest.mark.parametrize("mode", SENSOR_MODES)
@pytest.mark.usefixtures("connection_table")
def test_a_missing_connection_is_no_outcome_that_soft_fail_skips(mode: dict[str, Any]) -> None:
    sensor = FluxionsTranscriptionSensor(
        task_id="t", job_id=1, fluxions_conn_id="no_such_connection", soft_fail=True, **mode
    )
    with pytest.raises(AirflowFailException, match="airflow connections add no_such_connection"):
        sensor.execute(task_context())


def test_a_key_that_is_refused_until_the_timeout_is_the_error_of_a_poking_sensor(
    emulator: Emulator, recording: str
) -> None:
    job_id = FluxionsSubmitOperator(task_id="s", audio=recording).execute(task_context())
    emulator.add_fault(Fault("GET", "/transcriptions*", status=401, skip=1, times=None))
    sensor = FluxionsTranscriptionSensor(task_id="t", job_id=job_id, timeout=0.3, poke_interval=0.1, mode="poke")
    with pytest.raises(FluxionsAuthenticationError):
        sensor.execute(task_context())
    assert len(emulator.requests) >= 4
