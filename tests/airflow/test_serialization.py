"""Operators, sensors and triggers through the serializers of the Airflow that is installed."""

from __future__ import annotations

import inspect
import json
from datetime import datetime
from importlib import import_module
from importlib.util import find_spec
from typing import Any

import pytest
from airflow.models.trigger import Trigger
from airflow.providers.common.compat.sdk import DAG, BaseOperator
from airflow.serialization import serialized_objects
from airflow.serialization.serialized_objects import BaseSerialization
from airflow.triggers.base import BaseTrigger

from airflow_provider_fluxions import operators, sensors, transfers, triggers
from tests.airflow.dags import IS_AIRFLOW_2, example_dags

# Airflow 3.2 parted what it stores of a DAG from what writes it.
SerializedDag = getattr(serialized_objects, "DagSerialization", None) or serialized_objects.SerializedDAG
HAS_SDK_SERDE = find_spec("airflow.sdk") and find_spec("airflow.sdk.serde")
SERDE = import_module("airflow.sdk.serde" if HAS_SDK_SERDE else "airflow.serialization.serde")

OPERATORS: dict[str, dict[str, Any]] = {
    "FluxionsSubmitOperator": {"audio": "s3://b/{{ ds }}.mp3", "wait_for_completion": True, "deferrable": True},
    "FluxionsTextToSpeechOperator": {"text": "Read README.md", "destination": "s3://b/{{ ds }}.wav", "voice": "rory"},
    "FluxionsTranscriptionSensor": {"job_id": [1, "b"], "soft_fail": True},
    "FluxionsToS3Operator": {"job_id": 1, "destination": "s3://b/p/", "formats": ("json", "srt")},
    "FluxionsS3ToS3Operator": {"source": "s3://b/**/*.mp3", "destination": "s3://b/p/", "formats": ("json", "vtt")},
    "FluxionsS3TextToSpeechOperator": {"source": "s3://b/", "destination": "s3://c/", "formats": ("mp3", "vtt")},
    "FluxionsConvertOperator": {"source": "s3://b/p/", "destination": "s3://c/q/", "formats": ("srt",)},
}
TRIGGERS: dict[str, dict[str, Any]] = {
    "FluxionsTranscriptionTrigger": {
        "job_ids": [1, "b"], "fluxions_conn_id": "c", "poll_interval": 7.5, "deadline": 99.5,
    },
    "FluxionsTranscriptionCompletedTrigger": {"fluxions_conn_id": "c", "filename_pattern": "*.mp3"},
}  # fmt: skip


OPERATOR_CLASSES = {
    name: value
    for module in (operators, sensors, transfers)
    for name, value in ((name, getattr(module, name)) for name in dir(module))
    if inspect.isclass(value) and issubclass(value, BaseOperator) and value.__module__.startswith(module.__name__)
}
# Airflow 2 has no triggers that start DAGs.
TRIGGER_NAMES = list(TRIGGERS)[: 1 if IS_AIRFLOW_2 else None]


def stored_and_read(dag: Any) -> Any:
    """What the scheduler reads of a DAG that the DAG processor stored, checked against Airflow's own schema."""
    document = json.loads(json.dumps(SerializedDag.to_dict(dag)))
    SerializedDag.validate_schema(document)
    return SerializedDag.from_dict(document)


def trigger_of(name: str) -> BaseTrigger:
    return getattr(triggers, name)(**TRIGGERS[name])


def test_each_operator_and_trigger_is_among_those_tried() -> None:
    assert set(OPERATOR_CLASSES) == set(OPERATORS)
    assert set(triggers.__all__) == set(TRIGGERS)


@pytest.mark.parametrize("name", OPERATORS)
def test_an_operator_keeps_its_name_links_and_templates_when_its_dag_is_stored(name: str) -> None:
    cls = OPERATOR_CLASSES[name]
    with DAG(dag_id="d", schedule=None, start_date=datetime(2025, 1, 1)) as dag:
        cls(task_id="t", **OPERATORS[name])
    (task,) = stored_and_read(dag).tasks
    assert (task.task_id, task.task_type) == ("t", name)
    assert set(task.template_fields) == set(cls.template_fields)
    assert {link.name for link in cls.operator_extra_links} == set(task.extra_links)
    for field in set(OPERATORS[name]) & set(cls.template_fields):
        assert json.dumps(getattr(task, field)) == json.dumps(OPERATORS[name][field])


@pytest.mark.parametrize("example", sorted(example_dags()))
def test_an_example_is_read_as_it_was_stored(example: str) -> None:
    dag = example_dags()[example]
    read = stored_and_read(dag)
    assert {task.task_id: task.task_type for task in read.tasks} == {t.task_id: t.task_type for t in dag.tasks}
    for task in dag.tasks:
        assert read.get_task(task.task_id).downstream_task_ids == task.downstream_task_ids
        assert read.get_task(task.task_id).retries == task.retries


@pytest.mark.parametrize("name", TRIGGER_NAMES)
def test_a_trigger_is_rebuilt_from_its_row_in_the_triggers_table(name: str) -> None:
    trigger = trigger_of(name)
    row = Trigger.from_object(trigger)
    module, _, cls = row.classpath.rpartition(".")
    again = getattr(import_module(module), cls)(**row.kwargs)
    assert type(again) is type(trigger)
    assert again.serialize() == trigger.serialize()


@pytest.mark.parametrize("name", TRIGGER_NAMES)
def test_a_triggers_arguments_pass_both_of_airflows_serializers(name: str) -> None:
    _, kwargs = trigger_of(name).serialize()
    stored = json.loads(json.dumps(BaseSerialization.serialize(kwargs)))
    assert BaseSerialization.deserialize(stored) == kwargs
    assert SERDE.deserialize(json.loads(json.dumps(SERDE.serialize(kwargs)))) == kwargs
