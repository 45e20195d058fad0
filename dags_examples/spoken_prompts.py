"""Speak the prompts of a table: one audio file for each row, and only for rows that are new or changed.

The first task reads the table and writes its rows as JSON Lines to S3. The second one speaks each line. A row that
was spoken before, with the same text and voice, is skipped, so the DAG can run as often as you like.

Connections: `fluxions_default` (password: the API key) and `aws_default` (writes the texts and the audio).
Parameters: `texts` and `destination`, S3 folders.
"""

from __future__ import annotations

import sqlite3
from datetime import datetime, timedelta

from airflow.providers.common.compat.sdk import DAG, Param, task

from airflow_provider_fluxions.transfers import FluxionsS3TextToSpeechOperator

FLUXIONS_CONN_ID = "fluxions_default"
AWS_CONN_ID = "aws_default"

# A small table, so that the example runs as it is.
TABLE = """
    CREATE TABLE prompts (id TEXT, text TEXT, voice TEXT);
    INSERT INTO prompts VALUES
        ('welcome', 'Welcome to the museum. [breath] Please take a seat.', NULL),
        ('closing', 'We close in ten minutes. Thank you for your visit.', NULL),
        ('tour/start', 'The tour starts at the large staircase.', 'rory');
"""
QUERY = "SELECT id, text, voice FROM prompts ORDER BY id"

# [START howto_spoken_prompts]
with DAG(
    dag_id="fluxions_spoken_prompts",
    description="Speak the rows of a table that are new or changed",
    schedule=None,
    start_date=datetime(2025, 1, 1),
    catchup=False,
    # Two runs of one transfer at once can be charged twice for a text.
    max_active_runs=1,
    tags=["fluxions"],
    # A retry renders only what the failed try did not store.
    default_args={"retries": 2, "retry_delay": timedelta(minutes=2)},
    params={
        "texts": Param("s3://fluxions-input/prompts/", type="string", description="S3 folder for the texts"),
        "destination": Param("s3://fluxions-output/prompts/", type="string", description="S3 folder for the audio"),
    },
) as dag:

    @task
    def export(folder: str) -> str:
        """Write the rows as JSON Lines, one text a line. Returns the address of the file."""
        import json

        from airflow.providers.amazon.aws.hooks.s3 import S3Hook

        with sqlite3.connect(":memory:") as database:  # yours: PostgresHook("warehouse").get_records(QUERY)
            database.executescript(TABLE)
            rows = database.execute(QUERY).fetchall()
        lines = [json.dumps({"id": name, "text": text, "voice": voice}) for name, text, voice in rows]
        uri = f"{folder}prompts.jsonl"
        bucket, key = S3Hook.parse_s3_url(uri)
        S3Hook(aws_conn_id=AWS_CONN_ID).load_string("\n".join(lines), key, bucket, replace=True)
        return uri

    FluxionsS3TextToSpeechOperator(
        task_id="speak",
        source=export("{{ params.texts }}"),
        destination="{{ params.destination }}",
        voice="maeve",
        formats=("wav",),
        max_characters=100_000,
        fluxions_conn_id=FLUXIONS_CONN_ID,
        aws_conn_id=AWS_CONN_ID,
    )
# [END howto_spoken_prompts]
