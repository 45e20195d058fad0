"""A few SIGKILLs at each point of a task's life, under a real scheduler; `scripts/kill-points` plays many."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor, wait

import pytest

from campaigns.framework import logs_folder
from campaigns.kill_points.plan import POINTS, KillPoint
from campaigns.kill_points.run import Report, play_point, play_triggerers
from campaigns.kill_points.scene import Scene, set_scene

pytestmark = pytest.mark.campaign

RUNS = 2
# How many points are played side by side; the rest is waiting for Airflow.
POINTS_AT_A_TIME = 4
# One transfer is killed at the moments of many points, one after the other: they are not played by themselves here.
IN_TURN = ("transfer_in_turn", "transfer_in_turn_deferred")
_COVERED = {moment for name in IN_TURN for moment in POINTS[name].moments}
_LEFT_OUT = {name for name, point in POINTS.items() if point.is_transfer and point.moments} - set(IN_TURN)
assert all(_COVERED.issuperset(POINTS[name].moments) for name in _LEFT_OUT)
# Dead triggerers come last; who asks for them waits for all.
_IN_ORDER = sorted(POINTS, key=lambda name: not POINTS[name].moments)
PLAYED = {name: 1 if name in IN_TURN else RUNS for name in _IN_ORDER if name not in _LEFT_OUT}

Reports = Callable[[str], Report]


@pytest.fixture(scope="module")
def reports(request: pytest.FixtureRequest) -> Iterator[Reports]:
    """What came of a point; all are under way, and who asks for one waits for that one only.

    The logs of a failed session are kept and named.
    """
    with logs_folder("kill-points", lambda: request.session.testsfailed) as home, set_scene(home) as scene:
        yield from _all_under_way(scene)


def _all_under_way(scene: Scene) -> Iterator[Reports]:
    with ThreadPoolExecutor(POINTS_AT_A_TIME) as pool:
        # The longest first.
        points = sorted((POINTS[name] for name in PLAYED), key=lambda point: -len(point.moments))
        tasks = {one.name: pool.submit(play_point, scene, one, PLAYED[one.name]) for one in points if one.moments}
        waits = [one for one in points if not one.moments]
        dead = pool.submit(_play_triggerers_after, list(tasks.values()), scene, waits)
        yield lambda name: tasks[name].result() if name in tasks else dead.result()[name]
        pool.shutdown(cancel_futures=True)


def _play_triggerers_after(
    tasks: Sequence[Future[Report]], scene: Scene, points: Sequence[KillPoint]
) -> dict[str, Report]:
    """Tasks cannot run side by side with a dead triggerer."""
    wait(tasks)
    return {report.point: report for report in play_triggerers(scene, points, RUNS)}


@pytest.mark.parametrize("point", PLAYED)
def test_a_task_killed_here_ends_with_one_job_a_recording_and_what_it_should_have(reports: Reports, point: str) -> None:
    """Its id, or of a transfer all outputs, whole, and equal to those of an undisturbed one."""
    report = reports(point)
    assert report.problems == []
    assert [run.state for run in report.runs] == ["success"] * PLAYED[point]
    assert sum(run.duplicates + run.wrong for run in report.runs) == 0


@pytest.mark.parametrize("point", [name for name in PLAYED if POINTS[name].moments])
def test_each_kill_did_cost_the_task_a_try(reports: Reports, point: str) -> None:
    tasks, kills = POINTS[point].mapped, len(POINTS[point].moments)
    assert all(run.kills == tasks * kills and run.tries >= tasks * (kills + 1) for run in reports(point).runs)


@pytest.mark.parametrize("point", [name for name in PLAYED if POINTS[name].mapped == 1])
def test_only_an_upload_that_was_cut_off_is_sent_again(reports: Reports, point: str) -> None:
    cut = POINTS[point].cut_uploads
    assert [run.posts for run in reports(point).runs] == [run.jobs + cut for run in reports(point).runs]


@pytest.mark.parametrize("point", [name for name in PLAYED if POINTS[name].is_transfer])
def test_an_output_that_stands_is_not_written_again(reports: Reports, point: str) -> None:
    assert [run.rewritten for run in reports(point).runs] == [0] * PLAYED[point]


@pytest.mark.parametrize("point", [name for name in PLAYED if not POINTS[name].moments])
def test_a_dead_triggerer_costs_no_try(reports: Reports, point: str) -> None:
    assert [run.tries for run in reports(point).runs] == [1] * PLAYED[point]
