"""Operators that submit a recording, and that speak a text."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from airflow_provider_fluxions.operators.submit import FluxionsSubmitOperator
    from airflow_provider_fluxions.operators.text_to_speech import FluxionsTextToSpeechOperator

__all__ = ["FluxionsSubmitOperator", "FluxionsTextToSpeechOperator"]

_MODULES = {
    "FluxionsSubmitOperator": "submit",
    "FluxionsTextToSpeechOperator": "text_to_speech",
}


def __getattr__(name: str) -> Any:
    """Import an operator at its first use, so that a DAG file pays only for those that it names."""
    if name not in _MODULES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_MODULES[name]}"), name)


def __dir__() -> list[str]:
    """List the operators, imported or not."""
    return [*__all__, *globals()]
