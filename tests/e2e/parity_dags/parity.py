"""The tasks of a table that whoever adds this file puts into it, each on its own in one DAG."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from airflow.providers.common.compat.sdk import DAG, AirflowSkipException

from airflow_provider_fluxions.operators import FluxionsSubmitOperator
from airflow_provider_fluxions.sensors import FluxionsTranscriptionSensor
from airflow_provider_fluxions.transfers import FluxionsS3ToS3Operator

OPERATORS = {
    "sensor": FluxionsTranscriptionSensor,
    "submit": FluxionsSubmitOperator,
    "transfer": FluxionsS3ToS3Operator,
}


def _skip(context: Any) -> None:
    raise AirflowSkipException("Skipped as asked by pre_execute.")


def _arguments(given: dict[str, Any]) -> dict[str, Any]:
    """What cannot be written as a literal: times and functions."""
    known = dict(given)
    if "execution_timeout" in known:
        known["execution_timeout"] = timedelta(seconds=known["execution_timeout"])
    if known.pop("skip", False):
        known["pre_execute"] = _skip
    return known


TASKS: list[dict[str, Any]] = []

with DAG(
    dag_id="parity",
    schedule=None,
    start_date=datetime(2025, 1, 1),
    max_active_tasks=len(TASKS),
    default_args={"retries": 1, "retry_delay": timedelta(seconds=1)},
):
    for task in TASKS:
        OPERATORS[task["operator"]](task_id=task["task_id"], **_arguments(task["arguments"]))
