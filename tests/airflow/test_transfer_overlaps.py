"""Bucket to bucket: runs that overlap, recordings that are put again, results that are garbled."""

from __future__ import annotations

import json
import logging
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from airflow.providers.common.compat.sdk import DAG, TaskDeferred

from airflow_provider_fluxions.emulator import Emulator, EmulatorServer, Transition
from airflow_provider_fluxions.transfers import FluxionsS3ToS3Operator
from tests.airflow.conftest import INPUT, OUTPUT, task_context
from tests.airflow.transferring import Impatient, defer, outputs, put, read, transfer

pytestmark = pytest.mark.usefixtures("fluxions_connection")

RUN_B = "scheduled__2"


def submits(emulator: Emulator) -> int:
    return sum(request.method == "POST" for request in emulator.requests)


def test_a_run_that_overlaps_reuses_what_the_other_submitted_after_its_scan(s3: Any, emulator: Emulator) -> None:
    """A task is deferred with one job in progress and two recordings to come; the next run starts meanwhile."""
    put(s3, "a.mp3", "b.mp3", "c.mp3")
    resume = defer(emulator, max_in_flight=1, upload_workers=1)
    emulator.set_transition(Transition.at_once())
    for job in emulator.jobs:
        emulator.force_status(job.id, "completed")
    assert transfer("", task_context(run_id=RUN_B))["completed"] == 3
    assert resume()["completed"] == 3
    assert (len(emulator.jobs), submits(emulator)) == (3, 3)


def test_uploads_within_a_minute_of_the_scan_send_no_request_for_the_list(s3: Any, emulator: Emulator) -> None:
    put(s3, *(f"{n}.mp3" for n in range(8)))
    emulator.set_transition(Transition.after_reads(1))
    transfer("", max_in_flight=1)
    before_first_submit = [request.method for request in emulator.requests].index("POST")
    assert before_first_submit == 1
    asked = [request for request in emulator.requests if request.query.get("limit") == "100"]
    assert len(asked) == 1


@pytest.fixture
def account(monkeypatch: pytest.MonkeyPatch) -> Iterator[Emulator]:
    """An account whose clock is two hours behind until it is advanced."""
    emulator = Emulator(api_key="emulator-key", clock=lambda: time.time() - 7200)
    with emulator, EmulatorServer(emulator) as server:
        connection = {"conn_type": "fluxions", "host": server.base_url, "password": "emulator-key"}
        monkeypatch.setenv("AIRFLOW_CONN_FLUXIONS_DEFAULT", json.dumps(connection))
        yield emulator


def test_the_same_bytes_put_again_between_two_tries_are_not_paid_again(s3: Any, account: Emulator) -> None:
    put(s3, "a.mp3", "b.mp3")
    context = task_context()
    context["dag_run"].start_date = datetime.now(UTC) - timedelta(hours=3)
    account.set_transition(Transition.after_reads(10_000))
    operator = Impatient(task_id="t", source=f"s3://{INPUT}/", destination=f"s3://{OUTPUT}/out/", deferrable=True)
    with pytest.raises(TaskDeferred):
        operator.execute(context)
    account.advance(7200.0)
    for job in account.jobs:
        account.force_status(job.id, "completed")
    account.seed_jobs(150, age_seconds=700.0)
    put(s3, "a.mp3", "b.mp3")  # as rclone does
    retry = task_context(try_number=2)
    retry["dag_run"].start_date = context["dag_run"].start_date
    assert transfer("", retry)["completed"] == 2
    assert submits(account) == 2


def test_a_garbled_result_and_a_new_format_are_made_from_the_job(s3: Any, emulator: Emulator) -> None:
    put(s3, "a.mp3")
    transfer("")
    metadata = s3.head_object(Bucket=OUTPUT, Key="out/a.mp3.json")["Metadata"]
    s3.put_object(Bucket=OUTPUT, Key="out/a.mp3.json", Body=b"{garbled", Metadata=metadata)
    assert transfer("", formats=("json", "vtt"))["completed"] == 1
    assert read(s3, f"s3://{OUTPUT}/out/a.mp3.vtt").startswith("WEBVTT")
    assert json.loads(read(s3, f"s3://{OUTPUT}/out/a.mp3.json"))["id"] == 1
    assert submits(emulator) == 1


def test_jobs_of_a_plan_that_the_task_no_longer_has_are_named_in_the_log(
    s3: Any, emulator: Emulator, caplog: pytest.LogCaptureFixture
) -> None:
    put(s3, "old/a.mp3", "new/b.mp3")
    emulator.set_transition(Transition.after_reads(10_000))
    options = {"destination": f"s3://{OUTPUT}/out/", "deferrable": True, "poll_interval": 0.01}
    context = task_context()
    with pytest.raises(TaskDeferred) as raised:
        Impatient(task_id="t", source=f"s3://{INPUT}/old/", **options).execute(context)
    emulator.set_transition(Transition.at_once())
    changed = FluxionsS3ToS3Operator(task_id="t", source=f"s3://{INPUT}/new/", **{**options, "deferrable": False})
    with caplog.at_level(logging.WARNING):
        assert changed.execute_complete(context, **raised.value.kwargs)["completed"] == 1
    assert "1 job was in progress before the task was deferred: 1. If the source" in caplog.text


def dated_context(day: int, **changes: Any) -> dict[str, Any]:
    context = task_context(run_id=f"scheduled__{day}", **changes)
    context["dag_run"].logical_date = datetime(2026, 1, day, tzinfo=UTC)
    return context


def test_results_that_another_run_wrote_into_another_partition_meanwhile_are_not_written_twice(
    s3: Any, emulator: Emulator
) -> None:
    put(s3, "a.mp3", "b.mp3")
    emulator.set_transition(Transition.after_reads(10_000))
    options = {"source": f"s3://{INPUT}/", "destination": f"s3://{OUTPUT}/out/", "partition_by_date": True}
    operator, context = Impatient(task_id="t", deferrable=True, **options), dated_context(1)
    with pytest.raises(TaskDeferred) as raised:
        operator.execute(context)
    for job in emulator.jobs:
        emulator.force_status(job.id, "completed")
    assert transfer("a.mp3", dated_context(2), partition_by_date=True)["completed"] == 1
    assert operator.execute_complete(context, **raised.value.kwargs)["completed"] == 2
    assert outputs(s3) == {"out/ingest_date=2026-01-01/b.mp3.json", "out/ingest_date=2026-01-02/a.mp3.json"}


@pytest.mark.parametrize(("max_active_runs", "is_checked"), [(1, False), (2, True)])
def test_partitions_are_looked_at_again_only_if_runs_can_overlap(max_active_runs: int, is_checked: bool) -> None:
    with DAG("a_dag", max_active_runs=max_active_runs, schedule=None):
        operator = FluxionsS3ToS3Operator(
            task_id="t", source="s3://in/", destination="s3://out/", partition_by_date=True
        )
    assert operator._may_share_partitions is is_checked
