"""S3 through the Amazon provider, which is imported only when something in S3 is touched.

`store` asks and writes, with a client that `connect` makes; `addresses` and `writing` are values; `failures` turns
what goes wrong into our errors; `reading` bounds what is read whole.
"""

from __future__ import annotations

from airflow_provider_fluxions.s3.addresses import KeyPage, S3Object, parse_s3_uri
from airflow_provider_fluxions.s3.failures import ObjectChangedError, storage_errors
from airflow_provider_fluxions.s3.multipart import ObjectUpload
from airflow_provider_fluxions.s3.reading import MAX_RESULT_BYTES, ObjectTooLargeError
from airflow_provider_fluxions.s3.store import DEFAULT_AWS_CONN_ID, S3Store
from airflow_provider_fluxions.s3.writing import Writing

__all__ = [
    "DEFAULT_AWS_CONN_ID",
    "MAX_RESULT_BYTES",
    "KeyPage",
    "ObjectChangedError",
    "ObjectTooLargeError",
    "ObjectUpload",
    "S3Object",
    "S3Store",
    "Writing",
    "parse_s3_uri",
    "storage_errors",
]
