"""Read a task instance from Airflow's database, in the web server's process, which has access to it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from types import SimpleNamespace
from typing import Any

from airflow_provider_fluxions.api.printable import printable
from airflow_provider_fluxions.viewer.errors import bad_request
from airflow_provider_fluxions.viewer.request import TaskKey
from airflow_provider_fluxions.viewer.submitted_db import read_recordings
from airflow_provider_fluxions.viewer.task_info import Kind, TaskInfo, Unreadable, plain_value

XCOMS = ("job_id", "return_value", "cost")
# Text that Jinja renders; only the rendered value of such an argument is used.
_TEMPLATE_MARKS = ("{{", "{%")


def read_task_info(key: TaskKey) -> TaskInfo | None:
    """Return the stored state of a task instance, or None.

    :raises ViewerError: if it is not a task with transcripts.
    """
    from airflow.utils.session import create_session

    with create_session() as session:
        attempt = _current_attempt(key, session)
        if attempt is None:
            return None
        state, operator, attempt_id = attempt
        rendered = _rendered(key, attempt_id, session)
        names, fields = (set(rendered), rendered) if rendered else _serialized(key, session)
        info = TaskInfo(key, None if state is None else str(state), operator, frozenset(names), fields, {})
        # The manifest's URI follows from a transfer's arguments, and an XCom backend would read an object for each
        # value.
        if info.kind is Kind.MANIFEST:
            return info
        xcoms = {name: value for name in XCOMS if (value := _xcom(key, attempt_id, name, session)) is not None}
        recordings = read_recordings(key, session) if info.needs_recordings else {}
    return replace(info, xcoms=xcoms, recordings=recordings)


def _current_attempt(key: TaskKey, session: Any) -> tuple[str | None, str | None, Any] | None:
    """Return state, operator and id of a task instance's current try, None where there is no such task instance.

    :raises ViewerError: several iterations of a task loop have this map index.
    """
    from airflow.models.taskinstance import TaskInstance
    from sqlalchemy import select

    columns = [TaskInstance.state, TaskInstance.operator]
    is_live: tuple[Any, ...] = ()
    # From 3.4 on, every try is a row of its own, and what a try rendered and returned is stored by the row's id.
    # Before, a task instance is one row, and the id is None.
    keeps_tries = hasattr(TaskInstance, "working_set")
    if keeps_tries:
        columns.append(TaskInstance.id)
        is_live = (TaskInstance.working_set.is_(True),)
    rows = session.execute(select(*columns).where(*_is(TaskInstance, key), *is_live)).all()
    if len(rows) > 1:
        raise bad_request(
            "The task ran several times in a task loop with this map index, and the viewer cannot find out which "
            "iteration its page shows. The task's XComs and the job list name the jobs."
        )
    return next(((row[0], row[1], row[2] if keeps_tries else None) for row in rows), None)


def _rendered(key: TaskKey, attempt_id: Any, session: Any) -> dict[str, Any] | None:
    """Return a task's templated arguments as rendered by its current try, None where Airflow does not keep them."""
    from airflow.models.renderedtifields import RenderedTaskInstanceFields
    from sqlalchemy import select

    if attempt_id is not None:
        kept = RenderedTaskInstanceFields.get_for_attempt(attempt_id, session=session)
        return None if kept is None else kept.rendered_fields
    fields: dict[str, Any] | None = session.scalar(
        select(RenderedTaskInstanceFields.rendered_fields).where(*_is(RenderedTaskInstanceFields, key))
    )
    return fields


def _is(model: Any, key: TaskKey) -> tuple[Any, ...]:
    return (
        model.dag_id == key.dag_id,
        model.run_id == key.run_id,
        model.task_id == key.task_id,
        model.map_index == key.map_index,
    )


def _serialized(key: TaskKey, session: Any) -> tuple[set[str], Mapping[str, Any]]:
    """Return a task's templated arguments by name, with current values of the DAG for those without a template."""
    from airflow.models.serialized_dag import SerializedDagModel

    dag = SerializedDagModel.get_dag(key.dag_id, session=session)
    if dag is None or not dag.has_task(key.task_id):
        return set(), {}
    task = dag.get_task(key.task_id)
    # A mapped operator has no attributes of its own before it is expanded.
    values = task.partial_kwargs if task.is_mapped else vars(task)
    names = set(task.template_fields)
    return names, {name: values[name] for name in names if name in values and _is_plain(values[name])}


def _is_plain(value: Any) -> bool:
    return value is None or (isinstance(value, str) and not any(mark in value for mark in _TEMPLATE_MARKS))


def _xcom(key: TaskKey, attempt_id: Any, name: str, session: Any) -> Any:
    """Return an XCom's value, `Unreadable` if the XCom backend cannot read it, or None if there is none."""
    try:
        from airflow.models.xcom import XComModel
    except ImportError:
        return _xcom_of_airflow_2(key, name, session)
    from sqlalchemy import select

    owner = _is(XComModel, key) if attempt_id is None else (XComModel.task_instance_id == attempt_id,)
    stored = session.scalar(select(XComModel.value).where(*owner, XComModel.key == name))
    return None if stored is None else resolved_xcom(stored, key, name)


def resolved_xcom(stored: Any, key: TaskKey, name: str) -> Any:
    """Return the value of an XCom in Airflow 3's database."""
    from airflow.sdk.bases.xcom import BaseXCom
    from airflow.sdk.execution_time.xcom import resolve_xcom_backend

    backend = resolve_xcom_backend()
    # With Airflow's own backend the row has the plain value, and the web server creates no object from it. A custom
    # backend can have the value elsewhere, and is called as workers call it.
    if backend is BaseXCom:
        return plain_value(stored)
    row = SimpleNamespace(
        key=name, value=stored, dag_id=key.dag_id, run_id=key.run_id, task_id=key.task_id, map_index=key.map_index
    )
    try:
        value = backend.deserialize_value(row)
    except Exception as error:  # a backend is foreign code and can raise any error
        return Unreadable(printable(plain_value(stored)), _failure(backend, error))
    # Airflow's backend for object storage returns the URI itself if it finds no object there.
    if value == plain_value(stored) and isinstance(value, str) and "://" in value:
        return Unreadable(printable(value), f"{backend.__name__} found no object")
    return plain_value(value)


def _xcom_of_airflow_2(key: TaskKey, name: str, session: Any) -> Any:
    from airflow.models.xcom import XCom
    from sqlalchemy.exc import SQLAlchemyError

    try:
        return XCom.get_one(
            key=name,
            dag_id=key.dag_id,
            task_id=key.task_id,
            run_id=key.run_id,
            map_index=key.map_index,
            session=session,
        )
    # An error of the database is the web server's, and not one of the XCom backend.
    except SQLAlchemyError:
        raise
    except Exception as error:  # a backend is foreign code and can raise any error
        return Unreadable(f"the XCom {name}", _failure(XCom, error))


def _failure(backend: Any, error: Exception) -> str:
    return f"{backend.__name__} failed with {type(error).__name__}: {printable(error)}"
