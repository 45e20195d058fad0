"""Read from Airflow's database which recordings the submits of a run sent."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from airflow_provider_fluxions.viewer.request import TaskKey
from airflow_provider_fluxions.viewer.task_info import Recording, plain_value, recording_of

# A request reads all of a run's submits. Jobs of further submits are shown without playback.
MAX_SUBMITS = 1_000


def read_recordings(key: TaskKey, session: Any) -> dict[str, Recording]:
    """Return the stored recordings that tasks of the same DAG run submitted, by job id.

    Users who can read one task of a DAG can read all of them. The URI comes from the rendered arguments, which only a
    worker writes, and Airflow's database must contain the job id itself: no XCom backend is called.
    """
    rows = session.execute(_submits(key).limit(MAX_SUBMITS)).all()
    found = ((_job_id(stored), recording_of(fields)) for stored, fields in rows if isinstance(fields, Mapping))
    return {job_id: recording for job_id, recording in found if job_id is not None and recording is not None}


def _submits(key: TaskKey) -> Any:
    """Return the query for job ids and rendered arguments of the current tries of a run's tasks."""
    from airflow.models.renderedtifields import RenderedTaskInstanceFields as Rendered
    from airflow.models.taskinstance import TaskInstance
    from sqlalchemy import and_, select

    try:
        from airflow.models.xcom import XComModel
    except ImportError:  # Airflow 2
        from airflow.models.xcom import BaseXCom as XComModel
    columns = select(XComModel.value, Rendered.rendered_fields)
    if hasattr(TaskInstance, "working_set"):  # from 3.4 on both are stored by try
        joined = columns.join(Rendered, Rendered.task_instance_id == XComModel.task_instance_id)
        joined = joined.join(TaskInstance, TaskInstance.id == XComModel.task_instance_id)
        joined = joined.where(TaskInstance.working_set.is_(True))
        run = TaskInstance
    else:
        names = ("dag_id", "run_id", "task_id", "map_index")
        same = [getattr(Rendered, name) == getattr(XComModel, name) for name in names]
        joined, run = columns.join(Rendered, and_(*same)), Rendered
    joined = joined.where(run.dag_id == key.dag_id, run.run_id == key.run_id, XComModel.key == "job_id")
    return joined.order_by(run.task_id, run.map_index)


def _job_id(stored: Any) -> str | None:
    """Return a job id from the database: JSON, or JSON within JSON; as bytes in Airflow 2."""
    text = stored.decode(errors="replace") if isinstance(stored, bytes) else stored
    value = plain_value(plain_value(text))
    if isinstance(value, int) and not isinstance(value, bool):
        return str(value)
    return value if isinstance(value, str) else None
