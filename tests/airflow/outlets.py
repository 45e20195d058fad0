"""Airflow's accessors of the events of outlets, as each version gives them to a task."""

from __future__ import annotations

from importlib import import_module
from importlib.util import find_spec
from typing import Any


def outlet_events() -> Any:
    """Return what a task's context has under this name."""
    module = "airflow.sdk.execution_time.context" if find_spec("airflow.sdk") else "airflow.utils.context"
    return import_module(module).OutletEventAccessors()
