"""Transcribe one recording and notify other DAGs with an asset event that names the results.

`transcripts_consumed.py` is scheduled on the same asset. While the job runs, the waiting task holds no worker.

Connections: `fluxions_default` (password: the API key) and `aws_default` (reads the recording, writes the
results).
Parameter: `audio`, the recording's URI.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from airflow.providers.common.compat.sdk import DAG, Asset, Param

from airflow_provider_fluxions.operators import FluxionsSubmitOperator
from airflow_provider_fluxions.sensors import FluxionsTranscriptionSensor
from airflow_provider_fluxions.transfers import FluxionsToS3Operator

FLUXIONS_CONN_ID = "fluxions_default"
AWS_CONN_ID = "aws_default"

# [START howto_transcripts_produced]
TRANSCRIPTS = Asset("s3://fluxions-output/transcripts/")

with DAG(
    dag_id="fluxions_transcripts_produced",
    doc_md=__doc__,
    description="Transcribe one recording and send an asset event",
    schedule=None,
    start_date=datetime(2025, 1, 1),
    catchup=False,
    max_active_runs=1,
    tags=["fluxions"],
    default_args={"retries": 2, "retry_delay": timedelta(minutes=2)},
    params={"audio": Param("s3://fluxions-input/memo.mp3", type="string", description="The recording")},
) as dag:
    submit = FluxionsSubmitOperator(
        task_id="submit", audio="{{ params.audio }}", fluxions_conn_id=FLUXIONS_CONN_ID, aws_conn_id=AWS_CONN_ID
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
        destination=TRANSCRIPTS.uri,
        formats=("json", "text"),
        outlets=[TRANSCRIPTS],
        fluxions_conn_id=FLUXIONS_CONN_ID,
        aws_conn_id=AWS_CONN_ID,
    )
    wait >> store
# [END howto_transcripts_produced]
