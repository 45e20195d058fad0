"""Submits that succeed, meet their deadline, fail, or are deferred, with and without the service's cache."""

from __future__ import annotations

from datetime import datetime, timedelta

from airflow.providers.common.compat.sdk import DAG

from airflow_provider_fluxions.operators import FluxionsSubmitOperator

WAITS = {
    "succeeded": {},
    "never": {"wait_for_completion": True, "deferrable": True, "timeout": 5},
    "bad": {"wait_for_completion": True, "poll_interval": 1},
    "deferred": {"wait_for_completion": True, "deferrable": True, "timeout": 1200},
}

with DAG(
    dag_id="clearing",
    schedule=None,
    start_date=datetime(2025, 1, 1),
    default_args={"retries": 1, "retry_delay": timedelta(seconds=1)},
):
    for ending, wait in WAITS.items():
        for cache in (True, False):
            name = f"{ending}_{'cached' if cache else 'fresh'}"
            FluxionsSubmitOperator(
                task_id=name,
                audio=f"s3://fluxions-input/clearing/{name}.mp3",
                cache=cache,
                poll_interval=wait.get("poll_interval", 2),
                fluxions_conn_id="fluxions_documented",
                **{key: value for key, value in wait.items() if key != "poll_interval"},
            )
