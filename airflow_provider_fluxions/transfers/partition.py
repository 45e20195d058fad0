"""Partitions by date of ingest, named as Hive, Spark, Athena and DuckDB read them."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from datetime import UTC, date, datetime
from typing import Any

from airflow_provider_fluxions.api.errors import FluxionsInputError
from airflow_provider_fluxions.s3 import S3Store
from airflow_provider_fluxions.transfers.plan import Target

_FOLDER = re.compile(r"ingest_date=\d{4}-\d\d-\d\d/")


def ingest_instant(context: Mapping[str, Any]) -> datetime | None:
    """Return the instant that a run stands for, the same on every try and after every clear.

    The end of its data interval, else its logical date, else when it was to run (Airflow 3 gives a manual run no
    more than that). None where the run has none of them.
    """
    run = context["dag_run"]
    names = ("data_interval_end", "logical_date", "run_after")
    return next((instant for name in names if (instant := getattr(run, name, None)) is not None), None)


def ingest_folder(instant: datetime | None) -> str:
    """Return ``ingest_date=YYYY-MM-DD/`` of an instant, in UTC.

    :raises FluxionsInputError: there is no instant.
    """
    if instant is None:
        raise FluxionsInputError("partition_by_date needs a run with a data interval, a logical date or a run_after.")
    day: date = instant.astimezone(UTC).date()
    return f"ingest_date={day.isoformat()}/"


def dated_folders(names: Iterable[str]) -> list[str]:
    """Return those names of folders that are dates' partitions, the latest first."""
    return sorted((name for name in names if _FOLDER.fullmatch(name)), reverse=True)


def folders_of(store: S3Store, target: Target) -> list[str]:
    """Return a target's own folder, then those of other dates, the latest first.

    :raises FluxionsStorageError: S3 refused.
    """
    dated = dated_folders(store.folders(target.bucket, f"{target.prefix}ingest_date="))
    return [target.folder, *(folder for folder in dated if folder != target.folder)]
