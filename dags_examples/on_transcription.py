"""Start a DAG when a job of the account completes, also a job that another program submitted.

A watcher in the triggerer polls the account's job list and creates an asset event for each finished job. The DAG is
scheduled on that asset. An event contains a job id and never a transcript.

A run takes all events that have arrived, because hundreds of jobs can finish together. Up to Airflow 3.3 that is
the default. From 3.4 on, the default is one run for each event, so the schedule asks for batches.

Needs Airflow 3. On Airflow 2.11 the DAG exists without a schedule.

Connections: `fluxions_default` (password: the API key) and `aws_default` (writes the results).
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from airflow.providers.common.compat.sdk import DAG, Asset, task

from airflow_provider_fluxions.transfers import FluxionsToS3Operator

FLUXIONS_CONN_ID = "fluxions_default"
AWS_CONN_ID = "aws_default"
DESTINATION = "s3://fluxions-output/finished/"

# [START howto_on_transcription]
SCHEDULE: Any
try:
    from airflow.sdk import AssetWatcher

    from airflow_provider_fluxions.triggers import FluxionsTranscriptionCompletedTrigger
except ImportError:  # Airflow 2 has no watchers
    SCHEDULE = None
else:
    finished = Asset(
        "fluxions_transcriptions",
        watchers=[
            AssetWatcher(
                name="fluxions_transcriptions",
                trigger=FluxionsTranscriptionCompletedTrigger(
                    fluxions_conn_id=FLUXIONS_CONN_ID, filename_pattern="*.mp3", poll_interval=15
                ),
            )
        ],
    )
    try:
        from airflow.sdk import AssetTriggeredTimetable
    except ImportError:  # before Airflow 3.4, a run takes all events that have arrived
        SCHEDULE = [finished]
    else:
        SCHEDULE = AssetTriggeredTimetable(finished, batch_asset_events=True)

with DAG(
    dag_id="fluxions_on_transcription",
    doc_md=__doc__,
    description="Store each job that completes in the account",
    schedule=SCHEDULE,
    start_date=datetime(2025, 1, 1),
    catchup=False,
    max_active_runs=1,
    tags=["fluxions"],
    default_args={"retries": 2, "retry_delay": timedelta(minutes=2)},
) as dag:

    @task
    def finished_jobs(triggering_asset_events: Any = None) -> list[int | str]:
        """Return the jobs of all events that started this run, each once."""
        events = [event for events in (triggering_asset_events or {}).values() for event in events]
        return list({event.extra["payload"]["job_id"]: None for event in events})

    FluxionsToS3Operator.partial(
        task_id="store",
        destination=DESTINATION,
        formats=("json", "text"),
        fluxions_conn_id=FLUXIONS_CONN_ID,
        aws_conn_id=AWS_CONN_ID,
    ).expand(job_id=finished_jobs())
# [END howto_on_transcription]
