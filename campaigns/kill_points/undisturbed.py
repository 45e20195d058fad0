"""Transcribe the same recordings with an undisturbed transfer, and compare the outputs."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

from campaigns.framework import result_faults
from campaigns.kill_points.dag_run import Run, completes_again
from campaigns.kill_points.judge import Judgement
from campaigns.kill_points.outputs import Outputs, keys
from campaigns.kill_points.scene import SOURCE_BUCKET, Scene

SECONDS = 600.0
# The values that differ between two jobs for the same bytes.
_OF_THE_JOB = ("id", "created_at", "updated_at")


def compare(
    scene: Scene, runs: Sequence[Run], judgements: Sequence[Judgement], trigger: Callable[[Scene, Run], None]
) -> list[Judgement]:
    """Return the judgements of a point's runs with what differs from undisturbed transfers of the same recordings.

    One transfer a profile takes all its runs' recordings. It has jobs of its own, so it comes after all was counted.
    """
    twins = {run.profile: _twin(run) for run in runs}
    for run in runs:
        completes_again(scene, run)
    for twin in twins.values():
        trigger(scene, twin)
    states = {profile: scene.airflow.wait(twin.dag_id, twin.run_id, SECONDS) for profile, twin in twins.items()}
    outputs = {profile: Outputs.of(scene, twin) for profile, twin in twins.items()}
    return [
        _with_differences(judgement, [f"undisturbed: {states[run.profile]}"] * (states[run.profile] != "success")
                          + _differences(scene, run, outputs[run.profile]))
        for run, judgement in zip(runs, judgements, strict=True)
    ]  # fmt: skip


def _differences(scene: Scene, run: Run, undisturbed: Outputs) -> list[str]:
    """The results of a run that do not say what the undisturbed ones say, or are not there."""
    killed, names = Outputs.of(scene, run), [key for number in range(len(run.digests)) for key in keys(run, number)]
    right = {key: undisturbed.body(f"{run.name}/{key}") for key in names}
    found = [(key, body) for key in names if (body := killed.body(key))]
    return list(result_faults(found, right, _OF_THE_JOB))


def _twin(run: Run) -> Run:
    name = f"undisturbed-{run.folder.strip('/').replace('/', '-')}"
    return Run(name, "kill_transfer_undisturbed", run.profile, audio=f"s3://{SOURCE_BUCKET}/{run.folder}")


def _with_differences(judgement: Judgement, found: list[str]) -> Judgement:
    if not found:
        return judgement
    problem = "\n".join((judgement.problem, *found)).strip()
    return replace(judgement, wrong=judgement.wrong + len(found), problem=problem)
