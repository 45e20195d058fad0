"""One deferred wait on a connection of its own, so that one poll loop serves it alone."""

from __future__ import annotations

from datetime import datetime

from airflow.providers.common.compat.sdk import DAG

from airflow_provider_fluxions.operators import FluxionsSubmitOperator
from airflow_provider_fluxions.sensors import FluxionsTranscriptionSensor

CONNECTION = "fluxions_metered"

with DAG(dag_id="metered", schedule=None, start_date=datetime(2025, 1, 1), default_args={"retries": 1}):
    submit = FluxionsSubmitOperator(
        task_id="submit",
        audio="s3://fluxions-input/submit_wait_store/memo.mp3",
        filename="metered.mp3",
        cache=False,
        fluxions_conn_id=CONNECTION,
    )
    FluxionsTranscriptionSensor(
        task_id="wait", job_id=submit.output, deferrable=True, poll_interval=5, fluxions_conn_id=CONNECTION
    )
