"""Transcribe a list of recordings with mapped tasks and read each result in Python.

Mapped tasks submit one recording each, on all workers. One sensor waits for all their jobs. Then TaskFlow code
reads each transcript through the hook. It returns a few figures and not the transcript.

Connections: `fluxions_default` (password: the API key) and `aws_default` (reads the recordings).
Parameter: `recordings`, a list of URIs.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from airflow.providers.common.compat.sdk import DAG, Param, task

from airflow_provider_fluxions.operators import FluxionsSubmitOperator
from airflow_provider_fluxions.sensors import FluxionsTranscriptionSensor

FLUXIONS_CONN_ID = "fluxions_default"
AWS_CONN_ID = "aws_default"

# [START howto_mapped_taskflow]
with DAG(
    dag_id="fluxions_mapped_taskflow",
    doc_md=__doc__,
    description="Submit a list of recordings with mapped tasks, and read each result in Python",
    schedule=None,
    start_date=datetime(2025, 1, 1),
    catchup=False,
    max_active_runs=1,
    tags=["fluxions"],
    # A retry reuses the job of the failed try, at no charge.
    default_args={"retries": 2, "retry_delay": timedelta(minutes=2)},
    params={
        "recordings": Param(
            ["s3://fluxions-input/dialogue.mp3", "s3://fluxions-input/memo.mp3"],
            type="array",
            items={"type": "string"},
            description="The recordings' URIs",
        ),
    },
) as dag:

    @task
    def recordings(params: dict[str, Any]) -> list[str]:
        """Return the list to map over. Yours can come from a bucket, a table or a message."""
        return list(params["recordings"])

    @task
    def summarize(job_id: int) -> dict[str, Any]:
        """Return a few figures of one transcript, because the transcript itself is too large for an XCom."""
        from airflow_provider_fluxions.hooks import FluxionsHook

        transcription = FluxionsHook(FLUXIONS_CONN_ID).get_transcription(job_id)
        speakers = {segment.speaker for segment in transcription.segments}
        captions = transcription.to("vtt", preset="netflix")  # bytes, for a player or a bucket
        cues = captions.count(b" --> ")
        return {"job_id": job_id, "speakers": len(speakers), "words": len(transcription.words), "cues": cues}

    submit = FluxionsSubmitOperator.partial(
        task_id="submit", fluxions_conn_id=FLUXIONS_CONN_ID, aws_conn_id=AWS_CONN_ID
    ).expand(audio=recordings())
    wait = FluxionsTranscriptionSensor(
        task_id="wait",
        job_id=submit.output,
        deferrable=True,
        poll_interval=10,
        timeout=timedelta(hours=2).total_seconds(),
        fluxions_conn_id=FLUXIONS_CONN_ID,
    )
    wait >> summarize.expand(job_id=submit.output)
# [END howto_mapped_taskflow]
