"""Plays a campaign: the storm of a plan, the calm after it, and the audit."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field

from campaigns.chaos.cast import Part
from campaigns.chaos.failures import Failure, failures
from campaigns.chaos.judge import Audit, audit
from campaigns.chaos.plan import Plan
from campaigns.chaos.scene import Scene
from campaigns.chaos.storm import storm
from harness.processes import wait_until

FINAL = ("success", "failed")


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
    """Play the plan. After the storm, and again after tasks were cleared, runs have `calm_seconds` to end."""
    report, begun = Report(plan), time.monotonic()
    for dag_id in {part.dag_id for part in plan.parts}:
        scene.airflow.wait_for_dag(dag_id)
    storm_begun = time.monotonic()
    report.kills = storm(scene, plan)
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
