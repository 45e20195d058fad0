"""The errors for jobs that failed, do not exist, or are still running."""

from __future__ import annotations

import pytest

from airflow_provider_fluxions.api.errors import (
    FluxionsDeadlineError,
    FluxionsJobFailedError,
    FluxionsNotFoundError,
    FluxionsNotReadyError,
)
from airflow_provider_fluxions.api.job_errors import MAX_SHOWN_JOBS, deadline_error, job_error, require_completed
from airflow_provider_fluxions.api.job_source import LOST, lost_job
from airflow_provider_fluxions.api.models import Job, JobStatus, Transcription

DEADLINE = 1_772_438_400.0


def failed(job_id: int, reason: str | None = "The audio is silent.") -> Job:
    return Job(job_id, JobStatus.FAILED, filename=f"{job_id}.mp3", error_message=reason)


def test_failed_jobs_are_named_with_file_and_reason() -> None:
    error = job_error([failed(1), failed(2, None)])
    assert isinstance(error, FluxionsJobFailedError)
    assert "job 1 (1.mp3): The audio is silent; job 2 (2.mp3): no reason given." in str(error)
    assert (error.job_id, error.job_ids, error.transient) == (1, (1, 2), False)


def test_unknown_jobs_are_reported_as_not_found() -> None:
    error = job_error([lost_job(1), lost_job(2)])
    assert isinstance(error, FluxionsNotFoundError)
    assert "does not know job 1; job 2. Check" in str(error)
    assert (error.job_id, error.status_code, error.transient) == (1, 404, False)


def test_a_job_whose_id_was_refused_is_reported_with_the_refusal() -> None:
    assert "does not know job x: not an integer. Check" in str(
        job_error([Job("x", LOST, error_message="not an integer")])
    )


def test_of_failed_and_unknown_jobs_each_has_its_own_reason() -> None:
    assert "job 1: The account of this connection has no such job" in str(job_error([lost_job(1), failed(2)]))


def test_of_many_bad_jobs_the_first_are_named_and_all_are_in_the_error() -> None:
    error = job_error([failed(n) for n in range(25)])
    assert f"and {25 - MAX_SHOWN_JOBS} more" in str(error)
    assert isinstance(error, FluxionsJobFailedError)
    assert len(error.job_ids) == 25


def test_bad_jobs_up_to_the_limit_are_all_named_and_no_more_are_counted() -> None:
    error = str(job_error([failed(n) for n in range(MAX_SHOWN_JOBS)]))
    assert f"job {MAX_SHOWN_JOBS - 1} (" in error
    assert " more" not in error


def test_a_completed_transcription_is_returned_as_it_is() -> None:
    completed = Transcription(1, JobStatus("completed"))
    assert require_completed(completed) is completed


@pytest.mark.parametrize(
    ("status", "shown"),
    [("processing", "still processing."), ("x" * 90, f"still {'x' * 39}…."), ("", "still without a status.")],
)
def test_a_running_transcription_is_refused_with_its_status(status: str, shown: str) -> None:
    with pytest.raises(FluxionsNotReadyError) as caught:
        require_completed(Transcription(1, JobStatus(status)))
    assert f"Job 1 is {shown} Wait" in str(caught.value)
    assert (caught.value.job_id, caught.value.transient) == (1, True)


def test_a_failed_transcription_is_refused_with_the_services_reason() -> None:
    with pytest.raises(FluxionsJobFailedError, match="The audio is silent") as caught:
        require_completed(Transcription(1, JobStatus.FAILED, error_message="The audio is silent."))
    assert caught.value.job_id == 1


def test_a_missed_deadline_names_the_open_jobs_and_the_instant() -> None:
    error = deadline_error((1, 3), DEADLINE)
    assert isinstance(error, FluxionsDeadlineError)
    assert "Job 1, 3 did not finish before the deadline 2026-03-02 08:00:00+00:00" in str(error)
    assert (error.job_ids, error.transient) == ((1, 3), False)


def test_of_many_open_jobs_the_first_are_named() -> None:
    assert "and 15 more" in str(deadline_error(range(25), DEADLINE))


def test_open_jobs_up_to_the_limit_are_all_named_and_no_more_are_counted() -> None:
    error = str(deadline_error(range(MAX_SHOWN_JOBS), DEADLINE))
    assert f", {MAX_SHOWN_JOBS - 1} did not finish" in error
    assert " more" not in error
