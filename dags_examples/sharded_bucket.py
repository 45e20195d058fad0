"""Transcribe every recording under an S3 prefix with several tasks at a time, on any executor's workers.

Each task takes the shard of the recordings that its index names: no two take the same one, and together they
take all, also of recordings that arrive while they run. The tasks share no file, so they may run on different
machines, and a shard whose worker dies goes on on another one.

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

# [START howto_sharded_bucket]
# Twice as many as workers' slots or so: what a slow or lost worker leaves is then taken by the others.
SHARDS = 8

with DAG(
    dag_id="fluxions_sharded_bucket",
    description="Every recording of one S3 prefix, transcribed into another by eight tasks",
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
    FluxionsS3ToS3Operator.partial(
        task_id="transcribe",
        source="{{ params.source }}",
        destination="{{ params.destination }}",
        formats=("json", "text"),
        shard_count=SHARDS,
        # Jobs at the service at a time, of each shard.
        max_in_flight=50,
        deferrable=True,
        poll_interval=10,
        fluxions_conn_id=FLUXIONS_CONN_ID,
        aws_conn_id=AWS_CONN_ID,
    ).expand(shard_index=list(range(SHARDS)))
# [END howto_sharded_bucket]
