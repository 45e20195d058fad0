"""Plays a kill point: several runs at a time, each killed at its moment, until all are over."""

from __future__ import annotations

import time
import traceback
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from itertools import pairwise

from campaigns import task_processes
from campaigns.kill_points.dag_run import MOMENT_SECONDS, Run, complete_job, never_completes, wait_until_deferred
from campaigns.kill_points.judge import Judgement, judge
from campaigns.kill_points.moments import Moment
from campaigns.kill_points.plan import POINTS, KillPoint
from campaigns.kill_points.scene import SLOTS, Scene
from campaigns.kill_points.undisturbed import compare
from harness.processes import wait_until
from harness.stage import PROFILES

RUN_SECONDS = 600.0
# One triggerer dies with this many waits.
WAITS_A_TRIGGERER = 7
# At every so many runs the supervisor is killed as well.
LOST_MACHINE_EVERY = 5


@dataclass(frozen=True)
class Report:
    """All runs of one point. `lists` are pages of the list that tasks asked for: first tries ask for none."""

    point: str
    runs: list[Judgement]
    lists: int
    seconds: float

    @property
    def problems(self) -> list[str]:
        return [run.problem for run in self.runs if run.problem]


def play_point(scene: Scene, point: KillPoint, runs: int) -> Report:
    """Play a point so many times, several at a time, and report once all are over."""
    if not point.moments:
        return play_triggerers(scene, [point], runs)[0]
    begun = _Begun.now(scene)
    todo = [_run(point, number) for number in range(runs)]
    with ThreadPoolExecutor(max(1, SLOTS // point.mapped)) as pool:
        done = list(pool.map(lambda run: _safely(scene, point, run), todo))
    return _report(scene, point, todo, done, begun)


def play_triggerers(scene: Scene, points: Sequence[KillPoint], runs: int) -> list[Report]:
    """Play points at which the triggerer is killed so many times each, side by side: one kill hits all that wait."""
    begun = _Begun.now(scene)
    todo = [(point, _run(point, number)) for point in points for number in range(runs)]
    waves = [todo[first : first + WAITS_A_TRIGGERER] for first in range(0, len(todo), WAITS_A_TRIGGERER)]
    done = [result for wave in waves for result in _play_triggerer(scene, wave)]
    played = [(point, run, result) for (point, run), result in zip(todo, done, strict=True)]
    return [
        _report(scene, one, [run for point, run, _ in played if point is one],
                [result for point, _, result in played if point is one], begun)
        for one in points
    ]  # fmt: skip


@dataclass(frozen=True)
class _Begun:
    at: float
    lists: int

    @classmethod
    def now(cls, scene: Scene) -> _Begun:
        scene.airflow.rest.call("GET", "/dags")  # Signs in once, before several threads would.
        return cls(time.monotonic(), _lists(scene))


def _report(scene: Scene, point: KillPoint, runs: list[Run], done: list[Judgement], begun: _Begun) -> Report:
    lists = _lists(scene) - begun.lists
    if point.is_transfer:
        done = compare(scene, runs, done, trigger)
    return Report(point.name, done, lists, time.monotonic() - begun.at)


def _run(point: KillPoint, number: int) -> Run:
    # The ways of waiting and the readings of the API change at different paces, so that all pairs occur; and each
    # point begins with another one, so that a few runs of all points see them all.
    position = list(POINTS).index(point.name)
    dag_id = point.dag_ids[(number + position) % len(point.dag_ids)]
    profile = PROFILES[(number // len(point.dag_ids) + position) % len(PROFILES)]
    lost_machine = point.kills_tasks and (2 * position + number) % LOST_MACHINE_EVERY == LOST_MACHINE_EVERY - 1
    name = f"{point.name}-{number:03d}"
    return Run(name, dag_id, profile, with_supervisor=lost_machine, mapped=point.mapped)


def _safely(scene: Scene, point: KillPoint, run: Run) -> Judgement:
    try:
        return _play(scene, point, run)
    except Exception:
        log = "\n".join(scene.airflow.task_log(run.dag_id, run.run_id, "submit", map_index=i) for i in run.map_indexes)
        problem = f"{run.name}: {traceback.format_exc()}\n{log[-3000:]}"
        return Judgement("error", run.kills, 0, problem=problem)


def _play(scene: Scene, point: KillPoint, run: Run) -> Judgement:
    point.give_audio(scene, run)
    if point.never_completes:
        never_completes(scene, run)
    first = point.moments[0]
    first.arrange(scene, run)
    trigger(scene, run)
    first.after_trigger(scene, run)
    killed_at = _kill(scene, run, first)
    for before, moment in pairwise(point.moments):
        # The process is gone and the next one not yet there.
        before.let_go(scene, run)
        moment.arrange(scene, run)
        killed_at = _kill(scene, run, moment)
    point.moments[-1].let_go(scene, run)
    state = scene.airflow.wait(run.dag_id, run.run_id, RUN_SECONDS)
    return judge(scene, run, state, killed_at)


def _kill(scene: Scene, run: Run, moment: Moment) -> float:
    """Kill the run's processes when they reach the moment; return when that was, in epoch seconds."""
    pids = wait_until(lambda: moment.reached(scene, run), f"{run.name} at its moment", MOMENT_SECONDS)
    killed_at = time.time()
    for pid in pids:
        task_processes.kill(pid, with_supervisor=run.with_supervisor)
        run.kills += 1
    return killed_at


def _play_triggerer(scene: Scene, played: Sequence[tuple[KillPoint, Run]]) -> list[Judgement]:
    """Kill the triggerer once all runs wait in it. Half of the jobs end while there is none."""
    runs = [run for _, run in played]
    for point, run in played:
        never_completes(scene, run)
        point.give_audio(scene, run)
        trigger(scene, run)
    for run in runs:
        wait_until_deferred(scene, run)
    killed_at = time.time()
    scene.airflow.components.kill("triggerer")
    for run in runs:
        run.kills = 1  # One that hit them all.
    for run in runs[::2]:
        complete_job(scene.emulators[run.profile], run)
    scene.airflow.components.restart("triggerer")
    for run in runs[1::2]:
        complete_job(scene.emulators[run.profile], run)
    states = [scene.airflow.wait(run.dag_id, run.run_id, RUN_SECONDS) for run in runs]
    return [judge(scene, run, state, killed_at) for run, state in zip(runs, states, strict=True)]


def trigger(scene: Scene, run: Run) -> None:
    """Start the run."""
    scene.airflow.trigger(run.dag_id, run.run_id, {"audio": run.audio, "connection": f"fluxions_{run.profile}"})


def _lists(scene: Scene) -> int:
    recorded = [entry for emulated in scene.emulators.values() for entry in emulated.recorded()]
    return sum(entry["path"] == "/transcriptions" for entry in recorded)
