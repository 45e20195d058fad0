"""Plays one run on two workers, of which one is killed once half of the recordings have been uploaded."""

from __future__ import annotations

import os
import time
from dataclasses import dataclass

from airflow_provider_fluxions.emulator.faults import Fault
from campaigns.framework import double_jobs, live_jobs
from campaigns.shards.judge import Shard, different_outputs, jobs_of_shards, judge_shards
from campaigns.shards.scene import CALM, SHARDED, SURVIVOR, VICTIM, Scene
from harness.processes import wait_until
from harness.stage import INPUT, OUTPUT

SHARDS = 8
RECORDING_BYTES = 20_000
_HELD = "half-way"


@dataclass(frozen=True)
class Report:
    """The result of the run.

    `killed_after` and `seconds` count from its start, `calm_seconds` is the time of one task without shards and
    kills. `cut_off` are jobs that the victim's uploads had created without hearing of it, `kept` those of them whose
    transcripts are the results.
    """

    recordings: int
    calm_seconds: float
    killed_after: float
    seconds: float
    posts: dict[str, int]
    jobs: int
    duplicates: int
    cut_off: int
    kept: int
    wrong_outputs: list[str]
    shards: list[Shard]


def play(scene: Scene, recordings: int, *, run_seconds: float) -> Report:
    """Play it; HarnessError when it takes longer than `run_seconds`."""
    for number in range(recordings):
        content = (b"RIFF\0\0\0\0WAVEfmt " + os.urandom(16)).ljust(RECORDING_BYTES, b"\0")
        scene.storage.put(INPUT, f"night/call-{number % SHARDS}-{number:04d}.wav", content)
    started = time.monotonic()
    scene.airflow.wait(CALM, _trigger(scene, CALM, "calm"), run_seconds)
    calm_seconds = time.monotonic() - started

    scene.control.add_fault(
        Fault(name=_HELD, method="POST", path="*submit", skip=recordings // 2, times=None, hold="after_create")
    )
    started = time.monotonic()
    run_id = _trigger(scene, SHARDED, "killed")
    held = wait_until(lambda: _held_of_victim(scene), "uploads of the victim held", run_seconds)
    scene.airflow.components.lose(VICTIM)
    killed_after = time.monotonic() - started
    scene.control.clear_faults()
    scene.control.release()
    scene.airflow.wait(SHARDED, run_id, run_seconds)
    seconds = time.monotonic() - started

    jobs = scene.control.jobs()
    kept = {job for jobs_of_shard in jobs_of_shards(scene, run_id, SHARDS).values() for job in jobs_of_shard}
    posts = {worker: sum(one["method"] == "POST" for one in scene.sent_by(worker)) for worker in (VICTIM, SURVIVOR)}
    return Report(
        recordings=recordings,
        calm_seconds=calm_seconds,
        killed_after=killed_after,
        seconds=seconds,
        posts=posts,
        jobs=len(jobs),
        duplicates=double_jobs(live_jobs(jobs)),
        cut_off=len(held),
        kept=len(held & kept),
        wrong_outputs=different_outputs(scene, "calm/", "killed/"),
        shards=judge_shards(scene, run_id, SHARDS),
    )


def _trigger(scene: Scene, dag_id: str, folder: str) -> str:
    conf = {"source": f"s3://{INPUT}/night/", "destination": f"s3://{OUTPUT}/{folder}/"}
    return scene.airflow.trigger(dag_id, conf=conf)


def _held_of_victim(scene: Scene) -> set[int]:
    """The jobs created by the victim's uploads that have no answer now."""
    sent = {one["number"] for one in scene.sent_by(VICTIM)}
    return {hold["job_id"] for hold in scene.control.holds() if hold["request"] in sent}
