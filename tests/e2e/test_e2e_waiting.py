"""The sensor's modes on a real Airflow: the same end for the same job."""

from __future__ import annotations

import pytest

from harness.stage import Run, Stage

MODES = ("poke", "reschedule", "deferrable")


@pytest.fixture(scope="module")
def run(stage: Stage) -> Run:
    """One run with every mode and every ending; wait for all of it once."""
    assert stage.early is not None
    stage.early.ended()
    return stage.early


@pytest.mark.parametrize("mode", MODES)
def test_a_completed_job_is_success_and_the_id_is_returned(run: Run, mode: str) -> None:
    assert run.ended()[f"{mode}_good"] == "success"
    assert run.xcom(f"{mode}_good") == run.xcom("submit_good")


@pytest.mark.parametrize("mode", MODES)
def test_a_failed_job_fails_the_task_at_once_although_retries_are_left(run: Run, mode: str) -> None:
    assert run.ended()[f"{mode}_bad"] == "failed"
    log = run.log(f"{mode}_bad")
    assert "AirflowFailException" in log
    assert f"job {run.xcom('submit_bad')}" in log
    assert "Too noisy to transcribe" in log
    assert "up_for_retry" not in log.lower()


@pytest.mark.parametrize("mode", MODES)
def test_a_job_that_never_ends_is_a_sensor_timeout(run: Run, mode: str) -> None:
    assert run.ended()[f"{mode}_never"] == "failed"
    assert "AirflowSensorTimeout" in run.log(f"{mode}_never")


def test_only_the_deferrable_mode_used_the_triggerer(run: Run) -> None:
    assert [run.was_deferred(f"{mode}_good") for mode in MODES] == [False, False, True]
