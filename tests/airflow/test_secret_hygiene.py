"""The API key shows up nowhere: not in logs at DEBUG, errors, pickles, XComs, triggers, events or reprs."""

from __future__ import annotations

import asyncio
import json
import logging
import pickle
import traceback
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from airflow.providers.common.compat.sdk import TaskDeferred

from airflow_provider_fluxions.emulator import EmulatorServer, Fault, OutcomeRule
from airflow_provider_fluxions.hooks import FluxionsHook
from airflow_provider_fluxions.operators import FluxionsSubmitOperator, FluxionsTextToSpeechOperator
from airflow_provider_fluxions.sensors import FluxionsTranscriptionSensor
from airflow_provider_fluxions.transfers import FluxionsS3ToS3Operator
from tests.airflow.conftest import INPUT, OUTPUT, task_context
from tests.airflow.test_sensor_and_trigger import HastyTrigger
from tests.unit.fakes import FakeLoopClock

KEY = "emulator-key"
ECHOES = [
    Fault(status=401, message="Invalid API key provided: {authorization}", times=None),
    Fault(status=401, body="detail_list", message="Bearer {authorization} is refused", times=None),
    Fault(status=502, body="html", echo_headers=True, times=None),
    Fault(status=503, echo_headers=True, times=None),
    Fault(status=200, echo_headers=True, times=None),
    Fault(status=302, location="http://127.0.0.2:9/?key={authorization}", times=None),
    Fault(fields={"status": "failed", "error_message": "for {authorization}", "filename": "{authorization}.mp3"},
          times=None),
    Fault(fields={"id": "{authorization}"}, times=None),
]  # fmt: skip
FAULTS = [
    Fault(status=401, times=None),
    Fault(status=403, times=None, body="detail_list"),
    Fault(status=402, times=None),
    Fault(status=500, times=None, body="html"),
    Fault(status=429, times=None, retry_after="120"),
    Fault(status=200, body="truncated_json", times=None),
    Fault(status=302, times=None, location="http://127.0.0.2:9/elsewhere"),
    Fault(reset=True, times=None),
    *ECHOES,
]
Run = Callable[[str], Any]


def _run(operator: Any, **context: Any) -> Any:
    """Return all that Airflow keeps or sends of a task: result or deferral, XComs, lineage, pickled error."""
    given = task_context(**context)
    shown: list[Any] = []
    try:
        shown.append(operator.execute(given))
    except TaskDeferred as deferral:
        shown += [deferral.trigger.serialize(), deferral.kwargs, deferral.timeout]
    except Exception as error:  # whatever is raised is searched
        shown += ["".join(traceback.format_exception(error)), repr(error), pickle.dumps(error)]
    return [*shown, given["ti"].pushed, operator.get_openlineage_facets_on_failure(given["ti"])]


def _submit(audio: str) -> Any:
    return _run(FluxionsSubmitOperator(task_id="t", audio=audio, timeout=0, wait_for_completion=True, durable=False))


def _retry(audio: str) -> Any:
    return _run(FluxionsSubmitOperator(task_id="t", audio=audio, timeout=0), try_number=2)


def _sense(_: str) -> Any:
    return _run(FluxionsTranscriptionSensor(task_id="t", job_id=1, timeout=0, poke_interval=0))


def _defer(_: str) -> Any:
    return _run(FluxionsTranscriptionSensor(task_id="t", job_id=1, deferrable=True))


def _transfer(_: str) -> Any:
    return _run(
        FluxionsS3ToS3Operator(
            task_id="t", source=f"s3://{INPUT}/", destination=f"s3://{OUTPUT}/", timeout=0, poll_interval=0
        )
    )


def _speak(_: str) -> Any:
    return _run(FluxionsTextToSpeechOperator(task_id="t", text="Hi.", destination=f"s3://{OUTPUT}/a.wav", timeout=0))


def _trigger(_: str) -> Any:
    async def events() -> list[Any]:
        clock = FakeLoopClock()
        trigger = HastyTrigger([1], poll_interval=120, deadline=clock.now() + 800)
        trigger.loop_clock = clock
        return [repr(event) async for event in trigger.run()]

    return asyncio.run(events())


@pytest.fixture
def quick_connection(fluxions_emulator: EmulatorServer, monkeypatch: pytest.MonkeyPatch) -> None:
    """A connection without retries, so that failing is quick."""
    fields = {
        "conn_type": "fluxions",
        "host": fluxions_emulator.base_url,
        "password": KEY,
        "extra": {"max_retries": 0},
    }
    monkeypatch.setenv("AIRFLOW_CONN_FLUXIONS_DEFAULT", json.dumps(fields))


def _objects(s3: Any) -> list[bytes]:
    """Return what lies in the destination, the manifest too."""
    keys = [item["Key"] for item in s3.list_objects_v2(Bucket=OUTPUT).get("Contents", ())]
    return [s3.get_object(Bucket=OUTPUT, Key=key)["Body"].read() for key in keys]


@pytest.mark.usefixtures("quick_connection")
@pytest.mark.parametrize("fault", [None, *FAULTS], ids=str)
def test_the_key_shows_up_nowhere(
    fault: Fault | None, fluxions_emulator: EmulatorServer, s3: Any, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    emulator = fluxions_emulator.emulator
    s3.put_object(Bucket=INPUT, Key="a.mp3", Body=b"x")
    audio = tmp_path / "a.mp3"
    audio.write_bytes(b"audio")
    if fault is None:
        emulator.add_outcome(OutcomeRule("*"))
    else:
        emulator.add_fault(fault)
    shown: list[Any] = [FluxionsHook(), FluxionsHook().get_conn(), FluxionsHook().get_conn().settings]
    runs: list[Run] = [_submit, _retry, _sense, _defer, _transfer, _speak, _trigger]
    with caplog.at_level(logging.DEBUG):
        shown += [run(str(audio)) for run in runs]
        shown.append(FluxionsHook().test_connection())
    assert "urllib3" in caplog.text, "DEBUG is on: the requests themselves are logged"
    assert KEY not in caplog.text
    assert KEY not in repr(shown)
    assert KEY not in repr(_objects(s3))
