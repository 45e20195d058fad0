"""Who is due when: age, cost, deadlines and pauses."""

from __future__ import annotations

import asyncio
import math
from collections.abc import Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from airflow_provider_fluxions.polling.intervals import MIN_INTERVAL_SECONDS
from airflow_provider_fluxions.polling.waiters import Waiter, WaiterIndex
from airflow_provider_fluxions.polling.watched_jobs import WatchedJobs


@pytest.fixture
def loop() -> Iterator[asyncio.AbstractEventLoop]:
    loop = asyncio.new_event_loop()
    yield loop
    loop.close()


def waiter(
    loop: asyncio.AbstractEventLoop, job: int, interval: float = 15, deadline: float = math.inf, due: float = 0.0
) -> Waiter:
    return Waiter(WatchedJobs((job,)), interval, deadline, 0.0, due, 0.0, loop.create_future())


def crowd_of(*waiters: Waiter) -> WaiterIndex:
    crowd = WaiterIndex()
    for one in waiters:
        crowd.add(one)
    return crowd


@pytest.mark.parametrize(("age", "seconds"), [(0, 2), (8, 2), (20, 5), (40, 10), (60, 15), (86_400, 15)])
def test_the_interval_is_a_quarter_of_the_age_within_two_seconds_and_the_users(
    loop: asyncio.AbstractEventLoop, age: float, seconds: float
) -> None:
    assert waiter(loop, 1).interval(age, MIN_INTERVAL_SECONDS) == seconds


@given(st.floats(0.01, 1000), st.floats(0, 1e6), st.floats(2, 1e6))
def test_the_interval_is_never_longer_than_the_users(poll_interval: float, age: float, least: float) -> None:
    loop = asyncio.new_event_loop()
    assert 0 < waiter(loop, 1, poll_interval).interval(age, least) <= poll_interval
    loop.close()


def test_youth_never_takes_more_than_two_requests_a_second(loop: asyncio.AbstractEventLoop) -> None:
    crowd = crowd_of(*(waiter(loop, number) for number in range(1000)))
    crowd.update_min_interval(10, 1000)
    assert crowd.min_interval == 5.0
    crowd.update_min_interval(20, 20)
    assert crowd.min_interval == 500.0
    crowd.update_min_interval(1, 100)
    assert crowd.min_interval == 5.0


def test_a_round_that_showed_nothing_teaches_nothing(loop: asyncio.AbstractEventLoop) -> None:
    crowd = crowd_of(waiter(loop, 1))
    crowd.update_min_interval(3, 0)
    assert crowd.min_interval == MIN_INTERVAL_SECONDS


def test_in_a_pause_only_a_deadline_is_due(loop: asyncio.AbstractEventLoop) -> None:
    patient, late = waiter(loop, 1), waiter(loop, 2, deadline=50.0)
    crowd = crowd_of(patient, late)
    assert crowd.next_poll(paused_until=300.0) == 50.0
    assert crowd.due(50.0, paused_until=300.0) == [late]
    assert set(crowd.due(300.0, paused_until=300.0)) == {patient, late}


def test_a_wait_that_has_its_outcome_is_due_no_more(loop: asyncio.AbstractEventLoop) -> None:
    one = waiter(loop, 1)
    one.future.cancel()
    crowd = crowd_of(one)
    assert crowd.next_poll(0.0) is None
    assert crowd.due(10.0, 0.0) == []


def test_who_is_due_within_a_fifth_of_the_interval_is_served_with_the_others(loop: asyncio.AbstractEventLoop) -> None:
    soon, later = waiter(loop, 1, 10, due=2.0), waiter(loop, 2, 10, due=2.1)
    assert crowd_of(soon, later).due(0.0, 0.0) == [soon]


def test_a_job_is_forgotten_with_the_last_who_waits_for_it(loop: asyncio.AbstractEventLoop) -> None:
    one, two = waiter(loop, 1), waiter(loop, 1)
    crowd = crowd_of(one, two)
    crowd.remove(one)
    assert set(crowd.by_job) == {"1"}
    crowd.remove(two)
    crowd.remove(two)
    assert not crowd.by_job
