"""Tasks that fail in the ways that users meet, each with the real key in reach."""

from __future__ import annotations

from datetime import datetime

from airflow.providers.common.compat.sdk import DAG

from airflow_provider_fluxions.operators import FluxionsSubmitOperator
from airflow_provider_fluxions.sensors import FluxionsTranscriptionSensor
from airflow_provider_fluxions.transfers import FluxionsS3ToS3Operator, FluxionsToS3Operator

GOOD, BAD = "fluxions_documented", ("fluxions_unreachable", "fluxions_plain_http", "fluxions_pasted_header")
AUDIO = "s3://fluxions-input/submit_wait_store/memo.mp3"

with DAG(dag_id="failures", schedule=None, start_date=datetime(2025, 1, 1)):
    for connection in BAD:
        FluxionsSubmitOperator(task_id=f"submit_{connection}", audio=AUDIO, timeout=1, fluxions_conn_id=connection)
    FluxionsSubmitOperator(task_id="missing_file", audio="/nowhere/a.mp3", fluxions_conn_id=GOOD)
    FluxionsSubmitOperator(task_id="missing_object", audio="s3://fluxions-input/none.mp3", fluxions_conn_id=GOOD)
    FluxionsTranscriptionSensor(task_id="unknown_job", job_id=4711, deferrable=True, fluxions_conn_id=GOOD)
    FluxionsToS3Operator(task_id="no_id", job_id="a b", destination="s3://fluxions-output/", fluxions_conn_id=GOOD)
    FluxionsS3ToS3Operator(
        task_id="missing_bucket", source="s3://no-bucket/", destination="s3://fluxions-output/", fluxions_conn_id=GOOD
    )
