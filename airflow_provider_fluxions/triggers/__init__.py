"""Triggers wait in the triggerer. They never submit a job or write a result.

- `transcription`: waits for given jobs, for deferred tasks;
- `completed`: watches the account for finished jobs, to start DAGs (Airflow 3);
- `event_rate`: how fast both hand events to Airflow.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from airflow_provider_fluxions.triggers.transcription import FluxionsTranscriptionTrigger

if TYPE_CHECKING:
    from airflow_provider_fluxions.triggers.completed import FluxionsTranscriptionCompletedTrigger

__all__ = ["FluxionsTranscriptionCompletedTrigger", "FluxionsTranscriptionTrigger"]


def __getattr__(name: str) -> Any:
    """Import the watching trigger at its first use, because Airflow 2 lacks its base class.

    :raises ImportError: on Airflow 2.
    """
    if name != "FluxionsTranscriptionCompletedTrigger":
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from airflow_provider_fluxions.triggers import completed

    return completed.FluxionsTranscriptionCompletedTrigger
