"""Transcribe one recording: submit it, wait for the job, store the transcript in S3.

Use three tasks if other tasks run between them. While the job runs, the waiting task is deferred and holds no worker.

Connections: `fluxions_default` (password: the API key) and `aws_default` (reads the recording, writes the
results).
Parameters: `audio`, the recording's URI, and `destination`, the S3 folder for the results.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from airflow.providers.common.compat.sdk import DAG, Param

from airflow_provider_fluxions.operators import FluxionsSubmitOperator
from airflow_provider_fluxions.sensors import FluxionsTranscriptionSensor
from airflow_provider_fluxions.transfers import FluxionsToS3Operator

FLUXIONS_CONN_ID = "fluxions_default"
AWS_CONN_ID = "aws_default"

# [START howto_submit_wait_store]
with DAG(
    dag_id="fluxions_submit_wait_store",
    doc_md=__doc__,
    description="One recording: submit, wait, store",
    schedule=None,
    start_date=datetime(2025, 1, 1),
    catchup=False,
    max_active_runs=1,
    tags=["fluxions"],
    # A retry reuses the job of the failed try, at no charge.
    default_args={"retries": 2, "retry_delay": timedelta(minutes=2)},
    params={
        "audio": Param("s3://fluxions-input/dialogue.mp3", type="string", description="The recording"),
        "destination": Param("s3://fluxions-output/submitted/", type="string", description="S3 folder for the results"),
    },
) as dag:
    submit = FluxionsSubmitOperator(
        task_id="submit",
        audio="{{ params.audio }}",
        fluxions_conn_id=FLUXIONS_CONN_ID,
        aws_conn_id=AWS_CONN_ID,
    )
    wait = FluxionsTranscriptionSensor(
        task_id="wait",
        job_id=submit.output,
        deferrable=True,
        poll_interval=10,
        timeout=timedelta(hours=2).total_seconds(),
        fluxions_conn_id=FLUXIONS_CONN_ID,
    )
    store = FluxionsToS3Operator(
        task_id="store",
        job_id=submit.output,
        destination="{{ params.destination }}",
        formats=("json", "text", "srt"),
        fluxions_conn_id=FLUXIONS_CONN_ID,
        aws_conn_id=AWS_CONN_ID,
    )
    wait >> store
# [END howto_submit_wait_store]
