"""Events of many triggers at once are spread, so that the triggerer's heartbeat comes between them."""

from __future__ import annotations

import logging

import pytest
from airflow.configuration import conf
from hypothesis import given
from hypothesis import strategies as st

from airflow_provider_fluxions.get_provider_info import get_provider_info
from airflow_provider_fluxions.triggers.event_rate import (
    BURST_EVENTS,
    DEFAULT_EVENTS_PER_SECOND,
    MAX_EVENT_DELAY_SECONDS,
    EventRateLimiter,
    events_per_second,
)

VARIABLE = "AIRFLOW__FLUXIONS__EVENTS_PER_SECOND"


def test_without_a_setting_the_rate_is_the_documented_default(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(VARIABLE, raising=False)
    documented = get_provider_info()["config"]["fluxions"]["options"]["events_per_second"]["default"]
    assert events_per_second() == float(documented) == DEFAULT_EVENTS_PER_SECOND


@pytest.mark.parametrize(("text", "rate"), [("50", 50.0), ("0.5", 0.5), (" 12 ", 12.0)])
def test_the_rate_is_read_from_the_section_fluxions(monkeypatch: pytest.MonkeyPatch, text: str, rate: float) -> None:
    monkeypatch.setenv(VARIABLE, text)
    assert events_per_second() == rate


@pytest.mark.parametrize("text", ["0", "-1", "many", "inf", "nan"])
def test_a_rate_that_cannot_work_is_replaced_and_reported(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture, text: str
) -> None:
    monkeypatch.setenv(VARIABLE, text)
    caplog.set_level(logging.WARNING)
    assert events_per_second() == DEFAULT_EVENTS_PER_SECOND
    assert f"not '{text}'. Using 25." in caplog.text


def test_a_rate_that_the_configuration_file_cannot_express_is_replaced() -> None:
    conf.read_string("[fluxions]\nevents_per_second = 50%")
    try:
        assert events_per_second() == DEFAULT_EVENTS_PER_SECOND
    finally:
        conf.remove_option("fluxions", "events_per_second")


def passes(arrivals: list[float]) -> list[float]:
    limiter = EventRateLimiter()
    return [at + limiter.reserve(at) for at in arrivals]


def test_a_hundred_pass_at_once_and_the_others_one_after_the_other() -> None:
    times = passes([0.0] * (BURST_EVENTS + 50))
    late = [number / DEFAULT_EVENTS_PER_SECOND for number in range(1, 51)]
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
        assert sum(first <= time < first + 1 for time in times) <= BURST_EVENTS + DEFAULT_EVENTS_PER_SECOND + 1
