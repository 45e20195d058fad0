"""A task of the user's own that reads and writes S3 as our operators do."""

from __future__ import annotations

from contextlib import closing
from datetime import datetime

from airflow.providers.common.compat.sdk import DAG, task

with DAG("hook_level", schedule=None, start_date=datetime(2025, 1, 1)):

    @task
    def copy() -> None:
        from airflow_provider_fluxions.storage import ObjectAddress, open_store

        source = ObjectAddress.parse("s3://fluxions-input/memo.mp3")
        store = open_store([source], "aws_default")
        found = store.head(source)
        assert found is not None
        with closing(store.audio(found).open()) as stream:
            body = stream.read()
        store.put(ObjectAddress.parse("s3://fluxions-output/copied/memo.mp3"), body, "audio/mpeg", {})

    copy()
