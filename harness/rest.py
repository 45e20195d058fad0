"""Airflow's REST API as the harness needs it: the same calls for Airflow 2.11 (v1) and 3.x (v2)."""

from __future__ import annotations

from typing import Any

import requests

from harness.processes import HarnessError
from harness.settings import AIRFLOW_2, LOGIN, PASSWORD

_TIMEOUT_SECONDS = 60.0


class AirflowRest:
    """Calls one Airflow at `base_url` as its administrator."""

    def __init__(self, base_url: str, major: int) -> None:
        """Nothing is sent before the first call."""
        self.base_url = base_url
        self.major = major
        self._session = requests.Session()
        self._session.trust_env = False
        self._signed_in = False

    def call(self, method: str, path: str, body: dict[str, Any] | None = None) -> Any:
        """The JSON answer of one call, `path` starting after `/api/v1` or `/api/v2`; else HarnessError.

        None for an answer without content.
        """
        if not self._signed_in:
            self._sign_in()
        url = f"{self.base_url}/api/v{1 if self.major == AIRFLOW_2 else 2}{path}"
        return _read(self._session.request(method, url, json=body, timeout=_TIMEOUT_SECONDS))

    def unpause(self, dag_id: str) -> None:
        """Let the scheduler run the DAG."""
        self.call("PATCH", f"/dags/{dag_id}", {"is_paused": False})

    def connections(self) -> list[str]:
        """The ids of the connections in Airflow's database."""
        return [one["connection_id"] for one in self.call("GET", "/connections")["connections"]]

    def trigger(self, dag_id: str, run_id: str, conf: dict[str, Any]) -> None:
        """Create the run `run_id`, with `conf` as its parameters."""
        body: dict[str, Any] = {"dag_run_id": run_id, "conf": conf}
        if self.major != AIRFLOW_2:
            body["logical_date"] = None
        self.call("POST", f"/dags/{dag_id}/dagRuns", body)

    def clear(self, dag_id: str, run_id: str, task_ids: list[str] | None = None) -> None:
        """Clear tasks of the run (None: all) in any state, so that they run again."""
        body: dict[str, Any] = {"dry_run": False, "dag_run_id": run_id, "only_failed": False, "reset_dag_runs": True}
        body |= {} if task_ids is None else {"task_ids": task_ids}
        self.call("POST", f"/dags/{dag_id}/clearTaskInstances", body)

    def mark(self, dag_id: str, run_id: str, task_id: str, state: str) -> None:
        """Put a task into `success` or `failed`, as a user does on its page."""
        path = f"/dags/{dag_id}/dagRuns/{run_id}/taskInstances/{task_id}"
        dry_run = {"dry_run": False} if self.major == AIRFLOW_2 else {}
        self.call("PATCH", path, {"new_state": state, **dry_run})

    def add_connection(self, conn_id: str, **fields: str) -> None:
        """Define a connection (`conn_type`, `host`, `password`) of a running Airflow."""
        self.call("POST", "/connections", {"connection_id": conn_id, **fields})

    def _sign_in(self) -> None:
        if self.major == AIRFLOW_2:
            self._session.auth = (LOGIN, PASSWORD)
        else:
            answer = self._session.post(
                f"{self.base_url}/auth/token",
                json={"username": LOGIN, "password": PASSWORD},
                timeout=_TIMEOUT_SECONDS,
            )
            self._session.headers["Authorization"] = f"Bearer {_read(answer)['access_token']}"
        self._signed_in = True


def _read(answer: requests.Response) -> Any:
    if not answer.ok:
        call = f"{answer.request.method} {answer.url}"
        raise HarnessError(f"{call}: HTTP {answer.status_code}: {answer.text[:500]}")
    return answer.json() if answer.content else None
