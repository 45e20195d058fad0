"""Plays a campaign: a look at undisturbed outputs, the storm of a plan, the calm after it, and the audit."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Protocol, TypeVar

import requests

from airflow_provider_fluxions.emulator.faults import Fault
from harness.components import START_SECONDS
from harness.processes import HarnessError, wait_until
from tests.e2e.chaos_audit import Audit, audit
from tests.e2e.chaos_cast import Part
from tests.e2e.chaos_failures import Failure, failures
from tests.e2e.chaos_faults import fault_of
from tests.e2e.chaos_kills import is_component, strike_down
from tests.e2e.chaos_plan import Kill, Plan, Strike
from tests.e2e.chaos_scene import Scene

FINAL = ("success", "failed")


class Timed(Protocol):
    """Something that happens `at` so many seconds after the beginning."""

    @property
    def at(self) -> float: ...


Event = TypeVar("Event", bound=Timed)


@dataclass
class Report:
    """What came of a campaign. `kills` are those that hit something, `hits` the requests that met a fault, by name.

    `failed` names the tasks that did not succeed by themselves; all of their runs were cleared once.
    """

    plan: Plan
    kills: Counter[str] = field(default_factory=Counter)
    hits: Counter[str] = field(default_factory=Counter)
    failed: list[Failure] = field(default_factory=list)
    hanging: list[str] = field(default_factory=list)
    audit: Audit = field(default_factory=Audit)
    posts: int = 0
    storm_seconds: float = 0.0
    seconds: float = 0.0

    @property
    def problems(self) -> list[str]:
        """What must not be. Tasks that failed for a documented reason, and then succeeded, may."""
        return [
            *(f"{run} hangs" for run in self.hanging),
            *(f"{one.task} failed: {one.reason}" for one in self.failed if not one.is_documented),
            *self.audit.problems,
        ]


def play(scene: Scene, plan: Plan, *, calm_seconds: float) -> Report:
    """Play it. Once the storm is over, and again after the clear, runs have `calm_seconds` to end."""
    report, begun = Report(plan), time.monotonic()
    scene.airflow.wait("chaos_undisturbed", scene.airflow.trigger("chaos_undisturbed"), calm_seconds)
    for dag_id in {part.dag_id for part in plan.parts}:
        scene.airflow.wait_for_dag(dag_id)
    storm_begun = time.monotonic()
    _storm(scene, plan, report)
    report.storm_seconds = time.monotonic() - storm_begun
    scene.door.clear_faults()
    scene.account.calm()
    report.hanging = _unfinished(scene, plan.parts, calm_seconds)
    report.failed = failures(scene, plan.parts)
    for dag_id, run_id in {(one.dag_id, one.run_id) for one in report.failed}:
        scene.airflow.rest.clear(dag_id, run_id)
    report.hanging += _unfinished(scene, plan.parts, calm_seconds)
    scene.account.collect()
    report.hits, report.posts = scene.account.hits + scene.door.hits, scene.account.posts
    report.audit = audit(scene, plan.seed, plan.parts)
    report.seconds = time.monotonic() - begun
    return report


def follow(
    events: Iterable[Event],
    act: Callable[[Event], None],
    *,
    now: Callable[[], float] = time.monotonic,
    sleep: Callable[[float], None] = time.sleep,
) -> None:
    """Act on each event in its order, when it is time or, where the one before took longer, as soon as possible."""
    begun = now()
    for event in sorted(events, key=lambda event: event.at):
        if (left := event.at - (now() - begun)) > 0:
            sleep(left)
        act(event)


def _storm(scene: Scene, plan: Plan, report: Report) -> None:
    """Let the plan happen. What takes long, such as a scheduler's return, holds up only what is of its own kind."""

    def kill(event: Kill) -> None:
        report.kills[event.kind] += strike_down(scene, event)

    with ThreadPoolExecutor() as pool:
        under_way = [
            pool.submit(follow, plan.starts, lambda start: _start(scene, start.part)),
            pool.submit(follow, plan.faults, lambda strike: _go_wrong(scene, strike)),
            pool.submit(follow, [one for one in plan.kills if is_component(one)], kill),
            pool.submit(follow, [one for one in plan.kills if not is_component(one)], kill),
        ]
        for future in under_way:
            future.result()


def _start(scene: Scene, part: Part) -> None:
    """Trigger the run, again as long as there is no API server to hear of it."""

    def started() -> bool:
        try:
            scene.airflow.rest.trigger(part.dag_id, part.run_id, {})
        except (HarnessError, requests.RequestException):
            return scene.airflow.database.run_state(part.dag_id, part.run_id) is not None
        return True

    wait_until(started, f"{part.run_id} triggered", START_SECONDS)


def _go_wrong(scene: Scene, strike: Strike) -> None:
    fault = fault_of(strike)
    if isinstance(fault, Fault):
        with scene.account.awake:
            scene.account.control.add_fault(fault)
    else:
        scene.door.add_fault(fault)


def _unfinished(scene: Scene, parts: Iterable[Part], seconds: float) -> list[str]:
    """Wait until all runs are final; the runs that are not when time is up, with their tasks."""
    deadline = time.monotonic() + seconds
    left = {part.run_id: part.dag_id for part in parts}

    def none_left() -> bool:
        scene.airflow.components.check_alive()
        for run_id, dag_id in list(left.items()):
            if scene.airflow.database.run_state(dag_id, run_id) in FINAL:
                del left[run_id]
        return not left or time.monotonic() > deadline

    wait_until(none_left, "all runs final", seconds + 60.0)
    return [f"{run_id} {scene.airflow.database.task_states(dag_id, run_id)}" for run_id, dag_id in left.items()]
