"""Transcribe recordings every night, and raise the alarm if they have no results by 06:00.

The run starts at 22:00 and has eight hours. If it is still running then, Airflow calls `report_missed_deadline` in the
triggerer. It reads the transfer's manifest and names the recordings without results: in the log, and in a message if
you give it a notifier.

Deadline alerts need Airflow 3.1. On earlier versions the DAG is the same without the alarm.

Connections: `fluxions_default` (password: the API key) and `aws_default` (reads the recordings, writes the results).
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from airflow.providers.common.compat.sdk import DAG

from airflow_provider_fluxions.transfers import FluxionsS3ToS3Operator

FLUXIONS_CONN_ID = "fluxions_default"
AWS_CONN_ID = "aws_default"
SOURCE = "s3://fluxions-input/"
# A callback gets no rendered templates, so the address is written out.
DESTINATION = "s3://fluxions-output/by_six/"

# [START howto_landed_by_six]
alarm: dict[str, Any] = {}
try:
    from airflow.sdk import AsyncCallback, DeadlineAlert, DeadlineReference
except ImportError:  # before Airflow 3.1
    pass
else:
    alarm["deadline"] = DeadlineAlert(
        reference=DeadlineReference.DAGRUN_LOGICAL_DATE,
        interval=timedelta(hours=8),
        callback=AsyncCallback(
            "airflow_provider_fluxions.notifications.report_missed_deadline",
            # To send a message as well, add `notifier` and `notifier_arguments`.
            kwargs={"destination": DESTINATION, "task_id": "transcribe", "aws_conn_id": AWS_CONN_ID},
        ),
    )

with DAG(
    dag_id="fluxions_landed_by_six",
    description="Transcribe recordings every night, and raise the alarm if they have no results by 06:00",
    schedule="0 22 * * *",
    start_date=datetime(2025, 1, 1),
    catchup=False,
    max_active_runs=1,
    tags=["fluxions"],
    default_args={"retries": 2, "retry_delay": timedelta(minutes=2)},
    **alarm,
) as dag:
    FluxionsS3ToS3Operator(
        task_id="transcribe",
        source=SOURCE,
        destination=DESTINATION,
        deferrable=True,
        fluxions_conn_id=FLUXIONS_CONN_ID,
        aws_conn_id=AWS_CONN_ID,
    )
# [END howto_landed_by_six]
