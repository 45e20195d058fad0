"""A task that an earlier version deferred, and the manifest that it wrote, resume with this version."""

from __future__ import annotations

import asyncio
import json
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest

from airflow_provider_fluxions.api.client import FluxionsClient
from airflow_provider_fluxions.emulator import Emulator, Transition
from airflow_provider_fluxions.operators import FluxionsSubmitOperator
from airflow_provider_fluxions.sensors import FluxionsTranscriptionSensor
from tests.airflow.conftest import INPUT, OUTPUT, task_context
from tests.airflow.transferring import Impatient, outputs, put

RECORDED = Path(__file__).parent / "recorded"
DEFERRALS: dict[str, Any] = json.loads((RECORDED / "deferrals.json").read_text())

pytestmark = pytest.mark.usefixtures("fluxions_connection")


def submit_again(name: str, client: FluxionsClient) -> dict[str, Any]:
    """Give the account the jobs that it had when a task was deferred; return what was stored."""
    stored: dict[str, Any] = DEFERRALS[name]
    for job in stored["jobs"]:
        assert client.submit(job["filename"].encode(), filename=job["filename"]).id == job["id"]
    return stored


def event_of(stored: dict[str, Any]) -> dict[str, Any]:
    """Return the event of a stored trigger, rebuilt as the triggerer does it."""
    path, arguments = stored["trigger"]
    module, _, name = path.rpartition(".")
    trigger = getattr(import_module(module), name)(**arguments)
    assert trigger.serialize() == (path, arguments)
    trigger.quiet_seconds = 0.0

    async def first() -> dict[str, Any]:
        event: dict[str, Any] = (await anext(trigger.run())).payload
        return event

    return asyncio.run(first())


def resume(operator: Any, stored: dict[str, Any]) -> Any:
    """Resume a task as Airflow does."""
    method = getattr(operator, stored["method_name"])
    return method(task_context(), event=event_of(stored), **stored["kwargs"])


def test_a_sensor_that_an_earlier_version_deferred_resumes(client: FluxionsClient) -> None:
    stored = submit_again("sensor", client)
    assert resume(FluxionsTranscriptionSensor(task_id="t", job_id=[1, 2], deferrable=True), stored) == [1, 2]


def test_a_submit_that_an_earlier_version_deferred_resumes_and_submits_nothing(
    s3: Any, client: FluxionsClient, emulator: Emulator
) -> None:
    put(s3, "calls/a.mp3")
    stored = submit_again("submit", client)
    audio = f"s3://{INPUT}/calls/a.mp3"
    operator = FluxionsSubmitOperator(task_id="t", audio=audio, wait_for_completion=True, deferrable=True)
    assert resume(operator, stored) == 1
    assert len(emulator.jobs) == 1


def test_a_transfer_that_an_earlier_version_deferred_resumes_from_its_manifest_and_submits_nothing(
    s3: Any, client: FluxionsClient, emulator: Emulator
) -> None:
    emulator.set_transition(Transition.at_once())
    put(s3, "calls/a.mp3", "calls/b.wav", "calls/notes.txt")
    stored = submit_again("transfer", client)
    s3.put_object(Bucket=OUTPUT, Key=stored["manifest_key"], Body=(RECORDED / "manifest.jsonl").read_bytes())
    emulator.clear_requests()
    operator = Impatient(
        task_id="t", source=f"s3://{INPUT}/calls/", destination=f"s3://{OUTPUT}/out/", formats=("json", "srt")
    )
    summary = resume(operator, stored)
    assert (summary["completed"], summary["failed"], summary["ignored"]) == (2, 0, 1)
    assert outputs(s3) == {f"out/{name}.{ending}" for name in ("a.mp3", "b.wav") for ending in ("json", "srt")}
    assert len(emulator.jobs) == 2
    assert {request.method for request in emulator.requests} == {"GET"}
