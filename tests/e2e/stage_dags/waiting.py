"""One job that completes, one that fails and one that never ends, each waited for in every mode of the sensor."""

from __future__ import annotations

from datetime import datetime, timedelta

from airflow.providers.common.compat.sdk import DAG

from airflow_provider_fluxions.operators import FluxionsSubmitOperator
from airflow_provider_fluxions.sensors import FluxionsTranscriptionSensor

CONNECTION = "fluxions_documented"
MODES = {
    "poke": {"mode": "poke", "poll_interval": 2},
    # Each poll is a new process of the task.
    "reschedule": {"mode": "reschedule", "poll_interval": 8},
    "deferrable": {"deferrable": True, "poll_interval": 2},
}
TIMEOUT_SECONDS = {"good": 480, "bad": 480, "never": 35}

with DAG(
    dag_id="waiting",
    schedule=None,
    start_date=datetime(2025, 1, 1),
    default_args={"retries": 2, "retry_delay": timedelta(seconds=1)},
):
    for outcome, seconds in TIMEOUT_SECONDS.items():
        submit = FluxionsSubmitOperator(
            task_id=f"submit_{outcome}",
            audio="s3://fluxions-input/submit_wait_store/memo.mp3",
            filename=f"{outcome}.mp3",
            cache=False,
            fluxions_conn_id=CONNECTION,
        )
        for name, mode in MODES.items():
            FluxionsTranscriptionSensor(
                task_id=f"{name}_{outcome}",
                job_id=submit.output,
                timeout=seconds,
                fluxions_conn_id=CONNECTION,
                **mode,
            )
