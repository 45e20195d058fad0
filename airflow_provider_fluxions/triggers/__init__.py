"""What runs in the triggerer: waiting, and nothing else. Triggers submit nothing and write nothing.

- `transcription`: waits for given jobs, for tasks that are deferred;
- `completed`: watches the account for jobs that end, for DAGs that they start (Airflow 3).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from airflow_provider_fluxions.triggers.transcription import FluxionsTranscriptionTrigger

if TYPE_CHECKING:
    from airflow_provider_fluxions.triggers.completed import FluxionsTranscriptionCompletedTrigger

__all__ = ["FluxionsTranscriptionCompletedTrigger", "FluxionsTranscriptionTrigger"]


def __getattr__(name: str) -> Any:
    """Import the watching trigger when it is first asked for: Airflow 2 lacks its base class.

    :raises ImportError: this is Airflow 2.
    """
    if name != "FluxionsTranscriptionCompletedTrigger":
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from airflow_provider_fluxions.triggers import completed

    return completed.FluxionsTranscriptionCompletedTrigger
