"""Recordings through each way of the provider, deferred and in the task's own slot.

A run has a folder, in its parameters. Its recordings are `s3://recordings/{folder}/{folder}-{number}.wav`, and its
results go below `s3://results/storm/{folder}/`. Retries are as many as the documentation recommends, but follow within
seconds.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from airflow.providers.common.compat.sdk import DAG

from airflow_provider_fluxions.operators import FluxionsSubmitOperator
from airflow_provider_fluxions.sensors import FluxionsTranscriptionSensor
from airflow_provider_fluxions.transfers import FluxionsS3ToS3Operator, FluxionsToS3Operator

# As many as the campaign gives a run of a mapped DAG.
MAPPED = 6
NAME = "{{ dag_run.conf['folder'] }}"
FOLDER = f"s3://recordings/{NAME}/"
RESULTS = f"s3://results/storm/{NAME}/"
FORMATS = ("json", "srt", "vtt")
RETRY_DELAY = timedelta(seconds=24)
WAITING: dict[str, Any] = {"poll_interval": 3, "timeout": 1800.0}


def chaos_dag(name: str, **default_args: Any) -> DAG:
    return DAG(
        dag_id=f"chaos_{name}",
        schedule=None,
        start_date=datetime(2025, 1, 1),
        catchup=False,
        max_active_runs=64,
        max_active_tasks=64,
        # Longer than an upload may be delayed, and its job then missing from the list: see "What cannot be guaranteed".
        default_args={"retries": 2, "retry_delay": RETRY_DELAY, **default_args},
    )


class Deferring(FluxionsS3ToS3Operator):
    """Defers at once, also for short jobs and with a queue, where the operator would stay on its worker."""

    deferral_costs_seconds = 0.0


for way, deferrable in (("deferred", True), ("sync", False)):
    with chaos_dag(f"steps_{way}"):
        one = FluxionsSubmitOperator(task_id="submit", audio=f"{FOLDER}{NAME}-0.wav")
        wait = FluxionsTranscriptionSensor(task_id="wait", job_id=one.output, deferrable=deferrable, **WAITING)
        wait >> FluxionsToS3Operator(task_id="store", job_id=one.output, destination=RESULTS, formats=FORMATS)

    with chaos_dag(f"mapped_{way}"):
        several = FluxionsSubmitOperator.partial(
            task_id="submit", wait_for_completion=True, deferrable=deferrable, **WAITING
        ).expand(audio=[f"{FOLDER}{NAME}-{number}.wav" for number in range(MAPPED)])
        FluxionsToS3Operator(task_id="store", job_id=several.output, destination=RESULTS, formats=FORMATS)

    # Two runs share the folder of a `shared` DAG; few jobs at once, so that both have something left to do.
    for kind, max_in_flight in (("transfer", 16), ("shared", 2)):
        with chaos_dag(f"{kind}_{way}"):
            transfer = Deferring if deferrable else FluxionsS3ToS3Operator
            transfer(
                task_id="transcribe",
                source=FOLDER,
                destination=RESULTS,
                formats=FORMATS,
                max_in_flight=max_in_flight,
                deferrable=deferrable,
                **WAITING,
            )
