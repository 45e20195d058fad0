"""Speak articles in Markdown, with captions.

Each article becomes an MP3 file, WebVTT captions for a player, and a time line in JSON. A long article is rendered in
pieces. If the task is killed, its next try renders only the pieces that are missing.

The extra `speech` is needed: `pip install 'airflow-provider-fluxions[speech]'`.

Connections: `fluxions_default` (password: the API key) and `aws_default` (reads the articles, writes the audio).
Parameters: `source`, a key, a prefix or a pattern such as `s3://bucket/articles/*.md`, and `destination`, an S3 folder.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from airflow.providers.common.compat.sdk import DAG, Asset, Param

from airflow_provider_fluxions.transfers import FluxionsS3TextToSpeechOperator

FLUXIONS_CONN_ID = "fluxions_default"
AWS_CONN_ID = "aws_default"

# [START howto_spoken_article]
with DAG(
    dag_id="fluxions_spoken_article",
    description="Speak articles in Markdown, with captions",
    schedule=None,
    start_date=datetime(2025, 1, 1),
    catchup=False,
    # Two runs of one transfer at once can be charged twice for a text.
    max_active_runs=1,
    tags=["fluxions"],
    # A retry renders only the pieces that the failed try did not store.
    default_args={"retries": 2, "retry_delay": timedelta(minutes=2)},
    params={
        "source": Param("s3://fluxions-input/articles/", type="string", description="Key, prefix or pattern"),
        "destination": Param("s3://fluxions-output/articles/", type="string", description="S3 folder for the audio"),
    },
) as dag:
    FluxionsS3TextToSpeechOperator(
        task_id="speak",
        source="{{ params.source }}",
        destination="{{ params.destination }}",
        voice="maeve",
        formats=("mp3", "vtt", "json"),
        suffixes=(".md", ".txt"),
        key_template="{folder}{stem}{extension}",
        max_in_flight=4,
        outlets=[Asset("s3://fluxions-output/articles/")],
        fluxions_conn_id=FLUXIONS_CONN_ID,
        aws_conn_id=AWS_CONN_ID,
    )
# [END howto_spoken_article]
