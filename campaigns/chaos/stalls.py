"""Stopping a task in the middle of its upload until Airflow has replaced it, and letting it come back."""

from __future__ import annotations

import os
import signal
import time
from contextlib import suppress
from dataclasses import dataclass

from airflow_provider_fluxions.emulator.faults import Fault
from airflow_provider_fluxions.emulator.profiles import PROFILES
from airflow_provider_fluxions.emulator.transitions import filename_matches
from campaigns import task_processes
from campaigns.chaos.cast import Part
from campaigns.chaos.scene import Scene
from harness.processes import HarnessError, wait_until

REACHED_SECONDS = 300.0
# Enough for a scheduler that is killed and comes back meanwhile.
REPLACED_SECONDS = 420.0
# How long a process that came back has to end.
ENDED_SECONDS = 120.0
# The service stops reading after so much of the recording.
_READ_BYTES = 65_536


def prepare(scene: Scene, part: Part) -> None:
    """Let the service stop reading the first upload of the part's recording."""
    fault = Fault(
        # Not the other path of the API, which a client tries as well: it answers 404 and reads nothing.
        path=PROFILES[scene.account.server.profile].submit_path,
        filename=f"{part.recordings[0]}.wav",
        hold="mid_body",
        hold_after_bytes=_READ_BYTES,
        name=part.run_id,
    )
    with scene.account.awake:
        scene.account.lasting[fault.name] = fault
        scene.account.control.add_fault(fault)


@dataclass(frozen=True)
class Stopped:
    """A run's task and its supervisor, which are stopped, and how many tries the run's tasks had had."""

    part: Part
    pids: list[int]
    tries: int


def stop(scene: Scene, part: Part) -> Stopped:
    """Stop the part's task and its supervisor once its upload has begun. After an error, both continue.

    :raises HarnessError: if no upload was stopped in time.
    :raises ProcessLookupError: if one of them ended by itself in this moment.
    """
    deadline = time.monotonic() + REACHED_SECONDS
    try:
        while not (pids := _uploading(scene, part, deadline - time.monotonic())):
            # S3 ended the upload: the next one will do.
            _read_on(scene, part)
            prepare(scene, part)
        stopped = Stopped(part, pids, _tries(scene, part))
        _stop_processes(scene, pids)
    finally:
        _read_on(scene, part)
    return stopped


def resume(scene: Scene, stopped: Stopped) -> bool:
    """Continue both processes when a later try has started and the recording has a job.

    Return whether the processes were alive by then.
    """
    part, pids = stopped.part, stopped.pids
    try:
        wait_until(lambda: _is_replaced(scene, stopped), f"{part.run_id} replaced", REPLACED_SECONDS)
    except HarnessError:
        return False
    finally:
        was_alive = _continue_processes(scene, pids)
    with suppress(HarnessError):
        wait_until(lambda: task_processes.is_gone(pids[1]), f"process {pids[1]} gone", ENDED_SECONDS)
    return all(was_alive)


def _uploading(scene: Scene, part: Part, seconds: float) -> list[int]:
    """Wait for an upload that the service holds; the processes of its supervisor and its task, if they still live.

    :raises HarnessError: there was none in time.
    """
    wait_until(lambda: _is_held(scene, part), f"{part.run_id} uploads", seconds)
    try:
        pid = _process(scene, part)
        return [task_processes.parent(pid), pid]
    except (LookupError, OSError):
        return []


def _read_on(scene: Scene, part: Part) -> None:
    """Let the service read the rest of the upload, and hold no other."""
    with scene.account.awake:
        scene.account.lasting.pop(part.run_id, None)
        scene.account.control.release(part.run_id)


def _is_held(scene: Scene, part: Part) -> bool:
    with scene.account.awake:
        return any(hold["name"] == part.run_id for hold in scene.account.control.holds())


def _process(scene: Scene, part: Part) -> int:
    rows = scene.airflow.database.task_rows("run_id", "state", "pid")
    return next(int(row["pid"]) for row in rows if row["run_id"] == part.run_id and row["state"] == "running")


def _tries(scene: Scene, part: Part) -> int:
    """How many tries the part's tasks have had. Only one of them runs at a time."""
    rows = scene.airflow.database.task_rows("run_id", "try_number")
    return sum(int(row["try_number"]) for row in rows if row["run_id"] == part.run_id)


def _is_replaced(scene: Scene, stopped: Stopped) -> bool:
    """Whether a later try has started, and the recording has a job: of this try, or of the end of the first upload."""
    if _tries(scene, stopped.part) == stopped.tries:
        return False
    name = f"{stopped.part.recordings[0]}.wav"
    with scene.account.awake:
        return any(filename_matches(job["filename"], name) for job in scene.account.control.jobs())


def _stop_processes(scene: Scene, pids: list[int]) -> None:
    scene.stopped.update(pids)
    try:
        for pid in pids:
            os.kill(pid, signal.SIGSTOP)
    except ProcessLookupError:
        _continue_processes(scene, pids)
        raise


def _continue_processes(scene: Scene, pids: list[int]) -> list[bool]:
    """Continue processes; return of each whether it was alive."""
    was_alive = [_continued(pid) for pid in pids]
    scene.stopped.difference_update(pids)
    return was_alive


def _continued(pid: int) -> bool:
    try:
        os.kill(pid, signal.SIGCONT)
    except ProcessLookupError:
        return False
    return not task_processes.is_gone(pid)
