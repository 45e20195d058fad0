"""Every answer that leaves a submit in doubt, in every order of a list with 300 foreign jobs: one live job."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest

from airflow_provider_fluxions.api.job_reference import reference
from airflow_provider_fluxions.api.submit_once import SubmitOptions, SubmitRequest, submit_once
from airflow_provider_fluxions.emulator import Emulator, EmulatorServer
from tests.unit.conftest import KEY, Service
from tests.unit.fakes import FakeTime, source

FOREIGN_JOBS = 300
# How long a client waits for an answer that is held back, in real seconds.
SUBMIT_TIMEOUT_SECONDS = 0.6

# Answers by name; those that follow the creation of a job leave it behind. Held requests stay held until the end:
# against a server that creates a job after our looks nothing can be done.
ANSWERS: dict[str, dict[str, object]] = {
    "timeout before creation": {"hold": "before_body"},
    "timeout after creation": {"hold": "after_create", "after": True},
    "reset before creation": {"reset": True},
    "reset after creation": {"reset": True, "after": True},
    "500": {"status": 500},
    "500 after creation": {"status": 500, "after": True},
    "502 after creation": {"status": 502, "body": "html", "after": True},
    "503": {"status": 503, "retry_after": "5"},
    "503 after creation": {"status": 503, "retry_after": "5", "after": True},
    "429, seconds": {"status": 429, "retry_after": "5"},
    "429, date": {"status": 429, "retry_after": "date+5"},
    "200 with HTML after creation": {"status": 200, "body": "html", "after": True},
    "200 cut off after creation": {"truncate_to_bytes": 12, "after": True},
    "200 without a body after creation": {"status": 200, "body": "empty", "after": True},
}


@pytest.fixture(
    scope="module",
    params=["newest", *(pytest.param(order, marks=pytest.mark.slow) for order in ("oldest", "shuffled"))],
)
def crowded(request: pytest.FixtureRequest, closing: list[threading.Thread]) -> Iterator[Service]:
    emulator = Emulator("observed", KEY, list_order=request.param)
    # Running jobs have no transcript to derive for each page, which would take most of the test's time.
    emulator.seed_jobs(FOREIGN_JOBS, status="processing", spacing_seconds=10.0)
    service = Service(emulator, EmulatorServer(emulator).start())
    yield service
    closing.append(threading.Thread(target=service.close))
    closing[-1].start()


@pytest.mark.parametrize("answer", ANSWERS)
def test_one_live_job_is_left_and_returned(crowded: Service, time: FakeTime, answer: str) -> None:
    ref = reference(answer, crowded.emulator.settings.list_order)
    crowded.fault_on_submit(**ANSWERS[answer])
    crowded.emulator.clear_requests()
    item = SubmitRequest(
        source(), "interview.mp3", ref, SubmitOptions(cache=False), since=datetime.now(UTC) - timedelta(minutes=5)
    )
    taken = submit_once(
        crowded.client(submit_timeout=SUBMIT_TIMEOUT_SECONDS if "hold" in ANSWERS[answer] else 60.0),
        item,
        may_exist=False,
        deadline=time.now() + 3600,
        clock=time.clock,
    )
    created = "after" in ANSWERS[answer]
    assert crowded.live_ids(ref) == [taken.job_id]
    assert taken.reused == created
    assert len(crowded.posts) == (1 if created else 2)
