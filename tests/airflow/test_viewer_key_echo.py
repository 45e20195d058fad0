"""A response that echoes the API key: neither the page nor the web server's log shows it."""

from __future__ import annotations

from typing import Any

import pytest

from airflow_provider_fluxions.emulator import Emulator, Fault
from airflow_provider_fluxions.sensors import FluxionsTranscriptionSensor
from tests.airflow.viewing import KEY, Seen, body_of, facts_of

API_KEY = "emulator-key"


@pytest.mark.usefixtures("fluxions_connection")
@pytest.mark.parametrize(("status", "body"), [(400, "detail"), (401, "error"), (404, "detail"), (502, "html")])
def test_the_key_that_a_response_echoes_is_neither_shown_nor_logged(
    emulator: Emulator, caplog: pytest.LogCaptureFixture, status: int, body: Any
) -> None:
    emulator.add_fault(Fault(path="/transcriptions*", status=status, body=body, echo_headers=True, times=None))
    seen = Seen(facts_of(FluxionsTranscriptionSensor(task_id=KEY.task_id, job_id=1), {}, "deferred"))
    answers = [seen.ask(call, no=0) for call in ("task", "items", "transcript")]
    assert API_KEY.encode() not in b"".join(map(body_of, answers))
    assert all(API_KEY not in record.getMessage() for record in caplog.records if "fluxions" in record.name)
    assert emulator.requests
