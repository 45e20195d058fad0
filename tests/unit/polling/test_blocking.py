"""Waiting in the calling thread, with a clock that nobody waits for."""

from __future__ import annotations

import itertools
import math

import pytest

from airflow_provider_fluxions.api.errors import (
    FluxionsAuthenticationError,
    FluxionsServerError,
    FluxionsThrottledError,
)
from airflow_provider_fluxions.api.job_search import MAX_PAGE_JOBS
from airflow_provider_fluxions.emulator import OutcomeRule, Transition
from airflow_provider_fluxions.polling.blocking import (
    MAX_LAST_POLL_SECONDS,
    MAX_POLL_SECONDS,
    poll_once,
    wait_blocking,
)
from airflow_provider_fluxions.polling.intervals import (
    MAX_EARLY_REQUESTS_PER_SECOND,
    MIN_INTERVAL_SECONDS,
    interval_seconds,
    jitter_factor,
)
from airflow_provider_fluxions.polling.watched_jobs import WaitOutcome, WatchedJobs
from tests.unit.conftest import Service
from tests.unit.fakes import FakeAccount, FakeTime, running


@pytest.fixture
def account(time: FakeTime) -> FakeAccount:
    return FakeAccount(time.now)


def wait(
    account: FakeAccount, time: FakeTime, watched: WatchedJobs, seconds: float, interval: float = 10.0
) -> WaitOutcome:
    deadline = time.now() + seconds
    return wait_blocking(account, watched, poll_interval=interval, deadline=deadline, clock=time.clock)


def test_a_job_that_is_done_costs_one_read_and_no_pause(account: FakeAccount, time: FakeTime) -> None:
    account.ends = {1: 0.0}
    assert wait(account, time, WatchedJobs((1,)), 100) is WaitOutcome.DONE
    assert (len(account.requests), time.slept) == (1, [])


def test_looking_at_jobs_that_have_ended_costs_nothing(account: FakeAccount) -> None:
    account.ends = {1: 0.0}
    watched = WatchedJobs((1,))
    for _ in range(2):
        poll_once(account, watched)
    assert len(account.requests) == 1


def test_a_young_wait_is_looked_at_sooner_by_the_rule_of_the_shared_loop(account: FakeAccount, time: FakeTime) -> None:
    account.ends = {1: math.inf}
    wait(account, time, WatchedJobs((1,)), 100, interval=10)
    ages = itertools.accumulate(time.slept, initial=0.0)
    longest = jitter_factor(time.clock.jitter())
    by_the_rule = [longest * interval_seconds(age, 10) for age in ages][: len(time.slept) - 1]
    assert time.slept[:-1] == pytest.approx(by_the_rule)
    assert (time.slept[0], time.slept[-2]) == (longest * MIN_INTERVAL_SECONDS, longest * 10)


@pytest.mark.slow
def test_youth_takes_no_more_than_two_requests_a_second(account: FakeAccount, time: FakeTime) -> None:
    """Where every look takes many requests."""
    account.ends = running(range(3000))
    wait(account, time, WatchedJobs(tuple(range(3000))), 100, interval=60)
    pages = 3000 / MAX_PAGE_JOBS
    assert time.slept[0] >= pages / MAX_EARLY_REQUESTS_PER_SECOND


def test_trouble_does_not_make_a_young_wait_ask_again_sooner(account: FakeAccount, time: FakeTime) -> None:
    account.ends = {1: 0.0}
    account.trouble = lambda: FluxionsServerError("away") if len(account.requests) <= 2 else None
    assert wait(account, time, WatchedJobs((1,)), 100, interval=10) is WaitOutcome.DONE
    assert time.slept == [10, 10]


def test_a_job_that_ends_at_its_deadline_is_done(account: FakeAccount, time: FakeTime) -> None:
    account.ends = {1: time.now() + 25}
    assert wait(account, time, WatchedJobs((1,)), 25) is WaitOutcome.DONE


