"""Bucket to bucket: trouble that concerns one recording stays with it, whatever the service or the bucket answers."""

from __future__ import annotations

import json
import logging
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import Any

import pytest
from airflow.providers.common.compat.sdk import TaskDeferred

from airflow_provider_fluxions.api.errors import (
    FluxionsAuthenticationError,
    FluxionsCreditError,
    FluxionsStorageError,
    FluxionsTransferError,
)
from airflow_provider_fluxions.emulator import Emulator, EmulatorServer, Fault, Transition
from airflow_provider_fluxions.transfers import FluxionsS3ToS3Operator
from harness.processes import wait_until
from tests.airflow.conftest import INPUT, OUTPUT, empty, task_context
from tests.airflow.transferring import Impatient, defer, outputs, put, transfer

pytestmark = pytest.mark.usefixtures("fluxions_connection")


@pytest.fixture
def without_retries(fluxions_emulator: EmulatorServer, monkeypatch: pytest.MonkeyPatch) -> None:
    """Reads are not repeated, so that an answer which is always the same takes no time."""
    connection = {
        "conn_type": "fluxions",
        "host": fluxions_emulator.base_url,
        "password": "emulator-key",
        "extra": {"max_retries": 0},
    }
    monkeypatch.setenv("AIRFLOW_CONN_FLUXIONS_DEFAULT", json.dumps(connection))


class Hasty(FluxionsS3ToS3Operator):
    """Gives up on a recording at its first trouble."""

    recording_patience_seconds = 0.0


def hasty(**options: Any) -> Any:
    """A transfer that gives up on a recording at its first trouble."""
    destination = f"s3://{OUTPUT}/out/"
    return Hasty(task_id="t", source=f"s3://{INPUT}/", destination=destination, poll_interval=0.01, **options)


@contextmanager
def beside(meanwhile: Callable[[], None], emulator: Emulator) -> Iterator[None]:
    """Let something happen while a task runs, and what the emulator holds or breaks end with it.

    The task has the main thread: Airflow 2.11 refuses to run one in another.
    """

    def play() -> None:
        try:
            meanwhile()
        finally:
            emulator.clear_faults()
            emulator.release()

    with ThreadPoolExecutor(1) as pool:
        played = pool.submit(play)
        yield
        played.result()


@pytest.mark.usefixtures("without_retries")
@pytest.mark.parametrize("answer", [{"status": 200, "body": "html"}, {"status": 200, "body": "empty"}, {"status": 500}])
def test_a_job_whose_transcript_cannot_be_read_fails_alone_and_is_worth_a_retry(
    s3: Any,
    emulator: Emulator,
    answer: dict[str, Any],
) -> None:
    put(s3, "a.mp3", "b.mp3", "c.mp3")
    emulator.add_fault(Fault(method="GET", path="/transcriptions/2", times=None, **answer))
    with pytest.raises(FluxionsTransferError, match="1 of 3 inputs failed") as caught:
        hasty(upload_workers=1).execute(task_context())
    assert caught.value.transient
    assert outputs(s3) == {"out/a.mp3.json", "out/c.mp3.json"}
    emulator.clear_faults()
    assert transfer("", task_context(try_number=2))["completed"] == 3
    assert len(emulator.jobs) == 3


@pytest.mark.usefixtures("without_retries")
def test_a_job_that_ended_and_cannot_be_read_does_not_wake_a_deferred_task_again_and_again(
    s3: Any, emulator: Emulator
) -> None:
    put(s3, "a.mp3")
    emulator.add_fault(Fault(method="GET", path="/transcriptions/1", skip=1, times=3, status=200, body="html"))
    operator = Impatient(task_id="t", source=f"s3://{INPUT}/", destination=f"s3://{OUTPUT}/out/", deferrable=True)
    operator.poll_interval = 0.01
    assert operator.execute(task_context())["completed"] == 1
    assert emulator.faults == []


def test_a_job_that_the_list_calls_completed_and_a_read_does_not_is_never_stored(s3: Any, emulator: Emulator) -> None:
    put(s3, "a.mp3")
    emulator.add_fault(Fault(name="read", method="GET", path="/transcriptions/1", skip=1, hold="before_body"))

    def meanwhile() -> None:
        assert emulator.wait_for_hold("read", 60)
        emulator.force_status(1, "processing")

    with (
        beside(meanwhile, emulator),
        pytest.raises(FluxionsTransferError, match="Job 1 is still processing") as caught,
    ):
        transfer("")
    assert caught.value.transient
    assert outputs(s3) == set()


