"""A short storm over a real Airflow, with a fixed seed; `scripts/chaos` plays longer ones."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from campaigns.chaos.plan import make_plan
from campaigns.chaos.run import Report, play
from campaigns.chaos.scene import set_scene
from campaigns.chaos.table import airflow_major
from campaigns.framework import logs_folder

pytestmark = [
    pytest.mark.campaign,
    pytest.mark.storm,
    pytest.mark.skipif(airflow_major() == 2, reason="minutes; `scripts/chaos --version 2.11 --jobs 60` plays it there"),
]

SEED, JOBS = 1, 60
# After a response that proves nothing, a task scans the list for two minutes.
CALM_SECONDS = 480.0
# Enough for the load of a test machine.
LOST_SECONDS = 30


@pytest.fixture(scope="module")
def report(request: pytest.FixtureRequest) -> Iterator[Report]:
    """What came of the storm. The logs of a failed session are kept and named."""
    plan = make_plan(SEED, JOBS, airflow_major())
    folder = logs_folder("chaos", lambda: request.session.testsfailed)
    with folder as home, set_scene(home, plan, LOST_SECONDS) as scene:
        yield play(scene, plan, calm_seconds=CALM_SECONDS)


def test_nothing_is_paid_twice_lost_mistaken_left_hanging_or_told(report: Report) -> None:
    assert report.problems == []


def test_every_recording_has_its_one_live_job(report: Report) -> None:
    found = report.audit
    assert (found.inputs, found.live_jobs - found.raced, found.duplicates - found.raced) == (JOBS, JOBS, 0)


def test_every_kind_of_component_was_killed(report: Report) -> None:
    """Of tasks there may be none to kill at that moment."""
    components = {kill.kind for kill in report.plan.kills} - {"task", "supervisor"}
    assert components <= set(report.kills)


def test_tasks_were_killed_and_requests_met_faults(report: Report) -> None:
    assert report.kills["task"] + report.kills["supervisor"] > 0
    assert report.hits.total() > 0
