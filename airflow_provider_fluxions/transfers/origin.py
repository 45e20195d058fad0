"""What a task knows of where its tables' rows come from."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from airflow_provider_fluxions.formats.base import Origin
from airflow_provider_fluxions.identity import map_index_of
from airflow_provider_fluxions.transfers.partition import ingest_instant


def origin_of(context: Mapping[str, Any]) -> Origin:
    """Return the task's part of an origin; ``ingested_at`` is the run's instant, the same on every try."""
    ti = context["ti"]
    return Origin(
        dag_id=ti.dag_id,
        task_id=ti.task_id,
        run_id=ti.run_id,
        map_index=map_index_of(ti),
        ingested_at=ingest_instant(context),
    )
