"""Transcribe every recording under an S3 prefix into another S3 prefix, in one task.

What the destination holds already is not done again, so the DAG may run as often as you like. While jobs
run, the task is deferred: it holds no worker.

Connections: `fluxions_default` (password: the API key) and `aws_default` (reads the recordings, writes the
results).
Parameters: `source`, a key, a prefix ending in `/` or a pattern such as `s3://bucket/calls/*.mp3`, and
`destination`, the S3 folder for the results.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from airflow.providers.common.compat.sdk import DAG, Param

from airflow_provider_fluxions.transfers import FluxionsS3ToS3Operator

FLUXIONS_CONN_ID = "fluxions_default"
AWS_CONN_ID = "aws_default"

# [START howto_bucket_to_bucket]
with DAG(
    dag_id="fluxions_bucket_to_bucket",
    description="Every recording of one S3 prefix, transcribed into another",
    schedule=None,
    start_date=datetime(2025, 1, 1),
    catchup=False,
    # Two runs of one transfer at once can pay for a recording twice.
    max_active_runs=1,
    tags=["fluxions"],
    # A retry takes up the jobs that the lost try submitted, so retries cost no second transcription.
    default_args={"retries": 2, "retry_delay": timedelta(minutes=2)},
    params={
        "source": Param("s3://fluxions-input/", type="string", description="Key, prefix or pattern"),
        "destination": Param("s3://fluxions-output/transcripts/", type="string", description="Where results go"),
    },
) as dag:
    FluxionsS3ToS3Operator(
        task_id="transcribe",
        source="{{ params.source }}",
        destination="{{ params.destination }}",
        formats=("json", "text", "srt"),
        deferrable=True,
        poll_interval=10,
        fluxions_conn_id=FLUXIONS_CONN_ID,
        aws_conn_id=AWS_CONN_ID,
    )
# [END howto_bucket_to_bucket]
