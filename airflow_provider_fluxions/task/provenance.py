"""What a task knows of where its results come from: its part of the tables that it writes."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from airflow_provider_fluxions.formats.base import Provenance
from airflow_provider_fluxions.task.identity import map_index_of


def provenance_of(context: Mapping[str, Any]) -> Provenance:
    """Return the task's part of an origin; ``ingested_at`` is the run's instant, the same on every try."""
    ti = context["ti"]
    return Provenance(
        dag_id=ti.dag_id,
        task_id=ti.task_id,
        run_id=ti.run_id,
        map_index=map_index_of(ti),
        ingested_at=ingest_instant(context),
    )


def ingest_instant(context: Mapping[str, Any]) -> datetime | None:
    """Return the instant that a run stands for, the same on every try and after every clear.

    The end of its data interval, else its logical date, else when it was to run (Airflow 3 gives a manual run no
    more than that). None where the run has none of them.
    """
    run = context["dag_run"]
    names = ("data_interval_end", "logical_date", "run_after")
    return next((instant for name in names if (instant := getattr(run, name, None)) is not None), None)
