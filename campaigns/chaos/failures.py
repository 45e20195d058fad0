"""Tasks that did not succeed by themselves, and whether the documentation says why."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass

from campaigns.chaos.cast import Part
from campaigns.chaos.scene import DOOM, Scene

_ERROR = re.compile(r"\b(\w+(?:Error|Exception|Timeout)\b.{0,300})")


@dataclass(frozen=True)
class Failure:
    """A failed task: its run, its tries, why, and whether the documentation has that reason."""

    dag_id: str
    run_id: str
    task: str
    tries: int
    reason: str
    is_documented: bool


def failures(scene: Scene, parts: Iterable[Part]) -> list[Failure]:
    """All failed tasks of the runs; what only waited for one of them is left out."""
    by_run, found = {part.run_id: part for part in parts}, []
    for row in scene.airflow.database.task_rows(
        "dag_id", "run_id", "task_id", "map_index", "state", "try_number", "max_tries"
    ):
        part = by_run.get(row["run_id"])
        if part is None or row["state"] != "failed":
            continue
        log = scene.airflow.task_log(row["dag_id"], row["run_id"], row["task_id"], map_index=row["map_index"])
        name = f"{row['run_id']}.{row['task_id']}[{row['map_index']}]"
        reason, is_documented = judge(log, row["try_number"] > row["max_tries"], part.is_doomed)
        found.append(Failure(row["dag_id"], row["run_id"], name, row["try_number"], reason, is_documented))
    return found


def judge(log: str, tries_used_up: bool, is_doomed: bool) -> tuple[str, bool]:
    """The reason for a failure in words, and whether it is one that the documentation has."""
    if is_doomed and DOOM in log:
        return "the job failed at the service", True
    errors = _ERROR.findall(log)
    last = errors[-1].strip() if errors else "no error in its log: killed"
    return (f"tries used up; the last error: {last}", True) if tries_used_up else (last, False)