@pytest.mark.usefixtures("without_retries")
def test_a_job_that_cannot_be_read_for_a_while_keeps_no_other_one_waiting(s3: Any, emulator: Emulator) -> None:
    put(s3, "a.mp3", "b.mp3", "c.mp3")
    emulator.set_transition(Transition.after_reads(10_000))
    emulator.add_fault(Fault(method="GET", path="/transcriptions/2", status=500, times=None))

    def meanwhile() -> None:
        wait_until(lambda: len(emulator.jobs) == 3, "all are submitted", 120)
        for job in emulator.jobs:
            emulator.force_status(job.id, "completed")
        wait_until(lambda: outputs(s3) == {"out/a.mp3.json", "out/c.mp3.json"}, "the others are written", 120)

    with beside(meanwhile, emulator):
        assert transfer("", upload_workers=1)["completed"] == 3


def test_a_recording_that_the_service_never_takes_fails_alone_when_its_own_time_is_up(
    s3: Any, emulator: Emulator
) -> None:
    put(s3, "a.mp3", "bad.mp3", "c.mp3")
    emulator.add_fault(Fault(method="POST", filename="bad.mp3", status=429, times=None))
    with pytest.raises(FluxionsTransferError, match=r"1 of 3 inputs failed.*bad\.mp3") as caught:
        hasty().execute(task_context())
    assert caught.value.transient
    assert outputs(s3) == {"out/a.mp3.json", "out/c.mp3.json"}


@pytest.mark.usefixtures("without_retries")
def test_an_outage_is_waited_out_and_costs_no_recording_its_job(s3: Any, emulator: Emulator) -> None:
    put(s3, "a.mp3", "b.mp3")
    emulator.add_fault(Fault(method="GET", status=503, skip=1, times=9))  # the first request looks for jobs
    assert transfer("", upload_workers=1, max_in_flight=1)["completed"] == 2
    assert emulator.faults == []


def test_a_job_that_never_ends_keeps_the_results_of_others_waiting_for_an_hour_at_most(
    s3: Any, emulator: Emulator
) -> None:
    put(s3, "a.mp3", "b.mp3")
    emulator.set_transition(Transition.after_reads(10_000))
    operator = Impatient(task_id="t", source=f"s3://{INPUT}/", destination=f"s3://{OUTPUT}/out/", deferrable=True)
    operator.upload_workers = 1  # so that the first job is the first recording's
    context = task_context()
    with pytest.raises(TaskDeferred) as first:
        operator.execute(context)
    assert first.value.trigger.deadline <= time.time() + 3600
    assert first.value.kwargs["deadline"] > time.time() + 80_000
    emulator.force_status(1, "completed")
    with pytest.raises(TaskDeferred):
        operator.execute_complete(context, **first.value.kwargs)
    assert outputs(s3) == {"out/a.mp3.json"}


@pytest.mark.parametrize("deferrable", [False, True])
@pytest.mark.parametrize(("status", "error"), [(401, FluxionsAuthenticationError), (402, FluxionsCreditError)])
def test_what_concerns_all_recordings_stops_the_night_and_says_so(
    s3: Any,
    emulator: Emulator,
    status: int,
    error: type[Exception],
    deferrable: bool,
) -> None:
    put(s3, *(f"{n:02}.mp3" for n in range(40)))
    emulator.add_fault(Fault(method="POST", status=status, times=None))
    with pytest.raises(error, match=f"HTTP {status}"):
        transfer("", upload_workers=2, deferrable=deferrable)
    assert sum(request.method == "POST" for request in emulator.requests) <= 8


def test_a_key_that_is_refused_while_the_task_waits_stops_it_when_it_resumes(s3: Any, emulator: Emulator) -> None:
    put(s3, "a.mp3")
    resume = defer(emulator)
    emulator.add_fault(Fault(status=401, times=None))
    with pytest.raises(FluxionsAuthenticationError, match="Check the API key"):
        resume()


def test_a_destination_that_takes_no_more_results_stops_the_night_with_what_runs_left_to_the_next_try(
    s3: Any, emulator: Emulator
) -> None:
    put(s3, *(f"{n:02}.mp3" for n in range(20)))
    emulator.add_fault(Fault(name="read", method="GET", path="/transcriptions/1", skip=1, hold="before_body"))

    def meanwhile() -> None:
        assert emulator.wait_for_hold("read", 60)
        empty(s3, OUTPUT)
        s3.delete_bucket(Bucket=OUTPUT)

    with beside(meanwhile, emulator), pytest.raises(FluxionsStorageError, match="The bucket does not exist"):
        transfer("", max_in_flight=1)
    assert len(emulator.jobs) < 20
    s3.create_bucket(Bucket=OUTPUT)
    assert transfer("", task_context(try_number=2))["completed"] == len(emulator.jobs) == 20


@pytest.mark.slow
def test_looking_at_many_results_side_by_side_throws_no_connection_away(
    s3: Any, caplog: pytest.LogCaptureFixture
) -> None:
    put(s3, *(f"{n:03}.mp3" for n in range(60)))
    transfer("", max_in_flight=60, upload_workers=8)
    with caplog.at_level(logging.WARNING):
        assert transfer("")["completed"] == 60
    assert "pool is full" not in caplog.text
