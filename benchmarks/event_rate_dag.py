"""As many tasks as `benchmarks/event_rate.py` asks for. They never run: their pool does not exist."""

from __future__ import annotations

import os
from datetime import datetime

from airflow.providers.common.compat.sdk import DAG

from airflow_provider_fluxions.sensors import FluxionsTranscriptionSensor

with DAG(dag_id="event_rate", schedule=None, start_date=datetime(2025, 1, 1), default_args={"retries": 0}):
    FluxionsTranscriptionSensor.partial(task_id="wait", deferrable=True, pool="none").expand(
        job_id=list(range(1, int(os.environ["FLUXIONS_BENCHMARK_EVENTS"]) + 1))
    )
