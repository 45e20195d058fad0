"""Transcribe every recording under an S3 prefix with several tasks at a time, on any executor's workers.

Each task transcribes the shard of its index. The shards are disjoint and together contain all recordings, also those
that arrive while the tasks run. The tasks share no file, so they can run on different machines. If a worker dies, its
shard continues on another one.

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
# About twice the number of worker slots. Free workers then run the shards of a slow or dead one.
SHARDS = 8

with DAG(
    dag_id="fluxions_sharded_bucket",
    doc_md=__doc__,
    description="Transcribe each recording of one S3 prefix into another, with eight tasks",
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
    FluxionsS3ToS3Operator.partial(
        task_id="transcribe",
        source="{{ params.source }}",
        destination="{{ params.destination }}",
        formats=("json", "text"),
        shard_count=SHARDS,
        # Maximum jobs in progress at Fluxions, for each shard.
        max_in_flight=50,
        deferrable=True,
        poll_interval=10,
        fluxions_conn_id=FLUXIONS_CONN_ID,
        aws_conn_id=AWS_CONN_ID,
    ).expand(shard_index=list(range(SHARDS)))
# [END howto_sharded_bucket]
