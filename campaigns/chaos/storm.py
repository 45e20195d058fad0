"""Lets a plan happen: runs start, things are killed and requests go wrong, each when it is time."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from typing import Protocol, TypeVar

import requests

from airflow_provider_fluxions.emulator.faults import Fault
from campaigns.chaos.behaviors import Behavior, behavior_of
from campaigns.chaos.cast import Part
from campaigns.chaos.faults import fault_of
from campaigns.chaos.kills import is_component, strike_down
from campaigns.chaos.plan import Kill, Plan, Spell, Strike
from campaigns.chaos.scene import Scene
from campaigns.chaos.stalls import Stopped, prepare, resume, stop
from harness.components import START_SECONDS
from harness.processes import HarnessError, wait_until

# A run may have to wait for an API server that is killed, comes back slowly, and is killed again.
TRIGGER_SECONDS = 3 * START_SECONDS

STALL = "stall"


class Timed(Protocol):
    """Something that happens `at` so many seconds after the beginning."""

    @property
    def at(self) -> float: ...


Event = TypeVar("Event", bound=Timed)


def storm(scene: Scene, plan: Plan) -> Counter[str]:
    """Let the plan happen; returns the kills that hit something, by kind.

    What takes long, such as a scheduler's return, holds up only what is of its own kind.
    """
    hit: Counter[str] = Counter()

    def kill(event: Kill) -> None:
        hit[event.kind] += strike_down(scene, event)

    def follow_stall(stopped: Stopped) -> None:
        # First the wait, which takes minutes: `+=` would read the number before it, and others count meanwhile.
        if resume(scene, stopped):
            hit[STALL] += 1

    stopped = _stop_uploads(scene, plan)
    rest = [start for start in plan.starts if not start.part.is_stalled]
    with ThreadPoolExecutor(5 + len(stopped)) as pool:
        under_way = [
            pool.submit(follow, plan.spells, lambda spell: _behave(scene, spell)),
            *(pool.submit(follow_stall, one) for one in stopped),
            pool.submit(follow, rest, lambda start: _start(scene, start.part)),
            pool.submit(follow, plan.faults, lambda strike: _go_wrong(scene, strike)),
            pool.submit(follow, [one for one in plan.kills if is_component(one)], kill),
            pool.submit(follow, [one for one in plan.kills if not is_component(one)], kill),
        ]
        for future in under_way:
            future.result()
    return hit


def _stop_uploads(scene: Scene, plan: Plan) -> list[Stopped]:
    """Before the storm, in which most of these tasks would not reach their upload, start them and stop them in it."""
    for start in plan.stalls:
        _start(scene, start.part)
    stopped = []
    for start in plan.stalls:
        # The table shows a stall that was not reached; the storm is worth playing without it.
        with suppress(HarnessError, ProcessLookupError):
            stopped.append(stop(scene, start.part))
    return stopped


def _start(scene: Scene, part: Part) -> None:
    """Trigger the run, and retry while no API server responds."""
    if part.is_stalled:
        prepare(scene, part)

    def started() -> bool:
        try:
            scene.airflow.rest.trigger(part.dag_id, part.run_id, {"folder": part.folder})
        except (HarnessError, requests.RequestException):
            return scene.airflow.database.run_state(part.dag_id, part.run_id) is not None
        return True

    wait_until(started, f"{part.run_id} triggered", TRIGGER_SECONDS)


def _go_wrong(scene: Scene, strike: Strike) -> None:
    fault = fault_of(strike)
    if isinstance(fault, Fault):
        with scene.account.awake:
            scene.account.control.add_fault(fault)
    else:
        scene.door.add_fault(fault)


def _behave(scene: Scene, spell: Spell) -> None:
    scene.behave(behavior_of(spell))
    time.sleep(spell.seconds)
    scene.behave(Behavior())


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
