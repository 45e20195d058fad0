"""Any sequence of bad answers and crashes leaves at most one live job per reference, and its id is returned."""

from __future__ import annotations

import itertools
import threading
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, replace
from typing import Any

import pytest
from hypothesis import HealthCheck, event, given, settings
from hypothesis import strategies as st

from airflow_provider_fluxions.api.client import FluxionsClient
from airflow_provider_fluxions.api.errors import FluxionsError
from airflow_provider_fluxions.api.job_reference import reference
from airflow_provider_fluxions.api.models import Submission
from airflow_provider_fluxions.api.retry import Clock
from airflow_provider_fluxions.api.submit_once import SubmitOptions, SubmitRequest, SubmitResult, submit_once
from airflow_provider_fluxions.emulator import Emulator, EmulatorServer, Fault
from tests.unit.conftest import KEY, Service
from tests.unit.fakes import FakeTime, Source

SUBMIT_FAULTS: list[dict[str, Any]] = [
    *({"reset": True, "after": after} for after in (False, True)),
    *({"status": status, "after": after} for status in (500, 503, 504) for after in (False, True)),
    *({"status": 200, "body": body, "after": after} for body in ("html", "empty") for after in (False, True)),
    {"truncate_to_bytes": 15, "after": True},
    {"status": 429, "retry_after": "3"},
    {"status": 429, "retry_after": "date+3"},
]
LIST_FAULTS: list[dict[str, Any]] = [
    {"reset": True},
    {"status": 500},
    {"status": 404},
    {"status": 200, "body": "html"},
    {"truncate_to_bytes": 40},
]
NAMES: list[tuple[str, ...]] = [
    (),
    ("append:.opus",),
    ("upper", "copy"),
    ("dashes:-", "cut:32"),
    ("dashes:_", "upper"),
    ("percent", "cut:64"),
]
CRASHES = ["before the submit", "mid body", "after the answer", "while pausing", "before recording"]

_numbers = itertools.count()


class Crash(BaseException):
    """The process is gone: no handler of ours may run on."""


@dataclass(frozen=True)
class Try:
    """One try of a task: what the service does to it, where it dies, and what happens before the next one."""

    submit_faults: tuple[int, ...]
    list_faults: tuple[int, ...]
    crash: str | None
    crash_at_pause: int
    job_fails_afterwards: bool


TRIES = st.lists(
    st.builds(
        Try,
        submit_faults=st.lists(st.integers(0, len(SUBMIT_FAULTS) - 1), max_size=3).map(tuple),
        list_faults=st.lists(st.integers(0, len(LIST_FAULTS) - 1), max_size=3).map(tuple),
        crash=st.sampled_from([None, *CRASHES]),
        crash_at_pause=st.integers(1, 4),
        job_fails_afterwards=st.booleans(),
    ),
    min_size=1,
    max_size=4,
)


class DyingClient(FluxionsClient):
    """Dies right before its request, or right after the server has answered."""

    crash: str | None = None

    def submit(self, *args: Any, **options: Any) -> Submission:
        if self.crash == "before the submit":
            raise Crash
        submission = super().submit(*args, **options)
        if self.crash == "after the answer":
            raise Crash
        return submission


def dying_clock(step: Try) -> Clock:
    time = FakeTime()

    def sleep(seconds: float) -> None:
        time.sleep(seconds)
        if step.crash == "while pausing" and len(time.slept) >= step.crash_at_pause:
            raise Crash

    return replace(time.clock, sleep=sleep)


def audio(step: Try) -> Source:
    return Source([b"RIFF", Crash() if step.crash == "mid body" else b" audio"], 10)


@pytest.fixture(scope="module")
def service(closing: list[threading.Thread]) -> Iterator[Service]:
    emulator = Emulator("observed", KEY)
    emulator.seed_jobs(30, status="processing")
    service = Service(emulator, EmulatorServer(emulator).start())
    yield service
    closing.append(threading.Thread(target=service.close))
    closing[-1].start()


def run(service: Service, client: DyingClient, step: Try, ref: str, recorded: Any, may_exist: bool) -> SubmitResult:
    for number in step.submit_faults:
        service.fault_on_submit(**SUBMIT_FAULTS[number])
    for number in step.list_faults:
        service.fault(path="/transcriptions*", **LIST_FAULTS[number])
    client.crash = step.crash
    clock = dying_clock(step)
    try:
        taken = submit_once(
            client,
            SubmitRequest(audio(step), "interview.mp3", ref, SubmitOptions(cache=False)),
            may_exist=may_exist,
            recorded=recorded,
            deadline=clock.now() + 120,
            clock=clock,
        )
        if step.crash == "before recording":
            raise Crash
        return taken
    finally:
        service.emulator.clear_faults()


@pytest.mark.slow
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
@given(tries=TRIES, order=st.sampled_from(["newest", "oldest", "shuffled"]), names=st.sampled_from(NAMES))
def test_at_most_one_live_job_exists_and_is_the_one_returned(
    service: Service, tries: list[Try], order: str, names: tuple[str, ...]
) -> None:
    ref = reference("property", next(_numbers))
    service.emulator.set_settings(list_order=order)
    service.emulator.set_list(names=names)
    client = service.client(DyingClient, max_retries=0)
    recorded = None
    for number, step in enumerate(tries):
        with suppress(Crash, FluxionsError):
            recorded = run(service, client, step, ref, recorded, may_exist=number > 0).job_id
        live = service.live_ids(ref)
        assert len(live) <= 1
        if live and step.job_fails_afterwards:
            service.emulator.force_status(live[0], "failed")
    last = run(service, client, Try((), (), None, 0, False), ref, recorded, may_exist=True)
    event(f"{len(service.jobs_with(ref))} jobs, adopted: {last.reused}")
    assert service.live_ids(ref) == [last.job_id]


def test_every_fault_of_the_property_is_one_that_the_emulator_knows() -> None:
    for options in (*SUBMIT_FAULTS, *LIST_FAULTS):
        Fault(**options)
