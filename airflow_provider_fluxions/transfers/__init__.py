"""Operators that write transcripts and speech to S3. Their work is in `pipeline`.

- `to_s3`: results of completed jobs;
- `convert`: other formats of stored results, without the API;
- `s3_to_s3`: a bucket of recordings to a bucket of transcripts; `s3_to_s3_run` is one execution of it;
- `text_to_speech`: a bucket of texts to a bucket of speech.
"""

from __future__ import annotations

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
