"""A thousand waits that are deferred by `benchmarks/triggerer.py` alone: their pool does not exist."""

from __future__ import annotations

from datetime import datetime

from airflow.providers.common.compat.sdk import DAG

from airflow_provider_fluxions.sensors import FluxionsTranscriptionSensor

with DAG(dag_id="deferred", schedule=None, start_date=datetime(2025, 1, 1)):
    FluxionsTranscriptionSensor.partial(task_id="wait", deferrable=True, pool="nobody").expand(
        job_id=list(range(1, 1001))
    )
