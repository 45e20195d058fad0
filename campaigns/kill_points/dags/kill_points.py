"""One task that submits, in each way of waiting; mapped tasks that submit one file at the same time; transfers.

A run's conf names the `audio` and the `connection`. Retries follow at once: a killed try is all they are for.
"""

from __future__ import annotations

import os
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import freezing
from airflow.providers.common.compat.sdk import DAG

from airflow_provider_fluxions.operators import FluxionsSubmitOperator
from airflow_provider_fluxions.transfers import FluxionsS3ToS3Operator

freezing.install(Path(os.environ["FLUXIONS_KILL_POINTS"]))

TIMEOUT_SECONDS = 300.0
WAITS: dict[str, dict[str, Any]] = {
    "none": {},
    # The other reading of `cache`, which is part of the reference, so that both are tried.
    "sync": {"wait_for_completion": True, "cache": False},
    "deferred": {"wait_for_completion": True, "deferrable": True},
}
COMMON: dict[str, Any] = {
    "task_id": "submit",
    "fluxions_conn_id": "{{ dag_run.conf['connection'] }}",
    "poll_interval": 2,
    "retries": 3,
    "retry_delay": timedelta(seconds=1),
}
AUDIO = "{{ dag_run.conf['audio'] }}"


def kill_dag(name: str) -> DAG:
    return DAG(
        dag_id=f"kill_{name}",
        schedule=None,
        start_date=datetime(2025, 1, 1),
        catchup=False,
        max_active_runs=64,
        max_active_tasks=64,
    )


for wait, options in WAITS.items():
    with kill_dag(wait):
        FluxionsSubmitOperator(**COMMON, **options, audio=AUDIO, timeout=TIMEOUT_SECONDS)

for cache in (True, False):
    with kill_dag(f"mapped_{'cached' if cache else 'uncached'}"):
        # Mapped over an option that is not part of the work: three tasks, one file.
        FluxionsSubmitOperator.partial(**COMMON, audio=AUDIO, cache=cache).expand(timeout=[TIMEOUT_SECONDS] * 3)


class Deferring(FluxionsS3ToS3Operator):
    """Defers at once, also for short jobs and with a queue, where the operator would stay on its worker."""

    deferral_costs_seconds = 0.0


TRANSFER: dict[str, Any] = {
    **COMMON,
    # A run may be killed at one moment after the other.
    "retries": 20,
    "source": AUDIO,
    "destination": "s3://results/{{ run_id }}/",
    "formats": ("json", "srt", "vtt"),
    "timeout": TIMEOUT_SECONDS,
}

with kill_dag("transfer_deferred"):
    Deferring(**TRANSFER, max_in_flight=2, deferrable=True)

with kill_dag("transfer_sync"):
    FluxionsS3ToS3Operator(**TRANSFER, max_in_flight=2)

with kill_dag("transfer_undisturbed"):
    # Not from the service's cache: jobs of its own, for the same bytes.
    FluxionsS3ToS3Operator(**TRANSFER, cache=False)
