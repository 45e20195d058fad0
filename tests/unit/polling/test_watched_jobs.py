"""What the jobs seen mean for one who waits for several."""

from __future__ import annotations

import pytest

from airflow_provider_fluxions.api.errors import (
    FluxionsDeadlineError,
    FluxionsInputError,
    FluxionsJobFailedError,
    FluxionsNotFoundError,
    FluxionsNotReadyError,
)
from airflow_provider_fluxions.api.models import Job, JobStatus, Transcription
from airflow_provider_fluxions.polling.poll_requests import LOST, lost_job
from airflow_provider_fluxions.polling.watched_jobs import (
    MAX_SHOWN_JOBS,
    WatchedJobs,
    deadline_error,
    job_error,
    parse_job_ids,
    require_completed,
)

DEADLINE = 1_772_438_400.0


def saw(watched: WatchedJobs, **statuses: str) -> WatchedJobs:
    watched.record({key[1:]: Job(int(key[1:]), JobStatus(status)) for key, status in statuses.items()})
    return watched


def failed(job_id: int, reason: str | None = "The audio is silent.") -> Job:
    return Job(job_id, JobStatus.FAILED, filename=f"{job_id}.mp3", error_message=reason)


def test_a_wait_begins_with_every_job_open() -> None:
    watched = WatchedJobs((1, "2"))
    assert watched.open == {"1": 1, "2": "2"}
    assert not watched.is_done


def test_text_and_number_are_one_job() -> None:
    assert WatchedJobs((1, "1", 2)).open.keys() == {"1", "2"}


def test_a_wait_for_nothing_is_refused() -> None:
    with pytest.raises(FluxionsInputError, match="at least one"):
        WatchedJobs(())


@pytest.mark.parametrize("bad", [None, "", "a/b", True])
def test_a_wait_for_what_is_no_id_is_refused(bad: object) -> None:
    with pytest.raises(FluxionsInputError):
        WatchedJobs((1, bad))  # type: ignore[arg-type]


def test_a_wait_ends_with_its_last_job() -> None:
    watched = saw(WatchedJobs((1, 2)), _1="completed")
    assert not watched.is_done
    assert saw(watched, _2="completed").is_done
    assert watched.statuses == {"1": "completed", "2": "completed"}


@pytest.mark.parametrize("status", ["submitted", "processing", "queued", ""])
def test_a_running_job_ends_nothing(status: str) -> None:
    assert not saw(WatchedJobs((1,)), _1=status).ended


def test_jobs_of_others_are_passed_over() -> None:
    assert not saw(WatchedJobs((1,)), _2="completed").ended


def test_a_job_that_has_ended_stays_as_it_was_seen() -> None:
    watched = saw(saw(WatchedJobs((1, 2)), _1="failed"), _1="completed")
    assert watched.statuses == {"1": "failed"}


@pytest.mark.parametrize("status", ["failed", "lost"])
def test_the_first_bad_job_ends_the_wait_for_all(status: str) -> None:
    watched = saw(WatchedJobs((1, 2)), _1=status)
    assert watched.is_done
    assert [job.id for job in watched.unsuccessful] == [1]


def test_a_wait_for_enough_ends_with_so_many_ended_jobs_bad_ones_included() -> None:
    watched = saw(WatchedJobs((1, 2, 3), min_ended=2), _1="failed")
    assert not watched.is_done
    assert saw(watched, _2="completed").is_done


def test_a_wait_for_more_than_there_are_ends_with_the_last() -> None:
    assert saw(WatchedJobs((1,), min_ended=5), _1="completed").is_done


@pytest.mark.parametrize(
    ("value", "ids"),
    [(1, (1,)), ("1", ("1",)), ([1, "b"], (1, "b")), ((1,), (1,)), (iter([1, 2]), (1, 2)), ({3}, (3,))],
)
def test_one_id_or_many_are_read(value: object, ids: tuple[object, ...]) -> None:
    assert parse_job_ids(value) == ids


@pytest.mark.parametrize(
    "bad", [None, "", "None", [], [None], {}, {"id": 1}, b"1", 1.5, True, [[1]], "[1, 2]", object()]
)
def test_what_holds_no_ids_is_refused(bad: object) -> None:
    with pytest.raises(FluxionsInputError):
        parse_job_ids(bad)


def test_failed_jobs_are_told_with_name_and_reason() -> None:
    error = job_error([failed(1), failed(2, None)])
    assert isinstance(error, FluxionsJobFailedError)
    assert "job 1 (1.mp3): The audio is silent; job 2 (2.mp3): no reason given." in str(error)
    assert (error.job_id, error.job_ids, error.transient) == (1, (1, 2), False)


def test_unknown_jobs_are_told_as_not_found() -> None:
    error = job_error([lost_job(1), lost_job(2)])
    assert isinstance(error, FluxionsNotFoundError)
    assert "does not know job 1; job 2. Check" in str(error)
    assert (error.job_id, error.status_code, error.transient) == (1, 404, False)


def test_a_job_whose_id_was_refused_is_told_with_the_refusal() -> None:
    assert "does not know job x: not an integer. Check" in str(
        job_error([Job("x", LOST, error_message="not an integer")])
    )


def test_failed_and_unknown_jobs_together_are_told_apart() -> None:
    assert "job 1: The account of this connection has no such job" in str(job_error([lost_job(1), failed(2)]))


def test_of_many_bad_jobs_the_first_are_told_and_all_are_in_the_error() -> None:
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
    error = deadline_error(saw(WatchedJobs((1, 2, 3)), _2="completed"), DEADLINE)
    assert isinstance(error, FluxionsDeadlineError)
    assert "Job 1, 3 did not finish before the deadline 2026-03-02 08:00:00+00:00" in str(error)
    assert (error.job_ids, error.transient) == ((1, 3), False)


def test_of_many_open_jobs_the_first_are_told() -> None:
    assert "and 15 more" in str(deadline_error(WatchedJobs(tuple(range(25))), DEADLINE))


def test_open_jobs_up_to_the_limit_are_all_named_and_no_more_are_counted() -> None:
    error = str(deadline_error(WatchedJobs(tuple(range(MAX_SHOWN_JOBS))), DEADLINE))
    assert f", {MAX_SHOWN_JOBS - 1} did not finish" in error
    assert " more" not in error
