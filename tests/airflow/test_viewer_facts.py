"""What the viewer reads of a task instance in Airflow's own database, an SQLite file made of Airflow's models."""

from __future__ import annotations

import json
import uuid
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from airflow.models.taskinstance import TaskInstance
from sqlalchemy import create_engine, insert
from sqlalchemy.engine import Connection
from sqlalchemy.orm import Session, sessionmaker

from airflow_provider_fluxions.viewer.airflow_db import read_task_info
from airflow_provider_fluxions.viewer.errors import ViewerError
from airflow_provider_fluxions.viewer.request import TaskKey

pytestmark = pytest.mark.skipif(
    not hasattr(TaskInstance, "working_set"), reason="only Airflow 3.4 and later keep each try as a row of its own"
)
KEY = TaskKey("nightly", "run-1", "submit")
NO_REGION = uuid.UUID(int=0)
NOW = datetime(2026, 1, 1, tzinfo=UTC)


class Database:
    """The tables of Airflow's models, and tries to put into them."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def add_try(self, number: int, job_id: int, *, is_current: bool, region: uuid.UUID = NO_REGION) -> None:
        """Add a try of the task of `KEY` that rendered and pushed this job id."""
        from airflow.models.renderedtifields import RenderedTaskInstanceFields
        from airflow.models.xcom import XComModelV2

        attempt = uuid.uuid4()
        self._insert(
            TaskInstance, id=attempt, dag_id=KEY.dag_id, run_id=KEY.run_id, task_id=KEY.task_id, try_number=number,
            state="success" if is_current else "failed", operator="Submit", pool="default_pool", region_id=region,
            working_set=True if is_current else None,
        )  # fmt: skip
        rendered = {"audio": f"s3://in/{number}.mp3", "fluxions_conn_id": "fluxions_default"}
        self._insert(RenderedTaskInstanceFields, task_instance_id=attempt, rendered_fields=rendered)
        self._insert(XComModelV2, task_instance_id=attempt, key="job_id", value=json.dumps(job_id), timestamp=NOW)

    def add_run(self) -> None:
        """Add the run of `KEY`."""
        from airflow.models.dagrun import DagRun

        self._insert(
            DagRun, dag_id=KEY.dag_id, run_id=KEY.run_id, run_type="manual", run_after=NOW, state="running",
            logical_date=NOW, queued_at=NOW,
        )  # fmt: skip

    def _insert(self, model: Any, **values: Any) -> None:
        self._connection.execute(insert(model.__table__).values(**values))
        self._connection.commit()


@pytest.fixture
def database(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Database]:
    import airflow.jobs.job  # noqa: F401 (its table is referred to)
    from airflow import models, settings

    models.import_all_models()

    engine = create_engine(f"sqlite:///{tmp_path / 'airflow.db'}")
    TaskInstance.metadata.create_all(engine)
    monkeypatch.setattr(settings, "Session", sessionmaker(engine, class_=Session))
    with engine.connect() as connection:
        kept = Database(connection)
        kept.add_run()
        yield kept
    engine.dispose()


def test_a_map_index_that_several_iterations_of_a_loop_share_shows_none_of_them(database: Database) -> None:
    database.add_try(1, 41, is_current=True, region=uuid.uuid4())
    database.add_try(1, 42, is_current=True, region=uuid.uuid4())
    with pytest.raises(ViewerError, match="task loop"):
        read_task_info(KEY)


def test_the_current_try_is_shown_and_not_one_that_was_cleared(database: Database) -> None:
    database.add_try(1, 41, is_current=False)
    database.add_try(2, 42, is_current=True)
    facts = read_task_info(KEY)
    assert facts is not None
    assert (facts.state, facts.job_ids) == ("success", ("42",))
    assert [source.key for source in facts.sources] == ["2.mp3"]
