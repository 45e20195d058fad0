"""The rate at which triggers fire is a setting of the triggerer."""

from __future__ import annotations

import logging

import pytest

from airflow_provider_fluxions.get_provider_info import get_provider_info
from airflow_provider_fluxions.polling.event_rate_limit import DEFAULT_EVENTS_PER_SECOND
from airflow_provider_fluxions.triggers.event_rate import events_per_second

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
