"""The DAGs of `benchmarks/transfer_files.py`: our transfer, and what a user would write without it."""

from __future__ import annotations

import time
from datetime import datetime
from typing import Any

from airflow.providers.common.compat.sdk import DAG, get_current_context, task

from airflow_provider_fluxions.transfers import FluxionsS3ToS3Operator

POLL_SECONDS = 5.0


def note(_: Any) -> None:
    """Write into the task's log when the operator began, resumed or ended: a start of a worker is not its time."""
    print(f"benchmark instant {time.time():.3f}")


for deferrable in (False, True):
    for in_flight in (50, 200):
        name = f"{'deferrable' if deferrable else 'synchronous'}_{in_flight}"
        with DAG(dag_id=name, schedule=None, start_date=datetime(2025, 1, 1)) as ours:
            FluxionsS3ToS3Operator(
                task_id="transfer",
                source="{{ dag_run.conf['source'] }}",
                destination="{{ dag_run.conf['destination'] }}",
                cache=False,
                max_in_flight=in_flight,
                deferrable=deferrable,
                on_execute_callback=note,
                on_success_callback=note,
            )
        globals()[name] = ours

with DAG(dag_id="mapped", schedule=None, start_date=datetime(2025, 1, 1)):

    @task
    def keys() -> list[str]:
        conf: dict[str, list[str]] = get_current_context()["dag_run"].conf
        return conf["keys"]

    # The vendor's sample for Python: POST the bytes with requests, then ask until it is done.
    @task
    def transcribe(key: str) -> None:
        import requests
        from airflow.providers.amazon.aws.hooks.s3 import S3Hook
        from airflow.providers.common.compat.sdk import BaseHook

        connection = BaseHook.get_connection("fluxions_default")
        headers = {"Authorization": connection.password}
        s3 = S3Hook()
        audio = s3.get_key(key, "input").get()["Body"].read()
        answer = requests.post(f"{connection.host}/submit", data=audio, headers=headers,
                               params={"filename": key, "cache": "false"}, timeout=180)  # fmt: skip
        answer.raise_for_status()
        url = f"{connection.host}/transcriptions/{answer.json()['id']}"
        while True:
            job = requests.get(url, headers=headers, params={"word_level_timestamps": "true"}, timeout=60)
            job.raise_for_status()
            if job.json()["status"] in ("completed", "failed"):
                break
            time.sleep(POLL_SECONDS)
        s3.load_string(job.text, f"mapped/{key}.json", "output", replace=True)

    transcribe.expand(key=keys())
