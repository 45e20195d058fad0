"""What Airflow's database says of a task instance. For the web server's process, which may read it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from airflow_provider_fluxions.links import RESULT_XCOM
from airflow_provider_fluxions.viewer.facts import TaskFacts
from airflow_provider_fluxions.viewer.request import TaskKey

XCOMS = ("job_id", RESULT_XCOM, "return_value")
# What Jinja renders; such an argument is known by its rendered value only.
_TEMPLATE_MARKS = ("{{", "{%")


def read_facts(key: TaskKey) -> TaskFacts | None:
    """Return what is known of a task instance, None where there is none."""
    from airflow.models.renderedtifields import RenderedTaskInstanceFields
    from airflow.models.taskinstance import TaskInstance
    from airflow.utils.session import create_session
    from sqlalchemy import select

    with create_session() as session:
        columns = (TaskInstance.state, TaskInstance.operator)
        row = session.execute(select(*columns).where(*_is(TaskInstance, key))).first()
        if row is None:
            return None
        rendered = session.scalar(
            select(RenderedTaskInstanceFields.rendered_fields).where(*_is(RenderedTaskInstanceFields, key))
        )
        state, operator = row
        names, fields = (set(rendered), rendered) if rendered else _serialized(key, session)
        xcoms = {name: value for name in XCOMS if (value := _xcom(key, name, session)) is not None}
    return TaskFacts(key, None if state is None else str(state), operator, frozenset(names), fields, xcoms)


def _is(model: Any, key: TaskKey) -> tuple[Any, ...]:
    return (
        model.dag_id == key.dag_id,
        model.run_id == key.run_id,
        model.task_id == key.task_id,
        model.map_index == key.map_index,
    )


def _serialized(key: TaskKey, session: Any) -> tuple[set[str], Mapping[str, Any]]:
    """Return a task's templated arguments by name, with those that hold no template, as its DAG has them now."""
    from airflow.models.serialized_dag import SerializedDagModel

    dag = SerializedDagModel.get_dag(key.dag_id, session=session)
    if dag is None or not dag.has_task(key.task_id):
        return set(), {}
    task = dag.get_task(key.task_id)
    values = task.partial_kwargs if task.is_mapped else vars(task)
    names = set(task.template_fields)
    return names, {name: values[name] for name in names if name in values and _is_plain(values[name])}


def _is_plain(value: Any) -> bool:
    return value is None or (isinstance(value, str) and not any(mark in value for mark in _TEMPLATE_MARKS))


def _xcom(key: TaskKey, name: str, session: Any) -> Any:
    """Return an XCom, plain values only: nothing is built from it in the web server."""
    try:
        from airflow.models.xcom import XComModel
    except ImportError:
        from airflow.models.xcom import XCom

        return XCom.get_one(
            key=name,
            dag_id=key.dag_id,
            task_id=key.task_id,
            run_id=key.run_id,
            map_index=key.map_index,
            session=session,
        )
    from sqlalchemy import select

    return _plain(session.scalar(select(XComModel.value).where(*_is(XComModel, key), XComModel.key == name)))


def _plain(stored: Any) -> Any:
    """Return a stored value: Airflow 3 writes some as JSON, and some as JSON within JSON."""
    if not isinstance(stored, str):
        return stored
    try:
        return json.loads(stored)
    except ValueError:
        return stored
