"""Process new transcripts: a DAG that is scheduled on the asset of `transcripts_produced.py`.

It reads the events that started it. A run can have several of them.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

from airflow.providers.common.compat.sdk import DAG, Asset, get_current_context, task

# [START howto_transcripts_consumed]
with DAG(
    dag_id="fluxions_transcripts_consumed",
    doc_md=__doc__,
    description="Add up the counts of all events when transcripts were written",
    schedule=[Asset("s3://fluxions-output/transcripts/")],
    start_date=datetime(2025, 1, 1),
    catchup=False,
    max_active_runs=1,
    tags=["fluxions"],
    default_args={"retries": 1},
) as dag:

    @task
    def add_up() -> dict[str, Any]:
        """Return the counts and URIs of all events of this run."""
        context = get_current_context()
        # Airflow 2 calls assets datasets.
        by_asset = context.get("triggering_asset_events") or context.get("triggering_dataset_events") or {}
        extras = [event.extra for events in by_asset.values() for event in events]
        return {
            "jobs": sum(extra["jobs"] for extra in extras),
            "files": sum(extra["files"] for extra in extras),
            "uris": [uri for extra in extras for uri in extra["uris"]],
        }

    add_up()
# [END howto_transcripts_consumed]
