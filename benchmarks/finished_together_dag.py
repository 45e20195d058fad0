"""For `finished_together.py`: a DAG that every finished job of the account starts, whose one task does nothing."""

from __future__ import annotations

import os
from datetime import datetime
from typing import Any

from airflow.providers.standard.operators.empty import EmptyOperator
from airflow.sdk import DAG, Asset, AssetWatcher

from airflow_provider_fluxions.triggers import FluxionsTranscriptionCompletedTrigger

finished = Asset(
    "finished", watchers=[AssetWatcher(name="finished", trigger=FluxionsTranscriptionCompletedTrigger(poll_interval=5))]
)
schedule: Any = [finished]
if setting := os.environ.get("BATCH_ASSET_EVENTS"):
    from airflow.sdk import AssetTriggeredTimetable

    schedule = AssetTriggeredTimetable(finished, batch_asset_events=setting == "True")

with DAG("finished_together", schedule=schedule, start_date=datetime(2025, 1, 1), catchup=False) as dag:
    EmptyOperator(task_id="nothing")
