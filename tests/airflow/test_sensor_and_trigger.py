"""Waiting: the sensor in its modes, and the trigger."""

from __future__ import annotations

import asyncio
import json
import re
import time
from pathlib import Path
from typing import Any

import pytest
from airflow.providers.common.compat.sdk import (
    AirflowFailException,
    AirflowSensorTimeout,
    AirflowSkipException,
    TaskDeferred,
    conf,
)

from airflow_provider_fluxions.api.client import FluxionsClient
from airflow_provider_fluxions.api.errors import FluxionsAuthenticationError, FluxionsConfigError
from airflow_provider_fluxions.emulator import Emulator, EmulatorServer, Fault, Transition
from airflow_provider_fluxions.sensors import FluxionsTranscriptionSensor
from airflow_provider_fluxions.task.wait import DEFER_TIMEOUT_MARGIN_SECONDS
from airflow_provider_fluxions.triggers import FluxionsTranscriptionTrigger
from tests.airflow.conftest import task_context
from tests.unit.fakes import FakeLoopClock

pytestmark = pytest.mark.usefixtures("fluxions_connection")
MODES: list[dict[str, Any]] = [{"mode": "poke"}, {"deferrable": True}]


@pytest.fixture
def emulator(fluxions_emulator: EmulatorServer) -> Emulator:
    """Three jobs that do not end by themselves."""
    emulator = fluxions_emulator.emulator
    emulator.set_transition(Transition.after_reads(10_000))
    with FluxionsClient("emulator-key", fluxions_emulator.base_url) as client:
        for name in "abc":
            client.submit(name.encode(), filename=f"{name}.wav")
    emulator.clear_requests()
    return emulator


def finish(emulator: Emulator, **statuses: str) -> None:
    for job in emulator.jobs:
        emulator.force_status(job.id, statuses.get(job.filename[0], "completed"), "Too noisy")


def wait(job_id: Any, **options: Any) -> Any:
    sensor = FluxionsTranscriptionSensor(task_id="t", job_id=job_id, **{"poke_interval": 0.01, **options})
    return sensor.execute(task_context())


@pytest.mark.parametrize("mode", MODES)
def test_it_returns_the_ids_once_all_are_completed(emulator: Emulator, mode: dict[str, Any]) -> None:
    finish(emulator)
    assert wait(1, **mode) == 1
    assert wait([1, "2", 3], **mode) == [1, "2", 3]


@pytest.mark.parametrize("mode", MODES)
def test_a_failed_job_ends_the_wait_for_good(emulator: Emulator, mode: dict[str, Any]) -> None:
    finish(emulator, b="failed")
    with pytest.raises(AirflowFailException, match=r"job 2 \(b.wav\): Too noisy"):
        wait([1, 2, 3], **mode)


@pytest.mark.parametrize("mode", MODES)
def test_an_unknown_job_ends_the_wait_for_good(emulator: Emulator, mode: dict[str, Any]) -> None:
    with pytest.raises(AirflowFailException, match="does not know job 4711"):
        wait(4711, **mode)


@pytest.mark.parametrize("mode", MODES)
def test_a_job_that_still_runs_at_the_timeout_is_a_sensor_timeout(emulator: Emulator, mode: dict[str, Any]) -> None:
    with pytest.raises(AirflowSensorTimeout):
        wait(1, timeout=0, **mode)


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("flag", ["soft_fail", "never_fail"])
def test_soft_fail_and_never_fail_skip_instead_of_failing(emulator: Emulator, mode: dict[str, Any], flag: str) -> None:
    with pytest.raises(AirflowSkipException):
        wait(1, timeout=0, **mode, **{flag: True})
    finish(emulator, a="failed")
    with pytest.raises(AirflowSkipException):
        wait(1, **mode, **{flag: True})


@pytest.mark.parametrize("mode", MODES)
def test_a_refused_key_is_raised_unless_it_may_never_fail(emulator: Emulator, mode: dict[str, Any]) -> None:
    emulator.add_fault(Fault(status=403, times=None))
    with pytest.raises(FluxionsAuthenticationError):
        wait(1, soft_fail=True, **mode)
    with pytest.raises(AirflowSkipException):
        wait(1, never_fail=True, **mode)


@pytest.mark.parametrize("job_id", [None, "None", "", [], [1, None], 1.5, {"id": 1}, "../health", "[1, 2]"])
@pytest.mark.parametrize("mode", MODES)
def test_what_is_no_id_is_refused_before_any_request(emulator: Emulator, mode: dict[str, Any], job_id: Any) -> None:
    with pytest.raises(AirflowFailException, match="id"):
        wait(job_id, **mode)
    assert emulator.requests == []


