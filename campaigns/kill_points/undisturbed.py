"""Transcribe the same recordings with an undisturbed transfer, and compare the outputs."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

from campaigns.kill_points.dag_run import Run, completes_again
from campaigns.kill_points.judge import Judgement
from campaigns.kill_points.outputs import Outputs, keys
from campaigns.kill_points.scene import SOURCE_BUCKET, Scene

SECONDS = 600.0
# The values that differ between two jobs for the same bytes; the reference in its file name as well.
_OF_THE_JOB = ("id", "created_at", "updated_at")
_REFERENCE = re.compile(r"--[0-9a-f]{16}(?=\.)")


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
                          + differences(scene, run, outputs[run.profile]))
        for run, judgement in zip(runs, judgements, strict=True)
    ]  # fmt: skip


def differences(scene: Scene, run: Run, undisturbed: Outputs) -> list[str]:
    """The results of a run that do not say what the undisturbed ones say, or are not there."""
    killed, found = Outputs.of(scene, run), []
    for key in (key for number in range(len(run.digests)) for key in keys(run, number)):
        theirs, ours = undisturbed.body(f"{run.name}/{key}"), killed.body(key)
        if not ours or _content(key, ours) != _content(key, theirs):
            found.append(f"{key} differs from an undisturbed run's")
    return found


def _twin(run: Run) -> Run:
    name = f"undisturbed-{run.folder.strip('/').replace('/', '-')}"
    return Run(name, "kill_transfer_undisturbed", run.profile, audio=f"s3://{SOURCE_BUCKET}/{run.folder}")


def _content(key: str, body: bytes) -> Any:
    """Captions as they are, byte by byte; JSON without the values that differ between jobs, in its order."""
    if not key.endswith(".json") or not body:
        return body
    parsed = json.loads(body)
    parsed["filename"] = _REFERENCE.sub("", parsed["filename"])
    return json.dumps({name: value for name, value in parsed.items() if name not in _OF_THE_JOB})


def _with_differences(judgement: Judgement, found: list[str]) -> Judgement:
    if not found:
        return judgement
    problem = "\n".join((judgement.problem, *found)).strip()
    return replace(judgement, wrong=judgement.wrong + len(found), problem=problem)
