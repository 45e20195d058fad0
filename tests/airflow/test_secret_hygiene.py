"""The API key shows up nowhere: not in logs at DEBUG, errors, pickles, XComs, triggers, events or reprs."""

from __future__ import annotations

import asyncio
import json
import logging
import pickle
import time
import traceback
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from airflow_provider_fluxions.emulator import EmulatorServer, Fault, OutcomeRule
from airflow_provider_fluxions.hooks import FluxionsHook
from airflow_provider_fluxions.operators import FluxionsSubmitOperator
from airflow_provider_fluxions.sensors import FluxionsTranscriptionSensor
from airflow_provider_fluxions.transfers import FluxionsS3ToS3Operator
from tests.airflow.conftest import INPUT, OUTPUT, task_context
from tests.airflow.test_sensor_and_trigger import HastyTrigger

KEY = "emulator-key"
FAULTS = [
    Fault(status=401, times=None),
    Fault(status=403, times=None, body="detail_list"),
    Fault(status=402, times=None),
    Fault(status=500, times=None, body="html"),
    Fault(status=429, times=None, retry_after="120"),
    Fault(status=200, body="truncated_json", times=None),
    Fault(status=302, times=None, location="http://127.0.0.2:9/elsewhere"),
    Fault(reset=True, times=None),
    # The service or a gateway repeats the key.
    Fault(status=401, times=None, message=f"Invalid API key provided: {KEY}"),
    Fault(status=502, times=None, message=f"Authorization: Bearer {KEY}"),
]
Run = Callable[[str], Any]


def _submit(audio: str) -> Any:
    submit = FluxionsSubmitOperator(task_id="t", audio=audio, timeout=0, wait_for_completion=True, durable=False)
    return submit.execute(task_context())


def _retry(audio: str) -> Any:
    return FluxionsSubmitOperator(task_id="t", audio=audio, timeout=0).execute(task_context(try_number=2))


def _sense(_: str) -> Any:
    return FluxionsTranscriptionSensor(task_id="t", job_id=1, timeout=0, poke_interval=0).execute(task_context())


def _transfer(_: str) -> Any:
    operator = FluxionsS3ToS3Operator(
        task_id="t", source=f"s3://{INPUT}/", destination=f"s3://{OUTPUT}/", timeout=0, poll_interval=0
    )
    return operator.execute(task_context())


def _trigger(_: str) -> Any:
    async def events() -> list[Any]:
        return [repr(event) async for event in HastyTrigger([1], poll_interval=0.01, deadline=time.time()).run()]

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


def leaks(error: BaseException) -> bool:
    told = "".join(traceback.format_exception(error)) + repr(error)
    return KEY in told or KEY.encode() in pickle.dumps(error)


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
    leaked = False
    runs: list[Run] = [_submit, _retry, _sense, _transfer, _trigger]
    with caplog.at_level(logging.DEBUG):
        for run in runs:
            try:
                shown.append(run(str(audio)))
            except Exception as error:  # whatever is raised is searched
                leaked |= leaks(error)
        shown.append(FluxionsHook().test_connection())
    assert "urllib3" in caplog.text, "DEBUG is on: the requests themselves are logged"
    assert not leaked
    assert KEY not in caplog.text
    assert KEY not in repr(shown)
