"""Operators that write transcripts and speech to S3. Their work is in `pipeline`.

- `to_s3`: results of completed jobs;
- `convert`: other formats of stored results, without the API;
- `s3_to_s3`: a bucket of recordings to a bucket of transcripts; `s3_to_s3_run` is one execution of it;
- `text_to_speech`: a bucket of texts to a bucket of speech.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from airflow_provider_fluxions.transfers.convert import FluxionsConvertOperator
    from airflow_provider_fluxions.transfers.s3_to_s3 import FluxionsS3ToS3Operator
    from airflow_provider_fluxions.transfers.text_to_speech import FluxionsS3TextToSpeechOperator
    from airflow_provider_fluxions.transfers.to_s3 import FluxionsToS3Operator

__all__ = [
    "FluxionsConvertOperator",
    "FluxionsS3TextToSpeechOperator",
    "FluxionsS3ToS3Operator",
    "FluxionsToS3Operator",
]

_MODULES = {
    "FluxionsConvertOperator": "convert",
    "FluxionsS3TextToSpeechOperator": "text_to_speech",
    "FluxionsS3ToS3Operator": "s3_to_s3",
    "FluxionsToS3Operator": "to_s3",
}


def __getattr__(name: str) -> Any:
    """Import an operator at its first use, so that a DAG file pays only for those that it names."""
    if name not in _MODULES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_MODULES[name]}"), name)


def __dir__() -> list[str]:
    """List the operators, imported or not."""
    return [*__all__, *globals()]
