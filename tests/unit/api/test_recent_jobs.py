"""One page of the list answers for all uploads of a minute, and an answer that is missing submits nothing."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta

import pytest

from airflow_provider_fluxions.api.errors import (
    FluxionsAuthenticationError,
    FluxionsServerError,
    FluxionsUnknownOutcomeError,
)
from airflow_provider_fluxions.api.models import Job, Page
from airflow_provider_fluxions.api.recent_jobs import FAILURE_SECONDS, MAX_AGE_SECONDS, RecentJobs
from tests.unit.fakes import START, FakeList, FakeTime, job

REFS = [f"{n:016x}" for n in range(1000)]


def foreign(count: int) -> list[Job]:
    return [job(count - n, age_seconds=60.0 * (n + 1)) for n in range(count)]


def ours(number: int, *, younger_seconds: float = 0.0, status: str = "processing") -> Job:
    return job(10_000 + number, age_seconds=-younger_seconds, status=status, filename=f"a--{REFS[number]}.mp3")


class Account(FakeList):
    """A list whose requests can fail."""

    error: Exception | None = None

    def list_transcriptions(self, limit: int = 50, offset: int = 0) -> Page:
        if self.error is not None:
            self.asked.append(offset)
            raise self.error
        return super().list_transcriptions(limit, offset)


def recent(account: FakeList, time: FakeTime) -> RecentJobs:
    """Return the jobs of an account after a scan at the start of a run."""
    jobs = RecentJobs(account, REFS, START - timedelta(days=1), now=time.now)
    jobs.scan()
    account.asked.clear()
    return jobs


def test_the_scan_at_the_start_returns_the_live_jobs_of_its_references() -> None:
    account = FakeList([ours(1), ours(2, status="failed"), ours(3), *foreign(50)])
    assert {ref: found.id for ref, found in RecentJobs(account, REFS).scan().items()} == {
        REFS[1]: 10_001,
        REFS[3]: 10_003,
    }


def test_a_scan_reads_no_further_back_than_the_oldest_recording() -> None:
    account = FakeList(foreign(1_000))
    RecentJobs(account, REFS, START - timedelta(minutes=100)).scan()
    assert account.asked == [0, 100]


def test_uploads_within_a_minute_of_the_scan_cost_no_request(time: FakeTime) -> None:
    account = FakeList(foreign(500))
    jobs = recent(account, time)
    time.sleep(MAX_AGE_SECONDS - 1)
    assert [jobs.find(ref) for ref in REFS] == [None] * len(REFS)
    assert account.asked == []


def test_a_job_that_another_run_submitted_since_the_scan_is_found(time: FakeTime) -> None:
    account = FakeList(foreign(500))
    jobs = recent(account, time)
    time.sleep(MAX_AGE_SECONDS)
    account.jobs.insert(0, ours(7))
    found = jobs.find(REFS[7])
    assert found is not None
    assert found.id == 10_007


@pytest.mark.slow
def test_an_hour_of_uploads_costs_one_page_a_minute(time: FakeTime) -> None:
    account = FakeList(foreign(500))
    jobs = recent(account, time)
    for number in range(720):
        time.sleep(5)
        assert jobs.find(REFS[number]) is None
        account.jobs.insert(0, ours(number, younger_seconds=time.now() - START.timestamp()))
    assert account.asked == [0] * 60


def test_pages_are_read_until_they_meet_what_is_known(time: FakeTime) -> None:
    account = FakeList(foreign(500))
    jobs = recent(account, time)
    time.sleep(600)
    busy = [job(20_000 + n, age_seconds=-n) for n in range(250)]
    account.jobs[:0] = [*reversed(busy), ours(7)]
    found = jobs.find(REFS[7])
    assert found is not None
    assert account.asked == [0, 100, 200]


def test_a_job_that_the_list_shows_late_behind_younger_ones_is_found(time: FakeTime) -> None:
    account = FakeList(foreign(500))
    jobs = recent(account, time)
    account.jobs[:0] = [job(20_000 + n, age_seconds=-60 - n * 0.1) for n in reversed(range(150))]
    time.sleep(MAX_AGE_SECONDS)
    jobs.find(REFS[1])
    account.jobs.insert(149, ours(7, younger_seconds=60))
    time.sleep(MAX_AGE_SECONDS)
    assert jobs.find(REFS[7]) is not None


def test_a_job_that_was_found_stays_found_without_a_request(time: FakeTime) -> None:
    account = FakeList([ours(7), *foreign(500)])
    jobs = recent(account, time)
    time.sleep(10 * MAX_AGE_SECONDS)
    assert jobs.find(REFS[7]) is not None
    assert account.asked == []


@pytest.mark.parametrize("order", ["oldest", "shuffled"])
def test_a_list_in_another_order_is_read_to_its_end(time: FakeTime, order: str) -> None:
    account = FakeList(list(reversed(foreign(250))))
    jobs = recent(account, time)
    time.sleep(MAX_AGE_SECONDS)
    account.jobs.insert(130 if order == "shuffled" else 250, ours(7))
    assert jobs.find(REFS[7]) is not None
    assert account.asked == [0, 100, 200]


def test_without_a_scan_the_first_question_reads_the_list(time: FakeTime) -> None:
    account = FakeList([ours(7), *foreign(50)])
    assert RecentJobs(account, REFS, now=time.now).find(REFS[7]) is not None


def test_threads_that_ask_at_once_share_one_request(time: FakeTime) -> None:
    account = FakeList(foreign(500))
    jobs = recent(account, time)
    time.sleep(MAX_AGE_SECONDS)
    account.jobs.insert(0, ours(7))
    together = threading.Barrier(8)

    def ask(number: int) -> Job | None:
        together.wait(10)
        return jobs.find(REFS[number])

    with ThreadPoolExecutor(8) as pool:
        found = list(pool.map(ask, range(8)))
    assert [one.id for one in found if one] == [10_007]
    assert account.asked == [0]


@pytest.mark.parametrize(
    "error", [FluxionsServerError("restarting", status_code=503), FluxionsUnknownOutcomeError("cut")]
)
def test_a_scan_that_fails_is_unknown_for_all_and_asked_again_soon(time: FakeTime, error: Exception) -> None:
    account = Account(foreign(500))
    jobs = recent(account, time)
    time.sleep(MAX_AGE_SECONDS)
    account.error = error
    for ref in REFS[:3]:
        with pytest.raises(FluxionsUnknownOutcomeError) as unknown:
            jobs.find(ref)
        assert unknown.value.transient
    assert account.asked == [0]
    time.sleep(FAILURE_SECONDS)
    account.error = None
    assert jobs.find(REFS[1]) is None
    assert account.asked == [0, 0]


def test_a_refused_key_is_raised_as_it_is(time: FakeTime) -> None:
    account = Account(foreign(500))
    jobs = recent(account, time)
    time.sleep(MAX_AGE_SECONDS)
    account.error = FluxionsAuthenticationError("refused", status_code=401)
    with pytest.raises(FluxionsAuthenticationError):
        jobs.find(REFS[1])


def test_a_new_job_without_a_name_is_unknown_but_not_one_that_was_there_before(time: FakeTime) -> None:
    account = FakeList(foreign(500))
    jobs = recent(account, time)
    time.sleep(MAX_AGE_SECONDS)
    account.jobs.insert(0, replace(ours(7), filename=None))
    with pytest.raises(FluxionsUnknownOutcomeError, match="10007"):
        jobs.find(REFS[7])


def test_nothing_is_kept_of_jobs_that_nobody_asks_about(time: FakeTime) -> None:
    account = FakeList([replace(ours(7), raw={"filename": "x" * 1000}), *foreign(500)])
    jobs = RecentJobs(account, REFS, now=time.now)
    found = jobs.scan()
    assert list(found) == [REFS[7]]
    assert found[REFS[7]].raw == {}
