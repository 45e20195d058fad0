"""The poll loop's metrics go where those of the triggerer itself go."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from airflow.jobs import triggerer_job_runner

from airflow_provider_fluxions import metrics


def test_the_triggerers_own_metrics_go_through_the_same_functions() -> None:
    """On 3.3 there are two sets of them, and a triggerer sets up only one."""
    theirs: Any = getattr(triggerer_job_runner, "stats", None) or triggerer_job_runner.Stats
    assert metrics.Stats.incr == theirs.incr


def test_each_happening_has_its_name_and_unit(monkeypatch: pytest.MonkeyPatch) -> None:
    sent: list[tuple[Any, ...]] = []

    class Recorder:
        @staticmethod
        def gauge(name: str, value: float, *, tags: dict[str, Any]) -> None:
            sent.append((name, value, tags))

        @staticmethod
        def incr(name: str, count: int = 1, *, tags: dict[str, Any]) -> None:
            sent.append((name, count, tags))

        timing = gauge

    monkeypatch.setattr(metrics, "Stats", Recorder)
    observer = metrics.PollMetrics("main")
    observer.watching(7)
    observer.swept(3)
    observer.throttled(30.0)
    observer.noticed(1.5)
    tags = {"fluxions_conn_id": "main"}
    assert sent == [
        ("fluxions.poll.jobs", 7, tags),
        ("fluxions.poll.sweeps", 1, tags),
        ("fluxions.poll.requests", 3, tags),
        ("fluxions.poll.throttles", 1, tags),
        ("fluxions.poll.lag", timedelta(seconds=1.5), tags),
    ]
