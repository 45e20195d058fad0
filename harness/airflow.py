"""A real Airflow in a temporary home: scheduler, DAG processor, API server or webserver, triggerer."""

from __future__ import annotations

import subprocess
import uuid
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from harness import settings
from harness.components import AirflowComponents
from harness.dag_files import put_dag
from harness.database import MetadataDatabase, TaskStates
from harness.migration import make_database
from harness.postgres import LocalPostgres
from harness.processes import HarnessError, free_port, wait_until
from harness.rest import AirflowRest
from harness.service import Service
from harness.storage import PostgresDatabase, SqliteFile, Storage
from harness.task_logs import TaskLogs
from harness.workers import CeleryWorkers

_ENDED = ("success", "failed", "skipped", "upstream_failed", "removed")
_SHOWN_TASKS, _SHOWN_CHARACTERS = 3, 3000


class LocalAirflow(Service):
    """One Airflow on this machine; a context manager. Its home, with all logs, is left to the caller.

    `components` kills and restarts its processes, `database` and `rest` read its state.
    """

    def __init__(
        self,
        python: str | Path,
        home: Path,
        dags_folder: Path,
        *,
        env: Mapping[str, str] | None = None,
        postgres: LocalPostgres | None = None,
        workers: CeleryWorkers | None = None,
        template_cache: Path | None = None,
    ) -> None:
        """Take the Airflow that `python` can import. `env` overrides any setting.

        Its database is in `postgres`, which must run before `prepare()`, else an SQLite file in its home. Tasks run in
        `workers` by the CeleryExecutor, else by the LocalExecutor. `template_cache` is a folder for migrated
        databases, one a version, which saves their migration.
        """
        self.version = _airflow_version(str(python))
        self.major = int(self.version.partition(".")[0])
        self.home = home
        self.url = f"http://127.0.0.1:{(port := free_port())}"
        self._workers = workers
        self._dags_folder = dags_folder
        self._storage: Storage = PostgresDatabase(postgres) if postgres else SqliteFile(home / "airflow.db")
        self._template_cache = template_cache
        self.database = MetadataDatabase(self._storage.reading_url)
        self._logs = TaskLogs(home, {name: workers.home(name, home) for name in workers.names} if workers else {})
        self.rest = AirflowRest(self.url, self.major)
        self.env = settings.airflow_environment(
            self.major,
            home,
            dags_folder,
            port=port,
            executor="CeleryExecutor" if workers else "LocalExecutor",
            database_url=self._storage.url,
        )
        self.env.update(workers.environment() if workers else {})
        self.env.update(env or {})
        self.components = AirflowComponents(
            str(python),
            self.major,
            home / "components",
            env=self.env,
            url=self.url,
            database=self.database,
            workers=workers.components(self.major, home, dags_folder) if workers else (),
        )

    def add_connection(self, conn_id: str, **fields: object) -> None:
        """Define a connection (`conn_type`, `host`, `password`, `extra` ...) before `start()`."""
        name, value = settings.connection_variable(conn_id, **fields)
        self.env[name] = value

    def add_dag(self, source: Path, changes: Mapping[str, str] | None = None, name: str | None = None) -> None:
        """Put a DAG file into the DAG folder, before `start()` or later: unchanged, or as `changes` replace texts.

        HarnessError where a text is not there just once. Celery workers have what was there at `prepare()`.
        """
        put_dag(self._dags_folder, source, changes, name)

    def prepare(self) -> None:
        """Make the home and the migrated database; `start()` calls it if you did not."""
        self.home.mkdir(parents=True, exist_ok=True)
        if not self._storage.exists():
            make_database(self._storage, self.version, self.components.command, self._template_cache)
        if self._workers:
            self._workers.set_up(self.home, self._dags_folder)
        if self.major != settings.AIRFLOW_2:
            settings.write_passwords(self.home)

    def start(self) -> None:
        """Prepare the home, start every component and wait until all are ready."""
        self.prepare()
        self.components.start()

    def stop(self) -> None:
        """Stop every component; also right after a failed start."""
        self.components.stop()

    def trigger(self, dag_id: str, run_id: str | None = None, conf: dict[str, Any] | None = None) -> str:
        """Trigger a run as soon as the DAG is known; returns its run id."""
        self.wait_for_dag(dag_id)
        run_id = run_id or f"run-{uuid.uuid4().hex[:12]}"
        self.rest.trigger(dag_id, run_id, conf or {})
        return run_id

    def wait_for_dag(self, dag_id: str, timeout_seconds: float = 240.0) -> None:
        """Wait until the DAG has been parsed; an import error of any file ends the wait."""

        def known() -> bool:
            self.components.check_alive()
            errors = [f"{name} cannot be imported:\n{text}" for name, text in self.database.import_errors()]
            if errors:
                raise HarnessError("\n".join(errors))
            return self.database.dag_known(dag_id)

        wait_until(known, f"DAG {dag_id} known", timeout_seconds)

    def wait(
        self,
        dag_id: str,
        run_id: str,
        timeout_seconds: float = 180.0,
        *,
        on_change: Callable[[TaskStates], None] | None = None,
    ) -> str:
        """The final state of a run, `success` or `failed`; `on_change` receives the changes of its tasks' states."""
        last: TaskStates | None = None

        def final() -> str | None:
            nonlocal last
            self.components.check_alive()
            if on_change and (states := self.database.task_states(dag_id, run_id)) != last:
                last = states
                on_change(states)
            state = self.database.run_state(dag_id, run_id)
            return state if state in ("success", "failed") else None

        try:
            return wait_until(final, f"run {run_id} of {dag_id}", timeout_seconds)
        except HarnessError as error:
            states = self.database.task_states(dag_id, run_id)
            logs = self._logs_of_unended(dag_id, run_id, states)
            raise HarnessError(f"{error}\ntasks: {states}\n{logs}\nlogs: {self.home}") from None

    def _logs_of_unended(self, dag_id: str, run_id: str, states: TaskStates) -> str:
        """What the first few tasks that have not ended logged last: the home may be gone when a report is read."""
        unended = [task for task, state in states.items() if state not in _ENDED][:_SHOWN_TASKS]
        return "\n".join(
            f"--- {task_id}[{index}]\n{self.task_log(dag_id, run_id, task_id, map_index=index)[-_SHOWN_CHARACTERS:]}"
            for task_id, index in unended
        )

    def task_log(self, dag_id: str, run_id: str, task_id: str, *, map_index: int = -1) -> str:
        """The text of all logs of a task instance, every try and the triggerer's part included."""
        return self._logs.text(dag_id, run_id, task_id, map_index)

    def was_deferred(self, dag_id: str, run_id: str, task_id: str, *, map_index: int = -1) -> bool:
        """Whether the task ever waited in the triggerer, which writes a log of its own."""
        return self._logs.has_trigger(dag_id, run_id, task_id, map_index)

    def tries_by_worker(self, dag_id: str, run_id: str, task_id: str, *, map_index: int = -1) -> dict[str, list[int]]:
        """The tries of a task instance that each Celery worker ran a part of."""
        return self._logs.tries_by_worker(dag_id, run_id, task_id, map_index)


def _airflow_version(python: str) -> str:
    code = "from importlib.metadata import version; print(version('apache-airflow'))"
    done = subprocess.run([python, "-c", code], capture_output=True, text=True, timeout=30)
    if done.returncode:
        raise HarnessError(f"{python} has no Airflow: {done.stderr.strip()[-300:]}")
    return done.stdout.strip()
