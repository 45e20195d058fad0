"""Transcribe every recording under an S3 prefix into another S3 prefix, in one task.

Recordings with results in the destination are skipped, so you can run the DAG as often as you like. While jobs
run, the task is deferred and holds no worker.

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
    doc_md=__doc__,
    description="Transcribe each recording of one S3 prefix into another",
    schedule=None,
    start_date=datetime(2025, 1, 1),
    catchup=False,
    # Two runs of one transfer at once can be charged twice for a recording.
    max_active_runs=1,
    tags=["fluxions"],
    # A retry reuses the jobs of the failed try, at no charge.
    default_args={"retries": 2, "retry_delay": timedelta(minutes=2)},
    params={
        "source": Param("s3://fluxions-input/", type="string", description="Key, prefix or pattern"),
        "destination": Param(
            "s3://fluxions-output/transcripts/", type="string", description="S3 folder for the results"
        ),
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
