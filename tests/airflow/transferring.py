"""What tests of transfers share."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from airflow.providers.common.compat.sdk import TaskDeferred

from airflow_provider_fluxions.emulator import Emulator, Transition
from airflow_provider_fluxions.transfers import FluxionsS3ToS3Operator
from tests.airflow.conftest import INPUT, OUTPUT, task_context


def put(s3: Any, *keys: str, body: bytes | None = None) -> None:
    """Store recordings, each with bytes of its own unless told."""
    for key in keys:
        s3.put_object(Bucket=INPUT, Key=key, Body=key.encode() if body is None else body)


def outputs(s3: Any) -> set[str]:
    """Return the keys of all results but for manifests."""
    keys = {item["Key"] for item in s3.list_objects_v2(Bucket=OUTPUT).get("Contents", ())}
    return {key for key in keys if "_manifests/" not in key}


def read(s3: Any, uri: str) -> str:
    """Return an object's text."""
    bucket, _, key = uri.removeprefix("s3://").partition("/")
    text: str = s3.get_object(Bucket=bucket, Key=key)["Body"].read().decode()
    return text


def transfer(source: str, context: dict[str, Any] | None = None, **options: Any) -> Any:
    """Transfer what lies below `source` and return the summary."""
    options = {"destination": f"s3://{OUTPUT}/out/", "poll_interval": 0.01, **options}
    operator = FluxionsS3ToS3Operator(task_id="t", source=f"s3://{INPUT}/{source}", **options)
    return operator.execute(context or task_context())


class Impatient(FluxionsS3ToS3Operator):
    """Defers at once where it would stay for jobs that may end soon."""

    deferral_costs_seconds = 0.0


def defer(emulator: Emulator, **options: Any) -> Callable[[], Any]:
    """Let a transfer of all recordings defer with jobs that do not end by themselves; return what resumes it."""
    emulator.set_transition(Transition.after_reads(10_000))
    options = {"source": f"s3://{INPUT}/", "destination": f"s3://{OUTPUT}/out/", "deferrable": True, **options}
    operator, context = Impatient(task_id="t", **options), task_context()
    with pytest.raises(TaskDeferred) as raised:
        operator.execute(context)
    return lambda: operator.execute_complete(context, **raised.value.kwargs)
