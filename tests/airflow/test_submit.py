"""The submit operator, on its first and on later tries."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from airflow.providers.common.compat.sdk import AirflowFailException, AirflowSensorTimeout, TaskDeferred

from airflow_provider_fluxions.api.errors import FluxionsInputError
from airflow_provider_fluxions.api.job_reference import reference_in
from airflow_provider_fluxions.emulator import Emulator, Fault, OutcomeRule, Transition
from airflow_provider_fluxions.operators import FluxionsSubmitOperator
from tests.airflow.conftest import INPUT, DictStore, task_context

pytestmark = pytest.mark.usefixtures("fluxions_connection")


@pytest.fixture
def audio(tmp_path: Path) -> str:
    """A local recording."""
    path = tmp_path / "interview.mp3"
    path.write_bytes(b"audio" * 100)
    return str(path)


def submit(audio: str, context: dict[str, Any] | None = None, **options: Any) -> Any:
    operator = FluxionsSubmitOperator(task_id="a_task", audio=audio, **options)
    return operator.execute(context or task_context())


def posts(emulator: Emulator) -> list[Any]:
    return [request for request in emulator.requests if request.method == "POST"]


def test_it_returns_the_job_id_and_pushes_it(emulator: Emulator, audio: str) -> None:
    context = task_context()
    job_id = submit(audio, context)
    assert [job.id for job in emulator.jobs] == [job_id]
    assert context["ti"].pushed == {"job_id": job_id}


def test_a_first_try_that_goes_well_costs_one_request(emulator: Emulator, audio: str) -> None:
    submit(audio)
    assert [request.method for request in emulator.requests] == ["POST"]


def test_the_name_stays_readable_and_carries_a_reference(emulator: Emulator, audio: str) -> None:
    submit(audio)
    name = emulator.jobs[0].filename
    assert name.startswith("interview--")
    assert name.endswith(".mp3")
    assert reference_in(name)


def in_loop(index: int, **changes: Any) -> dict[str, Any]:
    """Return the context of an iteration of a task loop: Airflow 3.4 says which one under `loop`, and nowhere else."""
    return {**task_context(**changes), "loop": SimpleNamespace(index=index)}


def test_two_iterations_of_a_task_loop_never_share_a_reference(emulator: Emulator, audio: str) -> None:
    for context in (in_loop(0), in_loop(1), task_context(), in_loop(1, map_index=0), in_loop(0, map_index=1)):
        submit(audio, context, cache=False)
    assert len({reference_in(job.filename) for job in emulator.jobs}) == 5


def test_a_retry_in_a_task_loop_finds_the_job_of_its_own_iteration(emulator: Emulator, audio: str) -> None:
    first, _ = (submit(audio, in_loop(index)) for index in (0, 1))
    assert submit(audio, in_loop(0, try_number=2)) == first
    assert len(posts(emulator)) == 2


def test_a_try_that_a_retry_policy_rescheduled_finds_its_job(emulator: Emulator, audio: str) -> None:
    job_id = submit(audio)
    assert submit(audio, {**task_context(try_number=1), "task_reschedule_count": 1}) == job_id
    assert len(posts(emulator)) == 1


def test_a_retry_takes_up_the_job_of_the_lost_try(
    emulator: Emulator, audio: str, caplog: pytest.LogCaptureFixture
) -> None:
    first = submit(audio)
    with caplog.at_level(logging.INFO):
        assert submit(audio, task_context(try_number=2)) == first
    assert len(posts(emulator)) == 1
    assert "Reusing job 1 (completed), submitted" in caplog.text


def test_a_recorded_id_costs_a_retry_one_read(emulator: Emulator, audio: str) -> None:
    store = DictStore()
    first = submit(audio, task_context() | {"task_state_store": store})
    emulator.clear_requests()
    assert submit(audio, task_context(try_number=2) | {"task_state_store": store}) == first
    assert [(request.method, request.path) for request in emulator.requests] == [("GET", f"/transcriptions/{first}")]


def test_another_map_index_never_takes_up_its_neighbours_job(emulator: Emulator, audio: str) -> None:
    submit(audio, task_context(map_index=0), cache=False)
    submit(audio, task_context(map_index=1, try_number=2), cache=False)
    assert len(posts(emulator)) == 2


def test_a_clear_with_the_cache_is_the_same_job(emulator: Emulator, audio: str) -> None:
    first = submit(audio)
    assert submit(audio, task_context(try_number=2, max_tries=1)) == first


def test_a_clear_without_the_cache_submits_again(emulator: Emulator, audio: str) -> None:
    first = submit(audio, cache=False)
    assert submit(audio, task_context(try_number=2, max_tries=1), cache=False) != first


def test_a_retry_without_the_cache_continues(emulator: Emulator, audio: str) -> None:
    first = submit(audio, cache=False)
    assert submit(audio, task_context(try_number=2), cache=False) == first


def test_a_failed_job_is_not_reused_but_submitted_again_under_its_reference(emulator: Emulator, audio: str) -> None:
    emulator.force_status(submit(audio), "failed")
    second = submit(audio, task_context(try_number=2))
    names = {job.filename for job in emulator.jobs}
    assert (second, len(names)) == (2, 1)


def test_without_durability_each_try_is_a_new_job_under_the_plain_name(emulator: Emulator, audio: str) -> None:
    submit(audio, durable=False, cache=False)
    submit(audio, task_context(try_number=2), durable=False, cache=False)
    assert [job.filename for job in emulator.jobs] == ["interview.mp3", "interview.mp3"]


def test_it_streams_from_s3(emulator: Emulator, s3: Any) -> None:
    s3.put_object(Bucket=INPUT, Key="calls/a b?#%.mp3", Body=b"x" * 5000)
    submit(f"s3://{INPUT}/calls/a b?#%.mp3")
    assert emulator.jobs[0].size_bytes == 5000
    assert emulator.jobs[0].filename.startswith("a b?#%--")


@pytest.mark.parametrize("deferrable", [True, False])
def test_waiting_for_a_job_that_is_done_at_once_needs_no_trigger(
    emulator: Emulator, audio: str, deferrable: bool
) -> None:
    assert submit(audio, wait_for_completion=True, deferrable=deferrable) == 1


def test_waiting_defers_with_plain_arguments_and_resumes_by_the_id(emulator: Emulator, audio: str) -> None:
    emulator.set_transition(Transition.after_reads(3))
    operator = FluxionsSubmitOperator(task_id="t", audio=audio, wait_for_completion=True, deferrable=True)
    context = task_context()
    with pytest.raises(TaskDeferred) as deferred:
        operator.execute(context)
    assert context["ti"].pushed == {"job_id": 1}, "the id is recorded before anything waits"
    assert "emulator-key" not in str(deferred.value.trigger.serialize())
    emulator.force_status(1, "completed")
    for event in (None, {}, {"jobs": {"999": "failed"}}, {"status": "error", "message": "stale"}):
        resumed = getattr(operator, deferred.value.method_name)
        assert resumed(context, event=event, **deferred.value.kwargs) == 1


@pytest.mark.parametrize("jobs", [{}, {"1": "completed"}])
def test_it_resumes_without_the_arguments_that_its_deferral_kept(
    emulator: Emulator, audio: str, jobs: dict[str, str]
) -> None:
    """Airflow 2.11's ``tasks test`` drops them; the event has the job's id."""
    job_id = submit(audio)
    operator = FluxionsSubmitOperator(task_id="t", audio=audio, wait_for_completion=True, deferrable=True)
    event = {"status": "done", "jobs": jobs, "job_ids": [job_id]}
    assert operator.execute_complete(task_context(), event=event) == job_id


@pytest.mark.parametrize("deferrable", [True, False])
def test_a_timeout_may_be_a_timedelta(emulator: Emulator, audio: str, deferrable: bool) -> None:
    emulator.add_outcome(OutcomeRule("*", outcome="never"))
    options = {"timeout": timedelta(0), "poll_interval": timedelta(milliseconds=10)}
    with pytest.raises(AirflowSensorTimeout):
        submit(audio, wait_for_completion=True, deferrable=deferrable, **options)


@pytest.mark.parametrize("name", ["timeout", "poll_interval"])
@pytest.mark.parametrize("value", ["soon", None, -1, float("nan"), float("inf"), True, timedelta(seconds=-1)])
def test_a_duration_that_cannot_work_fails_when_the_dag_is_parsed(audio: str, name: str, value: Any) -> None:
    with pytest.raises(FluxionsInputError, match=name):
        FluxionsSubmitOperator(task_id="t", audio=audio, **{name: value})


@pytest.mark.parametrize("deferrable", [True, False])
def test_a_missing_connection_fails_a_submit_at_once(audio: str, deferrable: bool, connection_table: None) -> None:
    with pytest.raises(AirflowFailException, match="airflow connections add nowhere"):
        submit(audio, fluxions_conn_id="nowhere", wait_for_completion=True, deferrable=deferrable)


@pytest.mark.parametrize("deferrable", [True, False])
def test_a_failed_job_ends_the_task_for_good_with_the_services_words(
    emulator: Emulator, audio: str, deferrable: bool
) -> None:
    emulator.add_outcome(OutcomeRule("interview.mp3", error_message="Too noisy to transcribe"))
    with pytest.raises(AirflowFailException, match=r"job 1 .*Too noisy to transcribe"):
        submit(audio, wait_for_completion=True, deferrable=deferrable)


@pytest.mark.parametrize("deferrable", [True, False])
def test_a_job_that_never_ends_meets_the_deadline(emulator: Emulator, audio: str, deferrable: bool) -> None:
    emulator.add_outcome(OutcomeRule("*", outcome="never"))
    with pytest.raises(AirflowSensorTimeout, match="did not finish before the deadline"):
        submit(audio, wait_for_completion=True, deferrable=deferrable, timeout=0, poll_interval=0.01)


@pytest.fixture
def key_refused(emulator: Emulator) -> Iterator[None]:
    """A service that knows the key no more."""
    emulator.add_fault(Fault(status=401, times=None))
    yield
    emulator.clear_faults()


@pytest.mark.usefixtures("key_refused")
def test_a_refused_key_is_raised_at_once(emulator: Emulator, audio: str) -> None:
    from airflow_provider_fluxions.api.errors import FluxionsAuthenticationError

    with pytest.raises(FluxionsAuthenticationError) as caught:
        submit(audio)
    assert (caught.value.status_code, caught.value.transient) == (401, False)
    assert len(emulator.requests) == 1


def test_killing_the_task_says_what_becomes_of_the_job(audio: str, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.INFO):
        FluxionsSubmitOperator(task_id="t", audio=audio).on_kill()
    assert "Fluxions has no cancel" in caplog.text
