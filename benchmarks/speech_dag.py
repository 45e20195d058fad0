"""The DAGs of `benchmarks/speech.py`: the transfer, and a mapped task for each text with `requests`."""

from __future__ import annotations

from datetime import datetime

from airflow.providers.common.compat.sdk import DAG, get_current_context, task

from airflow_provider_fluxions.transfers import FluxionsS3TextToSpeechOperator

with DAG(dag_id="speech_transfer", schedule=None, start_date=datetime(2025, 1, 1)):
    FluxionsS3TextToSpeechOperator(
        task_id="transfer",
        source="s3://input/prompts.jsonl",
        destination="s3://output/transfer/",
        max_in_flight=8,
    )

with DAG(dag_id="speech_mapped", schedule=None, start_date=datetime(2025, 1, 1)):

    @task
    def texts() -> list[str]:
        conf: dict[str, list[str]] = get_current_context()["dag_run"].conf
        return conf["texts"]

    @task
    def speak(text: str) -> None:
        import hashlib

        import requests
        from airflow.providers.amazon.aws.hooks.s3 import S3Hook
        from airflow.providers.common.compat.sdk import BaseHook

        connection = BaseHook.get_connection("fluxions_default")
        headers = {"Authorization": connection.password}
        listed = requests.get(f"{connection.host}/vui/voices", headers=headers, timeout=60).json()["voices"]
        voice = next(one["voice_id"] for one in listed if one["voice_id"].startswith("maeve."))
        answer = requests.post(
            f"{connection.host}/vui/v1/tts", headers=headers, timeout=300,
            json={"voice": voice, "input": text, "response_format": "wav"},
        )  # fmt: skip
        answer.raise_for_status()
        name = hashlib.sha256(text.encode()).hexdigest()[:16]
        S3Hook().load_bytes(answer.content, f"mapped/{name}.wav", "output", replace=True)

    speak.expand(text=texts())
