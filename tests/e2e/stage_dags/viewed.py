"""Mapped submits whose connections are known at run time only."""

from __future__ import annotations

from datetime import datetime, timedelta

from airflow.providers.common.compat.sdk import DAG

from airflow_provider_fluxions.operators import FluxionsSubmitOperator

with DAG(
    dag_id="viewed",
    schedule=None,
    start_date=datetime(2025, 1, 1),
    default_args={"retries": 2, "retry_delay": timedelta(seconds=1)},
):
    FluxionsSubmitOperator.partial(
        task_id="submit",
        fluxions_conn_id="{{ dag_run.conf['fluxions'] }}",
        aws_conn_id="{{ dag_run.conf['aws'] }}",
    ).expand(audio=["s3://fluxions-input/viewed/memo.mp3", "s3://fluxions-input/viewed/page.mp3"])
