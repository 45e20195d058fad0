"""Airflow's metadata database, read from the outside: what happened, without asking the code under test."""

from __future__ import annotations

import json
from functools import cached_property
from typing import Any

from sqlalchemy import create_engine, inspect, text
from sqlalchemy.pool import NullPool

Row = dict[str, Any]
# (task id, map index) -> state; the map index is -1 where nothing is mapped.
TaskStates = dict[tuple[str, int], str | None]

_TASK = "dag_id = :dag_id and run_id = :run_id and task_id = :task_id and map_index = :map_index"


class MetadataDatabase:
    """View of the metadata database of one Airflow; every call opens a new connection and reads the present state."""

    def __init__(self, url: str) -> None:
        """`url` is one that SQLAlchemy reads from. The database need not exist before the first call."""
        self._engine = create_engine(url, poolclass=NullPool)

    def rows(self, query: str, **values: object) -> list[Row]:
        """The rows of a SELECT with named parameters (`:name`)."""
        with self._engine.connect() as connection:
            found = connection.execute(text(query), values).mappings()
            return [{name: _plain(value) for name, value in row.items()} for row in found]

    def value(self, query: str, **values: object) -> Any:
        """The first column of the first row, or None."""
        for row in self.rows(query, **values):
            return next(iter(row.values()))
        return None

    @cached_property
    def task_instances(self) -> str:
        """What a query selects task instances from: a row for each current try, with the column `map_index`.

        From 3.4 on the table holds earlier tries as well, and calls the index `region_index`. The database must exist.
        """
        if not self._keeps_tries:
            return "task_instance"
        return "(select *, region_index as map_index from task_instance where working_set) as task_instance"

    def task_rows(self, *columns: str, **values: object) -> list[Row]:
        """Return some columns of the task instances with these values, always in the same order."""
        condition = " and ".join(f"{name} = :{name}" for name in values) or "1 = 1"
        query = f"""select {", ".join(columns)} from {self.task_instances} where {condition}
                    order by dag_id, run_id, task_id, map_index"""  # noqa: S608 (our own names)
        return self.rows(query, **values)

    @cached_property
    def _keeps_tries(self) -> bool:
        columns = inspect(self._engine).get_columns("task_instance")
        return any(column["name"] == "working_set" for column in columns)

    def _of_tries(self, table: str, *columns: str) -> str:
        """What a query selects from where 3.4 keeps values by try, with the columns that identify a task instance."""
        names = ", ".join(f"kept.{column}" for column in columns)
        return f"""(select dag_id, run_id, task_id, map_index, {names} from {table} as kept
                    join {self.task_instances} on task_instance.id = kept.task_instance_id) as values_of_tries"""  # noqa: S608 (constants)

    def tables(self) -> list[str]:
        """The names of all tables."""
        names: list[str] = inspect(self._engine).get_table_names()
        return names

    def job_alive(self, job_type: str, since: str) -> bool:
        """Whether a job such as `SchedulerJob` that started at or after `since` (UTC) has a heartbeat."""
        query = """select 1 from job where job_type = :job_type and state = 'running'
                   and start_date >= :since and latest_heartbeat is not null"""
        return bool(self.rows(query, job_type=job_type, since=since))

    def dag_known(self, dag_id: str) -> bool:
        """Whether the DAG has been parsed and stored, and can be run."""
        if not self.rows("select 1 from serialized_dag where dag_id = :dag_id", dag_id=dag_id):
            return False
        # Airflow 2 says it one way, Airflow 3 the other.
        rows = self.rows("select * from dag where dag_id = :dag_id", dag_id=dag_id)
        return any(row.get("is_active", True) and not row.get("is_stale", False) for row in rows)

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
        query = f"""select task_id, map_index, state from {self.task_instances}
                    where dag_id = :dag_id and run_id = :run_id"""  # noqa: S608 (constants)
        found = self.rows(query, dag_id=dag_id, run_id=run_id)
        return {(row["task_id"], row["map_index"]): row["state"] for row in found}

    def xcom(self, dag_id: str, run_id: str, task_id: str, *, key: str = "return_value", map_index: int = -1) -> Any:
        """The value of an XCom, or None. Values that Airflow wrapped come as it stored them."""
        table = self._of_tries("xcom_v2", "key", "value") if self._keeps_tries else "xcom"
        query = f"select value from {table} where {_TASK} and key = :key"  # noqa: S608 (constants)
        stored = self.value(query, dag_id=dag_id, run_id=run_id, task_id=task_id, map_index=map_index, key=key)
        return None if stored is None else _from_json(stored)

    def rendered_fields(self, dag_id: str, run_id: str, task_id: str, *, map_index: int = -1) -> Any:
        """The template fields of a task instance as they were rendered, or None."""
        table = self._of_tries("rtif_v2", "rendered_fields") if self._keeps_tries else "rendered_task_instance_fields"
        query = f"select rendered_fields from {table} where {_TASK}"  # noqa: S608 (constants)
        stored = self.value(query, dag_id=dag_id, run_id=run_id, task_id=task_id, map_index=map_index)
        return None if stored is None else _from_json(stored)


def _plain(value: Any) -> Any:
    """PostgreSQL's driver gives bytes as a view."""
    return bytes(value) if isinstance(value, memoryview) else value


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
