"""Query the speech of a day in SQL: transcripts as Parquet in S3, loaded into DuckDB.

The first task transcribes the new recordings and writes tables into a folder for each date
(`ingest_date=2026-01-31/`). The second loads the tables that the transfer's manifest names into a DuckDB file. It
computes the talk ratio, interruptions, laughs and silence of each recording. The queries need few changes for Athena,
Spark and Trino. The columns are in docs/reference/tables.md.

Connections: `fluxions_default` (password: the API key) and `aws_default` (reads the recordings, writes the tables).
Needs `pip install 'airflow-provider-fluxions[amazon,parquet]' duckdb` on the workers.
Parameters: `source`, the recordings, and `lake`, the S3 folder of the tables.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from airflow.providers.common.compat.sdk import DAG, Param, task

from airflow_provider_fluxions.transfers import FluxionsS3ToS3Operator

FLUXIONS_CONN_ID = "fluxions_default"
AWS_CONN_ID = "aws_default"

TABLES = ("transcripts", "segments", "words", "events")

# These files are copies that the task made. DuckDB can read S3 itself, but must download its extension httpfs for that.
# If this is allowed, remove the copying and run `INSTALL httpfs; LOAD httpfs; CREATE SECRET (TYPE s3, KEY_ID '...',
# SECRET '...', REGION '...')` first. Then read all dates at once: 's3://bucket/lake/ingest_date=*/**/*.{table}.parquet'.
LOAD = """
CREATE OR REPLACE TABLE {table} AS
SELECT * FROM read_parquet('{folder}/**/*.{table}.parquet', hive_partitioning = true, union_by_name = true)
"""

# [START howto_lakehouse_sql]
QUESTIONS = {
    # The share of each speaker in all speech of a recording.
    "talk_ratio": """
        SELECT transcription_id, coalesce(speaker_name, speaker) AS who,
               round(sum(duration_s) / any_value(spoken_s), 3) AS ratio
        FROM segments JOIN (
            SELECT transcription_id, sum(duration_s) AS spoken_s FROM segments GROUP BY transcription_id
        ) USING (transcription_id)
        WHERE duration_s IS NOT NULL
        GROUP BY transcription_id, who ORDER BY transcription_id, ratio DESC, who
    """,
    # How often a speaker started while another one was speaking.
    "interruptions": """
        SELECT later.transcription_id, later.speaker, count(DISTINCT later.segment_no) AS interruptions
        FROM segments AS later JOIN segments AS earlier
          ON earlier.transcription_id = later.transcription_id AND earlier.speaker <> later.speaker
         AND earlier.start_s < later.start_s AND later.start_s < earlier.end_s
        GROUP BY ALL ORDER BY later.transcription_id, interruptions DESC, later.speaker
    """,
    "laughs_per_hour": """
        SELECT transcription_id, count(*) FILTER (WHERE kind = 'laugh') AS laughs,
               round(count(*) FILTER (WHERE kind = 'laugh') * 3600 / any_value(audio_duration_s), 1) AS laughs_per_hour
        FROM transcripts LEFT JOIN events USING (transcription_id)
        GROUP BY transcription_id ORDER BY transcription_id
    """,
    # Seconds without speech, and the longest gap between two segments.
    "silence": """
        SELECT transcription_id, round(any_value(audio_duration_s) - any_value(speech_s), 3) AS silent_s,
               round(greatest(coalesce(max(gap_prev_s), 0), 0), 3) AS longest_gap_s
        FROM transcripts LEFT JOIN segments USING (transcription_id)
        GROUP BY transcription_id ORDER BY transcription_id
    """,
}
# [END howto_lakehouse_sql]

with DAG(
    dag_id="fluxions_lakehouse",
    doc_md=__doc__,
    description="Write recordings as Parquet tables and query them with DuckDB",
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
        "lake": Param("s3://fluxions-output/lake/", type="string", description="S3 folder for the tables"),
    },
) as dag:
    transcribe = FluxionsS3ToS3Operator(
        task_id="transcribe",
        source="{{ params.source }}",
        destination="{{ params.lake }}",
        formats=("json", "parquet"),
        format_options={"parquet": {"tables": TABLES, "speaker_names": {"0": "Agent", "1": "Caller"}}},
        partition_by_date=True,
        non_speech=True,
        deferrable=True,
        poll_interval=10,
        fluxions_conn_id=FLUXIONS_CONN_ID,
        aws_conn_id=AWS_CONN_ID,
    )

    @task
    def ask(manifest: str) -> dict[str, list[dict[str, Any]]]:
        """Load the tables into DuckDB and return the result of each query, which is small enough for an XCom.

        The tables are those of the recordings below `source`, in any date's folder.
        """
        import json
        import tempfile
        from pathlib import Path

        import duckdb
        from airflow.providers.amazon.aws.hooks.s3 import S3Hook

        s3 = S3Hook(aws_conn_id=AWS_CONN_ID)
        rows = [json.loads(line) for line in s3.read_key(manifest).splitlines()]
        outputs = [uri for row in rows for uri in row["outputs"] if uri.endswith(".parquet")]
        answers: dict[str, list[dict[str, Any]]] = {}
        if not outputs:
            return answers  # no recordings on this day
        with tempfile.TemporaryDirectory() as folder, duckdb.connect(str(Path(folder) / "speech.duckdb")) as database:
            for uri in outputs:
                path = Path(folder) / uri.removeprefix("s3://")
                path.parent.mkdir(parents=True, exist_ok=True)
                s3.get_key(uri).download_file(str(path))
            for table in TABLES:
                database.execute(LOAD.format(table=table, folder=folder))
            for name, query in QUESTIONS.items():
                result = database.execute(query)
                columns = [column[0] for column in result.description]
                answers[name] = [dict(zip(columns, row, strict=True)) for row in result.fetchall()]
        return answers

    ask("{{ ti.xcom_pull(task_ids='transcribe')['manifest'] }}") << transcribe
