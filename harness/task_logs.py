"""The log files of task instances, in the folders of all that write some."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

# The last line of a traceback; the text of a task's skip.
_RAISED = re.compile(r"^(?:airflow|airflow_provider_fluxions)[\w.]*\.(\w+)(?:: (.*))?$", re.MULTILINE)
# What Airflow 3 logs when the task has ended. Its timer may have cut off a talk with the supervisor, whose answer then
# comes for the next question: that of a link.
_AFTER_THE_END = "Failed to push an xcom for task operator extra link"
_SKIPPED = re.compile(r"Skipped as asked[^\"\n]*")


@dataclass(frozen=True)
class Failure:
    """What a task's log ends with: the class of its error, None where it was skipped or did not fail, and its words."""

    error: str | None
    message: str


def last_failure(log: str) -> Failure:
    """Read the log of a task (Airflow 2's text or Airflow 3's JSON lines) for why it ended."""
    raised = [(error, message) for error, message in _RAISED.findall(log)]
    for line in log.splitlines():
        if '"error_detail"' in line and (record := json.loads(line))["event"] != _AFTER_THE_END:
            detail = record["error_detail"][0]
            raised.append((detail["exc_type"], detail["exc_value"]))
    if raised:
        return Failure(*raised[-1])
    skipped = _SKIPPED.search(log)
    return Failure(None, skipped[0] if skipped else "")


class TaskLogs:
    """Logs below the home of an Airflow's main part and the homes of its Celery workers."""

    def __init__(self, main_home: Path, worker_homes: Mapping[str, Path]) -> None:
        """`worker_homes` are by the workers' names. Nothing need exist yet."""
        self._main_home = main_home
        self._worker_homes = worker_homes

    def text(self, dag_id: str, run_id: str, task_id: str, map_index: int) -> str:
        """All logs of a task instance, try by try."""
        files = self._files(dag_id, run_id, task_id, map_index)
        return "\n".join(file.read_text(errors="replace") for file in files)

    def has_trigger(self, dag_id: str, run_id: str, task_id: str, map_index: int) -> bool:
        """Whether the triggerer wrote a log of the task instance."""
        return any(".trigger." in file.name for file in self._files(dag_id, run_id, task_id, map_index))

    def tries_by_worker(self, dag_id: str, run_id: str, task_id: str, map_index: int) -> dict[str, list[int]]:
        """The tries of a task instance that each worker has a log of."""
        logs = {
            name: _logs_below(home, dag_id, run_id, task_id, map_index) for name, home in self._worker_homes.items()
        }
        return {name: sorted(int(log.stem.removeprefix("attempt=")) for log in files) for name, files in logs.items()}

    def _files(self, dag_id: str, run_id: str, task_id: str, map_index: int) -> list[Path]:
        homes = [self._main_home, *self._worker_homes.values()]
        files = [file for home in homes for file in _logs_below(home, dag_id, run_id, task_id, map_index)]
        return sorted(files, key=lambda file: file.name)


def _logs_below(home: Path, dag_id: str, run_id: str, task_id: str, map_index: int) -> list[Path]:
    folder = home / "logs" / f"dag_id={dag_id}" / f"run_id={run_id}" / f"task_id={task_id}"
    if map_index >= 0:
        folder /= f"map_index={map_index}"
    return sorted(folder.glob("attempt=*.log*"))
