"""The metrics of a running triggerer's poll loop, as a StatsD server hears them (docs/metrics.md)."""

from __future__ import annotations

import re

import pytest

from airflow_provider_fluxions.emulator import ControlClient, Fault, OutcomeRule
from harness.processes import wait_until
from harness.stage import Stage
from harness.statsd import LocalStatsd

TAG = "fluxions_conn_id=fluxions_metered"


@pytest.fixture(scope="module")
def sent(stage: Stage, statsd: LocalStatsd) -> LocalStatsd:
    """All that one deferred wait makes the triggerer send; the service refuses its first look with a 429."""
    with ControlClient(stage.emulators["documented"].url) as control:
        # The task itself looks once before it defers, however late it comes to it on a busy machine.
        control.set_outcome(OutcomeRule("metered.mp3", "unknown_status", status="processing", for_reads=4))
        control.add_fault(Fault("GET", "/transcriptions/*", "metered.mp3", skip=1, status=429, retry_after="1"))
    stage.start("metered").succeeded()
    wait_until(lambda: "0|g" in statsd.sent("fluxions.poll.jobs", TAG), "the poll loop has ended", 30)
    return statsd


def test_the_jobs_waited_for_are_a_gauge_that_ends_at_none(sent: LocalStatsd) -> None:
    jobs = sent.sent("fluxions.poll.jobs", TAG)
    assert set(jobs) == {"1|g", "0|g"}
    assert jobs[-1] == "0|g"


def test_each_look_counts_as_a_sweep_and_each_answer_as_a_request(sent: LocalStatsd) -> None:
    """One job is one request a sweep, and the refused one has no answer that can be used."""
    sweeps = sent.sent("fluxions.poll.sweeps", TAG)
    assert set(sweeps) == {"1|c"}
    requests = [int(value.removesuffix("|c")) for value in sent.sent("fluxions.poll.requests", TAG)]
    assert len(requests) == len(sweeps)
    assert sum(requests) == len(sweeps) - 1


def test_a_pause_that_the_service_asked_for_counts_as_a_throttle(sent: LocalStatsd) -> None:
    assert sent.sent("fluxions.poll.throttles", TAG) == ["1|c"]


def test_the_lag_of_the_one_end_is_timed_in_milliseconds(sent: LocalStatsd) -> None:
    (lag,) = sent.sent("fluxions.poll.lag", TAG)
    assert re.fullmatch(r"\d+(\.\d+)?\|ms", lag)