def test_a_job_that_runs_on_times_out_at_the_deadline(account: FakeAccount, time: FakeTime) -> None:
    account.ends = {1: math.inf}
    began = time.now()
    assert wait(account, time, WatchedJobs((1,)), 25) is WaitOutcome.TIMEOUT
    assert time.now() == began + 25


def test_a_deadline_that_has_passed_still_gets_a_look(account: FakeAccount, time: FakeTime) -> None:
    account.ends = {1: 0.0, 2: math.inf}
    assert wait(account, time, WatchedJobs((1,)), -100) is WaitOutcome.DONE
    assert wait(account, time, WatchedJobs((2,)), -100) is WaitOutcome.TIMEOUT
    assert time.slept == []


def test_an_outage_is_waited_out(account: FakeAccount, time: FakeTime) -> None:
    began = time.now()
    account.ends = {1: began + 60}
    account.trouble = lambda: FluxionsServerError("away") if time.now() < began + 3600 else None
    assert wait(account, time, WatchedJobs((1,)), 7200) is WaitOutcome.DONE


def test_an_outage_that_outlasts_the_deadline_is_raised_at_the_deadline(account: FakeAccount, time: FakeTime) -> None:
    account.ends = {1: 0.0}
    account.trouble = lambda: FluxionsServerError("away")
    began = time.now()
    with pytest.raises(FluxionsServerError):
        wait(account, time, WatchedJobs((1,)), 100)
    assert time.now() == began + 100


def test_a_pause_is_as_long_as_the_service_asks_but_ends_at_the_deadline(account: FakeAccount, time: FakeTime) -> None:
    throttled = FluxionsThrottledError("slow down")
    throttled.retry_after_seconds = 60.0
    account.ends = {1: 0.0}
    account.trouble = lambda: throttled if len(account.requests) <= 2 else None
    assert wait(account, time, WatchedJobs((1,)), 90) is WaitOutcome.DONE
    assert time.slept == [60, 30]


def test_a_refused_key_is_raised_at_once(account: FakeAccount, time: FakeTime) -> None:
    account.trouble = lambda: FluxionsAuthenticationError("wrong key", status_code=401)
    with pytest.raises(FluxionsAuthenticationError):
        wait(account, time, WatchedJobs((1,)), 100)
    assert time.slept == []


def test_a_key_that_is_rotated_during_a_wait_is_survived(account: FakeAccount, time: FakeTime) -> None:
    """The connection has the new key five minutes later."""
    began = time.now()
    account.ends = {1: began + 900}
    refused = FluxionsAuthenticationError("wrong key", status_code=401)
    account.trouble = lambda: refused if began + 60 <= time.now() < began + 360 else None
    reconnections: list[float] = []

    def reconnect() -> FakeAccount:
        reconnections.append(time.now())
        return account

    outcome = wait_blocking(
        account,
        WatchedJobs((1,)),
        poll_interval=10,
        deadline=began + 3600,
        clock=time.clock,
        reconnect=reconnect,  # type: ignore[arg-type, return-value]
    )
    assert outcome is WaitOutcome.DONE
    assert len(reconnections) >= 25, "once before each request"


def test_a_key_that_stays_refused_during_a_wait_is_raised_after_ten_minutes(
    account: FakeAccount, time: FakeTime
) -> None:
    began = time.now()
    account.ends = {1: math.inf}
    refused = FluxionsAuthenticationError("wrong key", status_code=403)
    account.trouble = lambda: refused if time.now() >= began + 60 else None
    with pytest.raises(FluxionsAuthenticationError):
        wait_blocking(
            account,
            WatchedJobs((1,)),
            poll_interval=10,
            deadline=began + 3600,
            clock=time.clock,
            reconnect=lambda: account,  # type: ignore[arg-type, return-value]
        )
    assert 660 <= time.now() - began <= 690


