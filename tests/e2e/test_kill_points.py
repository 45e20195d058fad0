"""A few SIGKILLs at each point of a task's life, under a real scheduler; `scripts/kill-points` plays many."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from tests.e2e.kill_campaign import Report, play_point
from tests.e2e.kill_points import POINTS
from tests.e2e.kill_scene import set_scene

RUNS = 2
# How many points are played side by side; the rest is waiting for Airflow.
POINTS_AT_A_TIME = 4


@pytest.fixture(scope="module")
def reports(request: pytest.FixtureRequest) -> Iterator[dict[str, Report]]:
    """What came of every point. The logs of a failed session are kept and named."""
    home = Path(tempfile.mkdtemp(prefix="fluxions-kill-points-"))
    print(f"logs, if a test fails: {home}")
    tasks = [point for point in POINTS.values() if point.moment]
    triggerers = [point for point in POINTS.values() if not point.moment]
    with set_scene(home) as scene:
        # Tasks that cannot run side by side with a dead triggerer come first.
        with ThreadPoolExecutor(POINTS_AT_A_TIME) as pool:
            played = list(pool.map(lambda point: play_point(scene, point, RUNS), tasks))
        played += [play_point(scene, point, RUNS) for point in triggerers]
        yield {report.point: report for report in played}
    if not request.session.testsfailed:
        shutil.rmtree(home)


@pytest.mark.parametrize("point", POINTS)
def test_a_task_killed_here_ends_with_one_job_and_returns_its_id(reports: dict[str, Report], point: str) -> None:
    report = reports[point]
    assert report.problems == []
    assert [run.state for run in report.runs] == ["success"] * RUNS
    assert sum(run.duplicates + run.wrong for run in report.runs) == 0


@pytest.mark.parametrize("point", [name for name, point in POINTS.items() if point.moment])
def test_the_kill_did_cost_the_task_a_try(reports: dict[str, Report], point: str) -> None:
    tasks = POINTS[point].mapped
    assert all(run.kills == tasks and run.tries >= 2 * tasks for run in reports[point].runs)


@pytest.mark.parametrize("point", [name for name, point in POINTS.items() if point.mapped == 1])
def test_only_an_upload_that_was_cut_off_is_sent_again(reports: dict[str, Report], point: str) -> None:
    uploads = 2 if point in ("before_body", "mid_body") else 1
    assert [run.posts for run in reports[point].runs] == [uploads * run.jobs for run in reports[point].runs]


def test_a_dead_triggerer_costs_no_try(reports: dict[str, Report]) -> None:
    assert [run.tries for run in reports["deferred"].runs] == [1] * RUNS
