"""Operators that bring transcripts to S3.

- `results`: from jobs that are done;
- `convert`: other formats of results that are stored, without the API;
- `bucket`: from a bucket of recordings, the whole way. Where to make a change there:
  `address`, `selection`, `layout`, `plan`, `partition` decide what is an input and how its results are called;
  `outputs`, `survey`, `preparation` find out what is done and what is in flight, `budget` what it takes;
  `flow` decides the moves, `patience` when to look and to defer, `trouble` which jobs to give up, `work` makes the
  moves in the threads of `pools`;
  `progress` tells of them, `entry` and `manifest` keep account, `summary` ends it.
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
