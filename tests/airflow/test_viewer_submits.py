"""The recordings that a run's submits sent, as Airflow's own database has them: an SQLite file of Airflow's models."""

from __future__ import annotations

import json
import uuid
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from airflow.models.renderedtifields import RenderedTaskInstanceFields
from airflow.models.taskinstance import TaskInstance
from sqlalchemy import create_engine, insert
from sqlalchemy.orm import Session

from airflow_provider_fluxions.links import IS_AIRFLOW_2
from airflow_provider_fluxions.viewer.request import TaskKey
from airflow_provider_fluxions.viewer.submitted_db import read_recordings
from airflow_provider_fluxions.viewer.task_info import Recording

KEY = TaskKey("nightly", "run-1", "wait")
NOW = datetime(2026, 1, 1, tzinfo=UTC)
KEEPS_TRIES = hasattr(TaskInstance, "working_set")


class Database:
    """The tables of Airflow's models, and submits to put into them."""

    def __init__(self, session: Session) -> None:
        self.session = session

    def add_submit(
        self, job_id: Any, map_index: int = -1, *, run_id: str = KEY.run_id, is_current: bool = True, **fields: Any
    ) -> None:
        """Add a task that submitted a recording: its rendered arguments and its job id."""
        names = {"dag_id": KEY.dag_id, "run_id": run_id, "task_id": "submit", "map_index": map_index}
        rendered = {"audio": "s3://in/a.mp3", "fluxions_conn_id": "f", "aws_conn_id": "lake", **fields}
        if KEEPS_TRIES:
            self._add_try(names, rendered, job_id, is_current)
            return
        stored = json.dumps(job_id).encode() if IS_AIRFLOW_2 else json.dumps(job_id)
        self._insert(RenderedTaskInstanceFields, **names, rendered_fields=rendered)
        self._insert(_xcoms(), **names, dag_run_id=1, key="job_id", value=stored, timestamp=NOW)

    def _add_try(self, names: dict[str, Any], rendered: Any, job_id: Any, is_current: bool) -> None:
        from airflow.models.xcom import XComModelV2

        attempt = uuid.uuid4()
        self._insert(
            TaskInstance, id=attempt, dag_id=names["dag_id"], run_id=names["run_id"], task_id=names["task_id"],
            region_index=names["map_index"], region_id=uuid.UUID(int=0), state="success", pool="default_pool",
            working_set=True if is_current else None,
        )  # fmt: skip
        self._insert(RenderedTaskInstanceFields, task_instance_id=attempt, rendered_fields=rendered)
        self._insert(XComModelV2, task_instance_id=attempt, key="job_id", value=json.dumps(job_id), timestamp=NOW)

    def _insert(self, model: Any, **values: Any) -> None:
        self.session.execute(insert(model.__table__).values(**values))


def _xcoms() -> Any:
    from airflow.models import xcom

    return xcom.BaseXCom if IS_AIRFLOW_2 else xcom.XComModel


@pytest.fixture
def database(tmp_path: Path) -> Iterator[Database]:
    import airflow.jobs.job  # noqa: F401 (its table is referred to)
    from airflow import models

    models.import_all_models()
    engine = create_engine(f"sqlite:///{tmp_path / 'airflow.db'}")
    # Airflow 2's other tables refer to those of an auth manager.
    tables = [RenderedTaskInstanceFields.__table__, _xcoms().__table__] if IS_AIRFLOW_2 else None
    TaskInstance.metadata.create_all(engine, tables=tables)
    with Session(engine) as session:
        kept = Database(session)
        if KEEPS_TRIES:
            from airflow.models.dagrun import DagRun

            kept._insert(
                DagRun, dag_id=KEY.dag_id, run_id=KEY.run_id, run_type="manual", run_after=NOW, state="running",
                logical_date=NOW, queued_at=NOW,
            )  # fmt: skip
        yield kept
    engine.dispose()


def test_mapped_submits_name_their_recordings_and_connections(database: Database) -> None:
    database.add_submit(41, 0)
    database.add_submit("j-42", 1, audio="s3://in/b.mp3", aws_conn_id="other")
    assert read_recordings(KEY, database.session) == {
        "41": Recording("s3://in/a.mp3", "lake"),
        "j-42": Recording("s3://in/b.mp3", "other"),
    }


@pytest.mark.parametrize(
    "fields",
    [
        {"audio": "/data/a.mp3"}, {"audio": "s3://in"}, {"audio": ["s3://in/a.mp3"]}, {"aws_conn_id": None},
        {"aws_conn_id": ""}, {"run_id": "run-2"},
    ],
)  # fmt: skip
def test_a_recording_outside_of_s3_or_of_another_run_or_without_connection_is_not_named(
    database: Database, fields: dict[str, Any]
) -> None:
    database.add_submit(41, **fields)
    assert read_recordings(KEY, database.session) == {}


@pytest.mark.skipif(not KEEPS_TRIES, reason="only Airflow 3.4 and later keep each try as a row of its own")
def test_a_try_that_was_cleared_names_no_recording(database: Database) -> None:
    database.add_submit(41, is_current=False)
    assert read_recordings(KEY, database.session) == {}


def test_a_job_id_that_nests_too_deeply_hides_no_other(database: Database) -> None:
    """Any task of the DAG can push this XCom."""
    database.add_submit("[" * 100_000, 0)
    database.add_submit(41, 1)
    assert "41" in read_recordings(KEY, database.session)
