"""How often a task reads its connection and opens an HTTP session: once an execution, and again after a refused key."""

from __future__ import annotations

from collections import Counter
from typing import Any

import pytest
import requests
from airflow.providers.common.compat.sdk import BaseHook, TaskDeferred

from airflow_provider_fluxions.api.client import FluxionsClient
from airflow_provider_fluxions.emulator import Emulator, Fault, Transition
from airflow_provider_fluxions.operators import FluxionsSubmitOperator
from airflow_provider_fluxions.sensors import FluxionsTranscriptionSensor
from airflow_provider_fluxions.transfers import FluxionsToS3Operator
from tests.airflow.conftest import INPUT, OUTPUT, task_context
from tests.airflow.transferring import put, transfer

pytestmark = pytest.mark.usefixtures("fluxions_connection")

ONCE = {"connection reads": 1, "sessions": 1, "sessions closed": 1}


@pytest.fixture
def counted(client: FluxionsClient, monkeypatch: pytest.MonkeyPatch) -> Counter[str]:
    """Count what Airflow and requests are asked for; the client of the tests is made before."""
    counts: Counter[str] = Counter()
    read, create, close = BaseHook.get_connection, requests.Session.__init__, requests.Session.close

    def counting_read(cls: type[BaseHook], conn_id: str) -> Any:
        counts["connection reads"] += conn_id == "fluxions_default"
        return read(conn_id)

    def counting_create(self: requests.Session) -> None:
        counts["sessions"] += 1
        create(self)

    def counting_close(self: requests.Session) -> None:
        counts["sessions closed"] += 1
        close(self)

    monkeypatch.setattr(BaseHook, "get_connection", classmethod(counting_read))
    monkeypatch.setattr(requests.Session, "__init__", counting_create)
    monkeypatch.setattr(requests.Session, "close", counting_close)
    return counts


def test_a_sensor_that_pokes_has_one_session_for_all_polls(
    client: FluxionsClient, emulator: Emulator, counted: Counter[str]
) -> None:
    emulator.set_transition(Transition.after_reads(7))
    job = client.submit(b"audio", filename="a.mp3")
    emulator.clear_requests()
    FluxionsTranscriptionSensor(task_id="t", job_id=job.id, poll_interval=0.0).execute(task_context())
    assert len(emulator.requests) >= 7
    assert counted == ONCE


def test_a_sensor_that_pokes_reads_the_connection_again_after_a_refused_key(
    client: FluxionsClient,
    emulator: Emulator,
    counted: Counter[str],
) -> None:
    emulator.set_transition(Transition.after_reads(3))
    job = client.submit(b"audio", filename="a.mp3")
    emulator.add_fault(Fault(status=401, skip=1))
    FluxionsTranscriptionSensor(task_id="t", job_id=job.id, poll_interval=0.0).execute(task_context())
    assert counted == {"connection reads": 2, "sessions": 2, "sessions closed": 2}


def test_a_submit_that_waits_has_one_session(client: FluxionsClient, s3: Any, counted: Counter[str]) -> None:
    put(s3, "a.mp3")
    options: dict[str, Any] = {"wait_for_completion": True, "deferrable": False, "price_per_audio_hour": 1.0}
    FluxionsSubmitOperator(task_id="t", audio=f"s3://{INPUT}/a.mp3", **options).execute(task_context())
    assert counted == ONCE


def test_a_task_that_defers_closes_its_session(
    client: FluxionsClient, emulator: Emulator, counted: Counter[str]
) -> None:
    emulator.set_transition(Transition.after_reads(10_000))
    job = client.submit(b"audio", filename="a.mp3")
    with pytest.raises(TaskDeferred):
        FluxionsTranscriptionSensor(task_id="t", job_id=job.id, deferrable=True).execute(task_context())
    assert counted == ONCE


def test_transfers_have_one_session(client: FluxionsClient, s3: Any, counted: Counter[str]) -> None:
    put(s3, "a.mp3", "b.mp3")
    transfer("")
    assert counted == ONCE
    counted.clear()
    FluxionsToS3Operator(task_id="t", job_id=[1, 2], destination=f"s3://{OUTPUT}/d/").execute(task_context())
    assert counted == ONCE