def test_deferring_looks_once_before_and_carries_an_absolute_deadline(emulator: Emulator) -> None:
    with pytest.raises(TaskDeferred) as deferred:
        wait([1, 2], deferrable=True, timeout=60, poll_interval=7)
    arguments = deferred.value.trigger.serialize()[1]
    assert len(emulator.requests) == 1
    assert arguments["deadline"] == deferred.value.kwargs["deadline"] == pytest.approx(time.time() + 60, abs=5)
    assert arguments["poll_interval"] == 7
    assert deferred.value.timeout.total_seconds() == pytest.approx(60 + DEFER_TIMEOUT_MARGIN_SECONDS, abs=5)


class HastyTrigger(FluxionsTranscriptionTrigger):
    """Does without the quiet seconds; nothing runs in a worker here."""

    quiet_seconds = 0.0


def fire(**arguments: Any) -> dict[str, Any]:
    async def first_event() -> dict[str, Any]:
        events = [event async for event in HastyTrigger(poll_interval=0.01, **arguments).run()]
        assert len(events) == 1, "exactly one event"
        payload: dict[str, Any] = events[0].payload
        return payload

    return asyncio.run(first_event())


def test_the_event_is_ids_and_statuses(emulator: Emulator) -> None:
    finish(emulator)
    event = fire(job_ids=[1, 2, 3], deadline=time.time() + 60)
    jobs = {"1": "completed", "2": "completed", "3": "completed"}
    assert event == {"version": 1, "status": "done", "jobs": jobs, "job_ids": [1, 2, 3]}


def test_a_failed_job_fires_while_others_run(emulator: Emulator) -> None:
    emulator.force_status(2, "failed")
    assert fire(job_ids=[1, 2, 3], deadline=time.time() + 60)["jobs"] == {"2": "failed"}


def test_enough_ended_jobs_fire(emulator: Emulator) -> None:
    emulator.force_status(3, "completed")
    assert fire(job_ids=[1, 2, 3], deadline=time.time() + 60, enough=1)["jobs"] == {"3": "completed"}


def test_a_deadline_fires_as_timeout_after_a_last_look(emulator: Emulator) -> None:
    event = fire(job_ids=[1], deadline=time.time() - 10)
    assert event == {"version": 1, "status": "timeout", "jobs": {}, "job_ids": [1]}
    assert emulator.requests


def test_a_job_that_ended_in_time_is_done_even_after_the_deadline(emulator: Emulator) -> None:
    finish(emulator)
    assert fire(job_ids=[1], deadline=time.time() - 10)["status"] == "done"


def fire_in_virtual_time(monkeypatch: pytest.MonkeyPatch, seconds: float, **arguments: Any) -> dict[str, Any]:
    """Fire a trigger whose deadline comes after so many seconds, which pass at once."""
    clock = FakeLoopClock()
    monkeypatch.setattr(HastyTrigger, "loop_clock", clock)
    return fire(deadline=clock.now() + seconds, **arguments)


