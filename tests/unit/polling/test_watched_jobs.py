"""What the jobs seen mean for one who waits for several."""

from __future__ import annotations

import pytest

from airflow_provider_fluxions.api.errors import FluxionsInputError
from airflow_provider_fluxions.api.models import Job, JobStatus
from airflow_provider_fluxions.polling.watched_jobs import WatchedJobs, parse_job_ids


def saw(watched: WatchedJobs, **statuses: str) -> WatchedJobs:
    watched.record({key[1:]: Job(int(key[1:]), JobStatus(status)) for key, status in statuses.items()})
    return watched


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
