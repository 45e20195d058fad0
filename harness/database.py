"""Airflow's metadata database, read from the outside: what happened, without asking the code under test."""

from __future__ import annotations

import contextlib
import json
import sqlite3
from pathlib import Path
from typing import Any

Row = dict[str, Any]
# (task id, map index) -> state; the map index is -1 where nothing is mapped.
TaskStates = dict[tuple[str, int], str | None]

_TASK = "dag_id = :dag_id and run_id = :run_id and task_id = :task_id and map_index = :map_index"


class MetadataDatabase:
    """Read-only view of the SQLite file of one Airflow; every call opens it anew: the present state."""

    def __init__(self, path: Path) -> None:
        """The file need not exist before the first call."""
        self.path = path

    def rows(self, query: str, **values: object) -> list[Row]:
        """The rows of a SELECT with named parameters (`:name`)."""
        connection = sqlite3.connect(f"{self.path.as_uri()}?mode=ro", uri=True, timeout=30)
        with contextlib.closing(connection):
            connection.row_factory = sqlite3.Row
            return [dict(row) for row in connection.execute(query, values)]

    def value(self, query: str, **values: object) -> Any:
        """The first column of the first row, or None."""
        for row in self.rows(query, **values):
            return next(iter(row.values()))
        return None

    def tables(self) -> list[str]:
        """The names of all tables."""
        return [row["name"] for row in self.rows("select name from sqlite_master where type = 'table'")]

    def job_alive(self, job_type: str, since: str) -> bool:
        """Whether a job such as `SchedulerJob` that started at or after `since` (UTC) has a heartbeat."""
        query = """select 1 from job where job_type = :job_type and state = 'running'
                   and start_date >= :since and latest_heartbeat is not null"""
        return bool(self.rows(query, job_type=job_type, since=since))

    def dag_known(self, dag_id: str) -> bool:
        """Whether the DAG has been parsed and stored."""
        return bool(self.rows("select 1 from serialized_dag where dag_id = :dag_id", dag_id=dag_id))

    def import_errors(self) -> list[tuple[str, str]]:
        """File name and traceback of each DAG file that could not be imported."""
        return [(row["filename"], row["stacktrace"]) for row in self.rows("select * from import_error")]

    def run_state(self, dag_id: str, run_id: str) -> str | None:
        """`queued`, `running`, `success` or `failed`; None when there is no such run."""
        query = "select state from dag_run where dag_id = :dag_id and run_id = :run_id"
        state: str | None = self.value(query, dag_id=dag_id, run_id=run_id)
        return state

    def task_states(self, dag_id: str, run_id: str) -> TaskStates:
        """The states of all tasks of the run."""
        query = """select task_id, map_index, state from task_instance
                   where dag_id = :dag_id and run_id = :run_id"""
        found = self.rows(query, dag_id=dag_id, run_id=run_id)
        return {(row["task_id"], row["map_index"]): row["state"] for row in found}

    def xcom(self, dag_id: str, run_id: str, task_id: str, *, key: str = "return_value", map_index: int = -1) -> Any:
        """The value of an XCom, or None. Values that Airflow wrapped come as it stored them."""
        query = f"select value from xcom where {_TASK} and key = :key"  # noqa: S608 (a constant)
        stored = self.value(query, dag_id=dag_id, run_id=run_id, task_id=task_id, map_index=map_index, key=key)
        return None if stored is None else _from_json(stored)

    def rendered_fields(self, dag_id: str, run_id: str, task_id: str, *, map_index: int = -1) -> Any:
        """The template fields of a task instance as they were rendered, or None."""
        query = f"select rendered_fields from rendered_task_instance_fields where {_TASK}"  # noqa: S608 (a constant)
        stored = self.value(query, dag_id=dag_id, run_id=run_id, task_id=task_id, map_index=map_index)
        return None if stored is None else _from_json(stored)


def _from_json(stored: str | bytes | float) -> Any:
    """Airflow 3 stores some JSON documents as strings in JSON columns; both layers come off here."""
    if not isinstance(stored, str | bytes):
        return stored  # SQLite turns a JSON column's number into one of its own.
    value = json.loads(stored)
    if isinstance(value, str):
        try:
            return json.loads(value)
        except ValueError:
            return value
    return value