def test_a_key_that_stays_refused_fires_as_error_without_the_key(
    emulator: Emulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    emulator.add_fault(Fault(status=401, times=None))
    event = fire_in_virtual_time(monkeypatch, 3600, job_ids=[1])
    assert (event["status"], event["error"]) == ("error", "FluxionsAuthenticationError")
    assert "emulator-key" not in str(event)


def test_a_key_that_is_rotated_at_the_service_first_ends_no_wait(
    emulator: Emulator, fluxions_emulator: EmulatorServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The connection changes after the third refusal, and is read again."""
    finish(emulator)
    emulator.api_key = "the-new-key"

    class Rotation(FakeLoopClock):
        async def pause(self, seconds: float, wake: asyncio.Event) -> None:
            if sum(request.key == "wrong" for request in emulator.requests) == 3:
                fields = {"conn_type": "fluxions", "host": fluxions_emulator.base_url, "password": "the-new-key"}
                monkeypatch.setenv("AIRFLOW_CONN_FLUXIONS_DEFAULT", json.dumps(fields))
            await super().pause(seconds, wake)

    monkeypatch.setattr(HastyTrigger, "loop_clock", Rotation())
    event = fire(job_ids=[1, 2, 3])
    assert event["status"] == "done"
    assert [request.key for request in emulator.requests] == ["wrong"] * 3 + ["valid"]


@pytest.mark.usefixtures("connection_table")
def test_a_connection_that_is_missing_in_the_triggerer_fires_as_error(monkeypatch: pytest.MonkeyPatch) -> None:
    event = fire_in_virtual_time(monkeypatch, 3600, job_ids=[1], fluxions_conn_id="nowhere")
    assert (event["status"], event["error"]) == ("error", "FluxionsMissingConnectionError")
    assert "airflow connections add nowhere" in event["message"]


def test_a_secrets_backend_that_is_down_in_the_triggerer_ends_no_wait_before_its_deadline(
    emulator: Emulator, monkeypatch: pytest.MonkeyPatch, broken_secrets_backend: None
) -> None:
    assert fire_in_virtual_time(monkeypatch, 3600, job_ids=[1], fluxions_conn_id="vaulted")["status"] == "timeout"


def test_arguments_that_no_wait_can_use_fire_as_error() -> None:
    event = fire(job_ids=["../health"])
    assert (event["status"], event["error"]) == ("error", "FluxionsInputError")


def resume(event: dict[str, Any] | None, **options: Any) -> Any:
    sensor = FluxionsTranscriptionSensor(task_id="t", job_id=1, deferrable=True, poke_interval=5, **options)
    return sensor.execute_complete(task_context(), event=event, deadline=time.time() + 60)


@pytest.mark.parametrize("status", [401, 403])
def test_a_key_that_is_refused_when_a_task_resumes_defers_it_again(emulator: Emulator, status: int) -> None:
    emulator.add_fault(Fault(status=status, times=None))
    with pytest.raises(TaskDeferred):
        resume({"status": "done", "jobs": {"1": "completed"}})


def test_a_key_that_is_refused_to_the_worker_and_the_triggerer_is_raised(emulator: Emulator) -> None:
    emulator.add_fault(Fault(status=401, times=None))
    with pytest.raises(FluxionsAuthenticationError):
        resume({"status": "error", "error": "FluxionsAuthenticationError", "message": "refused", "jobs": {}})


def test_the_reason_why_the_triggerer_gave_up_fails_the_task(emulator: Emulator) -> None:
    """To defer again would end in the same way, until the deadline."""
    with pytest.raises(FluxionsConfigError, match=r"No such bundle\. The triggerer gave up"):
        resume({"status": "error", "error": "FluxionsConfigError", "message": "No such bundle.", "jobs": {}})


def test_a_task_resumes_without_the_arguments_that_its_deferral_kept(emulator: Emulator) -> None:
    """Airflow 2.11's ``tasks test`` drops them."""
    finish(emulator)
    sensor = FluxionsTranscriptionSensor(task_id="t", job_id=[1, 2], deferrable=True)
    assert sensor.execute_complete(task_context(), event={"status": "done", "jobs": {}}) == [1, 2]


@pytest.mark.parametrize("mode", MODES)
def test_a_wait_makes_one_request_a_look_whatever_the_service_answers(emulator: Emulator, mode: dict[str, Any]) -> None:
    """No retries below it: the wait has its own."""
    emulator.add_fault(Fault(status=503, times=None))
    with pytest.raises((TaskDeferred, AirflowSensorTimeout)):
        wait(1, timeout=0 if "mode" in mode else 60, **mode)
    assert len(emulator.requests) == 1


def test_a_long_poke_interval_ends_at_the_timeout(emulator: Emulator) -> None:
    sensor = FluxionsTranscriptionSensor(task_id="t", job_id=1, poke_interval=3600, timeout=100, mode="poke")
    assert sensor._get_next_poke_interval(None, lambda: 97.0, 1) == 3.0


def test_the_trigger_waits_longer_than_a_worker_may_take_to_report_its_end() -> None:
    assert FluxionsTranscriptionTrigger([1]).quiet_seconds == 2 * conf.getint(
        "workers", "min_heartbeat_interval", fallback=5
    )


def test_the_operator_on_the_triggers_page_works(emulator: Emulator) -> None:
    page = (Path(__file__).parents[2] / "docs" / "howto" / "own-operator.md").read_text()
    names: dict[str, Any] = {}
    exec(re.findall(r"```python\n(.*?)```", page, re.DOTALL)[1], names)  # noqa: S102  # it is what readers do
    operator = names["SpeakerCountOperator"](task_id="t", job_id=1)
    with pytest.raises(TaskDeferred) as deferral:
        operator.execute(task_context())
    finish(emulator)
    trigger: Any = deferral.value.trigger
    event = fire(job_ids=trigger.job_ids, fluxions_conn_id=trigger.fluxions_conn_id)
    assert event["status"] == "done"
    assert getattr(operator, deferral.value.method_name)(task_context(), event) >= 1
