"""Events of many triggers at once are spread, so that the triggerer's heartbeat comes between them."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from airflow_provider_fluxions.polling.event_rate_limit import (
    BURST_EVENTS,
    MAX_EVENT_DELAY_SECONDS,
    EventRateLimiter,
)
from airflow_provider_fluxions.polling.event_rate_limit import (
    DEFAULT_EVENTS_PER_SECOND as EVENTS_PER_SECOND,
)


def passes(arrivals: list[float]) -> list[float]:
    turnstile = EventRateLimiter()
    return [at + turnstile.reserve(at) for at in arrivals]


def test_a_hundred_pass_at_once_and_the_others_one_after_the_other() -> None:
    times = passes([0.0] * (BURST_EVENTS + 50))
    late = [number / EVENTS_PER_SECOND for number in range(1, 51)]
    assert times == pytest.approx([0.0] * BURST_EVENTS + late)


def test_a_triggerers_thousand_pass_within_forty_seconds() -> None:
    assert 30.0 < passes([0.0] * 1000)[-1] <= MAX_EVENT_DELAY_SECONDS


@pytest.mark.parametrize("rate", [1.0, 50.0, 400.0])
def test_the_rate_is_a_setting(rate: float) -> None:
    limiter = EventRateLimiter(rate)
    delays = [limiter.reserve(0.0) for _ in range(BURST_EVENTS + 30)]
    assert delays[BURST_EVENTS:] == pytest.approx([number / rate for number in range(1, 31)])


def test_no_event_is_delayed_longer_than_the_maximum() -> None:
    assert passes([0.0] * 10_000)[-1] == MAX_EVENT_DELAY_SECONDS


def test_after_a_quiet_time_a_hundred_pass_at_once_again() -> None:
    again = passes([0.0] * 500 + [60.0] * BURST_EVENTS)[-BURST_EVENTS:]
    assert again == pytest.approx([60.0] * BURST_EVENTS)


@given(st.lists(st.floats(0, 20), max_size=400).map(sorted))
def test_in_no_second_pass_more_than_the_burst_and_a_seconds_share(arrivals: list[float]) -> None:
    times = sorted(passes(arrivals))
    for first in times:
        assert sum(first <= time < first + 1 for time in times) <= BURST_EVENTS + EVENTS_PER_SECOND + 1
