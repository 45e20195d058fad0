"""The poll loop's metrics go where those of the triggerer itself go."""

from __future__ import annotations

import re
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from airflow.jobs import triggerer_job_runner
from airflow.providers.common.compat.sdk import AirflowException

from airflow_provider_fluxions.api.client import FluxionsClient
from airflow_provider_fluxions.emulator import EmulatorServer, Fault, OutcomeRule, Transition
from airflow_provider_fluxions.operators import FluxionsSubmitOperator
from airflow_provider_fluxions.sensors import FluxionsTranscriptionSensor
from airflow_provider_fluxions.task import metrics as task_metrics
from airflow_provider_fluxions.triggers import metrics
from tests.airflow.conftest import INPUT, task_context

MODES: list[dict[str, Any]] = [{"mode": "poke", "poke_interval": 0.01}, {"deferrable": True}]


@pytest.fixture
def counted(monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, int, str]]:
    """What tasks counted: name, count, and the tag that tells the kind."""
    counts: list[tuple[str, int, str]] = []

    class Counter:
        @staticmethod
        def incr(name: str, count: int = 1, *, tags: dict[str, Any]) -> None:
            counts.append((name, count, tags.get("outcome") or tags.get("operator") or ""))

    monkeypatch.setattr(task_metrics, "Stats", Counter)
    return counts


def test_the_triggerers_own_metrics_go_through_the_same_functions() -> None:
    """On 3.3 there are two sets of them, and a triggerer sets up only one."""
    theirs: Any = getattr(triggerer_job_runner, "stats", None) or triggerer_job_runner.Stats
    assert metrics.Stats.incr == theirs.incr


def test_each_happening_has_its_name_and_unit(monkeypatch: pytest.MonkeyPatch) -> None:
    sent: list[tuple[Any, ...]] = []

    class Recorder:
        @staticmethod
        def gauge(name: str, value: float, *, tags: dict[str, Any]) -> None:
            sent.append((name, value, tags))

        @staticmethod
        def incr(name: str, count: int = 1, *, tags: dict[str, Any]) -> None:
            sent.append((name, count, tags))

        timing = gauge

    monkeypatch.setattr(metrics, "Stats", Recorder)
    observer = metrics.PollMetrics("main")
    observer.watching(7)
    observer.polled(3)
    observer.throttled(30.0)
    observer.noticed(1.5)
    tags = {"fluxions_conn_id": "main"}
    assert sent == [
        ("fluxions.poll.jobs", 7, tags),
        ("fluxions.poll.sweeps", 1, tags),
        ("fluxions.poll.requests", 3, tags),
        ("fluxions.poll.throttles", 1, tags),
        ("fluxions.poll.lag", timedelta(seconds=1.5), tags),
    ]


@pytest.mark.parametrize("mode", MODES)
def test_a_sensor_counts_its_wait_and_the_audio_in_each_mode(
    client: FluxionsClient, counted: list[Any], mode: dict[str, Any]
) -> None:
    job_id = client.submit(b"audio", filename="a.mp3").id
    FluxionsTranscriptionSensor(task_id="t", job_id=job_id, **mode).execute(task_context())
    seconds = round(client.get_transcription(job_id).audio_duration or 0)
    assert counted == [("fluxions.waits", 1, "done"), ("fluxions.audio_seconds", max(1, seconds), "")]


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("soft_fail", [False, True])
def test_a_sensor_counts_a_failed_job_once_in_each_mode(
    client: FluxionsClient,
    fluxions_emulator: EmulatorServer,
    counted: list[Any],
    mode: dict[str, Any],
    soft_fail: bool,
) -> None:
    fluxions_emulator.emulator.add_outcome(OutcomeRule("bad.mp3", error_message="noise"))
    job_id = client.submit(b"audio", filename="bad.mp3").id
    with pytest.raises(AirflowException):
        FluxionsTranscriptionSensor(task_id="t", job_id=job_id, soft_fail=soft_fail, **mode).execute(task_context())
    assert counted == [("fluxions.waits", 1, "failed"), ("fluxions.failures", 1, "")]


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("soft_fail", [False, True])
def test_a_sensor_counts_a_timeout_once_in_each_mode(
    client: FluxionsClient,
    fluxions_emulator: EmulatorServer,
    counted: list[Any],
    mode: dict[str, Any],
    soft_fail: bool,
) -> None:
    fluxions_emulator.emulator.set_transition(Transition.after_reads(10_000))
    job_id = client.submit(b"audio", filename="a.mp3").id
    sensor = FluxionsTranscriptionSensor(task_id="t", job_id=job_id, soft_fail=soft_fail, timeout=0, **mode)
    with pytest.raises(AirflowException):
        sensor.execute(task_context())
    assert counted == [("fluxions.waits", 1, "timeout")]


def test_a_submit_counts_pauses_and_what_it_took(
    client: FluxionsClient, fluxions_emulator: EmulatorServer, counted: list[Any], s3: Any
) -> None:
    s3.put_object(Bucket=INPUT, Key="a.mp3", Body=b"audio")
    fluxions_emulator.emulator.add_fault(Fault("POST", "*submit", status=429, times=2))
    submit = FluxionsSubmitOperator(task_id="t", audio=f"s3://{INPUT}/a.mp3")
    submit.execute(task_context())
    submit.execute(task_context(try_number=2))
    assert counted == [
        ("fluxions.throttles", 1, ""),
        ("fluxions.throttles", 1, ""),
        ("fluxions.submits", 1, ""),
        ("resumable_job.fresh_submit", 1, "FluxionsSubmitOperator"),
        ("fluxions.adoptions", 1, ""),
        ("resumable_job.already_succeeded", 1, "FluxionsSubmitOperator"),
    ]


def test_the_page_tells_every_metric() -> None:
    """By the names in the code, so that a new one needs its line there."""
    root = Path(__file__).parents[2]
    names = {
        name
        for module in (metrics, task_metrics)
        for name in re.findall(r'"(fluxions\.[a-z_.]+)"', Path(str(module.__file__)).read_text())
    }
    page = (root / "docs" / "metrics.md").read_text()
    assert len(names) > 8
    assert [name for name in sorted(names) if f"| `{name}` |" not in page] == []
