"""What Airflow asks of operators and does not check itself."""

from __future__ import annotations

import inspect
import json
import subprocess
import sys
from typing import Any

import pytest

from airflow_provider_fluxions.api.errors import FluxionsFormatError
from airflow_provider_fluxions.operators import FluxionsSubmitOperator, FluxionsTextToSpeechOperator
from airflow_provider_fluxions.sensors import FluxionsTranscriptionSensor
from airflow_provider_fluxions.transfers import (
    FluxionsConvertOperator,
    FluxionsS3TextToSpeechOperator,
    FluxionsS3ToS3Operator,
    FluxionsToS3Operator,
)
from airflow_provider_fluxions.triggers import FluxionsTranscriptionTrigger

OPERATORS: dict[type[Any], dict[str, Any]] = {
    FluxionsSubmitOperator: {"audio": "s3://b/k", "filename": "k"},
    FluxionsTextToSpeechOperator: {"text": "a", "destination": "s3://b/k.wav"},
    FluxionsTranscriptionSensor: {"job_id": 1},
    FluxionsToS3Operator: {"job_id": 1, "destination": "s3://b/p/"},
    FluxionsS3ToS3Operator: {"source": "s3://b/k", "destination": "s3://b/p/"},
    FluxionsS3TextToSpeechOperator: {"source": "s3://b/k", "destination": "s3://b/p/"},
    FluxionsConvertOperator: {"source": "s3://b/k", "destination": "s3://b/p/", "formats": ("vtt",)},
}


@pytest.mark.parametrize("operator", OPERATORS)
def test_every_template_field_is_an_argument_and_kept_as_it_is(operator: type[Any]) -> None:
    values = {name: object() for name in operator.template_fields}
    task = operator(task_id="t", **OPERATORS[operator] | values)
    assert set(operator.template_fields) <= set(inspect.signature(operator.__init__).parameters)
    assert all(getattr(task, name) is value for name, value in values.items())


def test_a_trigger_is_rebuilt_from_what_it_serializes_which_is_plain_json() -> None:
    trigger = FluxionsTranscriptionTrigger([1, "b"], "conn", 7.5, 99.5, 1)
    path, kwargs = trigger.serialize()
    module, _, name = path.rpartition(".")
    again = getattr(__import__(module, fromlist=[name]), name)(**json.loads(json.dumps(kwargs)))
    assert again.serialize() == trigger.serialize()


def test_a_format_with_a_typo_is_refused_when_the_dag_is_parsed() -> None:
    with pytest.raises(FluxionsFormatError, match="'text'"):
        FluxionsS3ToS3Operator(task_id="t", source="s3://b/k", destination="s3://b/p/", formats=("txet",))


def test_the_sensor_keeps_half_a_minute_between_reschedules() -> None:
    sensor = FluxionsTranscriptionSensor(task_id="t", job_id=1, poll_interval=5, mode="reschedule")
    assert sensor.poke_interval == 30


def test_the_sensor_takes_poke_interval_under_its_airflow_name() -> None:
    assert FluxionsTranscriptionSensor(task_id="t", job_id=1, poke_interval=7).poll_interval == 7


@pytest.mark.slow
def test_parsing_a_dag_loads_no_boto3_and_makes_no_client() -> None:
    """Beyond what a task of Airflow's own class loads, which is starlette on 3.0."""
    code = (
        "import sys; from airflow.providers.common.compat.sdk import BaseOperator; "
        "BaseOperator(task_id='own'); before = set(sys.modules); "
        "from airflow_provider_fluxions import operators, sensors, transfers; "
        "operators.FluxionsSubmitOperator(task_id='a', audio='s3://b/k'); new = set(sys.modules) - before; "
        "print([m for m in new if m.split('.')[0] in ('boto3', 'botocore', 'starlette', 'moonshine_voice', 'numpy', "
        "'sentencex', 'soundfile')])"
    )
    out = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
    assert out.strip().splitlines()[-1] == "[]"
