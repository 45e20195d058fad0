"""Killing what a plan names, and bringing it back."""

from __future__ import annotations

import time
from contextlib import suppress

from airflow_provider_fluxions.emulator.faults import Fault
from campaigns import task_processes
from campaigns.chaos.plan import Kill
from campaigns.chaos.scene import Scene
from harness import watchdog
from harness.processes import HarnessError, wait_until

# How long to wait for a task to kill.
VICTIM_SECONDS = 20.0
# How long the kill of a scheduler waits for tasks that are stopped in their upload.
STALLED_SECONDS = 240.0
_TASK_KINDS = ("task", "supervisor")


def is_component(kill: Kill) -> bool:
    """Whether it kills a part of Airflow itself, which takes long to come back."""
    return kill.kind not in (*_TASK_KINDS, "emulator")


def strike_down(scene: Scene, kill: Kill) -> bool:
    """Kill it and return when it is back; False where there was nothing to kill.

    :raises HarnessError: a component did not come back.
    """
    if kill.kind in _TASK_KINDS:
        return _kill_task(scene, kill)
    if kill.kind == "emulator":
        _kill_emulator(scene, kill.down_seconds)
        return True
    if kill.kind == "scheduler":
        _wait_for_stalls(scene)
    scene.airflow.components.kill(kill.kind)
    time.sleep(kill.down_seconds)
    scene.airflow.components.restart(kill.kind)
    return True


def _wait_for_stalls(scene: Scene) -> None:
    """Wait until no process is stopped, because those of the LocalExecutor end with their scheduler."""
    with suppress(HarnessError):
        wait_until(lambda: not scene.stopped, "the stopped processes continue", STALLED_SECONDS)


def _kill_task(scene: Scene, kill: Kill) -> bool:
    try:
        pids = wait_until(lambda: _running_pids(scene), "a running task", VICTIM_SECONDS)
        task_processes.kill(pids[int(kill.draw * len(pids))], with_supervisor=kill.kind == "supervisor")
    except (HarnessError, ProcessLookupError, FileNotFoundError):
        return False  # There was none, or it ended by itself in this moment.
    return True


def _running_pids(scene: Scene) -> list[int]:
    """The processes of running tasks that our scheduler's session has, with their parents: ids are used again."""
    ours = set(watchdog.session_members(scene.airflow.components.pid("scheduler")))
    pids = [row["pid"] for row in scene.airflow.database.task_rows("pid", state="running")]
    free = ours - scene.stopped
    return [pid for pid in pids if pid in free and task_processes.parent(pid) in free]


def _kill_emulator(scene: Scene, down_seconds: float) -> None:
    account = scene.account
    with account.awake:
        account.collect()
        unmet = [Fault(**fault) for fault in account.control.faults() if fault["name"] not in account.lasting]
        account.server.process.kill()
        time.sleep(down_seconds)
        account.server.start()
        account.server.wait_ready()
        account.set_up()
        for fault in unmet:
            account.control.add_fault(fault)
