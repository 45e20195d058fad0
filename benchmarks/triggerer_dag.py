"""As many waits as `benchmarks/triggerer.py` asks for, one task each. No retries: a task that is lost must show."""

from __future__ import annotations

import os
from datetime import datetime

from airflow.providers.common.compat.sdk import DAG

from airflow_provider_fluxions.sensors import FluxionsTranscriptionSensor

WAITS = int(os.environ["FLUXIONS_BENCHMARK_WAITS"])

with DAG(dag_id="deferred", schedule=None, start_date=datetime(2025, 1, 1), default_args={"retries": 0}):
    FluxionsTranscriptionSensor.partial(
        task_id="wait",
        deferrable=True,
        poll_interval=float(os.environ["FLUXIONS_BENCHMARK_INTERVAL_SECONDS"]),
    ).expand(job_id=list(range(1, WAITS + 1)))