def test_a_request_takes_at_most_what_is_left_of_the_deadline_and_has_no_retries(
    account: FakeAccount, time: FakeTime
) -> None:
    account.ends = {1: math.inf}
    wait(account, time, WatchedJobs((1,)), 35, interval=10)
    seconds = [limits["total_timeout"] for limits in account.limits]
    assert {limits["max_retries"] for limits in account.limits} == {0}
    assert seconds[0] == MAX_POLL_SECONDS
    assert seconds[-1] == MAX_LAST_POLL_SECONDS
    assert seconds[:-1] == sorted(seconds[:-1], reverse=True)


@pytest.mark.parametrize(("asked", "slept"), [(1e9, 300.0), (10.0, 10.0)])
def test_a_service_cannot_ask_for_a_longer_pause_than_five_minutes(
    account: FakeAccount, time: FakeTime, asked: float, slept: float
) -> None:
    throttled = FluxionsThrottledError("slow down")
    throttled.retry_after_seconds = asked
    account.ends = {1: 0.0}
    account.trouble = lambda: throttled if len(account.requests) == 1 else None
    assert wait(account, time, WatchedJobs((1,)), 86_400) is WaitOutcome.DONE
    assert time.slept == [slept]


def test_a_clock_that_is_set_back_does_not_change_the_pace(account: FakeAccount, time: FakeTime) -> None:
    account.ends = {1: math.inf}

    def trouble() -> None:
        if len(account.requests) == 30:
            time.offset = -3600.0
        if len(account.requests) == 60:
            account.ends[1] = 0.0

    account.trouble = trouble  # type: ignore[assignment]
    assert wait(account, time, WatchedJobs((1,)), 86_400) is WaitOutcome.DONE
    assert set(time.slept[28:]) == {11.0}


def test_an_unknown_job_ends_the_wait(account: FakeAccount, time: FakeTime) -> None:
    watched = WatchedJobs((4711,))
    assert wait(account, time, watched, 100) is WaitOutcome.DONE
    assert [job.id for job in watched.unsuccessful] == [4711]


def test_jobs_that_failed_are_read_once_more_for_their_reason(account: FakeAccount) -> None:
    """The list, where two jobs and more are looked up, carries no reasons."""
    account.ends = dict.fromkeys(range(5), 0.0)
    account.failed = {3}
    watched = WatchedJobs(tuple(range(5)))
    poll_once(account, watched)
    assert [(job.id, job.error_message) for job in watched.unsuccessful] == [(3, "The audio is silent.")]
    assert (account.pages, account.reads) == (1, 1)


def test_a_reason_that_could_not_be_read_at_first_is_read_later(account: FakeAccount, time: FakeTime) -> None:
    account.ends = dict.fromkeys(range(5), 0.0)
    account.failed = {3}
    account.trouble = lambda: FluxionsServerError("away") if len(account.requests) == 2 else None
    watched = WatchedJobs(tuple(range(5)))
    assert wait(account, time, watched, 100) is WaitOutcome.DONE
    assert watched.unsuccessful[0].error_message == "The audio is silent."


@pytest.mark.slow
def test_many_jobs_are_asked_for_by_pages(account: FakeAccount, time: FakeTime) -> None:
    account.ends = {number: time.now() + number / 10 for number in range(1000)}
    watched = WatchedJobs(tuple(range(1000)))
    assert wait(account, time, watched, 1000) is WaitOutcome.DONE
    assert len(watched.ended) == 1000
    assert len(account.requests) <= 12 * 11


def test_it_waits_over_a_socket(service: Service, time: FakeTime) -> None:
    service.emulator.set_transition(Transition.after_reads(3))
    service.emulator.add_outcome(OutcomeRule("bad*", "failed", error_message="Too noisy."))
    client = service.client()
    ids = [client.submit(name.encode(), filename=f"{name}.mp3", cache=False).id for name in ("good", "bad")]
    watched = WatchedJobs(tuple(ids), min_ended=2)
    assert wait_blocking(client, watched, poll_interval=5, deadline=math.inf, clock=time.clock) is WaitOutcome.DONE
    assert watched.statuses == {str(ids[0]): "completed", str(ids[1]): "failed"}
    assert watched.unsuccessful[0].error_message == "Too noisy."
