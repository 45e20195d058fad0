"""Two hundred waits at once: half for jobs that are finished, half for jobs that finish right after a first poll."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

from airflow.providers.common.compat.sdk import DAG

from airflow_provider_fluxions.operators import FluxionsSubmitOperator
from airflow_provider_fluxions.sensors import FluxionsTranscriptionSensor

COUNT = 100

# No retries: a task that Airflow loses must show.
with DAG(dag_id="many_waits", schedule=None, start_date=datetime(2025, 1, 1), default_args={"retries": 0}):
    FluxionsTranscriptionSensor.partial(task_id="finished", deferrable=True).expand(
        job_id=list(range(1, COUNT + 1)),
    )
    FluxionsSubmitOperator.partial(
        task_id="finishing",
        audio=str(Path(__file__).with_name("audio.mp3")),
        cache=False,
        deferrable=True,
        wait_for_completion=True,
        poll_interval=5,
    ).expand(filename=[f"{number}.mp3" for number in range(COUNT)])
