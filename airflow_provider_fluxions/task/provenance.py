"""The provenance of a task's results, for the tables that it writes."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from airflow_provider_fluxions.formats.base import Provenance
from airflow_provider_fluxions.task.identity import map_index_of


def provenance_of(context: Mapping[str, Any]) -> Provenance:
    """Return the task's part of the provenance; ``ingested_at`` is the run's instant, the same on every try."""
    ti = context["ti"]
    return Provenance(
        dag_id=ti.dag_id,
        task_id=ti.task_id,
        run_id=ti.run_id,
        map_index=map_index_of(ti),
        ingested_at=ingest_instant(context),
    )


def ingest_instant(context: Mapping[str, Any]) -> datetime | None:
    """Return the instant of a run, which is the same on every try and after each clearing.

    It is the end of its data interval, else its logical date, else the time when it was due (a manual run in Airflow 3
    has only that), else None.
    """
    run = context["dag_run"]
    # Not the current time, because a retry after midnight must write into the same partition.
    names = ("data_interval_end", "logical_date", "run_after")
    return next((instant for name in names if (instant := getattr(run, name, None)) is not None), None)
