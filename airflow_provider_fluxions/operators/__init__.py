"""Operators that submit a recording, and that speak a text."""

from __future__ import annotations

from airflow_provider_fluxions.operators.submit import FluxionsSubmitOperator
from airflow_provider_fluxions.operators.text_to_speech import FluxionsTextToSpeechOperator

__all__ = ["FluxionsSubmitOperator", "FluxionsTextToSpeechOperator"]
