"""Operators that bring transcripts to S3.

- `results`: from jobs that are done;
- `convert`: other formats of results that are stored, without the API;
- `bucket`: from a bucket of recordings, the whole way; `plan` says which inputs and where to, `flow` moves them.
"""

from __future__ import annotations

from airflow_provider_fluxions.transfers.bucket import FluxionsS3ToS3Operator
from airflow_provider_fluxions.transfers.convert import FluxionsConvertOperator
from airflow_provider_fluxions.transfers.results import FluxionsToS3Operator

__all__ = ["FluxionsConvertOperator", "FluxionsS3ToS3Operator", "FluxionsToS3Operator"]
